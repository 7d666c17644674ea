"""The file of an import as it lies in the bucket, until it has been read."""

from __future__ import annotations

from chalicelib import store
from chalicelib.gateways import files
from chalicelib.kernel.errors import ConflictError
from chalicelib.records.imports import Import


class FileChangedError(Exception):
    """It is not the content that was there when somebody said that it may be read."""


class File:
    """An import's file, to be read piece by piece. One that came as text was sealed under the company's key
    and is opened whole, it is small; one that was sent lies under S3's encryption until it has been read.

    The form that a file is sent with can be used for a quarter of an hour, also again: read is what was there
    at the start, and nothing else.

    Raises:
        NotFoundError: it is not there (any more).
        FileChangedError: it is another one by now.
    """

    def __init__(self, job: Import) -> None:
        self._key, self._tag = key_of(job), job.file_tag
        self._text: bytes | None = None
        if job.sealed_with:
            sealed = files.get(self._key)
            self._text = store.vault.unseal(job.company_id, self._key, sealed, job.sealed_with)

    def size(self) -> int:
        """In bytes."""
        return files.size(self._key) if self._text is None else len(self._text)

    def read(self, at: int, length: int) -> bytes:
        """So many bytes from there, fewer at the end."""
        if self._text is not None:
            return self._text[at : at + length]
        try:
            return files.get(self._key, at, length, tag=self._tag)
        except ConflictError:
            raise FileChangedError from None


def key_of(job: Import) -> str:
    """Where the file lies until it has been read."""
    return f"imports/{job.company_id}/{job.import_id}"

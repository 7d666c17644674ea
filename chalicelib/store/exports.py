"""Exports: how far they are, in the company's partition of `workspace`; their files, sealed under the
company's key for their place in one export, in the bucket.

The index `due` holds those that still have something to be made or deleted. A file costs no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.records.exports import Export, ExportAct
from chalicelib.store import vault
from chalicelib.store.table import Due, Rows, Stored

EXPORTS_DUE: Final = "exports"
"""The index partition of exports that must go on, or whose files must go."""
_VERSION_BYTES: Final = 4


def _due(export: Export) -> Due | None:
    at = export.due_at()
    return None if at is None else Due(EXPORTS_DUE, at)


EXPORTS = Rows(Export, pk="{company_id}", sk="export#{export_id}", due=_due)
ACTS = Rows(ExportAct, pk="{company_id}", sk="export#{export_id}#{act_id}")


def get(company_id: str, export_id: str) -> Stored[Export] | None:
    """One export; one read unit."""
    return EXPORTS.get(company_id=company_id, export_id=export_id)


def of_company(company_id: str) -> Iterator[Stored[Export]]:
    """All exports of a company that are remembered, a day's; one query."""
    return EXPORTS.query(company_id, "export#")


def seal(company_id: str, export_id: str, number: int, content: bytes) -> bytes:
    """A file as it lies in the bucket: the version of the key, then the sealed message. It opens as this file
    of this export of this company and as no other.

    Raises:
        vault.KeyMissingError: the company's key is gone.
    """
    message, version = vault.seal(company_id, _place(export_id, number), content)
    return version.to_bytes(_VERSION_BYTES, "big") + message


def unseal(company_id: str, export_id: str, number: int, stored: bytes) -> bytes:
    """What was sealed.

    Raises:
        vault.KeyMissingError, vault.WrongPlaceError: it is another file, or was altered.
    """
    version, message = int.from_bytes(stored[:_VERSION_BYTES], "big"), stored[_VERSION_BYTES:]
    return vault.unseal(company_id, _place(export_id, number), message, version)


def _place(export_id: str, number: int) -> str:
    return f"export\0{export_id}\0{number}"

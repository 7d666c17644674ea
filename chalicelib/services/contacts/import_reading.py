"""The job that reads a file of contacts into a preview (clause `stored`).

A block of bytes at a time: its rows are judged and stored in pieces, sealed, and only then the place in the
file moves on, by a conditional write. A job that dies begins its last block again and finds the same pieces
there; two at once write the same pieces, and one of them goes on. The file is deleted when it has been read,
before the import says so. A file that no job gets through is given up, for the sake of everybody else's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import files
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.imports import Import, ImportState
from chalicelib.services.contacts import (
    columns,
    encodings,
    import_files,
    import_judging,
    import_rights,
    importing,
    tables,
)
from chalicelib.services.contacts.tables import Form, Row

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

STEP_SECONDS: Final = 60
"""A step ends with the block during which this has passed: a third of what the function has."""
PIECE_ROWS: Final = 200
PIECE_BYTES: Final = 100_000
"""Of the rows of one piece as they stand in the file, so that it fits into an item (400 KB)."""
GUESS_BLOCK: Final = 1_000_000
MOST_TRIES: Final = 8
"""Steps that may die, one after the other, without having come any further."""


def go_on(known: Stored[Import]) -> None:
    """Read the next blocks, and let the next step follow. Repeatable.

    Raises:
        UnavailableError: the step will be done again.
    """
    run = _Run(known)
    try:
        run.go()
    except ConflictError:
        # Another job reads the same file: theirs goes on. Or it was cancelled: what came after that goes.
        now = store.imports.get(known.value.company_id, known.value.import_id)
        if now is None or now.value.state is ImportState.CANCELLED:
            forget(known.value)
    except UnavailableError:
        run.uncount()
        raise


def clear(known: Stored[Import]) -> None:
    """Forget one that ended, and again when no job can be alive that still stores a piece of it: only then is
    it done with, and the sweep asks no more. Repeatable.
    """
    forget(known.value)
    if clock.now() >= known.value.due_at:
        try:
            store.imports.save(known, replace(known.value, cleared=True))
        except ConflictError:
            return  # cancelled this moment, or cleared by another: theirs goes on


def forget(job: Import) -> None:
    """Delete an import's file and rows. Repeatable."""
    files.delete(import_files.key_of(job))
    store.imports.forget(job.company_id, job.import_id)


class _Run:
    """One step: blocks until time is up or the file ends."""

    def __init__(self, known: Stored[Import]) -> None:
        self._until = clock.elapsed() + STEP_SECONDS
        self._known, self._job = known, known.value
        self._counted = False

    def go(self) -> None:
        job = self._job
        refused = import_rights.Rights(job.company_id, job.user_id, Permission.CONTACTS_IMPORT).refused
        if refused is not None:
            self._end(ImportState.CANCELLED, refused)
        elif job.size and job.offset >= job.size:
            self._ready()  # a job died between the last block and this
        elif job.tries >= MOST_TRIES:
            self._end(ImportState.FAILED, "gave_up")
        else:
            self._try()

    def uncount(self) -> None:
        """What we depend on was out of order: that is not the file's fault. If this fails too, it counts."""
        if not self._counted:
            return
        try:
            self._save(replace(self._job, tries=max(0, self._job.tries - 1)))
        except (ConflictError, UnavailableError):
            return

    def _try(self) -> None:
        self._save(replace(self._job, tries=self._job.tries + 1))
        self._counted = True
        try:
            self._read()
        except NotFoundError:
            self._end(ImportState.FAILED, "no_file")
        except import_files.FileChangedError:
            self._end(ImportState.FAILED, "file_changed")
        except encodings.EncodingError:
            self._end(ImportState.FAILED, "not_text")

    def _end(self, state: ImportState, code: str) -> None:
        """End it; what was stored of it goes, now and once more when the sweep comes."""
        telemetry.event("import_failed", code=code)
        self._save(replace(self._job, state=state, failure=code))
        forget(self._job)

    def _ready(self) -> None:
        """The file goes first: once the import is ready nobody would come back for it."""
        files.delete(import_files.key_of(self._job))
        self._save(replace(self._job, state=ImportState.READY))
        telemetry.event("import_read", rows=self._job.rows, pieces=self._job.chunks)

    def _read(self) -> None:
        self._file = import_files.File(self._job)
        if not self._job.size:
            self._look()
        self._form = Form(str(self._job.encoding), str(self._job.separator))
        self._people = import_judging.People(self._job)
        while True:
            job = self._job
            block = self._file.read(job.offset, tables.BLOCK)
            last = job.offset + len(block) >= job.size
            found = tables.read(block, self._form, last=last, before=job.rows)
            if not found.used and not last:
                self._end(ImportState.FAILED, "too_long")
                return
            rows = found.rows if job.rows else self._without_heading(found.rows)
            if job.rows + found.counted > importing.MAX_ROWS + 2:  # a heading, and Excel's "sep="
                self._end(ImportState.FAILED, "too_many_rows")
                return
            counts, number = Counter(job.counts), job.chunks
            for piece in _pieces(rows):
                counts.update(self._keep(number, piece))
                number += 1
            job = replace(
                job,
                offset=job.offset + found.used,
                rows=job.rows + found.counted,
                chunks=number,
                counts=dict(counts),
                tries=0,
            )
            self._save(job)
            if last:
                self._ready()
                return
            if clock.elapsed() > self._until:
                importing.hint(job)
                return

    def _look(self) -> None:
        """Find out how the file is written."""
        size = self._file.size()
        blocks = (self._file.read(at, GUESS_BLOCK) for at in range(0, size, GUESS_BLOCK))
        head = self._file.read(0, tables.BLOCK)
        if self._job.encoding is None:
            guess = encodings.guess(blocks)
        else:
            encoding = self._job.encoding
            guess = encodings.Guess(encoding, encodings.mark_length(head, encoding))
        head = head[guess.mark :]
        text = tables.decode(head, guess.encoding)
        separator = self._job.separator or tables.separator(text)
        last = len(head) + guess.mark >= size
        first = [row.cells for row in tables.read(head, Form(guess.encoding, separator), last=last).rows]
        first = [cells for cells in first if cells and not tables.names_separator(cells, separator)]
        guessed = columns.guess(first[:50], self._job.wanted_header)
        self._save(
            replace(
                self._job,
                size=size,
                offset=guess.mark,
                encoding=guess.encoding,
                separator=separator,
                header=guessed.header,
                columns=self._job.wanted_columns or guessed.fields,
            )
        )

    def _without_heading(self, rows: list[Row]) -> list[Row]:
        if rows and tables.names_separator(rows[0].cells, self._form.separator):
            rows = rows[1:]
        return rows[1:] if self._job.header else rows

    def _keep(self, number: int, rows: Sequence[Row]) -> Counter[str]:
        """Judge the rows of a piece and store it; what a job that died stored of it counts instead."""
        chunk = self._people.chunk(self._job, number, rows)
        try:
            store.imports.add_chunk(chunk, self._known.expires_at)
        except ConflictError:
            stored = store.imports.chunk(chunk.company_id, chunk.import_id, number)
            chunk = chunk if stored is None else stored.value
        self._people.seen.update(one for one in chunk.persons if one)
        return Counter(chunk.states)

    def _save(self, job: Import) -> None:
        job = replace(job, due_at=clock.now() + importing.LEASE_SECONDS)
        self._known, self._job = store.imports.save(self._known, job), job


def _pieces(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """By what stands in the file alone, so that a job that begins again cuts at the same places."""
    begin = size = 0
    for number, row in enumerate(rows):
        width = sum(len(cell.encode(errors="surrogatepass")) for cell in row.cells)
        if number > begin and (number - begin == PIECE_ROWS or size + width > PIECE_BYTES):
            yield rows[begin:number]
            begin, size = number, 0
        size += width
    if begin < len(rows):
        yield rows[begin:]

"""The job that reads a file of contacts into a preview (clause `stored`).

A block of bytes at a time: its rows are judged and stored in pieces, sealed, and only then the place in the
file moves on, by a conditional write. A job that dies begins its last block again and finds the same pieces
there; two at once write the same pieces, and one of them goes on. The file is deleted when it has been read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import files
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.records.imports import Import, ImportChunk, ImportState, RowState
from chalicelib.services.contacts import columns, encodings, importing, reading, tables
from chalicelib.services.contacts.reading import Person, Trouble
from chalicelib.services.contacts.tables import Form, Row
from chalicelib.services.erasure import suppression

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

STEP_SECONDS: Final = 60
"""A step ends with the block during which this has passed: a third of what the function has."""
PIECE_ROWS: Final = 200
PIECE_BYTES: Final = 100_000
"""Of the rows of one piece as they stand in the file, so that it fits into an item (400 KB)."""
GUESS_BLOCK: Final = 1_000_000
BYTES_PER_ROW: Final = 60
"""What a short row takes: how many rows a file may have."""
MOST_KNOWN: Final = 250_000
"""Contacts whose keyed hashes are kept in memory, 70 MB; a company that has more is asked row by row."""


def go_on(known: Stored[Import]) -> None:
    """Read the next blocks, and let the next step follow. Repeatable.

    Raises:
        UnavailableError: the step will be done again.
    """
    try:
        _Run(known).go()
    except ConflictError:
        # Another job reads the same file: theirs goes on. Or it was cancelled: what came after that goes.
        now = store.imports.get(known.value.company_id, known.value.import_id)
        if now is None or now.value.state is ImportState.CANCELLED:
            forget(known.value)
    except NotFoundError:
        fail(known, "no_file")
    except encodings.EncodingError:
        fail(known, "not_text")


def fail(known: Stored[Import], code: str) -> None:
    """End an import that cannot be read; what was stored of it goes."""
    again = store.imports.get(known.value.company_id, known.value.import_id)
    if again is None or again.value.state is not ImportState.READING:
        return
    telemetry.event("import_failed", code=code)
    try:
        store.imports.save(again, replace(again.value, state=ImportState.FAILED, failure=code))
    except ConflictError:
        return
    forget(again.value)


def forget(job: Import) -> None:
    """Delete an import's file and rows. Repeatable."""
    files.delete(importing.key_of(job))
    store.imports.forget(job.company_id, job.import_id)


class _Known:
    """Who is a contact of the company, and who was in the file so far."""

    def __init__(self, job: Import) -> None:
        self._company_id = job.company_id
        most = min(MOST_KNOWN, 4 * max(1, job.size // BYTES_PER_ROW))
        self._contacts = store.contacts.persons(job.company_id, most)
        self.seen: set[str] = set()
        if job.chunks:
            self.seen.update(store.imports.persons_read(job.company_id, job.import_id))

    def contact(self, person: str) -> str | None:
        """The newest contact that is this person."""
        if self._contacts is not None:
            return self._contacts.get(person)
        found = store.contacts.of_person_by_index(self._company_id, person, 1)
        return found[0] if found else None


class _Judged(NamedTuple):
    row: int
    state: RowState
    person: str = ""
    said: Person = Person()
    existing: str | None = None
    trouble: Trouble | None = None


class _Run:
    """One step: blocks until time is up or the file ends."""

    def __init__(self, known: Stored[Import]) -> None:
        self._until = clock.elapsed() + STEP_SECONDS
        self._known, self._job = known, known.value
        self._file = importing.File(self._job)
        if not self._job.size:
            self._look()
        self._form = Form(str(self._job.encoding), str(self._job.separator))
        self._people = _Known(self._job)

    def go(self) -> None:
        while True:
            job = self._job
            block = self._file.read(job.offset, tables.BLOCK)
            last = job.offset + len(block) >= job.size
            found = tables.read(block, self._form, last=last, before=job.rows)
            if not found.used and not last:
                fail(self._known, "too_long")
                return
            rows = found.rows if job.rows else self._without_heading(found.rows)
            if job.rows + found.counted > importing.MAX_ROWS + 2:  # a heading, and Excel's "sep="
                fail(self._known, "too_many_rows")
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
                state=ImportState.READY if last else ImportState.READING,
            )
            self._save(job)
            if last:
                files.delete(importing.key_of(job))
                telemetry.event("import_read", rows=job.rows, pieces=job.chunks)
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
        chunk = _chunk(self._job, number, self._judged(rows))
        try:
            store.imports.add_chunk(chunk, self._known.expires_at)
        except ConflictError:
            stored = store.imports.chunk(chunk.company_id, chunk.import_id, number)
            chunk = chunk if stored is None else stored.value
        self._people.seen.update(one for one in chunk.persons if one)
        return Counter(chunk.states)

    def _judged(self, rows: Sequence[Row]) -> list[_Judged]:
        company_id = self._job.company_id
        said = [
            Trouble(0, "", row.error) if row.error else reading.person(row.cells, self._job.columns)
            for row in rows
        ]
        persons = [
            store.standing.person(company_id, one.canonical)
            if isinstance(one, Person) and one.canonical
            else ""
            for one in said
        ]
        erased = suppression.suppressed(company_id, [one for one in persons if one])
        found: list[_Judged] = []
        here: set[str] = set()
        for row, one, person in zip(rows, said, persons, strict=True):
            if isinstance(one, Trouble):
                found.append(_Judged(row.number, RowState.INVALID, trouble=one))
            elif person in erased:
                found.append(_Judged(row.number, RowState.SUPPRESSED))
            elif person and (contact_id := self._people.contact(person)) is not None:
                found.append(_Judged(row.number, RowState.DUPLICATE, person, one, contact_id))
            elif person and (person in self._people.seen or person in here):
                found.append(_Judged(row.number, RowState.DUPLICATE, person, one))
            else:
                found.append(_Judged(row.number, RowState.NEW, person, one))
            here.add(person)
        return found

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


def _chunk(job: Import, number: int, rows: Sequence[_Judged]) -> ImportChunk:
    troubles = {str(at): row.trouble for at, row in enumerate(rows) if row.trouble is not None}
    return ImportChunk(
        company_id=job.company_id,
        import_id=job.import_id,
        number=number,
        places=tuple(row.row for row in rows),
        states=tuple(row.state.value for row in rows),
        persons=tuple(row.person for row in rows),
        existing={str(at): row.existing for at, row in enumerate(rows) if row.existing is not None},
        errors={at: [str(one.column), one.field, one.code] for at, one in troubles.items()},
        name=tuple(row.said.name for row in rows),
        email=tuple(row.said.email for row in rows),
        company=tuple(row.said.company for row in rows),
        position=tuple(row.said.position for row in rows),
        country=tuple(row.said.country for row in rows),
        phone=tuple(row.said.phone for row in rows),
        social=tuple(row.said.social for row in rows),
    )

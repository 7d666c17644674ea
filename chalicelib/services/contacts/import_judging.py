"""What each row of a file is: new, a contact already, somebody who must not be taken in, or none that can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.records.imports import Import, ImportChunk, RowState
from chalicelib.services.contacts import reading
from chalicelib.services.contacts.reading import Person, Trouble
from chalicelib.services.contacts.tables import Row
from chalicelib.services.erasure import suppression

BYTES_PER_ROW: Final = 60
"""What a short row takes: how many rows a file may have."""
MOST_KNOWN: Final = 250_000
"""Contacts whose keyed hashes are kept in memory, 70 MB; a company that has more is asked row by row."""


class _Judged(NamedTuple):
    row: int
    state: RowState
    person: str = ""
    said: Person = Person()
    existing: str | None = None
    trouble: Trouble | None = None


class People:
    """Who is a contact of the company, and who was in the file so far."""

    def __init__(self, job: Import) -> None:
        self._company_id = job.company_id
        most = min(MOST_KNOWN, 4 * max(1, job.size // BYTES_PER_ROW))
        self._contacts = store.contacts.persons(job.company_id, most)
        self.seen: set[str] = set()
        if job.chunks:
            self.seen.update(store.imports.persons_read(job.company_id, job.import_id))

    def _contact(self, person: str) -> str | None:
        """The newest contact that is this person."""
        if self._contacts is not None:
            return self._contacts.get(person)
        found = store.contacts.of_person_by_index(self._company_id, person, 1)
        return found[0] if found else None

    def chunk(self, job: Import, number: int, rows: Sequence[Row]) -> ImportChunk:
        """A piece of the file, judged."""
        return _chunk(job, number, self._judged(job, rows))

    def _judged(self, job: Import, rows: Sequence[Row]) -> list[_Judged]:
        company_id = job.company_id
        said = [
            Trouble(0, "", row.error) if row.error else reading.person(row.cells, job.columns) for row in rows
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
            elif person and (contact_id := self._contact(person)) is not None:
                found.append(_Judged(row.number, RowState.DUPLICATE, person, one, contact_id))
            elif person and (person in self.seen or person in here):
                found.append(_Judged(row.number, RowState.DUPLICATE, person, one))
            else:
                found.append(_Judged(row.number, RowState.NEW, person, one))
            here.add(person)
        return found


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

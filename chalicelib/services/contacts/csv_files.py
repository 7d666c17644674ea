"""Contacts as CSV: which of them one user may take along, and files of bounded size made of them.

What the company does not let a user export is left out and counted, record by record as 5.2 has it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.kernel import clock
from chalicelib.privacy import restrictions
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Category
from chalicelib.privacy.restrictions import Action, Restriction
from chalicelib.records.companies import Access
from chalicelib.records.contacts import Contact
from chalicelib.services.companies import rules
from chalicelib.services.contacts import cells

ROWS: Final = 20_000
BYTES: Final = 4_000_000
"""Of one file, as JSON in ASCII: so it travels through Lambda, which takes 6 MB."""

COLUMNS: Final = (
    "name",
    "email",
    "company",
    "position",
    "country",
    "phone",
    "social",
    "lawful_basis",
    "source",
    "created_at",
    "updated_at",
    "id",
)
"""The first row of every file."""


class Limits:
    """What one user's company lets them export, read once for many contacts."""

    def __init__(self, access: Access, position: Position, user_id: str) -> None:
        self._items: tuple[Restriction, ...] = restrictions.parse_all(access.restrictions)
        self._position, self._user_id, self._now = position, user_id, clock.now()
        said = f"{rules.limits(access).version}\0{position.value}"
        self.digest = hashlib.sha256(said.encode()).hexdigest()[:16]

    def allow(self, contact: Contact) -> bool:
        """Whether this contact may leave with them."""
        decision = restrictions.decide(
            self._items,
            action=Action.EXPORT,
            category=Category.STORED,
            role=self._position,
            made_at=contact.created_at,
            now=self._now,
            own=contact.created_by == self._user_id,
        )
        return not isinstance(decision, Refused)


class Sheet:
    """A CSV file being made; bounded, whatever people wrote."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.rows = 0
        self._lines = [cells.BOM + cells.row(columns)]
        self._bytes = 0

    def take(self, texts: Iterable[str | None]) -> bool:
        """Take a row in; False when the file is full."""
        line = cells.row(texts)
        size = len(json.dumps(line))
        if self.rows == ROWS or self._bytes + size > BYTES:
            return False
        self._lines.append(line)
        self._bytes += size
        self.rows += 1
        return True

    def text(self) -> str:
        """The file: UTF-8 with a byte order mark, or Excel shows Chinese names as something else."""
        return "".join(self._lines)


class CsvFile(Sheet):
    """Contacts as one user's company lets them export these."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(COLUMNS)
        self.limits = limits
        self.left_out = 0

    def add(self, contact: Contact) -> bool:
        """Take a contact in, or leave it out as the company wants; False when the file is full."""
        if not self.limits.allow(contact):
            self.left_out += 1
            return True
        return self.take(_cells(contact))


def _cells(contact: Contact) -> Iterator[str | None]:
    yield from (
        contact.name,
        contact.email,
        contact.company,
        contact.position,
        contact.country,
        contact.phone,
    )
    yield " ".join(contact.social)  # an address on the web holds no space
    yield from (contact.basis, contact.source)
    yield from (clock.rfc3339(contact.created_at), clock.rfc3339(contact.updated_at), contact.contact_id)

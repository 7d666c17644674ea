"""The walk through everything of a company, a page of keys at a time, and what a hold keeps of a page.

First the doors: what lies under keys of its own and leads in. Then the company's partitions, one after the
other. Last the roots, the rows by which everything else is judged. Nothing is opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.services.erasure import company_acts
from chalicelib.services.keeping.keeping import Keeping

if TYPE_CHECKING:
    from chalicelib.store.partitions import Found, Place

PAGE: Final = 1000
"""Rows between two entries of evidence; only their keys are in memory."""
READ: Final = 250
"""Rows of one query: what is in memory beside a page."""
_DOORS: Final = "doors"
_ROOTS: Final = "roots"

Position = tuple[int, str]
"""Number of the place in the walk, and sort key in it."""


@dataclass(slots=True)
class Page:
    """Some rows of the walk: those that go, those that a hold keeps, and where the page ends."""

    end: tuple[str, str]
    gone: list[Found] = field(default_factory=list)
    away: list[Found] = field(default_factory=list)
    stays: list[Found] = field(default_factory=list)
    keepers: set[str] = field(default_factory=set)

    @property
    def cursor(self) -> str:
        """Where to go on."""
        return "\t".join(self.end)

    @property
    def held(self) -> Counter[str]:
        """What stays, by kind."""
        return Counter(one.kind for one in (*self.away, *self.stays))


class Walk:
    """All places of one company, in order. ``doors`` False leaves those out: no hold keeps them."""

    def __init__(self, company_id: str, *, doors: bool = True) -> None:
        self._company_id, self._doors = company_id, doors
        self._users = store.partitions.users(company_id)
        self._places = store.partitions.of(company_id, self._users)
        names = [_DOORS, *(place.name for place in self._places), _ROOTS]
        self._names = {name: number for number, name in enumerate(names)}

    def pages(self, cursor: str = "") -> Iterator[Page]:
        """Pages behind a cursor. One that names no place (any more) begins anew: what is gone is not found
        again.

        Raises:
            UnavailableError.
        """
        waiting: list[Found] = []
        for row in self._rows(cursor):
            waiting.append(row)
            if len(waiting) == PAGE:
                yield self._page(waiting)
                waiting = []
        if waiting:
            yield self._page(waiting)

    def position(self, row: Found) -> Position:
        """Where a row is in the walk."""
        return self.rank(*self._place_of(row))

    def rank(self, name: str, sk: str) -> Position:
        """Where a place by its name is; before everything if it is none (any more)."""
        return self._names.get(name, -1), sk

    def _place_of(self, row: Found) -> tuple[str, str]:
        if store.partitions.is_root(row):
            return _ROOTS, row.sk
        name = row.place.name
        return (name, row.sk) if name in self._names else (_DOORS, f"{row.place.pk} {row.sk}")

    def _rows(self, cursor: str) -> Iterator[Found]:
        name, _, after = cursor.partition("\t")
        start = self._names.get(name, 0)
        for name, number in self._names.items():
            behind = after if number == start else ""
            if number < start:
                continue
            if name == _DOORS:
                found = company_acts.doors(self._company_id, self._users) if self._doors else []
                yield from (row for row in found if self._place_of(row)[1] > behind)
            elif name == _ROOTS:
                yield from (row for row in store.partitions.roots(self._company_id) if row.sk > behind)
            else:
                of_place = rows(self._places[number - 1], behind)
                yield from (row for row in of_place if not store.partitions.is_root(row))

    def _page(self, found: list[Found]) -> Page:
        """What becomes of each row, by the holds of this moment."""
        page, keeping = Page(self._place_of(found[-1])), Keeping(self._company_id)
        for row in found:
            if store.partitions.is_root(row):
                kept = store.partitions.keeps_roots(self._company_id)
                (page.stays if kept else page.gone).append(row)
            elif self._names.get(row.place.name) is not None and _is_kept(row, keeping):
                page.away.append(row)
            else:
                page.gone.append(row)
        page.keepers = keeping.keepers
        return page


def rows(place: Place, after: str = "", *, facts: bool = True) -> Iterator[Found]:
    """Rows of one place behind a sort key, a page in memory at a time."""
    while found := store.partitions.page(place, after, READ, facts=facts):
        yield from found
        after = found[-1].sk


def _is_kept(row: Found, keeping: Keeping) -> bool:
    """Whether a hold covers a row: by the user, the person or the message that its key or its facts name. A
    row of a kind nobody knows is covered by a hold on the company.
    """
    if not keeping.open or not store.suspended.holdable(row.kind):
        return False
    named: dict[str, Any] = {**row.facts, **store.partitions.named_in(row)}
    if keeping.about(named.get("user_id"), named.get("person")):
        return True
    message_id = named.get("message_id")
    return message_id is not None and keeping.message(message_id)

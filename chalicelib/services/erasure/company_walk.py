"""The walk through everything of a company, a page of keys at a time, and what a hold keeps of a page.

First the doors: what lies under keys of its own and leads in. Then the company's partitions, one after the
other. Then whatever still names it under the keys of people of the base, which is nothing unless something
went wrong. Last the roots, the rows by which everything else is judged. Nothing is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.services.erasure import company_acts
from chalicelib.services.erasure.company_acts import Fate, Page
from chalicelib.services.keeping.keeping import Keeping

if TYPE_CHECKING:
    from chalicelib.store.partitions import Found, Place

PAGE: Final = 1000
"""Rows between two entries of evidence; only their keys are in memory."""
READ: Final = 250
"""Rows of one query: what is in memory beside a page."""
_DOORS: Final = "doors"
_NAMED: Final = "named"
_ROOTS: Final = "roots"

Position = tuple[int, str]
"""Number of the place in the walk, and sort key in it."""


class Walk:
    """All places of one company, in order. ``doors`` False leaves those out: no hold keeps them. ``openly``
    counts as held what holds keep that the company may know of; nobody may erase by such a walk.
    """

    def __init__(self, company_id: str, *, doors: bool = True, openly: bool = False) -> None:
        self._company_id, self._doors, self._openly = company_id, doors, openly
        self._users = store.partitions.users(company_id)
        self._places = store.partitions.of(company_id, self._users)
        names = [_DOORS, *(place.name for place in self._places), _NAMED, _ROOTS]
        self._names = {name: number for number, name in enumerate(names)}
        self._keeping: Keeping | None = None

    def pages(self, cursor: str = "", until: float | None = None) -> Iterator[Page]:
        """Pages behind a cursor. One that names no place (any more) begins anew: what is gone is not found
        again. A page ends early when ``until`` (``clock.elapsed``) passes while it is asked what holds keep
        of it, which is a query for each message; it has one row at least.

        Raises:
            UnavailableError.
        """
        waiting: list[Found] = []
        for row in self._rows(cursor):
            waiting.append(row)
            if len(waiting) == PAGE:
                yield from self._judged(waiting, until)
                waiting = []
        yield from self._judged(waiting, until)

    def end(self, page: Page) -> tuple[str, str]:
        """Where a page ends: the name of the place and the sort key in it."""
        return self._place_of(page.rows[-1][0])

    def cursor(self, row: Found) -> str:
        """From where to go on behind a row."""
        return "\t".join(self._place_of(row))

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
        if name in self._names:
            return name, row.sk
        # Logins are the last of the doors: what lies beside one, and letters to it, are found by it.
        late = "~" if row.kind == store.accounts.LOGINS.kind else ""
        return _NAMED if row.place.table == "prospects" else _DOORS, f"{late}{row.place.pk} {row.sk}"

    def _rows(self, cursor: str) -> Iterator[Found]:
        name, _, after = cursor.partition("\t")
        start = self._names.get(name, 0)
        for name, number in self._names.items():
            behind = after if number == start else ""
            if number < start:
                continue
            if name == _DOORS:
                found = company_acts.doors(self._company_id, self._users) if self._doors else []
                found = sorted(found, key=lambda row: self._place_of(row)[1])
                yield from (row for row in found if self._place_of(row)[1] > behind)
            elif name == _NAMED:
                yield from (row for row in self._named() if self._place_of(row)[1] > behind)
            elif name == _ROOTS:
                yield from (row for row in store.partitions.roots(self._company_id) if row.sk > behind)
            else:
                of_place = rows(self._places[number - 1], behind)
                yield from (row for row in of_place if not store.partitions.is_root(row))

    def _named(self) -> list[Found]:
        """What is left under people's keys, in the order of its keys. A batch read for each fifty people that
        the company ever received.
        """
        found = store.partitions.still_named(self._company_id) if self._doors else ()
        return sorted(found, key=lambda row: (row.place.pk, row.sk))

    def _judged(self, found: list[Found], until: float | None) -> Iterator[Page]:
        at = 0
        while at < len(found):
            page = self._page(found[at:], until)
            yield page
            at += len(page.rows)

    def _page(self, found: list[Found], until: float | None) -> Page:
        """What becomes of each row, by the holds of this moment."""
        keeping = self._keeping = Keeping(self._company_id, self._keeping, openly=self._openly)
        page, roots_fate = Page(keeping.open), None
        for row in found:
            fate = Fate.GOES
            if store.partitions.is_root(row):
                roots_fate = fate = roots_fate or self._fate_of_roots(page)
            elif row.place.name in self._names and _is_kept(row, keeping):
                fate = Fate.AWAY
            page.rows.append((row, fate))
            if until is not None and keeping.open and clock.elapsed() > until:
                break
        page.keepers = keeping.keepers
        return page

    def _fate_of_roots(self, page: Page) -> Fate:
        """Asked after the rules were read: a hold that is placed since makes them another version."""
        rules = store.partitions.rules(self._company_id)
        if store.partitions.keeps_roots(self._company_id):
            return Fate.STAYS
        page.rules = rules
        return Fate.GOES


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

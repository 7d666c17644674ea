"""Finding prospects without knowing them: one list, read a bounded way, and the records of the page.

The list is the most telling thing that was asked for: a business, else the beginning of a word, else classes.
The rest is sifted from what the list says of each, and then held against the records, because a list may be
late. So a page costs the same whatever the base holds; with much to sift it may be short and still go on.

What a company has revealed it sees in full, as far as it received it and while its transfer has a ground;
everything else masked. Of companies' own rows only those of the one that asks are read.
"""

from __future__ import annotations

import base64
import hmac
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import ids
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.register import Purpose
from chalicelib.records.prospects import AddedProspect, Posting, StockedProspect
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.prospects import classes, masking, places, transfers
from chalicelib.services.prospects.known import Known

if TYPE_CHECKING:
    from chalicelib.services.prospects.transfers import Passage

READ_MOST: Final = 200
"""Places of a list that one request reads, however few of them fit: about 9 read units."""
MOST: Final = 50
"""Prospects of a page: their records are 150 keys, two calls."""

_USES: Final = {"stocked": Purpose.MAINTAIN_PROSPECT_BASE, "added": Purpose.OBTAIN_PROSPECTS}


class Wanted(NamedTuple):
    """What is looked for, as it was asked."""

    industry: str | None = None
    country: str | None = None
    position: str | None = None
    company: str | None = None
    q: str | None = None


class _Plan(NamedTuple):
    """Which lists, read one after another, and what is sifted from them."""

    lists: tuple[tuple[str, str], ...]
    sector: str | None
    country: str | None
    level: str | None
    business: str | None
    terms: list[str]

    @property
    def exact(self) -> bool:
        """Whether what is in the list is all that was asked for."""
        return self.business is None and not self.terms

    def takes(self, one: Posting | StockedProspect | AddedProspect) -> bool:
        """Whether the classes are those asked for."""
        asked = ((self.sector, one.sector), (self.country, one.country), (self.level, one.level))
        return all(wanted is None or wanted == said for wanted, said in asked)

    def meets(self, found: Known) -> bool:
        """Whether the records are what was asked for."""
        stocked = None if found.stocked is None else found.stocked.value
        added = None if found.added is None else found.added.value
        if not any(one is not None and self.takes(one) for one in (stocked, added)):
            return False
        name = None if stocked is None else stocked.business_name
        if self.business is not None and classes.business(name) != self.business:
            return False
        texts = [] if stocked is None else classes.found_by(business=name, position=stocked.position)
        if added is not None:
            texts += classes.found_by(sector=added.sector, position=added.current_position)
        return classes.meets(self.terms, *texts)


class _Place(NamedTuple):
    """How far a search is: which list, and behind which sort key in it."""

    number: int
    after: str | None


def page(
    who: Principal, wanted: Wanted, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Some prospects as the company may see them, and where to go on; None at the end.

    A query (one for each list that ends within the page), a call for each 33 prospects, two more where some
    are the company's already.

    Raises:
        InvalidError: a filter that is not one, a cursor of another search or another company.
    """
    plan = _plan(wanted)
    place = _Place(0, None) if cursor is None else _opened(who, wanted, cursor)
    postings, place = _read(plan, place, min(limit, MOST))
    shown = _shown(who, plan, postings)
    return shown, None if place.number == len(plan.lists) else _sealed(who, wanted, place)


def read(who: Principal, prospect_id: str) -> dict[str, Any]:
    """One prospect, masked or in full. One call, three read units.

    Raises:
        NotFoundError: unknown, over or withdrawn.
    """
    ((found, mine),) = _records(who, [prospect_id])
    if not found.found:
        raise NotFoundError
    return _as_seen(who, [(found, mine)])[0]


def _plan(wanted: Wanted) -> _Plan:
    level = None if wanted.position is None else classes.level(wanted.position)
    business = None if wanted.company is None else classes.business(wanted.company)
    terms = [] if wanted.q is None else classes.terms(wanted.q)
    by_word = store.prospects.of_word(max(terms, key=len, default=""))
    wrong = {
        "position": (level == "unknown" and wanted.position != "unknown", "unknown"),
        "industry": (wanted.industry not in {None, *classes.SECTORS}, "unknown"),
        "country": (wanted.country not in {None, places.UNKNOWN, *places.countries()}, "unknown"),
        "company": (business == "", "too_short"),
        "q": (wanted.q is not None and by_word is None, "too_short"),
    }
    if faults := [FieldError(name, code) for name, (is_so, code) in wrong.items() if is_so]:
        raise InvalidError(errors=faults)
    by_class = store.prospects.of_class(wanted.industry, wanted.country, level)
    if business:
        lists = [store.prospects.of_business(business)]
    elif by_word is not None or by_class is not None:
        lists = [one for one in (by_word or by_class,) if one is not None]
    else:
        lists = [_level(one) for one in classes.LEVELS]
    return _Plan(tuple(lists), wanted.industry, wanted.country, level, business, terms)


def _level(level: str) -> tuple[str, str]:
    found = store.prospects.of_class(None, None, level)
    if found is None:
        raise LookupError("a level has a list")
    return found


def _read(plan: _Plan, place: _Place, limit: int) -> tuple[list[Posting], _Place]:
    """Postings that may be what is wanted, and where to go on."""
    found: list[Posting] = []
    left = READ_MOST
    while left > 0 and place.number < len(plan.lists):
        most = min(left, limit - len(found)) if plan.exact else left
        shelf, beginning = plan.lists[place.number]
        some = store.prospects.find(shelf, beginning, place.after, most)
        left -= max(len(some), 1)
        for sk, posting in some:
            place = place._replace(after=sk)
            if posting is not None and plan.takes(posting):
                found.append(posting)
                if len(found) == limit:
                    return found, place
        if len(some) < most:
            place = _Place(place.number + 1, None)
    return found, place


def _shown(who: Principal, plan: _Plan, postings: list[Posting]) -> list[dict[str, Any]]:
    of = dict.fromkeys(one.prospect_id for one in postings)
    records = dict(zip(of, _records(who, list(of)), strict=True))
    seen = []
    for posting in postings:
        found, mine = records[posting.prospect_id]
        if _first_of(posting, plan, found) and plan.meets(found):
            seen.append((found, mine))
    return _as_seen(who, seen)


def _first_of(posting: Posting, plan: _Plan, found: Known) -> bool:
    """Whether this is the first place in the lists where the prospect is to be shown: two of its words may
    begin alike, both of its records may be there, and a place that its records do not name any more is old.
    Places of a record in other classes than those asked for were not looked at.
    """
    records = [one.value for one in (found.stocked, found.added) if one is not None]
    keys = [key for one in records if plan.takes(one) for key in one.postings]
    for shelf, place in plan.lists:
        if there := [key for key in keys if key.startswith(f"find#{shelf}\0{place}")]:
            return store.prospects.posting_key(posting) == min(there)
    return False


def _records(who: Principal, prospect_ids: list[str]) -> list[tuple[Known, bool]]:
    """Each prospect as the base has it, and whether the company has revealed it."""
    rows = store.prospects
    wanted: list[Any] = [(rows.STOCKED, {"prospect_id": one}) for one in prospect_ids]
    wanted += [(rows.ADDED, {"prospect_id": one}) for one in prospect_ids]
    wanted += [(rows.REVEALS, {"company_id": who.company_id, "prospect_id": one}) for one in prospect_ids]
    found = store.table.get_together(*wanted, uses=_USES) if wanted else []
    number = len(prospect_ids)
    return [
        (Known(one, found[at], found[number + at]), found[2 * number + at] is not None)
        for at, one in enumerate(prospect_ids)
    ]


def _as_seen(who: Principal, seen: list[tuple[Known, bool]]) -> list[dict[str, Any]]:
    """The prospects as the company may see them, in their order."""
    mine = [found.prospect_id for found, revealed in seen if revealed]
    passage = transfers.passage(who.company_id) if mine else None
    holders = [(store.prospects.HOLDERS, {"prospect_id": one, "company_id": who.company_id}) for one in mine]
    known = store.table.get_together(*holders) if holders else []
    held = {one: None if row is None else row.value for one, row in zip(mine, known, strict=True)}
    return [_one(found, found.as_held(held.get(found.prospect_id)), passage) for found, _ in seen]


def _one(found: Known, held: Known, passage: Passage | None) -> dict[str, Any]:
    """In full as far as it was received and may still cross the border; masked otherwise."""
    withheld = None
    if held.found and passage is not None:
        ground = passage.ground(found.origin)
        if not isinstance(ground, Refused):
            return {**masking.revealed(*_values(held)), "revealed": True, "withheld": None}
        withheld = ground.reason
    return {**masking.masked(*_values(found)), "revealed": held.found, "withheld": withheld}


def _values(known: Known) -> tuple[StockedProspect | None, AddedProspect | None]:
    return (
        None if known.stocked is None else known.stocked.value,
        None if known.added is None else known.added.value,
    )


def _sealed(who: Principal, wanted: Wanted, place: _Place) -> str:
    """A cursor that is good for this company and this search alone. It names a place, not a page number, so
    what is taken in or goes meanwhile moves nobody twice into view or out of it.
    """
    at = f"{place.number} {place.after or ''}"
    return base64.urlsafe_b64encode(f"{_mark(who, wanted, at)} {at}".encode()).decode().rstrip("=")


def _opened(who: Principal, wanted: Wanted, cursor: str) -> _Place:
    malformed = InvalidError(errors=[FieldError("cursor", "malformed")])
    if len(cursor) > 400 or not cursor.isascii():
        raise malformed
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise malformed from None
    mark, _, at = text.partition(" ")
    if not mark.isascii() or not hmac.compare_digest(mark, _mark(who, wanted, at)):
        raise malformed
    number, _, after = at.partition(" ")
    return _Place(int(number), after or None)


def _mark(who: Principal, wanted: Wanted, at: str) -> str:
    bound = json.dumps([who.company_id, *wanted, at])
    return store.vault.index(ids.OPERATOR, "cursor", bound)[:20]

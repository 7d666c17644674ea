"""Putting one shared person into the base, and filling in what was empty (2.2.2(k)).

The first version of somebody stays: whoever shares them again can fill what nobody had said and replace
nothing, so no company can overwrite what another one vouched for, or learn what that was. Neither renews the
retention. Record, share and what finds it are written in one transaction, which fails when the person has
objected: between asking and writing nobody slips in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.agreement import SHARED_ITEMS
from chalicelib.privacy.register import Purpose
from chalicelib.records.agreements import Sharing
from chalicelib.records.prospects import AddedProspect, Posting, Share
from chalicelib.services.prospects import classes

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

TRIES: Final = 5
_USE: Final = Purpose.OBTAIN_PROSPECTS


class Person(NamedTuple):
    """Somebody to be shared: where in the request, who, and the agreement's fields as they were sent."""

    number: int
    canonical: str
    fields: dict[str, Any]

    @property
    def prospect_id(self) -> str:
        """The id of the person in the base: the same whoever shares them."""
        return store.prospects.prospect_id(self.canonical)


def known(company_id: str, prospect_ids: Sequence[str]) -> dict[str, Known]:
    """What the base has of these people, and whether the company has shared them before. Of a company's own
    rows only this one's are read. One call for each hundred rows, two read units for each person.
    """
    if not prospect_ids:
        return {}
    added = [(store.prospects.ADDED, {"prospect_id": one}) for one in prospect_ids]
    own = [(store.prospects.SHARES, {"prospect_id": one, "company_id": company_id}) for one in prospect_ids]
    found = store.table.get_together(*added, *own, use=_USE)
    half = len(prospect_ids)
    return {
        one: Known(found[place], found[half + place] is not None) for place, one in enumerate(prospect_ids)
    }


class Known(NamedTuple):
    """The shared record of a person, if there is one; ``shared``: by this company already."""

    added: Stored[AddedProspect] | None
    shared: bool


def place(sharing: Sharing, person: Person, before: Known) -> bool:
    """Put a person into the base as part of a share; False: they objected this moment. Repeatable.

    About 30 write units for somebody new, 6 for somebody the base has, nothing where the company itself
    had shared them and there is nothing to fill.

    Raises:
        UnavailableError: it was not done; sharing again is safe.
    """
    for attempt in range(TRIES):
        if attempt:
            before = known(sharing.company_id, [person.prospect_id])[person.prospect_id]
        made = _made(person, before.added)
        share = _share(sharing, person)
        try:
            if made is not None:
                _write(share, before, made)
            elif before.added is not None and not before.shared:
                _join(share, person, before.added)
        except ConflictError:
            if store.requests.objection(person.canonical) is not None:
                return False
            continue
        return True
    raise UnavailableError


def _made(person: Person, before: Stored[AddedProspect] | None) -> AddedProspect | None:
    """The record as it is to be; None where there is nothing to write."""
    now = clock.now()
    if before is None:
        fresh = AddedProspect(
            prospect_id=person.prospect_id,
            person=store.requests.person_hash(person.canonical),
            first_at=now,
            changed_at=now,
            sector="",
            country="",
            level="",
            postings=(),
            **person.fields,
        )
        return _classed(fresh)
    empty = {
        name: value
        for name in SHARED_ITEMS
        if (value := person.fields.get(name)) and not getattr(before.value, name)
    }
    return _classed(replace(before.value, **empty, changed_at=now)) if empty else None


def _classed(one: AddedProspect) -> AddedProspect:
    """With its classes, and the keys of what finds it; nobody is found by their own name."""
    classed = replace(
        one,
        sector=classes.sector(one.industry),
        country=classes.country(one.location),
        level=classes.level(one.current_position),
    )
    return replace(classed, postings=store.prospects.posting_keys(_postings(classed)))


def _postings(one: AddedProspect) -> list[Posting]:
    return store.prospects.postings(
        one.prospect_id,
        sector=one.sector,
        country=one.country,
        level=one.level,
        words=classes.words(one.industry, one.current_position),
        business=None,
    )


def _share(sharing: Sharing, person: Person) -> Share:
    return Share(
        prospect_id=person.prospect_id,
        company_id=sharing.company_id,
        share_id=sharing.share_id,
        shared_by=sharing.shared_by,
        shared_at=sharing.shared_at,
        agreement_version=sharing.agreement_version,
        ground=sharing.ground,
    )


def _join(share: Share, person: Person, added: Stored[AddedProspect]) -> None:
    """One more company vouches for somebody whom the base has; it ends when the record does."""
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.check_absent(store.requests.OBJECTIONS, person=store.requests.person_hash(person.canonical))
    # Written, not only looked at: whoever takes the last share back must not take the record from under this.
    transaction.replace(store.prospects.ADDED, added, added.value)
    transaction.put_new(store.prospects.SHARES, share, expires_at=added.expires_at)
    transaction.commit()


def _write(share: Share, before: Known, made: AddedProspect) -> None:
    rows, transaction = store.prospects.ADDED, store.transaction.Transaction(store.table.new_op())
    transaction.check_absent(store.requests.OBJECTIONS, person=made.person)
    ends = None
    if before.added is None:
        transaction.put_new(rows, made)
    else:
        ends = before.added.expires_at
        transaction.replace(rows, before.added, made)
    if not before.shared:
        transaction.put_new(store.prospects.SHARES, share, expires_at=ends)
    keys = set(() if before.added is None else before.added.value.postings)
    for posting in _postings(made):
        (key,) = store.prospects.posting_keys([posting])
        if key not in keys:
            transaction.put(store.prospects.POSTINGS, posting)
    transaction.commit()

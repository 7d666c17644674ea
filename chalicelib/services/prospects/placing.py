"""Putting one shared person into the base, and filling in what was empty (2.2.2(k)).

The first version of somebody stays: whoever shares them again can fill what nobody had said and replace
nothing, so no company can overwrite what another one vouched for, or learn what that was. Neither renews the
retention. Record, share and what finds it are written in one transaction, which fails when the person has
objected or the share is being taken back: between asking and writing nobody slips in.

A company vouches for a person once, under the last of its shares that names them and is not taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    from chalicelib.store.transaction import Transaction

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
    """What the base has of these people, and under which share of the company. Of a company's own rows only
    this one's are read. One call for each hundred rows, two read units for each person.
    """
    if not prospect_ids:
        return {}
    added = [(store.prospects.ADDED, {"prospect_id": one}) for one in prospect_ids]
    own = [(store.prospects.SHARES, {"prospect_id": one, "company_id": company_id}) for one in prospect_ids]
    found = store.table.get_together(*added, *own, use=_USE)
    half = len(prospect_ids)
    return {one: Known(found[place], found[half + place]) for place, one in enumerate(prospect_ids)}


class Known(NamedTuple):
    """The shared record of a person, if there is one, and what this company has vouched for so far."""

    added: Stored[AddedProspect] | None
    mine: Stored[Share] | None


def place(sharing: Stored[Sharing], person: Person, before: Known) -> Stored[Sharing] | None:
    """Put a person into the base as part of a share, unless they objected; the share as it is by now, None
    when it is being taken back and nobody comes in under it any more. Repeatable.

    About 30 write units for somebody new, 15 for somebody the base has; two for each KB of the share among
    them, which must not be taken back meanwhile. Nothing for somebody who is there under this very share.

    Raises:
        UnavailableError: it was not done; sharing again is safe.
    """
    company_id, share_id = sharing.value.company_id, sharing.value.share_id
    for attempt in range(TRIES):
        if attempt:
            before = known(company_id, [person.prospect_id])[person.prospect_id]
        try:
            _put(sharing, person, before)
        except ConflictError:
            again = store.agreements.SHARINGS.get(company_id=company_id, share_id=share_id)
            if again is None or again.value.ending or again.value.taken_back_at is not None:
                return None
            sharing = again
            if store.requests.objection(person.canonical) is not None:
                return sharing
            continue
        return sharing
    raise UnavailableError


def vouching(
    company_id: str, prospect_ids: Collection[str], *, but: str | None = None
) -> dict[str, Stored[Sharing]]:
    """The last share of a company, other than ``but``, that names each of these people and is not taken back,
    whether they are in the base or not. One query for each MB of its shares: some two hundred long ones.
    """
    found: dict[str, Stored[Sharing]] = {}
    for one in store.agreements.SHARINGS.query(f"{company_id}#shares", "shr_", newest_first=True):
        if one.value.ending or one.value.taken_back_at is not None or one.value.share_id == but:
            continue
        for named in one.value.prospects:
            prospect_id = named.partition(":")[2]
            if prospect_id in prospect_ids:
                found.setdefault(prospect_id, one)
    return found


def share_of(sharing: Sharing, prospect_id: str) -> Share:
    """What a share says of one person: who vouches, since when, on which ground."""
    return Share(
        prospect_id=prospect_id,
        company_id=sharing.company_id,
        share_id=sharing.share_id,
        shared_by=sharing.shared_by,
        shared_at=sharing.shared_at,
        agreement_version=sharing.agreement_version,
        ground=sharing.ground,
    )


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
        store.prospects.ADDED.kind,
        sector=one.sector,
        country=one.country,
        level=one.level,
        words=classes.words(*classes.found_by(sector=one.sector, position=one.current_position)),
        business=None,
    )


def _put(sharing: Stored[Sharing], person: Person, before: Known) -> None:
    """One more share that vouches for somebody; it ends when the record does, which nothing renews.

    Raises:
        ConflictError: they objected, the share is being taken back, or something has changed.
    """
    added, mine = before
    made = _made(person, added)
    if made is None and mine is not None and mine.value.share_id == sharing.value.share_id:
        return
    transaction = store.transaction.Transaction(store.table.new_op())
    for note in store.requests.noted_under(person.canonical):
        transaction.check_absent(store.requests.OBJECTIONS, person=note)
    transaction.check(store.agreements.SHARINGS, sharing)
    rows, ends = store.prospects.ADDED, None
    if added is None:
        if made is None:
            raise LookupError("somebody new has a record")
        transaction.put_new(rows, made)
    else:
        ends = added.expires_at
        # Written, not only looked at: whoever takes the last share back must not take the record from under
        # this.
        transaction.replace(rows, added, made or added.value)
    share = share_of(sharing.value, person.prospect_id)
    if mine is None:
        transaction.put_new(store.prospects.SHARES, share, expires_at=ends)
    elif mine.value.share_id != share.share_id:
        transaction.replace(store.prospects.SHARES, mine, share)
    if made is not None:
        _list(transaction, made, None if added is None else added.value, ends)
    transaction.commit()


def _list(
    transaction: Transaction, made: AddedProspect, before: AddedProspect | None, ends: int | None
) -> None:
    """What finds the record as it is now, for as long as it is there; what found it before goes."""
    old = set(() if before is None else before.postings)
    moved = before is None or _classes(before) != _classes(made)
    for posting in _postings(made):
        if moved or store.prospects.posting_key(posting) not in old:
            transaction.put(store.prospects.POSTINGS, posting, expires_at=ends)
    for key in sorted(old - {*made.postings}):
        transaction.clear(store.prospects.POSTINGS, *key.split("\0", 1))


def _classes(one: AddedProspect) -> tuple[str, str, str]:
    return one.sector, one.country, one.level

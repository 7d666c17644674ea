"""Sharing people with other companies under the joint controller agreement (2.2.2(k), 2.3.3, appendix 2.1).

Only the agreement's fields cross, under the version in force that the company has accepted, with its warranty
on record before the first person is in the base. Who objected once is not taken, and the sharer is not told:
they are answered like everybody else, for a list of addresses must not become a way to ask who has objected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.agreement import Warranty
from chalicelib.records.agreements import ProspectEvidence, ProspectStep, Sharing
from chalicelib.records.prospects import Share
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.prospects import agreement, placing
from chalicelib.services.prospects.placing import Person
from chalicelib.services.repeats import Repeat
from chalicelib.services.requests import objections

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored

SHARES_PER_HOUR: Final = 100
"""Requests of a company; each holds up to a hundred people. Guessing addresses is not sharing."""


def share(
    who: Principal,
    version: str,
    ground: Warranty,
    people: Sequence[Mapping[str, Any]],
    repeat: Repeat | None,
) -> Sharing:
    """Share people; the answer names whom the company vouches for, and what in its list was no person. It
    does not say who of them is in the base. Repeating it with the same key finishes what was interrupted and
    returns the first.

    Raises:
        RefusedError: the agreement (`joint-duties`).
        TooManyRequestsError: the company has shared too often within the hour.
        UnavailableError: not all are in; sending it again with the same key goes on.
    """
    agreement.check(who.company_id, version)

    def make(once: Once | None) -> Sharing:
        store.limits.take("shares", who.company_id, SHARES_PER_HOUR, clock.HOUR)
        taken, rejected = _sorted(people)
        sharing = Sharing(
            company_id=who.company_id,
            share_id=ids.new("shr"),
            shared_by=who.user_id,
            shared_at=clock.now(),
            agreement_version=version,
            ground=ground,
            prospects=_prospects(taken),
            rejected=_rejected(rejected),
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.agreements.SHARINGS, sharing)
        transaction.put_new(store.agreements.EVIDENCE, _evidence(sharing, len(people)))
        if once is not None:
            once.add_to(transaction, sharing.share_id)
        transaction.commit()
        return _place(who, _known(who, sharing.share_id), taken)

    def again(share_id: str) -> Sharing:
        return _place(who, _known(who, share_id), _sorted(people)[0])

    return repeats.once(who, repeat, again, make)


def _sorted(people: Sequence[Mapping[str, Any]]) -> tuple[list[Person], dict[int, str]]:
    """Who is named, and the codes of what names nobody or nobody new, by their place in the request."""
    rejected: dict[int, str] = {}
    taken: dict[str, Person] = {}
    for index, fields in enumerate(people):
        try:
            address = addresses.parse(fields["email"])
        except ValueError:
            rejected[index] = "not_an_address"
            continue
        if address.person in taken:
            rejected[index] = "duplicate"
            continue
        taken[address.person] = Person(index, address.person, {**fields, "email": address.written})
    return list(taken.values()), rejected


def _place(who: Principal, known: Stored[Sharing], people: Sequence[Person]) -> Sharing:
    """Put everybody in who has not objected, and note that it is done; unless it is done or taken back."""
    if known.value.placed or known.value.ending or known.value.taken_back_at is not None:
        return known.value
    objected = objections.any_of({one.canonical for one in people})
    wanted = [one for one in people if one.canonical not in objected]
    before = placing.known(who.company_id, [one.prospect_id for one in wanted])
    for person in wanted:
        still = placing.place(known, person, before[person.prospect_id])
        if still is None:
            return _known(who, known.value.share_id).value
        known = still
    try:
        done = replace(known.value, placed=True)
        return store.agreements.SHARINGS.replace(known, done, op=store.table.new_op()).value
    except ConflictError:  # the same request twice at once, or it is being taken back
        return _known(who, known.value.share_id).value


def _prospects(people: Iterable[Person]) -> tuple[str, ...]:
    return tuple(f"{one.number}:{one.prospect_id}" for one in people)


def _rejected(codes: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(f"{index}:{code}" for index, code in sorted(codes.items()))


def _evidence(sharing: Sharing, offered: int) -> ProspectEvidence:
    counts = {"offered": offered, "accepted": len(sharing.prospects), "rejected": len(sharing.rejected)}
    return ProspectEvidence(
        company_id=sharing.company_id,
        entry_id=ids.new("evd"),
        act=ProspectStep.SHARED,
        at=sharing.shared_at,
        matter_id=sharing.share_id,
        by_id=sharing.shared_by,
        version=sharing.agreement_version,
        ground=sharing.ground,
        informed=True,
        counts=counts,
    )


# -- what a company has shared ------------------------------------------------------------------------


def page(who: Principal, limit: int, before: str | None) -> list[Sharing]:
    """The company's own shares, newest first; one query in its own partition."""
    found = store.agreements.SHARINGS.query(
        f"{who.company_id}#shares", "shr_", before=before, newest_first=True, page_size=limit
    )
    return [known.value for known in islice(found, limit)]


def read(who: Principal, share_id: str) -> Sharing:
    """One of the company's shares; NotFoundError for an unknown and a foreign id alike."""
    return _known(who, share_id).value


def _known(who: Principal, share_id: str) -> Stored[Sharing]:
    known = store.agreements.SHARINGS.get(company_id=who.company_id, share_id=share_id)
    if known is None:
        raise NotFoundError
    return known


# -- where a person came from -------------------------------------------------------------------------


class Provenance(NamedTuple):
    """Who shared a person, the first first, and which companies received them, with the ground (4.2)."""

    shares: list[Share]
    received: list[tuple[str, int, str]]
    """Company, when (epoch seconds), the ground on which it crossed a border."""


def provenance(prospect_id: str) -> Provenance:
    """Where a person came from and went, with the companies' ids: for the person's own request (8, GDPR
    15(1)(c) and (g)) and for the operator; companies are shown ``seen_by``. Two queries.
    """
    shares = [one.value for one in store.prospects.SHARES.query(prospect_id, "share#")]
    shares.sort(key=lambda one: one.shared_at)
    holders: Iterator[Any] = store.prospects.HOLDERS.query(prospect_id, "holder#")
    received = sorted((one.value.since, one.value.company_id, one.value.transfer) for one in holders)
    return Provenance(shares, [(company, since, transfer) for since, company, transfer in received])


class Seen(NamedTuple):
    """What one company may know of where a person came from: kinds, grounds and dates, no other company. What
    it vouched for itself is there whether the person is in the base, was withdrawn or never came in.
    """

    own_share: Share | None
    since: int | None
    """When this company received them."""
    stocked: bool
    others: list[tuple[int, str, str]]
    """When somebody shared them, on which ground, under which version of the agreement."""


def seen_by(company_id: str, prospect_id: str) -> Seen:
    """Where a person came from, for a company that shared or received them. A read for each of its own two
    rows, then one query for the kinds and dates of all shares; for somebody it shared who is not there, one
    for each MB of its shares.

    Which company shared is that company's business and stays unsaid between companies; the person is told
    (GDPR 14(2)(f) asks for the source: the base, and what it rests on).

    Raises:
        NotFoundError: this company has nothing to do with them.
    """
    key = {"prospect_id": prospect_id, "company_id": company_id}
    own, holds = store.table.get_together((store.prospects.SHARES, key), (store.prospects.HOLDERS, key))
    vouched = None if own is None else own.value
    if vouched is None and (named := placing.vouching(company_id, {prospect_id})):
        vouched = placing.share_of(named[prospect_id].value, prospect_id)
    if vouched is None and holds is None:
        raise NotFoundError
    shares = provenance(prospect_id).shares if holds is not None and holds.value.added else []
    others = [
        (one.shared_at, one.ground, one.agreement_version) for one in shares if one.company_id != company_id
    ]
    return Seen(
        vouched,
        None if holds is None else holds.value.since,
        holds is not None and holds.value.stocked,
        others,
    )

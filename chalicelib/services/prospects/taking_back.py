"""A company takes back what it shared (appendix 2.1.1: it vouches for people, and may have to stop).

First it is noted that the share ends, and from then on nobody comes in under it. Then its name comes off each
person, unless another share of the company still vouches for them. When nobody else does either, the shared
record goes and nobody finds it any more; a stocked one is the operator's and stays. Companies that received
the person keep what they have, as controllers of it, and are told. Nobody objected, so somebody may share the
person again, under a warranty of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.privacy.register import Duty
from chalicelib.records.agreements import (
    ProspectEvidence,
    ProspectStep,
    Sharing,
    Withdrawal,
    WithdrawalWhy,
)
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.prospects import placing, withdrawal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

TRIES: Final = 5


def take_back(who: Principal, share_id: str) -> None:
    """Take a share back, person by person; sending it again finishes what was interrupted.

    Somebody whom another share of the company names stays under that one. A query for each MB of its shares,
    and a query and about three writes for each person. The evidence says how many were named, not how many of
    them were there.

    Raises:
        NotFoundError: no share of this company, or it is taken back.
        UnavailableError: not all is done; sending it again goes on.
    """
    known = _ending(who.company_id, share_id)
    others = placing.vouching(who.company_id, set(_people(known.value)), but=share_id)
    _take_back(known, others, who.user_id)


def leave(company_id: str, share_id: str) -> None:
    """Take a share back because its company goes (5.3): nobody is left there to vouch, so no other share of
    it counts. Repeatable; nothing for one that is taken back. As ``take_back`` it costs a query and about
    three writes for each person.

    Raises:
        UnavailableError: not all is done; doing it again goes on.
    """
    try:
        known = _ending(company_id, share_id)
    except NotFoundError:
        return
    _take_back(known, {}, None)


def forsake(company_id: str, prospect_id: str) -> None:
    """Vouch for one person no more, for a company that goes and whose own note of the share is gone: as
    ``leave``, by what lies under the person alone. Repeatable.

    Raises:
        UnavailableError: doing it again goes on.
    """
    mine = store.prospects.SHARES.get(prospect_id=prospect_id, company_id=company_id)
    try:
        if mine is not None:
            store.prospects.SHARES.delete(mine)
    except ConflictError:
        raise UnavailableError from None
    _end(prospect_id)


def _people(sharing: Sharing) -> list[str]:
    return [one.partition(":")[2] for one in sharing.prospects]


def _take_back(known: Stored[Sharing], others: Mapping[str, Stored[Sharing]], by: str | None) -> None:
    sharing = known.value
    people = _people(sharing)
    for prospect_id in people:
        _unname(sharing, prospect_id, others.get(prospect_id))
        _end(prospect_id)
    made = replace(sharing, taken_back_at=clock.now())
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.agreements.SHARINGS, known, made)
    entry = ProspectEvidence(
        company_id=sharing.company_id,
        entry_id=ids.new("evd"),
        act=ProspectStep.TAKEN_BACK,
        at=clock.now(),
        matter_id=sharing.share_id,
        by_id=by,
        counts={"prospects": len(people)},
    )
    transaction.put_new(store.agreements.EVIDENCE, entry)
    try:
        transaction.commit()
    except ConflictError:
        raise UnavailableError from None  # the same wish twice at once


def _ending(company_id: str, share_id: str) -> Stored[Sharing]:
    """The share, noted to end: whoever is being put in under it this moment comes before this, and is found
    below, or does not come in.
    """
    for _ in range(TRIES):
        known = store.agreements.SHARINGS.get(company_id=company_id, share_id=share_id)
        if known is None or known.value.taken_back_at is not None:
            raise NotFoundError
        if known.value.ending:
            return known
        try:
            ending = replace(known.value, ending=True)
            return store.agreements.SHARINGS.replace(known, ending, op=store.table.new_op())
        except ConflictError:
            continue  # its request is through this moment
    raise UnavailableError


def _unname(sharing: Sharing, prospect_id: str, other: Stored[Sharing] | None) -> None:
    """Let the company vouch for a person under its other share, if there is one, or not any more."""
    rows = store.prospects.SHARES
    for _ in range(TRIES):
        mine = rows.get(prospect_id=prospect_id, company_id=sharing.company_id)
        if mine is None or mine.value.share_id != sharing.share_id:
            return
        try:
            if other is None:
                rows.delete(mine)
            else:
                transaction = store.transaction.Transaction(store.table.new_op())
                transaction.check(store.agreements.SHARINGS, other)
                transaction.replace(rows, mine, placing.share_of(other.value, prospect_id))
                transaction.commit()
        except ConflictError:  # the other one is taken back as well, or they are shared anew
            found = placing.vouching(sharing.company_id, {prospect_id}, but=sharing.share_id)
            other = found.get(prospect_id)
            continue
        return
    raise UnavailableError


def _end(prospect_id: str) -> None:
    """Let the person leave the base when nobody vouches for them."""
    for _ in range(TRIES):
        added = store.prospects.ADDED.get(prospect_id=prospect_id, use=Duty.ERASE)
        shares = store.prospects.SHARES.query(prospect_id, "share#", page_size=1)
        if added is None or any(True for _ in shares):
            return
        known = store.agreements.WITHDRAWALS.get(prospect_id=prospect_id, use=Duty.ANSWER_REQUEST)
        now = clock.now()
        work = Withdrawal(
            prospect_id=prospect_id,
            withdrawal_id=ids.new("wdr"),
            why=WithdrawalWhy.TAKEN_BACK,
            began_at=now,
            due_at=now + withdrawal.LEASE_SECONDS,
            postings=added.value.postings,
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.delete(store.prospects.ADDED, added)
        if known is None:
            transaction.put_new(store.agreements.WITHDRAWALS, work)
        else:
            transaction.replace(store.agreements.WITHDRAWALS, known, work)
        try:
            transaction.commit()
        except ConflictError:
            continue  # somebody shares or withdraws them this moment
        withdrawal.hint(prospect_id)
        return
    raise UnavailableError

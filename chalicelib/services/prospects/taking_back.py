"""A company takes back what it shared (appendix 2.1.1: it vouches for people, and may have to stop).

Its name comes off the person. When nobody else vouches for them either, the shared record goes and nobody
finds it any more; a stocked one is the operator's and stays. Companies that received the person keep what
they have, as controllers of it, and are told. Nobody objected, so somebody may share the person again, under
a warranty of their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

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
from chalicelib.services.prospects import withdrawal

TRIES: Final = 5


def take_back(who: Principal, share_id: str) -> None:
    """Take a share back, person by person; sending it again finishes what was interrupted.

    Somebody whom the company shared again later stays under that share. A query and about three writes for
    each person.

    Raises:
        NotFoundError: no share of this company, or it is taken back.
        UnavailableError: not all is done; sending it again goes on.
    """
    known = store.agreements.SHARINGS.get(company_id=who.company_id, share_id=share_id)
    if known is None or known.value.taken_back_at is not None:
        raise NotFoundError
    sharing = known.value
    ended = 0
    for one in sharing.prospects:
        ended += _take_back(sharing, one.partition(":")[2])
    made = replace(sharing, taken_back_at=clock.now())
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.agreements.SHARINGS, known, made)
    entry = ProspectEvidence(
        company_id=who.company_id,
        entry_id=ids.new("evd"),
        act=ProspectStep.TAKEN_BACK,
        at=clock.now(),
        matter_id=share_id,
        by_id=who.user_id,
        counts={"prospects": len(sharing.prospects), "left_the_base": ended},
    )
    transaction.put_new(store.agreements.EVIDENCE, entry)
    try:
        transaction.commit()
    except ConflictError:
        raise UnavailableError from None  # the same wish twice at once


def _take_back(sharing: Sharing, prospect_id: str) -> bool:
    """Whether the person left the base by it."""
    rows = store.prospects.SHARES
    mine = rows.get(prospect_id=prospect_id, company_id=sharing.company_id)
    if mine is not None and mine.value.share_id == sharing.share_id:
        try:
            rows.delete(mine)
        except ConflictError:
            raise UnavailableError from None
    for _ in range(TRIES):
        added = store.prospects.ADDED.get(prospect_id=prospect_id, use=Duty.ERASE)
        if added is None or any(True for _ in rows.query(prospect_id, "share#", page_size=1)):
            return False
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
        return True
    raise UnavailableError

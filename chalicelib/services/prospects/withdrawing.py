"""The work of a withdrawal: what found the person goes, then what companies hold, many companies at a time,
each by itself and to the same end however often it is done (``removal``).

Pieces are ranges of companies, so that one done again finds what is left of it. A moment after the last one
everything is looked for once more: a reveal that had begun may have ended since. Then the address goes too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.register import Duty
from chalicelib.records.agreements import ProspectEvidence, ProspectStep, Withdrawal, WithdrawalWhy
from chalicelib.services.prospects import removal, withdrawal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

PIECE: Final = 25
"""Companies in one task: a few seconds of work, so that many tasks share what many companies hold."""
STRAGGLERS_SECONDS: Final = 240
"""More than the longest function lives (files: 180 s): whatever had read the record before has ended."""


def go_on(prospect_id: str) -> None:
    """Take away what is left: what found them, and what companies hold, in pieces of their own. Repeatable.

    Raises:
        UnavailableError: to be done again.
    """
    known = store.agreements.WITHDRAWALS.get(prospect_id=prospect_id, use=Duty.ANSWER_REQUEST)
    if known is None or known.value.due_at is None:
        return
    work, now = known.value, clock.now()
    if work.why is WithdrawalWhy.TAKEN_BACK:
        _tell_next(known)
        return
    if work.done_at is not None and now < known.value.due_at:
        return
    _forget_records(work)
    left = withdrawal.companies(prospect_id)
    if not left:
        _finish(known)
        return
    moved = replace(
        work,
        due_at=now + withdrawal.LEASE_SECONDS,
        pieces=work.pieces + 1,
        companies=max(work.companies, len(left)),
    )
    if _saved(known, moved) is None:
        return
    pieces = [left[start : start + PIECE] for start in range(0, len(left), PIECE)]
    afters = ["", *(piece[-1] for piece in pieces)]
    tasks: list[dict[str, str | int]] = [
        {"task": "withdraw_from", "prospect": prospect_id, "after": after, "until": piece[-1]}
        for after, piece in zip(afters, pieces, strict=False)
    ]
    queues.hint(settings.QUEUE_TASKS, tasks)


def piece(prospect_id: str, after: str, until: str) -> None:
    """Take a person away from the companies behind ``after`` up to ``until``. Repeatable: a company that is
    done has left nothing to be found by. One that cannot be done keeps nobody behind it waiting; the piece
    fails when all have had their turn, and is done again for what is left.

    Raises:
        RetryLaterError, UnavailableError: to be done again; the companies done are done.
    """
    known = store.agreements.WITHDRAWALS.get(prospect_id=prospect_id, use=Duty.ANSWER_REQUEST)
    if known is None or known.value.why is WithdrawalWhy.TAKEN_BACK:
        return
    parties: dict[str, removal.Party] = {}
    for rows, prefix in ((store.prospects.SHARES, "share#"), (store.prospects.HOLDERS, "holder#")):
        found = store.erasure.under(
            rows.model, prospect_id, prefix, after=f"{prefix}{after}", until=f"{prefix}{until}"
        )
        for row in found:
            company_id = row.sk.removeprefix(prefix)
            party = parties.setdefault(company_id, removal.Party(company_id))
            one: Any = rows.decode(row, None)
            if prefix == "share#":
                party.share = one
            else:
                party.holder = one
    failed: Exception | None = None
    for company_id in sorted(parties):
        try:
            removal.take_from(known.value, parties[company_id])
        except Exception as error:
            telemetry.event("withdrawal_company_error", error=error, company_id=company_id)
            failed = error
    if failed is not None:
        raise failed
    queues.hint(settings.QUEUE_TASKS, [{"task": "withdrawal_end", "prospect": prospect_id}])


def end(prospect_id: str) -> None:
    """Note that it is done, when no company has anything of them any more. Repeatable."""
    known = store.agreements.WITHDRAWALS.get(prospect_id=prospect_id, use=Duty.ANSWER_REQUEST)
    if known is None or not withdrawal.under_way(known.value) or withdrawal.anybody(prospect_id):
        return
    _finish(known)


def _forget_records(work: Withdrawal) -> None:
    """What was written by somebody who had asked before the withdrawal began, and all that finds them."""
    found = withdrawal.records(work.prospect_id)
    postings = {*work.postings, *(key for one in found for key in one.value.postings)}
    keys = [tuple(key.split("\0", 1)) for key in sorted(postings)]
    rows = [withdrawal.rows_of(one).place(prospect_id=work.prospect_id) for one in found]
    store.erasure.delete(store.prospects.POSTINGS.model, [*rows, *((pk, sk) for pk, sk in keys)])


def _finish(known: Stored[Withdrawal]) -> None:
    """First that it is done, then, a moment later and after one more look, that the address is forgotten."""
    work, now = known.value, clock.now()
    if work.done_at is not None:
        _saved(known, replace(work, due_at=None, email=None, postings=(), called=()))
        return
    done = replace(work, done_at=now, due_at=now + STRAGGLERS_SECONDS)
    entry = ProspectEvidence(
        company_id=ids.OPERATOR,
        entry_id=ids.new("evd"),
        act=ProspectStep.DONE,
        at=now,
        matter_id=work.withdrawal_id,
        prospect_id=work.prospect_id,
        why=work.why,
        counts={"companies": work.companies, "seconds": now - work.began_at},
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.agreements.EVIDENCE, entry)
    transaction.replace(store.agreements.WITHDRAWALS, known, done)
    try:
        transaction.commit()
    except ConflictError:
        return  # another piece that was the last as well
    telemetry.event("prospect_withdrawn", parties=work.companies, seconds=now - work.began_at)


def _saved(known: Stored[Withdrawal], work: Withdrawal) -> Stored[Withdrawal] | None:
    try:
        return store.agreements.WITHDRAWALS.replace(known, work, op=store.table.new_op())
    except ConflictError:
        return None  # another job does the same step: theirs goes on


def _tell_next(known: Stored[Withdrawal]) -> None:
    """Tell the next companies that nobody vouches for somebody any more; they keep what they have."""
    work, now = known.value, clock.now()
    _forget_postings(work)
    found = store.erasure.under(
        store.prospects.HOLDERS.model,
        work.prospect_id,
        "holder#",
        after=f"holder#{work.after}",
        limit=PIECE,
    )
    for row in found:
        removal.tell_taken_back(work, row.sk.removeprefix("holder#"))
    if len(found) < PIECE:
        _saved(known, replace(work, due_at=None, done_at=now, postings=()))
        return
    moved = replace(work, after=found[-1].sk.removeprefix("holder#"), due_at=now + withdrawal.LEASE_SECONDS)
    if _saved(known, moved) is not None:
        withdrawal.hint(work.prospect_id)


def _forget_postings(work: Withdrawal) -> None:
    """What found the shared record and does not find a stocked one; nor one that was shared anew since."""
    still = {key for one in withdrawal.records(work.prospect_id) for key in one.value.postings}
    gone = [key.split("\0", 1) for key in work.postings if key not in still]
    store.erasure.delete(store.prospects.POSTINGS.model, [(pk, sk) for pk, sk in gone])

"""What staff do about a request: read it, answer, refuse with grounds, take longer, escalate (8; GDPR 12).

Every step is evidence with the staff member's id. Whoever asked is written to with each of them, without a
word of what it says: that is behind their token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.privacy.decisions import Decision, Refused
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import (
    OPENS_DATA,
    Extension,
    Ground,
    Outcome,
    RequestKind,
    RequestState,
    may_extend,
    may_refuse,
    next_look,
)
from chalicelib.records.requests import OpenRequest, Request, RequestAct, RequestEvidence
from chalicelib.services.notifications import notify
from chalicelib.services.requests import accounts, copies, recipients, requesters, requests, routing, steps
from chalicelib.services.requests.recipients import Recipient

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

_USE: Final = Duty.ANSWER_REQUEST
_BEFORE: Final = frozenset({Outcome.ACCOUNT_PROOF, Outcome.ACCOUNT_MAIN, Outcome.WITH_STAFF})
"""What an answer said while a person was to look, and says no more once they have."""
_WORDS: Final = {
    "too_late_to_extend": "The first month is over: an extension has to be told within it.",
    "not_later": "That is no later than it is due already.",
    "beyond_the_law": "The law gives two months more, not longer.",
    "no_ground_for_this": "The law knows no such ground for this kind of request.",
}


class File(NamedTuple):
    """A request as staff see it, with its steps."""

    request: Request
    steps: list[RequestEvidence]
    attached: list[Request]
    """Later ones of the same mailbox for the same: their words are to be read with it."""


class Erasing(NamedTuple):
    """An erasure that staff decide: begun, or waiting for somebody else's word."""

    request: Request
    begun: bool


class Reply(NamedTuple):
    """What staff answer. ``release`` opens the account's data to the token, where one-time codes had kept it
    back; ``corrected``: data was corrected, and who received it within a year has to hear of it.
    """

    text: str
    release: bool = False
    corrected: bool = False


def page(limit: int, after: tuple[int, str] | None) -> list[OpenRequest]:
    """What waits for an answer, the first due first; nothing personal. One query."""
    return store.requests.open_requests(limit, after)


def read(request_id: str, *, by: str) -> File:
    """The requester's own words, to answer them: that somebody read them is on record.

    Raises:
        NotFoundError: no such request.
    """
    known = _known(request_id)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.check(store.requests.REQUESTS, known)
    steps.note(transaction, known.value, RequestAct.READ, staff_id=by)
    transaction.commit()
    return File(known.value, _steps(request_id), store.requests.attached(known.value))


def answer(request_id: str, reply: Reply, *, by: str) -> tuple[Request, list[Recipient]]:
    """Answer, which closes it; of a correction those are told who received the data within a year.

    Raises:
        NotFoundError: no such request.
        ConflictError: ``not_open``, it is answered, or still being worked on.
    """
    known = _open(request_id)
    request = known.value
    release = reply.release and request.wish in OPENS_DATA
    closed = _closed(request, RequestState.ANSWERED, reply.text)
    closed = replace(closed, data_open=request.data_open or release)
    corrected = reply.corrected and request.wish is RequestKind.CORRECT
    told = recipients.of(request) if corrected else []
    transaction = _closing(known, closed)
    steps.note(transaction, closed, RequestAct.ANSWERED, staff_id=by)
    notices = recipients.tell(transaction, closed, told, "corrected", by)
    _commit(transaction, closed, "request_answered", notices)
    return closed, told


def refuse(request_id: str, ground: Ground, text: str, *, by: str) -> Request:
    """Refuse on a ground of the law. What access was refused to is kept for 30 days (PDPA s22A).

    Raises:
        NotFoundError: no such request.
        ConflictError: ``not_open``.
        RefusedError: ``no_ground_for_this``.
    """
    known = _open(request_id)
    request = known.value
    _require(may_refuse(request.wish, ground))
    if request.wish in OPENS_DATA:
        copies.keep(request)
    closed = replace(_closed(request, RequestState.REFUSED, text), ground=ground, data_open=False)
    transaction = _closing(known, closed)
    steps.note(transaction, closed, RequestAct.REFUSED, staff_id=by, ground=ground)
    _commit(transaction, closed, "request_answered")
    return closed


def erase(request_id: str, text: str, *, by: str) -> Erasing:
    """Erase the account of a request that waits for a person, and answer with that: one of the staff asks for
    it, another one does it by asking as well. Asking twice is asking once. Closed for the owner's sake: a
    mailbox alone, or one of us alone, ends no account that has more than a mailbox before it.

    Raises:
        NotFoundError: no such request, or no account that it is about.
        ConflictError: ``not_open``; ``not_to_erase``, it asks for something else; ``main_account``.
        UnavailableError: nobody knows; asking again is safe.
    """
    known = _open(request_id)
    request = known.value
    if request.wish is not RequestKind.ERASE:
        raise ConflictError("not_to_erase", "This request does not ask for erasure.")
    if accounts.is_main(request):
        raise _main()
    if request.erase_by is None:
        asked = replace(request, erase_by=by)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.requests.REQUESTS, known, asked, used_again=True)
        steps.note(transaction, asked, RequestAct.ERASURE_ASKED, staff_id=by)
        transaction.commit()
        return Erasing(asked, begun=False)
    if request.erase_by == by:
        return Erasing(request, begun=False)
    outcome = accounts.erase(request)
    if outcome is Outcome.ACCOUNT_MAIN:
        raise _main()
    said = (request.found() - _BEFORE) | {outcome}
    closed = _closed(request, RequestState.ANSWERED, text)
    closed = replace(closed, outcomes=[one.value for one in Outcome if one in said])
    transaction = _closing(known, closed)
    steps.note(transaction, closed, RequestAct.ANSWERED, staff_id=by, outcomes=closed.outcomes)
    told = recipients.tell(transaction, closed, recipients.of(closed), "erased", by)
    _commit(transaction, closed, "request_answered", told)
    return Erasing(closed, begun=True)


def _main() -> ConflictError:
    return ConflictError("main_account", "The main account has to be handed over first (5.3).")


def extend(request_id: str, months: int, reason: Extension, *, by: str) -> Request:
    """Take one or two months longer (GDPR 12(3)); the requester is told with the same transaction.

    Raises:
        NotFoundError: no such request.
        ConflictError: ``not_open``.
        RefusedError: ``too_late_to_extend``, ``not_later``, ``beyond_the_law``.
    """
    known = _open(request_id)
    request, now = known.value, clock.now()
    to = request.term().by(months)
    _require(may_extend(request.term(), to, now))
    longer = replace(request, extended_to=to, extension=reason, look_at=next_look(to, now))
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.requests.REQUESTS, known, longer, used_again=True)
    line = _line(request)
    if line is not None:
        transaction.delete(store.requests.OPEN, line)
        transaction.put_new(store.requests.OPEN, replace(line.value, due_at=to, extended=True))
    steps.note(transaction, longer, RequestAct.EXTENDED, staff_id=by, extension=reason, due_at=to)
    _commit(transaction, longer, "request_extended")
    return longer


def escalate(request_id: str, *, by: str) -> Request:
    """Raise the alarm about a request: it needs somebody else. Doing it again does nothing more.

    Raises:
        NotFoundError: no such request.
        ConflictError: ``not_open``.
    """
    known = _open(request_id)
    if known.value.escalated_at is not None:
        return known.value
    raised = replace(known.value, escalated_at=clock.now())
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.requests.REQUESTS, known, raised, used_again=True)
    routing.mark_escalated(transaction, raised)
    steps.note(transaction, raised, RequestAct.ESCALATED, staff_id=by)
    transaction.commit()
    telemetry.event("request_escalated", wish=raised.wish)
    return raised


def _known(request_id: str) -> Stored[Request]:
    known = store.requests.REQUESTS.get(request_id=request_id, use=_USE)
    if known is None:
        raise NotFoundError
    return known


def _open(request_id: str) -> Stored[Request]:
    known = _known(request_id)
    if known.value.state is not RequestState.WITH_STAFF:
        raise ConflictError("not_open", "This request does not wait for an answer.")
    return known


def _steps(request_id: str) -> list[RequestEvidence]:
    found = store.requests.EVIDENCE.query(ids.OPERATOR, f"request#{request_id}#")
    return [one.value for one in found]


def _line(request: Request) -> Stored[OpenRequest] | None:
    return store.requests.OPEN.get(due_at=request.term().due_at, request_id=request.request_id)


def _closed(request: Request, state: RequestState, text: str) -> Request:
    return replace(request, state=state, closed_at=clock.now(), look_at=None, answer=text)


def _closing(known: Stored[Request], closed: Request) -> Transaction:
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.requests.REQUESTS, known, closed, used_again=True)
    line = _line(known.value)
    if line is not None:
        transaction.delete(store.requests.OPEN, line)
    return transaction


def _commit(transaction: Transaction, request: Request, template: str, notices: Sequence[str] = ()) -> None:
    notice_id = requesters.tell(transaction, request, template)
    transaction.commit()
    notify.hint([notice_id, *notices])
    requests.hint(request.request_id)  # what belongs to it is kept as long as it is from now


def _require(decision: Decision) -> None:
    if isinstance(decision, Refused):
        raise RefusedError(decision.reason, _WORDS[decision.reason], clause=decision.clause)

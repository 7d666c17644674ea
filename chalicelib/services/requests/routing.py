"""Working on a verified request: what we hold, which clients hold something, and who answers (2.3.2).

A job in steps. The request's row says how far it is, each step can be done again to the same end, and what a
step writes about a client is written once: whoever repeats it finds the client's row. Of client data we are
the processor: the client's admins are told, and the answer names the client, without looking into its data.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock, telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError, UnavailableError
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import (
    CLOSED,
    OPENS_DATA,
    PASSED_ON,
    Outcome,
    RequestKind,
    RequestState,
    next_look,
)
from chalicelib.records.requests import OpenRequest, Request, RequestAct, Stage
from chalicelib.services.erasure import erasure
from chalicelib.services.notifications import notify
from chalicelib.services.requests import (
    accounts,
    passing,
    prospects,
    recipients,
    renewal,
    requesters,
    requests,
    steps,
)

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

COMPANIES_PER_STEP: Final = 25
STEP_SECONDS: Final = 30

_USE: Final = Duty.ANSWER_REQUEST
_FOR_STAFF: Final = frozenset({Outcome.WITH_STAFF, Outcome.ACCOUNT_MAIN, Outcome.ACCOUNT_PROOF})


def go_on(request_id: str) -> None:
    """Do the next piece of work on a request, and let the next one follow; or remind of its time.

    Raises:
        UnavailableError: the piece will be done again.
        RetryLaterError: it does not go on, and nobody else moved it: later again, in the end for somebody to
            see.
    """
    known = _read(request_id)
    if known is None:
        return
    renewal.follow(known)
    if known.value.state in CLOSED:
        return
    try:
        if known.value.state is RequestState.WITH_STAFF:
            _watch(known)
        else:
            _work(_seen_late(known))
    except ConflictError:
        after = _read(request_id)
        if after is not None and after.version == known.version:
            # No row race: something it needs refuses, and asking at once would be refused again, for ever.
            raise RetryLaterError from None
        requests.hint(request_id)  # it was moved, by this step or somebody else: look at it anew


def _work(known: Stored[Request]) -> None:
    while known.value.stage is not Stage.DONE:
        match known.value.stage:
            case Stage.LOOK:
                known = _looked(known)
            case Stage.ACT:
                known = _acted(known)
            case Stage.COMPANIES:
                known, left = _companies(known)
                if left:
                    requests.hint(known.value.request_id)
                    return


def _looked(known: Stored[Request]) -> Stored[Request]:
    # Whose account it is, and who in the base, is noted before anything is done about it: an erasure that was
    # interrupted must find it again, though its mailbox leads nowhere any more.
    login = accounts.of(known.value.mailbox)
    found = replace(
        known.value,
        stage=Stage.ACT,
        company_id=None if login is None else login.company_id,
        user_id=None if login is None else login.user_id,
        prospect_id=prospects.find(known.value),
    )
    return _moved(known, found)


def _acted(known: Stored[Request]) -> Stored[Request]:
    outcomes = [*accounts.act(known.value), *prospects.act(known.value)]
    found = replace(
        known.value,
        stage=Stage.COMPANIES,
        outcomes=[one.value for one in outcomes],
        data_open=known.value.wish in OPENS_DATA and Outcome.ACCOUNT_PROOF not in outcomes,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    after = _put(transaction, known, found)
    in_base = found.prospect_id if Outcome.BASE_WITHDRAWN in outcomes else None
    steps.note(transaction, found, RequestAct.ACTED, outcomes=found.outcomes, concerns_id=in_base)
    told: list[str] = []
    if {Outcome.ACCOUNT_ERASED, Outcome.ACCOUNT_HELD} & set(outcomes):
        told = recipients.tell(transaction, found, recipients.of(found), "erased")
    transaction.commit()
    notify.hint(told)
    return after


def _companies(known: Stored[Request]) -> tuple[Stored[Request], bool]:
    """Look into the next companies; whether there are more."""
    request, until = known.value, clock.elapsed() + STEP_SECONDS
    person = addresses.parse(request.email).person
    cursor = None
    if request.cursor_id is not None and request.cursor_at is not None:
        cursor = (request.cursor_id, request.cursor_at)
    found = store.due.companies(cursor, COMPANIES_PER_STEP)
    more = len(found) == COMPANIES_PER_STEP
    for company_id, came_at in found:
        try:
            holds = erasure.holds_anything(company_id, person)
        except store.vault.KeyMissingError:
            holds = False  # its key is gone, and with it everything anybody could have held
        except (ConflictError, UnavailableError):
            raise
        except Exception as error:
            # One company that cannot be looked into must not keep the answer from who asked; staff will see.
            telemetry.event("request_company_error", error=error, company_id=company_id)
            request, holds = replace(request, unreadable=request.unreadable + 1), False
        if holds:
            passing.on(known.value, company_id)
            request = replace(request, companies=request.companies + 1)
        request = replace(request, cursor_id=company_id, cursor_at=came_at)
        if clock.elapsed() > until:
            more = True
            break
    if more:
        return _moved(known, request), True
    return _finished(known, replace(request, stage=Stage.DONE)), False


def _finished(known: Stored[Request], request: Request) -> Stored[Request]:
    """All is looked at: the answer stands, or somebody has to write it."""
    outcomes = list(request.found())
    if request.companies:
        passed = request.wish in PASSED_ON
        outcomes.append(Outcome.COMPANIES if passed else Outcome.COMPANIES_NAMED)
    if request.unreadable:
        outcomes.append(Outcome.WITH_STAFF)
    if not outcomes or (set(outcomes) == {Outcome.OBJECTION_NOTED} and request.wish is RequestKind.ERASE):
        outcomes.insert(0, Outcome.NOTHING)
    order = list(Outcome)
    said = [one.value for one in sorted(set(outcomes), key=order.index)]
    now, transaction = clock.now(), store.transaction.Transaction(store.table.new_op())
    due_at = request.term().due_at
    if _FOR_STAFF & set(outcomes):
        look_at = next_look(due_at, now)
        request = replace(request, outcomes=said, state=RequestState.WITH_STAFF, look_at=look_at)
        line = OpenRequest(
            due_at=due_at,
            request_id=request.request_id,
            wish=request.wish,
            received_at=request.received_at,
            escalated=request.escalated_at is not None,
        )
        transaction.put_new(store.requests.OPEN, line)
        act, template = RequestAct.TO_STAFF, "request_with_staff"
    else:
        request = replace(request, outcomes=said, state=RequestState.ANSWERED, closed_at=now, look_at=None)
        act, template = RequestAct.ANSWERED, "request_answered"
    after = _put(transaction, known, request)
    steps.note(transaction, request, act, outcomes=said, due_at=due_at)
    notice_id = requesters.tell(transaction, request, template)
    transaction.commit()
    notify.hint([notice_id])
    return after


def _watch(known: Stored[Request]) -> None:
    """Remind of what is due soon, and escalate what is late; every day, for as long as it is."""
    request, now = known.value, clock.now()
    if request.look_at is None or now < request.look_at:
        return
    due_at = request.term().due_at
    late = now >= due_at
    telemetry.event("request_overdue" if late else "request_due_soon", wish=request.wish, left=due_at - now)
    first_late = late and request.escalated_at is None
    changed = replace(
        request,
        look_at=next_look(due_at, now),
        escalated_at=now if first_late else request.escalated_at,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    _put(transaction, known, changed)
    if first_late:
        mark_escalated(transaction, changed)
    act = RequestAct.ESCALATED if first_late else RequestAct.REMINDED
    steps.note(transaction, changed, act, due_at=due_at)
    transaction.commit()


def _seen_late(known: Stored[Request]) -> Stored[Request]:
    """Raise the alarm about work that is past its time, each time it is taken up: what is stuck is with
    nobody. Before the work, which may be what does not go on.
    """
    request, now = known.value, clock.now()
    due_at = request.term().due_at
    if now < due_at:
        return known
    telemetry.event("request_overdue", wish=request.wish, left=due_at - now)
    if request.escalated_at is not None:
        return known
    late = replace(request, escalated_at=now)
    transaction = store.transaction.Transaction(store.table.new_op())
    after = _put(transaction, known, late)
    steps.note(transaction, late, RequestAct.ESCALATED, due_at=due_at)
    transaction.commit()
    return after


def mark_escalated(transaction: Transaction, request: Request) -> None:
    """Let the staff's list show that a request was escalated."""
    line = store.requests.OPEN.get(due_at=request.term().due_at, request_id=request.request_id)
    if line is not None:
        transaction.replace(store.requests.OPEN, line, replace(line.value, escalated=True))


def _moved(known: Stored[Request], request: Request) -> Stored[Request]:
    request = replace(request, look_at=clock.now() + requests.LEASE_SECONDS)
    return store.requests.REQUESTS.replace(known, request, op=store.table.new_op(), used_again=True)


def _put(transaction: Transaction, known: Stored[Request], request: Request) -> Stored[Request]:
    """Replace the row in a transaction; what it will be once that is through."""
    transaction.replace(store.requests.REQUESTS, known, request, used_again=True)
    return known._replace(value=request, version=known.version + 1)


def _read(request_id: str) -> Stored[Request] | None:
    return store.requests.REQUESTS.get(request_id=request_id, use=_USE)

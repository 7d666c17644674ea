"""Working on a verified request: what we hold, which clients hold something, and who answers (2.3.2).

A job in steps. The request's row says how far it is, each step can be done again to the same end, and what a
step writes about a client is written once: whoever repeats it finds the client's row. Of client data we are
the processor: the client's admins are told, and the answer names the client, without looking into its data.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.notifications import Kind
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
from chalicelib.records.requests import CompanyRequest, OpenRequest, PassedOn, Request, RequestAct, Stage
from chalicelib.services import admins, notify, reminders, request_words
from chalicelib.services.rights import accounts, erasure, recipients, requests, steps

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
    """
    known = store.requests.REQUESTS.get(request_id=request_id, use=_USE)
    if known is None or known.value.state in CLOSED:
        return
    try:
        if known.value.state is RequestState.WITH_STAFF:
            _watch(known)
        else:
            _work(known)
    except ConflictError:
        requests.hint(request_id)  # somebody else wrote the row: look at it anew


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
    # Whose account it is is noted before anything is done about it: an erasure that was interrupted must
    # find it again, though its mailbox leads nowhere any more.
    login = accounts.of(known.value.mailbox)
    found = replace(
        known.value,
        stage=Stage.ACT,
        company_id=None if login is None else login.company_id,
        user_id=None if login is None else login.user_id,
    )
    return _moved(known, found)


def _acted(known: Stored[Request]) -> Stored[Request]:
    outcomes = accounts.act(known.value)
    found = replace(
        known.value,
        stage=Stage.COMPANIES,
        outcomes=[one.value for one in outcomes],
        data_open=known.value.wish in OPENS_DATA and Outcome.ACCOUNT_PROOF not in outcomes,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    after = _put(transaction, known, found)
    steps.note(transaction, found, RequestAct.ACTED, outcomes=found.outcomes)
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
            _pass_on(known.value, company_id)
            request = replace(request, companies=request.companies + 1)
        request = replace(request, cursor_id=company_id, cursor_at=came_at)
        if clock.elapsed() > until:
            more = True
            break
    if more:
        return _moved(known, request), True
    return _finished(known, replace(request, stage=Stage.DONE)), False


def _pass_on(request: Request, company_id: str) -> None:
    """Note that a company holds something, and tell its admins; once, however often this is done."""
    known = store.requests.PASSED_ON.get(request_id=request.request_id, company_id=company_id, use=_USE)
    passed = known.value if known is not None else _put_passed_on(request, company_id)
    if passed.company_request_id is None:
        return
    admins.tell(
        company_id,
        Kind.REQUEST,
        "company_request",
        lambda locale: {
            "email": request.email,
            "wish": request_words.of(request.wish, locale),
            "due_at": reminders.day_and_time(request.term().due_at),
        },
        key=f"request-{passed.company_request_id}",
    )


def _put_passed_on(request: Request, company_id: str) -> PassedOn:
    now, told = clock.now(), request.wish in PASSED_ON
    passed = PassedOn(
        request_id=request.request_id,
        company_id=company_id,
        company_request_id=ids.new("req") if told else None,
        at=now,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.requests.PASSED_ON, passed)
    steps.note(transaction, request, RequestAct.PASSED_ON, concerns_id=company_id)
    if passed.company_request_id is not None:
        row = CompanyRequest(
            company_id=company_id,
            request_id=passed.company_request_id,
            origin_id=request.request_id,
            wish=request.wish,
            at=now,
            due_at=request.term().due_at,
            email=request.email,
            details=request.details,
        )
        transaction.put_new(store.requests.COMPANY, row)
        steps.note(
            transaction,
            request,
            RequestAct.PASSED_ON,
            chain=company_id,
            request_id=row.request_id,
            due_at=row.due_at,
        )
    transaction.commit()
    return passed


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
        )
        transaction.put_new(store.requests.OPEN, line)
        act, template = RequestAct.TO_STAFF, "request_with_staff"
    else:
        request = replace(request, outcomes=said, state=RequestState.ANSWERED, closed_at=now, look_at=None)
        act, template = RequestAct.ANSWERED, "request_answered"
    after = _put(transaction, known, request)
    steps.note(transaction, request, act, outcomes=said, due_at=due_at)
    notice_id = tell(transaction, request, template)
    transaction.commit()
    notify.hint([notice_id])
    return after


def tell(transaction: Transaction, request: Request, template: str) -> str:
    """Let a transaction write to the requester: that there is something to read, and nothing of it."""
    url = f"{settings.api_url()}/v1/requests/{request.request_id}"
    values = {"url": url, "due_at": reminders.day_and_time(request.term().due_at)}
    notice = notify.letter(template, email=request.email, locale=request.locale, values=values)
    transaction.put_new(store.accounts.NOTICES, notice)
    return notice.notice_id


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

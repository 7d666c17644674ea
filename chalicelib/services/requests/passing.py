"""Passing a request on to a client that holds something of its person: it is their controller (2.3.2).

Written once, whoever repeats it, and told once to each of its admins.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import PASSED_ON
from chalicelib.records.requests import CompanyRequest, PassedOn, Request, RequestAct
from chalicelib.services.companies import admins, reminders
from chalicelib.services.requests import request_words, steps

_USE: Final = Duty.ANSWER_REQUEST


def on(request: Request, company_id: str) -> None:
    """Note that a company holds something, and tell its admins; once, however often this is done.

    They are told that a request waits and what it wants, not whose it is: inboxes and mails are kept by each
    admin for their own time, and nobody takes an address out of them when its owner has been erased.

    Raises:
        UnavailableError, ConflictError: to be done again.
    """
    known = store.requests.PASSED_ON.get(request_id=request.request_id, company_id=company_id, use=_USE)
    passed = known.value if known is not None else _put(request, company_id)
    if passed.company_request_id is None:
        return
    admins.tell(
        company_id,
        Kind.REQUEST,
        "company_request",
        lambda locale: {
            "request": str(passed.company_request_id),
            "wish": request_words.of(request.wish, locale),
            "due_at": reminders.day_and_time(request.term().due_at),
        },
        key=f"request-{passed.company_request_id}",
    )


def _put(request: Request, company_id: str) -> PassedOn:
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
            person=store.standing.person(company_id, addresses.parse(request.email).person),
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

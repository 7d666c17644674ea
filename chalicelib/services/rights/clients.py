"""What a client makes of a request that is its own to answer: of its data it is the controller (2.3.2).

It sees who asks and for what, under an id of its own, and decides: done, refused, or erased with one click.
The decision reaches the one who asked, who was told to ask here. There is one: what was told stands.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal

from chalicelib import store
from chalicelib.kernel import addresses, clock
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.register import Duty
from chalicelib.records.erasures import Why
from chalicelib.records.requests import CompanyDecision, CompanyRequest, RequestAct
from chalicelib.services.rights import erasure, holds, steps
from chalicelib.services.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

Choice = Literal["done", "refused", "erase"]
_USE: Final = Duty.ANSWER_REQUEST


def page(who: Principal, limit: int, before: str | None) -> list[CompanyRequest]:
    """Requests that were passed on to the company, newest first; one query."""
    found = store.requests.COMPANY.query(
        who.company_id,
        "request#",
        use=_USE,
        before=None if before is None else f"request#{before}",
        newest_first=True,
        page_size=limit,
    )
    return [known.value for known in islice(found, limit)]


def read(who: Principal, request_id: str) -> CompanyRequest:
    """One of them.

    Raises:
        NotFoundError: none of this company's.
    """
    return _known(who, request_id).value


def decide(who: Principal, request_id: str, choice: Choice, note: str | None) -> CompanyRequest:
    """Decide, once. An erasure has begun, and nothing of the person can come back, before it is noted here:
    interrupted, it is simply asked for again.

    Raises:
        NotFoundError: none of this company's.
        ConflictError: ``decided``.
        UnavailableError: nobody knows; sending it again is safe.
    """
    known = _known(who, request_id)
    if known.value.decision is not CompanyDecision.OPEN:
        raise ConflictError("decided", "This request has been decided.")
    decision = _made(known.value, choice)
    now = clock.now()
    erased = decision in {CompanyDecision.ERASED, CompanyDecision.HELD}
    made = replace(
        known.value,
        decision=decision,
        decided_at=now,
        decided_by=who.user_id,
        email=None if erased else known.value.email,
        details=None if erased else known.value.details,
    )
    origin = store.requests.REQUESTS.get(request_id=made.origin_id, use=_USE)
    passed = store.requests.PASSED_ON.get(request_id=made.origin_id, company_id=made.company_id, use=_USE)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.requests.COMPANY, known, made)
    if origin is not None and passed is not None:
        told = replace(passed.value, decision=decision, decided_at=now, note=note)
        transaction.replace(store.requests.PASSED_ON, passed, told)
        facts: dict[str, Any] = {"by_id": who.user_id, "decision": decision}
        steps.note(transaction, origin.value, RequestAct.DECIDED, concerns_id=made.company_id, **facts)
        steps.note(
            transaction,
            origin.value,
            RequestAct.DECIDED,
            chain=made.company_id,
            request_id=made.request_id,
            **facts,
        )
    try:
        transaction.commit()
    except ConflictError:
        raise ConflictError("decided", "This request has been decided.") from None
    return made


def _made(request: CompanyRequest, choice: Choice) -> CompanyDecision:
    if choice == "done":
        return CompanyDecision.DONE
    if choice == "refused":
        return CompanyDecision.REFUSED
    if request.email is None:
        raise ConflictError("decided", "This request has been decided.")
    person = addresses.parse(request.email).person
    erasure.of_person(request.company_id, person, why=Why.REQUEST, matter=request.request_id)
    hashed = store.standing.person(request.company_id, person)
    kept = holds.blocking(request.company_id, person=hashed)
    return CompanyDecision.HELD if kept else CompanyDecision.ERASED


def _known(who: Principal, request_id: str) -> Stored[CompanyRequest]:
    known = store.requests.COMPANY.get(company_id=who.company_id, request_id=request_id, use=_USE)
    if known is None:
        raise NotFoundError
    return known

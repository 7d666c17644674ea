"""What a client makes of a request that is its own to answer: of its data it is the controller (2.3.2).

It sees who asks and for what, under an id of its own, and decides: done, refused, or erased with one click.
The decision reaches the one who asked, who was told to ask here. There is one: what was told stands.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from chalicelib import store
from chalicelib.kernel import addresses, clock
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.privacy.register import Category, Duty
from chalicelib.privacy.requests import RequestKind
from chalicelib.privacy.restrictions import Action
from chalicelib.records.erasures import Why
from chalicelib.records.requests import CompanyDecision, CompanyRequest, RequestAct
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import rules
from chalicelib.services.erasure import erasure
from chalicelib.services.keeping import holds
from chalicelib.services.notifications import notify
from chalicelib.services.requests import requesters, steps

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

Choice = Literal["done", "refused", "erase"]
CONTACTS_ASKED: Final = 50
"""Contacts of one person a company's restrictions are asked about; there is one, or a handful."""
_ERASES: Final = frozenset({RequestKind.ERASE, RequestKind.OBJECT})
"""What one click answers: an access or a correction is not answered by taking everything away."""
_MEANS: Final = MappingProxyType(
    {
        "done": frozenset({CompanyDecision.DONE}),
        "refused": frozenset({CompanyDecision.REFUSED}),
        "erase": frozenset({CompanyDecision.ERASED, CompanyDecision.HELD}),
    }
)
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
    """Decide, once; sending the same decision again is answered as the first time. The decision to erase
    takes the request before anything goes: from then on nobody can refuse it, and repeating it finishes what
    was interrupted. Once it says so, the erasure has begun and nothing of the person can come back.

    Raises:
        NotFoundError: none of this company's.
        ConflictError: ``decided``; ``not_to_erase``, it asks for something else.
        RefusedError: ``restricted_by_company``.
        UnavailableError: nobody knows; sending it again is safe.
    """
    known = _known(who, request_id)
    if _is_made(known.value, who, choice):
        return known.value
    if choice == "erase":
        known = _claimed(who, known)
        made = _erased(known.value)
        _forget(made)
    elif known.value.decision is CompanyDecision.OPEN:
        decision = CompanyDecision.DONE if choice == "done" else CompanyDecision.REFUSED
        made = replace(known.value, decision=decision, decided_at=clock.now(), decided_by=who.user_id)
    else:
        raise _decided()
    notices = _noted(known, made, note)
    notify.hint(notices)
    return made


def left(company_id: str, request_id: str, *, kept: bool = False) -> None:
    """Answer a request for a company whose account ends (5.3): what it held of the person is erased with all
    else; or, when a hold keeps the request itself (``kept``), as far as holds let it, and then the request
    stays as it is sealed, for the matter. Nothing for one that was answered. Repeatable.

    Raises:
        UnavailableError, KeyMissingError.
    """
    known = store.requests.COMPANY.get(company_id=company_id, request_id=request_id, use=_USE)
    if known is None or known.value.decision not in {CompanyDecision.OPEN, CompanyDecision.ERASING}:
        return
    if kept:
        decided = replace(known.value, decision=CompanyDecision.HELD, decided_at=clock.now())
    else:
        decided = replace(
            known.value, decision=CompanyDecision.ERASED, decided_at=clock.now(), email=None, details=None
        )
    try:
        notices = _noted(known, decided, None)
    except ConflictError:
        raise UnavailableError from None  # decided this moment: once more
    notify.hint(notices)


def _is_made(request: CompanyRequest, who: Principal, choice: Choice) -> bool:
    return request.decided_by == who.user_id and request.decision in _MEANS[choice]


def _claimed(who: Principal, known: Stored[CompanyRequest]) -> Stored[CompanyRequest]:
    """The request, when it may be erased by and is nobody else's to decide any more."""
    request = known.value
    if request.wish not in _ERASES:
        raise ConflictError("not_to_erase", "This request does not ask for erasure.")
    if request.decision is CompanyDecision.ERASING:
        return known
    if request.decision is not CompanyDecision.OPEN:
        raise _decided()
    _ask(who, request)
    now = clock.now()
    claim = replace(request, decision=CompanyDecision.ERASING, decided_at=now, decided_by=who.user_id)
    try:
        return store.requests.COMPANY.replace(known, claim, op=store.table.new_op())
    except ConflictError:
        raise _decided() from None


def _ask(who: Principal, request: CompanyRequest) -> None:
    """Whether the company lets this admin delete every contact that would go (5.2); whose answer it is to the
    person stays the company's, by somebody it lets. Nothing is read where a company restricts nothing.
    """
    if not who.access.restrictions:
        return
    places = store.erasure.of_person(request.company_id, request.person, "contact#", limit=CONTACTS_ASKED)
    for place in places:
        contact = store.contacts.get(request.company_id, place.removeprefix("contact#"))
        if contact is not None:
            own = contact.value.created_by == who.user_id
            made_at = contact.value.created_at
            rules.check(who, Action.DELETE, Category.STORED, made_at=made_at, own=own)


def _erased(request: CompanyRequest) -> CompanyRequest:
    if request.email is not None:
        person = addresses.parse(request.email).person
        erasure.of_person(request.company_id, person, why=Why.REQUEST, matter=request.request_id)
    # No address: another request of this person has had them erased.
    kept = holds.blocking(request.company_id, person=request.person)
    decision = CompanyDecision.HELD if kept else CompanyDecision.ERASED
    return replace(request, decision=decision, decided_at=clock.now(), email=None, details=None)


def _noted(known: Stored[CompanyRequest], made: CompanyRequest, note: str | None) -> list[str]:
    """Write the decision down here and in the requester's answer, and tell them that there is news."""
    origin = store.requests.REQUESTS.get(request_id=made.origin_id, use=_USE)
    passed = store.requests.PASSED_ON.get(request_id=made.origin_id, company_id=made.company_id, use=_USE)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.requests.COMPANY, known, made)
    notices = []
    if origin is not None and passed is not None:
        told = replace(passed.value, decision=made.decision, decided_at=made.decided_at, note=note)
        transaction.replace(store.requests.PASSED_ON, passed, told, used_again=True)
        facts: dict[str, Any] = {"by_id": made.decided_by, "decision": made.decision}
        steps.note(transaction, origin.value, RequestAct.DECIDED, concerns_id=made.company_id, **facts)
        steps.note(
            transaction,
            origin.value,
            RequestAct.DECIDED,
            chain=made.company_id,
            request_id=made.request_id,
            **facts,
        )
        notices.append(requesters.tell(transaction, origin.value, "request_news"))
    try:
        transaction.commit()
    except ConflictError:
        raise _decided() from None
    return notices


def _forget(made: CompanyRequest) -> None:
    """Take the address and the words out of whatever else this person has asked the company: there they would
    outlive the erasure. The requests stay, to be decided; nobody needs to be found any more.

    Raises:
        UnavailableError: some may be left; the same decision again takes them.
    """
    for known in store.requests.COMPANY.query(made.company_id, "request#", use=_USE):
        one = known.value
        if one.person != made.person or one.request_id == made.request_id:
            continue
        if one.email is None and one.details is None:
            continue
        try:
            bare = replace(one, email=None, details=None)
            store.requests.COMPANY.replace(known, bare, op=store.table.new_op())
        except ConflictError:
            raise UnavailableError from None  # somebody decides it this moment: once more


def _decided() -> ConflictError:
    return ConflictError("decided", "This request has been decided.")


def _known(who: Principal, request_id: str) -> Stored[CompanyRequest]:
    known = store.requests.COMPANY.get(company_id=who.company_id, request_id=request_id, use=_USE)
    if known is None:
        raise NotFoundError
    return known

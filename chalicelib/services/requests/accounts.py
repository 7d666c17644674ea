"""What a request does about the account its mailbox has: of users' data we are the controller (2.3.1).

Erasing and stopping are done here and now, not when the answer is due. Everything can be done again to the
same end. One-time codes weigh more than a mailbox: where a user has them, what only they may do waits for
somebody who asks for that proof (GDPR 12(6)). Closed, for the account owner's sake.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.notifications import KINDS, Channel, Group
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import Outcome, RequestKind
from chalicelib.records.accounts import Login
from chalicelib.records.erasures import Why
from chalicelib.records.requests import Request
from chalicelib.services.companies import membership
from chalicelib.services.companies.membership import Place
from chalicelib.services.erasure import erasure
from chalicelib.services.keeping import holds
from chalicelib.services.notifications import notification_choices
from chalicelib.services.requests.steps import KEPT_OUT

_USE: Final = Duty.ANSWER_REQUEST
_GUARDED: Final = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY, RequestKind.ERASE})
"""What gives data away or ends it."""
_OFF: Final = {
    kind.value: {channel.value: False for channel in Channel}
    for kind, row in KINDS.items()
    if row.group is Group.PRODUCT
}
"""Everything that we send for our own sake."""


def of(mailbox: str) -> Login | None:
    """The account a mailbox has."""
    known = store.accounts.LOGINS.get(mailbox=mailbox, use=_USE)
    return None if known is None else known.value


def act(request: Request) -> list[Outcome]:
    """Do what the request asks about the account that was found, and say what was done.

    Raises:
        UnavailableError: to be done again.
    """
    noted = [Outcome.OBJECTION_NOTED] if request.wish in KEPT_OUT else []
    return [*_acted(request), *noted]


def _acted(request: Request) -> list[Outcome]:
    nothing = [Outcome.WITH_STAFF] if request.wish is RequestKind.COMPLAINT else []
    if request.company_id is None or request.user_id is None:
        return nothing
    place = _place(request.company_id, request.user_id)
    if place is None:
        # They have left since, or this very step was interrupted: their data is going, or gone, or held.
        erased = request.wish is RequestKind.ERASE
        return [_gone(request.company_id, request.user_id)] if erased else nothing
    if request.wish in _GUARDED and place.member.second_factor:
        return [Outcome.ACCOUNT_PROOF]
    match request.wish:
        case RequestKind.ACCESS | RequestKind.PORTABILITY:
            return [Outcome.ACCOUNT_DATA]
        case RequestKind.OBJECT:
            _stop(request.company_id, request.user_id, request.request_id)
            return [Outcome.MARKETING_STOPPED]
        case RequestKind.ERASE:
            return [_erase(request, place)]
        case RequestKind.CORRECT:
            return [Outcome.ACCOUNT_CORRECT, Outcome.WITH_STAFF]
        case RequestKind.RESTRICT:
            _stop(request.company_id, request.user_id, request.request_id)
            return [Outcome.OPTIONAL_STOPPED, Outcome.WITH_STAFF]
        case RequestKind.COMPLAINT:
            return [Outcome.WITH_STAFF]


def erase(request: Request) -> Outcome:
    """Erase the account of a request, by somebody's decision: one-time codes are no obstacle then, the main
    account is. Repeatable.

    Raises:
        NotFoundError: the request has led to no account.
        UnavailableError: nothing was written, or nobody knows.
    """
    if request.company_id is None or request.user_id is None:
        raise NotFoundError
    place = _place(request.company_id, request.user_id)
    if place is None:
        return _gone(request.company_id, request.user_id)
    return _erase(request, place)


def is_main(request: Request) -> bool:
    """Whether a request is about the main account of a company.

    Raises:
        NotFoundError: the request has led to no account.
    """
    if request.company_id is None or request.user_id is None:
        raise NotFoundError
    place = _place(request.company_id, request.user_id)
    return place is not None and place.access.main_user_id == request.user_id


def _erase(request: Request, place: Place) -> Outcome:
    """The main account is its company's (5.3): it is handed over or cancelled, by the company's word."""
    member = place.member
    if member.user_id == place.access.main_user_id:
        return Outcome.ACCOUNT_MAIN
    try:
        erasure.of_user(member.company_id, member.user_id, why=Why.REQUEST, matter=request.request_id)
    except NotFoundError:
        pass  # removed by their company this moment: their data goes as well
    except ConflictError as error:
        if error.code != "main_account":
            raise
        return Outcome.ACCOUNT_MAIN  # handed to them this moment
    return _gone(member.company_id, member.user_id)


def _gone(company_id: str, user_id: str) -> Outcome:
    """Asked after the erasure has begun, each time: what a hold keeps is not erased."""
    kept = holds.blocking(company_id, user_id=user_id)
    return Outcome.ACCOUNT_HELD if kept else Outcome.ACCOUNT_ERASED


def _stop(company_id: str, user_id: str, request_id: str) -> None:
    notification_choices.choose(company_id, user_id, _OFF, method=f"request {request_id}")


def _place(company_id: str, user_id: str) -> Place | None:
    try:
        member, access = membership.read(company_id, user_id)
    except NotFoundError:
        return None
    return Place(member.value, access.value)

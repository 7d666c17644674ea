"""What a request does about the account its mailbox has: of users' data we are the controller (2.3.1).

Erasing and stopping are done here and now, not when the answer is due. Everything can be done again to the
same end. One-time codes weigh more than a mailbox: where a user has them, what only they may do waits for
somebody who asks for that proof (GDPR 12(6)). Closed, for the account owner's sake.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy.notifications import KINDS, Channel, Group
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import Outcome, RequestKind
from chalicelib.records.accounts import Login
from chalicelib.records.erasures import Why
from chalicelib.records.requests import Request
from chalicelib.services import membership, notification_choices
from chalicelib.services.membership import Place
from chalicelib.services.rights import erasure, holds

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
    noted = [Outcome.OBJECTION_NOTED] if request.wish in {RequestKind.OBJECT, RequestKind.ERASE} else []
    if request.company_id is None or request.user_id is None:
        return [Outcome.WITH_STAFF] if request.wish is RequestKind.COMPLAINT else noted
    place = _place(request.company_id, request.user_id)
    if place is None:
        # They have left since, or this very step was interrupted: their data is going, or gone.
        return [Outcome.ACCOUNT_ERASED, *noted] if request.wish is RequestKind.ERASE else noted
    if request.wish in _GUARDED and place.member.second_factor:
        return [Outcome.ACCOUNT_PROOF, *noted]
    match request.wish:
        case RequestKind.ACCESS | RequestKind.PORTABILITY:
            return [Outcome.ACCOUNT_DATA]
        case RequestKind.OBJECT:
            notification_choices.choose(
                request.company_id, request.user_id, _OFF, method=f"request {request.request_id}"
            )
            return [Outcome.MARKETING_STOPPED, *noted]
        case RequestKind.ERASE:
            return [*_erase(request, place), *noted]
        case RequestKind.CORRECT:
            return [Outcome.ACCOUNT_CORRECT, Outcome.WITH_STAFF]
        case RequestKind.RESTRICT | RequestKind.COMPLAINT:
            return [Outcome.WITH_STAFF]


def _erase(request: Request, place: Place) -> list[Outcome]:
    """The main account is its company's (5.3): it is handed over or cancelled, by the company's word."""
    member = place.member
    if member.user_id == place.access.main_user_id:
        return [Outcome.ACCOUNT_MAIN]
    kept = holds.blocking(member.company_id, user_id=member.user_id)
    try:
        erasure.of_user(member.company_id, member.user_id, why=Why.REQUEST, matter=request.request_id)
    except NotFoundError:
        pass  # removed by their company this moment: their data goes as well
    return [Outcome.ACCOUNT_HELD if kept else Outcome.ACCOUNT_ERASED]


def _place(company_id: str, user_id: str) -> Place | None:
    try:
        member, access = membership.read(company_id, user_id)
    except NotFoundError:
        return None
    return Place(member.value, access.value)

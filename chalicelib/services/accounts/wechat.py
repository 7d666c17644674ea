"""The way to WeChat and back (clause `wechat`; threats: login CSRF, session fixation, replay, mix-up).

An attempt is one row: made when the way begins, bound to the browser by a secret in a cookie and to what it
was begun for, over after ten minutes. The first code that comes back with its state is the only one that ever
counts; it is exchanged once, by whoever claims the row. A browser that brings the same code again, because
WeChat sent it twice or somebody pressed reload, is answered alike for a minute.

Closed throughout: without row, cookie and WeChat's word nobody is anybody. Nothing that fails for our or
WeChat's sake uses the attempt up, so that a reload helps.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import wechat
from chalicelib.gateways.wechat import BusyError, Flow, MisconfiguredError, SignInAgainError
from chalicelib.kernel import clock, networks, settings
from chalicelib.kernel.errors import ConflictError, ServiceError, UnavailableError
from chalicelib.privacy import retention
from chalicelib.records.proofs import Challenge
from chalicelib.records.wechat import WechatAttempt, WechatIntent, WechatOutcome, WechatStage
from chalicelib.services.accounts import attempts, devices, linked, login, proofs
from chalicelib.services.accounts.attempts import Keys
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.accounts.linked import Bond, Person
from chalicelib.services.accounts.login import Entry
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

PER_NETWORK: Final = 200
"""Ways begun, and ways come back, from one network in a quarter of an hour: as many as logins."""

CALLBACK: Final = "/v1/wechat/callback"


class Beginning(NamedTuple):
    """Where to send the browser, until when (epoch seconds), and the secret that its cookie keeps."""

    url: str
    until: int
    browser: str


class Ended(StrEnum):
    """A way that ended without a session."""

    LINKED = "linked"
    CANCELLED = "cancelled"


class SignupNeeded(NamedTuple):
    """WeChat knows this person, we do not: the ticket goes with their signup. ``until``: epoch seconds."""

    ticket: str
    until: int


Arrival = Entry | Challenge | SignupNeeded | Ended


def begin(intent: WechatIntent, flow: Flow, who: Principal | None, *, ip: str) -> Beginning:
    """Start a way to WeChat; ``who`` is the user who wants to link. 1 write unit.

    Raises:
        RefusedError: ``proof_needed``, a link that somebody may want who found an open session.
        TooManyRequestsError: per network.
        NotConfiguredError, BusyError: no WeChat here, or not now.
    """
    _count(ip)
    if who is not None:
        proofs.require_fresh(who.session.proven_at)
    keys, now = attempts.new_keys(), clock.now()
    # First, so that nothing is kept of a way that leads nowhere.
    url = wechat.authorize_url(flow, redirect_uri=settings.api_url() + CALLBACK, state=keys.state)
    attempts.open_way(keys, intent, flow.value, who)
    return Beginning(url, now + int(retention.WECHAT_STATE.total_seconds()), keys.browser)


def come_back(
    state: str, code: str | None, browser: str | None, visit: Visit, *, present: str | None = None
) -> Arrival:
    """What becomes of a way that has come back; no code means that the person refused at WeChat. ``present``
    is the user whose session the browser holds, if any.

    Raises:
        UnauthorizedError: ``wechat_state_refused`` (unknown, late, used, or of another browser),
            ``wechat_sign_in_again``, ``wechat_preview``; or as ``login.admit``.
        ConflictError: ``linked_elsewhere``, whoever has the account.
        UnavailableError: ``wechat_busy``, ``wechat_in_progress``, ``wechat_unavailable``,
            ``wechat_not_configured``: the way stays open.
        RefusedError, TooManyRequestsError: as ``login.admit``; per network.
    """
    _count(visit.ip)
    known = attempts.claim(Keys(state, browser or ""), code or None, present)
    if known.value.stage is not WechatStage.SETTLED:
        known = _exchange(known, state, code or "")
    return _arrival(known.value, state, code or "", visit)


# -- exchanging -------------------------------------------------------------------------------------------


def _exchange(known: Stored[WechatAttempt], state: str, code: str) -> Stored[WechatAttempt]:
    """Ask WeChat who it is, and settle the attempt accordingly."""
    attempt = known.value
    try:
        found = wechat.identify(Flow(attempt.flow), code)
    except SignInAgainError as error:
        preview = error.code == "wechat_preview"
        return attempts.settle(known, WechatOutcome.PREVIEW if preview else WechatOutcome.AGAIN)
    except ServiceError as error:
        attempts.release(known)
        raise _not_now(error) from None
    identity = store.wechat.identity_of(found.app_id, found.open_id)
    person = Person(identity, attempt.flow, found.open_id, found.nickname)
    if attempt.intent is WechatIntent.LINK:
        return _link(known, person)
    return _identify(known, person, _ticket(state, code))


def _not_now(error: ServiceError) -> ServiceError:
    """What the person is told when it is not their fault. The operator has an alarm where it is ours."""
    if isinstance(error, MisconfiguredError):
        return UnavailableError(
            "wechat_unavailable", "Signing in with WeChat does not work at the moment.", retry_after=60
        )
    return BusyError(retry_after=5) if isinstance(error, BusyError) else error


def _identify(known: Stored[WechatAttempt], person: Person, ticket: str) -> Stored[WechatAttempt]:
    """Settle a login. Somebody who is no user yet gets a ticket in the same transaction."""
    owner = store.wechat.IDENTITIES.get(identity=person.identity)

    def also(transaction: Transaction) -> None:
        if owner is None:
            linked.put_ticket(transaction, ticket, person)

    settled = attempts.settle(known, WechatOutcome.IDENTIFIED, identity=person.identity, also=also)
    if owner is not None:
        linked.used(owner.value.company_id, owner.value.user_id, person)
    return settled


def _link(known: Stored[WechatAttempt], person: Person) -> Stored[WechatAttempt]:
    """Settle a link, in the transaction that makes it."""
    attempt, over = known.value, attempts.ended(known.value, WechatOutcome.LINKED)

    def also(transaction: Transaction) -> None:
        transaction.replace(store.wechat.ATTEMPTS, known, over)

    try:
        bond = linked.link(attempt, person, also=also)
    except ConflictError:
        attempts.release(known)
        raise attempts.in_progress() from None
    if bond is Bond.NEW:
        return known._replace(value=over, version=known.version + 1)
    return attempts.settle(known, WechatOutcome.LINKED if bond is Bond.OWN else WechatOutcome.ELSEWHERE)


# -- answering --------------------------------------------------------------------------------------------


def _arrival(attempt: WechatAttempt, state: str, code: str, visit: Visit) -> Arrival:
    """What a settled attempt means now: the same for the first callback and for one that came again."""
    match attempt.outcome:
        case WechatOutcome.CANCELLED:
            return Ended.CANCELLED
        case WechatOutcome.LINKED:
            return Ended.LINKED
        case WechatOutcome.ELSEWHERE:
            raise ConflictError("linked_elsewhere", "This WeChat account is linked to another account.")
        case WechatOutcome.PREVIEW:
            raise SignInAgainError(
                "wechat_preview", "Please tap “Use full service” in WeChat, then sign in again."
            )
        case WechatOutcome.IDENTIFIED if attempt.identity is not None:
            return _let_in(attempt.identity, _ticket(state, code), visit)
        case _:
            raise SignInAgainError


def _let_in(identity: str, ticket: str, visit: Visit) -> Arrival:
    owner = store.wechat.IDENTITIES.get(identity=identity)
    if owner is not None:
        device = devices.by_token(visit.device_token)
        if device is not None and device.value.user_id != owner.value.user_id:
            device = None
        return login.admit(owner.value.company_id, owner.value.user_id, visit, device=device, trusted=True)
    until = linked.ticket_end(ticket)
    if until is None:
        raise SignInAgainError  # used up already, or the account was unlinked within this very minute
    return SignupNeeded(ticket, until)


def _ticket(state: str, code: str) -> str:
    """The ticket of one exchange: 128 bits that follow from our key, so that a callback that comes again is
    told the same one and yet nobody keeps it.
    """
    return store.accounts.operator_hash("wechat-ticket", f"{state}|{code}")


def _count(ip: str) -> None:
    store.limits.take("wechat-network", networks.prefix(ip), PER_NETWORK, clock.QUARTER_HOUR)

"""One way to WeChat and back, as a row (clause `wechat`): begun, claimed for one code, settled once.

The first code that comes back with a state is the only one that ever counts; whoever claims the row exchanges
it, everybody else waits. What is claimed and never settled, because a function died, is free again after a
lease. Closed: a callback that is not certainly this browser's changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from hmac import compare_digest
from secrets import token_hex
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, ServiceError, UnauthorizedError, UnavailableError
from chalicelib.records.accounts import MemberState
from chalicelib.records.wechat import WechatAttempt, WechatIntent, WechatOutcome, WechatStage
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

LEASE_SECONDS: Final = 30
"""How long an exchange is left alone: one second more than its function can live."""
REPLAY_SECONDS: Final = 60
"""How long the same code is answered alike."""
WAIT_SECONDS: Final = 4.0
LOOK_SECONDS: Final = 0.2
"""How long, and how often, the second of two callbacks looks whether the first is through."""


class Keys(NamedTuple):
    """What an attempt is found and held by; kept in the browser only. A state is letters and digits."""

    state: str
    browser: str


def new_keys() -> Keys:
    """Fresh ones, of 256 bits each."""
    return Keys(token_hex(32), ids.secret())


def open_way(keys: Keys, intent: WechatIntent, flow: str, who: Principal | None) -> None:
    """Keep that a way has begun; ``who`` is the user who wants to link. 1 write unit."""
    attempt = WechatAttempt(
        state_hash=_hash(keys.state),
        browser_hash=_hash(keys.browser),
        intent=intent,
        flow=flow,
        stage=WechatStage.WAITING,
        company_id=who.company_id if who is not None else None,
        user_id=who.user_id if who is not None else None,
        session_id=who.session.session_id if who is not None else None,
        generation=who.session.generation if who is not None else None,
    )
    store.wechat.ATTEMPTS.put_new(attempt, op=store.table.new_op())


def claim(keys: Keys, code: str | None, present: str | None) -> Stored[WechatAttempt]:
    """The attempt: settled, or claimed for this code by nobody but us. One conditional write decides. Without
    a code, which is how WeChat says that the person refused, it is settled by that. ``present`` is the user
    whose session the browser holds now, if any.

    Raises:
        UnauthorizedError: ``wechat_state_refused``: unknown, late, used, of another browser, or of somebody
            who may not link any more.
        UnavailableError: ``wechat_in_progress``: the same code is still being exchanged.
    """
    code_hash = None if code is None else _hash(code)
    until = clock.elapsed() + WAIT_SECONDS
    while True:
        known = store.wechat.ATTEMPTS.get(state_hash=_hash(keys.state))
        if known is None or not compare_digest(known.value.browser_hash, _hash(keys.browser)):
            raise refused()  # a stranger's callback uses nothing up
        attempt, now = known.value, clock.now()
        fresh = attempt.stage is WechatStage.WAITING
        if fresh or attempt.code_hash == code_hash:
            _still_there(attempt, present)
        else:
            raise refused()
        if attempt.stage is WechatStage.SETTLED:
            if now - (attempt.settled_at or 0) >= REPLAY_SECONDS:
                raise refused()
            return known
        if fresh or (attempt.claimed_at or 0) + LEASE_SECONDS <= now:
            taken = replace(attempt, stage=WechatStage.EXCHANGING, code_hash=code_hash, claimed_at=now)
            if code is None:
                taken = ended(attempt, WechatOutcome.CANCELLED)
            try:
                return store.wechat.ATTEMPTS.replace(known, taken, op=store.table.new_op())
            except ConflictError:
                continue  # the same browser was here a moment earlier: see what it got
        if clock.elapsed() >= until:
            raise in_progress()
        clock.sleep(LOOK_SECONDS)


def _still_there(attempt: WechatAttempt, present: str | None) -> None:
    """Whoever began a link is still logged in, and nobody else has sat down at their browser: a stranger's
    WeChat must not become the key to what they left open.
    """
    if attempt.intent is WechatIntent.LOGIN:
        return
    company_id, user_id = str(attempt.company_id), str(attempt.user_id)
    if present not in {None, user_id}:
        raise refused()
    member, _ = store.accounts.place(company_id, user_id)
    if member is None or member.value.state is not MemberState.ACTIVE:
        raise refused()
    live = sessions.of_user(company_id, user_id)
    if attempt.session_id not in {session.session_id for session in live}:
        raise refused()


def settle(
    known: Stored[WechatAttempt],
    outcome: WechatOutcome,
    *,
    identity: str | None = None,
    also: Callable[[Transaction], None] | None = None,
) -> Stored[WechatAttempt]:
    """Write down how a claimed attempt ended, with whatever else belongs to it, in one transaction.

    Raises:
        UnavailableError: our lease has ended and another callback took over: a reload shows its answer.
    """
    over = replace(ended(known.value, outcome), identity=identity)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.wechat.ATTEMPTS, known, over)
    if also is not None:
        also(transaction)
    try:
        transaction.commit()
    except ConflictError:
        raise in_progress() from None
    return known._replace(value=over, version=known.version + 1)


def release(known: Stored[WechatAttempt]) -> None:
    """Let the same code be tried again at once. Should this fail too, the lease does it later."""
    free = replace(known.value, claimed_at=None)
    try:
        store.wechat.ATTEMPTS.replace(known, free, op=store.table.new_op())
    except ServiceError:
        return


def ended(attempt: WechatAttempt, outcome: WechatOutcome) -> WechatAttempt:
    """The attempt as it is when it has ended so."""
    return replace(attempt, stage=WechatStage.SETTLED, settled_at=clock.now(), outcome=outcome)


def _hash(secret: str) -> str:
    """Of states, codes and cookies. A plain hash will do: each has far more than 128 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def in_progress() -> UnavailableError:
    """What the second of two callbacks is told that did not see the first one's answer in time."""
    return UnavailableError(
        "wechat_in_progress", "This is being worked on. Please try again in a moment.", retry_after=2
    )


def refused() -> UnauthorizedError:
    """One answer for everything that is wrong with a state, so that nothing is learned about it."""
    return UnauthorizedError(
        "wechat_state_refused", "This sign-in was not begun in this browser, or is over. Please begin again."
    )

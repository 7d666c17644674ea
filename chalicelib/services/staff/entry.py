"""Who of the staff asks, and whether they may now (clauses `access`, `personnel`).

A request is judged by its session and its person as both are in this moment, one call of two read units: a
suspension, another position or a lapsed training work with the very next request. No cookies: the staff's
clients carry a bearer token, so no other site can make a browser ask. Closed for everything unnamed.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, RefusedError, UnauthorizedError
from chalicelib.privacy import personnel, retention
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.personnel import Right, StaffPosition, Standing
from chalicelib.records.staff import Staff, StaffSession, StaffState

TOUCH_SECONDS: Final = 60
"""A session's last use is written down at most this often, seconds."""

_IDLE: Final = int(retention.STAFF_SESSION_IDLE.total_seconds())
_ABSOLUTE: Final = int(retention.STAFF_SESSION_ABSOLUTE.total_seconds())
_WORDS: Final = {
    "agreement_missing": "Your confidentiality agreement of now is not on record yet.",
    "training_missing": "Your security and privacy training is not on record yet.",
    "training_expired": "Your security and privacy training has to be renewed.",
}


class StaffPrincipal(NamedTuple):
    """Who of the staff makes a request."""

    staff_id: str
    position: StaffPosition
    session: StaffSession
    standing: Standing


def authenticate(token: str) -> StaffPrincipal:
    """Who a token belongs to; one call, two read units, and a write at most once a minute.

    Raises:
        UnauthorizedError: not a token of the staff, a session that is over, somebody who is suspended or
        gone.
    """
    key = _session_key(token)
    if key is None:
        raise UnauthorizedError
    known, person = store.staff.authority(**key)
    now = clock.now()
    if known is None or person is None or now >= session_end(known.value):
        raise UnauthorizedError
    session, who = known.value, person.value
    if who.state is not StaffState.ACTIVE or who.generation != session.generation:
        raise UnauthorizedError
    if now - session.used_at >= TOUCH_SECONDS:
        session = replace(session, used_at=now)
        try:
            store.staff.SESSIONS.replace(known, session, op=store.table.new_op())
        except ConflictError:
            pass  # another request of the same session wrote it, or it was just ended
    return StaffPrincipal(who.staff_id, who.position, session, who.standing())


def permit(who: StaffPrincipal, wanted: Right) -> None:
    """The one place where an act of the staff is allowed or refused.

    Raises:
        RefusedError: ``not_permitted`` (clause `access`); ``agreement_missing``, ``training_missing`` or
            ``training_expired`` (clause `personnel`).
    """
    decision = personnel.may(who.standing, wanted, clock.now())
    if isinstance(decision, Refused):
        raise refusal(decision)


def refusal(decision: Refused) -> RefusedError:
    """What the rules refused, as the staff's client is told."""
    title = _WORDS.get(decision.reason, "You may not do this here.")
    return RefusedError(decision.reason, title, clause=decision.clause)


def log_out(who: StaffPrincipal) -> None:
    """End the session a request came with.

    Raises:
        ConflictError: it is being touched again and again; it ends by itself within the idle limit.
    """
    for _ in range(3):
        known = store.staff.SESSIONS.get(staff_id=who.staff_id, token_hash=who.session.token_hash)
        if known is None:
            return
        try:
            store.staff.SESSIONS.delete(known)
        except ConflictError:
            continue  # another request of the same session was noted between the two calls
        return
    raise ConflictError


def session_end(session: StaffSession) -> int:
    """When a session ends if it is not used again, epoch seconds: the sooner of the two limits."""
    return min(session.used_at + _IDLE, session.created_at + _ABSOLUTE)


def new_session(person: Staff, now: int) -> tuple[str, StaffSession]:
    """A session for somebody, not stored yet, and its token: always fresh."""
    where = base64.urlsafe_b64encode(ids.raw(person.staff_id)).rstrip(b"=").decode()
    token = f"{where}.{ids.secret()}"
    session = StaffSession(
        staff_id=person.staff_id,
        token_hash=store.accounts.token_hash(token),
        session_id=ids.new("ses"),
        created_at=now,
        used_at=now,
        generation=person.generation,
    )
    return token, session


def _session_key(token: str) -> dict[str, Any] | None:
    """Where a token's session lies. A user's token names two ids and leads nowhere here."""
    where, _, _ = token.partition(".")
    try:
        raw = base64.b64decode(where + "=" * (-len(where) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    if len(raw) != 16:
        return None
    return {"staff_id": ids.from_raw("stf", raw), "token_hash": store.accounts.token_hash(token)}

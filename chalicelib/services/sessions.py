"""Logging in and out, and who a session token belongs to (clause `passwords`).

A failed login never says which part was wrong, and costs the same for a mailbox nobody has. Every attempt is
counted first; when it cannot be counted it is refused. Tokens are kept nowhere, only their hashes.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids, networks
from chalicelib.kernel.errors import ConflictError, RefusedError, UnauthorizedError
from chalicelib.privacy import retention
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Company, Position, Session, User
from chalicelib.services import passwords

LOGINS_PER_MAILBOX_AND_NETWORK: Final = 10
LOGINS_PER_NETWORK: Final = 200
TOUCH_SECONDS: Final = 300
"""A session's last use is written down at most this often, seconds: reading must not cost a write."""


class Entry(NamedTuple):
    """Somebody is in: the bearer token (shown once, kept nowhere) and whose it is."""

    token: str
    expires_at: int
    user: User
    company: Company


class Principal(NamedTuple):
    """Who makes a request."""

    company_id: str
    user_id: str
    position: Position


def log_in(email: str, password: str, *, ip: str) -> Entry:
    """Open a session.

    Raises:
        UnauthorizedError: ``login_refused``, whatever was wrong.
        RefusedError: the company's accounts are closed (`cancellation`).
        TooManyRequestsError: per mailbox and network, so that a stranger cannot lock the owner out.
    """
    address = addresses.parse(email)
    network = networks.prefix(ip)
    store.limits.take("login-network", network, LOGINS_PER_NETWORK, clock.QUARTER_HOUR)
    near = f"{address.login}|{network}"
    store.limits.take("login", near, LOGINS_PER_MAILBOX_AND_NETWORK, clock.QUARTER_HOUR)
    mailbox = store.accounts.mailbox_hash(address.login)
    login = store.accounts.LOGINS.get(mailbox=mailbox, use=Purpose.CREATE_AND_LOGIN)
    if not passwords.matches(password, login.value.password_verifier if login else None):
        raise UnauthorizedError("login_refused", "Mailbox or password is wrong.")
    assert login is not None  # noqa: S101 - nobody's password never matches
    who = login.value
    user, company = profile(Principal(who.company_id, who.user_id, Position.MEMBER))
    if company.state in {CompanyState.CANCELLING, CompanyState.CANCELLED}:
        raise RefusedError("company_closed", clause="cancellation")
    token, session = new_session(user, clock.now())
    store.accounts.SESSIONS.put_new(session, op=store.table.new_op())
    return Entry(token, session_end(session), user, company)


def authenticate(token: str) -> Principal:
    """Who a token belongs to; one read, and a write at most every five minutes.

    Raises:
        UnauthorizedError: not a token, or a session that has ended.
    """
    key = _session_key(token)
    if key is None:
        raise UnauthorizedError
    known = store.accounts.SESSIONS.get(**key)
    now = clock.now()
    if known is None or now >= session_end(known.value):
        raise UnauthorizedError
    session = known.value
    if now - session.used_at >= TOUCH_SECONDS:
        try:
            used = replace(session, used_at=now)
            store.accounts.SESSIONS.replace(known, used, op=store.table.new_op())
        except ConflictError:
            pass  # another request of the same session wrote it, or it was just ended
    return Principal(session.company_id, session.user_id, session.position)


def log_out(token: str) -> None:
    """End a session; ending one that is over is fine."""
    key = _session_key(token)
    known = store.accounts.SESSIONS.get(**key) if key is not None else None
    if known is not None:
        try:
            store.accounts.SESSIONS.delete(known)
        except ConflictError:
            log_out(token)  # it was being touched; read again and delete that


def profile(who: Principal) -> tuple[User, Company]:
    """The user and the company; two reads.

    Raises:
        UnauthorizedError: one of them is gone.
    """
    use = Purpose.CREATE_AND_LOGIN
    user = store.accounts.USERS.get(company_id=who.company_id, user_id=who.user_id, use=use)
    company = store.accounts.COMPANIES.get(company_id=who.company_id, use=use)
    if user is None or company is None:
        raise UnauthorizedError
    return user.value, company.value


def session_end(session: Session) -> int:
    """When a session ends if it is not used again, epoch seconds."""
    created = datetime.fromtimestamp(session.created_at, UTC)
    used = datetime.fromtimestamp(session.used_at, UTC)
    return int(retention.session_ends(created, used).timestamp())


def new_session(user: User, now: int) -> tuple[str, Session]:
    """A session for a user, not stored yet, and its token."""
    where = ids.raw(user.company_id) + ids.raw(user.user_id)
    token = f"{base64.urlsafe_b64encode(where).rstrip(b'=').decode()}.{ids.secret()}"
    session = Session(
        company_id=user.company_id,
        user_id=user.user_id,
        token_hash=store.accounts.token_hash(token),
        position=user.position,
        created_at=now,
        used_at=now,
    )
    return token, session


def _session_key(token: str) -> dict[str, Any] | None:
    """Where a token's session lies: the token names its place, and proves itself by its hash."""
    where, _, _ = token.partition(".")
    try:
        place = base64.b64decode(where + "=" * (-len(where) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    if len(place) != 32:
        return None
    return {
        "company_id": ids.from_raw("co", place[:16]),
        "user_id": ids.from_raw("usr", place[16:]),
        "token_hash": store.accounts.token_hash(token),
    }

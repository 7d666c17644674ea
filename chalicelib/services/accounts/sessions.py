"""Sessions: who a token belongs to, what they may do now, and ending them (clauses `passwords`, `access`).

A request is judged by two rows read in one call: its session, and the company's rules. The session's copy of
the member's place holds as long as nobody in the company was changed since; otherwise it is taken anew.
Tokens are kept nowhere, only their hashes.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError, UnauthorizedError
from chalicelib.privacy import clocks, permissions, policies, retention
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import MemberState, Session, User
from chalicelib.records.companies import Access, Company
from chalicelib.services.companies.membership import Place

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

TOUCH_SECONDS: Final = 300
"""A session's last use is written down at most this often, seconds: reading must not cost a write."""


class Principal(NamedTuple):
    """Who makes a request, and the rules it is judged by."""

    company_id: str
    user_id: str
    session: Session
    access: Access

    @property
    def position(self) -> Position:
        """The user's place in the company."""
        return self.session.position

    @property
    def state(self) -> CompanyState:
        """Where the company stands now."""
        return self.access.state_at(clock.now())

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the user may do now."""
        own = permissions.granted(self.position, self.access.grant_sets())
        return own & permissions.OPEN.get(self.state, frozenset())


def authenticate(token: str) -> Principal:
    """Who a token belongs to; one call, two read units, and a write at most every five minutes.

    Raises:
        UnauthorizedError: not a token, or a session that has ended.
    """
    key = _session_key(token)
    if key is None:
        raise UnauthorizedError
    known, rules = store.accounts.authority(**key)
    now = clock.now()
    if known is None or rules is None or now >= session_end(known.value):
        raise UnauthorizedError
    session, access = known.value, rules.value
    if session.people != access.people:
        session = _renewed(session, access)
    if session is not known.value or now - session.used_at >= TOUCH_SECONDS:
        session = replace(session, used_at=now)
        try:
            store.accounts.SESSIONS.replace(known, session, op=store.table.new_op())
        except ConflictError:
            pass  # another request of the same session wrote it, or it was just ended
    store.holds.watch(access.company_id, access.holds)
    return Principal(session.company_id, session.user_id, session, access)


def _renewed(session: Session, access: Access) -> Session:
    """The session with the member's place of now; one more read, once after a change.

    Raises:
        UnauthorizedError: the member is suspended or gone, or has ended their other sessions.
    """
    member = store.accounts.MEMBERS.get(company_id=session.company_id, user_id=session.user_id)
    if member is None or member.value.state is not MemberState.ACTIVE:
        raise UnauthorizedError
    if member.value.generation != session.generation:
        raise UnauthorizedError
    return _copied(session, Place(member.value, access))


def permit(who: Principal, wanted: Permission) -> None:
    """The one place where a request is allowed or refused. Closed for what the tables do not name.

    Raises:
        RefusedError: ``second_factor_required``, ``consent_needed``, ``company_not_active`` or
            ``not_permitted``.
    """
    if wanted not in permissions.ALWAYS:
        if who.access.admins_need_totp and who.position is Position.ADMIN and not who.session.second_factor:
            raise RefusedError(
                "second_factor_required",
                "Your company asks admins for a one-time code: please switch it on.",
                clause="access",
            )
        if policies.consent_needed(who.session.policy_version, clocks.day(clock.now())):
            raise RefusedError(
                "consent_needed",
                "The privacy policy has changed: please read it and decide.",
                clause="policy-updates",
            )
    decision = permissions.decide(wanted, who.position, who.access.grant_sets(), who.state)
    if isinstance(decision, Refused):
        raise RefusedError(decision.reason, "You may not do this here.", clause=decision.clause)


def log_out(token: str) -> None:
    """End a session; ending one that is over is fine."""
    key = _session_key(token)
    known = store.accounts.SESSIONS.get(**key) if key is not None else None
    if known is not None:
        _end(known)


def of_user(company_id: str, user_id: str) -> list[Session]:
    """The user's live sessions, the last used first; one query."""
    member = store.accounts.MEMBERS.get(company_id=company_id, user_id=user_id)
    found = store.accounts.SESSIONS.query(company_id, f"session#{user_id}#")
    now = clock.now()
    live = [
        one.value
        for one in found
        if now < session_end(one.value)
        and member is not None
        and one.value.generation == member.value.generation
    ]
    return sorted(live, key=lambda session: session.used_at, reverse=True)


def end(company_id: str, user_id: str, session_id: str) -> None:
    """End one session of the user.

    Raises:
        NotFoundError: none of theirs, or over already.
    """
    for known in store.accounts.SESSIONS.query(company_id, f"session#{user_id}#"):
        if known.value.session_id == session_id:
            _end(known)
            return
    raise NotFoundError


def make_fresh(company_id: str, user_id: str, session_id: str) -> None:
    """Note that a second proof was given in a session."""
    for _ in range(3):
        for known in store.accounts.SESSIONS.query(company_id, f"session#{user_id}#"):
            if known.value.session_id == session_id:
                proven = replace(known.value, proven_at=clock.now())
                try:
                    store.accounts.SESSIONS.replace(known, proven, op=store.table.new_op())
                except ConflictError:
                    break  # it was being touched: look again
                return
    raise UnauthorizedError


def _end(known: Stored[Session]) -> None:
    for _ in range(3):
        try:
            store.accounts.SESSIONS.delete(known)
        except ConflictError:  # it was being touched; read again and delete that
            key = {name: getattr(known.value, name) for name in ("company_id", "user_id", "token_hash")}
            again = store.accounts.SESSIONS.get(**key)
            if again is None:
                return
            known = again
        else:
            return
    raise ConflictError


def profile(company_id: str, user_id: str) -> tuple[User, Company]:
    """The user and the company; one call, two read units.

    Raises:
        UnauthorizedError: one of them is gone.
    """
    user, company = store.table.get_together(
        (store.accounts.USERS, {"company_id": company_id, "user_id": user_id}),
        (store.accounts.COMPANIES, {"company_id": company_id}),
        use=Purpose.CREATE_AND_LOGIN,
    )
    if user is None or company is None:
        raise UnauthorizedError
    return user.value, company.value


def session_end(session: Session) -> int:
    """When a session ends if it is not used again, epoch seconds."""
    created = datetime.fromtimestamp(session.created_at, UTC)
    used = datetime.fromtimestamp(session.used_at, UTC)
    return int(retention.session_ends(created, used).timestamp())


def new_session(
    place: Place, device_id: str, now: int, *, proven_at: int | None = None
) -> tuple[str, Session]:
    """A session for a member, not stored yet, and its token: always fresh, never one a client brought."""
    member = place.member
    where = ids.raw(member.company_id) + ids.raw(member.user_id)
    token = f"{base64.urlsafe_b64encode(where).rstrip(b'=').decode()}.{ids.secret()}"
    session = Session(
        company_id=member.company_id,
        user_id=member.user_id,
        token_hash=store.accounts.token_hash(token),
        session_id=ids.new("ses"),
        device_id=device_id,
        created_at=now,
        used_at=now,
        proven_at=proven_at,
        people=place.access.people,
        generation=member.generation,
        position=member.position,
        department_id=member.department_id,
        second_factor=member.second_factor,
        policy_version=member.policy_version,
    )
    return token, session


def _copied(session: Session, place: Place) -> Session:
    return replace(
        session,
        people=place.access.people,
        position=place.member.position,
        department_id=place.member.department_id,
        second_factor=place.member.second_factor,
        policy_version=place.member.policy_version,
    )


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

"""Where a user is logged in, and ending it from Personal Settings (clauses `self-service`, `automatic`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnauthorizedError
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Session, User
from chalicelib.records.companies import Company
from chalicelib.records.proofs import Device
from chalicelib.services.accounts import devices, profile, sessions
from chalicelib.services.accounts.login import Entry
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import membership
from chalicelib.services.companies.membership import Place

TRIES: Final = 5
_USE: Final = Purpose.SECURITY_AND_FAULTS


class Known(NamedTuple):
    """A device, and when it is forgotten by itself (epoch seconds)."""

    device: Device
    expires_at: int | None


class Open(NamedTuple):
    """A live session and its device; None when that made room for a newer one."""

    session: Session
    device: Device | None


def devices_of(who: Principal) -> list[Known]:
    """The user's devices, the last used first; one query."""
    found = devices.of_user(who.company_id, who.user_id)
    return [Known(one.value, one.expires_at) for one in found]


def sessions_of(who: Principal) -> list[Open]:
    """The user's live sessions, the last used first; two queries."""
    by_id = {one.device.device_id: one.device for one in devices_of(who)}
    found = sessions.of_user(who.company_id, who.user_id)
    return [Open(session, by_id.get(session.device_id)) for session in found]


def forget_device(who: Principal, device_id: str) -> None:
    """Forget a device and end its sessions; the next login from it proves itself again.

    The device goes first, so that no login can lean on it any more; then its sessions, until there are none.
    Repeating it after a failure half way does the rest.

    Raises:
        NotFoundError: no device of the user, and no session on it.
    """
    found = _remove(who, device_id)
    for _ in range(TRIES):
        left = [
            one.session_id
            for one in sessions.of_user(who.company_id, who.user_id)
            if one.device_id == device_id
        ]
        if not left:
            break
        found = True
        for session_id in left:
            try:
                sessions.end(who.company_id, who.user_id, session_id)
            except NotFoundError:
                pass  # ended by somebody else meanwhile
    if not found:
        raise NotFoundError


def _remove(who: Principal, device_id: str) -> bool:
    """Whether there was such a device; it is gone now."""
    for _ in range(TRIES):
        known = store.accounts.DEVICES.get(
            company_id=who.company_id, user_id=who.user_id, device_id=device_id, use=_USE
        )
        if known is None:
            return False
        try:
            store.accounts.DEVICES.delete(known)
        except ConflictError:
            continue  # a login has just noted its use
        return True
    raise ConflictError


def end_others(who: Principal) -> Entry:
    """End every session of the user; the answer is a new one for who asked.

    A new one, because a thief may hold the token of this very session.

    Raises:
        UnauthorizedError: this session was ended in between: then nothing is opened.
    """
    user, company = profile.read(who)
    place = membership.change(who.company_id, who.user_id, end_sessions)
    return reopen(who, place, user.value, company)


def end_sessions(place: Place) -> Place:
    """The place with a new generation of sessions: all earlier ones are over."""
    return place._replace(member=replace(place.member, generation=place.member.generation + 1))


def reopen(who: Principal, place: Place, user: User, company: Company) -> Entry:
    """A new session in the place of the one that asks, on the same device, no fresher and no longer than it.

    Only while the asking session is there: if its device was forgotten or it was ended in the meantime,
    closed, for the sake of whoever did that.

    Raises:
        UnauthorizedError: it is not there any more.
    """
    for _ in range(TRIES):
        known = store.accounts.SESSIONS.get(
            company_id=who.company_id, user_id=who.user_id, token_hash=who.session.token_hash
        )
        if known is None:
            raise UnauthorizedError
        text, made = sessions.new_session(
            place, who.session.device_id, clock.now(), proven_at=who.session.proven_at
        )
        session = replace(made, created_at=who.session.created_at)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.accounts.SESSIONS, session, expires_at=known.expires_at)
        transaction.delete(store.accounts.SESSIONS, known)
        try:
            transaction.commit()
        except ConflictError:
            continue  # it was touched by another request, or ended: look again
        return Entry(text, sessions.session_end(session), user, company, place)
    raise ConflictError

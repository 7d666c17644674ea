"""Changing and resetting a password (clause `passwords`). Either ends all other sessions, forgets devices.

Asking for a reset does the same work and gives the same answer for a mailbox nobody has: the mail worker
tells them apart. It ends nothing by itself, so a stranger who asks locks nobody out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids, networks
from chalicelib.kernel.errors import ConflictError, UnauthorizedError
from chalicelib.privacy import retention
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Login, User
from chalicelib.records.proofs import Challenge, Reset
from chalicelib.services.accounts import devices, login, passwords, sessions
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.accounts.login import Entry
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import membership
from chalicelib.services.companies.membership import Place
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

ASKED_PER_MAILBOX_AND_NETWORK: Final = 5
ASKED_PER_MAILBOX: Final = 20
ASKED_PER_NETWORK: Final = 60
CODES_PER_MAILBOX_AND_NETWORK: Final = 5
CODES_PER_MAILBOX: Final = 50
CHANGES_PER_USER: Final = 10
"""Asking: an hour. Codes and the old password: a quarter of an hour."""

_USE: Final = Purpose.CREATE_AND_LOGIN


def change(who: Principal, current: str, wanted: str, visit: Visit) -> Entry:
    """Set another password; the answer is a new session, every one before it is over.

    Raises:
        UnauthorizedError: ``password_refused``, the current one is wrong.
        InvalidError: the new one is weak or known from a breach.
        TooManyRequestsError: per user, so that an open session is no place to guess.
    """
    store.limits.take("password", who.user_id, CHANGES_PER_USER, clock.QUARTER_HOUR)
    user, company = sessions.profile(who.company_id, who.user_id)
    known = login_of(user)
    if not passwords.matches(current, known.value.password_verifier):
        raise UnauthorizedError("password_refused", "The current password is wrong.")
    passwords.check(wanted, personal=(user.name, company.name, user.email))
    place = _replace(known, user, wanted)
    devices.forget(who.company_id, who.user_id)
    return _entered(place, user, visit)


def ask_reset(email: str, locale: str, *, ip: str) -> None:
    """Send a code to the mailbox, should somebody have it. Same work and answer for a mailbox nobody has.

    Raises:
        TooManyRequestsError: per mailbox and network.
    """
    address = addresses.parse(email)
    mailbox = store.accounts.mailbox_hash(address.login)
    store.limits.take("reset-network", networks.prefix(ip), ASKED_PER_NETWORK, clock.HOUR)
    near = f"{address.login}|{networks.prefix(ip)}"
    store.limits.take("reset-near", near, ASKED_PER_MAILBOX_AND_NETWORK, clock.HOUR)
    # By the mailbox as it logs in: another spelling of it has no account, gets no mail and uses nothing up.
    # Who asks in the owner's place only sends them codes, and any of those will do.
    store.limits.take("reset", address.login, ASKED_PER_MAILBOX, clock.HOUR)
    code, now = ids.code(), clock.now()
    until = now + int(retention.MAIL_CODE.total_seconds())
    row = Reset(mailbox=mailbox, code_hash=reset_hash(mailbox, code), until=until)
    store.accounts.RESETS.put(row, op=store.table.new_op())
    notify.post(notify.letter("reset_code", email=address.written, locale=locale, values={"code": code}))


def reset(email: str, code: str, wanted: str, visit: Visit) -> Entry | Challenge:
    """Set another password with a code from the mailbox, and log in: with one-time codes on, they are asked.

    Raises:
        UnauthorizedError: ``code_refused`` for a wrong, used or late code and for an unknown mailbox alike.
        InvalidError: the new password is weak or known from a breach; the code is not used up by that.
        TooManyRequestsError: per mailbox and network.
    """
    address = addresses.parse(email)
    mailbox = store.accounts.mailbox_hash(address.login)
    near = f"{address.login}|{networks.prefix(visit.ip)}"
    store.limits.take("reset-code-network", near, CODES_PER_MAILBOX_AND_NETWORK, clock.QUARTER_HOUR)
    store.limits.take("reset-code", address.login, CODES_PER_MAILBOX, clock.QUARTER_HOUR)
    passwords.check(wanted, personal=(address.written, address.login))
    asked = store.accounts.RESETS.get(mailbox=mailbox, code_hash=reset_hash(mailbox, code))
    known = store.accounts.LOGINS.get(mailbox=mailbox, use=_USE)
    if asked is None or known is None or clock.now() >= asked.value.until:
        raise UnauthorizedError("code_refused", "This code is not valid (any more).")
    company_id, user_id = known.value.company_id, known.value.user_id
    user, _ = sessions.profile(company_id, user_id)
    try:
        _replace(known, user, wanted, spend=asked)
    except ConflictError:
        raise UnauthorizedError("code_refused", "This code is not valid (any more).") from None
    devices.forget(company_id, user_id)
    return login.admit(company_id, user_id, visit, trusted=True, proven=True)


def login_of(user: User) -> Stored[Login]:
    """The login row of a user.

    Raises:
        UnauthorizedError: there is none (any more).
    """
    mailbox = store.accounts.mailbox_hash(addresses.parse(user.email).login)
    known = store.accounts.LOGINS.get(mailbox=mailbox, use=_USE)
    if known is None or known.value.user_id != user.user_id:
        raise UnauthorizedError
    return known


def reset_hash(mailbox: str, code: str) -> str:
    """What a mailed code is looked up by, within its mailbox."""
    return store.accounts.operator_hash("reset", f"{mailbox}|{code}")


def _replace(known: Stored[Login], user: User, wanted: str, spend: Stored[Reset] | None = None) -> Place:
    """The new verifier, a new generation of sessions and devices, and the word to the owner; or nothing."""
    changed = replace(known.value, password_verifier=passwords.verifier(wanted))
    told: list[str] = []

    def also(transaction: Transaction) -> None:
        transaction.replace(store.accounts.LOGINS, known, changed)
        told[:] = notify.add(transaction, user, Kind.CREDENTIALS, "password_changed") or []
        if spend is not None:
            transaction.delete(store.accounts.RESETS, spend)

    def edit(place: Place) -> Place:
        return place._replace(member=replace(place.member, generation=place.member.generation + 1))

    place = membership.change(known.value.company_id, known.value.user_id, edit, also=also)
    notify.hint(told)
    return place


def _entered(place: Place, user: User, visit: Visit) -> Entry:
    """A session for the one who has just changed the password: who did that is no stranger."""
    _, company = sessions.profile(user.company_id, user.user_id)
    return login.open_new(user, company, place, visit)

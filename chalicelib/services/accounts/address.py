"""Changing the mailbox one logs in with (clauses `self-service`, `passwords`).

The new mailbox proves itself with a code before anything changes. Nobody learns whether a mailbox has an
account: the request does the same for a known one, and the mail worker tells its owner. With the change every
session ends but the one that made it, and the old mailbox is told, so that a thief cannot do it quietly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, UnauthorizedError
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Login, Notice
from chalicelib.records.proofs import Challenge, Channel, Intent
from chalicelib.services import wording
from chalicelib.services.accounts import clients, credentials, passwords, presence, profile, proofs
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.accounts.freemail import is_free
from chalicelib.services.accounts.login import Entry
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import membership
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

ASKED_PER_MAILBOX: Final = 5
"""Codes to one mailbox in an hour, whoever asks: it may be a third person's."""

_USE: Final = Purpose.CREATE_AND_LOGIN


def ask(who: Principal, email: str, password: str | None, visit: Visit) -> Challenge:
    """Send a code to the mailbox that shall be the user's.

    An open session is not enough: the password is asked for; a user who has none, or has one-time codes on,
    gives a fresh second proof. Same work and answer for a mailbox that has an account.

    Raises:
        UnauthorizedError: ``password_refused``.
        RefusedError: ``proof_needed``, or the company does not let its people change this.
        InvalidError: it is the user's mailbox already.
        TooManyRequestsError: per user, and per mailbox written to.
    """
    store.limits.take("password", who.user_id, credentials.CHANGES_PER_USER, clock.QUARTER_HOUR)
    user, _ = profile.read(who)
    profile.check_allowed(who, user.value)
    known = credentials.login_of(user.value)
    verifier = known.value.password_verifier
    if verifier is not None and not passwords.matches(password or "", verifier):
        raise UnauthorizedError("password_refused", "The current password is wrong.")
    if verifier is None or who.session.second_factor:
        proofs.require_fresh(who.session.proven_at)
    address = addresses.parse(email)
    mailbox = store.accounts.mailbox_hash(address.login)
    if mailbox == known.value.mailbox:
        raise InvalidError(errors=[FieldError("email", "unchanged")])
    store.limits.take("address", address.person, ASKED_PER_MAILBOX, clock.HOUR)
    return proofs.ask(
        user.value,
        Intent.ADDRESS,
        Channel.MAIL,
        visit,
        session_id=who.session.session_id,
        mailbox=mailbox,
        email=address.written,
    )


def verify(who: Principal, challenge_id: str, code: str, visit: Visit) -> Entry:
    """Change the mailbox with the code from it: login, user, code and sessions in one transaction.

    Raises:
        UnauthorizedError: ``code_refused`` for a wrong, used, late or another session's code alike.
        ConflictError: ``address_taken``, an account with this mailbox was made meanwhile; ``changed``.
        RefusedError: the company does not let its people change this any more.
        TooManyRequestsError: five tries.
    """
    known = proofs.answer(challenge_id, code, Intent.ADDRESS)
    mailbox, email = known.value.mailbox, known.value.email
    if known.value.session_id != who.session.session_id or mailbox is None or email is None:
        raise UnauthorizedError("code_refused", "This code is not valid (any more).")
    before, company = profile.read(who)
    profile.check_allowed(who, before.value)
    old = credentials.login_of(before.value)
    address = addresses.parse(email)
    after = replace(before.value, email=address.written, free_mailbox=is_free(address.domain))
    new = Login(
        mailbox=mailbox,
        company_id=who.company_id,
        user_id=who.user_id,
        password_verifier=old.value.password_verifier,
    )

    told: list[str] = []

    def also(transaction: Transaction) -> None:
        transaction.put_new(store.accounts.LOGINS, new)
        transaction.delete(store.accounts.LOGINS, old)
        transaction.replace(store.accounts.USERS, before, after)
        transaction.delete(store.accounts.CHALLENGES, known)
        # To the old mailbox, with the change or not at all: whoever reads it is the one to object.
        values = clients.as_values(visit.client, visit.ip)
        told[:] = notify.add(transaction, before.value, Kind.CREDENTIALS, "address_changed", values) or []

    try:
        place = membership.change(who.company_id, who.user_id, presence.end_sessions, also=also)
    except ConflictError:
        raise _why(challenge_id, mailbox) from None
    notify.hint(told)
    return presence.reopen(who, place, after, company)


def letter(notice: Notice, locale: wording.Locale) -> wording.Notice | None:
    """What the mail to the new mailbox says: its code, or to the owner of an account that somebody typed it.
    None when the code has died.
    """
    known = store.accounts.CHALLENGES.get(challenge_id=notice.values["challenge"], use=_USE)
    left = 0 if known is None else known.value.until - clock.now()
    if known is None or known.value.mailbox is None or left <= 0:
        return None
    if store.accounts.LOGINS.get(mailbox=known.value.mailbox, use=_USE) is not None:
        return wording.notice("address_taken", locale, {})
    return wording.notice("address_code", locale, {**notice.values, "minutes": str(-(-left // 60))})


def _why(challenge_id: str, mailbox: str) -> UnauthorizedError | ConflictError:
    """Why nothing was changed. Whoever gets here reads the mailbox: they may learn that it is taken."""
    if store.accounts.CHALLENGES.get(challenge_id=challenge_id, use=_USE) is None:
        return UnauthorizedError("code_refused", "This code is not valid (any more).")
    if store.accounts.LOGINS.get(mailbox=mailbox, use=_USE) is not None:
        return ConflictError("address_taken", "This mailbox has an account of its own.")
    return ConflictError("changed")

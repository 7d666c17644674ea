"""Inviting people into a company (clauses `self-service`, `signup`).

Who invites learns nothing about a mailbox: the work and the answer are the same whether or not it has an
account somewhere; the mail worker tells them apart, by mail to its owner. The mail carries a secret of 256
bits, of which only a hash is kept; what it opens is in ``services.companies.joining``.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids, settings
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Notice
from chalicelib.records.companies import Invitation, Invited
from chalicelib.services import repeats, wording
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import departments
from chalicelib.services.notifications import notify
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

DAY: Final = 86_400
PER_COMPANY: Final = 100
PER_INVITER: Final = 30
PER_MAILBOX: Final = 3
"""A day, an hour, a day: the last one of all companies together, since a mailbox is a person's."""

_USE: Final = Purpose.CREATE_AND_LOGIN


class Guest(NamedTuple):
    """Who is invited, and to what."""

    email: str
    position: Position
    department_id: str | None
    locale: str


def invite(who: Principal, guest: Guest, repeat: Repeat | None) -> Invitation:
    """Invite somebody by mail. Same work and answer for a mailbox that has an account, here or elsewhere.

    Raises:
        InvalidError: a department the company does not have.
        TooManyRequestsError: per company, user and mailbox.
    """
    return repeats.once(
        who, repeat, lambda made: _again(who.company_id, made), lambda once: _invite(who, guest, once)
    )


def _invite(who: Principal, guest: Guest, once: Once | None) -> Invitation:
    address = addresses.parse(guest.email)
    departments.require(who.company_id, guest.department_id)
    store.limits.take("invitations", who.company_id, PER_COMPANY, DAY)
    store.limits.take("invitations-user", who.user_id, PER_INVITER, clock.HOUR)
    # A mailbox is not theirs who click twice: a repetition takes nothing from it.
    attempt = ids.new("try") if once is None else once.key
    store.limits.take_once("invited", address.person, attempt, PER_MAILBOX, DAY)
    user, company = sessions.profile(who.company_id, who.user_id)
    token, now = ids.secret(), clock.now()
    invitation = Invitation(
        company_id=who.company_id,
        invitation_id=ids.new("inv"),
        position=guest.position,
        department_id=guest.department_id,
        invited_by=who.user_id,
        token_hash=store.accounts.token_hash(token),
        created_at=now,
        email=address.written,
        locale=guest.locale,
    )
    invited = Invited(
        token_hash=invitation.token_hash,
        company_id=who.company_id,
        invitation_id=invitation.invitation_id,
    )
    values = {"token": token, "company": company.name, "inviter": user.name}
    notice = notify.letter("invitation", email=address.written, locale=guest.locale, values=values)
    # The mail is part of it: an invitation without one would be a secret that nobody has.
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.accounts.INVITATIONS, invitation)
    transaction.put_new(store.accounts.INVITED, invited)
    transaction.put_new(store.accounts.NOTICES, notice)
    if once is not None:
        once.add_to(transaction, invitation.invitation_id)
    transaction.commit()
    notify.hint([notice.notice_id])
    return invitation


def letter(notice: Notice, locale: wording.Locale) -> wording.Notice | None:
    """What the mail says, as of now: nothing when the invitation is over, no secret to who has an account."""
    token = notice.values["token"]
    if (
        notice.email is None
        or store.accounts.INVITED.get(token_hash=store.accounts.token_hash(token)) is None
    ):
        return None
    values = {**notice.values, "docs_url": f"{settings.api_url()}/docs"}
    mailbox = store.accounts.mailbox_hash(addresses.parse(notice.email).login)
    known = store.accounts.LOGINS.get(mailbox=mailbox, use=_USE)
    return wording.notice("invitation" if known is None else "invitation_known", locale, values)


def page(who: Principal, limit: int, before: str | None) -> list[Invitation]:
    """Invitations that still hold, newest first; one query."""
    found = store.accounts.INVITATIONS.query(
        who.company_id,
        "invitation#",
        use=_USE,
        before=None if before is None else f"invitation#{before}",
        newest_first=True,
        page_size=limit,
    )
    return [known.value for known in islice(found, limit)]


def withdraw(who: Principal, invitation_id: str) -> None:
    """Take an invitation back: its secret opens nothing any more.

    Raises:
        NotFoundError: none, or taken up already.
    """
    known = store.accounts.INVITATIONS.get(company_id=who.company_id, invitation_id=invitation_id, use=_USE)
    if known is None:
        raise NotFoundError
    if not _withdraw(known):
        raise NotFoundError


def withdraw_all(company_id: str, email: str) -> None:
    """Take back every invitation to a mailbox: who is removed must not come back through an old one."""
    login = addresses.parse(email).login
    for known in store.accounts.INVITATIONS.query(company_id, "invitation#", use=_USE):
        if addresses.parse(known.value.email).login == login:
            _withdraw(known)


def end(known: Stored[Invitation], invited: Stored[Invited], transaction: Transaction) -> None:
    """Let a transaction use an invitation up."""
    transaction.delete(store.accounts.INVITATIONS, known)
    transaction.delete(store.accounts.INVITED, invited)


def _withdraw(known: Stored[Invitation]) -> bool:
    """False when it was taken up or withdrawn by somebody else meanwhile."""
    invited = store.accounts.INVITED.get(token_hash=known.value.token_hash)
    if invited is None:
        return False
    transaction = store.transaction.Transaction(store.table.new_op())
    end(known, invited, transaction)
    try:
        transaction.commit()
    except ConflictError:
        return False
    return True


def _again(company_id: str, invitation_id: str) -> Invitation:
    known = store.accounts.INVITATIONS.get(company_id=company_id, invitation_id=invitation_id, use=_USE)
    if known is None:
        raise ConflictError("gone", "What this key made has been taken up or withdrawn since.")
    return known.value

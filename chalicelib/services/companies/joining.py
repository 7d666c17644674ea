"""Joining a company by invitation (clauses `self-service`, `scope-adults`).

The secret from the mail proves the mailbox. It works once, for seven days, and only as long as the one who
invited could still do so. Everything here fails closed, for the sake of the company whose door this is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids, networks
from chalicelib.kernel.errors import (
    ConflictError,
    FieldError,
    InvalidError,
    RefusedError,
    UnauthorizedError,
)
from chalicelib.privacy import permissions
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Allowed
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Login, Member, MemberState, User
from chalicelib.records.companies import Access, Company, Invitation, Invited
from chalicelib.services.accounts import devices, linked, passwords, sessions, signup
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.accounts.freemail import is_free
from chalicelib.services.accounts.login import Entry
from chalicelib.services.companies import departments, invitations
from chalicelib.services.companies.membership import Place
from chalicelib.services.consent import consents
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

PER_NETWORK: Final = 60
"""Tries an hour."""

TRIES: Final = 6
_USE: Final = Purpose.CREATE_AND_LOGIN


class Joining(NamedTuple):
    """What somebody fills in who takes up an invitation. ``password`` None: there is another way in."""

    token: str
    name: str
    password: str | None
    is_adult: bool
    policy_version: str
    locale: str | None
    wechat_ticket: str | None = None


class _Asked(NamedTuple):
    """An invitation that still holds, and the company it leads to."""

    invited: Stored[Invited]
    invitation: Stored[Invitation]
    access: Stored[Access]
    company: Company


def join(form: Joining, visit: Visit) -> Entry:
    """Join the company: an account, a consent and a session, all or nothing.

    Raises:
        UnauthorizedError: ``invitation_refused`` for an unknown, used, late or withdrawn one alike.
        RefusedError: a minor (`scope-adults`); the company is not active.
        InvalidError: a policy version that is not in force, a weak password, a WeChat ticket that does not
            count (any more).
        TooManyRequestsError: per network.
    """
    store.limits.take("join-network", networks.prefix(visit.ip), PER_NETWORK, clock.HOUR)
    asked = _asked(form.token)
    signup.declared(is_adult=form.is_adult, policy_version=form.policy_version)
    verifier = _verifier(form, asked)
    for attempt in range(TRIES):
        ticket = linked.ticket(form.wechat_ticket) if form.wechat_ticket is not None else None
        entry, transaction = _prepared(form, asked, verifier, visit)
        if ticket is not None:
            linked.add_with(ticket, transaction, entry.user)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
            asked = _asked(form.token)  # used a moment ago, or only the company's rules have changed
        else:
            if ticket is not None:
                notify.tell(entry.user, Kind.LINKED_ACCOUNT, "wechat_linked")
            return entry
    raise ConflictError


def _verifier(form: Joining, asked: _Asked) -> str | None:
    if form.password is None:
        if form.wechat_ticket is not None:
            return None
        raise InvalidError(errors=[FieldError("password", "required")])
    address = addresses.parse(asked.invitation.value.email)
    passwords.check(form.password, personal=(form.name, asked.company.name, address.written, address.login))
    return passwords.verifier(form.password)


def _asked(token: str) -> _Asked:
    """The invitation behind a secret. Closed: whatever is not as it was when it was sent refuses."""
    invited = store.accounts.INVITED.get(token_hash=store.accounts.token_hash(token))
    if invited is None:
        raise _refused()
    company_id = invited.value.company_id
    invitation = store.accounts.INVITATIONS.get(
        company_id=company_id, invitation_id=invited.value.invitation_id, use=_USE
    )
    if invitation is None:
        raise _refused()
    inviter, access = store.accounts.place(company_id, invitation.value.invited_by)
    company = store.accounts.COMPANIES.get(company_id=company_id, use=_USE)
    email = addresses.parse(invitation.value.email)
    taken = store.accounts.LOGINS.get(mailbox=store.accounts.mailbox_hash(email.login), use=_USE)
    if access is None or company is None or taken is not None or not _may_invite(inviter, access.value):
        raise _refused()
    if access.value.state_at(clock.now()) is not CompanyState.ACTIVE:
        raise RefusedError("company_not_active", "This company takes nobody in now.", clause="cancellation")
    return _Asked(invited, invitation, access, company.value)


def _may_invite(inviter: Stored[Member] | None, access: Access) -> bool:
    """An invitation is worth what the one who made it may do now: who is removed leaves no door open."""
    if inviter is None or inviter.value.state is not MemberState.ACTIVE:
        return False
    position, grants = inviter.value.position, access.grant_sets()
    # Whether the company itself takes people in is answered apart: that is no secret to who was invited.
    decision = permissions.decide(Permission.MEMBERS_MANAGE, position, grants, CompanyState.ACTIVE)
    return isinstance(decision, Allowed)


def _prepared(form: Joining, asked: _Asked, verifier: str | None, visit: Visit) -> tuple[Entry, Transaction]:
    now, invitation, access = clock.now(), asked.invitation.value, asked.access.value
    company_id, user_id = invitation.company_id, ids.new("usr")
    address = addresses.parse(invitation.email)
    department = invitation.department_id
    if department is not None and not departments.exists(company_id, department):
        department = None
    member = Member(
        company_id=company_id,
        user_id=user_id,
        state=MemberState.ACTIVE,
        position=invitation.position,
        department_id=department,
        policy_version=form.policy_version,
        since=now,
    )
    user = User(
        company_id=company_id,
        user_id=user_id,
        declared_adult=True,
        free_mailbox=is_free(address.domain),
        registered_at=now,
        locale=form.locale or invitation.locale,
        name=form.name,
        email=address.written,
    )
    place = Place(member, access)
    device, device_token = devices.made(member, visit)
    token, session = sessions.new_session(place, device.device_id, now, proven_at=now)
    transaction = store.transaction.Transaction(store.table.new_op())
    mailbox = store.accounts.mailbox_hash(address.login)
    login = Login(mailbox=mailbox, company_id=company_id, user_id=user_id, password_verifier=verifier)
    transaction.put_new(store.accounts.LOGINS, login)
    transaction.put_new(store.accounts.MEMBERS, member)
    transaction.put_new(store.accounts.USERS, user)
    transaction.put_new(store.accounts.DEVICES, device)
    transaction.put_new(store.accounts.SESSIONS, session)
    agreed = consents.account_word(company_id, user_id, "invitation_form", user.locale)
    store.consents.record(agreed, member.policy_version, transaction)
    if department is None:
        # A company that is being closed, an inviter who is being removed: this row has changed then.
        transaction.check(store.accounts.ACCESS, asked.access)
    else:
        # Unchanged, but written: the row that a department which is being deleted meets this at.
        transaction.replace(store.accounts.ACCESS, asked.access, access)
    invitations.end(asked.invitation, asked.invited, transaction)
    entry = Entry(token, sessions.session_end(session), user, asked.company, place, device_token)
    return entry, transaction


def _refused() -> UnauthorizedError:
    return UnauthorizedError("invitation_refused", "This invitation is not valid (any more).")

"""Signing up and proving the mailbox (clauses `signup`, `scope-adults`).

A stranger learns nothing: signing up does the same work and gives the same answer for a known mailbox (the
mail worker decides what the mailbox's owner is told), and a failed code never says which part was wrong.
Every attempt is counted first; when it cannot be counted it is refused.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids, networks
from chalicelib.kernel.errors import (
    ConflictError,
    FieldError,
    InvalidError,
    RefusedError,
    UnauthorizedError,
)
from chalicelib.privacy import policies, retention
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Login, Member, MemberState, Signup, User
from chalicelib.records.companies import Access, Company
from chalicelib.services.accounts import devices, linked, passwords, sessions
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.accounts.freemail import is_free
from chalicelib.services.accounts.linked import Person
from chalicelib.services.accounts.login import Entry
from chalicelib.services.companies.membership import Place
from chalicelib.services.consent import consents
from chalicelib.services.discontinuation import joining as ending
from chalicelib.services.notifications import notify

SIGNUPS_PER_MAILBOX: Final = 5
SIGNUPS_PER_NETWORK: Final = 60
CODES_PER_MAILBOX_AND_NETWORK: Final = 5
CODES_PER_MAILBOX: Final = 50


class NewAccount(NamedTuple):
    """What a signup form holds."""

    name: str
    company: str
    email: str
    password: str
    is_adult: bool
    policy_version: str
    locale: str
    wechat_ticket: str | None = None


def sign_up(form: NewAccount, *, ip: str) -> None:
    """Start a signup: a code goes to the mailbox. The answer and its work are the same for a known mailbox.

    Raises:
        RefusedError: a minor (`scope-adults`).
        InvalidError: a policy version that is not in force, a weak password, a WeChat ticket that does not
            count (any more).
        TooManyRequestsError: per mailbox and network.
    """
    declared(is_adult=form.is_adult, policy_version=form.policy_version)
    address = addresses.parse(form.email)
    passwords.check(form.password, personal=(form.name, form.company, form.email, address.login))
    mailbox = store.accounts.mailbox_hash(address.login)
    store.limits.take("signup-network", networks.prefix(ip), SIGNUPS_PER_NETWORK, clock.HOUR)
    store.limits.take("signup", address.person, SIGNUPS_PER_MAILBOX, clock.HOUR)
    code, now = ids.code(), clock.now()
    known = linked.ticket(form.wechat_ticket) if form.wechat_ticket is not None else None
    person = known.value if known is not None else None
    signup = Signup(
        mailbox=mailbox,
        company_id=ids.new("co"),
        user_id=ids.new("usr"),
        policy_version=form.policy_version,
        free_mailbox=is_free(address.domain),
        code_hash=code_hash(mailbox, code),
        code_until=now + int(retention.MAIL_CODE.total_seconds()),
        wechat_identity=person.identity if person is not None else None,
        wechat_flow=person.flow if person is not None else None,
        locale=form.locale,
        name=form.name,
        company_name=form.company,
        email=address.written,
        password_verifier=passwords.verifier(form.password),
        nickname=person.nickname if person is not None else None,
        open_id=person.open_id if person is not None else None,
    )
    if known is None:
        store.accounts.SIGNUPS.put(signup, op=store.table.new_op())
    else:
        # Used up by being sent in, whoever's mailbox is named: a ticket is no way to try mailboxes out.
        linked.redeem(known, lambda transaction: transaction.put(store.accounts.SIGNUPS, signup))
    notify.post(
        notify.letter("signup_code", email=address.written, locale=form.locale, values={"code": code})
    )


def verify(email: str, code: str, visit: Visit) -> Entry:
    """Prove the mailbox; makes the company, its key, its first user and a session, all or nothing.

    Raises:
        UnauthorizedError: ``code_refused`` for a wrong, used or late code and for an unknown mailbox alike.
        RefusedError: ``service_ends`` (`discontinuation`).
        TooManyRequestsError: per mailbox and network. A stranger needs ten networks to use up the owner's
            fifty tries, and then only delays them, by a quarter of an hour.
    """
    address = addresses.parse(email)
    mailbox = store.accounts.mailbox_hash(address.login)
    near = f"{address.login}|{networks.prefix(visit.ip)}"
    store.limits.take("code-network", near, CODES_PER_MAILBOX_AND_NETWORK, clock.QUARTER_HOUR)
    store.limits.take("code", address.login, CODES_PER_MAILBOX, clock.QUARTER_HOUR)
    # The code names its own form: whoever signs up with somebody else's mailbox neither ends the code its
    # owner is about to type nor puts a password of theirs in the place of the owner's.
    known = store.accounts.SIGNUPS.get(
        mailbox=mailbox, code_hash=code_hash(mailbox, code), use=Purpose.CREATE_AND_LOGIN
    )
    now = clock.now()
    if known is None or now >= known.value.code_until:
        raise UnauthorizedError("code_refused", "This code is not valid (any more).")
    ending.check()
    signup = known.value
    store.vault.create_key(signup.company_id)
    company = Company(company_id=signup.company_id, created_at=now, name=signup.company_name)
    access = Access(company_id=signup.company_id, state=CompanyState.ACTIVE, main_user_id=signup.user_id)
    member = Member(
        company_id=signup.company_id,
        user_id=signup.user_id,
        state=MemberState.ACTIVE,
        position=Position.ADMIN,
        policy_version=signup.policy_version,
        since=now,
    )
    user = User(
        company_id=signup.company_id,
        user_id=signup.user_id,
        declared_adult=True,
        free_mailbox=signup.free_mailbox,
        registered_at=now,
        locale=signup.locale,
        name=signup.name,
        email=signup.email,
    )
    device, device_token = devices.made(member, visit)
    place = Place(member, access)
    token, session = sessions.new_session(place, device.device_id, now, proven_at=now)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(
        store.accounts.LOGINS,
        Login(
            mailbox=mailbox,
            company_id=user.company_id,
            user_id=user.user_id,
            password_verifier=signup.password_verifier,
        ),
    )
    transaction.put_new(store.accounts.COMPANIES, company)
    transaction.put_new(store.accounts.ACCESS, access)
    transaction.put_new(store.accounts.MEMBERS, member)
    transaction.put_new(store.accounts.USERS, user)
    transaction.put_new(store.accounts.DEVICES, device)
    transaction.put_new(store.accounts.SESSIONS, session)
    agreed = consents.account_word(user.company_id, user.user_id, "signup_form", user.locale)
    store.consents.record(agreed, member.policy_version, transaction)
    transaction.delete(store.accounts.SIGNUPS, known)
    person = _person(signup)
    if person is not None:
        linked.add(transaction, user.company_id, user.user_id, person)
    try:
        transaction.commit()
    except ConflictError:
        # The code was used a moment ago, or the mailbox got its account on another way.
        raise UnauthorizedError("code_refused", "This code is not valid (any more).") from None
    if person is not None:
        notify.tell(user, Kind.LINKED_ACCOUNT, "wechat_linked")
    return Entry(token, sessions.session_end(session), user, company, place, device_token)


def _person(signup: Signup) -> Person | None:
    """The WeChat account the signup started from. When somebody has linked it since, the account is opened
    without: a proven mailbox is worth more than a shortcut, and the link is nowhere to be stolen.
    """
    if signup.wechat_identity is None or signup.open_id is None or signup.wechat_flow is None:
        return None
    if not linked.is_free(signup.wechat_identity):
        return None
    return Person(signup.wechat_identity, signup.wechat_flow, signup.open_id, signup.nickname)


def declared(*, is_adult: bool, policy_version: str) -> None:
    """What everybody says who gets an account, on whatever way; and that there is still time to join.

    Raises:
        RefusedError: a minor (`scope-adults`); ``service_ends`` (`discontinuation`).
        InvalidError: a policy version that is not in force.
    """
    if not is_adult:
        raise RefusedError("minor", "OKKI products are for people of 18 and older.", clause="scope-adults")
    if isinstance(policies.known(policy_version, clock.now()), Refused):
        raise InvalidError(errors=[FieldError("policy_version", "not_in_force")])
    ending.check()


def code_hash(mailbox: str, code: str) -> str:
    """What a mailed code is looked up by, within its mailbox."""
    return store.accounts.operator_hash("code", f"{mailbox}|{code}")

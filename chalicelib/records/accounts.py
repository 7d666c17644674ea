"""Companies, users, and the short-lived rows around signing up and logging in. We are their controller."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Role, Subject
from chalicelib.privacy.retention import Retention


class Position(StrEnum):
    """What a user may do in the company. The first user is its main account."""

    ADMIN = "admin"
    MEMBER = "member"


@record(
    kind="company",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Company:
    """A subscribing company: the client, in the policy's words."""

    company_id: str = opaque()
    state: CompanyState = opaque()
    created_at: int = opaque()
    name: str = personal(Category.LOGON, "company")


@record(
    kind="user",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class User:
    """A person of a company who logs in."""

    company_id: str = opaque()
    user_id: str = opaque()
    position: Position = opaque(why="what the user may do; a buyer's job title is another thing")
    policy_version: str = opaque()
    declared_adult: bool = opaque()
    free_mailbox: bool = opaque(why="the domain is one anybody can get; flagged, not refused")
    registered_at: int = personal(Category.AUTOMATIC, "registration_date")
    locale: str = personal(Category.AUTOMATIC, "language")
    name: str = personal(Category.LOGON, "name")
    email: str = personal(Category.LOGON, "work_mailbox")


@record(
    kind="login",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Login:
    """From the keyed hash of a mailbox to its user; also what makes a mailbox unique.

    Sealed under the operator's key: with the company's, the first login of a morning would take longer for
    a known mailbox than for an unknown one.
    """

    mailbox: str = opaque(why="keyed hash")
    company_id: str = opaque()
    user_id: str = opaque()
    password_verifier: str = personal(Category.LOGON, "password_verifier", export=False)


@record(
    kind="signup",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SIGNUP_PENDING,
)
class Signup:
    """A signup whose mailbox is not proven yet. Sealed under the operator's key: there is no company."""

    mailbox: str = opaque(why="keyed hash")
    company_id: str = opaque()
    user_id: str = opaque()
    policy_version: str = opaque()
    free_mailbox: bool = opaque()
    code_hash: str = opaque()
    code_until: int = opaque()
    locale: str = personal(Category.AUTOMATIC, "language")
    name: str = personal(Category.LOGON, "name")
    company_name: str = personal(Category.LOGON, "company")
    email: str = personal(Category.LOGON, "work_mailbox")
    password_verifier: str = personal(Category.LOGON, "password_verifier", export=False)


@record(
    kind="session",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SESSION,
)
class Session:
    """A logged-in client. The token itself is nowhere: only its SHA-256."""

    company_id: str = opaque()
    user_id: str = opaque()
    token_hash: str = opaque()
    position: Position = opaque(why="copied from the user so that a request costs one read")
    created_at: int = opaque()
    used_at: int = opaque()


@record(
    kind="notice",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.NOTICE,
)
class Notice:
    """One account mail waiting to leave (a code, a reply to a second signup); gone once SES has it."""

    notice_id: str = opaque()
    template: str = opaque()
    due_at: int = opaque()
    locale: str = personal(Category.AUTOMATIC, "language")
    email: str = personal(Category.LOGON, "work_mailbox")
    values: dict[str, str] = personal(Category.AUTOMATIC, "login_verification", export=False)

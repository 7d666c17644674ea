"""Users, their logins and sessions, and the short-lived rows around them. We are their controller."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.notifications import Channel, Kind
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention

_POSITION = "what the user may do; a buyer's job title is another thing"


class MemberState(StrEnum):
    """Whether a user gets in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    """On the way out: nothing works any more, what is left is being erased."""


@record(
    kind="user",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class User:
    """A person of a company who logs in."""

    company_id: str = opaque()
    user_id: str = opaque()
    declared_adult: bool = opaque(export=True)
    free_mailbox: bool = opaque(why="the domain is one anybody can get; flagged, not refused", export=True)
    registered_at: int = personal(Category.AUTOMATIC, "registration_date")
    locale: str = personal(Category.AUTOMATIC, "language")
    name: str = personal(Category.LOGON, "name")
    email: str = personal(Category.LOGON, "work_mailbox")


@record(
    kind="member",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Member:
    """A user's place in the company: what sessions copy. Changed only through
    ``services.companies.membership``.
    """

    company_id: str = opaque()
    user_id: str = opaque()
    state: MemberState = opaque(export=True)
    position: Position = opaque(why=_POSITION, export=True)
    department_id: str | None = opaque(default=None, export=True)
    generation: int = opaque(why="sessions of an earlier one are over", default=1)
    second_factor: bool = opaque(why="a one-time code is asked at login", default=False, export=True)
    policy_version: str = opaque(why="the version of the policy the user last agreed to", export=True)
    since: int = opaque(export=True)
    left_at: int | None = opaque(default=None)
    erasure_id: str | None = opaque(why="of the erasure that follows the removal", default=None)


@record(
    kind="login",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class Login:
    """From the keyed hash of a mailbox to its user; also what makes a mailbox unique.

    Sealed under the operator's key: with the company's, the first login of a morning would take longer for
    a known mailbox than for an unknown one. No verifier: the user comes in through WeChat only.
    """

    mailbox: str = opaque(why="keyed hash")
    company_id: str = opaque()
    user_id: str = opaque()
    password_verifier: str | None = personal(Category.LOGON, "password_verifier", export=False, default=None)


@record(
    kind="signup",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SIGNUP_PENDING,
    collected_for=Purpose.CREATE_AND_LOGIN,
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
    wechat_identity: str | None = opaque(why="keyed hash of the WeChat account it started from", default=None)
    wechat_flow: str | None = opaque(why="the app at WeChat it is known to: qr or in_app", default=None)
    locale: str = personal(Category.AUTOMATIC, "language")
    name: str = personal(Category.LOGON, "name")
    company_name: str = personal(Category.LOGON, "company")
    email: str = personal(Category.LOGON, "work_mailbox")
    password_verifier: str = personal(Category.LOGON, "password_verifier", export=False)
    nickname: str | None = personal(Category.AUTHENTICATION, "nickname", default=None)
    open_id: str | None = personal(Category.AUTHENTICATION, "open_id", default=None)


@record(
    kind="session",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SESSION,
)
class Session:
    """A logged-in client. The token itself is nowhere: only its SHA-256.

    What the member may do is copied from ``Member`` and holds while ``people`` equals the company's count of
    changes to members (``Access.people``): a request is authorised by two reads, and a suspension still works
    at once.
    """

    company_id: str = opaque()
    user_id: str = opaque()
    token_hash: str = opaque()
    session_id: str = opaque(export=True)
    device_id: str = opaque(export=True)
    created_at: int = opaque(export=True)
    used_at: int = opaque(export=True)
    proven_at: int | None = opaque(why="when a second proof was last given", default=None, export=True)
    people: int = opaque()
    generation: int = opaque()
    position: Position = opaque(why=_POSITION)
    department_id: str | None = opaque(default=None)
    second_factor: bool = opaque()
    policy_version: str = opaque()


@record(
    kind="notice",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.NOTICE,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class Notice:
    """One mail or push to a user waiting to leave; gone once SES or SNS has it.

    A code or a letter to a stranger has no ``about`` and knows no user. A push has no address: the device is
    looked up when it leaves.
    """

    notice_id: str = opaque()
    template: str = opaque()
    due_at: int = opaque()
    channel: Channel = opaque(default=Channel.MAIL)
    about: Kind | None = opaque(default=None)
    company_id: str | None = opaque(default=None)
    user_id: str | None = opaque(default=None)
    notification_id: str | None = opaque(why="the same in the inbox", default=None)
    endpoint_id: str | None = opaque(why="the device a push goes to", default=None)
    locale: str = personal(Category.AUTOMATIC, "language")
    email: str | None = personal(Category.LOGON, "work_mailbox", default=None)
    values: dict[str, str] = personal(Category.AUTOMATIC, "login_verification", export=False)

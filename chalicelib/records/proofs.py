"""How users prove themselves beyond the password: devices, mailed and one-time codes (2.2.1(c), 4.3.3)."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class Channel(StrEnum):
    """Where the code of a second proof comes from."""

    MAIL = "mail"
    TOTP = "totp"


class Intent(StrEnum):
    """What a second proof opens. A code for one thing opens nothing else."""

    LOGIN = "login"
    FRESH = "fresh"
    ADDRESS = "address"


@record(
    kind="device",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.DEVICE,
    collected_for=Purpose.SECURITY_AND_FAULTS,
)
class Device:
    """Something a user has logged in with. Known by its token, or by its kind in its network."""

    company_id: str = opaque()
    user_id: str = opaque()
    device_id: str = opaque(export=True)
    token_hash: str = opaque()
    looks: str = opaque(why="keyed hash of the kind of client and its network")
    generation: int = opaque(why="of the member; one of an earlier generation is a stranger", default=1)
    first_seen_at: int = opaque(export=True)
    last_seen_at: int = opaque(export=True)
    ip: str = personal(Category.AUTOMATIC, "ip")
    device_model: str = personal(Category.AUTOMATIC, "device_model")
    os_version: str = personal(Category.AUTOMATIC, "os_version")
    browser_type: str = personal(Category.AUTOMATIC, "browser_type")
    language: str = personal(Category.AUTOMATIC, "language")


@record(
    kind="challenge",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.PROOF,
    collected_for=Purpose.SECURITY_AND_FAULTS,
)
class Challenge:
    """A second proof that is waited for."""

    challenge_id: str = opaque()
    company_id: str = opaque()
    user_id: str = opaque()
    intent: Intent = opaque()
    channel: Channel = opaque()
    code_hash: str | None = opaque(why="of a mailed code", default=None)
    session_id: str | None = opaque(why="the session that is made fresh", default=None)
    generation: int | None = opaque(why="of the member's sessions when a login was begun", default=None)
    mailbox: str | None = opaque(why="keyed hash of the mailbox to be proved", default=None)
    until: int = opaque()
    email: str | None = personal(Category.LOGON, "work_mailbox", default=None)
    ip: str = personal(Category.AUTOMATIC, "ip")
    device_model: str = personal(Category.AUTOMATIC, "device_model")
    os_version: str = personal(Category.AUTOMATIC, "os_version")
    browser_type: str = personal(Category.AUTOMATIC, "browser_type")
    language: str = personal(Category.AUTOMATIC, "language")


@record(
    kind="second_factor",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.SECURITY_AND_FAULTS,
)
class SecondFactor:
    """A user's one-time-code generator (RFC 6238) and the recovery codes for when it is lost."""

    company_id: str = opaque()
    user_id: str = opaque()
    confirmed_at: int | None = opaque(why="none until the first code was right", default=None, export=True)
    last_step: int = opaque(why="time steps up to this one are used up", default=0)
    recovery_hashes: list[str] = opaque(why="keyed hashes of the codes not used yet", default_factory=list)
    secret: str = personal(Category.AUTOMATIC, "login_verification", export=False)


@record(
    kind="reset",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.MAIL_CODE,
)
class Reset:
    """Somebody asked to reset the password of a mailbox, whether or not anybody has it."""

    mailbox: str = opaque(why="keyed hash")
    code_hash: str = opaque()
    until: int = opaque()

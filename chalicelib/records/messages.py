"""A mail a user writes (category `communications`), and one delivery of it per recipient.

A delivery is also the outbox entry and the place where what is known about the reader's opens ends up
(category `email_tracking`): one row, so that "was it read" costs no second query.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.consent import MessageKind, TrackingMode
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class OutboxState(StrEnum):
    """SES takes no idempotency token, so a lost answer has a state of its own."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class Outcome(StrEnum):
    """What the receiving side said afterwards."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@record(
    kind="message",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.MESSAGE,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Message:
    """What every recipient has in common, without the text: lists and pages of status need no more."""

    company_id: str = opaque()
    message_id: str = opaque()
    user_id: str = opaque()
    kind: MessageKind = opaque()
    tracking: bool = opaque()
    created_at: int = opaque()
    recipients: int = opaque(why="how many")
    persons: tuple[str, ...] = opaque(
        why="keyed hashes of the recipients, by which they are found when their deliveries are gone",
        default=(),
    )
    inform: bool = opaque(
        why="carries the notice to those who have yet to be told where their data came from", default=False
    )
    clicks: dict[str, int] = opaque(why="clicks by link, of all recipients together", default_factory=dict)
    subject: str = personal(Category.COMMUNICATIONS, "subject")
    sender: str = personal(Category.COMMUNICATIONS, "sender", subject=Subject.USER)
    sender_name: str = personal(Category.COMMUNICATIONS, "sender_name", subject=Subject.USER)
    links: tuple[str, ...] = personal(Category.COMMUNICATIONS, "link", default=())


@record(
    kind="body",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.MESSAGE,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Body:
    """The text of a message, read only when it is sent."""

    company_id: str = opaque()
    message_id: str = opaque()
    locale: str = opaque(why="the language our footer speaks; chosen by the sender, not measured")
    html: str = personal(Category.COMMUNICATIONS, "html")
    text: str = personal(Category.COMMUNICATIONS, "text")
    to: tuple[tuple[str, str], ...] = personal(Category.COMMUNICATIONS, "recipient", default=())
    cc: tuple[tuple[str, str], ...] = personal(Category.COMMUNICATIONS, "cc", default=())


@record(
    kind="delivery",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.EMAIL_TRACKING,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Delivery:
    """One message to one person."""

    company_id: str = opaque()
    message_id: str = opaque()
    number: int = opaque(why="0 for the first recipient")
    person: str = opaque(why="keyed hash of the address")
    state: OutboxState = opaque()
    due_at: int | None = opaque(default=None)
    mail_id: str | None = opaque(why="SES's id", default=None)
    reason: str | None = opaque(why="why it was refused", default=None)
    outcome: Outcome | None = opaque(default=None)
    sent_at: int | None = opaque(why="a fact about the mail, not its reader", default=None)
    mode: TrackingMode = opaque(why="what the mail carried", default=TrackingMode.NONE)
    informs: bool | None = opaque(why="it carried the notice: noted before it left", default=None)
    email: str = personal(Category.EMAIL_TRACKING, "recipient")
    opens: int = personal(Category.EMAIL_TRACKING, "times", default=0)
    machine_opens: int = personal(Category.EMAIL_TRACKING, "times", default=0)
    first_opened_at: int | None = personal(Category.EMAIL_TRACKING, "opened_at", default=None)
    last_opened_at: int | None = personal(Category.EMAIL_TRACKING, "opened_at", default=None)
    opened_on: str | None = personal(Category.EMAIL_TRACKING, "opened_at", default=None)
    ip: str | None = personal(Category.EMAIL_TRACKING, "ip", default=None)

"""What users are told, on which ways they want to hear it, and the devices that take pushes (2.2.1(i))."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Category, Duty, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class Platform(StrEnum):
    """Who carries a push to the device."""

    APNS = "apns"
    FCM = "fcm"


@record(
    kind="notification_choices",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.USAGE_INFORMATION,
)
class NotificationChoices:
    """What a user switched, by kind and channel; what is not in it is as by default."""

    company_id: str = opaque()
    user_id: str = opaque()
    at: int = opaque(export=True)
    receipt_id: str = opaque()
    switched: dict[str, dict[str, bool]] = personal(Category.NOTIFICATION, "choice")


@record(
    kind="notification_receipt",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.PROVE_CONSENT,
)
class NotificationReceipt:
    """Proof of one change: all that was switched after it. Product notifications rest on consent (2.3.1)."""

    company_id: str = opaque()
    user_id: str = opaque()
    receipt_id: str = opaque()
    method: str = opaque(export=True)
    at: int = opaque(export=True)
    switched: dict[str, dict[str, bool]] = personal(Category.NOTIFICATION, "choice")


@record(
    kind="notification",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.INBOX,
    collected_for=Purpose.USAGE_INFORMATION,
)
class Notification:
    """One item of a user's inbox. The text is made when it is read, in the reader's language."""

    company_id: str = opaque()
    user_id: str = opaque()
    notification_id: str = opaque()
    about: Kind = opaque(why="one of a few kinds; what happened is sealed", export=True)
    at: int = opaque(export=True)
    read_at: int | None = opaque(default=None, export=True)
    template: str = personal(Category.NOTIFICATION, "sent")
    values: dict[str, str] = personal(Category.NOTIFICATION, "sent")


@record(
    kind="push_device",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.USAGE_INFORMATION,
)
class PushDevice:
    """A device of a user that takes pushes. Its token is kept by SNS alone; here is SNS's name for it."""

    company_id: str = opaque()
    user_id: str = opaque()
    endpoint_id: str = opaque()
    platform: Platform = opaque(export=True)
    token_hash: str = opaque(why="keyed hash of the device's token")
    registered_at: int = opaque(export=True)
    endpoint: str = personal(Category.NOTIFICATION, "choice", export=False)


@record(
    kind="push_owner",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class PushOwner:
    """Whose a device is now: who registered it last. A telephone that changes hands tells the next user
    nothing about the one before.
    """

    token_hash: str = opaque()
    company_id: str = opaque()
    user_id: str = opaque()
    endpoint_id: str = opaque()

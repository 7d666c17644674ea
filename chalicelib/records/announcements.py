"""Which versions of the policy were announced, and who was told something once. Ids and times only."""

from __future__ import annotations

from typing import Final

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention

NEVER: Final = 253_402_300_799
"""The last second of the year 9999: stays in the index of what is due, and is not due."""


@record(
    kind="announcement",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Announcement:
    """That a version of the policy is being told to everybody, or was (7); the notice itself says how far."""

    version: str = opaque()
    mass_id: str = opaque()


@record(
    kind="told",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.INBOX,
)
class Told:
    """A user was told something that is told once, however often the work is repeated."""

    company_id: str = opaque()
    topic: str = opaque(why="the occasion, as whoever tells it calls it; no `#`, nothing personal")
    user_id: str = opaque()
    at: int = opaque()

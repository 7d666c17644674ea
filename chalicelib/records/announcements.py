"""Telling everybody something: how far we are, and who has been told. Ids and times only."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention

NEVER: Final = 253_402_300_799
"""The last second of the year 9999: stays in the index of what is due, and is not due."""


class AnnouncementState(StrEnum):
    """Where the announcement of one version stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """Everybody was told when it was published; whoever joined since is told on the day it applies."""
    PAUSED = "paused"
    DONE = "done"


@record(
    kind="announcement",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Announcement:
    """A version of the policy on its way to everybody (7), one company after the other."""

    version: str = opaque()
    state: AnnouncementState = opaque()
    at_last: bool = opaque(why="the round on the day it applies, for those who joined since", default=False)
    due_at: int = opaque(why="when the sweep takes it up again if nobody else does")
    started_at: int = opaque()
    finished_at: int | None = opaque(default=None)
    cursor_at: int | None = opaque(why="when the last company told had come", default=None)
    cursor_id: str | None = opaque(why="that company", default=None)
    within_id: str | None = opaque(why="the company in whose midst the last step ended", default=None)
    within_user: str | None = opaque(why="whom it told last", default=None)
    companies: int = opaque(why="passed in this round", default=0)
    people: int = opaque(why="told in this round; in the second one again, if only counted", default=0)
    unreadable: int = opaque(why="companies of this round whose rows could not be opened", default=0)


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

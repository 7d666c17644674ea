"""Holds: deletions that wait because of a legal matter (4.1.2(d)). And proof of what was deleted, and when.

A hold keeps what is there; it opens nothing and shows nobody anything. What it covers is invisible once its
time is over, as always, and is kept under lock until the last hold on it is released.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import HOLD_KEEP, Retention

_KEEP_SECONDS: Final = int(HOLD_KEEP.total_seconds())


class HoldScope(StrEnum):
    """What a hold covers: all of a company, one of its users, or one person that it writes to."""

    COMPANY = "company"
    USER = "user"
    PERSON = "person"


class HoldReason(StrEnum):
    """Why, in a word that gives nothing away."""

    LITIGATION = "litigation"
    INVESTIGATION = "investigation"
    AUTHORITY_ORDER = "authority_order"
    CLAIM = "claim"
    REQUEST_PENDING = "request_pending"


class HoldState(StrEnum):
    """How far a hold is. It counts from the moment it is placed until the moment it is released."""

    PLACING = "placing"
    """It counts already; the dates of deletion are being taken from the rows it covers."""
    HELD = "held"
    RELEASING = "releasing"
    """It counts no more; what it kept is being deleted, or gets its date of deletion back."""
    RELEASED = "released"


class HoldAct(StrEnum):
    """A step that is put on record."""

    PLACED = "placed"
    KEPT = "kept"
    """All rows it covers have been gone through once."""
    RELEASED = "released"
    RESUMED = "resumed"
    """What it kept has been deleted, or is under its ordinary period again."""


class Cause(StrEnum):
    """Who deleted what was over."""

    SWEEPER = "sweeper"
    """Also what a secret hold had kept: the company's chain names no such hold."""
    TTL = "ttl"
    HOLD_RELEASED = "hold_released"


OPEN: Final = frozenset({HoldState.PLACING, HoldState.HELD})
SECRET: Final = frozenset({HoldReason.INVESTIGATION, HoldReason.AUTHORITY_ORDER})
"""Reasons that a law may forbid to tell the company; a hold for one is secret unless legal says otherwise."""


@record(
    kind="hold",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Hold:
    """One hold of one matter. Several may cover the same rows."""

    company_id: str = opaque()
    hold_id: str = opaque()
    matter_id: str = opaque()
    scope: HoldScope = opaque()
    target: str | None = opaque(
        why="id of the user, or keyed hash of the person; None: the company", default=None
    )
    reason: HoldReason = opaque()
    secret: bool = opaque(why="whether the company must not learn of it", default=True)
    law: str = opaque(why="the provision it rests on, such as 'Evidence Act 1893 s 3'; never a name")
    placed_by: str = opaque()
    placed_at: int = opaque()
    review_at: int = opaque()
    state: HoldState = opaque()
    due_at: int | None = opaque(why="when its job must be looked at", default=None)
    stretch: int = opaque(why="where the job goes on", default=0)
    after: str = opaque(why="the sort key it has come to", default="")
    began_at: int = opaque(why="when this round of the job began", default=0)
    rows: int = opaque(why="rows this round has changed", default=0)
    released_by: str | None = opaque(default=None)
    released_at: int | None = opaque(default=None)

    @property
    def open(self) -> bool:
        """Whether it keeps anything from being deleted."""
        return self.state in OPEN

    def covers(self, user_id: str | None, person: str | None) -> bool:
        """Whether it keeps what is about this user or this person."""
        return (
            self.scope is HoldScope.COMPANY
            or (self.scope is HoldScope.USER and self.target == user_id)
            or (self.scope is HoldScope.PERSON and self.target == person)
        )

    def next_round(self, now: int) -> int:
        """When newer rows have to be gone through again."""
        return now + _KEEP_SECONDS


@record(
    kind="hold_step",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class HoldStep:
    """Proof of a step of a hold: in the company's chain, or of a secret one in the operator's, where the
    company does not read. Never in both, so nothing is missing in either.
    """

    company_id: str = opaque(why="whose chain this entry is in")
    concerns_id: str | None = opaque(why="the company whose data is kept", default=None)
    hold_id: str = opaque()
    step_id: str = opaque()
    act: HoldAct = opaque()
    matter_id: str = opaque()
    scope: HoldScope = opaque()
    target: str | None = opaque(why="id of the user, or keyed hash of the person", default=None)
    reason: HoldReason = opaque()
    by: str | None = opaque(why="who of the staff; None: the job", default=None)
    rows: int = opaque(default=0)
    at: int = opaque()


@record(
    kind="expired",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class Expired:
    """Proof that rows were deleted because their time was over: how many of which kind, by which rule."""

    company_id: str = opaque()
    expired_id: str = opaque()
    cause: Cause = opaque()
    gone: dict[str, int] = opaque(why="number of rows by kind")
    sections: dict[str, str] = opaque(why="criterion of 4.1.2 by kind")
    at: int = opaque()


@record(
    kind="noted_removal",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.STREAM,
)
class NotedRemoval:
    """One event of a table's stream has been put on record: delivered again, it finds itself here."""

    company_id: str = opaque()
    event: str = opaque(why="SHA-256 of the event's id, half of it")
    expired_id: str = opaque()

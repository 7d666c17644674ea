"""Exports of contacts: how far, and whose session may fetch them; and the proof that contacts left.

Nobody in person is named here: an export knows its user and session by id and its place in the list by a
contact's id. The files themselves lie sealed in the bucket.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention

FETCH_SECONDS: Final = 900
"""How long the files can be fetched once they are all there."""
STARTS_SECONDS: Final = 120
"""An export whose hint nobody took up for so long is hinted at again."""


class ExportState(StrEnum):
    """Where an export stands."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    CANCELLED = "cancelled"
    """By the user; or the user, or the company's rules, are no longer those it was asked under."""
    DROPPED = "dropped"
    """Somebody who may be in it was erased, or the company's key is gone."""
    EXPIRED = "expired"
    """Its time to be fetched is over."""


class ExportStep(StrEnum):
    """What is put on record of an export."""

    TAKEN = "taken"
    """The whole list in one answer."""
    ASKED = "asked"
    READY = "ready"
    FETCHED = "fetched"


@record(
    kind="export",
    table="workspace",
    subject=Subject.USER,
    role=Role.PROCESSOR,
    retention=Retention.FILE,
)
class Export:
    """A list of contacts that somebody takes along, file by file."""

    company_id: str = opaque()
    export_id: str = opaque()
    user_id: str = opaque(why="who asked")
    session_id: str = opaque(why="the only session that may fetch it")
    rules: str = opaque(why="a digest of the company's restrictions and the user's position when they asked")
    state: ExportState = opaque()
    asked_at: int = opaque()
    ready_at: int | None = opaque(default=None)
    leased_until: int | None = opaque(why="a worker makes a file; until then nobody else does", default=None)
    after: str | None = opaque(why="id of the last contact that was looked at", default=None)
    left_out: int = opaque(why="contacts that the company's rules keep from this user", default=0)
    files: tuple[int, ...] = opaque(why="how many rows each file has", default=())
    cleared: bool = opaque(why="its files are deleted", default=False)

    @property
    def rows(self) -> int:
        """How many contacts are in its files."""
        return sum(self.files)

    @property
    def fetched_until(self) -> int | None:
        """From when on nothing can be fetched, epoch seconds; None as long as it is not ready."""
        return None if self.ready_at is None else self.ready_at + FETCH_SECONDS

    def state_at(self, now: int) -> ExportState:
        """Where it stands, whether or not anybody has written it down yet."""
        until = self.fetched_until
        if self.state is ExportState.READY and until is not None and now >= until:
            return ExportState.EXPIRED
        return self.state

    def due_at(self) -> int | None:
        """When the sweeper must see to it, epoch seconds; None: nothing is left to do."""
        if self.state is ExportState.READY:
            return self.fetched_until
        if self.state in {ExportState.WAITING, ExportState.RUNNING}:
            return self.leased_until or self.asked_at + STARTS_SECONDS
        return None if self.cleared else self.asked_at


@record(
    kind="export_act",
    table="ledger",
    subject=Subject.USER,
    role=Role.PROCESSOR,
    retention=Retention.EVIDENCE,
)
class ExportAct:
    """Proof of one step: who took how many contacts along, when. Which ones is not said."""

    company_id: str = opaque()
    export_id: str = opaque()
    act_id: str = opaque()
    step: ExportStep = opaque()
    user_id: str = opaque()
    at: int = opaque()
    rows: int = opaque(default=0)
    left_out: int = opaque(default=0)
    file: int | None = opaque(why="number of the file that was fetched", default=None)

"""Loads of the operator's base of prospects: which file, on which ground, how far.

No row of a file and no word of it is in here: a refused row is a number, a column and a code.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


class LoadState(StrEnum):
    """Where a load is."""

    WAITING = "waiting"
    """For its file, and for the second person who starts it."""
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """The file cannot be gone on with; what came before stays."""
    CANCELLED = "cancelled"


class FileFormat(StrEnum):
    """What the file is."""

    CSV = "csv"
    JSONL = "jsonl"


class Informing(StrEnum):
    """What is on record about informing the people of a load (GDPR 14)."""

    GIVEN = "given"
    EXEMPT = "exempt_disproportionate"
    """Art. 14(5)(b); 2.2.2: they cannot be reached one by one."""


class LoadAct(StrEnum):
    """What was done about a load."""

    STARTED = "started"
    ENDED = "ended"
    CANCELLED = "cancelled"


@record(
    kind="load",
    table="accounts",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.STOCKED_PROSPECT,
)
class Load:
    """One file on its way into the base, and the ground it comes in on (GDPR 6(1)(f) and 14).

    Outlives every prospect it brought: their time counts from the same day and is never renewed.
    """

    load_id: str = opaque()
    state: LoadState = opaque()
    file_format: FileFormat = opaque()
    source: str = opaque(why="where the operator has the file from: a register or a publisher, in its words")
    collected_on: str = opaque(why="the day, ISO 8601")
    balancing: str = opaque(why="why the operator's interest outweighs theirs; about the load, not a person")
    informing: Informing = opaque()
    informing_note: str = opaque(why="how and where they are informed, or why they cannot be")
    made_by: str = opaque(why="the member of staff who stated the ground")
    made_at: int = opaque()
    started_by: str | None = opaque(why="somebody else", default=None)
    started_at: int | None = opaque(default=None)
    ended_at: int | None = opaque(default=None)
    due_at: int | None = opaque(why="when the sweep takes it up if nobody has moved it on", default=None)
    reason: str | None = opaque(why="a code: why it stopped", default=None)
    size: int = opaque(why="bytes", default=0)
    file_tag: str | None = opaque(why="which content it was when it was started", default=None)
    offset: int = opaque(why="bytes that are done with", default=0)
    rows: int = opaque(why="rows that are done with", default=0)
    columns: tuple[str, ...] = opaque(why="the file's first line, of columns we know", default=())
    taken: int = opaque(why="prospects that are new", default=0)
    refreshed: int = opaque(default=0)
    refused: int = opaque(default=0)


@record(
    kind="refused_row",
    table="prospects",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.FILE_JOB,
)
class RefusedRow:
    """A row of a load that was not taken in, and why. Whoever has the file finds the row by its number."""

    load_id: str = opaque()
    number: int = opaque(why="counted from 1, without the line of columns")
    column: str | None = opaque(why="None: the row as a whole", default=None)
    code: str = opaque()


@record(
    kind="load_act",
    table="ledger",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class LoadEvidence:
    """Proof of what was done about a load, in the operator's chain: the ground in full when it started, the
    counts when it ended.
    """

    company_id: str = opaque(why="the operator's chain")
    act_id: str = opaque()
    act: LoadAct = opaque()
    load_id: str = opaque()
    at: int = opaque()
    staff_id: str | None = opaque(why="who did it; None: the job itself", default=None)
    made_by: str = opaque(why="who stated the ground")
    source: str = opaque(why="as in the load")
    collected_on: str = opaque()
    balancing: str = opaque(why="as in the load")
    informing: Informing = opaque()
    informing_note: str = opaque(why="as in the load")
    reason: str | None = opaque(default=None)
    taken: int = opaque(default=0)
    refreshed: int = opaque(default=0)
    refused: int = opaque(default=0)

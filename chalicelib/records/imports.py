"""Imports of contacts: how far, and their rows, sealed, until they are committed or taken back.

The file itself is gone once it has been read. What is kept of a row is what a contact would be made of; of a
row that cannot be taken, or must not be, only its number.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class ImportState(StrEnum):
    """Where an import is."""

    WAITING_FOR_FILE = "waiting_for_file"
    READING = "reading"
    READY = "ready"
    COMMITTING = "committing"
    DONE = "done"
    REVERTING = "reverting"
    REVERTED = "reverted"
    CANCELLED = "cancelled"
    FAILED = "failed"


class IfExists(StrEnum):
    """What becomes of a row whose person is a contact already."""

    SKIP = "skip"
    UPDATE = "update"
    CREATE = "create"


class RowState(StrEnum):
    """What a row of the file is."""

    NEW = "new"
    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"


@record(
    kind="import",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.FILE_JOB,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Import:
    """One file of contacts, as a job: what it is taken for, how it is read, how far it is."""

    company_id: str = opaque()
    import_id: str = opaque()
    user_id: str = opaque(why="who imports; the contacts are made in their name")
    state: ImportState = opaque()
    if_exists: IfExists = opaque()
    created_at: int = opaque()
    due_at: int = opaque(why="when the sweeper takes it up again while there is work")
    failure: str | None = opaque(why="a code: why it ended, or why it ended early", default=None)
    wanted_columns: dict[str, int] | None = opaque(why="as the user said: field -> column", default=None)
    wanted_header: bool | None = opaque(default=None)
    encoding: str | None = opaque(default=None)
    separator: str | None = opaque(default=None)
    header: bool | None = opaque(default=None)
    columns: dict[str, int] = opaque(why="field -> number of the column, from 1", default_factory=dict)
    sealed_with: int = opaque(why="the key the file was sealed with; 0: it was sent to S3", default=0)
    file_tag: str | None = opaque(why="which content was there when it was started", default=None)
    tries: int = opaque(why="steps of reading that began since it last came further", default=0)
    size: int = opaque(why="of the file, bytes", default=0)
    offset: int = opaque(why="bytes of the file that are read", default=0)
    rows: int = opaque(why="rows read so far, the header and empty ones included", default=0)
    chunks: int = opaque(why="pieces stored so far", default=0)
    counts: dict[str, int] = opaque(why="rows by what they are", default_factory=dict)
    began_ms: int = opaque(why="when it was committed: part of its contacts' ids", default=0)
    taken: int = opaque(why="the piece that is being written, or taken back, is the one before", default=0)
    taken_at: int = opaque(why="nobody else touches that piece until its time is over", default=0)
    finished: int = opaque(why="pieces written, or taken back", default=0)
    outcome: dict[str, int] = opaque(why="what became of the rows, in numbers", default_factory=dict)
    reverted_by: str | None = opaque(why="who takes it back", default=None)
    cleared: bool = opaque(why="of one that ended: its file and rows are gone for good", default=False)
    basis: str = personal(Category.STORED, "basis")
    source: str = personal(Category.STORED, "source")


@record(
    kind="import_chunk",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.FILE_JOB,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class ImportChunk:
    """Some rows of the file, column by column: the n-th entry of each list is of the same row."""

    company_id: str = opaque()
    import_id: str = opaque()
    number: int = opaque(why="the order of the pieces, from 0")
    places: tuple[int, ...] = opaque(why="the rows' numbers in the file, from 1")
    states: tuple[str, ...] = opaque(why="what each row is")
    persons: tuple[str, ...] = opaque(why="keyed hashes of the addresses; empty without one")
    existing: dict[str, str] = opaque(why="row -> the contact that is this person already")
    errors: dict[str, list[str]] = opaque(why="row -> column, field and code of what cannot be taken")
    name: tuple[str, ...] = personal(Category.STORED, "name")
    email: tuple[str, ...] = personal(Category.STORED, "email")
    company: tuple[str, ...] = personal(Category.STORED, "company")
    position: tuple[str, ...] = personal(Category.STORED, "position")
    country: tuple[str, ...] = personal(Category.STORED, "country")
    phone: tuple[str, ...] = personal(Category.STORED, "phone")
    social: tuple[str, ...] = personal(Category.STORED, "social")

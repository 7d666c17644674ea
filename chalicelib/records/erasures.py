"""Erasing a person: the work while it goes on, and the evidence that it was done. Ids, numbers, keyed hashes;
the work also knows the person's addresses, sealed, until it is over.

The evidence holds what a restored backup needs to be brought to where we were: whom (by hash or id), and
which contacts and messages are gone or lost their name.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class Why(StrEnum):
    """What an erasure was done for."""

    REQUEST = "request"
    """The person asked for it (5.1, 8)."""
    OBJECTION = "objection"
    """The person objected to what we do with their data."""
    COMPANY = "company"
    """The company, their controller, asked for it (2.3.2)."""
    REMOVED = "removed"
    """They were removed from their company."""
    REPLAYED = "replayed"
    """Done before; a backup had brought it back."""


class Step(StrEnum):
    """Which part of an erasure an entry tells."""

    BEGUN = "begun"
    PART = "part"
    """Written before the rows go: what is named here is gone, or goes when the work is taken up again."""
    HELD = "held"
    """All found; what holds cover is out of sight and stays until they end."""
    DONE = "done"


class ErasingState(StrEnum):
    """Where the work on one person stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """All done; to be looked at once more, for what was under way meanwhile."""
    LOOKING = "looking"
    HELD = "held"


@record(
    kind="erasing",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Erasing:
    """A person of a company's contacts being erased, page by page; gone when there is nothing left to do.

    The addresses are kept until then, since the rows that told them go first and users may have been told of
    them: by those they are found in an inbox.
    """

    company_id: str = opaque()
    person: str = opaque(why="keyed hash of the address")
    erasure_id: str = opaque()
    why: Why = opaque()
    matter: str | None = opaque(why="the request it answers", default=None)
    state: ErasingState = opaque(default=ErasingState.RUNNING)
    due_at: int = opaque(why="when the sweep takes it up if nobody else does")
    begun_at: int = opaque()
    source: int = opaque(why="which kind of rows is worked through", default=0)
    after: str = opaque(why="the sort key behind which the next page begins", default="")
    redo: str | None = opaque(why="where the last page began, while nobody knows it was done", default=None)
    parts: int = opaque(why="entries of evidence so far", default=1)
    counts: dict[str, int] = opaque(why="rows by kind", default_factory=dict)
    held: dict[str, int] = opaque(why="rows by kind that a hold keeps", default_factory=dict)
    kept_by: tuple[str, ...] = opaque(why="ids of the holds that keep them", default=())
    mailboxes: tuple[str, ...] = personal(Category.STORED, "email", default=(), export=False)
    names: tuple[str, ...] = personal(Category.STORED, "name", default=(), export=False)


@record(
    kind="erasure",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class Erasure:
    """One step of erasing somebody, as the company's chain keeps it. ``person`` is somebody the company wrote
    to, ``user_id`` with ``mailbox`` somebody who worked there.
    """

    company_id: str = opaque()
    erasure_id: str = opaque()
    part: int = opaque()
    step: Step = opaque()
    why: Why = opaque()
    at: int = opaque()
    matter: str | None = opaque(default=None)
    person: str | None = opaque(why="keyed hash of the address", default=None)
    user_id: str | None = opaque(default=None)
    mailbox: str | None = opaque(why="keyed hash of the user's mailbox", default=None)
    letters: bool = opaque(why="a user's name leaves the company's correspondence too", default=False)
    counts: dict[str, int] = opaque(why="rows by kind", default_factory=dict)
    held: dict[str, int] = opaque(why="rows by kind that holds keep", default_factory=dict)
    holds: tuple[str, ...] = opaque(default=())
    contacts: tuple[str, ...] = opaque(why="ids of contacts that went", default=())
    messages: tuple[str, ...] = opaque(why="ids of messages that went", default=())
    redacted: tuple[str, ...] = opaque(why="ids of messages that lost the name", default=())


@record(
    kind="company_erasure",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class CompanyErasure:
    """One page of erasing a whole company, written before its rows go: how many of which kind, up to which
    place of the walk, so that a page that is done again is not counted again. What was counted and did not
    go, because time or a new hold ended the page, is taken back. The last of a round is DONE.
    """

    company_id: str = opaque()
    part: int = opaque()
    step: Step = opaque()
    at: int = opaque()
    place: str = opaque(why="table and partition of the last row of the page", default="")
    until: str = opaque(
        why="its sort key: ids and keyed hashes that mean nothing once the key is gone", default=""
    )
    counts: dict[str, int] = opaque(why="rows by kind", default_factory=dict)
    holds: tuple[str, ...] = opaque(why="ids of holds that kept rows of this page", default=())


@record(
    kind="key_destruction",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class KeyDestruction:
    """The certificate that a company's keys are gone, and from when nobody can read its data any more."""

    company_id: str = opaque()
    certificate_id: str = opaque()
    versions: int = opaque(why="keys that were deleted")
    at: int = opaque()
    unreadable_at: int = opaque(why="from then on no process of ours holds the key")
    unrecoverable_at: int = opaque(why="from then on no backup of the keys is left")

"""What the look at the access log keeps: numbers of busy hours, findings, how far it has come (4.3.1).

Ids and numbers, about users and about the staff alike, which is why most of it says it is about users: they
have the rights of the policy. Hours are kept to compare later ones with, findings as long as evidence is.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention
from chalicelib.privacy.watching import Unusual

_ACTOR = "id of a user or of somebody of the staff"


class FindingState(StrEnum):
    """Whether somebody has looked into it."""

    OPEN = "open"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What looking into a finding has shown."""

    AUTHORISED = "authorised"
    """The work needed it; the ticket says which."""
    FALSE_ALARM = "false_alarm"
    """Nobody read anything out of the ordinary: the rule or the count was wrong."""
    MISUSE = "misuse"
    """Somebody read what they had no business with."""
    INCIDENT = "incident"
    """Somebody else acted under this id: the incident has a ticket of its own."""


@record(
    kind="reading",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.READING,
)
class ReadingHour:
    """What one actor opened in one hour, added up."""

    actor_id: str = opaque(why=_ACTOR)
    hour: int = opaque(why="its first second")
    records: int = opaque()
    companies: int = opaque(why="how many companies they belong to")


@record(
    kind="finding",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class Finding:
    """One unusual thing about one hour of one actor, for the security staff to look into."""

    finding_id: str = opaque()
    unusual: Unusual = opaque()
    actor_id: str = opaque(why=_ACTOR)
    company_id: str | None = opaque(why="of a user, the one they belong to", default=None)
    hour: int = opaque()
    number: int = opaque(why="records, or companies")
    usual: int = opaque(why="how many would have been usual")
    state: FindingState = opaque()
    found_at: int = opaque()
    outcome: Outcome | None = opaque(default=None)
    ticket: str | None = opaque(why="where the inquiry is written down", default=None)
    closed_by: str | None = opaque(default=None)
    closed_at: int | None = opaque(default=None)


@record(
    kind="finding_act",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class FindingAct:
    """Proof that something was found, or that a finding was closed, in the operator's chain."""

    company_id: str = opaque(why="whose chain this entry is in: the operator's")
    finding_id: str = opaque()
    state: FindingState = opaque()
    unusual: Unusual = opaque()
    actor_id: str = opaque(why=_ACTOR)
    concerns_id: str | None = opaque(why="the company of a user", default=None)
    hour: int = opaque()
    number: int = opaque()
    usual: int = opaque()
    at: int = opaque()
    outcome: Outcome | None = opaque(default=None)
    ticket: str | None = opaque(default=None)
    by: str | None = opaque(why="who of the staff closed it", default=None)


@record(
    kind="watch",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Watched:
    """How far the log has been looked through: all hours before this one."""

    watch: str = opaque(why="there is one", default="reading")
    upto: int = opaque()

"""Whoever takes over from us (3.2(b)): who it is, what binds it, and how far telling or asking everybody is.

Nothing personal: a successor is an enterprise, and everybody is told its name and where it answers questions.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.mergers import Occasion, Plan
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention

_RECIPIENT = "keyed hash of name and contact, as of every recipient of a disclosure"


class SuccessionState(StrEnum):
    """Where a succession stands."""

    STATED = "stated"
    """Somebody of the staff stated it; nobody is told before another accepts it."""
    TELLING = "telling"
    """The successor is bound: everybody is told."""
    ASKING = "asking"
    """Nothing binds it: everybody is asked."""
    COUNTING = "counting"
    """The time to answer is over; the answers are counted."""
    OVER = "over"
    LAPSED = "lapsed"
    """The successor is bound to a version that is no longer in force: nothing goes over on this."""
    WITHDRAWN = "withdrawn"


class SuccessionAct(StrEnum):
    """What was done about a succession."""

    STATED = "stated"
    ACCEPTED = "accepted"
    ASKED = "asked"
    """Everybody there was has the question."""
    ENDED = "ended"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


@record(
    kind="succession",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class Succession:
    """One succession, from the wish to its end."""

    succession_id: str = opaque()
    state: SuccessionState = opaque()
    occasion: Occasion = opaque()
    successor: str = opaque(why="what the enterprise is called")
    successor_url: str = opaque(why="where the enterprise answers questions")
    recipient: str = opaque(why=_RECIPIENT)
    recipient_country: str = opaque(why="ISO 3166 alpha-2")
    takes_over_at: int = opaque()
    reference: str | None = opaque(why="the operator's number of the contract that binds it", default=None)
    policy_version: str | None = opaque(why="that the contract names", default=None)
    answer_until: int | None = opaque(why="asked only where nothing binds", default=None)
    wanted: tuple[str, ...] = opaque(why="names of fields of users, never values", default=())
    wanted_of_company: tuple[str, ...] = opaque(why="names of fields of companies", default=())
    stated_by: str = opaque(why="a member of staff")
    stated_at: int = opaque()
    accepted_by: str | None = opaque(why="another one", default=None)
    accepted_at: int | None = opaque(default=None)
    ended_at: int | None = opaque(default=None)
    mass_id: str | None = opaque(why="the notices", default=None)
    due_at: int | None = opaque(why="when the sweep takes it up; None: nothing is left to do", default=None)
    cursor_at: int | None = opaque(why="when the company passed last had come", default=None)
    cursor_id: str | None = opaque(why="that company", default=None)
    rounds: int = opaque(why="how often everybody was passed to be asked", default=0)
    asked: int = opaque(why="people who have the question, in this round", default=0)
    agreed: int = opaque(why="people whose yes held when it was counted", default=0)
    refused: int = opaque(default=0)
    silent: int = opaque(default=0)
    companies_asked: int = opaque(default=0)
    companies_agreed: int = opaque(default=0)
    unreadable: int = opaque(why="companies whose rows could not be opened", default=0)
    list_hash: str | None = opaque(why="chained SHA-256 of the ids of all who agreed", default=None)

    def plan(self) -> Plan:
        """What the rules look at."""
        return Plan(self.takes_over_at, self.reference, self.policy_version, self.answer_until)


@record(
    kind="succession_act",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class SuccessionEvidence:
    """Proof of what was done about a succession, in the operator's chain."""

    company_id: str = opaque(why="the operator's chain")
    act_id: str = opaque()
    act: SuccessionAct = opaque()
    succession_id: str = opaque()
    staff_id: str | None = opaque(why="who did it; None: the work itself", default=None)
    at: int = opaque()
    occasion: Occasion = opaque()
    successor: str = opaque(why="as in the succession")
    recipient: str = opaque(why=_RECIPIENT)
    recipient_country: str = opaque(why="ISO 3166 alpha-2")
    takes_over_at: int = opaque()
    reference: str | None = opaque(why="of the contract", default=None)
    policy_version: str | None = opaque(default=None)
    answer_until: int | None = opaque(default=None)
    wanted: tuple[str, ...] = opaque(why="names of fields", default=())
    wanted_of_company: tuple[str, ...] = opaque(why="names of fields", default=())
    mass_id: str | None = opaque(default=None)
    people: int = opaque(why="told, or asked", default=0)
    agreed: int = opaque(default=0)
    refused: int = opaque(default=0)
    silent: int = opaque(default=0)
    companies_asked: int = opaque(default=0)
    companies_agreed: int = opaque(default=0)
    list_hash: str | None = opaque(why="as in the succession", default=None)

"""One notice to many people: how far it is, what it says, whom it is for, and what became of each mail.

Ids, times, counts and a text of our own; nothing personal. Addresses are read when a mail leaves and are kept
nowhere here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Duty, Role, Subject
from chalicelib.privacy.retention import Retention

DAY: Final = 86_400


class Audience(StrEnum):
    """Whom a notice is for."""

    EVERYBODY = "everybody"
    LISTED = "listed"
    """Users who were added by their ids."""
    MAIN_ADMINS = "main_admins"
    """Whoever is the main administrator of each company that was added, when the mail leaves."""


class MassState(StrEnum):
    """Where a notice stands."""

    LISTING = "listing"
    """Its people are still being added; nobody is told before it is started."""
    RUNNING = "running"
    SETTLING = "settling"
    """Everybody was written to. SES's reports are waited for; then everybody is looked at once more."""
    WAITING = "waiting"
    """Everybody was told and counted; another round follows, for those who join meanwhile."""
    PAUSED = "paused"
    DONE = "done"


class Outcome(StrEnum):
    """What became of the mail to one person."""

    CLAIMED = "claimed"
    """About to leave, or SES's answer was lost: SES's event decides, or time does."""
    BUSY = "busy"
    """SES had certainly no room for it; it leaves with the next piece of work."""
    ACCEPTED = "accepted"
    """SES took it for delivery."""
    REFUSED = "refused"
    """SES would not take it, or it could not be put into words; tried again in a later round."""
    UNREACHABLE = "unreachable"
    """It came back, or SES knows that nobody gets mail there."""
    UNKNOWN = "unknown"
    """Nobody will find out any more, and it is not sent twice."""


class MassStep(StrEnum):
    """What is put on record about a notice."""

    BEGUN = "begun"
    PAUSED = "paused"
    RESUMED = "resumed"
    PACED = "paced"
    RECOUNTED = "recounted"
    DONE = "done"


@record(
    kind="mass",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class Mass:
    """One notice on its way. A pass is a walk past everybody; the first tells them, later ones those whom an
    earlier one missed, and count the rest. One worker at a time, by ``step_id``.
    """

    mass_id: str = opaque()
    kind: Kind = opaque()
    about: str = opaque(why="id of the version, the incident, the end or the merger it is about")
    audience: Audience = opaque()
    template: str = opaque()
    state: MassState = opaque()
    resumes: MassState | None = opaque(why="what it was paused in", default=None)
    due_at: int = opaque(why="when the sweep takes it up, should nobody else")
    per_second: int = opaque(why="people told in a second at most")
    rounds_until: int | None = opaque(why="the last round begins then", default=None)
    round_every: int | None = opaque(why="seconds between rounds; None: only the last one", default=None)
    began_at: int = opaque()
    finished_at: int | None = opaque(default=None)
    step_id: str | None = opaque(why="of the worker who is at it", default=None)
    step_until: int = opaque(why="after that the worker is certainly dead", default=0)
    again: bool = opaque(why="people were added: another pass follows this one", default=False)
    passes: int = opaque(default=0)
    pass_began_at: int | None = opaque(default=None)
    cursor_at: int | None = opaque(why="when the last company passed had come", default=None)
    cursor_id: str | None = opaque(why="that company", default=None)
    within_id: str | None = opaque(why="the company in whose midst the last step ended", default=None)
    within_user: str | None = opaque(why="whom it passed last there", default=None)
    tally: dict[str, int] = opaque(why="people by outcome, in this pass so far", default_factory=dict)
    counted: dict[str, int] = opaque(why="the same, in the last whole pass", default_factory=dict)
    last_accepted_at: int | None = opaque(default=None)
    all_told_at: int | None = opaque(
        why="the last acceptance when everybody there was had been told; who joined later does not move it",
        default=None,
    )


@record(
    kind="mass_text",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class MassText:
    """What fills the template, by language: our own words about nobody in particular."""

    mass_id: str = opaque()
    template: str = opaque()
    texts: dict[str, dict[str, str]] = opaque()


@record(
    kind="mass_company",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class MassCompany:
    """What a notice says to one company besides, if anything."""

    mass_id: str = opaque()
    company_id: str = opaque()
    values: dict[str, str] = opaque(why="numbers and words of ours", default_factory=dict)


@record(
    kind="mass_list",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class MassList:
    """A part of the list of a notice: some users of one company, by id."""

    mass_id: str = opaque()
    company_id: str = opaque()
    part: str = opaque(why="digest of the users, so that adding them twice is one part")
    users: tuple[str, ...] = opaque(why="none: whoever is main administrator", default=())


@record(
    kind="mass_told",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.INBOX,
)
class MassTold:
    """One person and one notice: written before the mail leaves, so that nobody is told twice. It is the item
    of the inbox as well; its text is the notice's.
    """

    company_id: str = opaque()
    user_id: str = opaque()
    mass_id: str = opaque()
    about: Kind = opaque(why="one of a few kinds", export=True)
    at: int = opaque(export=True)
    outcome: Outcome = opaque(export=True)
    tried_at: int = opaque(why="when it was claimed last")
    tried_in: int = opaque(why="in which pass")
    accepted_at: int | None = opaque(default=None, export=True)
    read_at: int | None = opaque(default=None, export=True)
    tries: int = opaque(default=1)


@record(
    kind="mass_act",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.NOTIFY_POLICY,
)
class MassAct:
    """Proof of one step of a notice, in the operator's chain: what, when, by whom, the counts as of then."""

    company_id: str = opaque()
    mass_id: str = opaque()
    act_id: str = opaque()
    step: MassStep = opaque()
    kind: Kind = opaque()
    about: str = opaque()
    staff_id: str | None = opaque(why="None: the work itself", default=None)
    at: int = opaque()
    counts: dict[str, int] = opaque(default_factory=dict)

"""Security incidents (4.3.4): what is known of one, whom it touches, who was told, the proof of each step.

With the operator, in a table the companies' function cannot read: while an incident is looked into, knowing
of it helps whoever caused it. Whom it touches is kept as ids. Words that staff write are sealed, because
nobody can promise that they name no one.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.incident_facts import Authority, Facts, Level, Moments, Risk, groups
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.privacy.retention import Retention


class IncidentState(StrEnum):
    """How an incident has been judged. Whatever it is, it stays in the register (GDPR 33(5))."""

    OPEN = "open"
    """Nobody has assessed it. Every clock that may apply runs."""
    NOTIFIABLE = "notifiable"
    NOT_NOTIFIABLE = "not_notifiable"
    """By no law, for reasons on record: as assessed, or after a downgrade."""
    CLOSED = "closed"


class ReportKind(StrEnum):
    """What an authority was given."""

    FIRST = "first"
    FOLLOW_UP = "follow_up"
    """What was not known before (GDPR 33(4))."""
    FINAL = "final"


class IncidentAct(StrEnum):
    """A step that is put on record."""

    OPENED = "opened"
    SCOPE_SET = "scope_set"
    SCOPED = "scoped"
    """Whom it touches has been counted."""
    FACTS_CHANGED = "facts_changed"
    CONTENTS_SET = "contents_set"
    REMINDED = "reminded"
    ASSESSED = "assessed"
    DOWNGRADED = "downgraded"
    AUTHORITY_TOLD = "authority_told"
    TELLING_BEGAN = "telling_began"
    CLIENTS_TOLD = "clients_told"
    PEOPLE_TOLD = "people_told"
    UNREACHED = "unreached"
    """Who could not be told one by one has been counted."""
    ANNOUNCED = "announced"
    FOLLOWED_UP = "followed_up"
    CONTAINED = "contained"
    CLOSED = "closed"


@record(
    kind="incident",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.NOTIFY_INCIDENT,
)
class Incident:
    """One incident: the entry of the register, and where its workflow finds everything.

    ``people`` counts by ``role/subject/country`` (see ``privacy.incidents.Group``); ``ZZ`` is a country that
    nobody knows. ``done`` says when each event that stops a clock happened, by ``Obligation.done_key``.
    """

    incident_id: str = opaque()
    workflow_id: str = opaque()
    state: IncidentState = opaque(default=IncidentState.OPEN)
    opened_by: str = opaque()
    opened_at: int = opaque(why="when the incident was put into the register")
    aware_at: int = opaque(why="when we had reason to believe in it: where most clocks start")
    finding_id: str | None = opaque(why="of the access watch, that led to it", default=None)
    changes: int = opaque(why="how often its facts have changed", default=0)

    # -- where to look (scoping) --------------------------------------------------------------
    from_at: int = opaque(why="begin of the window")
    until_at: int = opaque(why="its end")
    actor_id: str | None = opaque(why="id of a user or of somebody of the staff who did it", default=None)
    session_id: str | None = opaque(why="the session it was done with", default=None)
    about_staff: tuple[str, ...] = opaque(
        why="ids of the staff whose doing some look was for: others handle it", default=()
    )
    company_ids: tuple[str, ...] = opaque(why="the only companies concerned; empty: any", default=())
    kinds: tuple[str, ...] = opaque(why="kinds of record concerned; empty: any", default=())
    categories: tuple[str, ...] = opaque(why="of the policy (2.2), that are concerned", default=())
    scoped_at: int | None = opaque(why="when whom it touches was counted last", default=None)

    # -- what is known ------------------------------------------------------------------------
    people: dict[str, int] | None = opaque(why="numbers by role/subject/country", default=None)
    companies: int = opaque(why="clients whose data is concerned", default=0)
    within_only: bool = opaque(why="it never left our organisation", default=False)
    credentials: bool | None = opaque(why="names with what opens an account", default=None)
    significant_harm: bool | None = opaque(why="PDPA s26B", default=None)
    risk: Risk | None = opaque(why="GDPR 33, 34", default=None)
    unreadable: bool = opaque(why="encrypted, with the keys shown to be out of reach", default=False)
    key_evidence: str | None = opaque(why="ticket or entry that shows it", default=None)
    harm_avoided: bool = opaque(why="measures since then make harm unlikely", default=False)
    telling_forbidden: bool = opaque(why="an authority forbids telling people", default=False)
    forbidden_under: str | None = opaque(why="its order, by number", default=None)
    serves_china: bool | None = opaque(why="the network concerned serves China from within", default=None)
    critical: bool = opaque(why="critical information infrastructure", default=False)
    level: Level | None = opaque(why="of the CAC's scale", default=None)
    national: bool | None = opaque(why="national security or public interest of China", default=None)

    # -- what became of it --------------------------------------------------------------------
    assessed_by: str | None = opaque(default=None)
    assessed_at: int | None = opaque(default=None)
    notifiable_at: int | None = opaque(why="when it was found notifiable under the PDPA", default=None)
    contained_at: int | None = opaque(default=None)
    downgraded_by: str | None = opaque(default=None)
    downgraded_at: int | None = opaque(default=None)
    worded_by: str | None = opaque(why="who of the staff found the contents", default=None)
    reports: int = opaque(why="how often an authority was told something", default=0)
    done: dict[str, int] = opaque(why="when what stops a clock happened", default_factory=dict)
    mass_ids: dict[str, str] = opaque(why="notices sent, by whom they are for", default_factory=dict)
    announcement_id: str | None = opaque(default=None)
    told: int = opaque(why="people whose notice was accepted for delivery", default=0)
    unreachable: int = opaque(why="people who could not be told one by one", default=0)
    follow_ups: int = opaque(default=0)
    next_follow_up_at: int | None = opaque(why="when somebody wants to be reminded", default=None)
    closed_by: str | None = opaque(default=None)
    closed_at: int | None = opaque(default=None)

    # -- words --------------------------------------------------------------------------------
    summary: str = personal(Category.COMMUNICATIONS, "text")
    contents: dict[str, dict[str, str]] | None = personal(Category.COMMUNICATIONS, "text", default=None)
    cause: str | None = personal(Category.COMMUNICATIONS, "text", default=None)
    grounds: str | None = personal(Category.COMMUNICATIONS, "text", default=None)
    news: str | None = personal(Category.COMMUNICATIONS, "text", default=None)
    closing: str | None = personal(Category.COMMUNICATIONS, "text", default=None)

    def facts(self) -> Facts:
        """What the rules look at."""
        return Facts(
            people=None if self.people is None else groups(self.people),
            categories=frozenset(Category(name) for name in self.categories),
            within_only=self.within_only,
            credentials=self.credentials,
            significant_harm=self.significant_harm,
            risk=self.risk,
            unreadable=self.unreadable,
            key_evidence=self.key_evidence,
            harm_avoided=self.harm_avoided,
            telling_forbidden=self.telling_forbidden,
            forbidden_under=self.forbidden_under,
            serves_china=self.serves_china,
            critical=self.critical,
            level=self.level,
            national=self.national,
        )

    def moments(self) -> Moments:
        """The events that start clocks and stop them."""
        return Moments(
            aware_at=self.aware_at,
            assessed_at=self.assessed_at,
            notifiable_at=self.notifiable_at,
            contained_at=self.contained_at,
            done={name: int(at) for name, at in self.done.items()},
        )


@record(
    kind="incident_company",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class IncidentCompany:
    """A client whose data is concerned: how much, in which capacity of ours, and whether it was told."""

    incident_id: str = opaque()
    company_id: str = opaque()
    roles: tuple[str, ...] = opaque(why="our roles for what is concerned of it")
    categories: tuple[str, ...] = opaque(why="of the policy (2.2)", default=())
    users: int = opaque(why="of its users, that are concerned", default=0)
    prospects: int = opaque(why="people in its data, that are concerned", default=0)
    records: int = opaque(default=0)
    found: dict[str, int] = opaque(
        why="role -> the look that found it, or last found a larger share of it", default_factory=dict
    )
    opened: dict[str, int] = opaque(why="kind -> how often one was opened, by the log", default_factory=dict)
    seen: str = opaque(why="the last piece of the log that was added, so that none counts twice", default="")
    first_at: int | None = opaque(why="first access in the window", default=None)
    last_at: int | None = opaque(default=None)
    accounts: tuple[str, ...] = opaque(why="ids of its users under whose name was read", default=())
    everybody: bool = opaque(why="what was opened may be about any of its users", default=False)
    unreadable: bool = opaque(why="it could not be looked into: nobody knows how many", default=False)


@record(
    kind="incident_person",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class IncidentPerson:
    """Somebody whom we have to tell ourselves, as an id: a user of a company, or a prospect of the base (then
    ``company_id`` is the operator's).
    """

    incident_id: str = opaque()
    company_id: str = opaque()
    person_id: str = opaque(why="id of the user, or of the prospect")
    whose: Subject = opaque(why="whether a user or a prospect")
    in_role: Role = opaque(why="in which capacity we hold what is concerned")
    place: str = opaque(why="country, ISO 3166 alpha-2; ZZ: nobody knows", default="ZZ")
    look: int = opaque(why="the search that found them first", default=1)


@record(
    kind="incident_report",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.NOTIFY_INCIDENT,
)
class IncidentReport:
    """What an authority was told, when, and under which reference of its own."""

    incident_id: str = opaque()
    report_id: str = opaque()
    what: ReportKind = opaque()
    obligation: str = opaque(why="what it fulfils")
    authority: Authority = opaque()
    place: str = opaque(why="country of an authority of which there are several", default="")
    number: str | None = opaque(why="the authority's reference", default=None)
    told_at: int = opaque()
    due_at: int | None = opaque(why="until when it was due", default=None)
    noted_by: str = opaque()
    noted_at: int = opaque()
    form_hash: str | None = opaque(why="SHA-256 of the form as it was filled", default=None)
    delay_reasons: str | None = personal(Category.COMMUNICATIONS, "text", default=None)
    words: str | None = personal(Category.COMMUNICATIONS, "text", default=None)


@record(
    kind="incident_step",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class IncidentStep:
    """Proof of one step of an incident, in the operator's chain: ids, codes, numbers, times."""

    company_id: str = opaque(why="whose chain this entry is in: the operator's")
    incident_id: str = opaque()
    step_id: str = opaque()
    act: IncidentAct = opaque()
    by: str | None = opaque(why="who of the staff; None: the workflow", default=None)
    at: int = opaque()
    state: IncidentState = opaque(why="of the incident, after it")
    concerns_id: str | None = opaque(why="company, notice, announcement or report it is about", default=None)
    said: dict[str, str] | None = opaque(why="facts or codes by name", default=None)
    number: int | None = opaque(why="of people, or of rows", default=None)
    words_hash: str | None = opaque(why="keyed hash of words that are sealed elsewhere", default=None)

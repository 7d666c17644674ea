"""The operator's own people: who they are, how they get in, what is on record about them (4.3.1, 4.3.2).

They are not the policy's users: their data is kept to control who reaches users' data, and for nothing else.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.personnel import Paper, StaffPosition, Standing
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.privacy.retention import Retention
from chalicelib.records.grants import Opened

_POSITION = "what they may do here; a buyer's job title is another thing"


class StaffState(StrEnum):
    """Whether somebody of the staff gets in."""

    INVITED = "invited"
    """Has not set a password and a one-time code yet."""
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Act(StrEnum):
    """What was done about somebody of the staff."""

    ADDED = "added"
    SET_UP = "set_up"
    RESET = "reset"
    LOGGED_IN = "logged_in"
    POSITION_CHANGED = "position_changed"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    LEFT = "left"
    PAPER_ENTERED = "paper_entered"
    LOOKED = "looked"
    """At something of a company that takes no grant."""


@record(
    kind="staff",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Duty.CONTROL_STAFF,
)
class Staff:
    """One person of the staff. The newest agreement and training are copied here, so that every request is
    judged by one row.
    """

    staff_id: str = opaque()
    position: StaffPosition = opaque(why=_POSITION)
    state: StaffState = opaque()
    generation: int = opaque(why="sessions of an earlier one are over", default=1)
    since: int = opaque()
    agreement: str | None = opaque(why="version of the confidentiality agreement signed last", default=None)
    agreed_at: int | None = opaque(default=None)
    course: str | None = opaque(why="the training completed last", default=None)
    trained_at: int | None = opaque(default=None)
    approves_from: int | None = opaque(why="newcomers approve nothing; None: never set up", default=None)
    name: str = personal(Category.LOGON, "name")
    email: str = personal(Category.LOGON, "work_mailbox")

    def standing(self) -> Standing:
        """What the rules ask about this person."""
        return Standing(
            staff_id=self.staff_id,
            position=self.position,
            active=self.state is StaffState.ACTIVE,
            agreement=self.agreement,
            course=self.course,
            trained_at=self.trained_at,
            approves_from=self.approves_from,
        )


@record(
    kind="former_staff",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
    collected_for=Duty.CONTROL_STAFF,
)
class FormerStaff:
    """Somebody who has left: as long as evidence names their id, it can be said whose it was."""

    staff_id: str = opaque()
    position: StaffPosition = opaque(why=_POSITION)
    since: int = opaque()
    left_at: int = opaque()
    name: str = personal(Category.LOGON, "name")


@record(
    kind="staff_roster",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Roster:
    """Who runs the staff. Every change of a person goes through this row, so that of two admins who suspend
    each other one is too late, and the last one stays.
    """

    roster: str = opaque(why="there is one", default="staff")
    admins: list[str] = opaque(why="staff ids of the admins who are active", default_factory=list)
    changes: int = opaque(default=0)


@record(
    kind="staff_login",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Duty.CONTROL_STAFF,
)
class StaffLogin:
    """From the keyed hash of a mailbox to its person; also what makes a mailbox unique among the staff.

    Verifier and one-time codes lie together: one is no way in without the other.
    """

    mailbox: str = opaque(why="keyed hash")
    staff_id: str = opaque()
    last_step: int = opaque(why="time steps of one-time codes up to this one are used up", default=0)
    networks: dict[str, int] = opaque(
        why="keyed hashes of the networks of the last logins, and when", default_factory=dict
    )
    password_verifier: str | None = personal(Category.LOGON, "password_verifier", export=False, default=None)
    secret: str | None = personal(Category.AUTOMATIC, "login_verification", export=False, default=None)


@record(
    kind="staff_setup",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.STAFF_SETUP,
    collected_for=Duty.CONTROL_STAFF,
)
class StaffSetup:
    """A way in that is being set up: known by the hash of the token, whose halves went out on two ways."""

    token_hash: str = opaque()
    staff_id: str = opaque()
    mailbox: str = opaque(why="keyed hash")
    generation: int = opaque(why="a newer token, or a suspension, ends an older one")
    vouched: bool = opaque(why="handed over at the operator's desk: no newcomer", default=False)
    password_verifier: str | None = personal(Category.LOGON, "password_verifier", export=False, default=None)
    secret: str | None = personal(Category.AUTOMATIC, "login_verification", export=False, default=None)


@record(
    kind="staff_session",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.STAFF_SESSION,
)
class StaffSession:
    """A logged-in person of the staff. The token itself is nowhere: only its SHA-256."""

    staff_id: str = opaque()
    token_hash: str = opaque()
    session_id: str = opaque()
    created_at: int = opaque()
    used_at: int = opaque()
    generation: int = opaque()


@record(
    kind="staff_done",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.IDEMPOTENCY,
)
class StaffDone:
    """A request of the staff that carried an Idempotency-Key took effect: which thing it made, from which
    body. Not kept beside the companies' own: that there is a case may be what an order forbids to tell.
    """

    key: str = opaque(why="keyed hash of who, the route and the client's key")
    body_hash: str = opaque(why="keyed hash of the request body")
    made_id: str = opaque(why="a case, an incident")


@record(
    kind="staff_paper",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class StaffPaper:
    """One entry of the personnel record (4.3.2): an agreement signed, a course completed."""

    staff_id: str = opaque()
    paper_id: str = opaque()
    paper: Paper = opaque()
    version: str = opaque(why="of the agreement, or which course")
    at: int = opaque(why="signed or completed")
    entered_by: str | None = opaque(why="None: at the operator's desk", default=None)
    entered_at: int = opaque()


@record(
    kind="staff_act",
    table="ledger",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class StaffAct:
    """Proof of one act about the staff, in the operator's chain."""

    company_id: str = opaque(why="the operator's partition")
    act_id: str = opaque()
    act: Act = opaque()
    staff_id: str = opaque(why="whom it is about")
    by_id: str | None = opaque(why="who did it; None: at the operator's desk", default=None)
    at: int = opaque()
    position: StaffPosition | None = opaque(why="as it is afterwards", default=None)
    paper: Paper | None = opaque(default=None)
    version: str | None = opaque(why="of the paper", default=None)
    dated: int | None = opaque(why="when it was signed or completed", default=None)
    concerns_id: str | None = opaque(why="the company that was looked at", default=None)
    opened: Opened | None = opaque(why="what of it", default=None)

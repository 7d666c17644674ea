"""Companies and what they let whom do. We are the controller of what is about their users."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention

_DAY: Final = 86_400
REMINDERS: Final = (30 * _DAY, 7 * _DAY, 0)
"""How long before the end of a paid term its admins hear of it, seconds; the last one says that it is
over.
"""


@record(
    kind="company",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class Company:
    """A subscribing company: the client, in the policy's words."""

    company_id: str = opaque()
    created_at: int = opaque()
    name: str = personal(Category.LOGON, "company")
    country: str | None = opaque(why="where the enterprise is, not where a person is", default=None)
    website: str | None = opaque(why="the enterprise's own", default=None)


@record(
    kind="access",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Access:
    """What every request of a company is checked against. Nothing personal, so reading it opens nothing."""

    company_id: str = opaque()
    state: CompanyState = opaque(why="as last set; whether the term is over follows from the clock")
    main_user_id: str = opaque(why="the main account; an active admin, always")
    people: int = opaque(why="counts changes to members; sessions hold a copy made at one of them", default=1)
    term_ends_at: int | None = opaque(why="end of the paid term; none before the first order", default=None)
    grants: dict[str, list[str]] = opaque(why="permissions by position, as set", default_factory=dict)
    restrictions: list[dict[str, Any]] = opaque(why="5.2, as set", default_factory=list)
    admins_need_totp: bool = opaque(default=False)
    reminded: int = opaque(why="how many of REMINDERS are done with for this term", default=0)
    holds: int = opaque(why="open holds: with none, nobody asks for them before a deletion", default=0)

    def state_at(self, now: int) -> CompanyState:
        """The state that counts at a moment: a term ends by itself, and a renewal before that second wins."""
        over = self.term_ends_at is not None and now >= self.term_ends_at
        return CompanyState.EXPIRED if over and self.state is CompanyState.ACTIVE else self.state

    def reminder_at(self) -> int | None:
        """When the next reminder of this term is due, epoch seconds; None when there is none left.

        A company on its way out is not asked to renew.
        """
        leaving = self.state in {CompanyState.CANCELLING, CompanyState.CANCELLED}
        if self.term_ends_at is None or self.reminded >= len(REMINDERS) or leaving:
            return None
        return self.term_ends_at - REMINDERS[self.reminded]

    def reminders_past(self, now: int) -> int:
        """How many reminders of this term have had their moment."""
        if self.term_ends_at is None:
            return 0
        return sum(now >= self.term_ends_at - before for before in REMINDERS)

    def grant_sets(self) -> dict[str, frozenset[Permission]]:
        """The company's own decisions, as ``permissions.decide`` takes them; unknown names fall away."""
        known = {one.value for one in Permission}
        return {
            position: frozenset(Permission(name) for name in names if name in known)
            for position, names in self.grants.items()
        }


@record(
    kind="department",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.MAINTAIN_ACCOUNT,
)
class Department:
    """A part of a company."""

    company_id: str = opaque()
    department_id: str = opaque()
    parent_id: str | None = opaque(default=None)
    created_at: int = opaque()
    name: str = personal(Category.LOGON, "company")


@record(
    kind="invitation",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.INVITATION,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class Invitation:
    """Somebody a company has asked to join; found by the hash of the secret that the mail carries."""

    company_id: str = opaque()
    invitation_id: str = opaque()
    position: Position = opaque(why="what the user may do; a buyer's job title is another thing")
    department_id: str | None = opaque(default=None)
    invited_by: str = opaque()
    token_hash: str = opaque()
    created_at: int = opaque()
    email: str = personal(Category.LOGON, "work_mailbox")
    locale: str = personal(Category.AUTOMATIC, "language")


@record(
    kind="invited",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.INVITATION,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class Invited:
    """From the hash of an invitation's secret to the invitation."""

    token_hash: str = opaque()
    company_id: str = opaque()
    invitation_id: str = opaque()


@record(
    kind="ai_settings",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class AiSettings:
    """What AI may do for a company (5.1: AI automation configuration)."""

    company_id: str = opaque()
    enabled: bool = opaque()
    tasks: list[str] = opaque(why="what may be asked of it")
    needs_approval: bool = opaque(why="a person looks before anything written by AI is sent")
    changed_by: str = opaque()
    changed_at: int = opaque()

"""Companies and what they let whom do. We are the controller of what is about their users."""

from __future__ import annotations

from typing import Any

from chalicelib.privacy import unrenewed
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Decision, Refused
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


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
    term_steps: int = opaque(why="how many steps of this term (5.3) are done with", default=0)
    warned_at: int | None = opaque(why="when its admins first heard that the account will end", default=None)
    holds: int = opaque(why="open holds: with none, nobody asks for them before a deletion", default=0)

    def state_at(self, now: int) -> CompanyState:
        """The state that counts at a moment: a term ends by itself, and a renewal before that second wins."""
        over = self.term_ends_at is not None and now >= self.term_ends_at
        return CompanyState.EXPIRED if over and self.state is CompanyState.ACTIVE else self.state

    def next_term_step(self) -> unrenewed.TermStep | None:
        """What follows next from this term, and when; None when nothing does. A company on its way out is
        neither asked to renew nor ended a second time.
        """
        leaving = self.state in {CompanyState.CANCELLING, CompanyState.CANCELLED}
        if self.term_ends_at is None or leaving:
            return None
        found = unrenewed.steps(self.term_ends_at, self.warned_at)
        return found[min(self.term_steps, len(found) - 1)]

    def may_end_unrenewed(self, now: int) -> Decision:
        """Whether the company may be cancelled because nobody renewed its term (5.3)."""
        if self.state in {CompanyState.CANCELLING, CompanyState.CANCELLED}:
            return Refused(unrenewed.CLAUSE, "already_cancelling")
        return unrenewed.may_end(self.term_ends_at, self.warned_at, now)

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

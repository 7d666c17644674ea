"""Leave to look at a company's data, and what was done with it (4.3.2: staff's operations are monitored).

Ids, codes and numbers only. No words: a purpose is a code and a ticket the number of one, so that nothing
about a person can stand in either.
"""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import replace
from enum import StrEnum
from typing import Any, Self

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.grants import GrantPurpose, GrantState, Reach, Terms
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


class GrantAct(StrEnum):
    """What was done about, or under, a grant."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    RETURNED = "returned"
    REVOKED = "revoked"
    OPENED = "opened"
    EXPORTED = "exported"


class Opened(StrEnum):
    """What was looked at under a grant."""

    COMPANY = "company"
    MEMBERS = "members"
    CONTACTS = "contacts"
    EXPORT = "export"
    """People and contacts together."""
    EVIDENCE = "evidence"
    """The company's chain of evidence; takes no grant."""
    RETENTION = "retention"
    """How much is held of somebody, until when and why; takes no grant."""


@record(
    kind="grant_act",
    table="ledger",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class StaffAccess:
    """Proof of one step of a grant, or of a look that takes none: in the operator's chain, and in that of the
    company, which so sees it.
    """

    company_id: str = opaque(why="whose chain this entry is in")
    act_id: str = opaque()
    act: GrantAct = opaque()
    grant_id: str | None = opaque(why="None: it takes none", default=None)
    staff_id: str = opaque(why="who did it")
    position: StaffPosition = opaque(why="what they are employed for")
    at: int = opaque()
    concerns_id: str | None = opaque(why="the company that is looked at", default=None)
    purpose: GrantPurpose | None = opaque(default=None)
    reach: Reach = opaque(default=Reach.READ)
    masked: bool | None = opaque(default=None)
    minutes: int | None = opaque(default=None)
    starts_at: int | None = opaque(default=None)
    ends_at: int | None = opaque(default=None)
    opened: Opened | None = opaque(default=None)
    number: int | None = opaque(why="how many were shown", default=None)


@record(
    kind="grant",
    table="operator",
    subject=Subject.STAFF,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class Grant:
    """Leave to look at one company; the rules are in ``privacy.grants``."""

    grant_id: str = opaque()
    purpose: GrantPurpose = opaque()
    ticket: str = opaque()
    masked: bool = opaque()
    asked_by: str = opaque()
    asked_at: int = opaque()
    reach: Reach = opaque()
    minutes: int = opaque()
    company_id: str = opaque()
    state: GrantState = opaque()
    approved_by: tuple[str, ...] = opaque(default=())
    starts_at: int | None = opaque(default=None)
    ends_at: int | None = opaque(default=None)

    def terms(self) -> Terms:
        """What the rules look at."""
        return Terms(**{one.name: getattr(self, one.name) for one in dataclass_fields(Terms)})

    def under(self, terms: Terms) -> Self:
        """The same grant as the rules have left it."""
        changed: Any = {one.name: getattr(terms, one.name) for one in dataclass_fields(Terms)}
        return replace(self, **changed)

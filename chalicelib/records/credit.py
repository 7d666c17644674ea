"""Credits for revealing prospects, and the ledger of what was spent: not a word about the people revealed.

An entry names no prospect: that somebody was revealed is noted where it is forgotten with them.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


class Why(StrEnum):
    """What an entry is about."""

    REVEAL = "reveal"
    REFUND = "refund"
    """A prospect was withdrawn soon after the company had paid for them."""


@record(
    kind="credit_balance",
    table="prospects",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Balance:
    """What a company has spent in the day and the month named here, and what it has beyond its plan.

    Counters of another day or month than today's count as nothing; nobody has to reset them.
    """

    company_id: str = opaque()
    month: str = opaque(why="2026-11, in Singapore")
    day: str = opaque(why="2026-11-23, in Singapore")
    spent_in_month: int = opaque(default=0)
    spent_in_day: int = opaque(default=0)
    from_plan: int = opaque(why="how much of the plan's allowance of the month is spent", default=0)
    extra: int = opaque(why="credits beyond the plan's; they do not lapse", default=0)
    daily_limit: int | None = opaque(why="set by the company's admins", default=None)
    monthly_limit: int | None = opaque(why="set by the company's admins", default=None)
    changed_at: int = opaque()


@record(
    kind="credit_entry",
    table="prospects",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
)
class Entry:
    """One movement of credits."""

    company_id: str = opaque()
    entry_id: str = opaque()
    amount: int = opaque(why="-1 for one spent, 1 for one given back")
    why: Why = opaque()
    by: str | None = opaque(why="the user's id; None: nobody's act", default=None)
    at: int = opaque()
    refunded_by: str | None = opaque(why="the entry that gave it back", default=None)

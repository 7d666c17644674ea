"""Orders of billing: what a company subscribed to, and every renewal (2.2.1(c)). We are their controller."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class Plan(StrEnum):
    """What can be subscribed to."""

    STARTER = "starter"
    TEAM = "team"
    BUSINESS = "business"


SEATS: Final = MappingProxyType({Plan.STARTER: 5, Plan.TEAM: 25, Plan.BUSINESS: 200})
"""How many members a plan is meant for. Shown, not enforced: what becomes of the member too many is for
sales to say. Our choice, to confirm.
"""


class OrderKind(StrEnum):
    """What an order is to billing."""

    NEW = "new"
    RENEWAL = "renewal"


@record(
    kind="order",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.MAINTAIN_ACCOUNT,
)
class Order:
    """One order as billing signed it. When its time runs follows from all orders together
    (`services.companies.terms`).
    """

    company_id: str = opaque()
    order_id: str = opaque(why="billing's own number")
    taken_at: int = opaque()
    plan: Plan = personal(Category.AUTOMATIC, "subscription")
    months: int = personal(Category.AUTOMATIC, "subscription")
    starts_at: int = personal(Category.AUTOMATIC, "subscription")
    placed_at: int = personal(Category.AUTOMATIC, "subscription")
    order_kind: OrderKind = personal(Category.AUTOMATIC, "renewal")

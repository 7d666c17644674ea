"""Subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, choice, or_null, page, ref, thing
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.register import Category
from chalicelib.records.subscriptions import OrderKind, Plan

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Order": thing(
        "An order of billing, and the time it pays for.",
        order_id=TEXT,
        kind=choice(OrderKind),
        category={"const": Category.AUTOMATIC.value},
        plan=choice(Plan),
        months=COUNT,
        starts_at=TIME,
        ends_at=TIME,
        placed_at=TIME,
    ),
    "OrderPage": page("Order"),
    "Subscription": thing(
        "What the company has now. Null: nothing was ordered yet.",
        state=choice(CompanyState),
        plan={"type": ["string", "null"], "enum": [*(one.value for one in Plan), None]},
        seats={**or_null(COUNT), "description": "How many members the plan is meant for."},
        term_starts_at={**or_null(TIME), "description": "Since when it has been paid for without a gap."},
        term_ends_at=or_null(TIME),
        ends_in_days={**or_null(COUNT), "description": "A part of a day counts whole."},
        history=ref("OrderPage"),
    ),
    "SubscriptionWish": thing("Billing knows.", id=TEXT, status={"const": "requested"}),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {"WantedSubscription": {"plan": "team", "months": 12}}
"""Bodies by the name of their model."""

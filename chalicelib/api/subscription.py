"""The company's subscription: what it has, what it had, and asking for more."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from pydantic import Field

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.register import Category
from chalicelib.records.subscriptions import Plan
from chalicelib.services.companies import subscription
from chalicelib.services.companies.terms import Span

bp = Blueprint(__name__)


class WantedSubscription(Form):
    """What the company would like to have."""

    plan: Literal["starter", "team", "business"]
    months: Annotated[int, Field(ge=1, le=36)]


@route(
    bp,
    "GET",
    "/v1/company/subscription",
    summary="The subscription, and every order so far",
    permission=Permission.SUBSCRIPTION_READ,
    paged=True,
    clauses=("automatic",),
    answer="Subscription",
)
def show_subscription(call: Call) -> dict[str, Any]:
    """`state` is that of this moment. `limit` and `cursor` page through `history`, the order that runs last
    first.
    """
    found = subscription.view(call.who)
    history = _after(found.history, call.cursor)
    return {
        "state": found.state.value,
        "plan": None if found.plan is None else found.plan.value,
        "seats": found.seats,
        "term_starts_at": clock.rfc3339(found.began_at),
        "term_ends_at": clock.rfc3339(found.ends_at),
        "ends_in_days": found.days_left,
        "history": page(call, history[: call.limit + 1], lambda span: span.order.order_id, _order_view),
    }


@route(
    bp,
    "POST",
    "/v1/company/subscription",
    summary="Ask for a subscription or its renewal",
    status=202,
    body=WantedSubscription,
    permission=Permission.SUBSCRIPTION_MANAGE,
    repeatable=True,
    clauses=("automatic",),
    answer="SubscriptionWish",
    errors=(429, 503),
)
def ask_for_subscription(call: Call) -> dict[str, str]:
    """The wish goes to billing, and nothing changes until billing has made an order of it: at most ten a
    day.
    """
    form: WantedSubscription = call.body
    wish_id = subscription.ask(call.who, Plan(form.plan), form.months, call.repeat)
    return {"id": wish_id, "status": "requested"}


def _after(history: list[Span], cursor: str | None) -> list[Span]:
    if cursor is None:
        return history
    for number, span in enumerate(history, 1):
        if span.order.order_id == cursor:
            return history[number:]
    raise InvalidError(errors=[FieldError("cursor", "malformed")])


def _order_view(span: Span) -> dict[str, Any]:
    order = span.order
    return {
        "order_id": order.order_id,
        "kind": order.order_kind.value,
        "category": Category.AUTOMATIC.value,
        "plan": order.plan.value,
        "months": order.months,
        "starts_at": clock.rfc3339(span.begins),
        "ends_at": clock.rfc3339(span.ends),
        "placed_at": clock.rfc3339(order.placed_at),
    }

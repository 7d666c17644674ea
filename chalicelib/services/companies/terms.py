"""When paid terms begin and end: a pure function of all orders of a company.

Orders arrive late, twice and out of order, so nothing is added to what is there: the term is counted anew
from everything that was ever ordered, and the order of arrival cannot matter. Months are counted from the
day an unbroken run began (31 Jan, 28 Feb, 31 Mar), so nobody loses days at the ends of months.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from chalicelib.privacy.retention import add_months
from chalicelib.records.subscriptions import Order, OrderKind


class Span(NamedTuple):
    """An order and the time it pays for, epoch seconds."""

    order: Order
    begins: int
    ends: int


class _Run(NamedTuple):
    """An unbroken stretch of paid time."""

    first: datetime
    months: int

    @property
    def end(self) -> datetime:
        return add_months(self.first, self.months)


def spans(orders: Iterable[Order]) -> list[Span]:
    """The orders with the time each pays for, the earliest first.

    An order that starts before the paid time is over, and a renewal placed before that, continue it:
    whoever renews early loses nothing. Any other starts when it says. Two orders for the same time are paid
    time twice, one after the other.
    """
    found: list[Span] = []
    run: _Run | None = None
    for order in sorted(orders, key=lambda one: (one.starts_at, one.placed_at, one.order_id)):
        starts = datetime.fromtimestamp(order.starts_at, UTC)
        if run is None or not _continues(order, int(run.end.timestamp())):
            run = _Run(starts, 0)
        begins = run.end
        run = run._replace(months=run.months + order.months)
        found.append(Span(order, int(begins.timestamp()), int(run.end.timestamp())))
    return found


def _continues(order: Order, end: int) -> bool:
    in_time = order.order_kind is OrderKind.RENEWAL and order.placed_at <= end
    return order.starts_at <= end or in_time


def running(found: list[Span], now: int) -> Span | None:
    """The one that counts now: before the first its order, after the last that one; None without any."""
    begun = [span for span in found if span.begins <= now]
    return begun[-1] if begun else next(iter(found), None)


def began(found: list[Span], span: Span) -> int:
    """When the unbroken paid time that holds a span began."""
    first = span
    for earlier in reversed(found[: found.index(span)]):
        if earlier.ends != first.begins:
            break
        first = earlier
    return first.begins

"""Paid time: nobody loses a day of it by renewing early, late, twice, or because orders came out of order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.consent import CompanyState
from chalicelib.records.companies import Access
from chalicelib.records.subscriptions import Order, OrderKind, Plan
from chalicelib.services.companies import reminders, terms

pytestmark = pytest.mark.clause("automatic")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def order(
    number: str,
    starts: str,
    months: int,
    kind: OrderKind = OrderKind.NEW,
    placed: str | None = None,
    plan: Plan = Plan.TEAM,
) -> Order:
    return Order(
        company_id="co_06gv7s2k81r0bo4m5p3t9d6e8g",
        order_id=number,
        taken_at=0,
        plan=plan,
        months=months,
        starts_at=at(starts),
        placed_at=at(placed or starts),
        order_kind=kind,
    )


def ends(*orders: Order) -> list[str]:
    return [datetime.fromtimestamp(span.ends, UTC).strftime("%Y-%m-%d") for span in terms.spans(orders)]


def test_monthly_renewals_from_the_31st_do_not_lose_days_to_february() -> None:
    orders = [order("1", "2027-01-31", 1)]
    orders += [
        order(str(n), when, 1, OrderKind.RENEWAL)
        for n, when in enumerate(("2027-02-28", "2027-03-31", "2027-04-30"), 2)
    ]
    assert ends(*orders) == ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]


def test_renewing_early_adds_to_the_end_and_late_starts_anew() -> None:
    first = order("1", "2026-01-01", 12)
    early = order("2", "2026-11-01", 12, OrderKind.RENEWAL)
    to_the_second = order("2", "2027-01-01", 12, OrderKind.RENEWAL, placed="2026-12-31T23:59:59")
    late = order("2", "2027-01-02", 12, OrderKind.RENEWAL)
    assert ends(first, early)[-1] == ends(first, to_the_second)[-1] == "2028-01-01"
    assert ends(first, late)[-1] == "2028-01-02"
    # Placed in time with a later first day: the time in between would be lost to whoever paid without a break.
    assert (
        ends(first, order("2", "2027-01-20", 12, OrderKind.RENEWAL, placed="2026-12-01"))[-1] == "2028-01-01"
    )
    # A new order may begin when it wants to.
    assert ends(first, order("2", "2027-03-01", 12, OrderKind.NEW, placed="2026-12-01"))[-1] == "2028-03-01"


def test_the_order_of_arrival_does_not_matter() -> None:
    orders = [
        order("1", "2026-01-01", 12),
        order("2", "2027-01-01", 12, OrderKind.RENEWAL, placed="2026-12-01"),
        order("3", "2027-01-01", 1, OrderKind.RENEWAL, placed="2026-12-01"),
        order("4", "2029-06-01", 1),
    ]
    assert len({tuple(ends(*mixed)) for mixed in permutations(orders)}) == 1
    assert ends(*orders) == ["2027-01-01", "2028-01-01", "2028-02-01", "2029-07-01"]


@given(
    st.lists(
        st.tuples(
            st.dates(datetime(2024, 1, 1).date(), datetime(2032, 1, 1).date()),
            st.integers(1, 36),
            st.sampled_from(OrderKind),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_all_paid_months_are_given_and_time_is_never_given_twice(
    drawn: list[tuple[object, int, OrderKind]],
) -> None:
    orders = [order(str(n), str(day), months, kind) for n, (day, months, kind) in enumerate(drawn)]
    found = terms.spans(orders)
    assert len(found) == len(orders)
    for earlier, later in pairwise(found):
        assert earlier.ends <= later.begins
    for span in found:
        days = (span.ends - span.begins) / 86_400
        assert 28 * span.order.months <= days <= 31 * span.order.months
    first, last = terms.running(found, 0), terms.running(found, 2**40)
    assert first is not None
    assert last is not None
    assert {first.order.order_id, last.order.order_id} == {
        found[0].order.order_id,
        found[-1].order.order_id,
    }


def test_the_plan_of_now_is_that_of_the_order_which_runs_now() -> None:
    found = terms.spans(
        [
            order("1", "2026-01-01", 12, plan=Plan.STARTER),
            order("2", "2026-06-01", 12, OrderKind.RENEWAL, plan=Plan.BUSINESS),
        ]
    )

    def plan(when: str) -> str:
        span = terms.running(found, at(when))
        assert span is not None
        assert terms.began(found, span) == at("2026-01-01")
        return span.order.plan

    assert plan("2025-12-01") == plan("2026-12-31T23:59:59") == "starter"
    assert plan("2027-01-01") == plan("2030-01-01") == "business"


def test_a_term_ends_on_its_second_and_not_before() -> None:
    end = at("2027-01-01")
    access = Access(company_id="co_x", state=CompanyState.ACTIVE, main_user_id="usr_x", term_ends_at=end)
    assert access.state_at(end - 1) is CompanyState.ACTIVE
    assert access.state_at(end) is CompanyState.EXPIRED
    assert reminders.days_left(end, end - 7 * 86400) == 7
    assert reminders.days_left(end, end - 1) == 1
    assert reminders.days_left(end, end) == 0

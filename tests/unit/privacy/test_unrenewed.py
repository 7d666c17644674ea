"""Nobody's account ends a second before six months have passed since a term that nobody renewed, nor untold."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import unrenewed
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.retention import add_months
from chalicelib.privacy.unrenewed import StepKind
from chalicelib.records.companies import Access

pytestmark = pytest.mark.clause("cancellation")

DAY = 86_400
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2060, 1, 1)).map(
    lambda one: int(one.replace(tzinfo=UTC).timestamp())
)


def at(text: str) -> int:
    """Singapore's time, unless the text says another."""
    told = datetime.fromisoformat(text)
    return int((told if told.tzinfo else told.replace(tzinfo=SINGAPORE)).timestamp())


def ends(term: str) -> str:
    return datetime.fromtimestamp(unrenewed.boundary(at(term)), SINGAPORE).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("term", "account"),
    [
        ("2026-01-15T09:30:00", "2026-07-15T09:30:00"),
        ("2026-08-31T12:00:00", "2027-02-28T12:00:00"),
        ("2027-08-31T12:00:00", "2028-02-29T12:00:00"),
        ("2027-08-30T12:00:00", "2028-02-29T12:00:00"),
        ("2027-08-29T12:00:00", "2028-02-29T12:00:00"),
        ("2026-08-29T12:00:00", "2027-02-28T12:00:00"),
        ("2026-08-28T12:00:00", "2027-02-28T12:00:00"),
        ("2028-02-29T23:59:59", "2028-08-29T23:59:59"),
        ("2026-02-28T12:00:00", "2026-08-28T12:00:00"),
        ("2026-10-31T12:00:00", "2027-04-30T12:00:00"),
        ("2026-12-31T12:00:00", "2027-06-30T12:00:00"),
        ("2026-03-31T12:00:00", "2026-09-30T12:00:00"),
        ("2099-08-31T12:00:00", "2100-02-28T12:00:00"),  # 2100 is no leap year
    ],
)
def test_the_end_is_on_the_same_date_six_months_later_or_on_the_last_of_a_shorter_month(
    term: str, account: str
) -> None:
    assert ends(term) == account


@pytest.mark.parametrize(
    ("term", "account"),
    [
        # Midnight in Singapore is four in the afternoon in Greenwich, on another date.
        (
            "2026-08-30T16:00:00+00:00",
            "2027-02-28T00:00:00",
        ),  # 31 Aug begins; by UTC it would be the 28th, 16 h
        ("2026-08-30T15:59:59+00:00", "2027-02-28T23:59:59"),  # 30 Aug ends
        ("2026-08-31T16:00:00+00:00", "2027-03-01T00:00:00"),  # 1 Sep begins
        ("2026-12-31T16:00:00+00:00", "2027-07-01T00:00:00"),  # 1 Jan begins
        ("2028-02-28T16:00:00+00:00", "2028-08-29T00:00:00"),  # 29 Feb begins
        ("2026-09-30T16:00:00+00:00", "2027-04-01T00:00:00"),  # 1 Oct begins
        ("2026-08-31T00:00:00+00:00", "2027-02-28T08:00:00"),
    ],
)
def test_dates_are_those_of_singapore_and_not_of_greenwich(term: str, account: str) -> None:
    assert ends(term) == account


def test_a_term_that_ends_at_midnight_in_singapore_is_not_counted_by_the_day_before() -> None:
    term = at("2026-08-31T00:00:00")
    by_utc = int(add_months(datetime.fromtimestamp(term, UTC), 6).timestamp())
    assert unrenewed.boundary(term) == by_utc - DAY


@given(MOMENTS)
def test_it_is_never_less_than_181_days_nor_more_than_184(term: int) -> None:
    assert 181 * DAY <= unrenewed.boundary(term) - term <= 184 * DAY


@given(MOMENTS)
def test_what_follows_comes_in_order_and_says_so_a_week_before_the_end(term: int) -> None:
    found = unrenewed.steps(term)
    assert [one.kind for one in found] == [
        *[StepKind.ENDING] * 2,
        StepKind.ENDED,
        *[StepKind.LAPSED] * 4,
        StepKind.OVER,
    ]
    assert all(earlier.at < later.at for earlier, later in pairwise(found))
    assert found[-1].at - found[-2].at == 7 * DAY
    assert found[2].at == term
    assert [unrenewed.past(term, one.at) for one in found] == [1, 2, 3, 4, 5, 6, 7, 7]
    assert [unrenewed.past(term, one.at - 1) for one in found] == [0, 1, 2, 3, 4, 5, 6, 7]


def test_the_reminders_after_a_term_that_ended_on_the_31st_fall_on_the_last_of_shorter_months() -> None:
    found = unrenewed.steps(at("2026-08-31T12:00:00"))
    assert [datetime.fromtimestamp(one.at, SINGAPORE).date().isoformat() for one in found] == [
        "2026-08-01",
        "2026-08-24",
        "2026-08-31",
        "2026-09-30",
        "2026-11-30",
        "2027-01-31",
        "2027-02-21",
        "2027-02-28",
    ]


# ---------------------------------------------------------------- one second before


@given(MOMENTS)
def test_an_order_one_second_before_keeps_the_company_and_one_at_the_second_does_not(term: int) -> None:
    end = unrenewed.boundary(term)
    assert unrenewed.reordered_in_time(end - 1, term, term + 30 * DAY)
    assert not unrenewed.reordered_in_time(end, term, term + 30 * DAY)


@given(MOMENTS)
def test_a_clock_of_ours_that_is_two_seconds_ahead_ends_nobody(term: int) -> None:
    end, warned = unrenewed.boundary(term), term + 30 * DAY
    assert unrenewed.may_end(term, warned, end) == Refused("cancellation", "term_not_lapsed")
    assert unrenewed.may_end(term, warned, end + 1) == Refused("cancellation", "term_not_lapsed")
    assert unrenewed.may_end(term, warned, end + 2) == Allowed()


# ---------------------------------------------------------------- nobody untold


def test_without_a_term_or_a_warning_nothing_ends_however_late_it_is() -> None:
    assert unrenewed.may_end(None, 0, 2**40) == Refused("cancellation", "no_term")
    assert unrenewed.may_end(0, None, 2**40) == Refused("cancellation", "not_warned")


@given(MOMENTS, st.integers(-200 * DAY, 400 * DAY))
def test_whoever_is_told_late_has_a_week_from_then(term: int, late: int) -> None:
    boundary = unrenewed.boundary(term)
    warned = boundary + late
    end = unrenewed.account_ends(term, warned)
    assert end >= boundary
    assert end - warned >= 6 * DAY
    assert end == boundary or end == warned + 7 * DAY
    assert unrenewed.steps(term, warned)[-1].at == end
    assert unrenewed.reordered_in_time(end - 1, term, warned)
    assert not unrenewed.reordered_in_time(end, term, warned)


def test_a_last_reminder_that_comes_an_hour_late_does_not_move_the_end() -> None:
    term = at("2026-01-15T09:30:00")
    end = unrenewed.boundary(term)
    assert unrenewed.account_ends(term, end - 7 * DAY + 3600) == end
    assert unrenewed.account_ends(term, end - 6 * DAY) == end
    assert unrenewed.account_ends(term, end - 6 * DAY + 1) == end + DAY + 1


# ---------------------------------------------------------------- a company's own row


def access(state: CompanyState, term: int | None, **more: Any) -> Access:
    return Access(company_id="co_x", state=state, main_user_id="usr_x", term_ends_at=term, **more)


@pytest.mark.parametrize("state", CompanyState)
def test_who_is_on_the_way_out_or_never_ordered_is_neither_reminded_nor_ended_again(
    state: CompanyState,
) -> None:
    term = at("2026-01-15T09:30:00")
    late = unrenewed.boundary(term) + DAY
    leaving = state in {CompanyState.CANCELLING, CompanyState.CANCELLED}
    found = access(state, term, term_steps=7, warned_at=term)
    assert (found.next_term_step() is None) is leaving
    assert isinstance(found.may_end_unrenewed(late), Refused if leaving else Allowed)
    never = access(state, None)
    assert never.next_term_step() is None
    assert isinstance(never.may_end_unrenewed(late), Refused)


def test_the_end_stays_due_until_the_company_is_on_its_way() -> None:
    term = at("2026-01-15T09:30:00")
    steps = unrenewed.steps(term)
    for number, step in enumerate(steps):
        assert access(CompanyState.ACTIVE, term, term_steps=number).next_term_step() == step
    assert access(CompanyState.ACTIVE, term, term_steps=99).next_term_step() == steps[-1]

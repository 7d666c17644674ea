"""Nobody loses what they have here before 30 full days have passed since the last of us was told (4.1.3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.privacy import clocks, endings
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.endings import NOTICE_SECONDS

pytestmark = pytest.mark.clause("discontinuation")

DAY = 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


TOO_SOON = Refused("discontinuation", "too_soon")


def test_thirty_days_are_thirty_times_twenty_four_hours() -> None:
    assert NOTICE_SECONDS == 30 * DAY == 2_592_000


@pytest.mark.parametrize(
    "accepted",
    [
        "2027-01-31T10:00:00+08:00",
        "2028-02-28T23:59:59+08:00",  # a leap year's February lies between
        "2027-12-15T00:00:00+08:00",  # over the new year
        "2027-03-14T01:30:00-05:00",  # clocks change in New York on that day
        "2027-10-31T02:30:00+01:00",  # and in Paris
    ],
)
def test_an_end_one_second_too_early_is_refused_and_the_full_days_are_enough(accepted: str) -> None:
    told = at(accepted)
    first = endings.earliest(told)
    assert first - told == 30 * DAY
    assert endings.may_end(first, told, first - 1, all_told=True) == TOO_SOON
    assert endings.may_end(first, told, first, all_told=True) == Allowed()
    assert endings.may_want(first, told) == Allowed()
    assert endings.may_want(first - 1, told) == TOO_SOON


def test_an_end_that_everybody_has_forgotten_by_then_is_not_announced() -> None:
    now = at("2027-01-01T00:00:00+08:00")
    assert endings.may_want(now + 300 * DAY, now) == Allowed()
    assert endings.may_want(now + 300 * DAY + 1, now) == Refused("discontinuation", "too_far")


def test_the_day_that_was_named_counts_even_when_thirty_days_are_over_before() -> None:
    told = at("2027-01-01T09:00:00+08:00")
    ends = clocks.begins(date(2027, 3, 1))
    assert endings.moved(ends, told) == ends
    assert endings.may_end(ends, told, ends - 1, all_told=True) == TOO_SOON
    assert endings.may_end(ends, told, ends, all_told=True) == Allowed()


@pytest.mark.parametrize(
    ("accepted", "ends"),
    [
        ("2027-01-01T00:00:00+08:00", "2027-01-31T00:00:00+08:00"),
        ("2027-01-01T00:00:01+08:00", "2027-02-01T00:00:00+08:00"),
        ("2027-01-01T23:59:59+08:00", "2027-02-01T00:00:00+08:00"),
        ("2028-01-30T12:00:00+08:00", "2028-03-01T00:00:00+08:00"),
        ("2027-01-30T12:00:00+08:00", "2027-03-02T00:00:00+08:00"),
        ("2027-12-31T20:00:00+00:00", "2028-02-01T00:00:00+08:00"),
    ],
)
def test_an_end_that_moves_goes_to_a_midnight_that_leaves_the_days_full(accepted: str, ends: str) -> None:
    made = endings.moved(at("2027-01-02T00:00:00+08:00"), at(accepted))
    assert datetime.fromtimestamp(made, UTC) == datetime.fromisoformat(ends)
    assert made - at(accepted) >= 30 * DAY


@pytest.mark.parametrize("hours", range(0, 24 * 40, 7))
def test_no_acceptance_ever_brings_an_end_nearer(hours: int) -> None:
    ends = clocks.begins(date(2027, 6, 1))
    told = at("2027-04-20T00:00:00+08:00") + hours * 3600
    made = endings.moved(ends, told)
    assert made >= ends
    assert made >= endings.earliest(told)
    assert endings.moved(made, told - 5 * DAY) == made, (
        "an earlier word, or one that came back, changes nothing"
    )
    assert made - max(ends, endings.earliest(told)) < DAY


def test_nothing_ends_while_somebody_is_still_to_be_told_or_when_nobody_was() -> None:
    late = at("2030-01-01T00:00:00+08:00")
    refused = Refused("discontinuation", "not_all_told")
    assert endings.may_end(0, 0, late, all_told=False) == refused
    assert endings.may_end(0, None, late, all_told=True) == refused


def test_whoever_joins_could_still_be_told_in_time() -> None:
    ends = clocks.begins(date(2027, 6, 1))
    last = endings.joining_ends(ends)
    assert endings.moved(ends, last) == ends
    assert endings.moved(ends, last + 1) > ends
    assert timedelta(seconds=ends - last) == timedelta(days=30)

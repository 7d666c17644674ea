"""Unusual reading is named, on the right side of each limit, and ordinary work is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from chalicelib.privacy import retention, watching
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.watching import (
    ENOUGH_HOURS,
    HOUR,
    STAFF,
    USERS,
    Finding,
    Limits,
    Reading,
    Unusual,
    judge,
)

pytestmark = pytest.mark.clause("access", "personnel")

MONDAY = int(datetime(2026, 11, 23, tzinfo=SINGAPORE).timestamp())
"""Midnight in Singapore, which is 16:00 on Sunday in UTC."""


def at(hour: int, records: int = 1, companies: int = 1, day: int = 0) -> Reading:
    return Reading(MONDAY + day * 86_400 + hour * HOUR, records, companies)


def days_of(records: int, hour: int = 10, number: int = ENOUGH_HOURS) -> list[Reading]:
    return [at(hour, records, day=-day) for day in range(1, number + 1)]


def kinds(found: list[Finding]) -> set[Unusual]:
    return {one.unusual for one in found}


@pytest.mark.parametrize("of", [USERS, STAFF])
def test_nobody_reads_more_than_anybody_needs_without_being_named(of: Limits) -> None:
    assert judge(of, at(10, of.ceiling), []) == []
    assert judge(of, at(10, of.ceiling + 1), []) == [Finding(Unusual.VOLUME, of.ceiling + 1, of.ceiling)]


@pytest.mark.parametrize("of", [USERS, STAFF])
def test_far_more_than_ones_own_past_is_named_once_there_is_a_past(of: Limits) -> None:
    usual = of.own_from // of.times_own
    past, much = days_of(usual), of.times_own * usual
    assert judge(of, at(10, much), past) == []
    assert judge(of, at(10, much + 1), past) == [Finding(Unusual.OWN_PAST, much + 1, usual)]
    assert judge(of, at(10, much + 1), past[1:]) == [], "nine hours are no habit"


def test_a_quiet_person_who_reads_a_little_more_is_not_named() -> None:
    assert judge(USERS, at(10, USERS.own_from - 1), days_of(20)) == []
    assert kinds(judge(USERS, at(10, USERS.own_from), days_of(20))) == {Unusual.OWN_PAST}


def test_one_heavy_day_does_not_make_the_next_one_usual() -> None:
    past = [*days_of(30), at(11, USERS.ceiling, day=-1)]
    assert kinds(judge(USERS, at(10, 600), past)) == {Unusual.OWN_PAST}


@pytest.mark.parametrize(
    ("day", "hour", "odd"),
    [
        (0, 7, True),
        (0, 8, False),
        (0, 19, False),
        (0, 20, True),
        (4, 19, False),
        (5, 10, True),
        (6, 10, True),
    ],
)
def test_the_staff_reads_at_work_or_is_asked_why_not(day: int, hour: int, odd: bool) -> None:
    """From Monday to Friday, 8 to 20 in Singapore: a single record outside is a question."""
    found = judge(STAFF, at(hour, 1, day=day), [])
    assert found == ([Finding(Unusual.HOUR, 1, 0)] if odd else [])


def test_a_user_may_work_at_night_if_that_is_when_they_work() -> None:
    at_night = days_of(50, hour=23)
    for hour, odd in [(22, False), (23, False), (0, False), (1, True), (12, True)]:
        found = judge(USERS, at(hour, USERS.odd_from), at_night)
        assert kinds(found) == ({Unusual.HOUR} if odd else set()), hour
    assert judge(USERS, at(12, USERS.odd_from - 1), at_night) == [], "looking something up is no event"
    assert judge(USERS, at(12, USERS.odd_from), at_night[1:]) == [], "a newcomer has no hours yet"


def test_somebody_of_the_staff_in_many_companies_at_once_is_named_and_a_user_cannot_be() -> None:
    assert STAFF.companies is not None
    assert judge(STAFF, at(10, 9, STAFF.companies), []) == []
    assert judge(STAFF, at(10, 9, STAFF.companies + 1), []) == [
        Finding(Unusual.BREADTH, STAFF.companies + 1, STAFF.companies)
    ]
    assert judge(USERS, at(10, 9, 50), []) == []


def test_several_things_can_be_unusual_about_one_hour() -> None:
    found = judge(STAFF, at(3, STAFF.ceiling + 1, 9), days_of(5))
    assert kinds(found) == set(Unusual)


@pytest.mark.clause("retention")
def test_of_quiet_hours_nothing_is_kept() -> None:
    assert not watching.worth_noting(USERS, at(10, USERS.noted_from - 1))
    assert watching.worth_noting(USERS, at(10, USERS.noted_from))
    assert watching.worth_noting(STAFF, at(10, 1))
    assert not watching.worth_noting(STAFF, at(10, 0))


@pytest.mark.clause("retention")
def test_the_past_is_compared_as_far_back_as_it_is_kept() -> None:
    assert retention.READING == watching.PAST
    assert timedelta(days=28) < watching.PAST < timedelta(days=60)


@pytest.mark.clause("singapore")
def test_singapore_keeps_one_time_all_year() -> None:
    for one, two in pairwise([MONDAY + week * 7 * 86_400 for week in range(53)]):
        assert watching.singapore(one).hour == watching.singapore(two).hour == 0


@pytest.mark.parametrize("of", [USERS, STAFF])
def test_the_limits_make_sense_together(of: Limits) -> None:
    assert of.noted_from <= of.odd_from <= of.ceiling
    assert of.noted_from * of.times_own <= of.own_from <= of.ceiling

"""How long: one second on either side of every period, month ends and leap days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import fields, retention
from chalicelib.privacy.retention import (
    GRACE,
    RULES,
    SESSION_ABSOLUTE,
    SESSION_IDLE,
    UNRENEWED,
    Criterion,
    KeptUntil,
    Months,
    Period,
    Retention,
    Rule,
    add_months,
    after,
    consented,
    deletable,
    deletable_epoch,
    expired,
    expired_epoch,
    keep_until,
    section,
    session_ends,
)
from tools.processing_record import import_records

pytestmark = pytest.mark.clause("retention")

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 8, 31, 12, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
periods = st.one_of(
    st.none(),
    st.integers(0, 120).map(Months),
    st.timedeltas(timedelta(0), timedelta(days=4000)),
)


@pytest.mark.parametrize(
    ("start", "months", "wanted"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2027, 8, 29), 6, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 5, 15), 0, date(2026, 5, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(1999, 8, 31), 6, date(2000, 2, 29)),
        (date(2099, 8, 31), 6, date(2100, 2, 28)),
    ],
)
def test_a_month_ends_on_its_last_day(start: date, months: int, wanted: date) -> None:
    assert add_months(start, months) == wanted


@given(start=st.dates(date(1900, 1, 1), date(2200, 1, 1)), months=st.integers(-600, 600))
def test_months_land_in_the_right_month_and_never_later_than_the_same_day(start: date, months: int) -> None:
    moved = add_months(start, months)
    gone = (moved.year - start.year) * 12 + moved.month - start.month
    assert gone == months
    assert moved.day <= start.day
    if moved.day < start.day:
        assert (moved + timedelta(days=1)).day == 1


def test_months_keep_the_hour_and_the_zone_of_singapore() -> None:
    midnight = datetime(2026, 8, 31, 0, 0, tzinfo=ZoneInfo("Asia/Singapore"))
    assert add_months(midnight, 6).isoformat() == "2027-02-28T00:00:00+08:00"


@pytest.mark.clause("cancellation")
def test_six_months_after_the_last_day_of_august_is_the_last_day_of_february() -> None:
    assert after(NOON, UNRENEWED) == datetime(2027, 2, 28, 12, tzinfo=UTC)


@pytest.mark.clause("cancellation")
def test_a_renewal_one_second_before_the_boundary_finds_the_data_still_there() -> None:
    boundary = after(NOON, UNRENEWED)
    assert not deletable(boundary, boundary - SECOND)
    assert deletable(boundary, boundary)


@pytest.mark.parametrize("name", [n for n in Retention if None not in n.rule.criteria.values()])
def test_what_has_expired_is_seen_by_nobody_and_what_has_not_by_those_it_is_for(
    name: Retention,
) -> None:
    end = keep_until(NOON, name.rule).at
    assert end is not None
    assert not expired(end, end - GRACE - SECOND)
    assert expired(end, end - GRACE)
    assert expired(end, end - SECOND)
    assert expired(end, end)
    assert expired(end, end + SECOND)
    assert not deletable(end, end - SECOND)


def test_a_slow_clock_never_prolongs_access() -> None:
    assert timedelta(0) < GRACE
    assert expired(NOON, NOON - GRACE)


@given(end=moments, drift=st.integers(-10, 10))
def test_seconds_and_datetimes_agree_on_what_has_expired(end: datetime, drift: int) -> None:
    end = end.replace(microsecond=0)
    now = end + timedelta(seconds=drift)
    assert expired_epoch(end.timestamp(), now.timestamp()) == expired(end, now)


@pytest.mark.parametrize("name", [Retention.SERVICE_TERM, Retention.SUPPRESSION])
def test_a_refusal_or_a_contact_does_not_lapse_while_the_company_is_served(name: Retention) -> None:
    assert keep_until(NOON, name.rule).at is None
    assert not expired(None, NOON)
    assert not expired_epoch(None, 0)
    assert not deletable(None, NOON)


@given(start=moments, given=st.dictionaries(st.sampled_from(list(Criterion)), periods, min_size=1))
def test_the_longest_criterion_wins_and_is_named(
    start: datetime, given: dict[Criterion, Period | None]
) -> None:
    kept = keep_until(start, Rule("any", MappingProxyType(given), "because"))
    ends = [None if period is None else after(start, period) for period in given.values()]
    if None in ends:
        assert kept.at is None
    else:
        assert kept.at == max(end for end in ends if end is not None)
    winner = given[kept.criterion]
    assert kept.at == (None if winner is None else after(start, winner))


@given(start=moments, extra=moments, name=st.sampled_from(list(Retention)))
def test_another_reason_to_keep_lengthens_or_changes_nothing(
    start: datetime, extra: datetime, name: Retention
) -> None:
    alone = keep_until(start, name.rule)
    other = KeptUntil(extra, Criterion.CONSENTED_LONGER, "asked to")
    both = keep_until(start, name.rule, other)
    if alone.at is None or extra <= alone.at:
        assert both.at == alone.at
    else:
        assert both == other


def test_of_two_criteria_that_end_together_the_policys_first_gives_the_reason() -> None:
    last_first = {c: timedelta(days=1) for c in reversed(Criterion)}
    kept = keep_until(NOON, Rule("any", MappingProxyType(last_first), "because"))
    assert kept.criterion is Criterion.SERVICE_AND_RECORDS


def test_a_period_without_a_zone_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="zone"):
        after(datetime(2026, 1, 1), timedelta(days=1))


def test_every_rule_says_why_and_cites_a_clause() -> None:
    assert set(RULES) == set(Retention)
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.reason
        assert rule.criteria


@pytest.mark.clause("discontinuation")
def test_the_policys_own_figures_are_the_codes() -> None:
    assert timedelta(days=30) == retention.DISCONTINUATION_NOTICE
    assert Months(6) == retention.UNRENEWED
    assert list(Criterion) == [
        "service_and_records",
        "security_and_quality",
        "consented_longer",
        "law_or_agreement",
    ]


@pytest.mark.clause("passwords")
def test_a_session_left_open_ends_when_idle_and_when_old() -> None:
    assert session_ends(NOON, NOON) == NOON + SESSION_IDLE
    late = NOON + SESSION_ABSOLUTE - SECOND
    assert session_ends(NOON, late) == NOON + SESSION_ABSOLUTE


# -- vectors ------------------------------------------------------------------------------------------

SINGAPORE = ZoneInfo("Asia/Singapore")
PERIODS = {
    name: value
    for name, value in vars(retention).items()
    if isinstance(value, timedelta | Months) and name != "GRACE"
}
STARTS = [
    datetime(2026, 8, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2027, 1, 31, tzinfo=UTC),
    datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC),
    datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC),
    datetime(2027, 3, 1, 0, 0, tzinfo=SINGAPORE),
]
"""The last second of a month, a leap day, a month end, a second before and at midnight in Singapore."""


@pytest.mark.parametrize("start", STARTS, ids=str)
@pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
def test_a_second_before_its_end_a_thing_is_not_deleted_and_at_its_end_it_may_be(
    period: Period, start: datetime
) -> None:
    end = after(start, period)
    assert not deletable(end, end - SECOND)
    assert deletable(end, end)
    assert deletable(end, end + SECOND)
    assert not expired(end, end - GRACE - SECOND)
    assert expired(end, end - GRACE + SECOND)
    assert deletable_epoch(end.timestamp(), end.timestamp() - 1) is False
    assert deletable_epoch(end.timestamp(), end.timestamp()) is True


@pytest.mark.parametrize(
    ("start", "period", "wanted"),
    [
        (datetime(2028, 2, 29, 12, tzinfo=UTC), retention.EMAIL_TRACKING, "2029-03-29T12:00:00+00:00"),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), retention.EMAIL_TRACKING, "2027-02-28T12:00:00+00:00"),
        (datetime(2027, 1, 31, 12, tzinfo=UTC), retention.EMAIL_TRACKING, "2028-02-29T12:00:00+00:00"),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), retention.MESSAGE, "2031-02-28T12:00:00+00:00"),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), retention.EVIDENCE, "2034-02-28T12:00:00+00:00"),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), retention.INBOX, "2029-02-28T12:00:00+00:00"),
        (datetime(2027, 8, 31, 12, tzinfo=UTC), retention.COOKIE_CHOICE, "2028-02-29T12:00:00+00:00"),
        (datetime(2027, 8, 31, 12, tzinfo=UTC), retention.HOLD_REVIEW, "2028-02-29T12:00:00+00:00"),
    ],
)
def test_leap_days_and_month_ends_shorten_nothing_by_more_than_the_calendar_does(
    start: datetime, period: Period, wanted: str
) -> None:
    assert after(start, period).isoformat() == wanted


def test_a_period_ends_at_the_same_instant_wherever_midnight_is() -> None:
    """Stored instants are counted in UTC; a day later in Singapore is another month only there."""
    instant = datetime(2027, 1, 31, 16, 30, tzinfo=UTC)
    assert after(instant, Months(1)) == datetime(2027, 2, 28, 16, 30, tzinfo=UTC)
    assert after(instant.astimezone(SINGAPORE), Months(1)).isoformat() == "2027-03-01T00:30:00+08:00"


# -- consents and holds -------------------------------------------------------------------------------


@pytest.mark.clause("consent")
@given(start=moments, name=st.sampled_from(list(Retention)))
def test_a_consent_makes_longer_what_it_is_about_and_nothing_else(start: datetime, name: Retention) -> None:
    alone = keep_until(start, name.rule)
    both = keep_until(start, name.rule, *consented(start, name))
    if name not in retention.LENGTHENED:
        assert both == alone
        return
    assert alone.at is not None
    assert both.at == after(alone.at, retention.LONGER)
    assert both.criterion is Criterion.CONSENTED_LONGER


@pytest.mark.clause("consent")
def test_a_consent_adds_what_its_text_says_and_lengthens_no_period_for_security() -> None:
    assert Months(12) == retention.LONGER
    for name in retention.LENGTHENED:
        assert name.rule.criteria.keys() == {Criterion.SERVICE_AND_RECORDS}


def test_a_hold_suspends_records_and_no_keys_codes_or_counters() -> None:
    week = timedelta(days=7)
    for name in Retention:
        (period,) = name.rule.criteria.values()
        short = isinstance(period, timedelta) and period < week
        assert not (short and name in retention.SUSPENDED)
    assert retention.HOLD_KEEP < retention.HOLD_NEAR
    # Whatever is written right after a round is seen by one of the next before DynamoDB would delete it.
    for name in retention.SUSPENDED:
        (period,) = name.rule.criteria.values()
        assert period is None or after(NOON, period) - NOON > 2 * retention.HOLD_KEEP


def test_each_criterion_has_its_letter() -> None:
    assert [section(criterion) for criterion in Criterion] == ["4.1.2(a)", "4.1.2(b)", "4.1.2(c)", "4.1.2(d)"]


def test_nothing_is_called_anonymous_that_no_test_has_shown_to_be() -> None:
    """A record with `erase="anonymise"` needs a test for re-identification first; there is neither yet."""
    import_records()
    kept = [
        f"{kind}.{name}"
        for kind, made in fields.RECORDS.items()
        for name, said in fields.personal_fields(made).items()
        if said.erase is fields.Erase.ANONYMISE
    ]
    assert kept == []

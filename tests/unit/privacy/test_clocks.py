"""The law's deadlines: a second on either side, month ends, leap days, Singapore's midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.privacy import clocks
from chalicelib.privacy.clocks import (
    CLOCKS,
    GDPR_REQUEST,
    GDPR_VERIFIED,
    PDPA_REQUEST,
    REFUSED_COPY,
    REQUEST_CLOCKS,
    SINGAPORE,
    LegalClock,
    Start,
)
from chalicelib.privacy.retention import Months

pytestmark = pytest.mark.clause("requests")
DAY = 86_400
moments = st.integers(
    int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2040, 1, 1, tzinfo=UTC).timestamp())
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("clock", "start", "end"),
    [
        (GDPR_REQUEST, "2026-11-23T09:00:00Z", "2026-12-23T09:00:00Z"),
        (GDPR_REQUEST, "2026-08-31T23:59:59Z", "2026-09-30T23:59:59Z"),
        (GDPR_REQUEST, "2027-01-31T00:00:00Z", "2027-02-28T00:00:00Z"),
        (GDPR_REQUEST, "2028-01-31T12:00:00Z", "2028-02-29T12:00:00Z"),
        (GDPR_REQUEST, "2028-02-29T12:00:00Z", "2028-03-29T12:00:00Z"),
        (GDPR_REQUEST, "2026-12-31T15:59:59Z", "2027-01-31T15:59:59Z"),
        # In Singapore it is the first of February by then; the month is counted in UTC.
        (GDPR_REQUEST, "2027-01-31T16:00:00Z", "2027-02-28T16:00:00Z"),
        (PDPA_REQUEST, "2026-11-23T09:00:00Z", "2026-12-23T09:00:00Z"),
        (PDPA_REQUEST, "2027-01-31T00:00:00Z", "2027-03-02T00:00:00Z"),
        (PDPA_REQUEST, "2028-02-01T15:59:59Z", "2028-03-02T15:59:59Z"),
        (PDPA_REQUEST, "2028-02-01T16:00:00Z", "2028-03-02T16:00:00Z"),
        (REFUSED_COPY, "2026-12-31T16:00:00Z", "2027-01-30T16:00:00Z"),
    ],
)
def test_each_deadline_ends_when_its_law_says(clock: LegalClock, start: str, end: str) -> None:
    assert clocks.ends(clock, at(start)) == at(end)


def test_a_month_of_singapore_is_counted_by_singapores_dates() -> None:
    month = LegalClock("x", Start.RECEIPT, Months(1), clocks.Calendar.SINGAPORE, None, "")
    # A second before midnight in Singapore is the 30th there, a second later the 31st.
    assert clocks.ends(month, at("2027-01-30T15:59:59Z")) == at("2027-02-28T15:59:59Z")
    assert clocks.ends(month, at("2027-01-30T16:00:00Z")) == at("2027-02-27T16:00:00Z")


@given(moments)
def test_the_fixed_offset_is_singapores_calendar(moment: int) -> None:
    here = datetime.fromtimestamp(moment, SINGAPORE)
    assert here.utcoffset() == datetime.fromtimestamp(moment, ZoneInfo("Asia/Singapore")).utcoffset()


@pytest.mark.parametrize(
    ("start", "latest"),
    [
        ("2026-11-23T09:00:00Z", "2027-02-23T09:00:00Z"),
        # One month and then two would be the 28th; three from receipt is the law.
        ("2026-11-30T09:00:00Z", "2027-02-28T09:00:00Z"),
        ("2027-01-31T09:00:00Z", "2027-04-30T09:00:00Z"),
        ("2027-11-29T09:00:00Z", "2028-02-29T09:00:00Z"),
    ],
)
def test_an_extension_is_counted_from_receipt_in_one_go(start: str, latest: str) -> None:
    assert clocks.stretched(GDPR_REQUEST, at(start)) == at(latest)


def test_what_has_no_extension_cannot_be_stretched() -> None:
    assert clocks.stretched(PDPA_REQUEST, at("2026-11-23T09:00:00Z")) is None
    days = LegalClock("x", Start.RECEIPT, timedelta(days=3), clocks.Calendar.UTC, timedelta(days=2), "")
    assert clocks.stretched(days, 0) == 5 * DAY


@given(moments, st.integers(0, 40 * DAY))
@example(1_674_950_401, 86_399)
def test_the_clock_that_is_followed_is_never_the_later_one(received: int, waited: int) -> None:
    found = clocks.deadlines(received, received + waited)
    assert {one.clock for one in found} == set(REQUEST_CLOCKS)
    kept = clocks.first(found)
    assert all(kept.ends_at <= one.ends_at for one in found if one.clock is not GDPR_VERIFIED)
    assert kept.clock is not GDPR_VERIFIED
    assert 28 * DAY <= kept.ends_at - received <= 30 * DAY
    assert clocks.first(clocks.deadlines(received, None)).ends_at == kept.ends_at, (
        "proving it changes nothing"
    )


def test_each_clock_says_where_it_is_written() -> None:
    assert len({clock.id for clock in CLOCKS}) == len(CLOCKS)
    assert all(len(clock.source) > 20 for clock in CLOCKS)

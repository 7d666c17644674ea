"""The clocks of an incident: a second on either side, weekends, new year, the ends of months and leap days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import clocks
from chalicelib.privacy import incident_clocks as of
from chalicelib.privacy.clocks import LegalClock, Start, Stop

pytestmark = pytest.mark.clause("incidents")
DAY = 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("clock", "start", "end"),
    [
        # Three calendar days after the day of the assessment: to the end of the last one, in Singapore.
        (of.PDPA_AUTHORITY, "2026-11-27T02:00:00Z", "2026-11-30T16:00:00Z"),  # a Friday, over a weekend
        (of.PDPA_AUTHORITY, "2026-11-27T15:59:59Z", "2026-11-30T16:00:00Z"),  # its last second
        (of.PDPA_AUTHORITY, "2026-11-27T16:00:00Z", "2026-12-01T16:00:00Z"),  # Saturday there
        (of.PDPA_AUTHORITY, "2026-12-31T02:00:00Z", "2027-01-03T16:00:00Z"),  # over new year
        (of.PDPA_AUTHORITY, "2026-12-30T16:30:00Z", "2027-01-03T16:00:00Z"),  # New Year's Eve there already
        (of.PDPA_AUTHORITY, "2028-02-26T02:00:00Z", "2028-02-29T16:00:00Z"),  # a leap year
        (of.PDPA_AUTHORITY, "2027-02-26T02:00:00Z", "2027-03-01T16:00:00Z"),
        (of.PDPA_AUTHORITY, "2026-08-31T02:00:00Z", "2026-09-03T16:00:00Z"),
        # Hours are hours, whatever day it is.
        (of.GDPR_AUTHORITY, "2026-11-27T17:30:00Z", "2026-11-30T17:30:00Z"),
        (of.GDPR_AUTHORITY, "2026-12-31T23:59:59Z", "2027-01-03T23:59:59Z"),
        (of.GDPR_AUTHORITY, "2028-02-27T10:00:00Z", "2028-03-01T10:00:00Z"),
        (of.GDPR_AUTHORITY, "2027-03-27T10:00:00Z", "2027-03-30T10:00:00Z"),  # Europe changes its clocks
        (of.UK_AUTHORITY, "2026-12-24T12:00:00Z", "2026-12-27T12:00:00Z"),
        (of.GDPR_CLIENTS, "2026-12-31T18:00:00Z", "2027-01-01T18:00:00Z"),
        (of.CAC_REPORT, "2026-12-31T22:00:00Z", "2027-01-01T02:00:00Z"),
        (of.CAC_CRITICAL, "2026-12-31T23:30:00Z", "2027-01-01T00:30:00Z"),
        (of.NDSR_REPORT, "2026-02-28T20:00:00Z", "2026-03-01T20:00:00Z"),
        (of.PDPA_ASSESS, "2027-01-31T00:00:00Z", "2027-03-02T00:00:00Z"),
        (of.PDPA_ASSESS, "2026-12-02T15:00:00Z", "2027-01-01T15:00:00Z"),
        (of.CAC_SUMMARY, "2028-01-31T00:00:00Z", "2028-03-01T00:00:00Z"),
    ],
)
def test_no_deadline_is_later_than_its_law_says(clock: LegalClock, start: str, end: str) -> None:
    assert clocks.ends(clock, at(start)) == at(end)


@given(st.integers(at("2020-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z")))
def test_three_days_after_the_day_are_more_than_three_days_and_less_than_four(moment: int) -> None:
    end = clocks.ends(of.PDPA_AUTHORITY, moment)
    assert 3 * DAY < end - moment <= 4 * DAY
    there = datetime.fromtimestamp(end, clocks.SINGAPORE)
    assert (there.hour, there.minute, there.second) == (0, 0, 0)
    began = datetime.fromtimestamp(moment, clocks.SINGAPORE).date()
    assert there.date() - began == timedelta(days=4)


def test_a_lawyer_finds_start_stop_and_source_of_every_clock() -> None:
    rows = of.INCIDENT_CLOCKS
    assert len({one.id for one in (*rows, *clocks.CLOCKS)}) == len(rows) + len(clocks.CLOCKS)
    assert all(one.stop is not None and len(one.source) > 30 and one.extension is None for one in rows)
    assert all(one.start in {Start.AWARE, Start.ASSESSED, Start.CONTAINED} for one in rows)
    assert {one.stop for one in rows} == set(Stop)
    declared = {one for one in vars(of).values() if isinstance(one, LegalClock)}
    assert declared == set(rows)
    # A number that no law gives is marked as ours.
    assert {one.id for one in rows if one.ours} == {
        *{"pdpa_people", "pdpa_clients", "gdpr_clients", "gdpr_people"},
        *{"pipl_authority", "pipl_people", "policy_people"},
    }

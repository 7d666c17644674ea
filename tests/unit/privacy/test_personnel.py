"""What the staff may do: the table written out, and both papers a second before and after they count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import personnel
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.personnel import (
    ACCEPTED,
    AGREEMENT,
    COURSE,
    MAY,
    Paper,
    Right,
    StaffPosition,
    Standing,
    may,
    papers_in_order,
    training_ends,
)

pytestmark = pytest.mark.clause("personnel")

BY_POSITION = """
                support  privacy  legal  security  admin  auditor
own             yes      yes      yes    yes       yes    yes
requests        -        yes      -      -         -      -
disclosures     -        yes      yes    -         -      -
holds           -        -        yes    -         -      -
retention       -        yes      yes    -         -      yes
processing      -        yes      yes    -         -      yes
evidence        -        yes      yes    yes       -      yes
prospects       -        yes      yes    -         -      -
security        -        -        -      yes       -      -
workflows       yes      yes      yes    yes       -      yes
incidents       -        yes      yes    yes       -      -
endings         -        yes      yes    -         -      -
mass_notices    -        yes      -      yes       -      -
grants.ask      yes      yes      -      yes       -      -
grants.approve  -        yes      -      yes       -      -
staff.manage    -        -        -      -         yes    -
data.read       yes      yes      -      yes       -      -
data.export     -        yes      -      -         -      -
"""

TRAINED = int(datetime(2026, 2, 28, 9, tzinfo=UTC).timestamp())
READY = Standing("stf_1", StaffPosition.PRIVACY, True, AGREEMENT, COURSE, TRAINED, TRAINED)
EVERYBODY = [replace(READY, position=position) for position in StaffPosition]


def read(table: str) -> dict[tuple[str, str], bool]:
    """The table above by (right, position)."""
    head, *lines = (line.split() for line in table.strip().splitlines())
    return {
        (name, column): cell == "yes"
        for name, *cells in lines
        for column, cell in zip(head, cells, strict=True)
    }


@pytest.mark.clause("access")
def test_each_position_may_do_what_is_written_here_and_nothing_else() -> None:
    table = read(BY_POSITION)
    assert {name for name, _ in table} == set(Right)
    for who in EVERYBODY:
        for right in Right:
            decision = may(who, right, TRAINED)
            assert isinstance(decision, Allowed) is table[right, who.position], (right, who.position)
            if isinstance(decision, Refused):
                assert decision == Refused("access", "not_permitted")


@pytest.mark.clause("access")
def test_who_runs_the_staff_opens_no_data_and_who_opens_data_runs_no_staff() -> None:
    data = {Right.DATA_READ, Right.DATA_EXPORT, Right.GRANTS_ASK, Right.GRANTS_APPROVE}
    for position, rights in MAY.items():
        assert not (Right.STAFF_MANAGE in rights and rights & data), position


def test_a_position_nobody_has_decided_about_may_do_nothing() -> None:
    unknown = replace(READY, position=cast("StaffPosition", "director"))
    assert all(isinstance(may(unknown, right, TRAINED), Refused) for right in Right)


@pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: who.position.value)
@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"agreement": None}, "agreement_missing"),
        ({"agreement": "2019-07"}, "agreement_missing"),
        ({"trained_at": None, "course": None}, "training_missing"),
        ({"course": "first-aid"}, "training_missing"),
        ({"trained_at": TRAINED - 400 * 86_400}, "training_expired"),
        ({"trained_at": TRAINED + 1}, "training_expired"),
    ],
)
def test_no_right_works_while_agreement_or_training_is_not_on_record(
    who: Standing, missing: dict[str, Any], reason: str
) -> None:
    without = replace(who, **missing)
    for right in MAY[who.position] - {Right.OWN}:
        assert may(without, right, TRAINED) == Refused("personnel", reason)
    assert may(without, Right.OWN, TRAINED) == Allowed(), "how else would they learn what is missing"


def test_a_training_counts_for_twelve_months_to_the_second() -> None:
    end = training_ends(TRAINED)
    assert datetime.fromtimestamp(end, UTC) == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert papers_in_order(READY, end - 1) == Allowed()
    assert papers_in_order(READY, end) == Refused("personnel", "training_expired")
    assert papers_in_order(READY, TRAINED) == Allowed()
    leap = replace(READY, trained_at=int(datetime(2028, 2, 29, 9, tzinfo=UTC).timestamp()))
    ends = int(datetime(2029, 2, 28, 9, tzinfo=UTC).timestamp())
    assert papers_in_order(leap, ends - 1) == Allowed()
    assert papers_in_order(leap, ends) == Refused("personnel", "training_expired")


@given(
    st.builds(
        Standing,
        st.just("stf_1"),
        st.sampled_from(StaffPosition),
        st.booleans(),
        st.sampled_from([None, AGREEMENT, "2019-07"]),
        st.sampled_from([None, COURSE, "first-aid"]),
        st.none() | st.integers(0, 4_000_000_000),
        st.none() | st.integers(0, 4_000_000_000),
    ),
    st.sampled_from(Right),
    st.integers(0, 4_000_000_000),
)
def test_nobody_acts_who_is_not_active_trained_and_bound(who: Standing, right: Right, now: int) -> None:
    decision = may(who, right, now)
    if isinstance(decision, Allowed):
        assert who.active
        assert right in MAY[who.position]
        if right is not Right.OWN:
            assert (who.agreement, who.course) == (AGREEMENT, COURSE)
            assert who.trained_at is not None
            assert 0 <= now - who.trained_at <= 366 * 86_400
        if right is Right.GRANTS_APPROVE:
            assert who.approves_from is not None
            assert who.approves_from <= now
    else:
        assert decision.clause in CLAUSES


def test_somebody_suspended_may_not_even_look_at_themselves() -> None:
    gone = replace(READY, active=False)
    assert {may(gone, right, TRAINED) for right in Right} == {Refused("personnel", "not_active")}


def test_every_kind_of_paper_has_a_version_that_counts() -> None:
    assert set(ACCEPTED) == set(Paper)
    assert personnel.TRAINING_VALID.count == 12


@pytest.mark.parametrize("position", [StaffPosition.PRIVACY, StaffPosition.SECURITY])
def test_a_newcomer_approves_nothing_for_a_day_and_works_otherwise(position: StaffPosition) -> None:
    """So an admin who invents two colleagues has none to approve before the real ones can have seen them."""
    end = personnel.newcomer_until(TRAINED)
    assert end == TRAINED + 86_400
    newcomer = replace(READY, position=position, approves_from=end)
    assert may(newcomer, Right.GRANTS_APPROVE, end - 1) == Refused("personnel", "too_new")
    assert may(newcomer, Right.GRANTS_APPROVE, end) == Allowed()
    for right in MAY[position] - {Right.GRANTS_APPROVE}:
        assert may(newcomer, right, TRAINED) == Allowed(), right
    never = replace(newcomer, approves_from=None)
    assert may(never, Right.GRANTS_APPROVE, end) == Refused("personnel", "too_new")

"""Numbers of people in an incident: looking elsewhere makes nobody's warning fall away (4.3.4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import incidents
from chalicelib.privacy.incident_facts import Facts, Moments, Risk, groups, together

pytestmark = pytest.mark.clause("incidents")

KEYS = [
    f"{whose}/{country}"
    for whose in ("controller/user", "joint_controller/prospect", "processor/prospect")
    for country in ("DE", "GB", "CN", "SG", "ZZ")
]
numbers = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 700), max_size=6)
facts = st.builds(
    Facts,
    people=numbers.map(groups),
    credentials=st.booleans(),
    significant_harm=st.booleans(),
    risk=st.sampled_from(Risk),
    serves_china=st.just(False),
    national=st.just(False),
)


@given(facts, numbers, numbers)
def test_counting_again_never_makes_less_owed_to_anybody(
    known: Facts, before: dict[str, int], now: dict[str, int]
) -> None:
    stated = {group.key: number for group, number in (known.people or {}).items()}
    made = together(stated, before, now)
    assert all(made.get(key, 0) >= number for key, number in stated.items())
    moments = Moments(1_000_000, assessed_at=1_000_600, notifiable_at=1_000_600)
    wider = Facts(**{**{name: getattr(known, name) for name in Facts.__slots__}, "people": groups(made)})
    assert incidents.eased(incidents.obligations(known, moments), incidents.obligations(wider, moments)) == ()


@pytest.mark.parametrize(
    ("known", "before", "now", "wanted"),
    [
        (None, {}, {"controller/user/ZZ": 2}, {"controller/user/ZZ": 2}),
        # Found out by hand, and not seen by any look.
        ({"controller/user/DE": 600}, {}, {"controller/user/DE": 2}, {"controller/user/DE": 600}),
        ({"controller/user/DE": 2}, {"controller/user/DE": 2}, {"controller/user/DE": 5}, {"controller/user/DE": 5}),
        # The country was found out: the same people are not counted a second time.
        (
            {"controller/user/DE": 600},
            {"controller/user/ZZ": 600},
            {"controller/user/ZZ": 605},
            {"controller/user/DE": 600, "controller/user/ZZ": 5},
        ),
        # An upper bound that a second person brought down stays down but for what is new.
        (
            {"processor/prospect/ZZ": 50},
            {"processor/prospect/ZZ": 600},
            {"processor/prospect/ZZ": 605},
            {"processor/prospect/ZZ": 55},
        ),
    ],
)  # fmt: skip
def test_what_was_found_out_and_what_was_counted_are_put_together(
    known: dict[str, int] | None, before: dict[str, int], now: dict[str, int], wanted: dict[str, int]
) -> None:
    assert together(known, before, now) == wanted

"""Incidents by the rules: what is owed to whom until when, from what is known, and what moves when that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import clocks, incidents
from chalicelib.privacy import incident_clocks as of
from chalicelib.privacy.incident_facts import (
    Authority,
    Facts,
    Level,
    Moments,
    Risk,
    contradictions,
    groups,
    undecided,
)
from chalicelib.privacy.incidents import EEA, Obligation, Toward
from chalicelib.privacy.register import Category

pytestmark = pytest.mark.clause("incidents")
HOUR, DAY = 3_600, 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


AWARE = at("2026-11-23T01:00:00Z")
HARMLESS = Facts(
    people=groups({"controller/user/SG": 10}),
    categories=frozenset({Category.AUTOMATIC}),
    credentials=False,
    significant_harm=False,
    risk=Risk.UNLIKELY,
    serves_china=False,
    national=False,
)
"""Ten users in Singapore, nothing to fear for anybody: nobody has to be told."""


def known(people: Mapping[str, int] | None = None, **facts: Any) -> Facts:
    counted: dict[str, Any] = {} if people is None else {"people": groups(people)}
    return replace(HARMLESS, **counted, **facts)


def owed(facts: Facts, **moments: Any) -> dict[str, Obligation]:
    return {one.name: one for one in incidents.obligations(facts, Moments(AWARE, **moments))}


def outside(facts: Facts) -> set[str]:
    return {one.name for one in owed(facts).values() if one.toward is not Toward.OURSELVES}


# ---------------------------------------------------------------- which laws apply


def test_while_nobody_knows_anything_every_clock_that_may_apply_runs() -> None:
    found = owed(Facts())
    assert found.keys() == {
        "pdpa_assess",
        "pdpa_authority",
        "pdpa_people",
        "pdpa_clients",
        "gdpr_clients",
        "gdpr_authority:ZZ",
        "uk_authority",
        "gdpr_people",
        "pipl_authority",
        "pipl_people",
        "cac_report",
        "cac_summary",
        "ndsr_report",
        "policy_people",
    }
    assert found["cac_report"].ends_at == AWARE + 4 * HOUR
    assert found["gdpr_authority:ZZ"].ends_at == AWARE + 72 * HOUR
    assert found["pdpa_clients"].ends_at == AWARE + 24 * HOUR
    # The PDPA's days begin when it is assessed, not before.
    assert found["pdpa_authority"].starts_at is None and found["pdpa_authority"].ends_at is None
    first = incidents.waiting(found.values())
    assert [one.name for one in first[:1]] == ["cac_report"]
    assert "pdpa_authority" not in {one.name for one in first}


def test_499_people_without_harm_are_nobodys_business_and_500_are_the_commissions() -> None:
    below = known({"controller/user/SG": 300, "controller/prospect/MY": 199})
    assert outside(below) == set()
    scale = known({"controller/user/SG": 300, "controller/prospect/MY": 200})
    assert outside(scale) == {"pdpa_authority", "policy_people"}
    assert owed(scale)["pdpa_authority"].authority is Authority.PDPC
    # Joint people count as ours, a client's do not.
    assert "pdpa_authority" in outside(known({"controller/user/SG": 499, "joint_controller/prospect/SG": 1}))
    assert "pdpa_authority" not in outside(known({"controller/user/SG": 499, "processor/prospect/SG": 5_000}))


def test_one_person_is_enough_where_harm_is_significant_or_nobody_knows() -> None:
    one = {"controller/user/SG": 1}
    told = {"pdpa_authority", "pdpa_people", "policy_people"}
    assert outside(known(one, significant_harm=True, risk=Risk.RISK)) == told
    assert outside(known(one, significant_harm=None)) == told
    # Names with what opens the account are harm by law, whatever somebody thinks of it.
    assert "pdpa_authority" in outside(known(one, credentials=True))
    assert contradictions(known(one, credentials=True)) == ("harm_deemed_by_law",)


def test_what_stays_within_the_organisation_is_not_for_the_commission() -> None:
    facts = known({"controller/user/SG": 1_000}, significant_harm=True, risk=Risk.RISK, within_only=True)
    assert outside(facts) == set()
    # It still is for a European authority: there is no such exemption.
    assert "gdpr_authority:FR" in outside(replace(facts, people=groups({"controller/user/FR": 1_000})))


def test_encryption_spares_telling_people_and_not_the_commission() -> None:
    facts = known({"controller/user/SG": 600, "controller/user/DE": 2}, significant_harm=True, risk=Risk.HIGH)
    assert {"pdpa_people", "gdpr_people", "policy_people"} <= outside(facts)
    lost = replace(facts, unreadable=True, key_evidence="KEY-1")
    assert outside(lost) == {"pdpa_authority", "gdpr_authority:DE"}
    assert contradictions(replace(lost, key_evidence=None)) == ("key_evidence_missing",)
    avoided = replace(facts, harm_avoided=True)
    assert outside(avoided) == {"pdpa_authority", "gdpr_authority:DE", "policy_people"}


def test_each_european_country_has_its_own_authority() -> None:
    people = {"controller/user/DE": 3, "controller/user/FR": 1, "joint_controller/prospect/NO": 1}
    facts = known({**people, "controller/user/CH": 9, "controller/user/GB": 4}, risk=Risk.RISK)
    found = owed(facts)
    assert {name for name in found if name.startswith("gdpr_authority")} == {
        "gdpr_authority:DE",
        "gdpr_authority:FR",
        "gdpr_authority:NO",
    }
    assert found["uk_authority"].authority is Authority.ICO
    assert "gdpr_people" not in found  # a risk, and no high one
    assert "gdpr_people" in owed(replace(facts, risk=Risk.HIGH))
    assert outside(replace(facts, risk=Risk.UNLIKELY)) == {"pdpa_clients", "gdpr_clients"}
    assert len(EEA) == 30


def test_a_clients_data_is_told_to_the_client_and_to_nobody_else() -> None:
    facts = known({"processor/prospect/DE": 40_000, "processor/user/SG": 3}, significant_harm=True)
    facts = replace(facts, risk=Risk.HIGH)
    assert outside(facts) == {"pdpa_clients", "gdpr_clients"}
    assert owed(facts)["gdpr_clients"].ends_at == AWARE + 24 * HOUR
    # Not because nobody was harmed, and not because it was encrypted: that is for the client to weigh.
    spared = replace(facts, risk=Risk.UNLIKELY, significant_harm=False, unreadable=True, within_only=True)
    assert outside(spared) == {"pdpa_clients", "gdpr_clients"}
    assert "gdpr_clients" not in outside(known({"processor/prospect/US": 7}))


def test_who_shared_joint_data_hears_of_it_and_so_do_the_people() -> None:
    facts = known({"joint_controller/prospect/DE": 1}, risk=Risk.HIGH, significant_harm=True)
    assert outside(facts) == {
        *{"pdpa_authority", "pdpa_people", "pdpa_clients"},
        *{"gdpr_authority:DE", "gdpr_people", "gdpr_clients", "policy_people"},
    }


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"serves_china": True, "level": Level.GENERAL}, set()),
        ({"serves_china": True, "level": Level.RELATIVELY_MAJOR}, {"cac_report", "cac_summary"}),
        ({"serves_china": True, "level": Level.MAJOR, "critical": True}, {"cac_critical", "cac_summary"}),
        ({"serves_china": None}, {"cac_report", "cac_summary"}),
        ({"serves_china": True, "level": Level.GENERAL, "national": True}, {"ndsr_report"}),
        ({"serves_china": False, "national": True, "level": Level.MAJOR}, set()),
    ],
)
def test_chinas_hours_run_where_the_network_serves_it_or_nobody_knows(
    facts: dict[str, Any], expected: set[str]
) -> None:
    found = owed(known(**facts))
    assert {name for name in found if name.startswith(("cac", "ndsr"))} == expected
    if "cac_critical" in found:
        assert found["cac_critical"].ends_at == AWARE + HOUR
    if "cac_summary" in found:
        assert found["cac_summary"].ends_at is None
        contained = owed(known(**facts), contained_at=AWARE + DAY)["cac_summary"]
        assert contained.ends_at == AWARE + 31 * DAY


def test_people_in_china_are_told_at_once_unless_harm_was_avoided() -> None:
    facts = known({"controller/user/CN": 1})
    assert outside(facts) == {"pipl_authority", "pipl_people", "policy_people"}
    assert outside(replace(facts, harm_avoided=True)) == {"pipl_authority", "policy_people"}
    million = known({"controller/user/CN": 1_000_000}, serves_china=True, level=Level.GENERAL)
    assert contradictions(million) == ("level_too_low",)
    assert contradictions(replace(million, people=groups({"controller/user/CN": 999_999}))) == ()


def test_an_order_holds_up_what_people_are_told_and_nothing_else() -> None:
    facts = known({"controller/user/DE": 1}, significant_harm=True, risk=Risk.HIGH)
    held = replace(facts, telling_forbidden=True, forbidden_under="SPF-2026-77")
    assert outside(held) == outside(facts)
    assert {one.name for one in owed(held).values() if one.held} == {
        "pdpa_people",
        "gdpr_people",
        "policy_people",
    }
    running = {one.name for one in incidents.waiting(owed(held, notifiable_at=AWARE).values())}
    assert "pdpa_people" not in running and "pdpa_authority" in running
    assert contradictions(replace(held, forbidden_under=None)) == ("order_missing",)


# ---------------------------------------------------------------- facts that change


def test_a_clock_moves_when_the_facts_change_and_back() -> None:
    first = known({"controller/user/SG": 499})
    assert outside(first) == set()
    found = AWARE + 12 * DAY
    more = known({"controller/user/SG": 500})
    now = owed(more, assessed_at=AWARE + 5 * DAY, notifiable_at=found)
    assert now["pdpa_authority"].starts_at == found, "the 500th was found today, not at the assessment"
    assert now["pdpa_authority"].ends_at == clocks.ends(of.PDPA_AUTHORITY, found)
    # Known a day earlier than was thought: everything counted from there ends a day earlier.
    risky = known({"controller/user/DE": 1}, risk=Risk.RISK)
    before = incidents.obligations(risky, Moments(AWARE))
    earlier = incidents.obligations(risky, Moments(AWARE - DAY))
    assert [one.ends_at for one in earlier if one.ends_at] == [
        one.ends_at - DAY for one in before if one.ends_at
    ]
    assert incidents.eased(before, earlier) == ()
    assert "gdpr_authority:DE" in incidents.eased(earlier, before)


def test_a_downgrade_is_seen_law_by_law() -> None:
    facts = known({"controller/user/SG": 500, "controller/user/DE": 1}, risk=Risk.HIGH)
    before = incidents.obligations(facts, Moments(AWARE))
    after = incidents.obligations(replace(facts, risk=Risk.RISK), Moments(AWARE))
    assert incidents.eased(before, after) == ("gdpr_people",)
    gone = incidents.obligations(HARMLESS, Moments(AWARE))
    assert set(incidents.eased(before, gone)) == {
        *{"pdpa_authority", "gdpr_authority:DE", "gdpr_people", "policy_people"}
    }
    assert not incidents.notifiable(gone) and incidents.notifiable(after)
    held = replace(facts, telling_forbidden=True, forbidden_under="SPF-1")
    assert "gdpr_people" in incidents.eased(before, incidents.obligations(held, Moments(AWARE)))
    # What was done is owed by nobody any more, and finding out a country eases nothing.
    done = {one.done_key: AWARE + 1 for one in before}
    assert incidents.eased(incidents.obligations(facts, Moments(AWARE, AWARE + 1, done=done)), gone) == ()
    unknown = incidents.obligations(known({"controller/user/ZZ": 3}, risk=Risk.RISK), Moments(AWARE))
    german = incidents.obligations(known({"controller/user/DE": 3}, risk=Risk.RISK), Moments(AWARE))
    assert "gdpr_authority:ZZ" not in incidents.eased(unknown, german)


def test_one_report_stops_one_clock_and_telling_people_all_of_theirs() -> None:
    people = {"controller/user/DE": 1, "controller/user/FR": 1}
    facts = known(people, significant_harm=True, risk=Risk.HIGH)
    found = owed(facts, done={"gdpr_authority:DE": AWARE + 71 * HOUR, "people_told": AWARE + 73 * HOUR})
    assert not found["gdpr_authority:DE"].open and found["gdpr_authority:FR"].open
    assert not found["gdpr_authority:DE"].late(AWARE + 100 * DAY)
    assert {name for name, one in found.items() if one.done_at == AWARE + 73 * HOUR} == {
        "gdpr_people",
        "pdpa_people",
        "policy_people",
    }
    assert found["gdpr_people"].late(0)
    last = AWARE + 72 * HOUR
    assert not found["gdpr_authority:FR"].late(last - 1)
    assert found["gdpr_authority:FR"].late(last), "the last second has to be before"


FLAGS: dict[str, tuple[Any, ...]] = {
    "credentials": (None, True, False),
    "significant_harm": (None, True, False),
    "risk": (None, *Risk),
    "serves_china": (None, True, False),
    "level": (None, *Level),
    "national": (None, True, False),
}


def test_what_nobody_knows_never_owes_less_than_what_somebody_found_out() -> None:
    """Each combination of answers, and each answer taken back: closed for the sake of the people."""
    people = groups({"controller/user/DE": 3, "controller/user/CN": 2, "processor/prospect/GB": 1})
    tried = 0
    for values in product(*FLAGS.values()):
        facts = Facts(people=people, categories=HARMLESS.categories, **dict(zip(FLAGS, values, strict=True)))
        names = outside(facts)
        for name in FLAGS:
            taken_back: dict[str, Any] = {name: None}
            assert outside(replace(facts, **taken_back)) >= names, name
        tried += 1
    assert tried == 3 * 3 * 4 * 3 * 5 * 3


@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from(["controller", "processor", "joint_controller"]),
            st.sampled_from(["user", "prospect"]),
            st.sampled_from(["SG", "DE", "CN", "GB", "US", "ZZ"]),
        ).map("/".join),
        st.integers(0, 2_000),
        max_size=8,
    ),
    st.sampled_from(["SG", "DE", "CN", "GB", "ZZ"]),
)
def test_more_people_never_owe_less(counted: dict[str, int], country: str) -> None:
    key = f"controller/user/{country}"
    more = {**counted, key: counted.get(key, 0) + 1}
    for risk, harm in product(Risk, (True, False)):
        fewer = outside(known(counted, risk=risk, significant_harm=harm))
        assert fewer <= outside(known(more, risk=risk, significant_harm=harm))
    # Nor does it owe less that nobody has counted them.
    assert {one.partition(":")[0] for one in outside(known(counted, risk=Risk.HIGH))} <= {
        one.partition(":")[0] for one in outside(replace(HARMLESS, people=None, risk=Risk.HIGH))
    }


def test_an_assessment_needs_to_know_and_says_what_it_does_not() -> None:
    assert set(undecided(Facts())) == {
        *{"people", "categories", "credentials", "significant_harm", "risk", "serves_china", "national"}
    }
    assert undecided(HARMLESS) == ()
    assert undecided(replace(HARMLESS, serves_china=True)) == ("level",)
    assert contradictions(replace(HARMLESS, significant_harm=True)) == ("risk_below_harm",)


@pytest.mark.parametrize(
    "key", ["user/SG", "controller/user/sg", "controller/user/SGP", "boss/user/SG", "controller/user/SG/x"]
)
def test_people_are_counted_in_groups_that_are_known(key: str) -> None:
    with pytest.raises(ValueError):
        groups({key: 1})
    with pytest.raises(ValueError):
        groups({"controller/user/SG": -1})

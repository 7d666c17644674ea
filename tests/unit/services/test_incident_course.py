"""Where the workflow of an incident goes on: nobody is told against an order, nobody is cut off by an end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.privacy.incident_facts import Risk
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentState
from chalicelib.services.incidents import course
from chalicelib.services.incidents.course import CLIENTS, PEOPLE

pytestmark = pytest.mark.clause("incidents")

AT = 1_800_000_000
CALM = Incident(
    incident_id="inc_x",
    workflow_id="wf_x",
    opened_by="stf_x",
    opened_at=AT,
    aware_at=AT,
    from_at=AT - 60,
    until_at=AT,
    summary="A night.",
    people={"controller/user/SG": 3},
    credentials=False,
    significant_harm=False,
    risk=Risk.UNLIKELY,
    serves_china=False,
    national=False,
)
HARM = replace(CALM, significant_harm=True, risk=Risk.HIGH)
FORBIDDEN = replace(CALM, telling_forbidden=True, forbidden_under="ORDER-1")
DONE = IncidentWork(incident_id="inc_x", look=1, looked=1)


def work(**changes: Any) -> IncidentWork:
    return replace(DONE, **changes)


@pytest.mark.parametrize(("one", "why"), [(FORBIDDEN, "telling_forbidden"), (HARM, "authority_first")])
def test_people_wait_for_an_authority_and_clients_do_not(one: Incident, why: str) -> None:
    asked = work(asked={PEOPLE: "words", CLIENTS: "words"})
    assert course.wanted(one, asked) == (CLIENTS,)
    assert course.wanted(CALM, asked) == (CLIENTS, PEOPLE)
    only = work(asked={PEOPLE: "words"})
    assert (course.stage_of(one, only), course.stage_of(CALM, only)) == (course.ASSESS, course.TELL)
    assert (course.waits_for_authority(one, only), course.waits_for_authority(CALM, only)) == (why, None)


@pytest.mark.parametrize("one", [FORBIDDEN, HARM])
def test_nothing_is_said_in_public_either(one: Incident) -> None:
    told = work(asked={PEOPLE: "words"}, told={PEOPLE: 1}, unreachable=1)
    assert course.stage_of(CALM, told) == course.ANNOUNCE
    assert course.stage_of(one, told) != course.ANNOUNCE


def test_once_the_commission_has_heard_people_hear() -> None:
    heard = replace(HARM, done={"pdpa_authority": AT})
    assert course.stage_of(heard, work(asked={PEOPLE: "words"})) == course.TELL


@pytest.mark.parametrize(
    ("left", "changes"),
    [
        ("look", {"look": 2}),
        ("telling", {"asked": {PEOPLE: "words"}}),
        ("telling", {"under_way": {PEOPLE: "mass_x"}}),
        ("telling", {"aside": "mass_x words"}),
        ("telling", {"settling": {"mass_x": "people words 0"}}),
        ("telling", {"settling": {"mass_x": "people words 1"}}),
        ("announcement", {"asked": {PEOPLE: "words"}, "told": {PEOPLE: 1}, "unreachable": 1}),
    ],
)
def test_no_end_cuts_off_what_is_left_to_tell(left: str, changes: dict[str, Any]) -> None:
    assert course.left_to_tell(work(**changes)) == (left,)
    assert course.left_to_tell(DONE) == ()
    assert course.stage_of(replace(CALM, state=IncidentState.CLOSED), DONE) == "over"

"""What staff decide about an incident reaches the law in time: clocks that follow the facts, nothing made smaller
by one person alone, authorities told with proof, and a register that nothing leaves.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.api.described.staff_incident_acts import SHAPES
from chalicelib.kernel import ids
from chalicelib.privacy import clocks
from chalicelib.privacy import incident_clocks as of
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.ages import facts, under
from tests.integration.client import Answer, User, eventually, sign_up
from tests.integration.staff import StaffUser, member

pytestmark = pytest.mark.clause("incidents")

PATH = "/v1/staff/incidents"
REGISTER = "/v1/staff/incident-register"
WHY = "Seen in the log of the night, and confirmed with the people on duty."
HOUR, DAY = 3_600, 86_400
CALM: dict[str, Any] = {
    "people": {"controller/user/SG": 499},
    "companies": 1,
    "categories": ["automatic"],
    "credentials": False,
    "significant_harm": False,
    "risk": "unlikely",
    "serves_china": False,
    "national": False,
    "cause": "A key in a build log was used from outside.",
}


@pytest.fixture(scope="module")
def noor(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.SECURITY)


@pytest.fixture(scope="module")
def mei(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.PRIVACY)


@pytest.fixture(scope="module")
def tom(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


@pytest.fixture(scope="module")
def anna(stack: LocalStack) -> User:
    return sign_up(stack)


def moment(at: float) -> str:
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%SZ}"


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def opened(stack: LocalStack, who: StaffUser, anna: User, *, aware: int = HOUR, summary: str = WHY) -> str:
    """An incident of some hours ago whose look for those concerned is over; its id."""
    now = stack.now()
    wanted = {
        "summary": summary,
        "aware_at": moment(now - aware),
        "from_at": moment(now - aware - 2 * HOUR),
        "until_at": moment(now - aware - HOUR),
        "company_ids": [anna.company["id"]],
        "categories": ["automatic"],
    }
    answer = who.call("POST", PATH, wanted)
    assert answer.status == 201, answer.body
    incident: str = answer.json["id"]
    eventually(lambda: read(who, incident)["facts"]["people"] is not None, 40)
    return incident


def read(who: StaffUser, incident: str) -> dict[str, Any]:
    answer = who.call("GET", f"{REGISTER}/{incident}")
    assert answer.status == 200, answer.body
    shown: dict[str, Any] = answer.json
    assert shown.keys() == SHAPES["IncidentEntry"]["properties"].keys()
    return shown


def act(who: StaffUser, incident: str, what: str, **body: Any) -> Answer:
    return who.call("POST", f"{PATH}/{incident}/{what}", body)


def noted(who: StaffUser, incident: str, **facts: Any) -> dict[str, Any]:
    answer = act(who, incident, "facts", reasons=WHY, **facts)
    assert answer.status == 200, answer.body
    made: dict[str, Any] = answer.json
    return made


def assessed(who: StaffUser, incident: str) -> dict[str, Any]:
    answer = act(who, incident, "assessment", reasons=WHY)
    assert answer.status == 200, answer.body
    made: dict[str, Any] = answer.json
    return made


def told(who: StaffUser, incident: str, name: str, at: float, kind: str = "first", **more: Any) -> Answer:
    return act(who, incident, "reports", obligation=name, kind=kind, told_at=moment(at), **more)


def owed(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in entry["obligations"]}


def errors(answer: Answer) -> set[tuple[str, str]]:
    assert answer.status == 422, answer.body
    return {(one["field"], one["code"]) for one in answer.json["errors"]}


def acts(stack: LocalStack, incident: str) -> list[str]:
    """What is on record of it in the operator's chain."""
    return [facts(row)["act"] for row in under(stack, "ledger", ids.OPERATOR, f"incident#{incident}#")]


def test_a_deadline_is_there_from_awareness_on_and_moves_with_what_is_found(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna)
    entry = read(noor, incident)
    aware = seconds(entry["aware_at"])
    first = owed(entry)
    assert entry["state"] == "open" and "significant_harm" in entry["undecided"]
    assert seconds(first["cac_report"]["ends_at"]) == aware + 4 * HOUR
    assert first["pdpa_authority"]["ends_at"] is None, "its days begin with the assessment"
    entry = noted(mei, incident, **CALM)
    assert owed(entry).keys() == {"pdpa_assess"} and entry["undecided"] == []
    many = {"controller/user/SG": 499, "controller/user/DE": 1}
    entry = noted(mei, incident, people=many, risk="high")
    assert {"pdpa_authority", "gdpr_authority:DE", "gdpr_people"} <= owed(entry).keys()
    assert seconds(owed(entry)["gdpr_authority:DE"]["ends_at"]) == aware + 72 * HOUR
    # Aware a day earlier than was said: everything ends a day earlier. Later is nothing the opener says alone.
    entry = noted(noor, incident, aware_at=moment(aware - DAY))
    assert seconds(owed(entry)["gdpr_authority:DE"]["ends_at"]) == aware + 48 * HOUR
    refused = act(noor, incident, "facts", reasons=WHY, aware_at=moment(aware))
    assert (refused.status, refused.json["code"]) == (403, "second_person")
    entry = noted(mei, incident, aware_at=moment(aware))
    assert seconds(owed(entry)["gdpr_authority:DE"]["ends_at"]) == aware + 72 * HOUR
    future = act(mei, incident, "facts", reasons=WHY, aware_at=moment(stack.now() + HOUR))
    assert errors(future) == {("aware_at", "in_the_future")}


def test_nobody_assesses_what_nobody_has_looked_into(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna)
    refused = act(mei, incident, "assessment", reasons=WHY)
    assert {("credentials", "undecided"), ("risk", "undecided")} <= errors(refused)
    wrong = act(mei, incident, "facts", reasons=WHY, **{**CALM, "credentials": True})
    assert errors(wrong) == {("facts", "harm_deemed_by_law")}
    assert errors(act(mei, incident, "facts", reasons=WHY, unreadable=True)) == {
        ("facts", "key_evidence_missing")
    }
    noted(mei, incident, **{**CALM, "people": {"controller/user/SG": 500}})
    before = stack.now()
    entry = assessed(noor, incident)
    assert entry["state"] == "notifiable"
    days = [clocks.ends(of.PDPA_AUTHORITY, int(at)) for at in (before, stack.now())]
    assert seconds(owed(entry)["pdpa_authority"]["ends_at"]) in days
    assert assessed(noor, incident) == entry, "once more changes nothing"
    assert act(mei, incident, "assessment", reasons=WHY).json["code"] == "assessed"
    assert acts(stack, incident).count("assessed") == 1


def test_that_nobody_need_be_told_is_not_for_one_person_to_say_and_stays_in_the_register(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna)
    noted(noor, incident, **CALM)
    refused = act(noor, incident, "assessment", reasons=WHY)
    assert (refused.status, refused.json["code"], refused.json["clause"]) == (
        403,
        "second_person",
        "incidents",
    )
    assert assessed(mei, incident)["state"] == "not_notifiable"
    listed = noor.call("GET", f"{REGISTER}?limit=50").json["items"]
    mine = [one for one in listed if one["id"] == incident]
    assert [one["state"] for one in mine] == ["not_notifiable"] and mine[0]["facts"]["risk"] == "unlikely"
    # The 500th is found afterwards: notifiable from that day on, by itself.
    entry = noted(noor, incident, people={"controller/user/SG": 500})
    assert entry["state"] == "notifiable"
    assert entry["notifiable_at"] >= entry["assessed_at"]
    assert owed(entry)["pdpa_authority"]["starts_at"] == entry["notifiable_at"]


def test_an_incident_is_made_smaller_by_a_second_person_with_reasons_and_whoever_was_told_hears_of_it(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, tom: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna)
    noted(noor, incident, **{**CALM, "people": {"controller/user/SG": 900}})
    early = act(tom, incident, "downgrade", reasons=WHY, people={"controller/user/SG": 1})
    assert (early.status, early.json["code"]) == (409, "not_assessed")
    assessed(mei, incident)
    fewer = {"reasons": WHY, "people": {"controller/user/SG": 12}}
    for who in (noor, mei, tom):
        refused = act(who, incident, "facts", **fewer)
        assert (refused.status, refused.json["code"]) == (409, "falls_away")
    for who in (noor, mei):
        refused = act(who, incident, "downgrade", **fewer)
        assert (refused.status, refused.json["code"]) == (403, "second_person")
    assert act(tom, incident, "downgrade", people={"controller/user/SG": 12}).status == 422, "no reasons"
    nothing = act(tom, incident, "downgrade", reasons=WHY, people={"controller/user/SG": 901})
    assert errors(nothing) == {("facts", "eases_nothing")}
    assert told(mei, incident, "pdpa_authority", stack.now(), reference="DPN-1").status == 201
    answer = act(tom, incident, "downgrade", **fewer)
    assert answer.status == 200, answer.body
    entry = answer.json
    assert entry["state"] == "not_notifiable" and entry["downgraded_by"] == tom.staff_id
    assert owed(entry).keys() == {"pdpa_assess"}
    assert entry["to_hear"] == ["pdpa_authority"] and entry["reasons"] == WHY
    act(mei, incident, "containment", contained_at=moment(stack.now() - HOUR), words=WHY)
    left = act(mei, incident, "closing", words=WHY)
    assert (left.status, left.json["owed"]) == (409, ["pdpa_authority"])
    stack.advance(1)
    corrected = told(tom, incident, "pdpa_authority", stack.now(), kind="final", words=WHY)
    assert corrected.status == 201, corrected.body
    assert read(tom, incident)["to_hear"] == []
    assert act(mei, incident, "closing", words=WHY).status == 200
    assert acts(stack, incident).count("downgraded") == 1


def test_what_a_downgrade_brings_is_owed_from_that_day_on(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, tom: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna)
    noted(noor, incident, **{**CALM, "people": {"controller/user/DE": 3}, "risk": "risk"})
    entry = assessed(mei, incident)
    assert "pdpa_authority" not in owed(entry) and entry["notifiable_at"] is None
    answer = act(tom, incident, "downgrade", reasons=WHY, people={"controller/user/SG": 900})
    assert answer.status == 200, answer.body
    assert owed(answer.json).keys() >= {"pdpa_authority"}
    assert owed(answer.json)["pdpa_authority"]["ends_at"] is not None
    assert answer.json["notifiable_at"] == answer.json["downgraded_at"]


def test_an_authority_is_told_once_in_time_or_with_reasons_and_what_was_told_is_on_record(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna, aware=73 * HOUR)
    noted(mei, incident, **{**CALM, "people": {"controller/user/DE": 3}, "risk": "risk"})
    assessed(mei, incident)
    entry = read(mei, incident)
    aware = seconds(entry["aware_at"])
    assert owed(entry)["gdpr_authority:DE"]["late"] is True
    form = mei.call("GET", f"{PATH}/{incident}/form?obligation=gdpr_authority:DE")
    assert form.status == 200, form.body
    assert set(form.json["missing"]) == {"situation", "measures", "delay"}
    assert "user: 3" in form.json["text"]
    assert mei.call("GET", f"{PATH}/{incident}/form?obligation=gdpr_people").status == 404
    assert mei.call("GET", f"{PATH}/{incident}/form").status == 404
    assert errors(told(mei, incident, "uk_authority", stack.now())) == {("obligation", "not_owed")}
    assert errors(told(mei, incident, "gdpr_authority:DE", aware - 1)) == {("told_at", "before_aware")}
    assert errors(told(mei, incident, "gdpr_authority:DE", stack.now() + DAY)) == {
        ("told_at", "in_the_future")
    }
    assert errors(told(mei, incident, "gdpr_authority:DE", aware + 72 * HOUR)) == {
        ("delay_reasons", "required")
    }
    early = told(mei, incident, "gdpr_authority:DE", stack.now(), kind="follow_up")
    assert (early.status, early.json["code"]) == (409, "not_first")
    # A second before its end it was in time; noted afterwards, which the record says as well.
    last = aware + 72 * HOUR - 1
    sha256 = form.json["sha256"]
    given = {"reference": "LfDI 7/2026", "form_sha256": sha256}
    report = told(mei, incident, "gdpr_authority:DE", last, **given)
    assert report.status == 201, report.body
    assert report.json.keys() == SHAPES["IncidentReport"]["properties"].keys()
    assert seconds(report.json["told_at"]) == last < seconds(report.json["noted_at"])
    assert told(mei, incident, "gdpr_authority:DE", last, **given).json["id"] == report.json["id"]
    again = told(mei, incident, "gdpr_authority:DE", stack.now(), delay_reasons=WHY)
    assert (again.status, again.json["code"]) == (409, "told")
    assert told(mei, incident, "gdpr_authority:DE", stack.now(), kind="follow_up", words=WHY).status == 201
    entry = read(noor, incident)
    assert owed(entry)["gdpr_authority:DE"]["late"] is False
    assert [(one["kind"], one["reference"]) for one in entry["reports"]] == [
        ("first", "LfDI 7/2026"),
        ("follow_up", None),
    ]
    assert acts(stack, incident).count("authority_told") == 2


def test_an_incident_is_not_closed_while_anything_is_owed_and_never_leaves_the_register(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna)
    assert act(noor, incident, "closing", words=WHY).json["code"] == "not_assessed"
    spared = {"unreadable": True, "key_evidence": "KEY-12"}
    noted(mei, incident, **{**CALM, "people": {"controller/user/SG": 700}, **spared})
    assessed(mei, incident)
    assert act(noor, incident, "closing", words=WHY).json["code"] == "not_contained"
    before = act(noor, incident, "containment", contained_at=moment(stack.now() - 100 * DAY), words=WHY)
    assert errors(before) == {("contained_at", "before_it_happened")}
    contained = stack.now() - 60
    assert act(noor, incident, "containment", contained_at=moment(contained), words=WHY).status == 200
    later = act(noor, incident, "containment", contained_at=moment(contained + 30), words=WHY)
    assert (later.status, later.json["code"]) == (409, "contained")
    assert act(noor, incident, "containment", contained_at=moment(contained - 30), words=WHY).status == 200
    past = act(noor, incident, "follow-ups", words=WHY, next_at=moment(stack.now() - 1))
    assert errors(past) == {("next_at", "in_the_past")}
    far = act(noor, incident, "follow-ups", words=WHY, next_at=moment(stack.now() + 32 * DAY))
    assert errors(far) == {("next_at", "too_far_away")}
    followed = act(noor, incident, "follow-ups", words=WHY, next_at=moment(stack.now() + DAY))
    assert followed.json["follow_ups"] == 1 and followed.json["news"] == WHY
    left = act(noor, incident, "closing", words=WHY)
    assert (left.status, left.json["code"], left.json["owed"]) == (409, "still_owed", ["pdpa_authority"])
    assert told(mei, incident, "pdpa_authority", stack.now(), reference="DPN-2026/17").status == 201
    closed = act(noor, incident, "closing", words="The key is gone, builds print none any more.")
    assert closed.status == 200, closed.body
    assert closed.json["state"] == "closed"
    again = act(noor, incident, "closing", words="The key is gone, builds print none any more.")
    assert again.json == closed.json
    for what, body in (
        ("facts", {"reasons": WHY, "risk": "high"}),
        ("downgrade", {"reasons": WHY, "risk": "unlikely"}),
        ("assessment", {"reasons": WHY}),
        ("containment", {"contained_at": moment(contained), "words": WHY}),
        ("follow-ups", {"words": WHY}),
        ("closing", {"words": "Somebody closes it with other words."}),
    ):
        refused = act(mei, incident, what, **body)
        assert (refused.status, refused.json["code"]) == (409, "closed"), what
    assert read(mei, incident)["closing"] == "The key is gone, builds print none any more."
    steps = noor.call("GET", f"{PATH}/{incident}/steps").json["items"]
    assert [one["act"] for one in steps if one["by"] is not None] == [
        *("opened", "facts_changed", "assessed", "contained", "contained", "followed_up"),
        *("authority_told", "closed"),
    ]
    assert all(one.keys() == SHAPES["IncidentStep"]["properties"].keys() for one in steps)


def test_an_act_whose_reply_is_lost_is_done_once(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, anna: User
) -> None:
    incident = opened(stack, noor, anna)
    lose: dict[str, Any] = {
        "kind": "lose_reply",
        "operation": "TransactWriteItems",
        "function": "okki-leads-staff",
    }
    stack.wire.inject(**lose, contains=incident)
    noted(mei, incident, **{**CALM, "people": {"controller/user/SG": 500}})
    stack.wire.inject(**lose, contains=incident)
    assessed(mei, incident)
    stack.wire.inject(**lose, contains=incident)
    assert told(mei, incident, "pdpa_authority", stack.now()).status == 201
    done = acts(stack, incident)
    assert [done.count(one) for one in ("facts_changed", "assessed", "authority_told")] == [1, 1, 1]
    assert len(read(mei, incident)["reports"]) == 1


def test_what_staff_write_about_an_incident_is_sealed_and_no_user_reads_any_of_it(
    stack: LocalStack, noor: StaffUser, mei: StaffUser, anna: User
) -> None:
    canary = "Wilhelmina Zanzibar-4471 called us about it."
    incident = opened(stack, noor, anna, summary=canary)
    noted(mei, incident, **{**CALM, "people": {"controller/user/SG": 500}, "cause": canary})
    act(mei, incident, "assessment", reasons=canary)
    told(mei, incident, "pdpa_authority", stack.now(), words=canary)
    act(noor, incident, "follow-ups", words=canary)
    assert read(noor, incident)["cause"] == canary
    pages = stack.client("dynamodb").get_paginator("scan")
    for table in ("operator", "ledger", "accounts"):
        for page in pages.paginate(TableName=f"okki-leads-{table}", ConsistentRead=True):
            assert "Zanzibar-4471" not in str(page["Items"]), table
    assert "Zanzibar-4471" not in stack.logs("APIHandler") + stack.logs("StaffHandler")
    for path in (REGISTER, f"{REGISTER}/{incident}", f"{PATH}/{incident}/steps", f"{PATH}/{incident}/form"):
        assert anna.call("GET", path).status == 401
    gone = ids.new("inc")
    assert noor.call("GET", f"{REGISTER}/{gone}").status == 404
    assert act(noor, gone, "assessment", reasons=WHY).status == 404

"""Further looks of an incident, and looks that cannot see everything: nobody who is owed a warning loses it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel import ids
from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, sign_up
from tests.integration.incident_people import (
    HOUR,
    WORDS,
    Desk,
    companies,
    counted,
    form,
    moment,
    open_incident,
    said,
    scoped,
    subjects,
    told,
    waits_in,
)
from tests.integration.people import join
from tests.integration.sharer import person, receive, receiver, shared, sharer

pytestmark = pytest.mark.clause("incidents")
WAY_IN = {"credentials": False, "significant_harm": False, "serves_china": False, "national": False}


stack = own_stack()
"""Its log is what is looked through."""


def look(desk: Desk, made: dict[str, Any], **where: Any) -> dict[str, Any]:
    """Look once more; the incident once everybody was counted."""
    window = {name: form(desk.stack)[name] for name in ("from_at", "until_at")}
    desk.act(made["id"], "scope", {**window, **where})
    counted(desk, made)
    found: dict[str, Any] = desk.get(made["id"])
    return found


def owed(found: dict[str, Any]) -> set[str]:
    return {one["name"] for one in found["obligations"]}


def session_of(user: User) -> str:
    found: str = user.call("GET", "/v1/me/sessions").json["items"][0]["id"]
    return found


def test_what_staff_found_out_outlives_a_look_at_somewhere_small(
    stack: LocalStack, desk: Desk, second: Desk
) -> None:
    """Else anybody alone could make what is owed fall away: by looking."""
    first, small = sign_up(stack), sign_up(stack)
    made = scoped(desk, company_ids=[first.company["id"]], categories=["logon"])
    known = {"reasons": WORDS, **WAY_IN, "risk": "risk", "people": {"controller/user/DE": 600}}
    desk.act(made["id"], "facts", known)
    second.act(made["id"], "assessment", {"reasons": WORDS})
    before = desk.get(made["id"])
    assert {"pdpa_authority", "gdpr_authority:DE"} <= owed(before)
    small.contact("rita@buyer.example")
    after = look(desk, made, company_ids=[small.company["id"]], categories=["stored"])
    assert after["people"] == {"controller/user/DE": 600, "processor/prospect/ZZ": 1}
    assert set(before["look"]["categories"]) < set(after["look"]["categories"])
    assert owed(before) < owed(after)
    assert after["state"] == before["state"] == "notifiable"


def test_a_look_is_for_what_it_was_asked_for_and_not_for_what_earlier_ones_were(
    stack: LocalStack, desk: Desk
) -> None:
    first, small = sign_up(stack), sign_up(stack)
    small.contact("rita@buyer.example")
    made = scoped(desk, company_ids=[first.company["id"]], categories=["stored", "logon"])
    look(desk, made, company_ids=[small.company["id"]], categories=["logon"])
    assert companies(desk, made)[small.company["id"]]["roles"] == ["controller"]


def test_a_stolen_session_that_read_of_colleagues_concerns_them_and_whoever_lost_it(
    stack: LocalStack, desk: Desk
) -> None:
    anna = receiver(stack)
    join(anna)
    mika = shared(sharer(stack), person())
    session = session_of(anna)
    assert len(anna.call("GET", "/v1/company/members").json["items"]) == 2
    receive(anna, mika)
    assert anna.call("GET", "/v1/prospects/revealed").status == 200
    made = scoped(desk, session_id=session, until_at=moment(stack.now() + 200))
    assert made["people"]["controller/user/SG"] == 2
    assert made["people"]["joint_controller/prospect/FI"] == 1
    assert {"pdpa_authority", "pdpa_people", "pdpa_clients"} <= owed(made)
    assert "logon" in made["look"]["categories"]


def test_of_somebody_who_sees_no_colleagues_the_account_itself_is_concerned(
    stack: LocalStack, desk: Desk
) -> None:
    anna = sign_up(stack)
    ben = join(anna)
    assert ben.call("GET", "/v1/me").status == 200
    made = scoped(desk, actor_id=ben.me["id"], until_at=moment(stack.now() + 200))
    assert made["people"] == {"controller/user/ZZ": 1}
    assert companies(desk, made)[anna.company["id"]]["users"] == 1


def test_a_session_of_which_the_log_says_nothing_is_not_nobodys(stack: LocalStack, desk: Desk) -> None:
    made = scoped(desk, session_id=ids.new("ses"))
    assert made["people"] == {"controller/user/ZZ": 1}
    assert scoped(desk, actor_id=ids.new("stf"))["people"] == {}, "of the staff the log says everything"


def test_lines_of_the_log_that_come_late_are_waited_for(stack: LocalStack, desk: Desk) -> None:
    thief, early, late = ids.new("stf"), sign_up(stack), sign_up(stack)
    said(stack, "staff", HOUR, actor_id=thief, company_id=early.company["id"], n_user=1)
    stack.advance(60)
    made = open_incident(desk, actor_id=thief)
    waits_in(stack, made["workflow_id"], "scope")
    found = desk.get(made["id"])
    assert (found["why"], found["look"]["complete"]) == ("log_settling", False)
    said(stack, "staff", 30, actor_id=thief, company_id=late.company["id"], n_user=1)
    counted(desk, made)
    assert companies(desk, made).keys() == {early.company["id"], late.company["id"]}
    window = {**form(stack, actor_id=thief), "until_at": moment(stack.now() + HOUR)}
    answer = desk.call("POST", "/v1/staff/incidents", window)
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "in_the_future")


def test_a_company_that_cannot_be_opened_keeps_nobody_elses_warning(stack: LocalStack, desk: Desk) -> None:
    locked, broken, sound = (sign_up(stack) for _ in range(3))
    three = sorted(one.company["id"] for one in (locked, broken, sound))
    spoil(stack, locked.company["id"], broken)
    made = scoped(desk, company_ids=three, categories=["logon", "stored"])
    found = companies(desk, made)
    assert found.keys() == set(three)
    assert [found[one.company["id"]]["unreadable"] for one in (locked, broken, sound)] == [False, True, False]
    assert found[locked.company["id"]]["users"] == 1
    assert {"controller", "processor"} <= set(found[broken.company["id"]]["roles"])
    assert made["people"]["controller/user/ZZ"] == 3
    assert {"gdpr_authority:ZZ", "pdpa_authority", "pdpa_clients"} <= owed(made)


def spoil(stack: LocalStack, locked: str, broken: User) -> None:
    """Take the key of one company, and make the place of another's user say what no place can."""
    client = stack.client("dynamodb")
    keys = {"TableName": "okki-leads-company-keys"}
    rows = client.query(
        **keys, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": locked}}
    )
    for row in rows["Items"]:
        client.delete_item(**keys, Key={"pk": row["pk"], "sk": row["sk"]})
    client.update_item(
        TableName="okki-leads-accounts",
        Key={"pk": {"S": broken.company["id"]}, "sk": {"S": f"member#{broken.me['id']}"}},
        UpdateExpression="SET facts.#s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "nowhere"}},
    )


def test_a_client_hears_again_when_its_share_turns_out_larger(stack: LocalStack, desk: Desk) -> None:
    anna, other = sign_up(stack), sign_up(stack)
    both = [one.company["id"] for one in (anna, other)]
    for one in (anna, other):
        one.contact("rita@buyer.example")
    made = scoped(desk, company_ids=both, categories=["stored"])
    desk.word(made["id"])
    desk.act(made["id"], "tell", {"whom": ["clients"]})
    told(desk, made)
    for number in range(4):
        anna.contact(f"omar{number}@buyer.example")
    look(desk, made, company_ids=both, categories=["stored"])
    eventually(lambda: told(desk, made) and len(subjects(stack, anna)) == 2, 60)
    assert "at most 5 records" in stack.mails(anna.email)[0]["text"]
    assert len(subjects(stack, other)) == 1, "nothing new is known of this one"

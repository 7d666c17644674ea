"""Nobody's data goes to whoever takes over from us untold, or unasked where nothing binds them (3.2(b))."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from chalicelib.api.described.staff_mergers import SHAPES
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import POLICY, Answer, User, eventually, sign_up
from tests.integration.disclosing import opened, step, took
from tests.integration.letters import batch_of, drained, failed, sample
from tests.integration.masses import Notice
from tests.integration.people import join
from tests.integration.staff import StaffUser, member

stack = own_stack()
pytestmark = pytest.mark.clause("merger")

DAY = 86_400
PATH = "/v1/staff/mergers"
SUCCESSOR = {"name": "Meridian Software Pte Ltd", "url": "https://meridian.example/privacy", "country": "SG"}


@pytest.fixture(scope="module")
def lea(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


@pytest.fixture(scope="module")
def pia(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.PRIVACY)


def form(stack: LocalStack, **more: Any) -> dict[str, Any]:
    now = int(stack.now())
    question = {
        "answer_until": now + 22 * DAY,
        "fields": ["user.name", "user.email"],
        "company_fields": ["company.name"],
    }
    wish = {"occasion": "acquisition", "successor": SUCCESSOR, "takes_over_at": now + 31 * DAY}
    return {**wish, "question": question, **more}


def bound(stack: LocalStack, version: str = POLICY) -> dict[str, Any]:
    binding = {"reference": "Deed of adherence 7/2026", "policy_version": version}
    return {**form(stack), "question": None, "binding": binding}


def stated(staff: StaffUser, body: dict[str, Any]) -> str:
    answer = staff.call("POST", PATH, body)
    assert answer.status == 201, answer.body
    assert set(answer.json) == set(SHAPES["Merger"]["properties"])
    made: str = answer.json["id"]
    return made


def accepted(staff: StaffUser, merger: str) -> dict[str, Any]:
    answer = staff.call("POST", f"{PATH}/{merger}/acceptance")
    assert answer.status == 202, answer.body
    made: dict[str, Any] = answer.json
    return made


def read(staff: StaffUser, merger: str) -> dict[str, Any]:
    answer = staff.call("GET", f"{PATH}/{merger}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def people(staff: StaffUser, merger: str) -> list[tuple[str, str | None]]:
    """The whole list, page by page."""
    found, cursor = [], ""
    while cursor is not None:
        answer = staff.call("GET", f"{PATH}/{merger}/people?limit=2{cursor and '&cursor=' + cursor}")
        assert answer.status == 200, answer.body
        found += [(one["company_id"], one["user_id"]) for one in answer.json["items"]]
        cursor = answer.json["next_cursor"]
    return found


def told(stack: LocalStack, user: User, words: str) -> int:
    return sum(words in mail["subject"] for mail in stack.mails(user.email))


def sweep(stack: LocalStack) -> None:
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "tasks", "mass", "notices")


def answer(user: User, question: str, *, agreed: bool) -> None:
    given = user.call("PUT", f"/v1/me/questions/{question}", {"agreed": agreed})
    assert given.status == 200, given.body


def acts(stack: LocalStack, merger: str) -> list[dict[str, Any]]:
    found = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={":p": {"S": "co_operator"}, ":s": {"S": f"succession#{merger}#"}},
        ConsistentRead=True,
    )["Items"]
    return [one["facts"]["M"] for one in found]


def refused(said: Answer, code: str) -> None:
    assert (said.status, said.json["clause"], said.json["code"]) == (403, "merger", code), said.body


# ---------------------------------------------------------------- stated by one, accepted by another


def test_nobody_is_told_before_a_second_person_has_accepted_it(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    user = sign_up(stack)
    merger = stated(lea, bound(stack))
    refused(lea.call("POST", f"{PATH}/{merger}/acceptance"), "same_person")
    sweep(stack)
    assert told(stack, user, "Meridian") == 0
    assert read(pia, merger)["state"] == "stated"
    assert pia.call("POST", f"{PATH}/{merger}/withdrawal").json["state"] == "withdrawn"
    assert pia.call("POST", f"{PATH}/{merger}/acceptance").status == 409


def test_a_successor_that_is_not_bound_to_the_policy_in_force_is_not_stated_as_bound(
    stack: LocalStack, lea: StaffUser
) -> None:
    refused(lea.call("POST", PATH, bound(stack, "2024-01-01")), "bound_to_another_policy")
    soon = {**bound(stack), "takes_over_at": int(stack.now()) + 29 * DAY}
    refused(lea.call("POST", PATH, soon), "takes_over_too_soon")
    hasty = form(stack)
    hasty["question"]["answer_until"] = int(stack.now()) + 20 * DAY
    refused(lea.call("POST", PATH, hasty), "answer_time_too_short")
    neither = {**form(stack), "question": None}
    assert lea.call("POST", PATH, neither).json["errors"][0]["code"] == "binding_or_question"
    theirs = form(stack)
    theirs["question"]["company_fields"] = ["user.name"]
    assert lea.call("POST", PATH, theirs).json["errors"][0]["code"] == "not_the_companys"
    secret = form(stack)
    secret["question"]["fields"] = ["user.password_verifier"]
    assert lea.call("POST", PATH, secret).status in {403, 422}


@pytest.mark.clause("access")
def test_only_who_may_end_things_may_say_who_takes_over(stack: LocalStack) -> None:
    user, guard = sign_up(stack), member(stack, StaffPosition.SECURITY)
    assert user.call("POST", PATH, form(stack)).status == 401
    assert guard.call("POST", PATH, form(stack)).status == 403
    assert guard.call("GET", PATH).status == 403


# ---------------------------------------------------------------- bound: everybody is told


def test_everybody_is_told_once_of_a_successor_that_is_bound(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    boss = sign_up(stack)
    ben = join(boss)
    merger = stated(lea, bound(stack))
    accepted(pia, merger)
    accepted(pia, merger)  # the same once more
    for _ in range(2):
        sweep(stack)
    for user in (boss, ben):
        assert eventually(partial(told, stack, user, "will run OKKI Leads AI")) == 1
    mail = next(m for m in stack.mails(ben.email) if "will run" in m["subject"])
    assert SUCCESSOR["url"] in mail["text"]
    assert POLICY in mail["text"]
    assert lea.call("GET", f"{PATH}/{merger}/people").json["code"] == "nobody_was_asked"
    assert [one["act"]["S"] for one in acts(stack, merger)] == ["stated", "accepted"]
    assert lea.call("POST", f"{PATH}/{merger}/withdrawal").status == 200


# ---------------------------------------------------------------- not bound: everybody is asked


def test_only_who_says_yes_goes_over_and_a_yes_taken_back_is_none(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    boss, other = sign_up(stack), sign_up(stack)
    ben, cara, dan = (join(boss) for _ in range(3))
    merger = stated(lea, form(stack))
    question = accepted(pia, merger)["question"]["id"]
    sweep(stack)
    for user in (boss, ben, cara, dan, other):
        assert eventually(partial(told, stack, user, "May your data go to Meridian")) == 1
        mine = user.call("GET", "/v1/me/questions").json["items"]
        (asked,) = [one for one in mine if one["id"] == question]
        assert (asked["recipient_name"], asked["of_company"]) == (SUCCESSOR["name"], False)
        assert (asked["fields"], asked["agreed"]) == (["user.name", "user.email"], None)
    answer(ben, question, agreed=True)
    answer(cara, question, agreed=False)
    answer(other, question, agreed=True)
    company = boss.company["id"]
    assert (company, ben.me["id"]) in people(lea, merger)
    assert (other.company["id"], other.me["id"]) in people(lea, merger)
    answer(ben, question, agreed=False)
    assert (company, ben.me["id"]) not in people(lea, merger)
    answer(ben, question, agreed=True)
    late = sign_up(stack)
    stack.advance(DAY + 60)
    sweep(stack)
    assert eventually(lambda: told(stack, late, "May your data go to Meridian")) == 1
    assert told(stack, ben, "May your data go to Meridian") == 1, "nobody is asked twice"
    stack.advance(22 * DAY)
    sweep(stack)
    found = eventually(lambda: one if (one := read_as(stack, merger))["state"] == "over" else None)
    assert int(found["agreed"]) >= 2
    assert int(found["refused"]) >= 1
    assert int(found["silent"]) >= 2
    ends = acts(stack, merger)
    assert [one["act"]["S"] for one in ends] == ["stated", "accepted", "asked", "ended"]
    assert ends[-1]["list_hash"]["S"] == found["list_hash"]
    assert ends[-1]["agreed"]["N"] == found["agreed"]
    stack.reset_clock()


def read_as(stack: LocalStack, merger: str) -> dict[str, Any]:
    """As stored: three weeks later no session of the staff lives."""
    key = {"pk": {"S": "successions"}, "sk": {"S": f"succession#{merger}"}}
    row = stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=key, ConsistentRead=True)
    return {name: next(iter(value.values())) for name, value in row["Item"]["facts"]["M"].items()}


def test_the_companys_own_data_goes_only_by_its_admins_yes(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    boss = sign_up(stack)
    merger = stated(lea, form(stack))
    asked = accepted(pia, merger)["question"]
    sweep(stack)
    ben = join(boss)
    company = boss.company["id"]
    answer(boss, asked["id"], agreed=True)
    assert [line for line in people(lea, merger) if line[0] == company] == [(company, boss.me["id"])]
    refused = ben.call("PUT", f"/v1/me/questions/{asked['company_question_id']}", {"agreed": True})
    assert refused.status == 404, "a member does not speak for the company"
    answer(boss, asked["company_question_id"], agreed=True)
    assert (company, None) in people(lea, merger)


def test_a_piece_that_dies_or_comes_twice_asks_everybody_once(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    boss = sign_up(stack)
    ben = join(boss)
    merger = stated(lea, form(stack))
    fault = stack.wire.inject(
        kind="fail", service="dynamodb", operation="PutItem", function="okki-leads-run-tasks", times=3
    )
    accepted(pia, merger)
    body = json.dumps({"task": "succession", "succession": merger})
    for _ in range(3):
        stack.invoke("RunTasks", batch_of("tasks", body))
    assert fault.hits
    stack.wire.reset()
    eventually(lambda: failed(stack.invoke("RunTasks", batch_of("tasks", body))) == [])
    sweep(stack)
    for user in (boss, ben):
        assert eventually(partial(told, stack, user, "May your data go to Meridian")) == 1
    assert lea.call("POST", f"{PATH}/{merger}/withdrawal").json["state"] == "withdrawn"
    assert lea.call("GET", f"{PATH}/{merger}/people").json["code"] == "withdrawn"


# ---------------------------------------------------------------- told too late, withdrawn, years later


def test_nobody_takes_over_whose_notices_stood_still(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    user = sign_up(stack)
    merger = stated(lea, bound(stack))
    notices = accepted(pia, merger)["notices"]["id"]
    assert pia.call("POST", f"/v1/staff/mass/{notices}/pause").status == 200
    stack.advance(32 * DAY)
    late = sign_up(stack)
    sweep(stack)
    sweep(stack)
    assert read_as(stack, merger)["state"] == "telling", "the day has come, and nobody knows of it"
    again = member(stack, StaffPosition.PRIVACY)
    assert again.call("POST", f"/v1/staff/mass/{notices}/resume").status == 200
    notice = Notice(stack, notices, "will run OKKI Leads AI")
    notice.settle()
    assert told(stack, user, "will run OKKI Leads AI") >= 1
    assert told(stack, late, "will run OKKI Leads AI") == 1
    stack.advance(29 * DAY)
    sweep(stack)
    assert read_as(stack, merger)["state"] == "telling"
    stack.advance(DAY)
    sweep(stack)
    stack.advance(3700)
    sweep(stack)
    assert eventually(lambda: read_as(stack, merger)["state"] == "over")
    assert [one["act"]["S"] for one in acts(stack, merger)] == ["stated", "accepted", "ended"]
    stack.reset_clock()


def test_a_yes_to_who_does_not_take_over_any_more_leads_nowhere(stack: LocalStack) -> None:
    lea, pia = member(stack, StaffPosition.LEGAL), member(stack, StaffPosition.PRIVACY)
    boss = sign_up(stack)
    merger = stated(lea, form(stack))
    made = accepted(pia, merger)
    question = made["question"]["id"]
    sweep(stack)
    notice = Notice(stack, made["notices"]["id"], "May your data go to Meridian")
    notice.settle()  # done: there is nothing left to pause
    answer(boss, question, agreed=True)
    wish: dict[str, Any] = {
        "recipient": {"name": SUCCESSOR["name"], "contact": SUCCESSOR["url"], "country": "SG"},
        "fields": ["user.name", "user.email"],
        "user_id": boss.me["id"],
    }
    cases = [opened(lea, "successor", "succession", boss.company["id"], **wish) for _ in range(2)]
    took(lea, cases[0], "authorise", question_id=question)
    before = told(stack, boss, "does not take over")
    ended = lea.call("POST", f"{PATH}/{merger}/withdrawal")
    assert (ended.status, ended.json["state"]) == (200, "withdrawn")
    assert lea.call("POST", f"{PATH}/{merger}/withdrawal").json["code"] == "succession_over"
    yes = boss.call("PUT", f"/v1/me/questions/{question}", {"agreed": True})
    assert (yes.status, yes.json["code"]) == (409, "withdrawn")
    refused(step(lea, cases[1], "authorise", question_id=question), "authorisation_missing")
    answer(boss, question, agreed=False)
    assert eventually(lambda: told(stack, boss, "does not take over") == before + 1)
    stack.reset_clock()


def test_years_later_the_list_is_there_though_the_notices_are_gone(stack: LocalStack) -> None:
    lea, pia = member(stack, StaffPosition.LEGAL), member(stack, StaffPosition.PRIVACY)
    merger = stated(lea, bound(stack))
    notices = accepted(pia, merger)["notices"]["id"]
    drained(stack, "mass")
    key = {"pk": {"S": f"mass#{notices}"}, "sk": {"S": "mass"}}
    stack.client("dynamodb").delete_item(TableName="okki-leads-accounts", Key=key)
    assert read(lea, merger)["notices"] is None
    assert lea.call("GET", PATH).status == 200
    assert lea.call("POST", f"{PATH}/{merger}/withdrawal").status == 200
    far = {**bound(stack), "takes_over_at": int(stack.now()) + 301 * DAY}
    refused(lea.call("POST", PATH, far), "takes_over_too_late")

"""AI through the deployed stack: nobody is named to the model, nothing is paid for twice, nothing is shown to others."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import stocking
from tests.integration.client import User, eventually, fresh_address, request, sign_up
from tests.integration.eraser import desk, erase, looked_again
from tests.integration.letters import drained, sample
from tests.integration.models import (
    OVER,
    ask,
    asked,
    job,
    over,
    polished,
    row,
    say,
    switch_on,
    user_of_ai,
    work,
)
from tests.integration.people import at, join
from tests.integration.test_leaving import erased

pytestmark = pytest.mark.clause("ai")
WORKER = "okki-leads-run-ai"


@pytest.fixture(autouse=True)
def speechless(stack: LocalStack) -> Iterator[None]:
    """Orders of one test are not the next one's."""
    yield
    request(f"{stack.model}/_say", "DELETE")


@pytest.fixture(scope="module")
def ada(stack: LocalStack) -> User:
    return user_of_ai(stack)


def unheard(stack: LocalStack, user: User, *args: Any, **more: Any) -> str:
    """A job whose hint got lost: it is stored, and no worker knows."""
    fault = stack.wire.inject(kind="fail", service="sqs", function="okki-leads-api", times=20)
    made = ask(user, *args, **more)
    fault.times = fault.hits
    assert fault.hits
    return made


def asking_about(user: User, prospect: str) -> int:
    """The status of asking about a prospect now."""
    body = {"task": "score", "input": {"ideal": "anybody"}, "prospect_id": prospect}
    return user.call("POST", "/v1/ai/jobs", body).status


def usage(user: User) -> dict[str, Any]:
    answer = user.call("GET", "/v1/ai/usage")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def told(stack: LocalStack, job_id: str) -> list[dict[str, Any]]:
    """What the bus was told about a job."""
    calls = [
        call for call in stack.wire.calls if call.service == "events" and job_id.encode() in call.request
    ]
    return [json.loads(json.loads(call.request)["Entries"][0]["Detail"]) for call in calls]


# ---------------------------------------------------------------- nobody is named


@pytest.mark.clause("singapore")
def test_nobody_is_named_to_the_model_and_the_answer_names_them_again(stack: LocalStack) -> None:
    user = user_of_ai(stack, name="Zebulon Quark", company="Quarkwerk Export")
    other = user_of_ai(stack, name="Ottoline Marrow", company="Marrowfat Trading")
    other.contact(fresh_address("piet.zwart", "zwart-zuivel.example"), "Piet Zwart", company="Zwart Zuivel")
    contact = user.contact(
        "leopoldine.vogelsang@nordlicht-canary.example",
        "Leopoldine Vogelsang",
        company="Nordlichtcanary Handel GmbH",
        phone="+49 40 5554 7711",
        social=["https://www.linkedin.com/in/leo-vogelsang-77"],
        position="Head of purchasing",
        country="DE",
    )
    goal = (
        "Answer Leopoldine: VOGELSANG's team at Nordlichtcanary wants 500 pcs. Her number is 0049 (40) 55547711,"
        " mail leopoldine.vogelsang (at) nordlicht-canary.example, cc: bruno.stranger@else-canary.example. Zebulon"
    )
    answering = "Dear Mr Quark, I am Leopoldine Vogelsang. Call Hildegard Knorr on +43 1 9876543 or linkedin.com/in/leo-vogelsang-77."
    done = over(user, ask(user, "draft_email", goal=goal, answering=answering, contact_id=contact["id"]))
    assert done["status"] == "done", done
    everything = "\n".join(asked(stack)).casefold()
    for value in (
        *("leopoldine", "vogelsang", "nordlicht", "5554", "7711", "zebulon", "quark", "bruno", "else-canary"),
        *("knorr", "9876543", "acme", "ottoline", "marrow", "zwart", user.email, other.email),
    ):
        assert value not in everything, value
    assert "500 pcs" in everything
    text = json.dumps(done["output"])
    assert "Dear Leopoldine Vogelsang" in text
    assert "Zebulon Quark" in text
    assert "VOGELSANG's" in text
    assert "\u27e6" not in text
    lay = str(row(stack, user, done["id"]))
    assert "Vogelsang" not in lay
    assert "500 pcs" not in lay  # sealed
    assert "Vogelsang" not in stack.logs("RunAi")


def test_what_the_model_makes_up_is_not_taken_for_somebody(stack: LocalStack, ada: User) -> None:
    say(stack, polished("Dear ⟦PERSON_7⟧ and [email 3], thank you"))
    done = over(ada, ask(ada, text="thank you"))
    assert done["status"] == "done"
    assert done["output"]["text"].count("Dear") == 1
    assert "PERSON" not in done["output"]["text"]


@pytest.mark.parametrize(
    "answer", ["no JSON at all", "{}", '{"text": 7}', '{"text": "a", "tool": "send"}', ""]
)
def test_an_answer_out_of_shape_is_paid_for_once_and_passed_on_to_nobody(
    stack: LocalStack, ada: User, answer: str
) -> None:
    before = usage(ada)["tokens_out"]
    say(stack, {"text": answer, "tokens": [10, 7]})
    made = ask(ada, text="shapeless things")
    done = over(ada, made)
    assert (done["status"], done["error"], done["output"]) == ("failed", "unusable_answer", None)
    if answer:  # an empty answer makes the emulator fall back on one of its own
        assert usage(ada)["tokens_out"] == before + 7


@pytest.mark.clause("stocked-prospects", "added-prospects")
@pytest.mark.parametrize("kind", ["stocked", "added"])
def test_a_prospect_can_be_worked_on_once_it_is_revealed_and_is_not_named(
    stack: LocalStack, kind: str
) -> None:
    user = stocking.located(user_of_ai(stack))
    email = fresh_address("prospekta.canary", "prospekt-canary.example")
    prospect = stocking.one(stack, kind=kind, email=email)
    body = {"task": "draft_email", "input": {"goal": f"Write to {email}"}, "prospect_id": prospect}
    assert user.call("POST", "/v1/ai/jobs", body).status == 404
    assert stocking.reveal(user, prospect).status == 200
    answer = user.call("POST", "/v1/ai/jobs", body)
    assert answer.status == 202, answer.body
    done = over(user, answer.json["id"])
    assert done["status"] == "done", done
    assert "canary" not in "\n".join(asked(stack, "RECORD")).casefold()
    assert row(stack, user, done["id"])["facts"]["M"]["person"]["S"]


@pytest.mark.clause("stocked-prospects", "added-prospects")
def test_what_came_to_a_prospect_after_the_company_received_them_reaches_no_model(stack: LocalStack) -> None:
    user = stocking.located(user_of_ai(stack))
    email = fresh_address("prospekta", "prospekt.example")
    prospect = stocking.one(stack, kind="added", email=email)
    assert stocking.reveal(user, prospect).status == 200
    assert stocking.one(stack, kind="stocked", email=email) == prospect
    made = unheard(stack, user, "score", ideal="only what was received", prospect_id=prospect)
    stack.client("dynamodb").delete_item(
        TableName="okki-leads-prospects", Key={"pk": {"S": prospect}, "sk": {"S": "added"}}
    )
    work(stack, user, made)
    assert job(user, made)["error"] == "record_gone", "of what the company received nothing is left"
    assert asked(stack, "only what was received") == []
    assert asking_about(user, prospect) == 404


@pytest.mark.clause("cross-border")
def test_a_prospect_who_may_not_cross_the_border_any_more_is_not_worked_on(stack: LocalStack) -> None:
    user = stocking.located(user_of_ai(stack))
    prospect = stocking.one(stack)
    assert stocking.reveal(user, prospect).status == 200
    made = unheard(stack, user, "score", ideal="nobody beyond the border", prospect_id=prospect)
    stocking.located(user, "US")
    assert user.call("GET", f"/v1/prospects/{prospect}").json["withheld"] == "transfer_ground_missing"
    work(stack, user, made)
    assert job(user, made)["error"] == "record_gone"
    assert asked(stack, "nobody beyond the border") == []
    assert asking_about(user, prospect) == 404


# ---------------------------------------------------------------- who may ask


@pytest.mark.clause("access")
def test_who_may_not_read_somebody_is_told_nothing_about_them_by_a_model_either(stack: LocalStack) -> None:
    boss = stocking.located(user_of_ai(stack))
    member = join(boss)
    contact = boss.contact(fresh_address("bob", "buyer.example"))["id"]
    prospect = stocking.one(stack)
    assert stocking.reveal(boss, prospect).status == 200
    changed = boss.call("PUT", "/v1/company/roles/member", {"permissions": ["ai.use"]})
    assert changed.status == 200, changed.body
    score = {"task": "score", "input": {"ideal": "anybody"}}
    for whom in ({"contact_id": contact}, {"prospect_id": prospect}):
        answer = member.call("POST", "/v1/ai/jobs", {**score, **whom})
        assert (answer.status, answer.json["code"], answer.json["clause"]) == (403, "not_permitted", "access")
    assert member.call("POST", "/v1/ai/jobs", {"task": "polish", "input": {"text": "a"}}).status == 202


@pytest.mark.clause("self-service")
def test_ai_is_off_until_an_admin_switches_it_on(stack: LocalStack) -> None:
    user = sign_up(stack)
    body = {"task": "polish", "input": {"text": "an offer"}}
    answer = user.call("POST", "/v1/ai/jobs", body)
    assert (answer.status, answer.json["code"], answer.json["clause"]) == (403, "ai_off", "ai")
    switch_on(user, ["summarise"])
    answer = user.call("POST", "/v1/ai/jobs", body)
    assert (answer.status, answer.json["code"], answer.json["clause"]) == (403, "task_off", "ai")
    switch_on(user, ["polish"])
    assert user.call("POST", "/v1/ai/jobs", body).status == 202
    switch_on(user, enabled=False)
    assert user.call("POST", "/v1/ai/jobs", body).json["code"] == "ai_off"


def test_a_job_that_waits_while_ai_is_switched_off_reaches_no_model(stack: LocalStack) -> None:
    user = user_of_ai(stack)
    made = unheard(stack, user, text="a text about switching off")
    switch_on(user, enabled=False)
    work(stack, user, made)
    assert job(user, made)["error"] == "task_off"
    assert asked(stack, "switching off") == []


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"task": "paint", "input": {}}, "task", "unknown"),
        ({"task": "polish", "input": {}}, "input.text", "required"),
        ({"task": "polish", "input": {"text": "  "}}, "input.text", "required"),
        ({"task": "polish", "input": {"text": "a" * 8001}}, "input.text", "too_long"),
        ({"task": "polish", "input": {"text": "a", "tone": "rude"}}, "input.tone", "not_one_of"),
        ({"task": "polish", "input": {"text": "a", "tools": "all"}}, "input", "unknown_field"),
        ({"task": "score", "input": {"ideal": "a"}}, "contact_id", "required"),
        ({"task": "polish", "input": {"text": "a"}, "system": "x"}, "system", "unknown_field"),
    ],
)
def test_input_that_does_not_fit_the_task_is_refused_by_name(
    ada: User, body: dict[str, Any], field: str, code: str
) -> None:
    answer = ada.call("POST", "/v1/ai/jobs", body)
    assert answer.status == 422
    assert {"field": field, "code": code} in answer.json["errors"]


@pytest.mark.clause("stored", "access")
def test_a_job_is_its_users_own_and_about_the_companys_own_people(stack: LocalStack, ada: User) -> None:
    other = user_of_ai(stack)
    colleague = join(ada)
    contact = other.contact(fresh_address("bob", "buyer.example"))
    body = {"task": "score", "input": {"ideal": "anybody"}}
    assert ada.call("POST", "/v1/ai/jobs", {**body, "contact_id": contact["id"]}).status == 404
    unrevealed = "pr_" + "0" * 26
    assert ada.call("POST", "/v1/ai/jobs", {**body, "prospect_id": unrevealed}).status == 404
    mine = ask(ada, text="my own words")
    over(ada, mine)
    for stranger in (other, colleague):
        assert stranger.call("GET", f"/v1/ai/jobs/{mine}").status == 404
        assert stranger.call("POST", f"/v1/ai/jobs/{mine}/cancel", {}).status == 404
        assert stranger.call("DELETE", f"/v1/ai/jobs/{mine}").status == 404
        assert mine not in stranger.call("GET", "/v1/ai/jobs").body.decode()
    assert mine in ada.call("GET", "/v1/ai/jobs").body.decode()


def test_the_list_goes_on_where_a_page_ended(stack: LocalStack) -> None:
    user = user_of_ai(stack)
    made = [ask(user, text=f"text {number}") for number in range(3)]
    first = user.call("GET", "/v1/ai/jobs?limit=2").json
    rest = user.call("GET", f"/v1/ai/jobs?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None


# ---------------------------------------------------------------- once


def test_a_repeated_request_makes_one_job(stack: LocalStack, ada: User) -> None:
    body = {"task": "polish", "input": {"text": "repeat after me"}}
    key = {"Idempotency-Key": "polish-1"}
    first = ada.call("POST", "/v1/ai/jobs", body, key).json["id"]
    assert ada.call("POST", "/v1/ai/jobs", body, key).json["id"] == first
    over(ada, first)
    assert len(asked(stack, "repeat after me")) == 1


def test_two_deliveries_at_once_ask_the_model_once(stack: LocalStack, ada: User) -> None:
    made = unheard(stack, ada, text="twice at once")
    say(stack, polished("Once.", seconds=1.5))
    workers = [threading.Thread(target=work, args=(stack, ada, made)) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert over(ada, made)["status"] == "done"
    work(stack, ada, made)
    assert len(asked(stack, "twice at once")) == 1


def test_a_job_whose_hint_was_lost_is_done_by_the_sweeper(stack: LocalStack, ada: User) -> None:
    made = unheard(stack, ada, text="lost and found")
    stack.advance(61)
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "ai")
    assert over(ada, made)["status"] == "done"


def test_a_worker_that_dies_after_the_call_costs_one_more_call_at_most_and_each_is_counted(
    stack: LocalStack,
) -> None:
    user = user_of_ai(stack)
    made = unheard(stack, user, text="dies young")
    for calls in (1, 2):
        say(stack, polished("Too late.", tokens=[100, 10]))
        # The claim goes through, what was answered is never stored.
        stack.wire.inject(
            kind="fail", service="dynamodb", operation="TransactWriteItems", function=WORKER, skip=1, times=50
        )
        work(stack, user, made)
        stack.wire.reset()
        assert job(user, made)["status"] == "running"
        assert len(asked(stack, "dies young")) == calls
        work(stack, user, made)  # its time is not over: somebody may be at it still
        assert len(asked(stack, "dies young")) == calls
        stack.advance(200)
    work(stack, user, made)
    assert (job(user, made)["status"], job(user, made)["error"]) == ("failed", "lost")
    assert len(asked(stack, "dies young")) == 2
    used = usage(user)
    assert used["jobs"] == 2
    assert used["tokens_out"] >= 20


def test_a_generation_whose_answer_was_lost_is_counted_and_not_asked_for_again(stack: LocalStack) -> None:
    user = user_of_ai(stack)
    stack.wire.inject(kind="lose_reply", service="bedrock", function=WORKER)
    made = ask(user, text="lost on the way back")
    done = over(user, made)
    assert (done["status"], done["error"]) == ("failed", "model_timed_out")
    assert len(asked(stack, "lost on the way back")) == 1
    assert usage(user)["tokens_out"] == done["usage"]["tokens_out"] > 0
    stack.advance(1000)
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "ai")
    assert len(asked(stack, "lost on the way back")) == 1


def test_a_busy_model_is_asked_again_later_and_costs_nothing_meanwhile(stack: LocalStack) -> None:
    user = user_of_ai(stack)
    fault = stack.wire.inject(kind="throttle", service="bedrock", function=WORKER, times=1)
    made = ask(user, text="busy as a bee")
    eventually(lambda: fault.hits and job(user, made)["status"] == "queued")
    assert usage(user)["tokens_in"] == 0
    work(stack, user, made)
    assert asked(stack, "busy as a bee") == []  # it has to wait a little
    stack.advance(30)
    work(stack, user, made)
    assert over(user, made)["status"] == "done"
    assert len(asked(stack, "busy as a bee")) == 1


# ---------------------------------------------------------------- cancelled, deleted


def test_a_job_cancelled_before_its_turn_reaches_no_model(stack: LocalStack, ada: User) -> None:
    made = unheard(stack, ada, text="never mind this one")
    assert ada.call("POST", f"/v1/ai/jobs/{made}/cancel", {}).json["status"] == "cancelled"
    assert ada.call("POST", f"/v1/ai/jobs/{made}/cancel", {}).status == 200
    work(stack, ada, made)
    assert asked(stack, "never mind this one") == []


def test_what_a_cancelled_call_brings_is_thrown_away_and_counted(stack: LocalStack) -> None:
    user = user_of_ai(stack)
    say(stack, polished("Unwanted.", seconds=2, tokens=[40, 4]))
    made = ask(user, text="stop it while you write")
    eventually(lambda: asked(stack, "stop it while"))
    assert user.call("DELETE", f"/v1/ai/jobs/{made}").json["code"] == "under_way"
    assert user.call("POST", f"/v1/ai/jobs/{made}/cancel", {}).json["status"] == "cancelled"
    eventually(lambda: usage(user)["tokens_in"] == 40)
    done = job(user, made)
    assert (done["status"], done["output"], done["usage"]["tokens_out"]) == ("cancelled", None, 4)
    assert "sealed" in row(stack, user, made)


@pytest.mark.clause("self-service")
def test_what_was_asked_and_answered_can_be_deleted_and_is_shown_before(stack: LocalStack, ada: User) -> None:
    made = ask(ada, text="forget this text")
    over(ada, made)
    assert "forget this text" in ada.call("GET", "/v1/me/data").body.decode()
    assert ada.call("POST", f"/v1/ai/jobs/{made}/cancel", {}).json["code"] == "over"
    assert ada.call("DELETE", f"/v1/ai/jobs/{made}").status == 204
    assert ada.call("GET", f"/v1/ai/jobs/{made}").status == 404
    assert row(stack, ada, made) == {}
    assert "forget this text" not in ada.call("GET", "/v1/me/data").body.decode()


# ---------------------------------------------------------------- limits


def test_a_company_uses_no_more_than_its_plan_gives_and_the_next_one_is_not_touched(
    stack: LocalStack,
) -> None:
    user, other = user_of_ai(stack), user_of_ai(stack)
    limit = usage(user)["token_limit"]
    say(stack, polished("Long.", tokens=[limit - 100, 50]))
    over(user, ask(user, text="use nearly all of it"))
    assert usage(user)["tokens_in"] + usage(user)["tokens_out"] == limit - 50
    done = over(user, ask(user, text="one straw more"))
    assert (done["status"], done["error"]) == ("failed", "monthly_limit")
    assert asked(stack, "one straw more") == []
    assert over(other, ask(other, text="somebody else"))["status"] == "done"
    say(stack, polished("Long.", tokens=[limit, 1]))
    over(other, ask(other, text="all of it"))
    answer = other.call("POST", "/v1/ai/jobs", {"task": "polish", "input": {"text": "a"}})
    assert (answer.status, answer.json["code"]) == (429, "ai_limit")
    assert int(answer.headers["retry-after"]) > 0
    assert usage(other)["cost_micro_usd"] > 0


def test_jobs_side_by_side_cannot_use_more_than_there_is(stack: LocalStack) -> None:
    user = user_of_ai(stack)
    limit = usage(user)["token_limit"]
    say(stack, polished("Long.", tokens=[limit - 7000, 0]))
    over(user, ask(user, text="leave seven thousand"))  # room for one call of `polish`, not for two
    say(stack, *[polished("Slow.", seconds=2, tokens=[100, 10])] * 4)
    made = [ask(user, text=f"side by side {number}") for number in range(4)]
    states = [over(user, one)["error"] for one in made]
    assert states.count("monthly_limit") >= 1
    assert usage(user)["tokens_in"] + usage(user)["tokens_out"] <= limit


def test_so_many_jobs_an_hour_and_not_one_more(stack: LocalStack) -> None:
    user, client = user_of_ai(stack), stack.client("dynamodb")

    def counters() -> dict[tuple[str, str], dict[str, Any]]:
        found = client.get_paginator("scan").paginate(TableName="okki-leads-accounts")
        items = [item for part in found for item in part["Items"]]
        return {
            (item["pk"]["S"], item["sk"]["S"]): item
            for item in items
            if item["pk"]["S"].startswith("limit#ai#")
        }

    before = counters()
    over(user, ask(user, text="the first of the hour"))
    ((pk, sk),) = [key for key in counters() if key not in before]
    change = {
        "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
        "UpdateExpression": "SET attempts = :n",
    }
    client.update_item(
        TableName="okki-leads-accounts", **change, ExpressionAttributeValues={":n": {"N": "119"}}
    )
    body = {"task": "polish", "input": {"text": "the last of the hour"}}
    assert user.call("POST", "/v1/ai/jobs", body).status == 202
    answer = user.call("POST", "/v1/ai/jobs", body)
    assert (answer.status, answer.json["code"]) == (429, "too_many_requests")


# ---------------------------------------------------------------- the bus


def test_the_bus_hears_of_the_end_by_ids_alone_also_after_it_was_down(stack: LocalStack, ada: User) -> None:
    stack.wire.clear()
    made = ask(ada, text="tell the bus")
    over(ada, made)
    eventually(lambda: told(stack, made))
    said = {"company": ada.company["id"], "job": made, "task": "polish", "state": "done"}
    assert told(stack, made) == [said]
    stack.wire.inject(kind="fail", service="events", function=WORKER, times=3)
    later = ask(ada, text="tell it later")
    over(ada, later)
    drained(stack, "ai")
    stack.wire.reset()
    stack.advance(61)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(lambda: "due_at" not in row(stack, ada, later))
    assert told(stack, later)[-1]["state"] == "done"


# ---------------------------------------------------------------- people who go


@pytest.mark.clause("requests")
def test_what_ai_was_asked_about_somebody_goes_when_they_ask_to_be_forgotten(stack: LocalStack) -> None:
    user = user_of_ai(stack)
    email = fresh_address("gone", "buyer.example")
    contact = user.contact(email, "Gunda Gone")
    about = ask(user, "score", ideal="somebody who buys", contact_id=contact["id"])
    apart = ask(user, text="a text about nobody")
    assert {over(user, about)["status"], over(user, apart)["status"]} <= OVER
    drained(stack, "ai")
    erase(stack, user.company["id"], email)
    assert row(stack, user, about) == {}
    assert row(stack, user, apart)
    looked_again(stack, user.company["id"])


@pytest.mark.clause("requests")
def test_what_ai_was_asked_about_somebody_is_found_when_they_are_no_contact_any_more(
    stack: LocalStack,
) -> None:
    user = user_of_ai(stack)
    email = fresh_address("only-ai", "buyer.example")
    contact = user.contact(email, "Gunda Gone")
    about = ask(user, "score", ideal="somebody who buys", contact_id=contact["id"])
    assert over(user, about)["status"] in OVER
    assert user.call("DELETE", f"/v1/contacts/{contact['id']}").status == 204
    company = user.company["id"]
    assert desk(stack, "holds-anything", company, email), "so the company is asked"
    erase(stack, company, email)
    assert row(stack, user, about) == {}
    assert not desk(stack, "holds-anything", company, email)


@pytest.mark.clause("retention", "self-service")
def test_what_somebody_asked_of_ai_leaves_with_them(stack: LocalStack) -> None:
    admin = user_of_ai(stack)
    member = join(admin)
    made = ask(member, text="a member's own words")
    over(member, made)
    drained(stack, "ai")
    assert row(stack, member, made)
    assert admin.call("DELETE", at(member)).status == 204
    erased(stack, member)
    eventually(lambda: row(stack, member, made) == {})

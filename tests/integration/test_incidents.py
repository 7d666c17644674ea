"""A security incident, from the first word of it to the closing report (4.3.4)."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, sign_up
from tests.integration.incident_people import (
    CONTENTS,
    OTHERS,
    WORDS,
    Desk,
    announced,
    come_back,
    counted_again,
    form,
    harmless,
    judge,
    moment,
    open_incident,
    scoped,
    stage,
    steps,
    subjects,
    told,
)
from tests.integration.people import join
from tests.integration.test_push import device_token, pushed, register

pytestmark = pytest.mark.clause("incidents")


stack = own_stack()
"""An incident may concern everybody, and the clock moves by weeks."""


@pytest.fixture
def company(stack: LocalStack) -> tuple[User, User]:
    """A main administrator and a colleague, with two contacts."""
    anna = sign_up(stack)
    ben = join(anna)
    for name in ("rita", "omar"):
        anna.contact(f"{name}@{anna.company['id'][3:]}.example")
    return anna, ben


def test_an_incident_runs_from_the_first_word_to_the_closing_report(
    stack: LocalStack, desk: Desk, second: Desk, company: tuple[User, User]
) -> None:
    anna, ben = company
    token = device_token()
    register(ben, token)
    off = {kind: {"mail": False, "push": False, "in_app": False} for kind in ("activity", "tips", "news")}
    assert ben.call("PUT", "/v1/me/notifications", {"choices": off}).status == 200
    made = scoped(desk, company_ids=[anna.company["id"]], categories=["logon", "stored"])
    incident, workflow = made["id"], made["workflow_id"]
    assert made["people"] == {"controller/user/ZZ": 2, "processor/prospect/ZZ": 2}
    assert eventually(lambda: stage(stack, workflow) == "assess")
    assert desk.get(incident)["why"] == "assessment"

    assert desk.refused(incident, "tell", {"whom": ["clients"]}) == (403, "contents_missing")
    lacking = {"en": CONTENTS["en"], "zh": {**CONTENTS["zh"], "remedies": "无"}}
    assert desk.refused(incident, "contents", lacking, "PUT") == (422, "invalid")
    desk.word(incident)
    assert desk.refused(incident, "tell", {"whom": ["people"]}) == (409, "authority_first")

    # Clients hear of it before anybody has assessed anything.
    desk.act(incident, "tell", {"whom": ["clients"]})
    told(desk, made)
    assert subjects(stack, anna) == ["A security incident that concerns data we keep for your company"]
    assert subjects(stack, ben) == []
    mail = stack.mails(anna.email)[0]
    assert "at most 2 records" in mail["text"] and "at most 2 people" in mail["text"]
    judge(desk, second, incident)
    desk.act(incident, "tell", {"whom": ["people"]})
    told(desk, made)
    for user in company:
        assert subjects(stack, user)[-1] == "A security incident that concerns your data in OKKI Leads AI"
        text = stack.mails(user.email)[0]["text"]
        assert all(words in text for words in CONTENTS["en"].values())
    assert len(pushed(stack, token)) == 1
    found = desk.get(incident)
    assert (found["telling"]["accepted"], found["telling"]["unreachable"]) == (2, 0)
    assert [one["name"] for one in found["obligations"] if one["done_at"] is None] == []
    assert desk.refused(incident, "tell", {"whom": ["people"]}) == (409, "told_already")
    found = counted_again(desk, made)
    assert (found["accepted"], found["unreachable"], found["announcement_id"]) == (2, 0, None)
    assert eventually(lambda: stage(stack, workflow) == "follow")

    # News every week, until the closing report.
    stack.advance(8 * 86_400)
    eventually(lambda: [one for one in steps(desk, incident) if "news" in one["said"]])
    desk.act(incident, "containment", {"contained_at": moment(stack.now()), "words": WORDS})
    second.act(incident, "closing", {"words": WORDS})
    assert eventually(lambda: stage(stack, workflow) == "over")
    assert desk.refused(incident, "tell", {"whom": ["people"]}) == (409, "closed")
    assert desk.refused(incident, "contents", CONTENTS, "PUT") == (409, "closed")
    assert [len(subjects(stack, user)) for user in company] == [2, 1]


def test_who_cannot_be_reached_is_counted_and_it_is_said_in_public(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, ben = company
    made = scoped(desk, company_ids=[anna.company["id"]], categories=["logon"])
    desk.act(made["id"], "facts", harmless())
    desk.word(made["id"])
    desk.act(made["id"], "tell", {"whom": ["people"]})
    eventually(lambda: subjects(stack, ben))
    come_back(stack, ben)
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"]) == (1, 1)
    shown = eventually(lambda: announced(stack, desk, made))
    assert all(words in shown["text"] for words in CONTENTS["en"].values())
    assert anna.company["id"] not in str(shown)
    counted_again(desk, made)
    assert sum(one["act"] == "announced" for one in steps(desk, made["id"])) == 1
    assert [len(subjects(stack, user)) for user in company] == [1, 1]


def test_other_words_are_another_notice_and_the_same_words_none(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, ben = company
    made = scoped(desk, company_ids=[anna.company["id"]], categories=["logon"])
    desk.act(made["id"], "facts", harmless())
    desk.word(made["id"])
    desk.act(made["id"], "tell", {"whom": ["people"]})
    told(desk, made)
    desk.word(made["id"], OTHERS)
    desk.act(made["id"], "tell", {"whom": ["people"]})
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"]) == (2, 0)
    assert [len(subjects(stack, user)) for user in company] == [2, 2]
    assert "found and destroyed" in stack.mails(ben.email)[0]["text"]


def test_the_register_lists_it_and_what_cannot_be_is_refused(desk: Desk) -> None:
    made = open_incident(desk, everywhere=True, categories=["ai"])
    listed = desk.call("GET", "/v1/staff/incidents?limit=1").json
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    now = desk.stack.now()
    wrong: list[dict[str, Any]] = [
        {"aware_at": moment(now + 3600)},
        {"until_at": moment(now - 40 * 86_400)},
        {"categories": []},
        {"everywhere": False},
        {"everywhere": False, "company_ids": ["co_06h0f7a8n9usdf3jpppe2j2ilg"]},
        {
            "everywhere": False,
            "actor_id": "usr_06h0f7a8n9usdf3jpppe2j2ilg",
            "from_at": moment(now - 31 * 86_400),
        },
        {"kinds": ["secrets"]},
    ]
    for changes in wrong:
        body = {**form(desk.stack, everywhere=True, categories=["ai"]), **changes}
        answer = desk.call("POST", "/v1/staff/incidents", body)
        assert answer.status == 422, (changes, answer.body)
    assert desk.call("GET", "/v1/staff/incidents?limit=1").json["items"][0]["id"] == made["id"]


def test_a_request_sent_twice_opens_one_incident(desk: Desk) -> None:
    body = form(desk.stack, everywhere=True, categories=["ai"])
    key = {"Idempotency-Key": "one-night"}
    first, again = (desk.call("POST", "/v1/staff/incidents", body, key) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.json["id"] == again.json["id"]
    assert desk.call("POST", "/v1/staff/incidents", {**body, "summary": "Another."}, key).status == 422

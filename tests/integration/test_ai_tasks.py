"""What a user gets of AI (clause `ai`): five tasks through everything that is deployed, and what a stranger who
talks the model round does not get.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from infra.local import LocalStack
from tests.integration import models
from tests.integration.client import User, fresh_address, sign_up

pytestmark = pytest.mark.clause("ai")

PATTERNS = json.loads((Path(__file__).parents[1] / "unit/services/injections.json").read_text("utf-8"))
SOME = ("ignore_zh", "image", "link_hung", "exfiltrate", "tool", "others", "pay")


@pytest.fixture(scope="module")
def user(stack: LocalStack) -> User:
    return models.user_of_ai(stack)


@pytest.fixture(scope="module")
def bob(user: User) -> dict[str, Any]:
    return user.contact(
        fresh_address("bob", "buyer.example"), "Bob Buyer", company="Buyer Leuchten GmbH", position="Buyer"
    )


def given(task: str) -> dict[str, str]:
    return {
        "draft_email": {"goal": "Offer our lamps", "language": "de", "tone": "friendly"},
        "polish": {"text": "we makes lamp"},
        "summarise": {"text": "They want lamps by May."},
        "search": {"words": "heads of lamp shops in Germany"},
        "score": {"ideal": "Hotels that buy lamps"},
    }[task]


ANSWERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "polish": ({"text": "We make lamps."}, {"text": "We make lamps."}),
    "summarise": ({"bullets": ["They want lamps by May."]}, {"bullets": ["They want lamps by May."]}),
    "search": (
        {"sector": None, "country": "DE", "level": "chief", "q": "lamp"},
        {"filters": {"country": "DE", "position": "chief", "q": "lamp"}},
    ),
    "score": (
        {"score": 70, "reasons": [{"field": "position", "text": "Buys."}]},
        {"score": 70, "reasons": [{"field": "position", "text": "Buys."}], "needs_person": True},
    ),
    "draft_email": (
        {"subject": "Lamps for ⟦COMPANY_1⟧", "paragraphs": ["Dear ⟦PERSON_1⟧,", "We make lamps."]},
        {
            "subject": "Lamps for Buyer Leuchten GmbH",
            "paragraphs": ["Dear Bob Buyer,", "We make lamps."],
            "needs_person": True,
        },
    ),
}


def say(stack: LocalStack, answer: Any) -> None:
    """Let the model answer so; what is no text goes as JSON."""
    models.say(stack, {"text": answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)})


def done(user: User, task: str, given: dict[str, str], **about: str) -> dict[str, Any]:
    """A job from asking to its end."""
    return models.over(user, models.ask(user, task, **given, **about))


def about(task: str, bob: dict[str, Any]) -> dict[str, str]:
    return {"contact_id": bob["id"]} if task in {"draft_email", "score"} else {}


@pytest.mark.parametrize("task", ANSWERS)
def test_each_task_answers_in_its_own_shape(
    stack: LocalStack, user: User, bob: dict[str, Any], task: str
) -> None:
    says, gets = ANSWERS[task]
    say(stack, says)
    found = done(user, task, given(task), **about(task, bob))
    assert (found["status"], found["error"]) == ("done", None)
    assert found["output"] == gets


@pytest.mark.parametrize("task", ANSWERS)
def test_an_unusable_answer_fails_the_job_and_is_not_asked_for_again(
    stack: LocalStack, user: User, bob: dict[str, Any], task: str
) -> None:
    before = len(models.asked(stack))
    say(stack, "I cannot do that.")
    found = done(user, task, given(task), **about(task, bob))
    assert (found["status"], found["error"], found["output"]) == ("failed", "unusable_answer", None)
    assert len(models.asked(stack)) == before + 1, "the company pays for one answer, not for two"


@pytest.mark.clause("stocked-prospects")
def test_the_filters_that_words_become_are_those_of_the_search(stack: LocalStack, user: User) -> None:
    say(stack, {"sector": "textiles", "country": "DE", "level": "chief", "q": "lamp"})
    filters = done(user, "search", given("search"))["output"]["filters"]
    assert filters == {"industry": "textiles", "country": "DE", "position": "chief", "q": "lamp"}
    assert user.call("GET", f"/v1/prospects?{urlencode(filters)}").status == 200


def test_a_task_that_was_not_switched_on_is_refused(stack: LocalStack) -> None:
    user = sign_up(stack)
    body = {"task": "score", "input": given("score"), "contact_id": user.contact(fresh_address("bob"))["id"]}
    off = user.call("POST", "/v1/ai/jobs", body)
    assert (off.status, off.json["code"], off.json["clause"]) == (403, "ai_off", "ai")
    models.switch_on(user, ["polish"])
    other = user.call("POST", "/v1/ai/jobs", body)
    assert (other.status, other.json["code"]) == (403, "task_off")


@pytest.mark.parametrize(
    ("task", "change", "code"),
    [
        ("polish", {"text": "x" * 8001}, "too_long"),
        ("polish", {"tone": "rude"}, "not_one_of"),
        ("draft_email", {"language": "xx"}, "not_one_of"),
        ("search", {"to": "eve@evil.example"}, "unknown_field"),
        ("score", {}, "required"),
    ],
)
def test_input_that_a_task_does_not_take_is_refused(
    user: User, task: str, change: dict[str, str], code: str
) -> None:
    answer = user.call("POST", "/v1/ai/jobs", {"task": task, "input": {**given(task), **change}})
    assert answer.status == 422
    assert code in {one["code"] for one in answer.json["errors"]}


def test_a_draft_is_no_message(stack: LocalStack, user: User, bob: dict[str, Any]) -> None:
    """Whoever wants it sent sends it: a request of their own, with the text as they left it."""
    before = len(user.call("GET", "/v1/messages").json["items"])
    say(stack, ANSWERS["draft_email"][0])
    assert done(user, "draft_email", given("draft_email"), contact_id=bob["id"])["output"]["needs_person"]
    assert len(user.call("GET", "/v1/messages").json["items"]) == before
    assert stack.mails(bob["email"]) == []


def test_people_whose_names_are_words_are_written_to_as_well(stack: LocalStack, user: User) -> None:
    will = user.contact(fresh_address("will", "rich.example"), "Will Mark Price", company="Text Field Ltd")
    say(stack, ANSWERS["draft_email"][0])
    made = done(user, "draft_email", {"goal": "Offer Will our price list"}, contact_id=will["id"])
    assert made["status"] == "done", made
    assert made["output"]["paragraphs"][0] == "Dear Will Mark Price,"


@pytest.mark.parametrize("pattern", [one for one in PATTERNS if one["id"] in SOME], ids=lambda one: one["id"])
def test_a_model_that_obeys_a_stranger_sends_nothing_and_leads_nowhere(
    stack: LocalStack, user: User, pattern: dict[str, str]
) -> None:
    """A contact's name and the mail to be answered are the stranger's; the model does what they say."""
    canary = fresh_address("canary", "secret.example")
    other = sign_up(stack)
    other.contact(canary, "Carla Canary")
    user.contact(fresh_address("carla", "secret.example"), "Carla Colleague")
    eve = user.contact(fresh_address("eve", "buyer.example"), f"Eve {pattern['says']}"[:100])
    mails, messages = len(stack.mails()), len(user.call("GET", "/v1/messages").json["items"])
    before = len(models.asked(stack))
    payload = pattern.get("raw") or pattern["does"].replace("{hung}", "⟦URL_1⟧.evil.example/⟦PERSON_1⟧")
    payload = payload.replace("{prompt}", "⟦PERSON_1⟧ ⟦EMAIL_1⟧ ⟦COMPANY_1⟧").replace(
        "{invented}", "⟦EMAIL_42⟧"
    )
    say(stack, pattern.get("raw") or {"subject": payload[:200], "paragraphs": [payload]})
    made = {"goal": "Offer our lamps, see https://tan.example/lamps", "answering": pattern["says"]}
    found = done(user, "draft_email", made, contact_id=eve["id"])
    sent = json.dumps(models.asked(stack)[before:], ensure_ascii=False)
    for secret in ("Carla", "canary", "secret.example", "eve@", user.email, str(user.me["name"])):
        assert secret not in sent
    assert (len(stack.mails()), len(user.call("GET", "/v1/messages").json["items"])) == (mails, messages)
    if found["status"] == "failed":
        assert found["error"] == "unusable_answer"
        return
    text = json.dumps(found["output"], ensure_ascii=False)
    assert set(re.findall(r"https?://[^\s\"\\]+", text)) <= {"https://tan.example/lamps"}
    assert not re.search(r"evil\.|!\[|<\w|@|GB33|⟦", text), text


def test_a_contact_whose_mail_is_pasted_is_masked_by_what_is_held_of_them(
    stack: LocalStack, user: User
) -> None:
    address = fresh_address("o.zwartewind", "zuivelhof.example")
    user.contact(address, "Ottokar Zwartewind", company="Melkweg", phone="+31 20 555 44 77")
    text = (
        f"Please write to {address.replace('@', ' (at) ')}: whether ottokar zwartewind agrees is open, melkweg "
        "pays late, dial 5554477 instead, offer no 4711-canary"
    )
    done = models.over(user, models.ask(user, "summarise", text=text))
    assert done["status"] == "done", done
    (sent,) = models.asked(stack, "4711-canary")
    for value in ("ottokar", "zwartewind", "melkweg", "5554477", "zuivelhof"):
        assert value not in sent.casefold(), value

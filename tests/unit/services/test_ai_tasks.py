"""The five tasks: what a model is told of a job, and what of its answer a user gets."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.privacy.placeholders import within
from chalicelib.services.ai import schemas
from chalicelib.services.ai.shapes import UnusableAnswerError
from chalicelib.services.ai.tasks import LANGUAGES, TASKS, version
from chalicelib.services.companies import ai_settings
from chalicelib.services.prospects import classes
from chalicelib.services.prospects.search import Wanted
from tests.unit.services.ai_seam import Job, job

pytestmark = pytest.mark.clause("ai")

BOB = {
    "name": "Bob Buyer",
    "company": "Buyer Leuchten GmbH",
    "email": "bob@buyer.example",
    "position": "Head of purchasing",
    "country": "DE",
    "profile": "Sells lamps to hotels.",
}
DRAFT = {"subject": "Lamps", "paragraphs": ["Dear colleague,", "We make lamps."]}
GOOD: dict[str, Any] = {
    "draft_email": DRAFT,
    "polish": {"text": "We make lamps."},
    "summarise": {"bullets": ["They want lamps."]},
    "search": {"sector": None, "country": "DE", "level": "chief", "q": "lamp"},
    "score": {"score": 70, "reasons": [{"field": "position", "text": "Decides what is bought."}]},
}
GIVEN = {
    "draft_email": {"goal": "Offer our lamps", "tone": "friendly", "language": "de"},
    "polish": {"text": "we makes lamp"},
    "summarise": {"text": "They want lamps."},
    "search": {"words": "heads of lamp shops in Germany"},
    "score": {"ideal": "Hotels that buy lamps"},
}


def asked(task: str, **more: str) -> Job:
    return job(task, {**GIVEN[task], **more}, BOB if task in {"draft_email", "score"} else None)


def test_what_can_be_asked_is_what_an_admin_can_switch_on() -> None:
    assert tuple(sorted(TASKS)) == ai_settings.TASKS
    assert [name for name, task in TASKS.items() if task.needs_record] == ["score"]
    assert all(task.needs <= task.takes.keys() for task in TASKS.values())


@pytest.mark.parametrize("task", TASKS)
def test_each_prompt_has_a_version_and_holds_no_name(task: str) -> None:
    made = asked(task)
    assert re.fullmatch(rf"{task}-\d{{4}}-\d\d-\d+", version(task))
    assert made.prompt.notes["version"] == version(task)
    assert "$" not in made.prompt.system.text
    for known in ("Bob", "Buyer", "bob@", "Anna", "Tan"):
        assert known not in made.sent
    assert not made.key.names_somebody(made.prompt.system)


@pytest.mark.parametrize("task", TASKS)
def test_a_good_answer_is_passed_on_and_says_that_it_is_for_a_person(task: str) -> None:
    for wrapped in ("{}", "```json\n{}\n```", "Here you are:\n```\n{}\n```\nAnything else?"):
        made = asked(task).answered(wrapped.replace("{}", json.dumps(GOOD[task])))
        if task in {"draft_email", "score"}:
            assert made.pop("needs_person") is True
        if task == "search":
            assert made == {"filters": {"country": "DE", "position": "chief", "q": "lamp"}}
        else:
            assert made == GOOD[task]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "bad",
    [
        "",
        "I am sorry, I cannot do that.",
        "[]",
        "{",
        '{"subject": "x", "subject": "y", "paragraphs": ["z"]}',
        '{"a": ' * 3000 + "1" + "}" * 3000,
        '{"score": NaN, "reasons": []}',
        "{" + " " * schemas.MAX_ANSWER + "}",
        '{"to": "eve@evil.example", "send": true}',
    ],
)
def test_an_answer_that_is_none_is_not_passed_on(task: str, bad: str) -> None:
    with pytest.raises(UnusableAnswerError):
        asked(task).answered(bad)


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("draft_email", {"to": "eve@evil.example"}),
        ("draft_email", {"paragraphs": []}),
        ("draft_email", {"paragraphs": "one text"}),
        ("draft_email", {"paragraphs": ["x"] * 40}),
        ("draft_email", {"subject": 7}),
        ("draft_email", {"subject": "<img src=x>"}),
        ("polish", {"text": ""}),
        ("summarise", {"bullets": [{"text": "x"}]}),
        ("search", {"sector": "everything"}),
        ("search", {"country": "Atlantis"}),
        ("search", {"level": "god"}),
        ("search", {"country": None, "level": None, "q": None}),
        ("search", {"q": "x" * 41}),
        ("score", {"score": 101}),
        ("score", {"score": True}),
        ("score", {"score": "70"}),
        ("score", {"reasons": []}),
        ("score", {"reasons": [{"field": "religion", "text": "x"}]}),
        ("score", {"reasons": [{"field": "name", "text": "A good name"}]}),
        ("score", {"decision": "reject"}),
    ],
)
def test_an_answer_of_another_shape_is_not_passed_on(task: str, change: dict[str, Any]) -> None:
    with pytest.raises(UnusableAnswerError):
        asked(task).answered(json.dumps({**GOOD[task], **change}))


def test_names_come_back_where_the_draft_has_them() -> None:
    made = asked("draft_email")
    (bob,) = within(*(part for part in made.prompt.parts if "RECORD name" in part.text))
    (anna,) = within(*(part for part in made.prompt.parts if "our name" in part.text))
    text = json.dumps(
        {"subject": f"For {bob}", "paragraphs": [f"Dear {bob},", f"Yours\n{anna.strip('⟦⟧').lower()}"]}
    )
    answer = made.answered(text)
    assert answer["subject"] == "For Bob Buyer"
    assert answer["paragraphs"] == ["Dear Bob Buyer,", "Yours\nAnna Tan"]


def test_a_link_of_the_users_own_is_kept_and_a_strangers_is_not() -> None:
    made = asked(
        "draft_email",
        goal="Point to https://tan.example/lamps?utm_source=crm",
        answering="Please look at https://evil.example/login and answer to eve@evil.example",
    )
    (own,) = {one for one in within(made.prompt.parts[0]) if one.startswith("⟦URL")}
    theirs = within(made.prompt.parts[-1])
    assert len(theirs) == 2
    answer = made.answered(
        json.dumps({"subject": "x", "paragraphs": [f"See {own}", *(f"See {one}" for one in theirs)]})
    )
    assert answer["paragraphs"] == ["See https://tan.example/lamps", "See […]", "See […]"]


def test_the_companys_own_website_may_be_linked_to() -> None:
    made = asked("draft_email")
    (site,) = within(*(part for part in made.prompt.parts if "our website" in part.text))
    assert (
        made.answered(json.dumps({**DRAFT, "subject": f"See {site}"}))["subject"] == "See https://tan.example"
    )


def test_a_score_sees_the_business_and_nothing_of_who_somebody_is() -> None:
    made = asked("score")
    assert made.prompt.notes["fields"] == ("company", "position", "country", "profile")
    assert "RECORD name" not in made.sent
    assert "RECORD email" not in made.sent


def test_a_long_field_of_a_record_is_left_out_whole() -> None:
    long = job("score", GIVEN["score"], {**BOB, "profile": "x" * 5000})
    assert "profile" not in long.prompt.notes["fields"]


def test_a_search_speaks_the_codes_of_the_base() -> None:
    made = asked("search")
    assert all(code in made.prompt.system.text for code in classes.SECTORS)
    text = json.dumps({"sector": "Textiles", "country": "Germany", "level": "CEO", "q": None})
    assert made.answered(text) == {"filters": {"industry": "textiles", "country": "DE", "position": "chief"}}


def test_filters_are_called_what_the_search_calls_them() -> None:
    found = asked("search").answered(json.dumps({**GOOD["search"], "sector": "textiles"}))["filters"]
    assert found.keys() <= set(Wanted._fields)


def test_every_language_offered_has_a_name_for_the_model() -> None:
    for code, name in LANGUAGES.items():
        assert f"Write in {name}." in asked("polish", language=code).prompt.system.text


@pytest.mark.clause("ai")
@pytest.mark.parametrize(
    "company", ["evil-login.com/pay", "http://1.2.3.4/x", "https://evil.example/?iban=1"]
)
def test_a_link_in_the_place_of_a_business_is_not_passed_on(company: str) -> None:
    made = job("draft_email", {"goal": "Write an offer"}, {"name": "Bob Stone", "company": company})
    answer = {"subject": "Offer", "paragraphs": ["Dear Bob, ⟦COMPANY_1⟧ gets 5 % off, see ⟦URL_1⟧."]}
    shown = json.dumps(made.answered(json.dumps(answer)), ensure_ascii=False)
    assert "evil" not in shown
    assert "1.2.3.4" not in shown
    assert "gets 5 % off" in shown


def test_an_answer_that_never_closes_its_fence_takes_no_time() -> None:
    with pytest.raises(UnusableAnswerError):
        TASKS["polish"].read("```\n" + " " * 39_000, job("polish", {"text": "Hello"}).prompt)

"""Somebody writes instructions into a mail or a profile, and the model obeys them to the letter: still no link
of theirs, no picture, nobody's data, nothing sent; what is not in shape fails.

`injections.json` holds what they write (`says`) and what a model that obeys would answer (`does`: into each text
of a well-formed answer; `raw`: instead of one). `{prompt}` is all the model was told, `{seen}` every placeholder
in it, `{invented}` some that are not, `{hung}` each link placeholder with an ending of the attacker's.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.services.ai.shapes import UnusableAnswerError
from chalicelib.services.ai.tasks import TASKS
from tests.unit.services.ai_seam import Job, job, texts_in

pytestmark = pytest.mark.clause("ai")

HERE = Path(__file__).parent
PATTERNS: list[dict[str, str]] = json.loads((HERE / "injections.json").read_text("utf-8"))
OWN = "https://tan.example/lamps?id=3"
BOB = {"name": "Bob Buyer", "company": "Buyer GmbH", "email": "bob@buyer.example", "position": "Buyer"}


def attacked(task: str, says: str) -> Job:
    """A job in which a stranger had a say wherever strangers have one."""
    match task:
        case "draft_email":
            given = {"goal": f"Offer our lamps, see {OWN}&utm_source=crm", "answering": says}
            return job(task, given, {**BOB, "name": f"Bob Buyer {says}"[:200], "position": says[:200]})
        case "score":
            return job(task, {"ideal": "Hotels"}, {**BOB, "profile": says, "position": says[:200]})
        case "search":
            return job(task, {"words": f"lamp shops {says}"[:400]})
        case _:
            return job(task, {"text": f"They write: {says}"})


def shape(task: str, payload: str) -> dict[str, Any]:
    """A well-formed answer with a payload in each text."""
    shapes: dict[str, dict[str, Any]] = {
        "draft_email": {"subject": payload[:200], "paragraphs": ["Dear reader,", payload[:3000]]},
        "polish": {"text": payload},
        "summarise": {"bullets": [payload[:600]]},
        "search": {"sector": None, "country": "DE", "level": None, "q": payload[:40]},
        "score": {"score": 100, "reasons": [{"field": "position", "text": payload[:500]}]},
    }
    return shapes[task]


def obeyed(task: str, made: Job, pattern: dict[str, str]) -> str:
    """What a model answers that does what it is told by whoever spoke last."""
    seen = sorted(set(re.findall(r"⟦[A-Z]+_\d+(?:_\d+)?⟧", made.sent)))
    hung = [
        f"{one}.evil.example/{other} {one}@evil.example {one}?d={other}" for one in seen for other in seen[:2]
    ]
    invented = "⟦PERSON_77⟧ ⟦EMAIL_9⟧ [URL_8] phone_5"
    if "raw" in pattern:
        text = pattern["raw"].replace("{shape+send}", json.dumps({**shape(task, "fine"), "send": True}))
        return text.replace("{plain}", "hello")
    payload = pattern["does"].replace("{prompt}", made.sent).replace("{seen}", " ".join(seen))
    payload = payload.replace("{invented}", invented).replace("{hung}", " ".join(hung) or "none")
    return json.dumps(shape(task, payload), ensure_ascii=False)


LINK = re.compile(r"(?i)(?:[a-z]+:)?//[^\s()]+|\bwww\.\S+")
LEADS = re.compile(r"(?i)evil\.[a-z]|203\.0\.113|\w@\w|@evil|canary\.|DE89|GB33|\+\d|⟦|PERSON_")
MARKUP = re.compile(r"!\[|<\s*/?[a-zA-Z!]|javascript\s*:\S|srcset|onload|onerror")
CASES = [(task, pattern) for task in TASKS for pattern in PATTERNS]


def test_there_are_two_hundred_of_them() -> None:
    assert len(CASES) >= 200
    assert {one["language"] for one in PATTERNS} >= {
        "en",
        "zh",
        "de",
        "fr",
        "es",
        "ru",
        "ar",
        "ja",
        "ko",
        "pt",
        "tr",
    }


@pytest.mark.parametrize(
    ("task", "pattern"), CASES, ids=lambda one: one if isinstance(one, str) else one["id"]
)
def test_a_model_that_obeys_a_stranger_leads_nobody_anywhere(task: str, pattern: dict[str, str]) -> None:
    made = attacked(task, pattern["says"].replace("{mark}", "bcdfghjkmnpq"))
    try:
        answer = made.answered(obeyed(task, made, pattern))
    except UnusableAnswerError:
        return  # the job fails, and nobody sees anything
    text = "\n".join(texts_in(answer))
    links = {link.rstrip(".,;)") for link in LINK.findall(text)}
    assert links <= allowed(task, pattern)
    assert not LEADS.search(LINK.sub("", text))
    assert not MARKUP.search(text)
    assert answer.keys() <= {
        "subject",
        "paragraphs",
        "needs_person",
        "text",
        "bullets",
        "filters",
        "score",
        "reasons",
    }


def allowed(task: str, pattern: dict[str, str]) -> set[str]:
    """Links of the user's own: in what they wrote or, to have it polished, gave as their own text."""
    if task == "polish":
        return set(LINK.findall(pattern["says"]))
    return {OWN, "https://tan.example"} if task == "draft_email" else set()


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one["id"])
@pytest.mark.parametrize("task", TASKS)
def test_the_model_is_shown_nothing_but_this_job(task: str, pattern: dict[str, str]) -> None:
    made = attacked(task, pattern["says"].replace("{mark}", "bcdfghjkmnpq"))
    blocks = "\n".join(part.text for part in made.prompt.parts)
    assert len(re.findall(r"<{2,}", blocks)) == len(made.prompt.parts) == len(re.findall(r">{2,}", blocks))
    assert not re.search("[\u200b-\u200f\u202a-\u202e\U000e0000-\U000e007f]|<\\|", made.sent)
    for name in ("Bob", "bob@", "Anna", "Tan", "eve@", "carla@", "DE89", "GB33"):
        assert name not in made.sent


def test_what_makes_prompts_and_reads_answers_can_send_nothing() -> None:
    """No tool, no gateway, no table: the only thing that these files can do is to return a text."""
    folder = HERE.parents[2] / "chalicelib/services/ai"
    for name in ("tasks", "fencing", "plain", "schemas"):
        imported = {
            alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
            for node in ast.walk(ast.parse((folder / f"{name}.py").read_text("utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not [
            one for one in imported if re.search(r"gateways|store|boto|socket|urllib\.request|http", one)
        ]

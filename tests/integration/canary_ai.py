"""What somebody asks of AI, and what it answers, for the walk of the canaries: their mail address goes in and
comes back, and the model reads a placeholder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.privacy import clocks, texts
from chalicelib.privacy.consent import ConsentPurpose
from tests.integration import models
from tests.integration.client import Answer, User, eventually
from tests.integration.letters import rows

NOT_TEXT = {
    "ai_sample.input": "what the model was asked: placeholders stand in it for whoever is named",
    "ai_sample.output": "what it answered, before anybody's name was put back",
}


def planted(run: str) -> dict[str, str]:
    address = f"aikanari{run}@ai-kanari.example"
    return {"ai_job.input": address, "ai_job.output": address}


def walk(user: User, own: Callable[..., Answer], values: Mapping[str, str]) -> None:
    """One job that is done, and others that are refused or fail on the way."""
    asked: dict[str, Any] = {
        "task": "polish",
        "input": {"text": f"Please write to {values['ai_job.input']} today"},
    }
    assert own("POST", "/v1/ai/jobs", asked).status == 403  # nobody has switched it on
    models.switch_on(user)
    assert own("POST", "/v1/ai/jobs", {**asked, "input": {values["ai_job.input"]: "x"}}).status == 422
    assert own("POST", "/v1/ai/jobs", {**asked, "input": {"tone": values["ai_job.input"]}}).status == 422
    stack = user.stack
    for kind in ("throttle", "fail"):
        stack.wire.inject(kind=kind, service="bedrock", function="okki-leads-run-ai")
        models.say(stack, {"text": f"no JSON {values['ai_job.output']}"})
        own("POST", "/v1/ai/jobs", asked)
    text = texts.current_text(ConsentPurpose.AI_IMPROVEMENT, clocks.day(stack.now()))
    assert text is not None
    word = {"purpose": "ai_improvement", "state": "granted", "text_version": text.id}
    assert own("POST", "/v1/consents", word).status == 201
    made = own("POST", "/v1/ai/jobs", asked)
    assert made.status == 202, made.body
    done = models.over(user, made.json["id"])
    while done["status"] != "done":  # it may have met what was meant for another
        done = models.over(user, own("POST", "/v1/ai/jobs", asked).json["id"])
    assert values["ai_job.output"] in done["output"]["text"]
    eventually(lambda: rows(stack, "samples"))

"""The one way to a model: in our region, with masked text, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.stub import Stubber

from chalicelib.gateways import model
from chalicelib.gateways.model import MODELS, Failure, ForeignModelError, ModelError
from chalicelib.kernel import aws
from chalicelib.privacy.placeholders import Masked, own_words
from infra.local.package import ROOT

HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"


@dataclass(frozen=True)
class Plain:
    """What looks like a prompt."""

    system: Any
    parts: Any


PROMPT = Plain(own_words("You polish."), (own_words("a text"), own_words("another")))


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AI_MODEL", HAIKU),
    ):
        monkeypatch.setenv(name, value)
    aws.client.cache_clear()
    with Stubber(aws.client("bedrock-runtime", tries=1, read_seconds=model.SECONDS)) as stub:
        yield stub
    aws.client.cache_clear()


def answered(text: str = "done", stop: str = "end_turn") -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": stop,
        "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
        "metrics": {"latencyMs": 5},
    }


def test_a_prompt_goes_out_as_it_was_made_and_what_it_used_comes_back(bedrock: Stubber) -> None:
    expected = {
        "modelId": HAIKU,
        "system": [{"text": "You polish."}],
        "messages": [{"role": "user", "content": [{"text": "a text"}, {"text": "another"}]}],
        "inferenceConfig": {"maxTokens": 99, "temperature": 0.3},
    }
    bedrock.add_response("converse", answered(), expected)
    assert model.ask(PROMPT, 99) == ("done", 11, 7, False)
    bedrock.add_response("converse", answered("cut o", "max_tokens"))
    assert model.ask(PROMPT, 99).cut


@pytest.mark.clause("ai")
@pytest.mark.parametrize(
    "prompt",
    [
        Plain("You polish.", PROMPT.parts),
        Plain(PROMPT.system, ("Lena Vogel",)),
        Plain(PROMPT.system, (own_words("a"), "Lena Vogel")),
        Plain(PROMPT.system, ()),
        Plain(None, PROMPT.parts),
    ],
    ids=["system", "part", "one of several", "nothing", "none"],
)
def test_text_that_was_not_masked_stays_here(bedrock: Stubber, prompt: Plain) -> None:
    with pytest.raises(TypeError) as error:
        model.ask(prompt, 99)
    assert "Lena" not in str(error.value)


class Lookalike:
    """What isinstance() takes for masked text."""

    text = "Lena Vogel"

    @property  # type: ignore[misc]  # no class may say so: that is the lie
    def __class__(self) -> Any:
        return Masked


def test_no_look_alike_passes_for_masked_text(bedrock: Stubber) -> None:
    assert isinstance(Lookalike(), Masked)
    with pytest.raises(TypeError):
        model.ask(Plain(PROMPT.system, (Lookalike(),)), 99)


@pytest.mark.clause("singapore")
@pytest.mark.parametrize(
    "name",
    [
        "apac.anthropic.claude-3-haiku-20240307-v1:0",
        "global.anthropic.claude-sonnet-4-20250514-v1:0",
        "us.anthropic.claude-3-haiku-20240307-v1:0",
        f"arn:aws:bedrock:ap-southeast-1:000000000000:inference-profile/apac.{HAIKU}",
        f"arn:aws:bedrock:us-east-1::foundation-model/{HAIKU}",
        "anthropic.claude-3-haiku-20240307-v1:0 ",
        "",
    ],
)
def test_a_model_that_would_answer_elsewhere_is_not_asked(
    bedrock: Stubber, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("AI_MODEL", name)
    with pytest.raises(ForeignModelError):
        model.ask(PROMPT, 99)


@pytest.mark.clause("singapore")
def test_the_list_names_models_and_no_profiles_and_the_template_takes_one_of_it() -> None:
    assert all(name.split(".")[0] == "anthropic" and "/" not in name for name in MODELS)
    template = (ROOT / "infra/template.yaml").read_text()
    default = template.partition("AiModel:")[2].partition("Default: ")[2].split()[0]
    assert default in MODELS
    policy = (ROOT / "infra/policies/run_ai.json").read_text()
    rights = [one for one in json.loads(policy)["Statement"] if "bedrock:InvokeModel" in one["Action"]]
    assert [one["Resource"] for one in rights] == [
        {"Fn::Sub": "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/${AiModel}"}
    ]


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        ("ThrottlingException", 429, Failure.BUSY),
        ("ServiceUnavailableException", 503, Failure.BUSY),
        ("ModelNotReadyException", 429, Failure.BUSY),
        ("ModelTimeoutException", 408, Failure.LOST),
        ("InternalServerException", 500, Failure.LOST),
        ("Unheard", 502, Failure.LOST),
        ("ValidationException", 400, Failure.REFUSED),
        ("AccessDeniedException", 403, Failure.REFUSED),
        ("ResourceNotFoundException", 404, Failure.REFUSED),
    ],
)
def test_what_may_have_been_paid_for_is_told_from_what_was_not(
    bedrock: Stubber, code: str, status: int, failure: Failure
) -> None:
    bedrock.add_client_error("converse", code, "quotes what was sent: Lena Vogel", http_status_code=status)
    with pytest.raises(ModelError) as error:
        model.ask(PROMPT, 99)
    assert error.value.failure is failure
    assert "Lena" not in str(error.value)
    bedrock.assert_no_pending_responses()  # one try


def test_the_client_waits_a_minute_and_tries_once(bedrock: Stubber) -> None:
    config: Any = bedrock.client.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.read_timeout, config.region_name) == (60, "ap-southeast-1")


def test_a_price_is_never_shown_lower_than_it_was() -> None:
    assert MODELS[HAIKU].of(1_000_000, 1_000_000) == 1_500_000
    assert MODELS[HAIKU].of(1, 0) == 1
    assert MODELS[HAIKU].of(0, 0) == 0

"""The only way to a language model: Bedrock's Converse, in our own region, with text that names nobody.

A prompt is made of ``Masked`` text; anything else is a TypeError before a byte is sent (clause `ai`). Models
are those that answer on demand in Singapore. Inference profiles (`apac.`, `us.`, `global.` before a model's
name) carry what they are asked to other countries, so they are refused whoever configures them, and so does
the function's policy (clause `singapore`). One try: a generation whose answer was lost has been paid for.

The account's model invocation logging must stay off: it would keep prompts beyond our retention. Nothing here
can see that it is; whoever deploys looks (docs/decisions/2026-11-23-ai.md). The model gets no tools.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

from chalicelib.kernel import aws, settings, telemetry
from chalicelib.privacy.placeholders import Masked

SECONDS: Final = 60
"""How long a generation may take. The function has twice that."""


class Price(NamedTuple):
    """What a million tokens cost, in millionths of a US dollar."""

    tokens_in: int
    tokens_out: int

    def of(self, tokens_in: int, tokens_out: int) -> int:
        """The price of one call, micro USD, rounded up: an account never shows less than was paid."""
        return -(-(tokens_in * self.tokens_in + tokens_out * self.tokens_out) // 1_000_000)


MODELS: Final = MappingProxyType(
    {
        "anthropic.claude-3-haiku-20240307-v1:0": Price(250_000, 1_250_000),
        "anthropic.claude-3-5-sonnet-20240620-v1:0": Price(3_000_000, 15_000_000),
    }
)
"""Models that answer on demand in ap-southeast-1, and their list prices; to be confirmed in the console
before each deployment, because AWS adds and retires them.
"""


class Failure(StrEnum):
    """Why there is no answer."""

    BUSY = "model_busy"
    """Nothing was generated, nothing is owed: ask again later."""
    LOST = "model_timed_out"
    """Nobody knows; it has been paid for."""
    REFUSED = "model_refused"
    """Bedrock does not take the call: our mistake or our account's, not the user's."""


class ModelError(Exception):
    """No answer; carries the reason and nothing that was sent."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class ForeignModelError(Exception):
    """A model that is not on the list, or that would answer elsewhere. A fault of configuration."""


class Answer(NamedTuple):
    """What came back. ``cut``: the model stopped because it had no tokens left."""

    text: str
    tokens_in: int
    tokens_out: int
    cut: bool


class Asked(Protocol):
    """What a prompt looks like: ``services.ai.shapes.Prompt``."""

    @property
    def system(self) -> Masked:
        """Our instructions."""
        ...

    @property
    def parts(self) -> tuple[Masked, ...]:
        """The user's turn."""
        ...


def chosen() -> str:
    """The model of this installation (``AiModel``). Raises ForeignModelError."""
    name = settings.ai_model()
    if name not in MODELS:
        raise ForeignModelError
    return name


def ask(prompt: Asked, max_tokens: int) -> Answer:
    """One generation, one try.

    Raises:
        TypeError: a prompt that is not masked throughout.
        ForeignModelError.
        ModelError.
    """
    model = chosen()
    texts = [prompt.system, *prompt.parts]
    if not all(type(text) is Masked for text in texts) or not prompt.parts:  # look-alikes are not it
        raise TypeError("a prompt is made of masked text only")
    from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

    try:
        answer = aws.client("bedrock-runtime", tries=1, read_seconds=SECONDS).converse(
            modelId=model,
            system=[{"text": prompt.system.text}],
            messages=[{"role": "user", "content": [{"text": part.text} for part in prompt.parts]}],
            inferenceConfig={"maxTokens": max_tokens, "temperature": 0.3},
        )
    except ClientError as error:
        telemetry.event("model_error", error=error)
        raise ModelError(_failure(error.response)) from None
    except (ConnectTimeoutError, EndpointConnectionError) as error:
        telemetry.event("model_error", error=error)
        raise ModelError(Failure.BUSY) from None  # nothing has reached it
    except BotoCoreError as error:
        telemetry.event("model_error", error=error)
        raise ModelError(Failure.LOST) from None
    usage = answer["usage"]
    blocks = answer["output"]["message"]["content"]
    return Answer(
        text="".join(block.get("text", "") for block in blocks),
        tokens_in=int(usage["inputTokens"]),
        tokens_out=int(usage["outputTokens"]),
        cut=answer["stopReason"] == "max_tokens",
    )


_BUSY: Final = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceQuotaExceededException",
        "ServiceUnavailableException",
        "ModelNotReadyException",
    }
)
_LOST: Final = frozenset({"ModelTimeoutException", "ModelErrorException", "InternalServerException"})


def _failure(response: Any) -> Failure:
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _BUSY:
        return Failure.BUSY
    if code in _LOST or status >= 500:
        return Failure.LOST
    return Failure.REFUSED

"""The model's stand-in: an OpenAI-compatible server that the emulated Bedrock passes prompts on to.

Served at `/_local/model`. Without orders it answers in the shape that a prompt asks for, in plain words and
with the placeholders it was given; tests order answers (`POST /_say`), forget them (`DELETE /_say`) and read
what reached it (`GET /_asked`): no more than a model would be sent. It understands nothing. `AI_PROXY=` puts
a real one in its place.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final
from urllib.parse import unquote

from infra.local.asgi import Receive, Scope, Send, answer_json, read_body

KEPT: Final = 2000
_CALL: Final = re.compile(r"/model/([^/]+)/converse")
_PLACEHOLDER: Final = re.compile(r"⟦[A-Z]+_\d+(?:_\d+)?⟧")


def authorise_as_aws_does() -> None:
    """Converse needs the right to InvokeModel on the model's own ARN (Service Authorization Reference,
    Bedrock); the emulator asks for an action of its own, on everything.
    """
    actions: Any = import_module("ministack.core.iam_actions")
    action_of, arn_of = actions.extract_iam_action, actions.extract_resource_arn

    def action(service: str, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if service.startswith("bedrock") and _CALL.fullmatch(path):
            return "bedrock:InvokeModel"
        return action_of(service, method, path, *rest, **more)

    def resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> str:
        found = _CALL.fullmatch(path) if service.startswith("bedrock") else None
        if found is None:
            made: str = arn_of(service, method, path, headers, body, query, region, account)
            return made
        name = unquote(found[1])
        if re.match(r"(?:apac|eu|global|us|us-gov)\.", name):
            return f"arn:aws:bedrock:{region}:{account}:inference-profile/{name}"
        return f"arn:aws:bedrock:{region}::foundation-model/{name}"

    actions.extract_iam_action, actions.extract_resource_arn = action, resource_arn


class Model:
    """One model. Nothing is kept beyond the process."""

    def __init__(self) -> None:
        self._ordered: deque[dict[str, Any]] = deque()
        self._asked: deque[dict[str, Any]] = deque(maxlen=KEPT)

    async def serve(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        """Answer one request; ``path`` is what follows `/_local/model`."""
        match scope["method"], path:
            case "POST", "/v1/chat/completions":
                await self._answer(json.loads(await read_body(receive)), send)
            case "POST", "/_say":
                self._ordered.extend(json.loads(await read_body(receive))["next"])
                await answer_json(send, 200, {"ordered": len(self._ordered)})
            case "DELETE", "/_say":
                self._ordered.clear()
                await answer_json(send, 200, {})
            case "GET", "/_asked":
                await answer_json(send, 200, list(self._asked))
            case _:
                await answer_json(send, 404, {"message": "Not Found"})

    async def _answer(self, asked: dict[str, Any], send: Send) -> None:
        self._asked.append(asked)
        order = self._ordered.popleft() if self._ordered else {}
        if seconds := order.get("seconds"):
            await asyncio.sleep(seconds)
        text = order["text"] if "text" in order else plain_answer(asked["messages"])
        sent = sum(len(str(message["content"])) for message in asked["messages"])
        used = order.get("tokens") or [max(1, sent // 4), max(1, len(text) // 4)]
        await answer_json(
            send,
            200,
            {
                "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": used[0], "completion_tokens": used[1]},
            },
        )


def plain_answer(messages: list[dict[str, Any]]) -> str:
    """What it says of itself: the shape asked for, filled from what it was given."""
    system = " ".join(str(m["content"]) for m in messages if m["role"] == "system")
    given = _blocks(" ".join(str(m["content"]) for m in messages if m["role"] == "user"))
    if '"paragraphs"' in system:
        return json.dumps(_draft(given), ensure_ascii=False)
    if '"bullets"' in system:
        text = next(iter(given.values()), "")
        return json.dumps({"bullets": [_short(one) for one in _sentences(text)[:4]]}, ensure_ascii=False)
    if '"score"' in system:
        fields = [label.removeprefix("RECORD ") for label in given if label.startswith("RECORD ")]
        reasons = [{"field": name, "text": "The record says something about it."} for name in fields[:3]]
        return json.dumps({"score": 60, "reasons": reasons})
    if '"sector"' in system:
        words = re.findall(r"[a-z]{4,}", next(iter(given.values()), "").lower())
        filters = {"sector": None, "country": None, "level": None, "q": words[0] if words else "trade"}
        return json.dumps(filters)
    text = next(iter(given.values()), "")
    return json.dumps({"text": text.strip()[:1].upper() + text.strip()[1:]}, ensure_ascii=False)


def _draft(given: Mapping[str, str]) -> dict[str, Any]:
    name, writer = _first(given, "RECORD name"), _first(given, "REQUEST our name")
    goal = given.get("REQUEST goal", "").strip() or "our offer"
    product = given.get("REQUEST product", "").strip()
    paragraphs = [
        f"Dear {name or 'colleague'},",
        f"I am writing to you about this: {goal}",
        *([f"In short: {product}"] if product else []),
        "Would a short call next week suit you?",
        f"Kind regards,\n{writer or 'your partner'}",
    ]
    return {"subject": _short(goal)[:120], "paragraphs": paragraphs}


def _blocks(text: str) -> dict[str, str]:
    """What stands behind fences, by label."""
    found = re.findall(r"<<<([a-z]+) ([^\n]*)\n(.*?)\n\1>>>", text, re.DOTALL)
    return {label: inside for _, label, inside in found} or {"": text}


def _first(given: Mapping[str, str], label: str) -> str:
    found = _PLACEHOLDER.search(given.get(label, ""))
    return found[0] if found else ""


def _sentences(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"(?<=[.!?。])\s+|\n+", text) if one.strip()] or [
        "Nothing is said."
    ]


def _short(text: str) -> str:
    return text[:300]

"""The front door: one loopback address for the API and the tracking edge, as a custom domain gives in AWS.

/o/ /c/ /u/ go to the edge's HTTP API, /_local/mailbox to the mails sent, /_local/wechat and /_local/model
to the stand-ins of WeChat and of the language model, all else to the REST API's stage.
It runs in the emulator's own process, so a request costs no extra hop, and body, method and headers pass
through as they came.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.asgi import App, BodyTooLargeError, Receive, Scope, Send, answer, read_body, replay
from infra.local.mailbox import Mailbox
from infra.local.model import Model
from infra.local.wechat import Wechat

MAX_BODY_BYTES = 10 * 1024 * 1024
"""What API Gateway takes (quota "Payload size", not raisable)."""

CLIENT_HEADER = b"x-local-client"
"""Names the address a request shall seem to come from; only the local front door reads it, tests use it."""

ADDRESS_HEADER = b"x-local-source-address"
"""From the door to the event builder (emulator.py), which takes it out again before a function sees it."""

EDGE_PREFIXES = ("/o/", "/c/", "/u/")
MAILBOX_PREFIX = "/_local/mailbox"
WECHAT_PREFIX = "/_local/wechat"
MODEL_PREFIX = "/_local/model"


@dataclass(slots=True)
class Targets:
    """Ids of the deployed APIs; empty until the stack stands."""

    api: str = ""
    stage: str = ""
    edge: str = ""


def front_door(emulator: App, targets: Targets, mailbox: Mailbox) -> App:
    """The application behind the public port."""
    wechat, model = Wechat(), Model()

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path == MAILBOX_PREFIX or path.startswith(MAILBOX_PREFIX + "/"):
            await mailbox.serve(scope, path.removeprefix(MAILBOX_PREFIX), send)
            return
        if path.startswith(WECHAT_PREFIX + "/"):
            await wechat.serve(scope, path.removeprefix(WECHAT_PREFIX), receive, send)
            return
        if path.startswith(MODEL_PREFIX + "/"):
            await model.serve(scope, path.removeprefix(MODEL_PREFIX), receive, send)
            return
        if not targets.api:
            await answer(send, 503, b'{"message":"Service Unavailable"}', "application/json")
            return
        to_edge = path.startswith(EDGE_PREFIXES)
        prefix = (
            f"/_aws/execute-api/{targets.edge}/$default"
            if to_edge
            else f"/_aws/execute-api/{targets.api}/{targets.stage}"
        )
        try:
            body = await read_body(receive, MAX_BODY_BYTES)
        except BodyTooLargeError:
            text = b"Request Entity Too Large" if to_edge else b"Request Too Long"
            await answer(
                send, 413, b'{"message":"' + text + b'"}', "application/json", {"connection": "close"}
            )
            return
        headers = [
            (name, value) for name, value in scope["headers"] if name not in (CLIENT_HEADER, ADDRESS_HEADER)
        ]
        claimed = [value for name, value in scope["headers"] if name == CLIENT_HEADER]
        address = claimed[0] if claimed else str((scope.get("client") or ("127.0.0.1", 0))[0]).encode()
        inner = dict(scope)
        inner["path"] = prefix + path
        inner["raw_path"] = prefix.encode() + (scope.get("raw_path") or path.encode())
        inner["headers"] = [*headers, (ADDRESS_HEADER, address)]
        await emulator(inner, replay(body, receive), send)

    return door

"""Logging in through WeChat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import TEXT, TIME, choice, many, or_null, ref, thing
from chalicelib.gateways.wechat import Flow
from chalicelib.records.wechat import WechatIntent

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "WechatBeginning": thing(
        "Where to send the browser.",
        url={**TEXT, "format": "uri"},
        expires_at=TIME,
        third_party=thing(
            "Who takes part; `covered`: by our policy.", service={"const": "WeChat"}, covered={"const": False}
        ),
    ),
    "WechatSignup": thing(
        "Nobody here has this WeChat account yet: sign up with the ticket as `wechat_ticket`.",
        status={"const": "signup_needed"},
        ticket=TEXT,
        expires_at=TIME,
    ),
    "WechatEnded": thing("The way has ended.", status={**TEXT, "enum": ["linked", "cancelled"]}),
    "WechatArrival": {
        "description": "How the way to WeChat ended.",
        "oneOf": [ref("SessionAnswer"), ref("WechatSignup"), ref("WechatEnded")],
    },
    "WechatLink": thing(
        "A WeChat account that logs the user in.",
        id=TEXT,
        flow=choice(Flow),
        nickname={**or_null(TEXT), "description": "For display. It proves nothing."},
        linked_at=TIME,
        used_at=TIME,
    ),
    "WechatLinks": thing("Those of the user.", items=many(ref("WechatLink"))),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "begin_wechat": (
        {
            "name": "intent",
            "in": "query",
            "schema": {**choice(WechatIntent), "default": WechatIntent.LOGIN.value},
        },
        {"name": "flow", "in": "query", "schema": {**choice(Flow), "default": Flow.QR.value}},
    ),
    "come_back_from_wechat": (
        {"name": "state", "in": "query", "required": True, "schema": TEXT},
        {"name": "code", "in": "query", "description": "Missing: the person refused.", "schema": TEXT},
    ),
}

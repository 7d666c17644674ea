"""Cookies and the answer about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, ref, thing
from chalicelib.privacy.cookies import REVISION, CookieCategory

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "CookieCategory": thing(
        "What is decided about, one by one.",
        name=choice(CookieCategory),
        purpose=TEXT,
        essential=YES_NO,
        third_party={**YES_NO, "description": "Whether somebody else than us may take part in it."},
        granted=YES_NO,
    ),
    "Cookie": thing(
        "One that may be set; there are no others.",
        name=TEXT,
        category=choice(CookieCategory),
        purpose=TEXT,
        max_age={**COUNT, "description": "Seconds a browser keeps it at most."},
    ),
    "CookieChoices": thing(
        "What counts for this browser.",
        revision={**TEXT, "description": "Of categories and cookies; an answer names the one it is about."},
        ask={**YES_NO, "description": "There is no answer that counts: ask."},
        gpc={**YES_NO, "description": "The browser sends Global Privacy Control."},
        expires_at=or_null(TIME),
        receipt_id=or_null(TEXT),
        text={**or_null(TEXT), "description": "What is agreed to, to be shown with the question."},
        categories=many(ref("CookieCategory")),
        cookies=many(ref("Cookie")),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "CookiesAnswered": {"answer": "custom", "categories": ["preferences"], "revision": REVISION},
}

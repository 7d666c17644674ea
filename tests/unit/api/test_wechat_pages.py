"""What people see who come back from WeChat: a page where they have a browser, and nothing that runs in it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.api import openapi, shapes, wechat
from chalicelib.api.endpoint import Call
from chalicelib.records.wechat import WechatLink
from chalicelib.services.accounts.linked import Shown
from chalicelib.services.accounts.wechat import Ended, SignupNeeded
from chalicelib.services.mail import pages

pytestmark = pytest.mark.clause("wechat")

VALUES = {
    "entered": {"name": "<b>Mei</b> & Co"},
    "proof": {"challenge": "chl_06c8q1m2v5s7d3f9g4h6j8k0la"},
    "signup": {"ticket": "bc3dceb90e76a3f39d1fe74206ff9793"},
    "linked": {},
    "cancelled": {},
    "refused": {},
    "preview": {},
    "elsewhere": {},
    "closed": {},
    "busy": {},
}
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("name", VALUES)
def test_every_page_stands_by_itself_and_shows_names_as_text(name: str, locale: pages.Locale) -> None:
    page = pages.wechat_page(locale, name, VALUES[name])
    assert f'<html lang="{"zh-Hans" if locale == "zh" else "en"}">' in page
    assert not re.search(r"<script|<form|<img|<link|<a |\bon[a-z]+=|style=", page)
    assert "$" not in page.partition("</style>")[2]
    assert "<b>" not in page
    for value in VALUES[name].values():
        assert value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in page
    assert "script" not in pages.CSP
    assert "'unsafe-inline'" not in pages.CSP


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("text/html;q=0.5, application/json;q=0.9", False),
        ("text/html;q=0", False),
        ("text/html;q=nan", False),
        (";;,,q=1", False),
        ("text/html", True),
        ("TEXT/HTML ; Q=0.8, application/json;q=0.1", True),
        (CHROMIUM, True),
    ],
)
def test_who_asks_for_a_page_gets_one_and_programs_get_json(accept: str | None, page: bool) -> None:
    headers = {} if accept is None else {"accept": accept}
    request: Any = SimpleNamespace(headers=headers)
    assert wechat._wants_page(Call(request, None, None)) is page


def test_answers_look_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "https://api.okki.example/")
    openapi.document.cache_clear()
    document = openapi.document()
    openapi.document.cache_clear()
    link = WechatLink(
        company_id="co_1",
        user_id="usr_1",
        identity="hash",
        link_id="lnk_1",
        flow="qr",
        linked_at=1,
        used_at=2,
        open_id="oUNCq61-sample",
    )
    shown = {
        "WechatLink": wechat.link_view(Shown(link, None)),
        "WechatSignup": wechat._ended_view(SignupNeeded("ticket", 1)),
        "WechatEnded": wechat._ended_view(Ended.CANCELLED),
    }
    for name, value in shown.items():
        Draft202012Validator({**document, **shapes.ref(name)}).validate(value)
        assert value.keys() == document["components"]["schemas"][name]["properties"].keys()
    assert "oUNCq61" not in str(shown)

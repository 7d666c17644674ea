"""The page for people without an account: they ask, object and are answered in a browser, and leave no trace."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chalicelib.privacy.requests import RequestKind
from chalicelib.services.requests import page
from infra.local import LocalStack
from tests.integration import asking, chromium
from tests.integration.apart import own_stack
from tests.integration.client import fresh_address, request, sign_up
from tests.integration.stocking import located, one, reveal

stack = own_stack()

pytestmark = pytest.mark.clause("requests", "subjects")

PATH = "/v1/requests/page"


class Fields(HTMLParser):
    """What can be filled in, and what is written beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, str] = {}
        self.labels: set[str] = set()
        self.inside = False
        self.unnamed: list[str] = []
        self.kinds: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "label":
            self.inside = "for" not in has
            self.labels.add(has.get("for") or "")
        elif tag in {"input", "textarea"}:
            if has.get("name") == "kind":
                self.kinds.append(str(has["value"]))
            if not self.inside:
                self.unnamed.append(str(has.get("id")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self.inside = False


@pytest.mark.parametrize(
    ("query", "accept", "lang", "title"),
    [
        ("", "en-GB", "en", "Your data at OKKI Leads AI"),
        ("", "zh-CN,zh;q=0.9", "zh-Hans", "您在 OKKI Leads AI 的数据"),
        ("?locale=zh", "en", "zh-Hans", "您在 OKKI Leads AI 的数据"),
        ("?locale=en", "zh-CN", "en", "Your data at OKKI Leads AI"),
        ("?locale=xx", "", "en", "Your data at OKKI Leads AI"),
    ],
)
def test_anybody_can_open_it_in_their_language_and_nothing_foreign_runs_in_it(
    stack: LocalStack, query: str, accept: str, lang: str, title: str
) -> None:
    answer = request(f"{stack.api}{PATH}{query}", headers={"Accept-Language": accept})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == page.CSP
    assert "unsafe" not in page.CSP
    assert "form-action 'none'" in page.CSP
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.cookies == []
    html = answer.body.decode()
    assert f'<html lang="{lang}">' in html
    assert f"<h1>{title}</h1>" in html
    assert html.count("<script") == html.count("<style") == 1
    assert not re.search(r"\bon[a-z]+=|style=|action=|https?://", html)
    fields = Fields()
    fields.feed(html)
    assert set(fields.unnamed) <= fields.labels, "each is named for those who cannot see the page"
    assert sorted(fields.kinds) == sorted(RequestKind)


@pytest.mark.clause("stocked-prospects")
@pytest.mark.skipif(chromium.FOUND is None, reason="no Chromium on this machine")
def test_somebody_without_an_account_objects_in_a_real_browser_and_is_gone(
    stack: LocalStack, tmp_path: Path
) -> None:
    company, email = located(sign_up(stack)), fresh_address("lena", "nordlicht.example")
    prospect = one(stack, email=email)
    assert reveal(company, prospect).status == 200
    with chromium.browser(tmp_path / "telephone") as shown:
        shown.call(
            "Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True
        )
        shown.open(f"{stack.api}{PATH}?locale=en", "What do you want?")
        assert shown.run("document.documentElement.scrollWidth") <= 360, "nothing to be pushed sideways"
        shown.run("document.querySelector('[value=object]').click()")
        shown.run(f"document.getElementById('email').value = '{email}'")
        shown.press("#ask button", "The code from our e-mail")
        number = asking.number_in(asking.mail(stack, email, asking.CODE))
        shown.run("document.getElementById('code').value = '000000'")
        shown.press("#prove button", "This code is wrong")
        code = asking.code_for(stack, email, number)
        shown.run(f"document.getElementById('code').value = '{code}'")
        shown.press("#prove button", number)
        asking.mail(stack, email, asking.ANSWERED)
        text = shown.press("#look", "You have been taken out of our base")
        assert "It is answered" in text
        asked = shown.run("performance.getEntriesByType('resource').map((one) => one.name).join(' ')")
        assert f"{number}/verify" in asked
        assert "lena" not in asked
        assert code not in asked
        assert shown.run("location.href") == f"{stack.api}{PATH}?locale=en"
        assert shown.cookies() == {}
        assert shown.run("localStorage.length + sessionStorage.length") == 0
    assert reveal(company, prospect).status == 404
    assert prospect not in company.call("GET", "/v1/prospects/revealed").body.decode()


@pytest.mark.skipif(chromium.FOUND is None, reason="no Chromium on this machine")
def test_what_cannot_be_right_is_said_in_words_and_can_be_sent_again(
    stack: LocalStack, tmp_path: Path
) -> None:
    with chromium.browser(tmp_path / "desk") as shown:
        shown.open(f"{stack.api}{PATH}?locale=zh", "您希望做什么")
        shown.run("document.querySelector('[value=access]').click()")
        shown.run("document.getElementById('email').value = 'somebody@nowhere'")
        shown.press("#ask button", "有内容缺失或不正确")
        email = fresh_address("mei", "buyer.example")
        shown.run(f"document.getElementById('email').value = '{email}'")
        shown.press("#ask button", "验证码正在发往您的邮箱")
        shown.press("#again", "已重新发送验证码")

"""A recipient must find every choice, understand it, and be able to use it on any device."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.texts import NOTHING, UNSUBSCRIBE_PAGE, sha256
from chalicelib.services import wording
from chalicelib.services.mail import pages

LOCALES: list[pages.Locale] = ["en", "zh"]
CHOICES: list[pages.Choice] = ["marketing", "tracking", "resume"]
PATH = "/u/AbC-_123"
VOID = {"meta", "input", "link", "br", "hr", "img"}


class Page(HTMLParser):
    """Elements of a page; fails on a tag that is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def every_page(locale: pages.Locale) -> list[str]:
    done = [pages.done_page(locale, choice, PATH) for choice in CHOICES]
    return [pages.unsubscribe_page(locale, PATH), pages.gone_page(locale), *done]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_recipient_can_stop_mail_stop_only_tracking_or_take_it_back(locale: pages.Locale) -> None:
    page = Page(pages.unsubscribe_page(locale, PATH))
    forms = page.all("form")
    assert [form["action"] for form in forms] == [PATH] * 3
    assert all(form["method"] == "post" for form in forms)
    assert [field["value"] for field in page.all("input")] == CHOICES
    assert len(page.all("button")) == 3


def test_the_page_says_what_does_not_stop() -> None:
    english = pages.unsubscribe_page("en", PATH)
    chinese = pages.unsubscribe_page("zh", PATH)
    assert "What does not stop" in english
    assert "law" in english
    assert "account" in english
    assert "不会停止的邮件" in chinese
    assert "法律" in chinese
    assert "账号" in chinese


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_is_whole_named_and_needs_nothing_from_elsewhere(locale: pages.Locale) -> None:
    for html in every_page(locale):
        page = Page(html)
        assert html.startswith("<!DOCTYPE html>")
        assert page.all("html") == [{"lang": {"en": "en", "zh": "zh-Hans"}[locale]}]
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
        assert page.all("meta")[0] == {"charset": "utf-8"}
        assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
        assert not page.all("script") + page.all("img") + page.all("link") + page.all("iframe")
        assert not any({"style", "onclick", "src"} & set(attrs) for _, attrs in page.elements)
        assert "http" not in html.replace("http-equiv", "")
        ids = [str(attrs["id"]) for _, attrs in page.elements if "id" in attrs]
        labels = [str(section["aria-labelledby"]) for section in page.all("section")]
        assert ids == labels
        assert len(set(ids)) == len(ids)
        assert "$" not in html


@pytest.mark.parametrize("locale", LOCALES)
def test_the_browser_accepts_our_style_sheet_and_no_other(locale: pages.Locale) -> None:
    for html in every_page(locale):
        styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
        assert len(styles) == 1
        assert f"style-src 'sha256-{digest}'" in pages.CSP
    assert "default-src 'none'" in pages.CSP
    assert pages.HEADERS["content-security-policy"] == pages.CSP
    assert pages.HEADERS["cache-control"] == "no-store"
    assert pages.HEADERS["referrer-policy"] == "no-referrer"


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(char * 2 for char in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_people_with_weak_eyes_can_read_it_by_day_and_by_night() -> None:
    css = pages.gone_page("en")
    schemes = [
        dict(re.findall(r"--(\w+):(#[0-9a-f]+)", block)) for block in re.findall(r":root\{(.*?)\}", css)
    ]
    assert len(schemes) == 2
    for scheme in schemes:
        for ink, ground in [
            ("ink", "back"),
            ("ink", "paper"),
            ("soft", "back"),
            ("act", "paper"),
            ("on", "act"),
        ]:
            high, low = sorted((luminance(scheme[ink]), luminance(scheme[ground])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, "WCAG 2.2, 1.4.3"
    assert ":focus-visible" in css


@given(st.text(max_size=60))
def test_no_link_puts_markup_into_the_page(path: str) -> None:
    for html in (pages.unsubscribe_page("en", path), pages.done_page("zh", "marketing", path)):
        actions = {form["action"] for form in Page(html).all("form")}
        assert actions == {path.replace("\r\n", "\n").replace("\r", "\n")} or actions == {path}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("choice", "other"), [("marketing", "resume"), ("tracking", "marketing"), ("resume", "marketing")]
)
def test_what_was_done_can_be_taken_further_or_back(
    locale: pages.Locale, choice: pages.Choice, other: pages.Choice
) -> None:
    page = Page(pages.done_page(locale, choice, PATH))
    assert [field["value"] for field in page.all("input")] == [other]
    assert pages.choice_of(f"choice={other}".encode(), "application/x-www-form-urlencoded") == other


FORM = "application/x-www-form-urlencoded"
MULTI = "multipart/form-data; boundary=xx"


def part(name: str, value: str, extra: str = "") -> bytes:
    return (
        f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n{extra}\r\n{value}\r\n--xx--\r\n'.encode()
    )


@pytest.mark.parametrize(
    ("body", "content_type", "choice"),
    [
        (b"List-Unsubscribe=One-Click", FORM, "marketing"),
        (part("List-Unsubscribe", "One-Click"), MULTI, "marketing"),
        (b"", None, "marketing"),
        (b"", FORM, "marketing"),
        (b"choice=tracking", FORM, "tracking"),
        (b"choice=tracking", FORM + "; charset=UTF-8", "tracking"),
        (b"choice=tracking", None, "tracking"),
        (b"x=1&choice=resume&y=2", FORM, "resume"),
        (part("choice", "tracking"), MULTI, "tracking"),
        (part("choice", "resume", "Content-Type: text/plain\r\n"), MULTI, "resume"),
        (part("choice", "resume").replace(b"\r\n", b"\n"), MULTI, "resume"),
        (part("choices", "resume"), MULTI, "marketing"),
        (b"choice=everything", FORM, "marketing"),
        (b"choice=resume&choice=marketing", FORM, "marketing"),
        (b"\xff\xfe\x00choice=resume", FORM, "marketing"),
        (b"&".join([b"a=1"] * 500) + b"&choice=resume", FORM, "marketing"),
        (b"choice=resume", "multipart/form-data", "marketing"),
        (b"{}", "application/json", "marketing"),
    ],
)
def test_a_post_that_says_nothing_else_stops_the_mail(
    body: bytes, content_type: str | None, choice: str
) -> None:
    assert pages.choice_of(body, content_type) == choice


@pytest.mark.clause("consent")
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_refusal_proves_the_words_of_the_page_and_claims_none_that_were_not_shown(
    locale: pages.Locale,
) -> None:
    words = wording.source("page_unsubscribe.html", locale)
    assert UNSUBSCRIBE_PAGE[locale].sha256 == sha256(words), "changed words need an id of their own"
    for choice in CHOICES:
        assert pages.words_read(f"choice={choice}".encode(), FORM, locale) == UNSUBSCRIBE_PAGE[locale]
    for silent in (b"List-Unsubscribe=One-Click", b"", b"choice=everything"):
        assert pages.words_read(silent, FORM, locale) == NOTHING


@given(st.binary(max_size=300), st.sampled_from([None, FORM, MULTI, "text/plain", "multipart/x"]))
def test_no_post_can_fail(body: bytes, content_type: str | None) -> None:
    assert pages.choice_of(body, content_type) in CHOICES

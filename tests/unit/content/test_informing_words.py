"""A reader is told where their data is from in words that nobody else's name can bend."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.mail.informing_words import SourceNotice, as_html, as_text
from chalicelib.services.wording import Locale

pytestmark = pytest.mark.clause("joint-duties")

WAY_OUT = "https://mail.example/u/AQGiBOtB-x_1"
ASK = "https://api.example/v1/requests"


def notice(
    sender: str = "Anna Tan, Tan Logistics", *, stocked: bool = True, added: bool = False
) -> SourceNotice:
    return SourceNotice(sender, "anna@tan.example", WAY_OUT, ASK, stocked, added)


def read(html: str) -> str:
    """What somebody sees of HTML."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_both_parts_say_the_same_and_both_links_lead_where_they_say(locale: Locale) -> None:
    text, html = as_text(notice(), locale), as_html(notice(), locale)
    assert re.sub(r"\s", "", read(html)) == re.sub(r"\s", "", text)
    assert re.findall(r'href="([^"]*)"', html) == [WAY_OUT, ASK]


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize(
    ("wanted", "law"),
    [
        ("who", "Tan Logistics"),
        ("how to reach them", "anna@tan.example"),
        ("how to reach us", "Dataprivacy@okki.ai"),
        ("the ground", "6"),
        ("the article", "14"),
        ("how long", "24"),
        ("where to complain", "www.pdpc.gov.sg"),
    ],
)
def test_nothing_the_law_wants_said_is_missing(locale: Locale, wanted: str, law: str) -> None:
    """GDPR 14(1)(a)-(f), 14(2)(a)-(f); 21(4)."""
    assert law in as_text(notice(), locale), wanted


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_each_source_is_named_and_an_unknown_one_names_both(locale: Locale) -> None:
    stocked, added = as_text(notice(), locale), as_text(notice(stocked=False, added=True), locale)
    both = as_text(notice(stocked=True, added=True), locale)
    assert len({stocked, added, both}) == 3
    assert both == as_text(notice(stocked=False, added=False), locale)


@given(sender=st.text(max_size=80))
def test_a_name_makes_no_tag_no_line_and_no_link(sender: str) -> None:
    html, text = as_html(notice(sender), "en"), as_text(notice(sender), "en")
    plain = as_html(notice("x"), "en")
    assert re.findall(r"<[^>]+>", html) == re.findall(r"<[^>]+>", plain)
    assert len(text.splitlines()) >= len(as_text(notice("x"), "en").splitlines())
    assert text.count("\n\n") == as_text(notice("x"), "en").count("\n\n")


def test_a_name_that_is_an_address_is_no_link() -> None:
    html = as_html(notice("https://evil.example/x"), "en")
    assert re.findall(r'href="([^"]*)"', html) == [WAY_OUT, ASK]

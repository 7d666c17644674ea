"""What a model writes is read as plain text: nothing in it leads anywhere its user did not point."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.ai import plain

pytestmark = pytest.mark.clause("ai")

LEADS = [
    "https://evil.example/x?d=1",
    "HTTP://EVIL.EXAMPLE",
    "//evil.example/pixel.png",
    "www.evil.example",
    "evil.example",
    "evil.example/path",
    "evil.co/a",
    "203.0.113.9/collect",
    "ftp://evil.example",
    "javascript:alert(1)",
    "java script:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "mailto:eve@evil.example",
    "eve@evil.example",
    "@evil_handle",
    "+49 170 5550199",
    "0049 170 5550199",
    "DE89 3704 0044 0532 0130 00",
    "ｅｖｉｌ．ｃｏｍ",  # what browsers read as evil.com
    "𝐞𝐯𝐢𝐥.𝐜𝐨𝐦",
    "evil\u200b.example",
    "e&#118;il.example",
]
"""Each is written out by the model: in a prompt it would have been a placeholder."""
HONEST = [
    "We offer 12,000,000 pieces at 3.5 mm, e.g. for Q1/Q2, from 2026-12-01 at 10:30.",
    "HS code 8541.40.90, tolerance < 0.1 %, 5 > 3, A&B, C/D, 20'' containers (FOB).",
    "Data: see the attached sheet. Note: prices incl. VAT.",
    "感谢您的来信。我们的报价为 CIF 汉堡，交货期 30 天。",
    "Dear ⟦PERSON_1⟧, ⟦COMPANY_1⟧ would like to meet you.\n\nKind regards\n⟦PERSON_2⟧",
    "Mr. Smith finished.It was good. Node.js, ASP.NET, Inc., Co.Ltd and No.5 stay.",
]
MARKUP = [
    ("![x](https://evil.example/p.png)", ""),
    ("![x][1]", ""),
    ("see [our offer](https://evil.example)", "see our offer ([…])"),
    ("<b>bold</b> and <img src=x onerror=alert(1)>text", "bold and text"),
    ("&lt;img src=x&gt;text", "text"),
    ("<scr<script>ipt>alert(1)</script>", "alert(1)"),
    ("# Title\n**strong**", "Title\nstrong"),
    ("[1]: https://evil.example\ntext", "text"),
    ("<!-- hidden -->seen", "seen"),
]


@pytest.mark.parametrize("lead", LEADS)
def test_an_address_that_a_model_writes_out_is_gone(lead: str) -> None:
    made = plain.drafted(f"Please go to {lead} today.")
    assert made == f"Please go to {plain.GONE} today."


@pytest.mark.parametrize(
    "lead",
    [
        "_evil.example",
        "_evil.example_",
        "__evil.example/x__",
        "evil.co_",
        "-evil.example",
        "evil.example-",
        "evil.co-x",
        "@@evil.co",
    ],
)
def test_no_sign_beside_it_hides_an_address(lead: str) -> None:
    assert "evil" not in plain.drafted(f"Go to {lead} today.")


@pytest.mark.parametrize("text", HONEST)
def test_ordinary_business_text_stays_as_it_is(text: str) -> None:
    assert plain.drafted(text) == text
    assert plain.finished(text, []) == text


@pytest.mark.parametrize(("text", "left"), MARKUP)
def test_markup_is_text_or_gone(text: str, left: str) -> None:
    assert plain.drafted(text) == left


@pytest.mark.parametrize(
    "hung",
    [
        "⟦URL_1⟧.evil.example",
        "⟦URL_1⟧@evil.example",
        "⟦URL_1⟧/⟦PERSON_1⟧",
        "⟦URL_1⟧?d=⟦PERSON_1⟧",
        "x⟦URL_1⟧",
    ],
)
def test_nothing_can_be_hung_onto_a_link_of_the_users(hung: str) -> None:
    made = plain.drafted(hung)
    assert "evil" not in made
    assert re.search(r"(?:^|\s)⟦URL_1⟧(?:\s|$)", made), made


def test_a_link_of_the_users_comes_back_without_what_tracks() -> None:
    own = "https://tan.example/lamps?id=3&utm_source=x&gclid=1#top"
    text = f"See {own}, or https://tan.example/other and www.evil.example."
    assert plain.finished(text, [own]) == "See https://tan.example/lamps?id=3#top, or […] and […]."


def test_a_name_that_is_markup_shows_as_text() -> None:
    assert (
        plain.finished('Dear Bob <img src="//evil.example/x"> ![p](https://evil.example)', []) == "Dear Bob"
    )


def test_names_of_businesses_that_look_like_hosts_come_back_whole() -> None:
    text = "We met Alibaba.com in May; write to bob.de@buyer.example."
    assert plain.finished(text, [], ["Alibaba.com"]) == text
    assert plain.finished(text, []) == text.replace("Alibaba.com", plain.GONE)


PIECES = st.sampled_from(
    [
        *LEADS,
        "![",
        "](",
        ")",
        "[",
        "]",
        "<",
        ">",
        "</a",
        "<a href=",
        " ",
        "\n",
        ".",
        "⟦URL_1⟧",
        "⟦PERSON_1⟧",
        "&lt;",
        "javascript",
        ":",
        "//",
        "www.",
        "@",
        "evil",
        "com",
        "\u202e",
        "!",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join))
def test_whatever_is_written_nothing_leads_out(text: str) -> None:
    made = plain.drafted(text)
    assert "://" not in made
    assert "![" not in made
    assert not re.search(r"javascript\s*:\S|<[A-Za-z/!]|evil\.(?:example|com?)\b", made, re.IGNORECASE)
    assert not re.search(r"⟦URL_1⟧[^\s)\]}\"'”’，。；,;.:!?]|[^\s(\[{\"'“‘，。:]⟦URL_1⟧", made)


@pytest.mark.parametrize(
    ("name", "is_name"),
    [
        ("Alibaba.com", True),
        ("Acme & Co. KG", True),
        ("evil-login.com/pay", False),
        ("http://1.2.3.4/x", False),
        ("https://evil.example", False),
        ("evil.example?iban=1", False),
        ("evil.example#x", False),
        ("evil.example:8080", False),
        ("evil.example／pay", False),
        ("1.2.3.4", False),
        ("１.2.3.4 Ltd", False),
    ],
)
def test_a_business_is_not_called_by_a_way_to_a_page(name: str, is_name: bool) -> None:
    assert plain.is_name(name) is is_name


def test_wide_letters_do_not_become_a_tag() -> None:
    assert plain.drafted("&lt;ｓｃｒｉｐｔ x") == "script x"

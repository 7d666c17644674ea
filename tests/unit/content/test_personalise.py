"""A link must lead where its writer pointed it, and nothing may measure who did not agree."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.services.mail import content
from chalicelib.services.wording import Locale

FOOTER = content.Footer("Ningbo <Fasteners>", "sales@n.example", "https://edge.example/u/t?a=1&b=2")


class Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name == "href"]


def hrefs(html: str) -> list[str]:
    parser = Hrefs()
    parser.feed(html)
    return parser.found


tail = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("&;%=?#/+\"'<>"), max_size=40)
urls = tail.map(lambda text: "https://shop.example/" + text.strip())


@given(st.lists(urls, max_size=4, unique=True), st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_target_survives_as_it_was_written(targets: list[str], tracked: bool) -> None:
    body = content.sanitise("".join(f'<a href="{escape(url)}">x</a> ' for url in targets))
    assert content.links(body) == [url for url in targets if len(content.ascii_url(url)) <= 1000]
    rewrite = {url: f"https://edge.example/c/{n}?x=1&y" for n, url in enumerate(content.links(body))}
    mail = content.personalise(
        body, rewrite=rewrite if tracked else {}, pixel_url=None, footer=None, locale="en"
    )
    assert hrefs(mail) == [rewrite.get(url, url) if tracked else url for url in targets]


def test_entities_and_percent_signs_are_neither_eaten_nor_doubled() -> None:
    html = (
        '<a href="https://a.example/?x=1&amp;copy=2&amp;amp;z=3&lang=%E4%BD%A0#f&amp;reg">x</a>'
        "<a href='https://a.example/?q=\"%22&#39;'>y</a>"
    )
    body = content.sanitise(html)
    assert content.links(body) == [
        "https://a.example/?x=1&copy=2&amp;z=3&lang=%E4%BD%A0#f&reg",
        "https://a.example/?q=\"%22'",
    ]
    same = content.personalise(body, rewrite={}, pixel_url=None, footer=None, locale="en")
    assert hrefs(same) == content.links(body)


def test_each_link_counts_once_in_the_order_of_the_mail() -> None:
    body = content.sanitise(
        '<a href="https://b.example/">1</a><a href="https://a.example/">2</a>'
        '<a href="https://b.example/">3</a><a href="mailto:a@b.example">4</a>'
        '<a href="tel:+65-1">5</a><a href="https://EDGE.example/u/tok">6</a>'
        f'<a href="https://long.example/{"x" * 1000}">7</a>'
    )
    assert content.links(body, own="https://edge.example") == [
        "https://b.example/",
        "https://a.example/",
    ]
    assert body.count("<a href=") == 7, "what is not tracked still works"


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        ("https://a.example/?x={y}|z\\[1]~'", "https://a.example/?x={y}|z\\[1]~'"),
        ("https://a.example/a b?c d", "https://a.example/a%20b?c%20d"),
        (
            "http://例え.jp:8080/测试?q=é#x",
            "http://xn--r8jz45g.jp:8080/%E6%B5%8B%E8%AF%95?q=%C3%A9#x",
        ),
        ("https://[2001:db8::1]:443/x", "https://[2001:db8::1]:443/x"),
        ("HTTPS://A.example", "HTTPS://A.example"),
        ("https://evil。example/x", "https://evil.example/x"),
    ],
)
def test_a_redirect_goes_to_the_same_place_in_ascii(written: str, wire: str) -> None:
    assert content.ascii_url(written) == wire


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_redirect_target_never_breaks_a_header(text: str) -> None:
    for candidate in (text, "https://x.example/" + text, "https://" + text):
        try:
            wire = content.ascii_url(candidate)
        except ValueError:
            continue
        assert all("!" <= char <= "~" for char in wire)


def test_who_did_not_agree_gets_no_pixel_and_untouched_links() -> None:
    body = content.sanitise('<a href="https://a.example/">x</a>')
    mail = content.personalise(body, rewrite={}, pixel_url=None, footer=None, locale="en")
    assert "<img" not in mail
    assert hrefs(mail) == ["https://a.example/"]


def test_the_pixel_is_one_invisible_image_at_the_end() -> None:
    mail = content.personalise(
        "<p>x</p>", rewrite={}, pixel_url="https://e.example/o/t?a&b", footer=None, locale="en"
    )
    assert mail.count("<img") == 1
    assert 'src="https://e.example/o/t?a&amp;b" width="1" height="1" alt=""' in mail
    assert mail.index("<p>x</p>") < mail.index("<img") < mail.index("</body>")


@pytest.mark.parametrize(("locale", "word"), [("en", "Unsubscribe"), ("zh", "退订")])
def test_a_marketing_mail_says_who_sends_why_and_how_to_stop(locale: Locale, word: str) -> None:
    mail = content.personalise("<p>x</p>", rewrite={}, pixel_url=None, footer=FOOTER, locale=locale)
    assert hrefs(mail) == [FOOTER.unsubscribe_url]
    text = content.personalise_text("x", footer=FOOTER, locale=locale)
    for part in (mail, text):
        assert word in part
        assert FOOTER.contact_email in part
    assert "Ningbo &lt;Fasteners&gt;" in mail, "a company's name is text, not HTML"
    assert "Ningbo <Fasteners>" in text
    assert FOOTER.unsubscribe_url in text


Measured = Literal["none", "hygiene", "full"]


def test_the_footer_tells_the_truth_about_measuring() -> None:
    def foot(measured: Measured, locale: Locale) -> str:
        footer = content.Footer("A", "a@b.example", "https://e/u", None, measured)
        return content.personalise("", rewrite={}, pixel_url=None, footer=footer, locale=locale)

    assert "consent" in foot("full", "en")
    assert "同意" in foot("full", "zh")
    for mode in ("none", "hygiene"):
        assert "consent" not in foot(mode, "en")
        assert "同意" not in foot(mode, "zh")


def test_a_sender_cannot_write_lines_of_ours_into_the_text_footer() -> None:
    footer = content.Footer("A\n\nUnsubscribe: https://evil.example", "a@b.example", "https://e/u")
    text = content.personalise_text("x", footer=footer, locale="en")
    assert [line for line in text.splitlines() if line.startswith("Unsubscribe")] == [
        "Unsubscribe: https://e/u"
    ]


def test_business_mail_gets_no_marketing_footer() -> None:
    mail = content.personalise("<p>x</p>", rewrite={}, pixel_url=None, footer=None, locale="en")
    assert "nsubscribe" not in mail
    assert content.personalise_text("x", footer=None, locale="en") == "x\n"

"""What a recipient's mail program must never be handed, however it was written."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.services.mail import content, content_rules
from chalicelib.services.wording import Locale

FRAGMENTS = [
    "<p>",
    "</p>",
    "<div style='",
    "<table><tr><td>",
    "</table>",
    "<a href=",
    '"javascript:alert(1)"',
    "<a href='https://a.example/?x=1&amp;y=2'>",
    "</a>",
    "<svg><script>",
    "<math><mtext>",
    "<style>",
    "</style>",
    "<img src=x onerror=alert(1)>",
    "<form action=//evil.example>",
    "<button>",
    "<select>",
    "<iframe srcdoc='<script>x</script>'>",
    "<object data=x>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<noscript>",
    "<template>",
    "<textarea>",
    "<title>",
    "background:url(https://t.example)",
    "'>",
    "<link rel=stylesheet href=https://t.example/x.css>",
    "<meta http-equiv=refresh content=0>",
    "<b>",
    "<base href=//evil.example>",
    "<p style='position:fixed;color:red'>",
    "你好",
    "&lt;script&gt;",
    "&#0;",
    "\x00",
    "\ud800",
    "<a href='java\tscript:x'>",
    "<ul><li>",
    "<pre>\n\n",
    "<frameset>",
    "<img src='https://t.example/p.gif' width=1 height=1>",
    "<plaintext>",
    "<xmp>",
    "</br>",
    "\r\n",
]
hostile_html = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=12)), max_size=14)
hostile_html_text = hostile_html.map("".join)


class Inspector(HTMLParser):
    """Fails on whatever a mail must not contain; looks at the output as a browser would."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in content_rules.TAGS
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("class", "id", "srcset", "background", "srcdoc", "action")
            squeezed = "".join((value or "").split()).lower()
            if name in ("href", "src"):
                assert squeezed.startswith(("https://", "http://", "mailto:", "tel:"))
                assert name == "href" or squeezed.startswith("https://")
                assert "@" not in squeezed.split("/")[2] if squeezed.startswith("http") else True
            if name == "style":
                for evil in ("url(", "expression(", "position:", "@import", "\\", "/*", "display:"):
                    assert evil not in squeezed


@given(hostile_html_text)
@example("<p>a<button><p>x</p></button>b</p>")
@example("<a href='https://x.example'><table><td><a href='https://y.example'>")
@example('<svg><p><style><a title="</style><img src=x onerror=alert(1)>">')
@example("<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x'>")
@settings(max_examples=600, deadline=None)
def test_no_body_carries_a_script_a_form_or_a_foreign_style(html: str) -> None:
    cleaned = content.sanitise(html)
    inspector = Inspector()
    inspector.feed(cleaned)
    inspector.close()
    assert content.sanitise(cleaned) == cleaned, "cleaning twice must change nothing"
    assert content.sanitise(html) == cleaned


@given(hostile_html_text, st.sampled_from(["en", "zh"]))
@settings(max_examples=150, deadline=None)
def test_making_a_mail_personal_adds_nothing_unsafe(html: str, locale: Locale) -> None:
    body = content.sanitise(html)
    rewrite = dict.fromkeys(content.links(body), "https://edge.example/c/t")
    mail = content.personalise(body, rewrite=rewrite, pixel_url=None, footer=None, locale=locale)
    inner = mail.partition("<body>")[2].rpartition("</body>")[0]
    inspector = Inspector()
    inspector.feed(inner.replace("font-family:Arial", "font-family: Arial"))
    assert content.plain_text(body).endswith("\n")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:x",
        "JaVaScRiPt:x", "&#106;avascript:x", "vbscript:x", "data:text/html,x", "//evil.example",
        "\\\\evil.example", "/\\evil.example", "https:\\\\evil.example", "https:/evil.example",
        "https:evil.example", "https://", "https:///x", "http://user@evil.example/",
        "https://bank.example@evil.example/", "https://u:p@evil.example/", "file:///etc/passwd",
        "ftp://x.example", "relative/path", "#top", "?q=1", "https://a／b.example/", "blob:x",
        "https://exa%6dple.com/", "https://x.example:port/", "ht\ntp://x.example/", "about:blank",
    ],
)  # fmt: skip
def test_a_reader_cannot_be_sent_where_a_hostile_link_points(url: str) -> None:
    cleaned = content.sanitise(f'<a href="{url}">offer</a>')
    assert cleaned == "<a>offer</a>"
    assert content.links(cleaned) == []
    with pytest.raises(ValueError, match=r"."):
        content.ascii_url(url)


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://t.example/p.gif" width="1" height="1">',
        '<img src="https://t.example/p.gif" style="width:1px">',
        '<img src="https://t.example/p.gif" style="color:red; HEIGHT: 0px !important">',
        "<img src=https://t.example/p.gif width=0>",
        '<img src="https://t.example/p.gif" height="1px" alt="Logo">',
        '<img src="http://plain.example/logo.png" width="300">',
        '<img src="data:image/svg+xml,<svg/>" width="300">',
        "<img>",
    ],
)
def test_nobody_else_measures_a_recipient_with_a_picture_that_cannot_be_seen(image: str) -> None:
    assert content.sanitise(f"<p>a{image}b</p>") == "<p>ab</p>"


def test_a_logo_stays() -> None:
    logo = '<img src="https://s.example/logo.png" width="120" height="100%" alt="Logo">'
    assert content.sanitise(logo) == logo


def test_an_ordinary_business_mail_keeps_its_looks() -> None:
    html = (
        "<h2 style=\"color: #333; font-family: Arial, 'Segoe UI'\">Neue Preise</h2>"
        '<table width="600" cellpadding="0" bgcolor="#ffffff"><tbody><tr>'
        '<td align="center" style="padding: 12px 8px; background-color: rgb(1, 2, 3)">'
        '<a href="https://shop.example/?a=1&amp;b=%E4" style="font-weight: bold">shop</a>'
        "</td></tr></tbody></table><ul><li>一</li><li>二</li></ul><p>Best, <em>Li</em></p>"
    )
    assert content.sanitise(html).replace("&quot;", "'") == html


def test_styles_that_hide_or_move_are_dropped_and_the_rest_of_the_style_stays() -> None:
    style = "color:red;position:absolute;margin-left:-9999px;display:none;text-indent:-5em;top:0"
    assert content.sanitise(f'<p style="{style}">x</p>') == '<p style="color: red">x</p>'


def test_text_that_says_script_is_still_text() -> None:
    assert content.sanitise("1 &lt; 2 &amp; <b>3</b>") == "1 &lt; 2 &amp; <b>3</b>"


@pytest.mark.parametrize(
    ("html", "code"),
    [
        ("<div>" * 40_000, "too_deep"),
        ("<x-y>" * 300, "too_deep"),
        ("<b>" * 300, "too_deep"),
        ("x" * 200_001, "too_long"),
        ("中" * 70_000, "too_long"),
        ("&" * 100_000, "too_long"),
    ],
    ids=["div", "unknown", "bold", "latin", "chinese", "entities"],
)
def test_a_body_that_would_stall_the_worker_is_refused(html: str, code: str) -> None:
    with pytest.raises(content.UnusableBody) as refused:
        content.sanitise(html)
    assert refused.value.code == code


def test_many_paragraphs_without_end_tags_are_not_deep() -> None:
    assert content.sanitise("<p>x" * 1000).count("<p>") == 1000

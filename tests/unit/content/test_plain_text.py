"""A reader without HTML must lose nothing that the mail says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.mail.content_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree\n"),
        ("<h1>你好，</h1><p>新目录</p>", "你好，\n\n新目录\n"),
        ("<p>See <a href='https://a.example/?x=1&amp;y=2'>our shop</a>.</p>",
         "See our shop (https://a.example/?x=1&y=2).\n"),
        ("<a href='https://a.example/'>https://a.example</a>", "https://a.example\n"),
        ("<a href='mailto:li@n.example'>li@n.example</a>", "li@n.example\n"),
        ("<a href='https://a.example/'><img src='https://a.example/l.png' alt='Logo'></a>",
         "Logo (https://a.example/)\n"),
        ("<a href='https://a.example/'></a>", "https://a.example/\n"),
        ("<ul><li>one</li><li>two<ol><li>a</li><li>b</li></ol></li></ul><p>end</p>",
         "- one\n- two\n  1. a\n  2. b\n\nend\n"),
        ("<table><tbody><tr><td>M8</td><td>0.10</td></tr><tr><td>M10</td><td>0.15</td></tr></tbody></table>",
         "M8 0.10\nM10 0.15\n"),
        ("<pre>a\n  b</pre>", "a\n  b\n"),
        ("a<hr>b", "a\n\n---\n\nb\n"),
        ("<p>1 &lt; 2 &amp; 3&nbsp;kg</p>", "1 < 2 & 3 kg\n"),
        ("<b>bold</b><i>er</i> and\n  <u>so</u> on", "bolder and so on\n"),
        ("", "\n"),
    ],
)  # fmt: skip
def test_the_text_part_reads_like_the_mail(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.text())
def test_no_body_stops_the_text_part_from_being_made(html: str) -> None:
    text = plain_text(html)
    assert text.endswith("\n")
    assert "\r" not in text or "\r" in html

"""What we say in public reads as it was written, and nothing that was written there can act."""

from __future__ import annotations

import re
from html import unescape

import pytest

from chalicelib.privacy.notifications import Kind
from chalicelib.services.notifications import public_page
from chalicelib.services.notifications.public import Shown
from chalicelib.services.wording import Locale

pytestmark = pytest.mark.clause("discontinuation", "incidents", "policy-updates")

SAID = Shown("ann_1", Kind.POLICY, "A & B <b>", "First <script>alert(1)</script>\n\nSecond $x ${y}", 0, None)


@pytest.fixture(autouse=True)
def api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "https://api.example")


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_words_of_an_announcement_are_words_whatever_they_look_like(locale: Locale) -> None:
    html = public_page.made([SAID], locale)
    assert "<script" not in html
    assert "<b>" not in html
    shown = [unescape(part) for part in re.findall(r"<p>([^<]*)</p>", html)]
    assert shown[-2:] == SAID.text.split("\n\n"), "paragraph by paragraph, word for word"
    assert '<h2 id="ann_1">A &amp; B &lt;b&gt;</h2>' in html


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_reader_sees_when_it_was_said_and_since_when_in_other_words(locale: Locale) -> None:
    first = public_page.made([SAID], locale)
    assert first.count("<time") == 1
    assert '<time datetime="1970-01-01T00:00:00Z">1970-01-01 08:00 UTC+8</time>' in first
    moved = public_page.made([SAID._replace(changed_at=86_400)], locale)
    assert "1970-01-01 08:00 UTC+8" in moved
    assert "1970-01-02 08:00 UTC+8" in moved


@pytest.mark.parametrize(("locale", "nothing"), [("en", "nothing to announce"), ("zh", "目前没有公告")])
def test_nothing_to_say_is_said(locale: Locale, nothing: str) -> None:
    assert nothing in public_page.made([], locale)
    assert nothing not in public_page.made([SAID], locale)

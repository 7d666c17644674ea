"""The pages a recipient sees at /u: what can be stopped, what was done, a link that is broken; and those that
meet somebody who comes back from WeChat.

Promises: whole HTML5 documents that need no network, cookie or script and work on a phone and with
a screen reader; showing one changes nothing. Costs: standard library only, safe for the edge
(5 to 8 ms to import, under 0.1 ms a page); the style sheet is read and hashed once, at import.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from string import Template
from types import MappingProxyType
from typing import Final, Literal, cast
from urllib.parse import parse_qsl

from chalicelib.privacy.texts import NOTHING, UNSUBSCRIBE_PAGE, Shown
from chalicelib.services.wording import LANGUAGE_TAG, Locale, fill_html, locale_of, source

__all__ = [
    "CSP",
    "HEADERS",
    "STYLE_HASH",
    "Choice",
    "Locale",
    "Script",
    "choice_of",
    "document",
    "done_page",
    "gone_page",
    "locale_of",
    "stop_page",
    "stopped_page",
    "unsubscribe_page",
    "wechat_page",
    "words_read",
]

Choice = Literal["marketing", "tracking", "resume"]
"""marketing: no more marketing mail, nor tracking. tracking: only that. resume: marketing again."""

_CHOICES: Final = ("marketing", "tracking", "resume")
_STYLE: Final = "\n" + source("page.css").strip() + "\n"
STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
"""What the policies of our pages name the style sheet by."""

CSP: Final = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
"""Content-Security-Policy of every page: one known style sheet, forms to ourselves, no more."""

HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": CSP,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",  # the address of the page is the recipient's token
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "vary": "accept-language",
    }
)

_TITLE: Final = re.compile(r"<h1>([^<]*)</h1>")
_PART_NAME: Final = re.compile(
    rb'\r?\nContent-Disposition:[^\r\n]*;[ \t]*name="?choice"?[ \t]*(?:;|\r?\n)', re.IGNORECASE
)


def unsubscribe_page(locale: Locale, token_path: str) -> str:
    """What a GET of an unsubscribe link shows: the three choices, and what none of them stops.

    `token_path` is the path the forms post to. Links in mail are fetched by scanners, so only the
    POST acts (RFC 8058, 3.1).
    """
    return _page("page_unsubscribe.html", locale, {"action": token_path})


def done_page(locale: Locale, choice: Choice, token_path: str) -> str:
    """What a POST answers, after the choice is stored. Never a redirect (RFC 8058, 3.1)."""
    return _page(f"page_done_{choice}.html", locale, {"action": token_path})


def gone_page(locale: Locale) -> str:
    """What an unreadable link shows: nothing was changed, and how to unsubscribe all the same."""
    return _page("page_gone.html", locale, {})


def stop_page(locale: Locale, action: str) -> str:
    """What the link in a product mail of ours shows; only the POST acts, for scanners follow links."""
    return _page("page_stop.html", locale, {"action": action})


def stopped_page(locale: Locale) -> str:
    """What it answers once that is stored."""
    return _page("page_stopped.html", locale, {})


def wechat_page(locale: Locale, name: str, values: Mapping[str, str]) -> str:
    """What somebody sees who comes back from WeChat; ``name`` says how it ended. No script, no form."""
    return _page(f"page_wechat_{name}.html", locale, values)


def document(body: str, locale: Locale = "en") -> str:
    """A whole page around a body of HTML that is escaped already; its first heading is the title."""
    title = _TITLE.search(body)
    return Template(source("page.html")).substitute(
        lang=LANGUAGE_TAG[locale],
        title=title[1] if title else escape("OKKI Leads"),
        style=_STYLE,
        body=body,
    )


def choice_of(body: bytes, content_type: str | None) -> Choice:
    """What a POST to an unsubscribe link asks for. Never raises.

    Only a form field `choice` with a known value says something else than `marketing`: a mail
    program's one-click POST (form, multipart or empty) and anything unreadable stop the mail, which
    is what its sender wanted and what hurts nobody.
    """
    return _pressed(body, content_type) or "marketing"


def words_read(body: bytes, content_type: str | None, locale: Locale) -> Shown:
    """What somebody read before such a POST: this page, when one of its buttons was pressed. A mail program's
    own button shows nothing of ours; never raises.
    """
    return NOTHING if _pressed(body, content_type) is None else UNSUBSCRIBE_PAGE[locale]


def _pressed(body: bytes, content_type: str | None) -> Choice | None:
    data = body[:10_000]
    if (content_type or "").lower().startswith("multipart/"):
        values = [_part_value(data[found.end() :]) for found in _PART_NAME.finditer(data)]
    else:
        try:
            fields = parse_qsl(data.decode("ascii", "replace"), max_num_fields=20)
        except ValueError:
            fields = []
        values = [value for name, value in fields if name == "choice"]
    if len(values) == 1 and values[0] in _CHOICES:
        return cast("Choice", values[0])
    return None


def _part_value(rest: bytes) -> str:
    # Headers of the part end with an empty line; the field's value is the line after it.
    after = re.split(rb"\r?\n\r?\n", b"\r\n" + rest, maxsplit=1)
    value = re.split(rb"\r?\n", after[1] if len(after) == 2 else b"", maxsplit=1)[0]
    return value.decode("ascii", "replace")


class Script:
    """A script of ours and the pages that run it. Read and hashed once; ``csp`` is their
    Content-Security-Policy: one known style sheet, this script, requests to ourselves.
    """

    def __init__(self, name: str) -> None:
        self._text = "\n" + source(name).strip() + "\n"
        digest = base64.b64encode(hashlib.sha256(self._text.encode()).digest()).decode("ascii")
        self.csp: Final = (
            f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; script-src 'sha256-{digest}';"
            " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )

    def page(self, name: str, locale: Locale) -> str:
        """The whole page. All its words are in the template: the script only shows and hides them."""
        return _page(name, locale, {}, f"\n<script>{self._text}</script>")


def _page(name: str, locale: Locale, values: Mapping[str, str], after: str = "") -> str:
    return document(fill_html(name, locale, values).strip() + after, locale)

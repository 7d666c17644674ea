"""The body of a mail: cleaned once when it is written, made personal once for each recipient.

Promises: what leaves is plain business HTML (no script, form, style sheet or foreign pixel), a
link leads exactly where the writer pointed it, and a mail whose recipient did not agree to being
measured carries nothing that measures. Pure functions, nothing is fetched.
Costs: nh3 loads on first use (1 ms, 0.5 MB); cleaning 100 kB takes 14 ms, personalising it 5 ms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from chalicelib.gateways.mime import UnsafeHeader, check_header
from chalicelib.services import wording
from chalicelib.services.mail import content_rules, informing_words
from chalicelib.services.mail.content_text import plain_text
from chalicelib.services.mail.informing_words import SourceNotice
from chalicelib.services.wording import Locale

__all__ = [
    "Footer",
    "Locale",
    "UnsafeHeader",
    "UnusableBody",
    "ascii_url",
    "check_header",
    "links",
    "personalise",
    "personalise_text",
    "plain_text",
    "sanitise",
]

MAX_BODY_BYTES: Final = 200_000
"""Longest body in UTF-8 bytes: with its text part and seal it must fit one 400 kB DynamoDB item."""
MAX_DEPTH: Final = 200
"""Deepest nesting of elements. The parser's work grows with its square: 100,000 levels, 15 s."""
MAX_LINK_BYTES: Final = 1000
"""Longest link target that is tracked: it travels in the link's token. Longer ones stay as is."""

_MAX_PASSES: Final = 8
_HEAD: Final = (
    '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n'
    "<body>\n<div style=\"font-family:Arial,'PingFang SC','Microsoft YaHei',sans-serif\">"
)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class UnusableBody(ValueError):  # noqa: N818 - named for what it is
    """A body that is refused instead of cleaned. `code`: `too_long` or `too_deep`."""

    def __init__(self, code: Literal["too_long", "too_deep"]) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Footer:
    """What a mail says about itself at its foot: every marketing mail, and others that are measured.

    `measured` is what may happen to this recipient's opens (`full` only with consent on record);
    `postal_address` is asked for by some countries (US: 15 USC 7704(a)(5)), the contact mailbox
    by Singapore (Spam Control Act 2007, Second Schedule).
    """

    sender: str
    contact_email: str
    unsubscribe_url: str
    postal_address: str | None = None
    measured: Literal["none", "hygiene", "full"] = "none"
    marketing: bool = True

    @property
    def template(self) -> str:
        """Which footer to fill: business mail cannot be unsubscribed from, only measured less."""
        return "footer" if self.marketing else "footer_business"


def sanitise(html: str) -> str:
    """The body as a fragment of allowed HTML. Deterministic, and cleaning twice changes nothing.

    Raises UnusableBody when it is longer than MAX_BODY_BYTES or nested deeper than MAX_DEPTH,
    as written or as cleaned.
    """
    body = _SURROGATE.sub("\ufffd", html)
    _check_size(body)
    cleaned = _settled(body)
    _check_size(cleaned)
    return cleaned


def links(html: str, *, own: str = "") -> list[str]:
    """The addresses of a sanitised body that may be tracked: in order, each once, as written.

    Plain http or https with no user name in it, at most MAX_LINK_BYTES; `own` is the base of our
    own public links, which are never tracked. Each is a key for `rewrite` of `personalise`.
    """
    ours = urlsplit(own).netloc.lower()
    found: dict[str, None] = {}

    def collect(tag: str, name: str, value: str) -> str | None:
        if tag == "a" and name == "href" and _trackable(value, ours):
            found[value] = None
        return content_rules.keep(tag, name, value)

    content_rules.clean(html, collect)
    return list(found)


def ascii_url(url: str) -> str:
    """The same target in ASCII, for a token or a Location header: host in A-labels, rest in %XX.

    An address that is ASCII without spaces comes back exactly as it is. Raises ValueError for what
    is not plain http(s) or has a host that IDNA (UTS 46) refuses.
    """
    match = content_rules.HTTP.match(url)
    if match is None or _SURROGATE.search(url):
        raise ValueError("not a plain http or https address")
    scheme, _, rest = url.partition("://")
    end = next((at for at, char in enumerate(rest) if char in ":/?#"), len(rest))
    host, tail = (rest, "") if rest.startswith("[") else (rest[:end], rest[end:])
    if not host.isascii():
        import idna  # only for such hosts: its tables cost 10 ms

        host = idna.encode(host, uts46=True).decode("ascii")
    return f"{scheme}://{host}" + "".join(c if "!" <= c <= "~" else quote(c) for c in tail)


def personalise(
    html: str,
    *,
    rewrite: Mapping[str, str],
    pixel_url: str | None,
    footer: Footer | None,
    locale: Locale,
    notice: SourceNotice | None = None,
) -> str:
    """The whole HTML document for one recipient.

    `html` is a sanitised body. `rewrite` maps addresses from `links` to tracking links: empty
    where clicks may not be tracked. `pixel_url=None` where opens may not be. `footer=None` for
    business mail; marketing mail always has one, in the reader's language. `notice` for who has yet to be
    told where their data came from.
    """

    def point(tag: str, name: str, value: str) -> str | None:
        kept = content_rules.keep(tag, name, value)
        return rewrite.get(value, kept) if kept is not None and name == "href" else kept

    parts = [_HEAD, content_rules.clean(html, point), "</div>\n"]
    if notice is not None:
        parts.append(informing_words.as_html(notice, locale))
    if footer is not None:
        parts.append(wording.fill_html(f"{footer.template}.html", locale, _footer_values(footer, locale)))
    if pixel_url is not None:
        parts.append(f'<img src="{escape(pixel_url, quote=True)}" width="1" height="1" alt="" border="0">\n')
    parts.append("</body></html>\n")
    return "".join(parts)


def personalise_text(
    text: str, *, footer: Footer | None, locale: Locale, notice: SourceNotice | None = None
) -> str:
    """The text part for one recipient. Its links stay as written: it is never tracked."""
    body = text.rstrip() + "\n"
    if notice is not None:
        body += "\n--\n" + informing_words.as_text(notice, locale)
    if footer is None:
        return body
    return body + "\n" + wording.fill_text(f"{footer.template}.txt", locale, _footer_values(footer, locale))


def _footer_values(footer: Footer, locale: Locale) -> dict[str, str]:
    contact = [wording.one_line(footer.contact_email)]
    if footer.postal_address:
        contact.append(wording.one_line(footer.postal_address))
    return {
        "sender": wording.one_line(footer.sender),
        "contact": ", ".join(contact),
        "unsubscribe_url": footer.unsubscribe_url,
        "tracking": wording.source(f"footer_{footer.measured}.txt", locale).strip(),
    }


def _trackable(url: str, ours: str) -> bool:
    if not content_rules.HTTP.match(url) or len(url.encode()) > MAX_LINK_BYTES:
        return False
    try:
        wire = ascii_url(url)
        return len(wire) <= MAX_LINK_BYTES and not (ours and urlsplit(wire).netloc.lower() == ours)
    except ValueError:
        return False


def _settled(body: str) -> str:
    # Dropping an element can leave a tree that the next reader parses differently (a paragraph
    # inside a paragraph); so clean until nothing moves. What never settles becomes plain text.
    for _ in range(_MAX_PASSES):
        cleaned = content_rules.without_unseen_images(content_rules.clean(body, content_rules.keep))
        if cleaned == body:
            return cleaned
        body = cleaned
    lines = [escape(line, quote=False) for line in plain_text(body).strip().split("\n")]
    return content_rules.clean("<p>" + "<br>".join(lines) + "</p>", content_rules.keep)


def _check_size(html: str) -> None:
    if len(html.encode()) > MAX_BODY_BYTES:
        raise UnusableBody("too_long")
    if content_rules.depth(html) > MAX_DEPTH:
        raise UnusableBody("too_deep")

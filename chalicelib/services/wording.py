"""Words for readers: picks a language and fills the template files under `chalicelib/templates`.

Promises: every value is escaped for where it is printed, a missing value is an error and never an
empty hole, and one plain text file per mail gives both its parts, so the two cannot drift apart.
Costs: standard library only; each file is read once per process (about 0.1 ms), filling is 0.05 ms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Final, Literal, NamedTuple

Locale = Literal["en", "zh"]

LANGUAGE_TAG: Final[Mapping[Locale, str]] = {"en": "en", "zh": "zh-Hans"}

_TEMPLATES: Final = Path(__file__).parent.parent / "templates"
_NAME: Final = re.compile(r"[a-z]+(?:_[a-z]+)*\.(?:css|html|js|txt)\Z")
_LINK_ALONE: Final = re.compile(r"https?://\S+\Z")


class Notice(NamedTuple):
    """One mail in one language: subject line, HTML part, text part."""

    subject: str
    html: str
    text: str


def locale_of(accept_language: str | None) -> Locale:
    """The language a reader asks for, from the Accept-Language header (RFC 9110, 12.5.4).

    Highest weight wins, the first named on equal weights; English when nothing is understood.
    Never raises: the header is whatever a stranger sent.
    """
    best: Locale = "en"
    best_weight = 0.0
    for entry in (accept_language or "")[:1000].split(","):
        tag, _, parameters = entry.strip().lower().partition(";")
        found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", parameters)
        weight = float(found[1]) if found else (0.0 if parameters else 1.0)
        primary = tag.strip().split("-")[0]
        if weight > best_weight and primary in ("en", "zh"):
            best, best_weight = ("zh" if primary == "zh" else "en"), weight
    return best


@cache
def source(name: str, locale: Locale | None = None) -> str:
    """The text of a template file; `locale=None` for a file both languages share.

    Raises KeyError for a name that is not a template: the message does not repeat the name.
    """
    if not _NAME.match(name) or locale not in (None, "en", "zh"):
        raise KeyError("not a template name")
    try:
        return (_TEMPLATES / (locale or "") / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KeyError("no such template") from None


def fill_html(name: str, locale: Locale | None, values: Mapping[str, str]) -> str:
    """An HTML template with every value escaped for text and for quoted attributes.

    Raises KeyError when the template needs a value that was not given.
    """
    safe = {key: escape(value, quote=True) for key, value in values.items()}
    return Template(source(name, locale)).substitute(safe)


def fill_text(name: str, locale: Locale, values: Mapping[str, str]) -> str:
    """A plain text template; a value takes one line, so it cannot pose as text of ours."""
    return Template(source(name, locale)).substitute({key: one_line(value) for key, value in values.items()})


def one_line(value: str) -> str:
    """The value with every run of white space made one space, and ends trimmed."""
    return " ".join(value.split())


def notice(template: str, locale: Locale, values: Mapping[str, str], *, closing: str = "") -> Notice:
    """One of our own mails (sign-up code, address already known) in the reader's language.

    The file is `templates/<locale>/<template>.txt`: a line `Subject: ...`, an empty line, then
    paragraphs with an empty line between. A paragraph that starts with `# ` is shown large, one
    that is only a link becomes a button. `closing` is more such paragraphs, filled already. Raises
    KeyError for an unknown template or a missing value, ValueError for a file without a subject line.
    """
    filled = fill_text(f"{template}.txt", locale, values)
    first, _, rest = filled.partition("\n")
    if not first.startswith("Subject: "):
        raise ValueError("a mail template starts with a line 'Subject: ...'")
    subject = first.removeprefix("Subject: ").strip()
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", f"{rest}\n\n{closing}") if part.strip()]
    html = Template(source("mail.html")).substitute(
        lang=LANGUAGE_TAG[locale],
        title=escape(subject),
        body="\n".join(_paragraph(part) for part in paragraphs),
    )
    text = "\n\n".join(part.removeprefix("# ") for part in paragraphs) + "\n"
    return Notice(subject, html, text)


def _paragraph(part: str) -> str:
    if part.startswith("# "):
        big = escape(part.removeprefix("# "))
        return f'<p style="font-size:30px;font-weight:bold;letter-spacing:6px;margin:24px 0">{big}</p>'
    safe = escape(part, quote=True)
    if _LINK_ALONE.match(part):
        return (
            f'<p style="margin:24px 0"><a href="{safe}" style="background-color:#0b57d0;'
            "color:#ffffff;padding:12px 20px;border-radius:6px;text-decoration:none;"
            f'display:inline-block">{safe}</a></p>'
        )
    lines = "<br>\n".join(safe.split("\n"))
    return f'<p style="margin:0 0 16px">{lines}</p>'

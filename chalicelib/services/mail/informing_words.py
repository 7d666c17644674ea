"""The words that tell a person where their data came from, as they stand below a mail (GDPR 14(1)-(2)).

One text file gives both parts of a mail, so that they cannot drift apart; every value is escaped where it is
printed, and takes one line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Final

from chalicelib.services import wording
from chalicelib.services.wording import LANGUAGE_TAG, Locale

_LINK: Final = re.compile(r"https?://[^\s\u3000-\u303f\uff00-\uffef]*[^\s.,\u3000-\u303f\uff00-\uffef]")
_BOX: Final = (
    "margin-top:32px;padding-top:16px;border-top:1px solid #c5ccd6;"
    "font-family:Arial,'PingFang SC','Microsoft YaHei',sans-serif;"
    "font-size:13px;line-height:1.6;color:#4a5565"
)


@dataclass(frozen=True, slots=True)
class SourceNotice:
    """What a notice says about this one person's case."""

    sender: str
    contact_email: str
    unsubscribe_url: str
    requests_url: str
    stocked: bool
    added: bool

    @property
    def source(self) -> str:
        """Which sentence says where it came from; of both when nobody knows."""
        if self.stocked == self.added:
            return "both"
        return "stocked" if self.stocked else "added"


def as_text(notice: SourceNotice, locale: Locale) -> str:
    """The notice for the text part."""
    return wording.fill_text("informing.txt", locale, _values(notice, locale)).strip() + "\n"


def as_html(notice: SourceNotice, locale: Locale) -> str:
    """The notice for the HTML part: the same words."""
    first, *rest = as_text(notice, locale).strip().split("\n\n")
    paragraphs = [f'<p style="margin:0 0 8px;font-weight:bold">{escape(first)}</p>']
    paragraphs += [f'<p style="margin:0 0 8px">{_LINK.sub(_anchor, escape(part))}</p>' for part in rest]
    body = "\n".join(paragraphs)
    return f'<div lang="{LANGUAGE_TAG[locale]}" style="{_BOX}">\n{body}\n</div>\n'


def _anchor(found: re.Match[str]) -> str:
    return f'<a href="{found[0]}" style="color:#0b57d0;text-decoration:underline">{found[0]}</a>'


def _values(notice: SourceNotice, locale: Locale) -> dict[str, str]:
    # Whose own words a name is: it must not make a link, or our text, of itself.
    sender = wording.one_line(notice.sender).replace("://", ": //")
    return {
        "sender": sender,
        "contact": notice.contact_email,
        "source": wording.source(f"informing_source_{notice.source}.txt", locale).strip(),
        "unsubscribe_url": notice.unsubscribe_url,
        "requests_url": notice.requests_url,
    }

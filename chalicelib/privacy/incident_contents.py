"""What a notice about an incident has to say: the four contents of 4.3.4, in both languages.

Promise: a notice that leaves one out is not sent, to anybody, in any language; nor one whose words are still
a form to be filled in. Closed for the sake of the readers, who can act on nothing else. What the words say is
beyond this: somebody reads them before they go. Cost: in a hurry, eight texts. Sources: policy 4.3.4; GDPR
34(2) with 33(3)(b)-(d); PIPL 57; PDPA Notification of Data Breaches Regulations 2021 reg 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

LOCALES: Final = ("en", "zh")
LONGEST: Final = 4_000
"""Characters of one content: a mail holds all four twice."""
SHORTEST: Final = {"en": 20, "zh": 8}
"""Characters; shorter is a word and no content."""

_HANZI: Final = re.compile(r"[\u4e00-\u9fff]")
_LATIN: Final = re.compile(r"[A-Za-z]")
_BLANK: Final = re.compile(r"\{[^}]*\}|\$\w|\[[^\]]*\]|<[^>]*>|_{3,}|\b(?:TODO|TBD|XXX)\b", re.IGNORECASE)


class Content(StrEnum):
    """The four contents."""

    SITUATION = "situation"
    """What happened, and what it may mean for the reader."""
    MEASURES = "measures"
    """What we have done and will do."""
    ADVICE = "advice"
    """What the reader can do to prevent and reduce risks."""
    REMEDIES = "remedies"
    """What the reader gets from us, and where to turn."""


def faults(contents: Mapping[str, Mapping[str, str]] | None) -> tuple[tuple[str, str], ...]:
    """What keeps contents (texts by content by language) from being sent: pairs of a place such as
    ``en.advice`` and a code. ``missing``; ``too_short``, ``too_long``; ``other_language``: hardly a word of
    the language it is for; ``blank_left``: a place to be filled in; ``unknown``: none of the four.
    """
    given = contents or {}
    found = []
    for locale in LOCALES:
        texts = given.get(locale, {})
        found += [
            (f"{locale}.{content.value}", code)
            for content in Content
            if (code := _fault(locale, texts, content))
        ]
        found += [(f"{locale}.{name}", "unknown") for name in texts if name not in {*Content}]
    found += [(name, "unknown") for name in given if name not in LOCALES]
    return tuple(found)


def _fault(locale: str, texts: Mapping[str, str], content: Content) -> str | None:
    words = texts.get(content.value, "").strip()
    letters = len(_HANZI.findall(words)) if locale == "zh" else len(_LATIN.findall(words))
    if not words:
        return "missing"
    if len(words) > LONGEST:
        return "too_long"
    if letters * 2 < SHORTEST[locale] <= len(words):
        return "other_language"
    if len(words) < SHORTEST[locale]:
        return "too_short"
    return "blank_left" if _BLANK.search(words) else None

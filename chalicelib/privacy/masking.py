"""What the staff sees of a person under a masked grant (4.3.2): enough to tell two apart, too little to use.

Promise: of a name its first character, of a mail address the first character and the last label of its
domain, of a telephone number the last two digits; of everything else nothing. Too short a value shows
nothing of itself, nor does one in a script in which a character is a word or a syllable: the first character
of a Chinese name is the whole surname. The length of what is hidden never shows. Cost: support cannot read
out an address to check it; the person reads it to them. Pure functions of text.
"""

from __future__ import annotations

import unicodedata
from typing import Final

HIDDEN: Final = "***"
SHOWN_OF: Final = 3
"""One character is shown of at least so many; one of two would be half the name."""
DIGITS_SHOWN: Final = 2
DIGITS_OF: Final = 7
"""Two digits are shown of at least so many."""


def name(text: str) -> str:
    """The first character of a name: ``A***``; nothing of a Chinese, Japanese or Korean one."""
    return _first(text.strip()) + HIDDEN


def address(text: str) -> str:
    """The first character of the mailbox and the last label of the domain: ``a***@***.com``."""
    local, at, domain = text.strip().rpartition("@")
    if not at:
        return HIDDEN
    return f"{_first(local)}{HIDDEN}@{HIDDEN}{_last_label(domain)}"


def phone(text: str) -> str:
    """The last two digits: ``***42``."""
    digits = [sign for sign in text if sign.isdigit()]
    return HIDDEN + ("".join(digits[-DIGITS_SHOWN:]) if len(digits) >= DIGITS_OF else "")


def hidden(text: str | None) -> str | None:
    """Nothing but whether there is something."""
    return HIDDEN if text else None


def _first(text: str) -> str:
    shown = len(text) >= SHOWN_OF and text[0].isalnum() and not any(_is_wide(sign) for sign in text)
    return text[0] if shown else ""


def _is_wide(sign: str) -> bool:
    """Whether Unicode calls it wide, or a half-width form of such (UAX 11): so are the Chinese characters of
    every plane, kana, bopomofo and Hangul, and no letter of an alphabet but the full-width ones.
    """
    return unicodedata.east_asian_width(sign) in {"W", "F", "H"}


def _last_label(domain: str) -> str:
    """With its dot; nothing where the domain has one label only, or a last one that could be a name."""
    host, dot, label = domain.rpartition(".")
    return f".{label}" if host and dot and label.isalpha() and len(label) <= 6 else ""

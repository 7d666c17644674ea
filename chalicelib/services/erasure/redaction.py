"""Taking one person out of a text that stays (clause `requests`): address and name become a neutral word.

A message to several people is the correspondence of the others and of the company as well, so it is not
deleted: whoever asked to be forgotten is no longer in it. In doubt for the person erased: a given name alone
goes as well, so that a sentence may read oddly, which nobody is harmed by.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from chalicelib.kernel import addresses

WORD: Final = "(erased)"
"""What stands in the place of an address or a name. It can be part of an URL and means nothing in HTML."""

_SHORTEST_PART: Final = 3
"""A part of a name shorter than this is also part of ordinary words."""
_SPACED: Final = 0x2E80
"""From this code point on, scripts put no spaces between words, so a name has no edge to look for."""

_APART: Final = r"(?<![\w.+-])"
_ENDS: Final = r"(?![\w-]|\.\w)"
"""What stands beside an address when it is not part of a longer one."""


class Redactor:
    """Replaces everything that names one person."""

    def __init__(self, mailboxes: Iterable[str], names: Iterable[str]) -> None:
        patterns: dict[str, None] = {}
        for mailbox in mailboxes:
            patterns |= dict.fromkeys(_of_mailbox(mailbox))
        for name in sorted(set(names), key=len, reverse=True):
            patterns |= dict.fromkeys(_of_name(" ".join(name.split())))
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    @property
    def knows_somebody(self) -> bool:
        """False when there is nothing to look for."""
        return self._pattern is not None

    def __call__(self, text: str) -> str:
        """The text without the person."""
        return text if self._pattern is None else self._pattern.sub(WORD, text)


def _of_mailbox(mailbox: str) -> Iterable[str]:
    """Every spelling of an address: with any ``+tag``, either form of the domain, in HTML and in a link."""
    local, _, domain = mailbox.rpartition("@")
    stem = local.partition("+")[0] or local
    try:
        domains = dict.fromkeys((domain, addresses.parse(mailbox).domain))
    except ValueError:
        domains = {domain: None}
    for one in domains:
        tagged = rf"{re.escape(stem)}(?:\+[^@\s<>\"']*)?@{re.escape(one)}"
        yield rf"(?i:{_APART}{tagged}{_ENDS})"
        yield rf"(?i:{_APART}{re.escape(html.escape(stem))}@{re.escape(one)}{_ENDS})"
        linked = rf"{re.escape(quote(stem))}(?:%2B[^%\s<>\"']*)?%40{re.escape(quote(one))}"
        yield rf"(?i:(?:(?<=%[0-9a-f]{{2}})|{_APART}){linked}{_ENDS})"


def _of_name(name: str) -> Iterable[str]:
    if len(name) < 2:
        return
    for spelling in dict.fromkeys((name, html.escape(name), html.escape(name, quote=False), quote(name))):
        yield rf"(?i:{_edged(spelling)})"
    parts = [part.strip(".,;()\"'") for part in name.split(" ")]
    for part in parts if len(parts) > 1 else ():
        if len(part) >= _SHORTEST_PART:
            yield _edged(part)  # as it is written: a name is no verb


def _edged(text: str) -> str:
    before = r"(?<!\w)" if text[0].isalnum() and ord(text[0]) < _SPACED else ""
    behind = r"(?!\w)" if text[-1].isalnum() and ord(text[-1]) < _SPACED else ""
    return before + r"\s+".join(re.escape(part) for part in text.split(" ")) + behind

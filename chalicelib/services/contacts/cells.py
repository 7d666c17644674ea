"""Cells of a CSV file that no spreadsheet takes for a formula, and their way back.

Whoever puts a formula into a name has it run on the machine of whoever opens the export (OWASP, "CSV
Injection"; CWE-1236): the apostrophe before it makes it text in every spreadsheet and stays readable
(`'+49 40 5550`). Spreadsheets look past blanks and invisible characters, some read full-width signs as plain
ones, and one that expects another separator begins a new cell in the middle of ours: all of these count.
Rather one apostrophe too many than a formula; ``original`` takes exactly those away again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

BOM: Final = "\ufeff"
"""Before the first row: without it Excel reads UTF-8 as the code page of the machine."""
MARK: Final = "'"

_LINE_ENDS: Final = "\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Stripped by some readers, the end of a cell or a line to others: never the beginning of a cell."""
_BEGINS: Final = re.compile(f'\\A|(?<=[,;|"{_LINE_ENDS}])')
"""Where a cell begins, or begins for a reader that expects another separator or loses count of the quotes."""
_SIGNS: Final = frozenset("=+-@|")
_MINUS: Final = "\u2212"
"""The mathematical sign, which has no plain form by Unicode and is one to some spreadsheets."""
_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by their class, of which nothing is seen."""
_BLANK: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Mn", "Me", "Zl", "Zp", "Zs"})


def row(texts: Iterable[str | None]) -> str:
    """One line of a CSV file (RFC 4180): all cells quoted, no formula among them; None is an empty cell."""
    cells = (neutralise(text or "").replace('"', '""') for text in texts)
    return ",".join(f'"{cell}"' for cell in cells) + "\r\n"


def neutralise(text: str) -> str:
    """The text with an apostrophe wherever a formula could begin; any other text as it is."""
    if text.isalnum():
        return text
    return _BEGINS.sub(lambda place: MARK if _formula(text, place.end()) else "", text)


def original(text: str) -> str:
    """What ``neutralise`` was given; the same for a text that it would have let be."""
    made, done = [], 0
    for place in _BEGINS.finditer(text):
        at = place.end()
        if text.startswith(MARK, at) and _formula(text, at):
            made.append(text[done:at])
            done = at + 1
    return "".join([*made, text[done:]])


def _formula(text: str, at: int) -> bool:
    """Whether a cell that began here could be a formula: apostrophes, then what nobody sees, then a sign.

    Apostrophes that are there already count, so that a text with one and a text that got one stay apart.
    Nothing but these can stand between, so what is put at one place decides about no other.
    """
    end = len(text)
    while at < end and text[at] == MARK:
        at += 1
    while at < end and _unseen(text[at]):
        at += 1
    return at < end and (text[at] in _LINE_ENDS or _sign(text[at]))


def _unseen(char: str) -> bool:
    if char in _LINE_ENDS:
        return False
    return char == " " or char in _FILLERS or unicodedata.category(char) in _BLANK


def _sign(char: str) -> bool:
    """Plain, full-width, small, raised: all that is the same sign to NFKC, which some programs apply."""
    return char == _MINUS or unicodedata.normalize("NFKC", char)[0] in _SIGNS

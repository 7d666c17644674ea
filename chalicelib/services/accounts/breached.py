"""Passwords that are in everybody's lists: asked of a file that travels with the code, of nobody else.

NIST SP 800-63B-4 (3.1.1.2) wants a new password compared with commonly used, expected and compromised ones. A
service that is asked over the network would learn that somebody chose a password just now, and would stand
between a person and their account whenever it is slow; so the list is here, as truncated digests.

What is compared is always the whole password, in at most five forms (`forms`): a listed word inside a longer
phrase is no reason to refuse it. The list has whole passwords of ten characters and more, and the most used
shorter ones, which can only be met as a stem ("dragon2026!!") or a repetition ("dragondragon").

File: magic (8), digest width (1), count (4, big-endian), then that many truncated SHA-1 digests in order.
SHA-1 because the Pwned Passwords dump holds nothing else, so an operator can build from it
(`tools.breached_passwords`); nothing is kept secret by it. False positives are below one in a million per
password, by the width (the tool sees to it, `width_for`): whoever meets one has to think of another
password, once.

Costs, measured: 1.1 MB in the zip and in memory, 0.4 ms to read at the first question of a process, then 13
us per password. Fails closed: without its file nobody gets a new password, and the error is heard at once.
"""

from __future__ import annotations

import hashlib
import unicodedata
from bisect import bisect_left
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = Path(__file__).resolve().parents[2] / "data" / "breached.bin"
MAGIC: Final = b"OKKIPW01"
HEADER_BYTES: Final = len(MAGIC) + 5
MOST_FORMS: Final = 5
"""How often one password is looked up at most."""
FALSE_POSITIVES: Final = 1e-6
"""The greatest share of good passwords that may be refused by accident."""
LONGEST_TAIL: Final = 6
"""How many digits and marks at the end count as decoration: a year with two marks, a day. Guessers add them
to every word; with more of them it is for the list itself to say.
"""


class DataError(Exception):
    """The file is not one that `tools.breached_passwords` wrote."""


class _List(NamedTuple):
    data: bytes
    width: int
    total: int


def known(password: str) -> bool:
    """True when the password, or one it trivially varies, is in lists that are used to guess passwords.

    Raises:
        OSError: the file is missing (closed: a deployment without it must not take passwords).
        DataError: it is not such a file.
    """
    listed = _listed(FILE)
    return any(_holds(listed, digest(form)) for form in forms(password))


def count() -> int:
    """How many digests the file holds. Raises as `known` does."""
    return _listed(FILE).total


def forms(password: str) -> tuple[str, ...]:
    """What is looked up: as written, without case, without a short tail of digits and marks, and the unit
    that either of the latter repeats. Distinct, five at most, all in NFKC.
    """
    written = unicodedata.normalize("NFKC", password)
    folded = fold(password)
    stem = _without_tail(folded)
    return tuple(dict.fromkeys((written, folded, stem, _unit(folded), _unit(stem))))


def fold(text: str) -> str:
    """One spelling for all that differ in case or in how a keyboard composes them."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def digest(text: str) -> bytes:
    """SHA-1 of the text's UTF-8, as in the Pwned Passwords dump. Text that is no Unicode has the digest of
    its bytes with the lone surrogates in them: a password is never a reason to fail.
    """
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


def width_for(entries: int) -> int:
    """Bytes of each digest that keep accidents below `FALSE_POSITIVES` with so many entries."""
    width = 1
    while MOST_FORMS * entries > FALSE_POSITIVES * 256**width:
        width += 1
    return width


def _without_tail(folded: str) -> str:
    end = len(folded)
    while end > len(folded) - LONGEST_TAIL and end > 1 and not folded[end - 1].isalpha():
        end -= 1
    # A longer tail is no decoration: the password stands as it is.
    return folded if end and not folded[end - 1].isalpha() else folded[:end]


def _unit(text: str) -> str:
    """What the text is a repetition of; itself, if of nothing. At most 256 characters come here."""
    return text[: (text + text).find(text, 1)] if text else text


@cache
def _listed(file: Path) -> _List:
    data = file.read_bytes()
    width, entries = data[len(MAGIC)] if len(data) > len(MAGIC) else 0, data[len(MAGIC) + 1 : HEADER_BYTES]
    listed = _List(data, width, int.from_bytes(entries, "big"))
    if (
        not data.startswith(MAGIC)
        or not 0 < width <= hashlib.sha1(usedforsecurity=False).digest_size
        or not listed.total
        or len(data) != HEADER_BYTES + width * listed.total
    ):
        raise DataError("not a list of passwords")
    return listed


def _holds(listed: _List, wanted: bytes) -> bool:
    data, width, total = listed

    def entry(index: int) -> bytes:
        start = HEADER_BYTES + index * width
        return data[start : start + width]

    place = bisect_left(range(total), wanted[:width], key=entry)
    return place < total and entry(place) == wanted[:width]

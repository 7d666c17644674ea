"""In which encoding a file of contacts is written, guessed from its bytes.

A mark at the beginning decides; then UTF-8, which other text hardly ever is by chance; then what the bytes
above ASCII would mean in the code pages that Excel writes where our customers are: how many of them would be
everyday signs. A guess is shown to whoever imports, who may say otherwise: names read wrongly reach people.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

UTF8: Final = "utf-8"
ENCODINGS: Final = (UTF8, "utf-16-le", "utf-16-be", "gb18030", "big5", "shift_jis", "windows-1252")
"""What can be read, in the order in which doubts are settled."""

_CODECS: Final = {"big5": "cp950", "shift_jis": "cp932", "windows-1252": "cp1252"}
"""Where Windows means more by a name than its standard does."""
_MARKS: Final = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF32: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
SAMPLE: Final = 65_536
"""Bytes of lines with something above ASCII that a guess is made from."""
_HIGH: Final = re.compile(rb"[\x80-\xff]+")
_UNASSIGNED: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
LONGEST: Final = 16_384
"""Bytes of a line that is looked at."""


class EncodingError(Exception):
    """Not text in any encoding that can be read."""


class Guess(NamedTuple):
    """An encoding, and how many bytes of mark the file begins with."""

    encoding: str
    mark: int = 0


def guess(blocks: Iterable[bytes]) -> Guess:
    """The encoding of a file, given from its beginning in blocks; looks at all of it, keeps a sample.

    Raises:
        EncodingError: it is none of them, or no text at all.
    """
    utf8, plausible = codecs.getincrementaldecoder(UTF8)(), True
    lines: list[bytes] = []
    size, tail, first = 0, b"", True
    for block in blocks:
        if first:
            first = False
            marked = _marked(block)
            if marked is not None:
                return marked
            if b"\0" in block:
                raise EncodingError
        if plausible:
            try:
                utf8.decode(block)
            except UnicodeDecodeError:
                plausible = False
        if size < SAMPLE:
            whole, _, tail = (tail + block).replace(b"\r", b"\n").rpartition(b"\n")
            lines += _sampled(whole)
            size = sum(map(len, lines))
            tail = tail[-LONGEST - 1 :]  # a longer line is not looked at, however it goes on
    if plausible and not utf8.getstate()[0]:
        return Guess(UTF8)
    return Guess(_by_plausibility(lines + _sampled(tail)))


def _sampled(text: bytes) -> list[bytes]:
    """Whole lines with something above ASCII. No pattern: on the plain lines that most files are made of, one
    would look from every byte to the end of its line.
    """
    return [line for line in text.split(b"\n") if len(line) <= LONGEST and not line.isascii()]


def codec(encoding: str) -> str:
    """What Python calls it."""
    return _CODECS.get(encoding, encoding)


def mark_length(beginning: bytes, encoding: str) -> int:
    """How many bytes of mark a file begins with that somebody says is in this encoding."""
    return next((len(mark) for mark, name in _MARKS if name == encoding and beginning.startswith(mark)), 0)


def _marked(block: bytes) -> Guess | None:
    """By its mark, or UTF-16 without one: every other byte of text from most of the world is NUL there."""
    if block.startswith(_UTF32):
        raise EncodingError
    for mark, encoding in _MARKS:
        if block.startswith(mark):
            return Guess(encoding, len(mark))
    head = block[:4096]
    half = len(head) // 2
    if half and b"\0" in head:
        for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
            # commas, digits and line ends are there in every script, and letters have no NUL on this side
            if head[at::2].count(0) * 10 >= half and head[1 - at :: 2].count(0) == 0:
                return Guess(encoding)
    return None


def _by_plausibility(lines: Sequence[bytes]) -> str:
    scores = {name: score(lines) for name, score in _SCORES}
    best = max(scores, key=lambda name: scores[name])  # the first of equals
    if scores[best] <= 0:
        raise EncodingError
    return best


def _share(lines: Sequence[bytes], encoding: str, everyday: Callable[[bytes], bool]) -> float:
    """How many of the signs above ASCII are everyday ones; a line that cannot be read has none. So one bad
    byte in a long list does not decide for all of it.
    """
    good = every = 0
    for line in lines:
        try:
            found = [char for char in line.decode(codec(encoding)) if ord(char) > 127]
        except UnicodeDecodeError:
            every += sum(map(len, _HIGH.findall(line)))
            continue
        every += len(found)
        good += sum(1 for char in found if everyday(char.encode(codec(encoding))))
    return good / every if every else 0


def _utf8(lines: Sequence[bytes]) -> float:
    """Whatever can be read: chance hardly ever makes it."""
    return _share(lines, UTF8, bool)


def _gb18030(lines: Sequence[bytes]) -> float:
    """GB 2312 level 1, ordered by sound (B0-D7), and its punctuation."""
    return _share(lines, "gb18030", lambda raw: raw[0] in {0xA1, 0xA3} or 0xB0 <= raw[0] <= 0xD7)


def _big5(lines: Sequence[bytes]) -> float:
    """The 5,401 frequent signs (A4-C6) and punctuation (A1)."""
    return _share(lines, "big5", lambda raw: raw[0] == 0xA1 or 0xA4 <= raw[0] <= 0xC6)


def _shift_jis(lines: Sequence[bytes]) -> float:
    """Punctuation, full-width letters and kana (81-83), the frequent signs (88-97)."""
    return _share(lines, "shift_jis", lambda raw: 0x81 <= raw[0] <= 0x83 or 0x88 <= raw[0] <= 0x97)


def _windows_1252(lines: Sequence[bytes]) -> float:
    """Letters with accents stand alone among plain ones; two bytes above ASCII in a row are rare."""
    good = every = 0
    for line in lines:
        runs = _HIGH.findall(line)
        every += len(runs)
        if not _UNASSIGNED.search(line):
            good += sum(1 for run in runs if len(run) == 1 and _letter(run[0]))
    return good / every if every else 0


def _letter(byte: int) -> bool:
    return (
        byte >= 0xC0 and byte not in {0xD7, 0xF7}
    ) or byte in b"\x80\x8a\x8c\x8e\x9a\x9c\x9e\x9f\x92\x96\xa0\xae\xb0"


_SCORES: Final[tuple[tuple[str, Callable[[Sequence[bytes]], float]], ...]] = (
    (UTF8, _utf8),
    ("gb18030", _gb18030),
    ("windows-1252", _windows_1252),
    ("big5", _big5),
    ("shift_jis", _shift_jis),
)

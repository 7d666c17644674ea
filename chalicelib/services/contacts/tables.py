"""Reading CSV as people's spreadsheets write it (RFC 4180 and what is done instead), a block at a time.

A reader is given bytes from the beginning of a row and says how many of them it has used, so that a job can
stop anywhere and go on there. Rows are numbered as a spreadsheet shows them: from 1, the header and empty
ones included, a row with line ends inside its quotes counting once. A quote that is never closed spoils its
own line and nothing behind it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from chalicelib.services.contacts import encodings

SEPARATORS: Final = (",", ";", "\t", "|")
ROW: Final = 20_000
"""Characters in one row, at most."""
ROW_LINES: Final = 100
"""Lines in one row, at most: what is longer is a quote that somebody forgot."""
COLUMNS: Final = 100
BLOCK: Final = 262_144
"""Bytes read at a time: several of the longest rows in the widest encoding."""

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SEP_LINE: Final = re.compile(r"\A(?:\"?sep=([,;\t|])\"?)[\r\n]*\Z", re.IGNORECASE)
_HEAD_ROWS: Final = 50


class Row(NamedTuple):
    """One row: its number in the file, its cells, or why they could not be told apart."""

    number: int
    cells: list[str]
    error: str | None = None


class Form(NamedTuple):
    """How a file is written."""

    encoding: str
    separator: str


class Read(NamedTuple):
    """Rows of a block, how many bytes they took, and how many rows there were, empty ones included."""

    rows: list[Row]
    used: int
    counted: int


def read(block: bytes, form: Form, *, last: bool, before: int = 0) -> Read:
    """The whole rows of a block that begins with one; ``last``: nothing comes behind it. ``before`` rows are
    read already. A row at the end of the block that may go on is left for the next.

    A row that cannot be told apart has an ``error`` and no cells: ``unclosed_quote``, ``too_long``,
    ``too_many_columns``. Uses nothing only when the block holds less than one whole row, which cannot be for
    a block of `BLOCK` bytes.
    """
    whole = block if last else _whole_lines(block, form.encoding)
    text = decode(whole, form.encoding)
    rows: list[Row] = []
    at = counted = 0
    while at < len(text):
        done = at
        for cells, end, error in _rows(text, at, form.separator):
            if not last and error == "unclosed_quote" and len(text) - done < ROW:
                return Read(rows, _length(text[:done], form.encoding), counted)
            done, counted = end, counted + 1
            if error is not None or any(cells):
                rows.append(Row(before + counted, cells, error))
            if error == "unclosed_quote":
                break
        at = done
    return Read(rows, len(whole), counted)


def decode(content: bytes, encoding: str) -> str:
    """The text, with a lone surrogate wherever there is none to be read, which encodes back to the very same
    number of bytes. Half a pair of UTF-16 at the end of a file is nothing.
    """
    if encoding.startswith("utf-16"):
        content = content[: len(content) // 2 * 2]
    return content.decode(encodings.codec(encoding), _errors(encoding))


def separator(text: str) -> str:
    """Which sign separates the cells: the one that cuts the first rows into equally many, and into most."""
    named = _SEP_LINE.match(text.split("\n", 1)[0].lstrip("\ufeff"))
    if named is not None:
        return named[1]
    best, found = (0.0, 0), ","
    for one in SEPARATORS:
        widths = [len(cells) for cells, _, error in _first(text, one) if error is None and any(cells)]
        if not widths:
            continue
        width, often = Counter(widths).most_common(1)[0]
        score = (round(often / len(widths), 1), width) if width > 1 else (0.0, 0)
        if score > best:
            best, found = score, one
    return found


def names_separator(cells: list[str], separator: str) -> bool:
    """Whether a first row is Excel's ``sep=;`` and no row of the table."""
    return _SEP_LINE.match(separator.join(cells)) is not None


def _first(text: str, separator: str) -> Iterator[tuple[list[str], int, str | None]]:
    for number, row in enumerate(_rows(text, 0, separator)):
        if number == _HEAD_ROWS or row[1] >= len(text):
            return  # the last one may have been cut
        yield row


def _whole_lines(block: bytes, encoding: str) -> bytes:
    """Up to the last line end of a block that something follows. No encoding here uses these bytes within
    another sign, but for UTF-16, whose signs are pairs.
    """
    if not encoding.startswith("utf-16"):
        end = block.rfind(b"\n") + 1 or block[:-1].rfind(b"\r") + 1  # "\r" at the end may be half a "\r\n"
        return block[:end]
    pair = "\n".encode(encoding)
    for sign, until in ((pair, len(block)), ("\r".encode(encoding), len(block) - 2)):
        end = block.rfind(sign, 0, until)
        while end > 0 and end % 2:
            end = block.rfind(sign, 0, end + 1)
        if end >= 0 and end % 2 == 0:
            return block[: end + 2]
    return b""


def _length(text: str, encoding: str) -> int:
    return len(text.encode(encodings.codec(encoding), _errors(encoding)))


def _errors(encoding: str) -> str:
    return "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"


class _Lines:
    """Lines of a text from a place on, each with its line end; knows whether more was asked for than is."""

    def __init__(self, text: str, at: int) -> None:
        self._found = _LINE.finditer(text, at)
        self.at, self.over = at, False
        self.row_began, self.row_lines = at, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.row_lines == ROW_LINES or self.at - self.row_began > ROW:
            self.over = True
            raise StopIteration
        line = next(self._found, None)
        if line is None:
            self.over = True
            raise StopIteration
        self.row_lines += 1
        self.at = line.end()
        return line[0]

    def begin_row(self) -> None:
        """What is asked for from now on belongs to the next row."""
        self.row_began, self.row_lines = self.at, 0


def _rows(text: str, at: int, separator: str) -> Iterator[tuple[list[str], int, str | None]]:
    """Cells of each row, where it ends, and what is wrong with it. An unclosed quote ends with its line."""
    lines = _Lines(text, at)
    reader = csv.reader(lines, delimiter=separator)
    began = at
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:  # a cell longer than the module takes
            lines.over, cells = True, []
        if cells is None:
            return
        if lines.over:
            line = _LINE.match(text, began)
            end = len(text) if line is None else line.end()
            yield [], end, "unclosed_quote"
            return
        error = "too_long" if lines.at - began > ROW else None
        error = "too_many_columns" if error is None and len(cells) > COLUMNS else error
        yield ([] if error else cells), lines.at, error
        began = lines.at
        lines.begin_row()

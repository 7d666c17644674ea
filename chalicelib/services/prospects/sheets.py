"""Reading a staff's file a row at a time: CSV or JSON Lines, from any byte on, in bounded memory.

A row says where it ends, in bytes, so that whoever was interrupted goes on behind the last row that was done
with. UTF-8 only, with or without a byte order mark: the operator makes these files and need not be guessed
at. Closed: where it is not certain which rows were meant, nothing behind that place is taken.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

MAX_ROW: Final = 64 * 1024
"""Bytes of one row. A longer one is a quotation mark that nobody closed, or no such file at all."""
READ_BYTES: Final = 256 * 1024
"""Fetched at once: what is in memory beside the row."""

_BOM: Final = b"\xef\xbb\xbf"

Values = dict[str, str | list[str]]
Read = Callable[[int, int], bytes]
"""A piece of the file: from which byte on, how many; empty past the end."""


class SheetRow(NamedTuple):
    """One row: its values, or the code of what is wrong with it as a whole; and the byte behind it."""

    values: Values | None
    code: str | None
    end: int


class SheetError(Exception):
    """The file cannot be read on from here; ``code`` says why and ``column`` which, counted from 1."""

    def __init__(self, code: str, column: int | None = None) -> None:
        super().__init__(code)
        self.code, self.column = code, column


def columns(read: Read, allowed: Sequence[str], needed: str) -> tuple[tuple[str, ...], int]:
    """The columns that a CSV file's first line names, and the byte behind it.

    Raises:
        SheetError: it is empty, names one twice or one we do not know, or lacks the one that is needed.
    """
    lines = _Lines(read, 0)
    try:
        found = tuple(name.strip().lower() for name in next(csv.reader(lines, strict=True), []))
    except csv.Error:
        raise SheetError("malformed") from None
    if not found:
        raise SheetError("empty")
    for place, name in enumerate(found, 1):
        # By its number: where the line of columns is missing, a "name" is somebody's.
        if name not in allowed:
            raise SheetError("unknown_column", place)
        if name in found[: place - 1]:
            raise SheetError("column_twice", place)
    if needed not in found:
        raise SheetError("column_missing")
    return found, lines.end


def csv_rows(read: Read, start: int, names: Sequence[str]) -> Iterator[SheetRow]:
    """The rows of a CSV file from a byte on where one begins (RFC 4180; commas); empty lines are none.

    Raises:
        SheetError: a row is too long, or a quotation mark was left open over several lines.
    """
    lines = _Lines(read, start)
    reader = csv.reader(lines, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            if lines.taken > 1:
                raise SheetError("open_quotation_mark") from None
            yield SheetRow(None, "malformed", lines.end)
            continue
        if not cells:
            continue
        if len(cells) != len(names):
            yield SheetRow(None, "wrong_number_of_cells", lines.end)
            continue
        yield SheetRow(dict(zip(names, cells, strict=True)), None, lines.end)


def json_rows(read: Read, start: int, allowed: Sequence[str]) -> Iterator[SheetRow]:
    """The rows of a JSON Lines file from a byte on where one begins; empty lines are none.

    Raises:
        SheetError: a row is too long.
    """
    lines = _Lines(read, start)
    while True:
        lines.begin()
        line = next(lines, None)
        if line is None:
            return
        if not line.strip():
            continue
        values, code = _object(line, allowed)
        yield SheetRow(values, code, lines.end)


def _object(line: str, allowed: Sequence[str]) -> tuple[Values | None, str | None]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None, "malformed"
    if not isinstance(found, dict):
        return None, "malformed"
    if found.keys() - set(allowed):
        return None, "unknown_field"
    values: Values = {}
    for name, value in found.items():
        if value is None:
            continue
        texts = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in texts):
            return None, "not_text"
        values[name] = value
    return values, None


class _Lines:
    """The lines of a file as text, one after another. Bytes that are no UTF-8 become surrogates, which the
    checks of the values refuse, so that a wrong byte costs its row and not its file.
    """

    def __init__(self, read: Read, start: int) -> None:
        self._read = read
        self._next = start
        self._held = b""
        self._at = 0
        self._over = False
        self.end = start
        self.taken = 0
        self._row_from = start

    def begin(self) -> None:
        """From here on it is another row."""
        self._row_from, self.taken = self.end, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        while (behind := self._held.find(b"\n", self._at) + 1) == 0 and not self._over:
            if len(self._held) - self._at > MAX_ROW:
                raise SheetError("row_too_long")
            self._fetch()
        line = self._held[self._at : behind or len(self._held)]
        if not line:
            raise StopIteration
        self._at += len(line)
        self.end += len(line)
        self.taken += 1
        if self.end - self._row_from > MAX_ROW:
            raise SheetError("row_too_long")
        return line.decode("utf-8", "surrogateescape")

    def _fetch(self) -> None:
        piece = self._read(self._next, READ_BYTES)
        self._over = len(piece) < READ_BYTES
        first = self._next == 0
        self._next += len(piece)
        if first and piece.startswith(_BOM):
            piece, self.end = piece[len(_BOM) :], len(_BOM)
        self._held = self._held[self._at :] + piece
        self._at = 0

"""A row of the operator's file is read as it was written, from wherever the reading was interrupted."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.services.prospects import sheets
from chalicelib.services.prospects.sheets import Read, SheetError, SheetRow

NAMES = ("business_name", "name", "email")
CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3).filter(any), max_size=8)


def reader(content: bytes, most: int | None = None) -> Read:
    """A file that gives so many bytes at once; a real one gives all that is asked for, but at its end."""

    def read(start: int, length: int) -> bytes:
        assert length <= sheets.READ_BYTES
        return content[start : start + length]

    return read


def written(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def values(rows: list[SheetRow]) -> list[list[str]]:
    return [[str(one) for one in row.values.values()] for row in rows if row.values is not None]


@given(ROWS)
@example([['"', "a\nb", ","], ["\r\n", "x\0y", "\ufeff"], ["a;b", "＝1", "é"]])
def test_what_a_spreadsheet_writes_is_what_is_read(rows: list[list[str]]) -> None:
    content = written([list(NAMES), *rows])
    names, start = sheets.columns(reader(content), NAMES, "business_name")
    found = list(sheets.csv_rows(reader(content), start, names))
    assert values(found) == rows
    assert not found or found[-1].end == len(content)


@given(ROWS, st.data())
def test_reading_goes_on_behind_any_row(rows: list[list[str]], data: st.DataObject) -> None:
    content = written(rows)
    whole = (
        list(sheets.csv_rows(reader(content), 0, NAMES)) if not content.startswith(b"\xef\xbb\xbf") else []
    )
    if not whole:
        return
    at = data.draw(st.integers(0, len(whole) - 1))
    assert list(sheets.csv_rows(reader(content), whole[at].end, NAMES)) == whole[at + 1 :]


@settings(max_examples=10, deadline=None)
@given(st.integers(40, 90), st.integers(0, 3))
def test_a_file_is_read_over_the_edges_of_what_is_fetched(width: int, spare: int) -> None:
    cell = "x" * width + "é" * spare
    rows = [[cell, str(number), ""] for number in range(2 * sheets.READ_BYTES // (width + 6))]
    content = written(rows)
    assert values(list(sheets.csv_rows(reader(content), 0, NAMES))) == rows


def test_a_mark_of_byte_order_is_not_part_of_the_first_column() -> None:
    content = b"\xef\xbb\xbf" + written([list(NAMES), ["Acme", "Bo", "bo@acme.example"]])
    names, start = sheets.columns(reader(content), NAMES, "business_name")
    assert names == NAMES
    assert len(list(sheets.csv_rows(reader(content), start, names))) == 1


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), CELL, min_size=1), max_size=8))
def test_json_lines_are_read_as_written(rows: list[dict[str, str]]) -> None:
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    found = list(sheets.json_rows(reader(content), 0, NAMES))
    assert [row.values for row in found] == rows
    for at, row in enumerate(found):
        assert list(sheets.json_rows(reader(content), row.end, NAMES)) == found[at + 1 :]


@settings(deadline=None)
@given(st.binary(max_size=300))
@example(b'"' + b"x\n" * 40_000)
@example(b"\xff\xfe,\x00")
@example(b'{"name": ' + b"[" * 50_000)
@example(b'{"name": 1e999999}')
def test_no_bytes_break_the_reading(content: bytes) -> None:
    for read in (sheets.csv_rows, sheets.json_rows):
        try:
            rows = list(read(reader(content), 0, NAMES))
        except SheetError as error:
            assert error.code in {"row_too_long", "open_quotation_mark"}
        else:
            ends = [row.end for row in rows]
            assert ends == sorted(set(ends))


def test_nothing_behind_a_quotation_mark_that_nobody_closed_is_taken() -> None:
    content = b'a,"b,c\r\n' + written([["x", "y", "z"]] * 10_000)
    with pytest.raises(SheetError):
        list(sheets.csv_rows(reader(content), 0, NAMES))


def test_a_file_of_any_size_takes_no_more_memory_than_a_few_rows() -> None:
    line = b"x" * 90 + b",y,z\r\n"

    def read(start: int, length: int) -> bytes:
        if start >= 30_000_000:
            return b""
        ahead = start % len(line)
        return (line * (length // len(line) + 2))[ahead : ahead + length]

    tracemalloc.start()
    seen = sum(1 for _ in sheets.csv_rows(read, 0, NAMES))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen > 300_000
    assert peak < 4_000_000

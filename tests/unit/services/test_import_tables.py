"""Whatever a spreadsheet writes is read as it was meant, wherever the job that reads it has to stop."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.services.contacts import encodings, tables
from chalicelib.services.contacts.encodings import EncodingError
from chalicelib.services.contacts.tables import Form

pytestmark = pytest.mark.clause("stored")

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
PLAIN = st.text("abcXYZ 0-9äöüé\"',;|\t\n\r", max_size=12)
TABLES = st.lists(st.lists(CELLS | PLAIN, min_size=1, max_size=6), max_size=12)


def written(rows: Sequence[Sequence[str]], separator: str, end: str) -> str:
    """As a spreadsheet would: quoted where it must be."""

    def quoted(cell: str) -> str:
        if cell and not set(cell) & {separator, '"', "\r", "\n"}:
            return cell
        return '"' + cell.replace('"', '""') + '"'

    return "".join(separator.join(map(quoted, row)) + end for row in rows)


def whole(content: bytes, form: Form) -> list[tuple[int, list[str], str | None]]:
    return [(row.number, row.cells, row.error) for row in tables.read(content, form, last=True).rows]


def in_blocks(content: bytes, form: Form, size: int) -> list[tuple[int, list[str], str | None]]:
    """As the job does it: so many bytes at a time, from where the last block was used up to."""
    found: list[tuple[int, list[str], str | None]] = []
    at = counted = 0
    while at < len(content):
        length = size
        while True:
            block = content[at : at + length]
            read = tables.read(block, form, last=at + len(block) >= len(content), before=counted)
            if read.used or at + len(block) >= len(content):
                break
            length *= 2  # a block of the job's size always holds a row; these are small
        found += [(row.number, row.cells, row.error) for row in read.rows]
        at, counted = at + read.used, counted + read.counted
    return found


@given(TABLES, st.sampled_from(tables.SEPARATORS), st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_is_read(rows: list[list[str]], separator: str, end: str) -> None:
    content = written(rows, separator, end).encode()
    wanted = [(number, row, None) for number, row in enumerate(rows, 1) if any(row)]
    assert whole(content, Form("utf-8", separator)) == wanted


@settings(max_examples=60)
@given(TABLES, st.sampled_from([*encodings.ENCODINGS]), st.integers(1, 80))
def test_where_a_block_ends_makes_no_difference(rows: list[list[str]], encoding: str, size: int) -> None:
    content = written(rows, ";", "\r\n").encode(
        encodings.codec(encoding), "ignore" if "16" in encoding else "replace"
    )
    form = Form(encoding, ";")
    assert in_blocks(content, form, size) == whole(content, form)


@settings(max_examples=60)
@given(st.binary(max_size=400), st.sampled_from([*encodings.ENCODINGS]), st.integers(1, 50))
def test_no_bytes_can_break_the_reader_or_make_it_lose_its_place(
    content: bytes, encoding: str, size: int
) -> None:
    form = Form(encoding, ",")
    assert in_blocks(content, form, size) == whole(content, form)


@pytest.mark.parametrize("encoding", encodings.ENCODINGS)
def test_text_takes_as_many_bytes_as_it_was_read_from(encoding: str) -> None:
    """The job's place in the file is counted back from text: every pair of bytes there can be."""
    for first in range(256):
        for second in range(256):
            pair = bytes((first, second))
            assert tables._length(tables.decode(pair, encoding), encoding) == 2, (encoding, pair)


@given(st.integers(0, 20))
def test_a_quote_that_nobody_closed_spoils_its_own_line_only(behind: int) -> None:
    text = 'a,b\n1,"open\n' + "2,fine\n" * behind
    found = whole(text.encode(), Form("utf-8", ","))
    assert found[:2] == [(1, ["a", "b"], None), (2, [], "unclosed_quote")]
    assert [cells for _, cells, _ in found[2:]] == [["2", "fine"]] * behind
    assert in_blocks(text.encode(), Form("utf-8", ","), 9) == found


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    text = 'name,note\n\nBob,"two\nlines"\n,\nLi,x\n'
    assert [number for number, _, _ in whole(text.encode(), Form("utf-8", ","))] == [1, 3, 5]


def test_a_row_without_end_and_one_with_endless_columns_are_named() -> None:
    form = Form("utf-8", ",")
    long = "x" * (tables.ROW + 1)
    wide = "," * tables.COLUMNS + "x"
    found = whole(f"a\n{long}\n{wide}\nb\n".encode(), form)
    assert [(number, error) for number, _, error in found] == [
        (1, None),
        (2, "too_long"),
        (3, "too_many_columns"),
        (4, None),
    ]


@given(
    st.lists(
        st.lists(st.text("abcdefgh äöü", min_size=1, max_size=8), min_size=3, max_size=3),
        min_size=2,
        max_size=8,
    ),
    st.sampled_from(tables.SEPARATORS),
)
def test_the_separator_is_found(rows: list[list[str]], separator: str) -> None:
    assert tables.separator(written(rows, separator, "\r\n")) == separator


def test_a_sign_within_the_cells_is_not_taken_for_the_separator() -> None:
    text = "Name;Firma;Ort\r\nKern, Jonas;Kern, Söhne, Co;Kiel\r\nVogel, Lena;Nord, Süd, Ost;Ulm\r\n"
    assert tables.separator(text) == ";"
    assert tables.separator("sep=|\r\na;b;c|d\r\n") == "|"
    assert tables.separator("only\none\ncolumn\n") == ","


SAMPLES = {
    "gb18030": [
        "姓名,公司\n李雷,北京进出口有限公司\n韩梅梅,上海贸易公司\n",
        "name\n张伟\n",
        "名称,职位\n王芳,采购经理\n",
    ],
    "big5": ["姓名,公司\n陳大文,台灣貿易股份有限公司\n", "聯絡人,電郵\n王小明,a@b.example\n"],
    "shift_jis": ["氏名,会社\n山田太郎,株式会社東京貿易\n", "お名前,メール\n鈴木,b@c.example\n"],
    "windows-1252": [
        "Name;Ort\nJürgen Müller;Köln\n",
        "Nom,Société\nFrançois,L’Oréal\n",
        "Größe\n10 €\n",
        "Søren,Århus\n",
    ],
    "utf-16-le": ["Name\tOrt\r\n李雷\t北京\r\n"],
    "utf-16-be": ["Name\tOrt\r\nMüller\tKöln\r\n"],
    "utf-8": ["plain,ascii\n", "Müller,李雷,山田,كريم\n"],
}


@pytest.mark.parametrize(
    ("encoding", "text"), [(name, text) for name, texts in SAMPLES.items() for text in texts]
)
@pytest.mark.parametrize("block", [7, 64, 10**6])
def test_the_encoding_is_guessed_from_a_few_lines_even(encoding: str, text: str, block: int) -> None:
    content = text.encode(encodings.codec(encoding))
    if block == 7 and encoding.startswith("utf-16"):
        block = 8
    blocks = [content[at : at + block] for at in range(0, len(content), block)]
    assert encodings.guess(blocks) == (encoding, 0)


@pytest.mark.parametrize(
    ("codec", "encoding", "mark"), [("utf-8-sig", "utf-8", 3), ("utf-16", "utf-16-le", 2)]
)
def test_a_mark_decides(codec: str, encoding: str, mark: int) -> None:
    assert encodings.guess(["Müller".encode(codec)]) == (encoding, mark)
    assert encodings.mark_length("Müller".encode(codec), encoding) == mark


def test_one_bad_byte_does_not_decide_for_a_long_list() -> None:
    for encoding, line in (("gb18030", "李雷,北京进出口\n"), ("utf-8", "Müller,李雷\n")):
        content = line.encode(encoding) * 300 + b"\xff\xff\n" + line.encode(encoding) * 300
        assert encodings.guess([content]).encoding == encoding


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\0\0binary\0", "Müller".encode("utf-32"), bytes(range(128, 256)) * 4]
)
def test_what_is_no_text_is_not_guessed_at(content: bytes) -> None:
    with pytest.raises(EncodingError):
        encodings.guess([content])


def blocks(content: bytes, size: int = 1_000_000) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


@pytest.mark.parametrize("line", [1_000, 40_000, 5_000_000])
def test_a_long_plain_list_is_looked_through_like_any_other(line: int) -> None:
    """Five million letters; a look from each of them to the end of its line would take hours."""
    content = (b"x" * (line - 1) + b"\n") * (5_000_000 // line)
    assert encodings.guess(blocks(content)).encoding == "utf-8"
    behind = content + "Name;Ort\nJürgen Müller;Köln\n".encode("cp1252")
    assert encodings.guess(blocks(behind)).encoding == "windows-1252"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_where_a_block_ends_changes_no_guess(end: str, size: int) -> None:
    text = end.join(["name,email", "Jürgen Müller,j@kern.example", "Zoë Noël,z@kern.example", ""])
    assert encodings.guess(blocks(text.encode("cp1252"), size)).encoding == "windows-1252"
    text = end.join(["姓名,公司", "李雷,北京进出口有限公司", "韩梅梅,上海贸易公司", ""])
    assert encodings.guess(blocks(text.encode("gbk"), size)).encoding == "gb18030"

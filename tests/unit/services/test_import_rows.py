"""Columns are found by what stands above or in them, and a row is taken by the rules of a form that is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import ids
from chalicelib.records.imports import IfExists, Import, ImportState
from chalicelib.services.contacts import cells, columns, import_writing, reading
from chalicelib.services.contacts.reading import Person, Trouble

pytestmark = pytest.mark.clause("stored")


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("E-Mail", "email"),
        ("E-mail Address", "email"),
        ("EMAIL_ADDRESS", "email"),
        ("E-mail 1", "email"),
        ("邮箱", "email"),
        ("電子郵件", "email"),
        ("E-Mail-Adresse", "email"),
        ("Vorname", "first_name"),
        ("LAST NAME", "last_name"),
        ("姓名", "name"),
        ("联系人", "name"),
        ("Ansprechpartner", "name"),
        ("Firma", "company"),
        ("公司名称", "company"),
        ("Job Title", "position"),
        ("职位", "position"),
        ("Land", "country"),
        ("国家/地区", "country"),
        ("Tel.", "phone"),
        ("手机号码", "phone"),
        ("LinkedIn URL", "social"),
        ("Umsatz", None),
        ("bob@buyer.example", None),
        ("", None),
    ],
)
def test_a_heading_is_known_in_the_languages_lists_come_in(heading: str, field: str | None) -> None:
    assert columns.field_of(heading) == field


def test_without_a_heading_what_stands_in_the_columns_tells() -> None:
    rows = [
        ["1", "Bob Buyer", "bob@buyer.example", "Bee Ltd", "+49 40 5550", "DE"],
        ["2", "Li Lei", "li@x.example", "进出口公司", "010-5550123", "CN"],
    ]
    found = columns.guess(rows)
    assert found == (False, {"name": 2, "email": 3, "company": 4, "phone": 5, "country": 6})
    assert columns.guess([["bob@buyer.example"]]) == (False, {"email": 1})
    assert columns.guess([]) == (False, {})


def test_a_heading_that_says_nothing_is_no_contact_when_the_user_says_so() -> None:
    found = columns.guess([["a", "b"], ["Bob Buyer", "bob@buyer.example"]], header=True)
    assert found == (True, {"name": 1, "email": 2})


ALL = {field: number for number, field in enumerate(columns.FIELDS, 1)}


def row(**said: str) -> list[str]:
    return [said.get(field, "") for field in columns.FIELDS]


def test_two_halves_of_a_name_are_joined_as_it_is_written() -> None:
    for first, last, name in (("Bob", "Buyer", "Bob Buyer"), ("小明", "王", "王小明"), ("", "Li", "Li")):
        found = reading.person(row(first_name=first, last_name=last), ALL)
        assert isinstance(found, Person)
        assert found.name == name


def test_who_has_only_an_address_is_called_by_it() -> None:
    found = reading.person(row(email="Bob+fair@Buyer.example"), ALL)
    assert isinstance(found, Person)
    assert (found.name, found.canonical) == ("Bob+fair@Buyer.example", "bob@buyer.example")


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ({}, (1, "name", "required")),
        ({"name": "x" * 201}, (1, "name", "too_long")),
        ({"name": "a\x00b"}, (1, "name", "control_character")),
        ({"name": "a\nb"}, (1, "name", "control_character")),
        ({"name": "a\u202eb"}, (1, "name", "bidi_character")),
        ({"name": "a\udc81b"}, (1, "name", "surrogate")),
        ({"name": "x", "email": "nobody"}, (4, "email", "not_an_address")),
        ({"name": "x", "email": "a\udc81@b.example"}, (4, "email", "not_an_address")),
        ({"name": "x", "country": "Atlantis"}, (7, "country", "not_a_country")),
        ({"name": "x", "phone": "call me"}, (8, "phone", "not_a_phone")),
        ({"name": "x", "social": "javascript:alert(1)"}, (9, "social", "not_a_web_link")),
        ({"name": "x", "social": "https://a.example " * 11}, (9, "social", "too_many")),
    ],
)
def test_what_a_form_would_refuse_is_refused_with_its_column(
    said: dict[str, str], trouble: tuple[int, str, str]
) -> None:
    assert reading.person(row(**said), ALL) == Trouble(*trouble)


def test_countries_are_taken_as_they_are_written() -> None:
    for written, code in (("DE", "DE"), ("Germany", "DE"), ("中国", "CN"), ("Deutschland", "DE")):
        found = reading.person(row(name="x", country=written), ALL)
        assert isinstance(found, Person)
        assert found.country == code


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60))
def test_a_name_that_was_exported_comes_back_as_it_was(name: str) -> None:
    before, after = (reading.person(row(name=text), ALL) for text in (name, cells.neutralise(name)))
    if name == cells.original(name):  # what looks like our apostrophe is taken for it
        assert after == before


@given(st.lists(st.text(max_size=40), max_size=12))
def test_no_row_breaks_the_reader(texts: list[str]) -> None:
    assert isinstance(reading.person(texts, ALL), Person | Trouble)


@given(st.integers(1, 2**17 - 2), st.integers(1, 2**17 - 2))
def test_a_row_has_one_id_and_ids_are_in_the_order_of_the_rows(one: int, other: int) -> None:
    job = Import(
        company_id=ids.new("co"),
        import_id="imp_06h0dnd1shr3v58ip7893epuhc",
        user_id=ids.new("usr"),
        state=ImportState.COMMITTING,
        if_exists=IfExists.SKIP,
        created_at=1,
        due_at=1,
        began_ms=1_790_000_000_000,
        basis="contract",
        source="x",
    )
    first, second = (import_writing.contact_id(job, number) for number in (one, other))
    assert ids.is_id(first, "ct")
    assert ids.raw(first)[6] >> 4 == 7
    assert ids.raw(first)[8] >> 6 == 2
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)

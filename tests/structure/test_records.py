"""Each kind of record is kept in one place, in one way, and what keeps it agrees with what declared it."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import pytest

import chalicelib.records
import chalicelib.store
from chalicelib.privacy import fields
from chalicelib.records import catalogue
from chalicelib.store.table import Rows


def _modules(package: Any) -> list[Any]:
    return [import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)]


RECORDS = list(catalogue.every())
KEEPERS = {
    id(one): one
    for module in _modules(chalicelib.store)
    for one in vars(module).values()
    if isinstance(one, Rows)
}


def test_there_is_something_to_look_at() -> None:
    assert len(RECORDS) >= 12
    assert len({fields.declaration(record).kind for record in RECORDS}) == len(RECORDS)


@pytest.mark.clause("purposes")
def test_the_catalogue_names_every_file_that_declares_records() -> None:
    there = {one.__name__ for one in _modules(chalicelib.records)} - {catalogue.__name__}
    assert {one.__name__ for one in catalogue.MODULES} == there


@pytest.mark.clause("purposes")
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_a_kind_of_record_is_kept_by_exactly_one_set_of_rows(record: type[Any]) -> None:
    keepers = [rows for rows in KEEPERS.values() if rows.cls is record]
    assert len(keepers) == 1
    (rows,) = keepers
    assert rows.model.Meta.table_name.endswith(f"-{fields.declaration(record).table}")


@pytest.mark.clause("access")
@pytest.mark.parametrize("rows", KEEPERS.values(), ids=lambda rows: rows.kind)
def test_what_is_personal_is_sealed_and_neither_key_nor_fact(rows: Rows[Any]) -> None:
    personal = fields.personal_fields(rows.cls)
    clear = {*rows._keyed, *rows._open_facts}
    assert clear.isdisjoint(personal)
    assert {name for name, said in personal.items() if said.sealed} == set(rows._sealed)


@pytest.mark.clause("roles")
@pytest.mark.parametrize("rows", KEEPERS.values(), ids=lambda rows: rows.kind)
def test_a_companys_rows_lie_in_its_own_partition(rows: Rows[Any]) -> None:
    table = fields.declaration(rows.cls).table
    if table in {"workspace", "ledger"}:
        assert rows._pk.startswith("{company_id}")
        assert rows._owner is None, "sealed under somebody else's key"
    assert rows._owner is not None or "company_id" in rows._keyed


def test_no_two_kinds_can_meet_under_one_key() -> None:
    shapes = [(rows.model.Meta.table_name, rows._pk, rows._sk) for rows in KEEPERS.values()]
    assert len(set(shapes)) == len(shapes)

"""No act without its entry: evidence has one way in, and nothing of it goes before the rest of its chain."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.privacy import evidence, fields
from chalicelib.privacy.register import Subject
from chalicelib.services.evidence import watch
from chalicelib.store.items import LedgerRow
from chalicelib.store.table import Rows
from tests.structure.source import product
from tests.structure.test_records import KEEPERS, RECORDS

pytestmark = pytest.mark.clause("access")

EVIDENCE = [rows for rows in KEEPERS.values() if fields.declaration(rows.cls).table == "ledger"]
KNOWS_THE_TABLE = {
    "chalicelib/kernel/settings.py",
    "chalicelib/services/mail/refusals.py",  # the edge, by hand; a conformance test compares its rows
    "chalicelib/store/items.py",
}
KNOWS_THE_ROWS = {
    "chalicelib/store/chain.py",
    "chalicelib/store/items.py",
    "chalicelib/store/ledger.py",
    "chalicelib/store/partitions.py",  # which only reads
    "chalicelib/store/receipts.py",
    "chalicelib/store/table.py",
    "chalicelib/store/transaction.py",
}


def test_there_is_evidence_to_look_at() -> None:
    assert len(EVIDENCE) >= 8


@pytest.mark.clause("retention")
@pytest.mark.parametrize("rows", EVIDENCE, ids=lambda rows: rows.kind)
def test_all_entries_of_a_chain_are_kept_equally_long_so_that_it_gets_no_hole(rows: Rows[Any]) -> None:
    rule = fields.declaration(rows.cls).retention.rule
    assert list(rule.criteria.values()) == [evidence.kept(rows._pk)]


@pytest.mark.parametrize("rows", EVIDENCE, ids=lambda rows: rows.kind)
def test_an_entry_cannot_be_kept_like_any_other_row(rows: Rows[Any]) -> None:
    assert rows.model is LedgerRow
    for write in (rows._save, rows.put, rows.delete):
        assert "_not_evidence" in write.__code__.co_names


@pytest.mark.parametrize("rows", EVIDENCE, ids=lambda rows: rows.kind)
def test_no_entry_can_take_the_place_of_a_head(rows: Rows[Any]) -> None:
    assert re.match(r"[a-z_-]+#", rows._sk)
    assert rows._sk != evidence.HEAD


def test_who_writes_to_the_ledger_goes_through_the_chain() -> None:
    """A row written past it would be found by whoever checks the chain; here it is found before it is deployed."""
    for module in product():
        assert "TABLE_LEDGER" not in module.text or module.place in KNOWS_THE_TABLE, module.place
        assert "LedgerRow" not in module.text or module.place in KNOWS_THE_ROWS, module.place


@pytest.mark.clause("personnel")
def test_looking_at_the_staffs_own_records_is_told_apart_from_looking_at_users() -> None:
    of_staff = {
        fields.declaration(record).kind
        for record in RECORDS
        if fields.declaration(record).subject is Subject.STAFF and fields.declaration(record).personal
    }
    assert of_staff <= watch.OF_STAFF
    assert {fields.RECORDS[kind] for kind in watch.OF_STAFF}, "kinds that exist"

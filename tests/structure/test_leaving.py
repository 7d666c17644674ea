"""What is kept of a user goes when they leave: no kind of record is forgotten, and none goes that must stay."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.privacy import fields
from chalicelib.store import leaving
from chalicelib.store.table import Rows
from tests.structure.test_records import KEEPERS

STAYS = {
    "member": "goes last: it says that there is something left to erase",
}
"""Kinds with a user's id in their key that the eraser leaves alone, and why."""

ACCOUNTS = [rows for rows in KEEPERS.values() if fields.declaration(rows.cls).table == "accounts"]
"""The ledger is not looked at: proof of a consent outlives the account."""
BY_USER = [rows for rows in ACCOUNTS if "{user_id}" in rows._sk]


def _begins(rows: Rows[Any]) -> str:
    return rows._sk.partition("{user_id}")[0]


@pytest.mark.clause("retention", "self-service")
@pytest.mark.parametrize("rows", BY_USER, ids=lambda rows: rows.kind)
def test_every_record_about_a_user_leaves_with_them_or_says_why_not(rows: Rows[Any]) -> None:
    assert (_begins(rows) in leaving.OF_USER) is (rows.kind not in STAYS)


@pytest.mark.clause("retention")
def test_nothing_else_begins_like_a_record_about_a_user() -> None:
    others = [rows for rows in ACCOUNTS if rows not in BY_USER and rows._pk == "{company_id}"]
    assert not [rows.kind for rows in others if rows._sk.startswith(leaving.OF_USER)]
    assert all(re.fullmatch(r"[a-z]+#", prefix) for prefix in leaving.OF_USER)


@pytest.mark.clause("retention")
def test_the_table_holds_no_line_that_nothing_is_kept_under() -> None:
    assert set(leaving.OF_USER) == {_begins(rows) for rows in BY_USER if rows.kind not in STAYS}

"""A company is erased whole: every kind of record there is lies where the eraser looks, or says why it stays."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy import fields
from chalicelib.store import outside, partitions
from chalicelib.store.table import Rows
from tests.structure.test_records import KEEPERS

OUTSIDE = [
    rows for rows in KEEPERS.values() if not partitions.is_own(rows) and not partitions.is_evidence(rows)
]
OWN = [rows for rows in KEEPERS.values() if partitions.is_own(rows)]
COMPANY, USER = "co_00000000000000000000000000", "usr_0000000000000000000000000"


def _pk(rows: Rows[Any]) -> str:
    return rows.partition.format(company_id=COMPANY, user_id=USER)


@pytest.mark.clause("cancellation", "retention")
@pytest.mark.parametrize("rows", OWN, ids=lambda rows: rows.kind)
def test_what_lies_in_a_partition_of_the_company_is_walked_through(rows: Rows[Any]) -> None:
    table = fields.declaration(rows.cls).table
    assert partitions.Place(table, _pk(rows)) in partitions.of(COMPANY, [USER])


@pytest.mark.clause("cancellation", "retention")
@pytest.mark.parametrize("rows", OUTSIDE, ids=lambda rows: rows.kind)
def test_what_lies_elsewhere_is_found_by_something_or_says_why_it_stays(rows: Rows[Any]) -> None:
    tables: list[Any] = [outside.LED_TO, outside.STAYS, outside.NAMES_NONE]
    assert [rows.kind in table for table in tables].count(True) == 1


@pytest.mark.clause("cancellation")
@pytest.mark.parametrize("rows", OUTSIDE, ids=lambda rows: rows.kind)
def test_what_is_said_to_name_nobody_has_no_field_for_it(rows: Rows[Any]) -> None:
    if rows.kind in outside.NAMES_NONE:
        named = {"company_id", "user_id", "company_ids"} & set(rows._hints)
        assert named <= {"company_ids"} if rows.kind == "incident" else not named


def test_no_table_holds_a_kind_that_is_not_there() -> None:
    there = {rows.kind for rows in OUTSIDE}
    assert {*outside.LED_TO, *outside.STAYS, *outside.NAMES_NONE} <= there


@pytest.mark.clause("cancellation")
def test_the_companys_own_row_and_rules_are_in_the_place_that_is_emptied_last() -> None:
    assert partitions.of(COMPANY, [USER])[-1] == partitions.Place("accounts", COMPANY)


@pytest.mark.clause("cancellation")
def test_no_partition_of_a_company_begins_like_a_neighbours() -> None:
    """Places are asked for by their whole partition key, so one id never reaches into another's."""
    assert all(
        place.pk.partition("#")[0] == COMPANY and "begins" not in place.pk
        for place in partitions.of(COMPANY, [USER])
    )

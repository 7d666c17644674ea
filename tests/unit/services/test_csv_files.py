"""A file of contacts is bounded, whatever people wrote, and says what was left out of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import Position
from chalicelib.records.companies import Access
from chalicelib.records.contacts import Contact
from chalicelib.services.contacts import csv_files
from chalicelib.services.contacts.csv_files import CsvFile, Limits

pytestmark = pytest.mark.clause("stored")

CONTACT = Contact(
    company_id="co_1",
    contact_id="ct_1",
    created_by="usr_1",
    created_at=1,
    updated_at=2,
    name="Lena",
    basis="consent",
    source="fair",
)
LAMBDA_BYTES = 6_000_000


def limits(*restrictions: dict[str, Any], position: Position = Position.MEMBER) -> Limits:
    access = Access(
        company_id="co_1",
        state=CompanyState.ACTIVE,
        main_user_id="usr_9",
        restrictions=list(restrictions),
    )
    return Limits(access, position, "usr_1")


@pytest.mark.parametrize("char", ["x", "长", "\x01", '"', "😀"])
def test_a_full_file_still_travels_through_lambda(char: str) -> None:
    made, contact = CsvFile(limits()), replace(CONTACT, name=char * 200, social=(char * 500,) * 10)
    taken = 0
    while made.add(contact):
        taken += 1
    assert taken == made.rows > 50
    assert len(json.dumps(made.text())) < LAMBDA_BYTES


def test_a_file_of_short_contacts_ends_where_a_spreadsheet_is_still_quick() -> None:
    made = CsvFile(limits())
    while made.add(CONTACT):
        pass
    assert made.rows == csv_files.ROWS
    assert not made.add(CONTACT)
    assert made.text().count("\r\n") == csv_files.ROWS + 1


@pytest.mark.clause("restrictions")
def test_who_may_export_less_gets_less_and_learns_how_much() -> None:
    rule = {"action": "export", "category": "stored", "roles": ["member"], "scope": "others"}
    made = CsvFile(limits(rule))
    assert made.add(CONTACT)
    assert made.add(replace(CONTACT, created_by="usr_2"))
    assert (made.rows, made.left_out) == (1, 1)
    assert limits(rule).digest != limits().digest
    assert limits(rule).digest != limits(rule, position=Position.MANAGER).digest

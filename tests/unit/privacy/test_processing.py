"""The record of processing says what is really held, and complains where the policy names no
purpose for it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.privacy import fields
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.processing import activities, duties, period_text, unplaced
from chalicelib.privacy.processing_forms import as_rows, document, markdown
from chalicelib.privacy.register import FROM_TEXT, TABLE, Category, Duty, Purpose, Role, Subject
from chalicelib.privacy.retention import (
    MAIL_CODE,
    SESSION_ABSOLUTE,
    SIGNUP_PENDING,
    Months,
    Retention,
)

pytestmark = pytest.mark.clause("purposes")


@record(
    kind="test_buyer",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.MESSAGE,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Buyer:
    """A contact, for these tests."""

    buyer_id: str = opaque()
    name: str = personal(Category.STORED, "name")


@record(
    kind="test_draft",
    table="workspace",
    subject=Subject.USER,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.MESSAGE,
    collected_for=Duty.ANSWER_REQUEST,
)
class Draft:
    """AI text held together with a client, which no row of the tables provides for."""

    text: str = personal(Category.AI, "output")


fields.RECORDS.pop("test_buyer")
fields.RECORDS.pop("test_draft")


def test_each_row_of_the_policys_tables_is_one_activity() -> None:
    assert [made.purpose for made in activities([])] == [row.purpose for row in (*TABLE, *FROM_TEXT)]


def test_a_record_is_listed_where_its_role_and_category_belong_and_nowhere_else() -> None:
    listed = [made.purpose for made in activities([Buyer]) if made.held]
    assert listed == [Purpose.PROVIDE_FUNCTIONS]
    held = next(made.held for made in activities([Buyer]) if made.held)[0]
    assert (held.kind, held.table, held.fields) == ("test_buyer", "workspace", ("name",))
    assert held.kept.startswith("36 months: ")


@pytest.mark.clause("subjects")
def test_it_says_whom_each_activity_is_about() -> None:
    about = {made.purpose: made.subjects for made in activities([])}
    assert about[Purpose.CREATE_AND_LOGIN] == (Subject.USER,)
    assert about[Purpose.PROVIDE_FUNCTIONS] == (Subject.USER, Subject.PROSPECT)
    assert about[Purpose.OBTAIN_PROSPECTS] == (Subject.PROSPECT,)


def test_data_without_a_purpose_for_its_role_is_reported() -> None:
    assert unplaced([Buyer]) == ()
    assert unplaced([Buyer, Draft]) == (("test_draft", Category.AI, Role.JOINT_CONTROLLER),)
    assert "test_draft holds ai as joint_controller" in markdown([Draft])


def test_the_page_shows_tables_findings_and_the_missing_basis() -> None:
    page = markdown([Buyer])
    assert "letter_mismatch" in page
    assert "missing_legal_basis" in page
    assert "| test_buyer | workspace | name | provide_functions | 36 months" in page
    shared = next(r for r in as_rows(activities([])) if r["purpose"] == "obtain_prospects")
    assert shared["legal_bases"] == "none named"


def test_what_is_kept_for_a_duty_is_listed_there_and_under_no_purpose() -> None:
    assert not [made for made in activities([Draft]) if made.held]
    kept = {duty: [held.kind for held in found] for duty, _, found in duties([Buyer, Draft])}
    assert kept.pop(Duty.ANSWER_REQUEST) == ["test_draft"]
    assert not any(kept.values())
    assert "| test_draft | workspace | text | answer_request | 36 months" in markdown([Draft])


def test_each_held_record_says_what_it_is_collected_for() -> None:
    found = document([Buyer, Draft])
    held = [one for row in (*found["activities"], *found["duties"]) for one in row["held"]]
    assert {one["record"]: one["collected_for"] for one in held} == {
        "test_buyer": "provide_functions",
        "test_draft": "answer_request",
    }
    assert found["unplaced"] == [{"record": "test_draft", "category": "ai", "role": "joint_controller"}]
    ids = [one["id"] for one in found["findings"]]
    assert {"letter_mismatch", "missing_legal_basis"} <= set(ids)


@pytest.mark.clause("retention")
@pytest.mark.parametrize(
    ("period", "words"),
    [
        (None, "while the company is served"),
        (MAIL_CODE, "15 minutes"),
        (SIGNUP_PENDING, "24 hours"),
        (SESSION_ABSOLUTE, "7 days"),
        (Months(13), "13 months"),
        (timedelta(hours=1), "60 minutes"),
    ],
)
def test_periods_read_as_people_say_them(period: timedelta | Months | None, words: str) -> None:
    assert period_text(period) == words

"""The record of processing is the policy's, row by row, and shows what the deployed code really holds."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from chalicelib.privacy.personnel import StaffPosition
from chalicelib.privacy.register import Category, LegalBasis, Purpose, Role
from infra.local import LocalStack
from tests.integration.client import sign_up
from tests.integration.staff import StaffUser, member

PATH = "/v1/staff/processing-record"

NAMES = {
    "Log-on data": Category.LOGON,
    "Authentication information": Category.AUTHENTICATION,
    "Automatically collected information": Category.AUTOMATIC,
    "Email tracking data": Category.EMAIL_TRACKING,
    "Business and communication data": Category.COMMUNICATIONS,
    "Integrated with the API data": Category.INTEGRATION,
    "AI data": Category.AI,
    "Users stored data": Category.STORED,
    "Notification information": Category.NOTIFICATION,
    "Cookies data": Category.COOKIES,
    "Added potential customer data": Category.ADDED_PROSPECT,
    "Stocked potential customer data": Category.STOCKED_PROSPECT,
}
"""The policy's words for its categories. It writes "Stockd"."""
BASES = {
    "Your consent": LegalBasis.CONSENT,
    "Required for the performance of the contract": LegalBasis.CONTRACT,
    "legitimate interest": LegalBasis.LEGITIMATE_INTEREST,
}
ACCOUNT = ["Log-on data", "Authentication information", "Automatically collected information"]
POLICY: list[tuple[str, str, Purpose, list[str], list[str]]] = [
    (
        "2.3.1",
        "Create and log in to the OKKI account",
        Purpose.CREATE_AND_LOGIN,
        ACCOUNT,
        ["Your consent", "Required for the performance of the contract"],
    ),
    (
        "2.3.1",
        "Maintain the security and adaptation of the OKKI account",
        Purpose.MAINTAIN_ACCOUNT,
        ACCOUNT,
        ["Your consent", "Required for the performance of the contract"],
    ),
    (
        "2.3.1",
        "In the process of after-sales service, identity verification, troubleshooting, and feedback of after-sales progress",
        Purpose.AFTER_SALES,
        ACCOUNT,
        ["Your consent"],
    ),
    (
        "2.3.1",
        "Safety assurance and fault analysis",
        Purpose.SECURITY_AND_FAULTS,
        ACCOUNT,
        ["Your consent"],
    ),
    (
        "2.3.1",
        "Analyze, develop, and improve OKKI products and functions",
        Purpose.IMPROVE_PRODUCTS,
        ["Automatically collected information", "AI data", "Cookies data"],
        ["Your consent"],
    ),
    (
        "2.3.1",
        "Send the information related to the use of the OKKI products",
        Purpose.USAGE_INFORMATION,
        ["Log-on data", "Automatically collected information", "Notification information"],
        ["Your consent"],
    ),
    (
        "2.3.1",
        "Maintain the prospect contact information database",
        Purpose.MAINTAIN_PROSPECT_BASE,
        ["Stocked potential customer data"],
        ["legitimate interest"],
    ),
    (
        "2.3.2",
        "On behalf of the client, we process users' personal data to enable them to use the functions of the OKKI product",
        Purpose.PROVIDE_FUNCTIONS,
        [
            "Email tracking data",
            "Business and communication data",
            "Automatically collected information",
            "Integrated with the API data",
            "Users stored data",
        ],
        ["Your consent"],
    ),
    (
        "2.3.3",
        "Help users to obtain potential customers and maintain the contact information database of potential customers",
        Purpose.OBTAIN_PROSPECTS,
        ["Added potential customer data"],
        [],
    ),
]
"""The three tables of the policy of 16 January 2025, by name, as somebody copied them out: section, purpose, ours,
data types, legal bases. 2.3.3 has no column for a basis.
"""
TEXT = [
    (
        "2.2.1(g)",
        "Generate with AI what a user asked for, from what they put in",
        Purpose.GENERATE_WITH_AI,
        ["AI data"],
        ["Your consent"],
    )
]
"""What the text says and no table repeats; `findings` says how it was read."""
ROLES = {
    "2.2.1(g)": Role.PROCESSOR,
    "2.3.1": Role.CONTROLLER,
    "2.3.2": Role.PROCESSOR,
    "2.3.3": Role.JOINT_CONTROLLER,
}


@pytest.fixture(scope="module")
def audra(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.AUDITOR)


@pytest.fixture(scope="module")
def record(audra: StaffUser) -> dict[str, Any]:
    answer = audra.call("GET", PATH)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.clause("purposes", "roles")
def test_the_record_equals_the_policys_three_tables_by_name(record: dict[str, Any]) -> None:
    found = [
        (row["section"], row["role"], row["purpose"], row["categories"], row["legal_bases"])
        for row in record["activities"]
    ]
    assert found == [
        (
            section,
            ROLES[section].value,
            purpose.value,
            [NAMES[name].value for name in types],
            [BASES[name].value for name in bases],
        )
        for section, _, purpose, types, bases in (*POLICY, *TEXT)
    ]
    assert {one["category"] for one in record["categories"]} == {one.value for one in NAMES.values()}


@pytest.mark.clause("purposes")
def test_it_reports_the_letters_that_disagree_and_the_basis_that_is_missing(record: dict[str, Any]) -> None:
    findings = {one["id"]: one for one in record["findings"]}
    letters = findings["letter_mismatch"]
    assert "2.3.2" in letters["sections"]
    # The table prints (f), (g), (h) for what 2.2 calls (c), (f), (h): by name it is no doubt what is meant.
    assert "(f) automatic is (c)" in letters["what"]
    assert "(g) integration is (f)" in letters["what"]
    assert findings["missing_legal_basis"]["sections"] == ["2.3.3"]
    assert "generate_with_ai" in findings["ai_without_service_purpose"]["reading"]


@pytest.mark.clause("purposes")
def test_every_record_that_holds_something_personal_says_what_it_is_collected_for(
    record: dict[str, Any],
) -> None:
    held = [one for row in (*record["activities"], *record["duties"]) for one in row["held"]]
    assert {"user", "contact", "message", "disclosure", "staff"} <= {one["record"] for one in held}
    known = {purpose.value for purpose in Purpose} | {row["duty"] for row in record["duties"]}
    assert {one["collected_for"] for one in held} <= known
    named = {one["record"]: one["collected_for"] for one in held}
    assert (named["user"], named["contact"]) == ("create_and_login", "provide_functions")
    for row in record["duties"]:
        assert all(one["collected_for"] == row["duty"] for one in row["held"])


@pytest.mark.clause("purposes")
def test_it_comes_as_a_table_and_as_a_page_too(audra: StaffUser, record: dict[str, Any]) -> None:
    answer = audra.call("GET", f"{PATH}?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["purpose"] for row in rows] == [row["purpose"] for row in record["activities"]]
    assert {row["purpose"]: row["legal_bases"] for row in rows}["obtain_prospects"] == "none named"
    answer = audra.call("GET", f"{PATH}?format=html")
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.body.decode()
    assert not re.search(r"<script|src=|href=", page)
    for row in record["activities"]:
        assert f"{row['purpose']} ({row['section']})" in page
    assert "missing_legal_basis" in page
    assert audra.call("GET", f"{PATH}?format=xml").status == 422


@pytest.mark.clause("access")
def test_only_staff_whose_work_it_is_see_it(stack: LocalStack) -> None:
    assert member(stack, StaffPosition.SUPPORT).call("GET", PATH).status == 403
    assert sign_up(stack).call("GET", PATH).status == 401

"""Data for partners (3.1(b)): authorised, necessary, for one purpose; and what is repeated, lost or done at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import User, eventually, sign_up
from tests.integration.disclosing import (
    COMPARED,
    DAY,
    KEY,
    PATH,
    RECIPIENT,
    WHO,
    acts,
    agreed_partner,
    answered,
    asked,
    contents,
    opened,
    opening,
    refused,
    rows,
    step,
    taken_out,
    took,
)
from tests.integration.letters import drained
from tests.integration.people import join
from tests.integration.staff import StaffUser, member


@pytest.fixture(scope="module")
def lea(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


@pytest.fixture(scope="module")
def pia(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.PRIVACY)


@pytest.fixture(scope="module")
def boss(stack: LocalStack) -> User:
    return sign_up(stack, company="Tan Logistics", name="Mei Tan")


@pytest.fixture(scope="module")
def ben(boss: User) -> User:
    return join(boss)


def mailed(stack: LocalStack, user: User, about: str) -> dict[str, Any]:
    """The newest mail to somebody whose subject holds these words."""

    def look() -> dict[str, Any] | None:
        return next((mail for mail in stack.mails(user.email) if about in mail["subject"]), None)

    found: dict[str, Any] = eventually(look)
    return found


# ---------------------------------------------------------------- partners: 3.1(b)


@pytest.mark.clause("partners")
def test_a_partner_gets_what_was_authorised_found_necessary_and_nothing_else(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    case, question = agreed_partner(lea, boss, ben)
    assert "Harbour Logistics" in mailed(stack, ben, "May we give data")["text"]
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=["user.email"], **KEY)
    refused(step(lea, case, "disclose"), "partners", "out_of_order")
    refused(step(lea, case, "approve", **COMPARED), "partners", "same_person")
    refused(step(pia, case, "approve"), "partners", "key_not_compared")
    refused(step(pia, case, "approve", recipient_key_sha256="0" * 64), "partners", "key_not_compared")
    took(pia, case, "approve", **COMPARED)
    done = took(lea, case, "disclose")
    assert (done["ending"], done["records"], done["fields"]) == ("disclosed", 1, ["user.email"])
    handed = taken_out(lea, case)
    found = contents(handed)
    assert found["records"] == [{"record": "user", "fields": {"email": ben.email}}]
    assert (found["kind"], found["only_for"], found["disclosure_id"]) == ("partner", "service", case)
    text = json.dumps(found)
    assert not [name for name in (ben.me["id"], boss.email, "Mei Tan", boss.company["id"]) if name in text]
    shown = boss.call("GET", "/v1/company/disclosures").json["items"][0]
    assert (shown["id"], shown["recipient"], shown["categories"]) == (case, RECIPIENT, ["logon"])
    assert shown["payload_sha256"] == done["payload_sha256"] == handed["payload_sha256"]


@pytest.mark.clause("partners")
def test_another_purpose_under_an_old_yes_is_refused(lea: StaffUser, boss: User, ben: User) -> None:
    _, question = agreed_partner(lea, boss, ben)
    again = opened(lea, "partner", "service", boss.company["id"], user_id=ben.me["id"])
    assert took(lea, again, "authorise", question_id=question)["question_id"] == question
    sales = opened(lea, "partner", "sales", boss.company["id"], user_id=ben.me["id"])
    refused(step(lea, sales, "authorise", question_id=question), "partners", "purpose_changed")
    other = {**RECIPIENT, "name": "Other Partner"}
    case = opened(lea, "partner", "service", boss.company["id"], user_id=ben.me["id"], recipient=other)
    refused(step(lea, case, "authorise", question_id=question), "partners", "authorised_for_another")
    more = [*WHO, "company.name"]
    case = opened(lea, "partner", "service", boss.company["id"], user_id=ben.me["id"], fields=more)
    refused(step(lea, case, "authorise", question_id=question), "partners", "authorised_for_less")


@pytest.mark.clause("partners", "consent")
def test_a_yes_that_is_taken_back_holds_up_what_was_about_to_leave(
    lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    case, question = agreed_partner(lea, boss, ben)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=WHO, **KEY)
    took(pia, case, "approve", **COMPARED)
    answered(ben, question, agreed=False)
    refused(step(lea, case, "disclose"), "partners", "authorisation_refused")
    assert lea.call("POST", f"{PATH}/{case}/file").status == 404
    answered(ben, question, agreed=True)
    assert took(lea, case, "disclose")["ending"] == "disclosed"


@pytest.mark.clause("partners")
def test_a_yes_of_more_than_a_year_ago_is_asked_for_again(
    stack: LocalStack, lea: StaffUser, boss: User, ben: User
) -> None:
    _, question = agreed_partner(lea, boss, ben)
    stack.advance(366 * DAY)
    late = member(stack, StaffPosition.LEGAL)
    case = opened(late, "partner", "service", boss.company["id"], user_id=ben.me["id"])
    refused(step(late, case, "authorise", question_id=question), "partners", "authorisation_expired")


@pytest.mark.clause("partners")
def test_nobody_answers_for_somebody_else(stack: LocalStack, lea: StaffUser, boss: User, ben: User) -> None:
    case = opened(lea, "partner", "service", boss.company["id"], user_id=ben.me["id"])
    took(lea, case, "ask")
    question, stranger = asked(ben, case), sign_up(stack)
    for other in (boss, stranger):
        assert other.call("PUT", f"/v1/me/questions/{question}", {"agreed": True}).status == 404
        assert question not in str(other.call("GET", "/v1/me/questions").json)
    refused(step(lea, case, "authorise", question_id=question), "partners", "authorisation_missing")
    whole = opened(lea, "partner", "service", boss.company["id"])
    refused(step(lea, whole, "ask"), "partners", "not_theirs_to_authorise")
    own = opened(lea, "partner", "service", boss.company["id"], fields=["company.name"])
    took(lea, own, "ask")
    ours = ids.from_raw("qst", ids.raw(own))
    assert ben.call("PUT", f"/v1/me/questions/{ours}", {"agreed": True}).status == 404
    assert answered(boss, ours, agreed=True)["of_company"] is True
    took(lea, own, "authorise", question_id=ours)


@pytest.mark.clause("partners", "purposes")
@pytest.mark.parametrize(
    ("more", "clause", "code"),
    [
        ({"fields": ["device.ip"]}, "partners", "field_not_allowed"),
        ({"purpose": "assess_delivery"}, "partners", "purpose_outside_policy"),
        ({"kind": "vendor", "purpose": "assess_delivery"}, "email-vendors", "not_about_this"),
        ({"kind": "public", "purpose": "consented_publication"}, "public", "field_not_allowed"),
    ],
)
def test_what_the_policy_does_not_name_opens_no_case(
    lea: StaffUser, boss: User, ben: User, more: dict[str, Any], clause: str, code: str
) -> None:
    form = {"kind": "partner", "purpose": "service", "user_id": ben.me["id"], **more}
    answer = opening(lea, form.pop("kind"), form.pop("purpose"), boss.company["id"], **form)
    refused(answer, clause, code)


@pytest.mark.clause("partners", "passwords")
def test_no_field_outside_the_register_can_be_asked_for(lea: StaffUser, boss: User, ben: User) -> None:
    for field in ("login.password_verifier", "second_factor.secret", "user.generation", "contact.email"):
        answer = opening(
            lea, "authority", "legal_duty", boss.company["id"], user_id=ben.me["id"], fields=[field]
        )
        assert answer.status == 422, field
        assert answer.json["errors"] == [{"field": "fields.0", "code": "unknown_field"}]


# ---------------------------------------------------------------- repeated, lost, at once


@pytest.mark.clause("partners")
def test_a_step_that_is_sent_again_is_taken_once_and_gives_once(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    form = {
        "kind": "partner",
        "purpose": "service",
        "company_id": boss.company["id"],
        "user_id": ben.me["id"],
        "recipient": RECIPIENT,
        "fields": WHO,
    }
    key = {"Idempotency-Key": ids.new("key")}
    case = lea.call("POST", PATH, form, key).json["id"]
    assert lea.call("POST", PATH, form, key).json["id"] == case
    other = lea.call("POST", PATH, {**form, "fields": ["user.name"]}, key)
    assert (other.status, other.json["errors"][0]["code"]) == (422, "used_with_another_body")
    assert rows(stack, "workspace", boss.company["id"], "done#") == []
    assert len(rows(stack, "operator", "repeats", "done#")) >= 1
    before = len(stack.mails(ben.email))
    took(lea, case, "ask")
    took(lea, case, "ask")
    question = asked(ben, case)
    first = answered(ben, question, agreed=True, words="Fine.")
    assert answered(ben, question, agreed=True, words="Fine.") == first
    receipts = rows(stack, "ledger", boss.company["id"], f"question#{ben.me['id']}#")
    assert sum(row["facts"]["M"]["question_id"]["S"] == question for row in receipts) == 1
    steps: tuple[tuple[StaffUser, str, dict[str, Any]], ...] = (
        (lea, "authorise", {"question_id": question}),
        (lea, "assess", {"fields": WHO, **KEY}),
        (pia, "approve", COMPARED),
        (lea, "disclose", {}),
    )
    for who, name, evidence in steps:
        lost = stack.wire.inject(kind="lose_reply", service="dynamodb", operation="TransactWriteItems")
        once = took(who, case, name, **evidence)
        assert lost.hits == 1
        assert took(who, case, name, **evidence) == once
    assert len(acts(stack, boss.company["id"], case)) == 1
    assert len(acts(stack, ids.OPERATOR, case)) == 6
    assert len(rows(stack, "accounts", boss.company["id"], f"disclosed#{case}")) == 1
    eventually(lambda: len(stack.mails(ben.email)) > before)
    assert (
        sum("May we give data" in mail["subject"] for mail in stack.mails(ben.email)[: -before or None]) == 1
    )


@pytest.mark.clause("complainant")
def test_nobody_is_told_of_a_step_that_did_not_happen(stack: LocalStack, lea: StaffUser, boss: User) -> None:
    zoe = join(boss)
    case = opened(lea, "complainant", "complaint_handling", boss.company["id"], user_id=zoe.me["id"])
    took(lea, case, "assess", fields=["user.name"], **KEY)
    staffs: dict[str, Any] = {
        "service": "dynamodb",
        "function": "okki-leads-staff",
        "operation": "TransactWriteItems",
    }
    stack.wire.inject(kind="fail", times=99, **staffs)
    assert step(lea, case, "tell").status == 503
    stack.wire.reset()
    assert "tell" not in [one["step"] for one in lea.call("GET", f"{PATH}/{case}").json["steps"]]
    drained(stack, "notices")
    assert zoe.call("GET", "/v1/me/questions").json["items"] == []
    assert not [mail for mail in stack.mails(zoe.email) if "Somebody complained" in mail["subject"]]
    took(lea, case, "tell")
    mailed(stack, zoe, "Somebody complained")
    took(lea, case, "tell")
    drained(stack, "notices")
    assert sum("Somebody complained" in mail["subject"] for mail in stack.mails(zoe.email)) == 1
    assert len(zoe.call("GET", "/v1/me/questions").json["items"]) == 1


@pytest.mark.clause("partners")
def test_of_two_people_who_disclose_at_the_same_moment_one_does(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    case, question = agreed_partner(lea, boss, ben)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=WHO, **KEY)
    took(member(stack, StaffPosition.LEGAL), case, "approve", **COMPARED)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda staff: step(staff, case, "disclose"), (lea, pia)))
    assert {answer.status for answer in answers} <= {200, 403, 409}
    assert sum(answer.status == 200 for answer in answers) == 1
    assert len(acts(stack, boss.company["id"], case)) == 1
    files = [staff.call("POST", f"{PATH}/{case}/file").status for staff in (lea, pia)]
    assert sorted(files) == [200, 404]


@pytest.mark.clause("access")
def test_only_privacy_and_legal_staff_come_near_the_register(stack: LocalStack, boss: User) -> None:
    for position in (StaffPosition.SUPPORT, StaffPosition.ADMIN, StaffPosition.AUDITOR):
        refused(member(stack, position).call("GET", PATH), "access", "not_permitted")
    assert boss.call("GET", PATH).status == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"step": "approve", "law": "x"}, 422),
        ({"step": "ask", "fields": WHO}, 422),
        ({"step": "jump"}, 422),
        ({"step": "ground", "law": "x" * 1001}, 422),
        ({"step": "contract", "signed_on": "2026-02-30"}, 422),
        ({"step": "ask", "unknown": 1}, 422),
        ({}, 422),
    ],
)
def test_evidence_that_does_not_belong_to_a_step_changes_nothing(
    lea: StaffUser, boss: User, body: dict[str, Any], status: int
) -> None:
    case = opened(lea, "authority", "legal_duty", boss.company["id"])
    assert lea.call("POST", f"{PATH}/{case}/steps", body).status == status
    assert lea.call("GET", f"{PATH}/{case}").json["steps"] == []

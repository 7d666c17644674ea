"""Data for vendors, complainants, authorities, successors, the public (3.1(c) to 3.3): each in its own order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.disclosure_facts import ANSWER_WITHIN
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import User, eventually, fresh_address, log_in, sign_up
from tests.integration.disclosing import (
    COMPARED,
    DAY,
    GROUND,
    KEY,
    ORDER,
    PATH,
    WHO,
    acts,
    answered,
    asked,
    contents,
    day,
    fields_of,
    opened,
    opening,
    refused,
    step,
    taken_out,
    took,
)
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


# ---------------------------------------------------------------- vendors: 3.1(c)


def in_force(stack: LocalStack) -> dict[str, Any]:
    return {
        "reference": "DPA 12",
        "purpose": "assess_delivery",
        "signed_on": day(stack, -30),
        "ends_on": day(stack, 30),
    }


@pytest.mark.clause("email-vendors")
def test_a_vendor_gets_the_content_of_a_marketing_mail_and_no_address(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User
) -> None:
    buyer = fresh_address("bob", "buyer.example")
    message = boss.write(buyer, subject="Spring vessels")
    wanted = {"message_id": message, "fields": ["message.subject", "body.html"]}
    case = opened(lea, "vendor", "assess_delivery", boss.company["id"], **wanted)
    refused(
        step(lea, case, "contract", **{**in_force(stack), "purpose": "sales"}),
        "email-vendors",
        "purpose_changed",
    )
    refused(step(lea, case, "contract"), "email-vendors", "contract_missing")
    over = {**in_force(stack), "ends_on": day(stack, -1)}
    refused(step(lea, case, "contract", **over), "email-vendors", "contract_not_in_force")
    refused(step(lea, case, "disclose"), "email-vendors", "out_of_order")
    took(lea, case, "contract", **in_force(stack))
    took(lea, case, "assess", fields=wanted["fields"], **KEY)
    refused(step(lea, case, "disclose"), "email-vendors", "out_of_order")
    refused(step(lea, case, "approve", **COMPARED), "email-vendors", "same_person")
    took(pia, case, "approve", **COMPARED)
    took(lea, case, "disclose")
    found = contents(taken_out(lea, case))
    assert {one["record"] for one in found["records"]} == {"message", "body"}
    text = json.dumps(found)
    assert "Spring vessels" in text
    assert "see here" in text
    assert not [one for one in (buyer, boss.email, "Mei Tan", "Tan Logistics") if one in text]


@pytest.mark.clause("email-vendors")
def test_a_vendor_gets_no_business_letter_and_no_recipients(lea: StaffUser, boss: User) -> None:
    letter = boss.write(fresh_address("bob", "buyer.example"), kind="business")
    company = boss.company["id"]
    answer = opening(lea, "vendor", "assess_delivery", company, message_id=letter, fields=["message.subject"])
    refused(answer, "email-vendors", "not_marketing_mail")
    advert = boss.write(fresh_address("bob", "buyer.example"))
    for field in ("body.to", "delivery.email", "message.sender"):
        answer = opening(lea, "vendor", "assess_delivery", company, message_id=advert, fields=[field])
        refused(answer, "email-vendors", "field_not_allowed")


# ---------------------------------------------------------------- complainants: 3.1(d)


@pytest.fixture
def complaint(lea: StaffUser, boss: User, ben: User) -> str:
    case = opened(lea, "complainant", "complaint_handling", boss.company["id"], user_id=ben.me["id"])
    refused(step(lea, case, "tell"), "complainant", "out_of_order")
    took(lea, case, "assess", fields=["user.name"], **KEY)
    refused(step(lea, case, "decide", decision="disclose"), "complainant", "out_of_order")
    return case


@pytest.mark.clause("complainant")
def test_a_complaint_is_assessed_told_answered_and_decided_before_anything_is_given(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User, complaint: str
) -> None:
    took(lea, complaint, "tell")
    told = mailed(stack, ben, "Somebody complained")
    assert "handling a complaint" in told["text"]
    assert "3.1(d)" in told["text"]
    yes = {"decision": "disclose", **COMPARED}
    refused(step(pia, complaint, "decide", **yes), "complainant", "answer_awaited")
    answered(ben, asked(ben, complaint), agreed=False, words="The photos are mine.")
    refused(step(lea, complaint, "decide", **yes), "complainant", "same_person")
    refused(step(pia, complaint, "disclose"), "complainant", "out_of_order")
    refused(step(pia, complaint, "decide", decision="disclose"), "complainant", "key_not_compared")
    took(pia, complaint, "decide", **yes)
    assert "Data is given" in mailed(stack, ben, "Data is given")["subject"]
    took(lea, complaint, "disclose")
    assert fields_of(taken_out(lea, complaint)) == [{"record": "user", "fields": {"name": "Ben Ho"}}]


@pytest.mark.clause("complainant")
def test_silence_is_waited_for_a_week_and_a_complaint_can_be_declined(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, ben: User, complaint: str
) -> None:
    took(lea, complaint, "tell")
    refused(step(pia, complaint, "decide", decision="decline"), "complainant", "answer_awaited")
    refused(step(pia, complaint, "decline"), "complainant", "decided_otherwise")
    stack.advance(int(ANSWER_WITHIN.total_seconds()) + 60)
    late = member(stack, StaffPosition.PRIVACY)
    assert took(late, complaint, "decide", decision="decline")["ending"] == "declined"
    refused(step(late, complaint, "disclose"), "complainant", "ended")
    mailed(stack, ben, "Nothing is given")


@pytest.mark.clause("complainant")
def test_who_reads_chinese_is_told_in_chinese(stack: LocalStack, lea: StaffUser, boss: User) -> None:
    mei = join(boss, locale="zh")
    case = opened(lea, "complainant", "complaint_handling", boss.company["id"], user_id=mei.me["id"])
    took(lea, case, "assess", fields=["user.name"], **KEY)
    took(lea, case, "tell")
    assert "登录数据" in mailed(stack, mei, "有人提出投诉")["text"]


# ---------------------------------------------------------------- authorities: 3.1(e)


def ordered(lea: StaffUser, pia: StaffUser, case: str, wanted: list[str], **ground: Any) -> dict[str, Any]:
    took(lea, case, "ground", **{**GROUND, **ground})
    took(lea, case, "assess", fields=wanted, **KEY)
    refused(step(lea, case, "approve", **COMPARED), "authorities", "same_person")
    took(pia, case, "approve", **COMPARED)
    return took(lea, case, "disclose")


@pytest.mark.clause("authorities")
def test_an_authority_gets_what_its_order_needs_and_the_company_hears_of_it(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    contact = boss.contact(fresh_address("bob", "buyer.example"), phone="+65 6123 4567")
    company = boss.company["id"]
    wanted = ["contact.name", "contact.email"]
    case = opened(lea, "authority", "legal_duty", company, contact_id=contact["id"], fields=wanted)
    refused(step(lea, case, "assess", fields=wanted, **KEY), "authorities", "out_of_order")
    refused(step(lea, case, "ground", law="CPC s 20"), "authorities", "legal_ground_missing")
    refused(step(lea, case, "ground", **ORDER), "authorities", "agency_not_stated")
    done = ordered(lea, pia, case, wanted)
    assert done["law"] == GROUND["law"]
    (record,) = fields_of(taken_out(lea, case))
    assert record["fields"] == {"name": "Bob Buyer", "email": contact["email"]}
    mailed(stack, boss, "Data is given")
    items = boss.call("GET", "/v1/company/disclosures").json["items"]
    assert case in [one["id"] for one in items]
    assert ben.call("GET", "/v1/company/disclosures").status == 403
    assert len(acts(stack, company, case)) == 1
    assert len(acts(stack, ids.OPERATOR, case)) == 6  # opened, four steps, the file


@pytest.mark.clause("authorities")
def test_what_an_order_keeps_secret_is_told_to_nobody_until_that_is_over(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    chief = sign_up(stack)
    company, before = chief.company["id"], len(stack.mails(chief.email))
    case = opened(lea, "authority", "legal_duty", company, user_id=chief.me["id"])
    refused(
        step(lea, case, "ground", **GROUND, secret_until=day(stack, 30)),
        "authorities",
        "secrecy_without_ground",
    )
    secret = {"secret_until": day(stack, 30), "secret_ground": "s 20(3)"}
    done = ordered(lea, pia, case, WHO, **secret)
    assert done["secret_until"] is not None
    taken_out(lea, case)
    assert chief.call("GET", "/v1/company/disclosures").json["items"] == []
    assert case not in json.dumps(chief.call("GET", "/v1/me/data").json)
    assert (acts(stack, company, case), len(stack.mails(chief.email))) == ([], before)
    assert len(acts(stack, ids.OPERATOR, case)) == 6
    stack.advance(31 * DAY)
    chief = relogged(stack, chief)
    assert [one["id"] for one in chief.call("GET", "/v1/company/disclosures").json["items"]] == [case]


def relogged(stack: LocalStack, user: User) -> User:
    answer = log_in(stack, user.email)
    assert answer.status == 200, answer.body
    user.token = answer.json["session"]["token"]
    return user


# ---------------------------------------------------------------- successors: 3.2, the public: 3.3


@pytest.mark.clause("merger")
def test_a_successor_is_bound_to_the_policy_or_the_people_are_asked(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User
) -> None:
    company = boss.company["id"]
    wanted = ["company.name", "user.name", "user.email"]
    case = opened(lea, "successor", "succession", company, fields=wanted)
    refused(step(lea, case, "bind", reference="Deed"), "merger", "binding_document_missing")
    refused(
        step(lea, case, "bind", reference="Deed", policy_version="2019-01-01"),
        "merger",
        "bound_to_another_policy",
    )
    refused(step(lea, case, "assess", fields=wanted, **KEY), "merger", "out_of_order")
    refused(step(lea, case, "ask"), "merger", "not_theirs_to_authorise")
    took(lea, case, "bind", reference="Deed of 1 March", policy_version="2025-01-16")
    took(lea, case, "assess", fields=wanted, **KEY)
    refused(step(lea, case, "approve", **COMPARED), "merger", "same_person")
    took(pia, case, "approve", **COMPARED)
    refused(step(pia, case, "disclose"), "merger", "out_of_order")
    refused(step(pia, case, "confirm", **COMPARED), "merger", "same_person")
    refused(step(lea, case, "confirm", **COMPARED), "merger", "same_person")
    took(member(stack, StaffPosition.LEGAL), case, "confirm", **COMPARED)
    took(pia, case, "disclose")
    assert [line for line in stack.logs("Staff").splitlines() if '"bulk_export"' in line and case in line]
    assert lea.call("POST", f"{PATH}/{case}/file").status == 404, "only who discloses takes the file"
    found = fields_of(taken_out(pia, case))
    assert {"record": "company", "fields": {"name": "Tan Logistics"}} in found
    assert sum(one["record"] == "user" for one in found) >= 2
    unbound = opened(lea, "successor", "succession", company, user_id=boss.me["id"])
    took(lea, unbound, "ask")
    refused(step(lea, unbound, "authorise"), "merger", "authorisation_missing")
    question = asked(boss, unbound)
    answered(boss, question, agreed=False)
    refused(step(lea, unbound, "authorise", question_id=question), "merger", "authorisation_refused")


@pytest.mark.clause("public")
def test_nothing_is_published_without_consent_or_a_legal_order(
    lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    company, who = boss.company["id"], {"user_id": ben.me["id"], "fields": ["user.name"]}
    case = opened(lea, "public", "consented_publication", company, **who)
    refused(step(lea, case, "ground", **ORDER), "public", "consent_needed")
    refused(step(lea, case, "assess", fields=["user.name"], **KEY), "public", "out_of_order")
    took(lea, case, "ask")
    question = asked(ben, case)
    answered(ben, question, agreed=True)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=["user.name"], **KEY)
    took(pia, case, "approve", **COMPARED)
    took(lea, case, "disclose")
    assert fields_of(taken_out(lea, case)) == [{"record": "user", "fields": {"name": "Ben Ho"}}]
    by_order = opened(lea, "public", "ordered_publication", company, **who)
    refused(step(lea, by_order, "authorise", question_id=question), "public", "purpose_changed")
    refused(step(lea, by_order, "ground", **GROUND), "public", "not_an_agency")
    took(lea, by_order, "ground", **ORDER)

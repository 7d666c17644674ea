"""Between disclosing and handing over, and afterwards: what a file rests on is looked at again when it leaves;
what nobody may be told is told when that is over, and not before.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.disclosure_facts import APPROVAL_VALID
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.ages import sweep
from tests.integration.client import User, eventually, fresh_address, log_in, sign_up
from tests.integration.disclosing import (
    COMPARED,
    DAY,
    GROUND,
    KEY,
    PATH,
    RECIPIENT,
    WHO,
    acts,
    agreed_partner,
    answered,
    day,
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
from tests.integration.staff import StaffUser, desk, member


@pytest.fixture
def lea(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


@pytest.fixture
def pia(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.PRIVACY)


@pytest.fixture(scope="module")
def boss(stack: LocalStack) -> User:
    return sign_up(stack, company="Tan Logistics", name="Mei Tan")


@pytest.fixture(scope="module")
def ben(boss: User) -> User:
    return join(boss)


def to_partner(lea: StaffUser, pia: StaffUser, boss: User, who: User) -> tuple[str, str]:
    """A partner's case up to the approval, and its question."""
    case, question = agreed_partner(lea, boss, who)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=WHO, **KEY)
    took(pia, case, "approve", **COMPARED)
    return case, question


def to_authority(lea: StaffUser, pia: StaffUser, boss: User, *, ground: dict[str, Any], **who: Any) -> str:
    case = opened(lea, "authority", "legal_duty", boss.company["id"], **who)
    took(lea, case, "ground", **{**GROUND, **ground})
    took(lea, case, "assess", fields=who.get("fields", WHO), **KEY)
    took(pia, case, "approve", **COMPARED)
    took(lea, case, "disclose")
    return case


def kept_back(stack: LocalStack, lea: StaffUser, company: str, case: str, clause: str, code: str) -> None:
    """The file is asked for, refused, gone for good, and that is on record wherever the disclosure is."""
    refused(lea.call("POST", f"{PATH}/{case}/file"), clause, code)
    assert lea.call("POST", f"{PATH}/{case}/file").status == 404
    assert rows(stack, "operator", "disclosures", f"payload#{case}") == []
    assert lea.call("GET", f"{PATH}/{case}").json["ending"] == "not_handed_over"
    for chain in (ids.OPERATOR, company):
        last = acts(stack, chain, case)[-1]["facts"]["M"]
        assert (last["not_handed_over"]["S"], last["handed_over"]["BOOL"]) == (code, False)


def mails(stack: LocalStack, user: User, about: str) -> int:
    return sum(about in mail["subject"] for mail in stack.mails(user.email))


def relogged(stack: LocalStack, user: User) -> User:
    answer = log_in(stack, user.email)
    assert answer.status == 200, answer.body
    user.token = answer.json["session"]["token"]
    return user


def listed(user: User) -> dict[str, Any]:
    """What the company sees, by id."""
    return {one["id"]: one for one in user.call("GET", "/v1/company/disclosures").json["items"]}


# ---------------------------------------------------------------- what the file rests on


@pytest.mark.clause("partners", "consent")
def test_a_yes_taken_back_after_disclosing_keeps_the_file_here(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    case, question = to_partner(lea, pia, boss, ben)
    took(lea, case, "disclose")
    answered(ben, question, agreed=False)
    kept_back(stack, lea, boss.company["id"], case, "partners", "authorisation_refused")
    assert listed(boss)[case]["not_handed_over_at"] is not None
    answered(ben, question, agreed=True)
    assert lea.call("POST", f"{PATH}/{case}/file").status == 404


@pytest.mark.clause("authorities")
def test_somebody_who_was_deleted_meanwhile_leaves_in_no_file(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User
) -> None:
    contact = boss.contact(fresh_address("bob", "buyer.example"))["id"]
    wanted = {"contact_id": contact, "fields": ["contact.name"]}
    case = to_authority(lea, pia, boss, ground={}, **wanted)
    assert boss.call("DELETE", f"/v1/contacts/{contact}").status == 204
    kept_back(stack, lea, boss.company["id"], case, "authorities", "no_longer_there")


@pytest.mark.clause("authorities")
def test_one_contact_deleted_meanwhile_keeps_a_whole_companys_file_here(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    chief = sign_up(stack)
    made = [chief.contact(fresh_address("bob", "buyer.example"))["id"] for _ in range(3)]
    case = opened(lea, "authority", "legal_duty", chief.company["id"], fields=["contact.name"])
    took(lea, case, "ground", **GROUND)
    took(lea, case, "assess", fields=["contact.name"], **KEY)
    took(pia, case, "approve", **COMPARED)
    took(member(stack, StaffPosition.LEGAL), case, "confirm", **COMPARED)
    assert took(lea, case, "disclose")["records"] == 3
    chief.contact(fresh_address("new", "buyer.example"))
    assert chief.call("DELETE", f"/v1/contacts/{made[1]}").status == 204
    kept_back(stack, lea, chief.company["id"], case, "authorities", "no_longer_there")


@pytest.mark.clause("personnel")
def test_an_approval_ends_with_its_approver(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    case, _ = to_partner(lea, pia, boss, ben)
    gone, _ = to_partner(lea, pia, boss, ben)
    took(lea, gone, "disclose")
    desk(stack, "suspend", pia.staff_id)
    refused(step(lea, case, "disclose"), "partners", "approver_gone")
    kept_back(stack, lea, boss.company["id"], gone, "partners", "approver_gone")
    took(member(stack, StaffPosition.LEGAL), case, "approve", **COMPARED)
    assert took(lea, case, "disclose")["ending"] == "disclosed"
    taken_out(lea, case)


@pytest.mark.clause("partners")
def test_an_approval_ends_after_its_days_and_can_be_given_anew(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    case, _ = to_partner(lea, pia, boss, ben)
    stack.advance(int(APPROVAL_VALID.total_seconds()))
    for staff in (lea, pia):
        assert staff.log_in().status == 201
    refused(step(lea, case, "disclose"), "partners", "approval_expired")
    took(pia, case, "approve", **COMPARED)
    took(lea, case, "disclose")
    taken_out(lea, case)


# ---------------------------------------------------------------- silence


@pytest.mark.clause("authorities")
def test_when_an_orders_silence_is_over_those_concerned_are_told_once_and_the_chain_says_so(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    chief = sign_up(stack)
    company = chief.company["id"]
    secret = {"secret_until": day(stack, 20), "secret_ground": "s 20(3)"}
    case = to_authority(lea, pia, chief, ground=secret, user_id=chief.me["id"])
    taken_out(lea, case)
    sweep(stack)
    drained(stack, "notices")
    assert (mails(stack, chief, "Data is given"), acts(stack, company, case)) == (0, [])
    stack.advance(21 * DAY)
    sweep(stack)
    sweep(stack)
    drained(stack, "notices")
    assert eventually(lambda: mails(stack, chief, "Data is given")) == 1
    (entry,) = acts(stack, company, case)
    facts = entry["facts"]["M"]
    assert facts["step"]["S"] == "disclose"
    assert int(facts["given_at"]["N"]) < stack.now() - 20 * DAY
    assert case in listed(relogged(stack, chief))


@pytest.mark.clause("authorities")
def test_what_went_to_a_prescribed_agency_is_in_no_answer_before_somebody_releases_it(
    stack: LocalStack, lea: StaffUser, pia: StaffUser
) -> None:
    chief = sign_up(stack)
    company = chief.company["id"]
    case = to_authority(lea, pia, chief, ground={"prescribed_agency": True}, user_id=chief.me["id"])
    taken_out(lea, case)
    stack.advance(800 * DAY)
    sweep(stack)
    drained(stack, "notices")
    late = member(stack, StaffPosition.LEGAL)
    chief = relogged(stack, chief)
    assert case not in listed(chief)
    assert case not in json.dumps(chief.call("GET", "/v1/me/data").json)
    assert (mails(stack, chief, "Data is given"), acts(stack, company, case)) == (0, [])
    assert late.call("GET", f"{PATH}/{case}").json["may_be_told"] is False
    refused(step(late, case, "release"), "authorities", "reason_missing")
    done = took(late, case, "release", reason="The agency has closed its case.")
    assert (done["may_be_told"], done["release_reason"]) == (True, "The agency has closed its case.")
    assert case in listed(chief)
    assert case in json.dumps(chief.call("GET", "/v1/me/data").json)
    assert eventually(lambda: mails(stack, chief, "Data is given")) == 1
    assert [one["facts"]["M"]["step"]["S"] for one in acts(stack, company, case)] == ["release"]


# ---------------------------------------------------------------- abroad, and yes once more


@pytest.mark.clause("cross-border")
def test_nothing_leaves_for_abroad_without_a_basis_on_record(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    abroad = {**RECIPIENT, "country": "DE"}
    who = {"user_id": ben.me["id"], "recipient": abroad}
    case = opened(lea, "authority", "legal_duty", boss.company["id"], **who)
    took(lea, case, "ground", **GROUND)
    refused(step(lea, case, "assess", fields=WHO, **KEY), "cross-border", "transfer_basis_missing")
    answer = step(lea, case, "assess", fields=WHO, **KEY, transfer_basis="consent")
    refused(answer, "cross-border", "consent_missing")
    took(lea, case, "assess", fields=WHO, **KEY, transfer_basis="legal_claim")
    took(pia, case, "approve", **COMPARED)
    took(lea, case, "disclose")
    assert listed(boss)[case]["recipient"] == abroad
    for chain in (ids.OPERATOR, boss.company["id"]):
        facts = acts(stack, chain, case)[-1]["facts"]["M"]
        assert (facts["recipient_country"]["S"], facts["transfer_basis"]["S"]) == ("DE", "legal_claim")
    nowhere = {"name": "Somebody", "contact": "somebody@somewhere.example"}
    body = {"user_id": ben.me["id"], "recipient": nowhere}
    assert opening(lea, "authority", "legal_duty", boss.company["id"], **body).status == 422


@pytest.mark.clause("partners", "consent")
def test_a_yes_said_again_before_it_ends_holds_for_its_whole_period_anew(stack: LocalStack) -> None:
    chief = sign_up(stack)
    case, question = agreed_partner(member(stack, StaffPosition.LEGAL), chief, chief)
    stack.advance(200 * DAY)
    chief = relogged(stack, chief)
    renewed = answered(chief, question, agreed=True)
    assert answered(chief, question, agreed=True) == renewed, "sent twice, said once"
    receipts = rows(stack, "ledger", chief.company["id"], f"question#{chief.me['id']}#")
    assert len(receipts) == 2
    stack.advance(200 * DAY)
    took(member(stack, StaffPosition.LEGAL), case, "authorise", question_id=question)

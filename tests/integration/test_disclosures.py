"""Data for somebody outside: each kind walked through the deployed stack, and everything that must not happen."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.disclosures import ANSWER_WITHIN
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import Answer, User, eventually, fresh_address, log_in, sign_up
from tests.integration.people import join
from tests.integration.staff import StaffUser, member
from tests.integration.test_triggers import client_of
from tests.integration.test_triggers import refused as refused_by_aws
from tools import open_disclosure

DAY = 86_400
PATH = "/v1/staff/disclosures"
RECIPIENT = {"name": "Harbour Logistics Pte Ltd", "contact": "privacy@harbour.example"}
WHO = ["user.name", "user.email"]
PRIVATE, PUBLIC = open_disclosure.new_pair()
KEY = {"recipient_key": PUBLIC.decode()}
GROUND = {"law": "Criminal Procedure Code 2010 s 20", "reference": "Order 7/2026"}


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


def opened(staff: StaffUser, kind: str, purpose: str, company: str, **more: Any) -> str:
    answer = opening(staff, kind, purpose, company, **more)
    assert answer.status == 201, answer.body
    made: str = answer.json["id"]
    return made


def opening(staff: StaffUser, kind: str, purpose: str, company: str, **more: Any) -> Answer:
    form = {
        "kind": kind,
        "purpose": purpose,
        "company_id": company,
        "recipient": RECIPIENT,
        "fields": WHO,
        **more,
    }
    return staff.call("POST", PATH, form)


def step(staff: StaffUser, case: str, name: str, **evidence: Any) -> Answer:
    return staff.call("POST", f"{PATH}/{case}/steps", {"step": name, **evidence})


def took(staff: StaffUser, case: str, name: str, **evidence: Any) -> dict[str, Any]:
    answer = step(staff, case, name, **evidence)
    assert answer.status == 200, (name, answer.body)
    made: dict[str, Any] = answer.json
    return made


def refused(answer: Answer, clause: str, code: str) -> None:
    assert (answer.status, answer.json.get("clause"), answer.json["code"]) == (403, clause, code), answer.body


def answered(user: User, question: str, *, agreed: bool, **more: Any) -> dict[str, Any]:
    answer = user.call("PUT", f"/v1/me/questions/{question}", {"agreed": agreed, **more})
    assert answer.status == 200, answer.body
    made: dict[str, Any] = answer.json
    return made


def asked(user: User, case: str) -> str:
    """The question of a case, as whoever it was put to finds it."""
    wanted = ids.from_raw("qst", ids.raw(case))
    items = user.call("GET", "/v1/me/questions").json["items"]
    assert wanted in [one["id"] for one in items]
    return wanted


def taken_out(staff: StaffUser, case: str) -> dict[str, Any]:
    answer = staff.call("POST", f"{PATH}/{case}/file")
    assert answer.status == 200, answer.body
    made: dict[str, Any] = answer.json
    return made


def contents(handed: dict[str, Any]) -> dict[str, Any]:
    """What the recipient finds in the file, after checking both hashes."""
    file = handed["file"].encode()
    assert hashlib.sha256(file).hexdigest() == handed["sha256"]
    data = open_disclosure.opened(PRIVATE, file)
    assert hashlib.sha256(data).hexdigest() == handed["payload_sha256"]
    found: dict[str, Any] = json.loads(data)
    return found


def fields_of(handed: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = contents(handed)["records"]
    return found


def rows(stack: LocalStack, table: str, pk: str, begins: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.client("dynamodb").query(
        TableName=f"okki-leads-{table}",
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={":p": {"S": pk}, ":s": {"S": begins}},
        ConsistentRead=True,
    )["Items"]
    return found


def acts(stack: LocalStack, chain: str, case: str) -> list[dict[str, Any]]:
    """Entries of a chain about a case."""
    found = rows(stack, "ledger", chain, "disclosure#")
    return [row for row in found if row["facts"]["M"]["disclosure_id"]["S"] == case]


def day(stack: LocalStack, days: int) -> str:
    return (datetime.fromtimestamp(stack.now(), UTC) + timedelta(days=days)).date().isoformat()


def mailed(stack: LocalStack, user: User, about: str) -> dict[str, Any]:
    """The newest mail to somebody whose subject holds these words."""

    def look() -> dict[str, Any] | None:
        return next((mail for mail in stack.mails(user.email) if about in mail["subject"]), None)

    found: dict[str, Any] = eventually(look)
    return found


def agreed_partner(lea: StaffUser, boss: User, who: User, **more: Any) -> tuple[str, str]:
    """A partner's case that was asked about and agreed to; the case and its question."""
    case = opened(lea, "partner", "service", boss.company["id"], user_id=who.me["id"], **more)
    took(lea, case, "ask")
    question = asked(who, case)
    answered(who, question, agreed=True)
    return case, question


# ---------------------------------------------------------------- partners: 3.1(b)


@pytest.mark.clause("partners")
def test_a_partner_gets_what_was_authorised_found_necessary_and_nothing_else(
    stack: LocalStack, lea: StaffUser, boss: User, ben: User
) -> None:
    case, question = agreed_partner(lea, boss, ben)
    assert "Harbour Logistics" in mailed(stack, ben, "May we give data")["text"]
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=["user.email"], **KEY)
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
    other = {"name": "Other Partner", "contact": RECIPIENT["contact"]}
    case = opened(lea, "partner", "service", boss.company["id"], user_id=ben.me["id"], recipient=other)
    refused(step(lea, case, "authorise", question_id=question), "partners", "authorised_for_another")
    more = [*WHO, "company.name"]
    case = opened(lea, "partner", "service", boss.company["id"], user_id=ben.me["id"], fields=more)
    refused(step(lea, case, "authorise", question_id=question), "partners", "authorised_for_less")


@pytest.mark.clause("partners", "consent")
def test_a_yes_that_is_taken_back_holds_up_what_was_about_to_leave(
    lea: StaffUser, boss: User, ben: User
) -> None:
    case, question = agreed_partner(lea, boss, ben)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=WHO, **KEY)
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
    stack: LocalStack, lea: StaffUser, boss: User
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
    refused(step(pia, complaint, "decide", decision="disclose"), "complainant", "answer_awaited")
    answered(ben, asked(ben, complaint), agreed=False, words="The photos are mine.")
    refused(step(lea, complaint, "decide", decision="disclose"), "complainant", "same_person")
    refused(step(pia, complaint, "disclose"), "complainant", "out_of_order")
    took(pia, complaint, "decide", decision="disclose")
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
    took(lea, case, "ground", **GROUND, **ground)
    took(lea, case, "assess", fields=wanted, **KEY)
    refused(step(lea, case, "approve"), "authorities", "same_person")
    took(pia, case, "approve")
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
    refused(step(lea, case, "approve"), "merger", "same_person")
    took(pia, case, "approve")
    took(pia, case, "disclose")
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
    refused(step(lea, case, "ground", **GROUND), "public", "consent_needed")
    refused(step(lea, case, "assess", fields=["user.name"], **KEY), "public", "out_of_order")
    took(lea, case, "ask")
    question = asked(ben, case)
    answered(ben, question, agreed=True)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=["user.name"], **KEY)
    took(pia, case, "approve")
    took(lea, case, "disclose")
    assert fields_of(taken_out(lea, case)) == [{"record": "user", "fields": {"name": "Ben Ho"}}]
    by_order = opened(lea, "public", "ordered_publication", company, **who)
    refused(step(lea, by_order, "authorise", question_id=question), "public", "purpose_changed")
    took(lea, by_order, "ground", **GROUND)


# ---------------------------------------------------------------- the file, and what is kept


@pytest.fixture(scope="module")
def given(lea: StaffUser, boss: User, ben: User) -> tuple[str, dict[str, Any]]:
    """A case that is done, and its file."""
    case, question = agreed_partner(lea, boss, ben)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=WHO, **KEY)
    took(lea, case, "disclose")
    return case, taken_out(lea, case)


@pytest.mark.clause("partners", "encryption")
def test_the_file_opens_with_the_recipients_key_and_with_nothing_else(
    given: tuple[str, dict[str, Any]], ben: User
) -> None:
    file = given[1]["file"].encode()
    assert json.loads(open_disclosure.opened(PRIVATE, file))["records"][0]["fields"]["email"] == ben.email
    other, _ = open_disclosure.new_pair()
    with pytest.raises(ValueError, match="not for this key"):
        open_disclosure.opened(other, file)
    for name in ("ciphertext", "nonce", "ephemeral", "disclosure_id", "recipient_key"):
        changed = json.loads(file)
        value = changed[name]
        changed[name] = ("A" if value[5] != "A" else "B").join((value[:5], value[6:]))
        with pytest.raises(ValueError, match="not for this key"):
            open_disclosure.opened(PRIVATE, json.dumps(changed).encode())
    assert ben.email not in file.decode()


@pytest.mark.clause("partners", "encryption")
def test_a_key_that_keeps_nothing_secret_is_refused(lea: StaffUser, boss: User, ben: User) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, x25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    def pem(key: Any) -> str:
        text: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return text.decode()

    case, question = agreed_partner(lea, boss, ben)
    took(lea, case, "authorise", question_id=question)
    low_order = x25519.X25519PublicKey.from_public_bytes(b"\0" * 32)
    other_curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    for bad in ("no key", pem(low_order), pem(other_curve), base64.b64encode(b"x" * 32).decode()):
        answer = step(lea, case, "assess", fields=WHO, recipient_key=bad)
        assert answer.status == 422, bad
        assert answer.json["errors"] == [{"field": "recipient_key", "code": "not_a_usable_x25519_key"}]
    refused(step(lea, case, "assess", fields=WHO), "partners", "recipient_key_missing")
    refused(step(lea, case, "assess", fields=["company.name"], **KEY), "partners", "more_than_asked")


@pytest.mark.clause("partners")
def test_the_file_is_handed_over_once_to_whoever_disclosed(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, given: tuple[str, dict[str, Any]]
) -> None:
    case, handed = given
    assert pia.call("POST", f"{PATH}/{case}/file").status == 404
    assert taken_out(lea, case) == handed, "an answer that was lost can be asked for again"
    stack.advance(601)
    assert lea.call("POST", f"{PATH}/{case}/file").status == 404
    handed_over = [row for row in acts(stack, ids.OPERATOR, case) if row["facts"]["M"]["handed_over"]["BOOL"]]
    assert len(handed_over) == 1


@pytest.mark.clause("partners", "encryption")
def test_the_clear_payload_and_the_recipient_are_written_nowhere_in_clear(
    stack: LocalStack, given: tuple[str, dict[str, Any]], boss: User, ben: User
) -> None:
    case, handed = given
    data = open_disclosure.opened(PRIVATE, handed["file"].encode())
    everything = b"".join(
        json.dumps(row, default=lambda raw: raw.decode("latin-1")).encode()
        for table, pk, begins in (
            ("operator", "disclosures", "case#"),
            ("operator", "disclosures", "payload#"),
            ("accounts", boss.company["id"], "question#"),
            ("accounts", boss.company["id"], "disclosed#"),
            ("ledger", ids.OPERATOR, "disclosure#"),
            ("ledger", boss.company["id"], "disclosure#"),
        )
        for row in rows(stack, table, pk, begins)
    )
    assert case.encode() in everything
    random = json.loads(data)["random"]
    for value in (ben.email, "Ben Ho", "Harbour Logistics", "privacy@harbour.example", random):
        assert value.encode() not in everything, value


@pytest.mark.clause("authorities")
def test_the_register_is_kept_for_six_years_and_read_in_pages(stack: LocalStack, lea: StaffUser) -> None:
    seen: list[str] = []
    cursor = ""
    for _ in range(100):
        page = lea.call("GET", f"{PATH}?limit=3{cursor}").json
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(set(seen), reverse=True)
    kept = rows(stack, "operator", "disclosures", "case#")
    assert len(kept) == len(seen)
    years = 5 * 365 * DAY
    assert all(int(row["expires_at"]["N"]) > stack.now() + years for row in kept)
    assert lea.call("GET", f"{PATH}/{seen[0]}").json["id"] == seen[0]
    assert lea.call("GET", f"{PATH}/{ids.new('dis')}").status == 404
    assert lea.call("GET", f"{PATH}?cursor=x").status == 422


@pytest.mark.clause("self-service", "partners")
def test_a_user_finds_who_received_what_in_their_own_data(
    given: tuple[str, dict[str, Any]], ben: User
) -> None:
    data = ben.call("GET", "/v1/me/data").json
    kinds = {one["kind"]: one["records"] for one in data["kinds"]}
    assert "Harbour Logistics Pte Ltd" in json.dumps(kinds["disclosed"])
    assert "Harbour Logistics Pte Ltd" in json.dumps(kinds["disclosure_question"])
    assert kinds["question_receipt"]


# ---------------------------------------------------------------- repeated, lost, at once


@pytest.mark.clause("partners")
def test_a_step_that_is_sent_again_is_taken_once_and_gives_once(
    stack: LocalStack, lea: StaffUser, boss: User, ben: User
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
    before = len(stack.mails(ben.email))
    took(lea, case, "ask")
    took(lea, case, "ask")
    question = asked(ben, case)
    first = answered(ben, question, agreed=True, words="Fine.")
    assert answered(ben, question, agreed=True, words="Fine.") == first
    receipts = rows(stack, "ledger", boss.company["id"], f"question#{ben.me['id']}#")
    assert sum(row["facts"]["M"]["question_id"]["S"] == question for row in receipts) == 1
    for name, evidence in (
        ("authorise", {"question_id": question}),
        ("assess", {"fields": WHO, **KEY}),
        ("disclose", {}),
    ):
        lost = stack.wire.inject(kind="lose_reply", service="dynamodb", operation="TransactWriteItems")
        once = took(lea, case, name, **evidence)
        assert lost.hits == 1
        assert took(lea, case, name, **evidence) == once
    assert len(acts(stack, boss.company["id"], case)) == 1
    assert len(acts(stack, ids.OPERATOR, case)) == 5
    assert len(rows(stack, "accounts", boss.company["id"], f"disclosed#{case}")) == 1
    eventually(lambda: len(stack.mails(ben.email)) > before)
    assert (
        sum("May we give data" in mail["subject"] for mail in stack.mails(ben.email)[: -before or None]) == 1
    )


@pytest.mark.clause("partners")
def test_of_two_people_who_disclose_at_the_same_moment_one_does(
    stack: LocalStack, lea: StaffUser, pia: StaffUser, boss: User, ben: User
) -> None:
    case, question = agreed_partner(lea, boss, ben)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=WHO, **KEY)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda staff: step(staff, case, "disclose"), (lea, pia)))
    assert sorted(answer.status for answer in answers)[0] == 200
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


@pytest.mark.clause("access")
def test_the_companies_function_cannot_read_the_register(
    stack: LocalStack, given: tuple[str, dict[str, Any]]
) -> None:
    tables = client_of(stack, "api", "dynamodb")
    for begins in ("case", "payload"):
        key = {"pk": {"S": "disclosures"}, "sk": {"S": f"{begins}#{given[0]}"}}
        denied = refused_by_aws(tables.get_item, TableName="okki-leads-operator", Key=key)
        assert denied == "AccessDeniedException"


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

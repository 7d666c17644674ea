"""The file that leaves: for one recipient's eyes, handed over once; and what is kept of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chalicelib.api import shapes
from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration.client import User, eventually, request, sign_up
from tests.integration.disclosing import (
    COMPARED,
    DAY,
    KEY,
    PATH,
    PRIVATE,
    WHO,
    acts,
    agreed_partner,
    refused,
    rows,
    step,
    taken_out,
    took,
)
from tests.integration.people import join
from tests.integration.staff import StaffUser, member
from tests.integration.test_triggers import client_of
from tests.integration.test_triggers import refused as refused_by_aws
from tools import open_disclosure


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


# ---------------------------------------------------------------- the file, and what is kept


@pytest.fixture(scope="module")
def given(lea: StaffUser, pia: StaffUser, boss: User, ben: User) -> tuple[str, dict[str, Any]]:
    """A case that is done, and its file."""
    case, question = agreed_partner(lea, boss, ben)
    took(lea, case, "authorise", question_id=question)
    took(lea, case, "assess", fields=WHO, **KEY)
    took(pia, case, "approve", **COMPARED)
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


@pytest.mark.clause("access")
def test_the_companies_function_cannot_read_the_register(
    stack: LocalStack, given: tuple[str, dict[str, Any]]
) -> None:
    tables = client_of(stack, "api", "dynamodb")
    for begins in ("case", "payload"):
        key = {"pk": {"S": "disclosures"}, "sk": {"S": f"{begins}#{given[0]}"}}
        denied = refused_by_aws(tables.get_item, TableName="okki-leads-operator", Key=key)
        assert denied == "AccessDeniedException"


@pytest.mark.clause("self-service")
def test_every_answer_about_disclosures_is_as_described(
    stack: LocalStack, lea: StaffUser, boss: User, ben: User, given: tuple[str, dict[str, Any]]
) -> None:
    document = request(f"{stack.api}/openapi.json").json
    case, file = given
    looked_at: list[tuple[str, Any]] = [
        ("DisclosureFile", file),
        ("DisclosureCase", lea.call("GET", f"{PATH}/{case}").json),
        ("DisclosureCasePage", lea.call("GET", PATH).json),
        ("DisclosedPage", boss.call("GET", "/v1/company/disclosures").json),
        ("QuestionPage", ben.call("GET", "/v1/me/questions").json),
        ("ProcessingRecord", lea.call("GET", "/v1/staff/processing-record").json),
    ]
    for name, answer in looked_at:
        agrees(document, shapes.ref(name), answer, filled=False, place=name)

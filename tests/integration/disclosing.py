"""Disclosures in the tests: cases opened and taken step by step, as privacy and legal staff do."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from chalicelib.kernel import ids
from chalicelib.privacy import clocks
from infra.local import LocalStack
from tests.integration.client import Answer, User
from tests.integration.staff import StaffUser
from tools import open_disclosure

DAY = 86_400
PATH = "/v1/staff/disclosures"
RECIPIENT = {"name": "Harbour Logistics Pte Ltd", "contact": "privacy@harbour.example", "country": "SG"}
WHO = ["user.name", "user.email"]
PRIVATE, PUBLIC = open_disclosure.new_pair()
KEY = {"recipient_key": PUBLIC.decode()}
COMPARED = {
    "recipient_key_sha256": hashlib.sha256(
        load_pem_public_key(PUBLIC).public_bytes(Encoding.Raw, PublicFormat.Raw)
    ).hexdigest()
}
"""What whoever approves has compared by telephone."""
ORDER = {"law": "Criminal Procedure Code 2010 s 20", "reference": "Order 7/2026"}
GROUND: dict[str, Any] = {**ORDER, "prescribed_agency": False}
"""An authority that is no prescribed law enforcement agency."""


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
    return (clocks.day(stack.now()) + timedelta(days=days)).isoformat()


def agreed_partner(lea: StaffUser, boss: User, who: User, **more: Any) -> tuple[str, str]:
    """A partner's case that was asked about and agreed to; the case and its question."""
    case = opened(lea, "partner", "service", boss.company["id"], user_id=who.me["id"], **more)
    took(lea, case, "ask")
    question = asked(who, case)
    answered(who, question, agreed=True)
    return case, question

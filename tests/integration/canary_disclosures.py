"""The canaries of disclosures: recipients, grounds, answers and the sealed file; with faults on the way.

Part of the walk in test_canaries.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.privacy.personnel import StaffPosition
from tests.integration.client import Answer, User
from tests.integration.disclosing import COMPARED, KEY, PATH, day, opened, step, taken_out, took
from tests.integration.letters import rows
from tests.integration.staff import member

Own = Callable[..., Answer]


def planted(run: str) -> dict[str, str]:
    """What is typed or given out, by record and field."""
    name, contact = f"Kanari Court {run} 法院", f"courtkanari{run}@court-kanari.example"
    return {
        "disclosure.recipient_name": name,
        "disclosure.recipient_contact": contact,
        "disclosure.law": f"Kanari Act {run} s 20",
        "disclosure.reference": f"Order kanari {run} against somebody",
        "disclosure.secret_ground": f"Kanari silence {run}",
        "disclosure.release_reason": f"Kanari closed its case {run}",
        "disclosure_payload.envelope": "",  # sealed when it is given
        "disclosure_question.recipient_name": name,
        "disclosure_question.words": f"Kanari says no {run}",
        "disclosed.recipient_name": name,
        "disclosed.recipient_contact": contact,
    }


def walk(user: User, own: Own, values: dict[str, str]) -> None:
    """An order with everything in it, and a complaint that is answered; new values are added to ``values``."""
    stack = user.stack
    lea, pia = member(stack, StaffPosition.LEGAL), member(stack, StaffPosition.PRIVACY)
    recipient = {
        "name": values["disclosure.recipient_name"],
        "contact": values["disclosure.recipient_contact"],
        "country": "SG",
    }
    who = {"user_id": user.me["id"], "recipient": recipient, "fields": ["user.name", "user.email"]}
    company = user.company["id"]
    case = opened(lea, "authority", "legal_duty", company, **who)
    ground: dict[str, Any] = {
        name: values[f"disclosure.{name}"] for name in ("law", "reference", "secret_ground")
    }
    ground["prescribed_agency"] = False
    assert step(lea, case, "ground", **{**ground, "unknown": ground["law"]}).status == 422
    assert step(lea, case, "approve", law=ground["law"]).status == 422
    stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-staff", times=9)
    assert step(lea, case, "ground", **ground, secret_until=day(stack, 5)).status == 503
    with stack.wire._lock:
        stack.wire._faults.clear()
    took(lea, case, "ground", **ground, secret_until=day(stack, 5))
    took(lea, case, "assess", fields=who["fields"], **KEY)
    took(pia, case, "approve", **COMPARED)
    took(lea, case, "disclose")
    values["disclosure_payload.envelope"] = json.loads(taken_out(lea, case)["file"])["ciphertext"]

    police = opened(lea, "authority", "legal_duty", company, **who)
    took(lea, police, "ground", law=ground["law"], reference=ground["reference"], prescribed_agency=True)
    took(lea, police, "assess", fields=["user.name"], **KEY)
    took(pia, police, "approve", **COMPARED)
    took(lea, police, "disclose")
    taken_out(lea, police)
    took(lea, police, "release", reason=values["disclosure.release_reason"])

    complaint = opened(lea, "complainant", "complaint_handling", company, **who)
    took(lea, complaint, "assess", fields=["user.name"], **KEY)
    took(lea, complaint, "tell")
    (question,) = own("GET", "/v1/me/questions").json["items"]
    said = {"agreed": False, "words": values["disclosure_question.words"]}
    assert own("PUT", f"/v1/me/questions/{question['id']}", said).status == 200
    took(pia, complaint, "decide", decision="decline")
    assert lea.call("GET", f"{PATH}/{complaint}").json["ending"] == "declined"
    kinds = {row["kind"]["S"] for table in ("operator", "accounts") for row in rows(stack, table)}
    assert {"disclosure", "disclosure_payload", "disclosure_question", "disclosed"} <= kinds

"""Companies that share and receive prospects, as the tests need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local import LocalStack
from tests.integration.client import Answer, User, eventually, fresh_address, sign_up
from tests.integration.letters import drained

VERSION = "joint-2026-11"


def accept(user: User) -> User:
    """The user's company accepts the agreement."""
    answer = user.call("POST", "/v1/prospects/agreement", {"version": VERSION})
    assert answer.status == 200, answer.body
    return user


def sharer(stack: LocalStack, **more: Any) -> User:
    """Somebody whose company may share."""
    return accept(sign_up(stack, **more))


def receiver(stack: LocalStack, **more: Any) -> User:
    """Somebody whose company may receive people from abroad (4.2)."""
    user = sign_up(stack, **more)
    known = user.call("GET", "/v1/company").json
    answer = user.call("PATCH", "/v1/company", {"version": known["version"], "country": "SG"})
    assert answer.status == 200, answer.body
    version = user.call("GET", "/v1/company/transfers/clauses").json["version"]
    answer = user.call("POST", "/v1/company/transfers/clauses", {"version": version})
    assert answer.status < 300, answer.body
    return user


def person(email: str | None = None, **more: Any) -> dict[str, Any]:
    """Somebody to be shared, in all fields of the agreement."""
    return {
        "email": email or fresh_address("mika", "pohjola.example"),
        "first_name": "Mika",
        "last_name": "Laine",
        "industry": "Machinery",
        "current_position": "Head of Purchasing",
        "previous_positions": ["Buyer"],
        "location": "Tampere, Finland",
        "social": ["https://social.example/mika"],
        **more,
    }


def wish(*people: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a share."""
    return {
        "agreement_version": VERSION,
        "warranty": {"informed": True, "basis": "consent"},
        "prospects": list(people),
        **more,
    }


def share(user: User, *people: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    """Share people; the answer."""
    headers = {"Idempotency-Key": key} if key else None
    answer = user.call("POST", "/v1/prospects/shares", wish(*people), headers)
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json
    return found


def shared(user: User, *people: Mapping[str, Any]) -> str:
    """Share people; the id of the first."""
    found: str = share(user, *people)["prospects"][0]["id"]
    return found


def receive(user: User, prospect_id: str) -> str:
    """Reveal a prospect and keep it as a contact; the contact's id."""
    answer = user.call("POST", f"/v1/prospects/{prospect_id}/reveal", {"save_as_contact": True})
    assert answer.status == 200, answer.body
    found: str = answer.json["contact_id"]
    return found


def complain(user: User, prospect_id: str, kind: str = "objection", **more: Any) -> Answer:
    """Pass on what a person said."""
    return user.call("POST", f"/v1/prospects/{prospect_id}/complaints", {"kind": kind, **more})


def of_prospect(stack: LocalStack, prospect_id: str, table: str = "prospects") -> list[dict[str, Any]]:
    """All rows under a prospect, as they are stored."""
    pk = prospect_id if table == "prospects" else f"withdrawal#{prospect_id}"
    found: list[dict[str, Any]] = stack.client("dynamodb").query(
        TableName=f"okki-leads-{table}",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": pk}},
        ConsistentRead=True,
    )["Items"]
    return found


def kinds(stack: LocalStack, prospect_id: str) -> list[str]:
    """What kinds of rows there are under a prospect."""
    return sorted(row["kind"]["S"] for row in of_prospect(stack, prospect_id))


def findable(stack: LocalStack, prospect_id: str) -> int:
    """How many postings lead to a prospect."""
    return len(leading(stack, prospect_id))


def leading(stack: LocalStack, prospect_id: str) -> list[dict[str, Any]]:
    """The postings that lead to a prospect, as they are stored."""
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName="okki-leads-prospects",
            FilterExpression="kind = :k AND contains(sk, :p)",
            ExpressionAttributeValues={":k": {"S": "posting"}, ":p": {"S": prospect_id}},
            ConsistentRead=True,
        )
    )
    return [row for page in pages for row in page["Items"]]


def withdrawn(stack: LocalStack, prospect_id: str) -> None:
    """Wait until a withdrawal is done and everybody told."""

    def done() -> bool:
        rows = of_prospect(stack, prospect_id, "accounts")
        return bool(rows) and "done_at" in rows[0]["facts"]["M"]

    eventually(done, 40)
    drained(stack, "tasks", "notices")


def told(user: User, template: str) -> list[dict[str, Any]]:
    """What the user's inbox holds of one kind of text."""
    items = user.call("GET", "/v1/me/inbox?limit=100").json["items"]
    return [one for one in items if template in str(one)]


def acts(stack: LocalStack, chain: str) -> list[dict[str, Any]]:
    """The evidence of sharing in a chain, in its order."""
    found = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={":p": {"S": chain}, ":s": {"S": "prospects#"}},
        ConsistentRead=True,
    )["Items"]
    rows = sorted(found, key=lambda row: int(row["seq"]["N"]))
    return [{n: next(iter(v.values())) for n, v in row["facts"]["M"].items()} for row in rows]

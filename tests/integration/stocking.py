"""`python -m tests.integration.stocking`: people put into the base past the front door, one JSON object each.

Run in a process of its own, because the store finds its endpoints in the environment and keeps its connections.
Reads a list of `{"email", "country", "kind": "stocked"|"added"|"both", "at"}`, prints the ids.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from chalicelib.kernel import addresses, clock, ids
from chalicelib.records.prospects import AddedProspect, Share, StockedProspect
from chalicelib.store import prospects, vault
from chalicelib.store.table import new_op
from infra.local import LocalStack
from tests.integration.client import User, fresh_address
from tests.integration.desks import at_desk, unseen

PHONE = "+49 40 5550 1234"


def stock(stack: LocalStack, *wanted: dict[str, Any]) -> list[str]:
    """Ids of prospects that are in the base from now on."""
    found: list[str] = at_desk("tests.integration.stocking", env=unseen(stack), said=wanted)
    return found


def one(stack: LocalStack, country: str = "DE", kind: str = "stocked", email: str | None = None) -> str:
    """One prospect nobody has revealed yet."""
    email = email or fresh_address("lena", "nordlicht.example")
    return stock(stack, {"email": email, "country": country, "kind": kind})[0]


def several(stack: LocalStack, number: int, country: str = "DE") -> list[str]:
    """So many prospects nobody has revealed yet."""
    return stock(
        stack,
        *(
            {"email": fresh_address("many", "nordlicht.example"), "country": country, "kind": "stocked"}
            for _ in range(number)
        ),
    )


def located(user: User, country: str | None = "DE") -> User:
    """A company that has said where it is."""
    company = user.call("GET", "/v1/company").json
    change = {"version": company["version"], "country": country}
    answer = user.call("PATCH", "/v1/company", change)
    assert answer.status == 200, answer.body
    return user


def reveal(user: User, prospect: str, *, key: str | None = None, save: bool = False) -> Any:
    """The answer to revealing."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return user.call("POST", f"/v1/prospects/{prospect}/reveal", {"save_as_contact": save}, headers)


def forget(stack: LocalStack, prospect: str) -> None:
    """Take a prospect out of the base, and leave what companies have of it."""
    for sk in ("stocked", "added"):
        stack.client("dynamodb").delete_item(
            TableName="okki-leads-prospects", Key={"pk": {"S": prospect}, "sk": {"S": sk}}
        )


def _put(wanted: dict[str, Any]) -> str:
    email, at = wanted["email"], wanted.get("at") or clock.now()
    person = addresses.parse(email).person
    found = prospects.prospect_id(person)
    shared = {
        "prospect_id": found,
        "person": vault.index(ids.OPERATOR, "person", person),
        "first_at": at,
        "sector": "machinery",
        "country": wanted["country"],
        "level": "manager",
        "postings": (),
    }
    if wanted["kind"] in {"stocked", "both"}:
        stocked = StockedProspect(
            **shared,
            load_id=ids.new("ld"),
            refreshed_at=at,
            sources={"email": ["register", "2026-11-01"], "business_name": ["register", "2026-11-01"]},
            business_name="Nordlicht Handel GmbH",
            name="Lena Vogel",
            position="Head of Purchasing",
            email=email,
            phone=PHONE,
        )
        prospects.STOCKED.put_new(stocked, op=new_op())
    if wanted["kind"] in {"added", "both"}:
        added = AddedProspect(
            **shared,
            changed_at=at,
            email=email,
            first_name="Lena",
            last_name="Vogel",
            current_position="Head of Purchasing",
            location="Hamburg",
        )
        prospects.ADDED.put_new(added, op=new_op())
        share = Share(
            prospect_id=found,
            company_id=ids.new("co"),
            share_id=ids.new("shr"),
            shared_by=ids.new("usr"),
            shared_at=at,
            agreement_version="agreement-2026-11",
            ground="legitimate_interest",
        )
        prospects.SHARES.put_new(share, op=new_op())
    return found


if __name__ == "__main__":
    json.dump([_put(one) for one in json.load(sys.stdin)], sys.stdout)

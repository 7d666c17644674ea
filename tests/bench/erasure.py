"""What erasing costs: in calls, by how much there is. And what making a company unreadable costs.

The rows are put into the table as they lie there after sending and reading mail; the erasure runs in the
deployed function.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from infra.local import LocalStack
from infra.local.wire import Call
from tests.bench.report import Line, Section
from tests.bench.vault import act_as_owner
from tests.integration.client import sign_up
from tests.integration.eraser import erasing

SIZES = (1_000, 10_000)
PER_LETTER = 8
"""A letter is a message, its body, a delivery and five opens; in every tenth a click instead of an open."""
CLICKED = 10
BATCHES = 1.1
"""Batch writes for each 25 rows, at most."""
LONGEST_SECONDS = 600
WORDS = {
    "message": {"subject": "Offer", "sender": "anna@acme.example", "sender_name": "Anna"},
    "body": {"html": "<p>Hello</p>", "text": "Hello"},
    "delivery": {"email": "bob@buyer.example"},
}
"""What is sealed of a letter."""


def measure(stack: LocalStack) -> Section:
    """Erase a thousand and ten thousand rows of one person, then make the company unreadable."""
    act_as_owner(stack)
    from chalicelib.records.erasures import Why
    from chalicelib.services.erasure import erasure, shredding
    from chalicelib.store import standing

    lines = []
    company = sign_up(stack).company["id"]
    for number, size in enumerate(SIZES):
        email = f"everywhere{number}@buyer.example"
        plant(stack, company, standing.person(company, email), size // PER_LETTER, sealed=True)
        stack.wire.clear()
        begun = erasure.of_person(company, email, why=Why.REQUEST)
        _until_done(stack, company)
        calls = [call for call in stack.wire.calls if call.function == "okki-leads-run-tasks"]
        found = erasure.find(company, begun.erasure_id)
        assert found is not None and sum(found.counts.values()) == size, "not every row was found"
        least = size / 25
        figures = _figures(calls)
        lines.append(
            Line(
                f"erase {size:,} rows of one person",
                {**figures, "x N/25": figures["batch writes"] / least},
                {"x N/25": BATCHES},
            )
        )
    plant(stack, company, standing.person(company, "left@buyer.example"), 100)
    for name, whose in (
        ("make a company unreadable that holds 800 rows", company),
        ("... that holds next to nothing", sign_up(stack).company["id"]),
    ):
        stack.wire.clear()
        shredding.destroy(whose)
        calls = [call for call in stack.wire.calls if not call.function.startswith("okki-leads")]
        lines.append(Line(name, {**_figures(calls), "calls": len(calls)}, {"calls": 6.0}))
    notes = ["Finding costs a query for each page, and one for the clicks of each message that has some."]
    return Section("Erasing", lines, notes)


def _figures(calls: list[Call]) -> dict[str, float]:
    by = Counter(call.operation for call in calls)
    return {
        "batch writes": by["BatchWriteItem"],
        "queries": by["Query"],
        "batch reads": by["BatchGetItem"],
        "transactions": by["TransactWriteItems"],
        "write units": sum(call.write_units for call in calls),
    }


def _until_done(stack: LocalStack, company: str) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        states = [row["facts"]["M"]["state"]["S"] for row in erasing(stack, company)]
        if states and set(states) <= {"waiting"}:
            return
        time.sleep(0.5)
    raise TimeoutError("the erasure did not end")


def plant(stack: LocalStack, company: str, person: str, letters: int, *, sealed: bool = False) -> None:
    """Put rows of so many letters into the table, as sending and reading leaves them; ``sealed``: so that the
    eraser can open what it redacts.
    """
    database = stack.client("dynamodb")
    waiting: list[dict[str, Any]] = []
    for row in _rows(company, person, letters):
        if sealed:
            _seal(row)
        waiting.append({"PutRequest": {"Item": row}})
        if len(waiting) == 25:
            database.batch_write_item(RequestItems={"okki-leads-workspace": waiting})
            waiting = []
    if waiting:
        database.batch_write_item(RequestItems={"okki-leads-workspace": waiting})


def _rows(company: str, person: str, letters: int) -> Iterator[dict[str, Any]]:
    from chalicelib.kernel import ids

    for number in range(letters):
        clicked = number % CLICKED == 0
        message = ids.new("msg")
        letter = _row(company, f"message#{message}", "message", {"recipients": 1, "user_id": "usr"})
        if clicked:
            letter["facts"]["M"]["clicks"] = {"M": {"0": {"N": "1"}}}
        yield letter
        yield _row(company, f"body#{message}", "body", {"locale": "en"})
        delivery = _row(company, f"message#{message}#00", "delivery", {"person": person, "state": "sent"})
        yield {**delivery, "person_key": {"S": f"{company}#{person}"}}
        if clicked:
            yield _row(company, f"click#{message}#00#{ids.new('hit')}", "click", {})
        for _ in range(4 if clicked else 5):
            yield _row(company, f"open#{person}#{message}#{ids.new('hit')}", "open", {"number": 0})


def _seal(row: dict[str, Any]) -> None:
    from chalicelib.store import vault

    words = WORDS.get(row["kind"]["S"], {})
    if row["kind"]["S"] == "message":
        row["facts"]["M"] |= {
            "kind": {"S": "marketing"},
            "tracking": {"BOOL": True},
            "created_at": {"N": str(int(time.time()))},
        }
    place = f"okki-leads-workspace\0{row['pk']['S']}\0{row['sk']['S']}"
    content, version = vault.seal(row["pk"]["S"], place, json.dumps(words).encode())
    row |= {"sealed": {"B": content}, "sealed_with": {"N": str(version)}}


def _row(company: str, sk: str, kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    spelled = {name: {"N": str(v)} if isinstance(v, int) else {"S": v} for name, v in facts.items()}
    later = {"N": str(int(time.time()) + 10**7)}
    return {
        "pk": {"S": company},
        "sk": {"S": sk},
        "kind": {"S": kind},
        "op": {"S": "op"},
        "version": {"N": "1"},
        "expires_at": later,
        "ttl": later,
        "facts": {"M": spelled},
        "sealed": {"B": json.dumps(facts).encode() * 4},
        "sealed_with": {"N": "1"},
    }

"""What keeping time costs: the index of ends, deleting what is over, holds. Counted through the deployed stack."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.bench.meter import Usage, metered
from tests.bench.report import Line, Section
from tests.integration import ages, staff
from tests.integration.client import User, eventually, sign_up
from tests.integration.letters import batch_of

READERS = 25
SETTLED_SECONDS = 120
"""Nothing is timed here; a busy machine may take so long to send to all of them."""
SCOPE = {"scope": "company", "reason": "litigation", "law": "Evidence Act 1893 s 3"}


def measure(stack: LocalStack) -> list[Section]:
    """Three sections: the index, the sweeper, holds."""
    user = sign_up(stack)
    stack.wire.clear()
    contact = user.contact("cost@buyer.example")["id"]
    one, many = _sent(stack, user, 1), _sent(stack, user, READERS)
    index = [
        _index_line(stack, user, "a contact", f"contact#{contact}"),
        _index_line(stack, user, "a message to one, its text and delivery", one),
        _index_line(stack, user, f"a message to {READERS}", many),
    ]
    return [
        Section(
            "The index of ends: one entry for each root, none for what belongs to it",
            index,
            ["An entry is a write unit. Opens, clicks and deliveries have none, nor has a contact."],
        ),
        Section("Holds", _holds(stack, user, many)),
        Section(
            "Deleting what is over",
            [_swept(stack)],
            [
                "Proof and check are in it; each delivery is in the index of persons as well, which is a unit more."
            ],
        ),
    ]


def _sent(stack: LocalStack, user: User, readers: int) -> str:
    message = user.write(*(f"ends{number}@buyer.example" for number in range(readers)))
    eventually(lambda: user.message(message)["status"] not in {"queued", "sending"}, SETTLED_SECONDS)
    return message


def _rows(stack: LocalStack, user: User, mark: str) -> list[dict[str, Any]]:
    found = ages.under(stack, "workspace", user.company["id"])
    return [row for row in found if mark in row["sk"]["S"]]


def _index_line(stack: LocalStack, user: User, name: str, mark: str) -> Line:
    rows = _rows(stack, user, mark)
    entries = [row for row in rows if row.get("due_pk", {}).get("S", "").startswith("expiry#")]
    most = 0.0 if mark.startswith("contact#") else 1.0
    return Line(name, {"rows": len(rows), "entries": len(entries)}, {"entries": most})


def _swept(stack: LocalStack) -> Line:
    user = sign_up(stack)
    message = _sent(stack, user, READERS)
    rows = _rows(stack, user, message)
    body = {
        "task": "expire",
        "company": user.company["id"],
        "table": "workspace",
        "keys": f"message#{message}",
    }
    with metered(stack) as usage:
        for row in rows:  # here: the local AWS deletes what is over by itself, every minute
            ages.end(stack, "workspace", row, stack.now() - 1)
        answer = stack.invoke("RunTasks", batch_of("tasks", json.dumps(body)))
        assert answer == {"batchItemFailures": []}, answer
    assert _rows(stack, user, message) == []
    return _by_row(f"a message to {READERS}, by the sweeper", usage, len(rows), 3.5)


def _by_row(name: str, usage: Usage, rows: int, most: float) -> Line:
    found = usage.of("run-tasks").warm
    figures = {
        "rows": rows,
        "calls": len(found.calls),
        "read units": found.read_units,
        "write units": found.write_units,
        "write units a row": found.write_units / rows,
    }
    return Line(name, figures, {"write units a row": most})


def _holds(stack: LocalStack, user: User, message: str) -> list[Line]:
    legal = staff.member(stack, StaffPosition.LEGAL)
    contacts = [user.contact(f"held{number}@buyer.example")["id"] for number in range(2)]
    free = _deleted(stack, user, contacts[0])
    dated = [
        row
        for table in ("accounts", "workspace")
        for row in ages.under(stack, table, user.company["id"])
        if "ttl" in row and not row["sk"]["S"].startswith(("session#", "done#", "noted#"))
    ]
    form = {**SCOPE, "company_id": user.company["id"], "matter_id": ids.new("mat")}
    with metered(stack) as usage:
        assert legal.call("POST", "/v1/staff/holds", form).status == 201
        eventually(lambda: not any("ttl" in row for row in _rows(stack, user, message)))
    held = _deleted(stack, user, contacts[1])
    return [
        _by_row("placing one: rows that had a date", usage, len(dated), 2.0),
        Line("deleting a contact, no hold", free.figures(), {"calls": 3.0}),
        Line("deleting a contact, under a hold", held.figures()),
    ]


def _deleted(stack: LocalStack, user: User, contact: str) -> Usage:
    user.call("GET", f"/v1/contacts/{contact}")
    with metered(stack) as usage:
        assert user.call("DELETE", f"/v1/contacts/{contact}").status == 204
    return usage.of("api").warm

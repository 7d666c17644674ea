"""The canaries of the base: somebody stocked through a file, somebody shared, somebody who leaves; with faults
on the way. Part of the walk in test_canaries.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.privacy.personnel import StaffPosition
from tests.integration import loader, sharer
from tests.integration.asking import ask
from tests.integration.client import Answer, User, eventually
from tests.integration.letters import rows
from tests.integration.staff import member

Own = Callable[..., Answer]
FILES = "okki-leads-files-000000000000"


def planted(run: str) -> dict[str, str]:
    """What a file says of somebody, what a company shares, and what who leaves is known by."""
    return {
        "stocked.business_name": f"Kanarihandel {run} GmbH",
        "stocked.address": f"Kanarigasse {run} 7, Hamburg",
        "stocked.website": f"https://stock-kanari.example/{run}",
        "stocked.profile": f"Kanari trades in {run} birds",
        "stocked.contact_numbers": "+49 40 9173 5528 11",
        "stocked.company_social": f"https://social-stock-kanari.example/{run}",
        "stocked.name": f"Stockkanari {run}",
        "stocked.position": f"Head of Stock {run}",
        "stocked.affiliation": f"Kanari Verband {run}",
        "stocked.email": f"stockkanari{run}@buyer-kanari.example",
        "stocked.phone": "+49 170 9173 5528 22",
        "added.email": f"sharedkanari{run}@buyer-kanari.example",
        "added.first_name": f"Kanarina{run}",
        "added.last_name": f"Geteilt{run}",
        "added.industry": f"Kanari breeding {run}",
        "added.current_position": f"Keeper of {run} birds",
        "added.previous_positions": f"Former keeper {run}",
        "added.location": f"Kanariort {run}, Germany",
        "added.social": f"https://shared-kanari.example/{run}",
        "withdrawal.email": f"leavingkanari{run}@buyer-kanari.example",
        "prospect_complaint.details": f"Kanari complained {run}",
        "prospect_complaint.note": f"Kanari was rung back {run}",
    }


def walk(user: User, own: Own, values: dict[str, str]) -> None:
    """Loaded by staff, shared and revealed by the company, written to with the notice; one more is shared,
    complained about and leaves.
    """
    stack = user.stack
    said = {
        name.removeprefix("stocked."): text for name, text in values.items() if name.startswith("stocked.")
    }
    done = loader.office(stack).load([{**said, "country": "DE", "industry": "Machinery"}])
    assert done["state"] == "done", done
    _nothing_in_the_bucket(user, values)

    accepted = own("POST", "/v1/prospects/agreement", {"version": sharer.VERSION})
    assert accepted.status == 200, accepted.body
    shared = {name.removeprefix("added."): text for name, text in values.items() if name.startswith("added.")}
    many = {name: [shared[name]] for name in ("previous_positions", "social")}
    body = sharer.wish({**shared, **many})
    for kind in ("fail", "conflict", "lose_request"):
        stack.wire.inject(kind=kind, service="dynamodb", function="okki-leads-api", times=20)
        assert own("POST", "/v1/prospects/shares", body).status == 503
        _no_faults(user)
    wrong = sharer.wish({**shared, **many, "phone": values["stocked.phone"]})
    assert own("POST", "/v1/prospects/shares", wrong).status == 422
    assert own("POST", "/v1/prospects/shares", body).status == 201

    company = own("GET", "/v1/company").json
    placed = own("PATCH", "/v1/company", {"version": company["version"], "country": "DE"})
    assert placed.status == 200, placed.body
    (stocked,) = [
        row for row in rows(stack, "prospects") if row["kind"]["S"] == "stocked" and _mine(row, done)
    ]
    path = f"/v1/prospects/{stocked['pk']['S']}/reveal"
    stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-api", times=20)
    assert own("POST", path, {}).status == 503
    _no_faults(user)
    assert own("POST", path, {"save_as_contact": True}).status == 200
    letter = {
        "to": [{"email": values["stocked.email"]}],
        "subject": "Rates",
        "html": "<p>Rates</p>",
        "kind": "business",
        "inform": True,
    }
    assert own("POST", "/v1/messages", {**letter, "inform": False}).status == 403
    sent = own("POST", "/v1/messages", letter)
    assert sent.status == 202, sent.body
    user.settled(sent.json["id"])

    leaver = sharer.shared(user, sharer.person(values["withdrawal.email"]))
    words = {"kind": "complaint", "details": values["prospect_complaint.details"]}
    passed_on = own("POST", f"/v1/prospects/{leaver}/complaints", words)
    assert passed_on.status < 300
    path = f"/v1/staff/prospects/complaints/{passed_on.json['id']}"
    privacy = member(stack, StaffPosition.PRIVACY)
    assert privacy.call("GET", path).json["details"] == words["details"]
    note = {"note": values["prospect_complaint.note"]}
    assert privacy.call("POST", f"{path}/close", note).status == 200
    assert ask(stack, "object", values["withdrawal.email"]).settled()["state"] == "answered"
    kinds = {row["kind"]["S"] for table in ("prospects", "accounts") for row in rows(stack, table)}
    assert {"stocked", "added", "posting", "share", "holder", "reveal", "withdrawal"} <= kinds


def _mine(row: dict[str, Any], load: dict[str, Any]) -> bool:
    return bool(row["facts"]["M"]["load_id"]["S"] == load["id"])


def _nothing_in_the_bucket(user: User, values: dict[str, str]) -> None:
    """The file is gone once it is in."""

    def clean() -> bool:
        s3 = user.stack.client("s3")
        found = s3.list_objects_v2(Bucket=FILES).get("Contents", [])
        bodies = [s3.get_object(Bucket=FILES, Key=one["Key"])["Body"].read() for one in found]
        return not any(values["stocked.email"].encode() in body for body in bodies)

    eventually(clean, 40)


def _no_faults(user: User) -> None:
    with user.stack.wire._lock:
        user.stack.wire._faults.clear()

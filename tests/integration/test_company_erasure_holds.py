"""What a legal matter needs outlives the company, out of everybody's sight; nothing else does, and the rest goes by
itself when the matter is over.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.services.keeping.holding import STRAGGLERS_SECONDS
from chalicelib.store import outside, suspended
from infra.local import LocalStack
from tests.integration.ages import sweep
from tests.integration.apart import own_stack
from tests.integration.eraser import desk
from tests.integration.letters import drained, redelivery_after, rows
from tests.integration.test_company_erasure import PLANTER, TABLES, erase, planted, remains, state

stack = own_stack()

pytestmark = pytest.mark.clause("cancellation", "retention")
pace = redelivery_after(3)

ROOTS = {"access", "company", "hold"}


def kept(stack: LocalStack, company: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What is left in the company's partitions, by key."""
    return {
        (table, row["pk"]["S"], row["sk"]["S"]): row
        for table in TABLES
        for row in rows(stack, table)
        if row["pk"]["S"].partition("#")[0] == company and row["kind"]["S"] not in outside.STAYS
    }


def check_held(
    stack: LocalStack, one: dict[str, Any], wanted: set[tuple[str, str, str]], before: dict[Any, Any]
) -> None:
    """Exactly these rows are there, unchanged in what is sealed, and no reader and no clock sees them."""
    after = kept(stack, one["company"])
    plain = {key: row for key, row in after.items() if row["kind"]["S"] not in ROOTS}
    assert plain.keys() == wanted
    for key, row in plain.items():
        assert "ttl" not in row, key
        assert float(row["expires_at"]["N"]) <= stack.now(), key
        assert row.get("sealed") == before[key].get("sealed"), key
    assert {row["kind"]["S"] for row in after.values()} >= ROOTS
    said = state(stack, one["company"])
    assert said["left"] == said["held"]
    assert sum(said["held"].values()) == len(after)


def over(stack: LocalStack, one: dict[str, Any], hold: str) -> None:
    """Release a hold, let its job come to its end, and erase what is left."""
    assert desk(stack, "release", one["company"], hold)
    drained(stack, "tasks")
    stack.advance(STRAGGLERS_SECONDS + 1)
    sweep(stack)
    drained(stack, "tasks")
    assert erase(stack, one["company"]) == {"cursor": None}
    assert remains(stack, one["company"], *one["users"], one["mark"]) == []
    assert state(stack, one["company"])["left"] == {}
    stack.reset_clock()


def holdable(row: dict[str, Any]) -> bool:
    return suspended.holdable(row["kind"]["S"])


def test_a_hold_on_a_user_keeps_what_is_about_them_and_the_company_goes_around_it(stack: LocalStack) -> None:
    one = planted(stack)
    before, (user, other) = kept(stack, one["company"]), one["users"]
    wanted = set()
    for key, row in before.items():
        if row["kind"]["S"] in ROOTS or not holdable(row):
            continue
        facts = row["facts"]["M"] if "facts" in row else {}
        theirs = facts.get("user_id", {}).get("S") == user or user in key[2].split("#")
        letters = one["mark"] in key[2] and row["kind"]["S"] in {
            "message",
            "body",
            "delivery",
            "click",
            "open",
        }
        if theirs or letters:
            wanted.add(key)
    kinds = {before[key]["kind"]["S"] for key in wanted}
    assert {"user", "member", "device", "notification", "ai_job", "message", "body", "open"} <= kinds
    assert not {"contact", "session", "reveal", "second_factor", "department"} & kinds
    hold = desk(stack, "hold", one["company"], "user", user, module=PLANTER)
    drained(stack, "tasks")
    assert erase(stack, one["company"]) == {"cursor": None}
    check_held(stack, one, wanted, before)
    assert not remains(stack, other), "nobody held their colleague"
    assert erase(stack, one["company"]) == {"cursor": None}, "asking again changes nothing"
    check_held(stack, one, wanted, before)
    over(stack, one, hold)


def test_a_hold_on_a_person_keeps_what_the_company_has_of_them(stack: LocalStack) -> None:
    one = planted(stack)
    before = kept(stack, one["company"])
    about = {"contact", "message", "body", "delivery", "click", "open", "ai_job", "company_request"}
    about |= {"disclosed", "consent", "refusal", "informing", "informing_line", "erasing"}
    wanted = {key for key, row in before.items() if row["kind"]["S"] in about}
    jobs = {key for key in wanted if before[key]["kind"]["S"] == "ai_job"}
    assert len(jobs) == 2, "of either user"
    hold = desk(stack, "hold", one["company"], "person", f"person{one['mark']}", module=PLANTER)
    drained(stack, "tasks")
    assert erase(stack, one["company"]) == {"cursor": None}
    check_held(stack, one, wanted, before)
    over(stack, one, hold)


def test_a_hold_on_the_company_keeps_its_records_and_no_door_key_or_file(stack: LocalStack) -> None:
    one = planted(stack)
    before = kept(stack, one["company"])
    wanted = {key for key, row in before.items() if holdable(row) and row["kind"]["S"] not in ROOTS}
    gone = {row["kind"]["S"] for key, row in before.items() if key not in wanted} - ROOTS
    assert {"session", "second_factor", "import_chunk", "export", "claim", "ai_sample", "idempotency"} <= gone
    first = desk(stack, "hold", one["company"], "company", module=PLANTER)
    second = desk(stack, "hold", one["company"], "user", one["users"][0], module=PLANTER)
    drained(stack, "tasks")
    assert erase(stack, one["company"]) == {"cursor": None}
    check_held(stack, one, wanted, before)
    doors = {row["kind"]["S"] for row in rows(stack, "accounts") if one["company"] in str(row.get("facts"))}
    assert not doors & set(outside.LED_TO)
    assert desk(stack, "release", one["company"], first)
    drained(stack, "tasks")
    assert state(stack, one["company"])["held"], "the second one still keeps something"
    over(stack, one, second)


def test_a_company_that_is_held_by_nobody_any_more_keeps_nothing_back(stack: LocalStack) -> None:
    one = planted(stack)
    hold = desk(stack, "hold", one["company"], "person", ids.new("nobody"), module=PLANTER)
    drained(stack, "tasks")
    assert erase(stack, one["company"]) == {"cursor": None}
    left = {row["kind"]["S"] for row in kept(stack, one["company"]).values()}
    assert left == ROOTS, "a hold that covers nothing keeps what its release needs"
    over(stack, one, hold)

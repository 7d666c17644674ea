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
from tests.bench.erasure import plant
from tests.integration import asking
from tests.integration.ages import sweep
from tests.integration.apart import own_stack
from tests.integration.client import fresh_address, sign_up
from tests.integration.eraser import desk, opened
from tests.integration.letters import drained, rows
from tests.integration.test_company_erasure import PLANTER, TABLES, erase, planted, remains, state
from tests.integration.test_push import attributes, device_token, endpoint_of, register

stack = own_stack()

pytestmark = pytest.mark.clause("cancellation", "retention")

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
    """Exactly these rows are there, unchanged in what is sealed, and no reader and no clock sees them. Of
    somebody's request it was noted that it is answered.
    """
    after = kept(stack, one["company"])
    plain = {key: row for key, row in after.items() if row["kind"]["S"] not in ROOTS}
    assert plain.keys() == wanted
    for key, row in plain.items():
        assert "ttl" not in row, key
        assert float(row["expires_at"]["N"]) <= stack.now(), key
        if row["kind"]["S"] == "company_request":
            assert row["facts"]["M"]["decision"]["S"] == "held"
            assert len(row["sealed"]["B"]) == len(before[key]["sealed"]["B"])
        else:
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
    assert "sharing" in gone, "nobody is left to vouch"
    assert any(before[key]["kind"]["S"] == "reveal" for key in wanted), "whom it received, when and by whom"
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


def test_a_hold_that_comes_while_rows_go_keeps_what_is_still_there(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTER_PAGE", "40")
    monkeypatch.setenv("PLANTER_ASKED", "10")
    one = planted(stack)
    before = kept(stack, one["company"])
    said = desk(stack, "erase-while", one["company"], "page", "company", module=PLANTER)
    assert erase(stack, one["company"]) == {"cursor": None}
    drained(stack, "tasks")
    after = kept(stack, one["company"])
    lost = {key for key, row in before.items() if holdable(row) and key not in after}
    assert len(lost) <= 10
    assert {"user", "message", "contact", *ROOTS} <= {row["kind"]["S"] for row in after.values()}
    told = state(stack, one["company"])
    assert told["left"] == told["held"]
    beside = {*outside.STAYS, "share", "holder", "hold"}
    sums = {kind: told["held"].get(kind, 0) + told["erased"].get(kind, 0) for kind in one["planted"]}
    assert {kind: n for kind, n in sums.items() if kind not in beside} == {
        kind: n for kind, n in one["planted"].items() if kind not in beside
    }, "what the evidence had counted and a hold keeps is taken back"
    over(stack, one, said["hold"])


def test_a_hold_that_comes_as_the_last_rows_go_can_be_released(stack: LocalStack) -> None:
    one = planted(stack)
    said = desk(stack, "erase-while", one["company"], "roots", "company", module=PLANTER)
    assert said["again"] == "RetryLaterError"
    drained(stack, "tasks")
    assert erase(stack, one["company"]) == {"cursor": None}
    assert {row["kind"]["S"] for row in kept(stack, one["company"]).values()} >= ROOTS
    over(stack, one, said["hold"])


def test_what_must_be_asked_of_holds_takes_as_many_pieces_as_it_takes(stack: LocalStack) -> None:
    one = planted(stack)
    before, user = kept(stack, one["company"]), one["users"][0]
    hold = desk(stack, "hold", one["company"], "user", user, module=PLANTER)
    drained(stack, "tasks")
    assert erase(stack, one["company"], "1")["cursor"]
    there = kept(stack, one["company"])
    assert len(there) >= len(before), "a piece whose time is over ends with the row it is at"
    assert erase(stack, one["company"], "1000") == {"cursor": None}
    told = state(stack, one["company"])
    assert told["left"] == told["held"]
    assert told["held"]["user"] == 1
    over(stack, one, hold)


def test_of_each_message_it_is_asked_once_what_keeps_it(stack: LocalStack) -> None:
    company = sign_up(stack).company["id"]
    plant(stack, company, "somebody", 30)
    messages = [row["sk"]["S"] for row in rows(stack, "workspace") if row["kind"]["S"] == "message"]
    mine = [sk for sk in messages if sk in str(kept(stack, company).keys())]
    assert len(mine) == 30
    desk(stack, "hold", company, "person", ids.new("nobody"), module=PLANTER)
    drained(stack, "tasks")
    stack.wire.clear()
    assert erase(stack, company) == {"cursor": None}
    queries = [call for call in stack.wire.calls if call.function == "test" and call.operation == "Query"]
    about = [call for call in queries if any(f'"{sk}"'.encode() in call.request for sk in mine)]
    assert len(about) <= len(mine) + 2


def test_who_asked_a_company_that_is_held_hears_of_it_and_its_telephones_fall_silent(
    stack: LocalStack,
) -> None:
    user, email, token = sign_up(stack), fresh_address("bob", "buyer.example"), device_token()
    company = user.company["id"]
    user.contact(email)
    register(user, token)
    endpoint = endpoint_of(stack, token)
    asked = asking.ask(stack, "access", email)
    asked.settled()
    drained(stack, "tasks", "notices")
    desk(stack, "hold", company, "company", module=PLANTER)
    drained(stack, "tasks")
    assert attributes(stack, endpoint) is not None
    assert erase(stack, company) == {"cursor": None}
    told = [
        row["facts"]["M"]["decision"]["S"]
        for row in rows(stack, "accounts")
        if row["kind"]["S"] == "request_passed_on" and row["sk"]["S"].endswith(company)
    ]
    assert told == ["held"]
    assert attributes(stack, endpoint) is None
    there = {row["kind"]["S"] for row in kept(stack, company).values()}
    assert {"company_request", "push_device", "contact"} <= there
    assert email in opened(stack, company), "what was asked is kept as it was"


def test_a_preview_shows_neither_a_hold_nor_what_it_keeps_of_what_was_deleted(stack: LocalStack) -> None:
    user = sign_up(stack)
    contact = user.contact(fresh_address("bob", "buyer.example"))
    first = user.call("GET", "/v1/company/cancellation/preview").json
    desk(stack, "hold", user.company["id"], "company", module=PLANTER)
    drained(stack, "tasks")
    with_hold = user.call("GET", "/v1/company/cancellation/preview").json
    assert with_hold["rows"] == first["rows"]
    assert with_hold["goes"] == first["goes"]
    assert user.call("DELETE", f"/v1/contacts/{contact['id']}").status == 204
    assert any(row["kind"]["S"] == "contact" for row in kept(stack, user.company["id"]).values())
    after = user.call("GET", "/v1/company/cancellation/preview").json
    assert "contact" not in state(stack, user.company["id"])["counts"]
    assert after["rows"] == first["rows"] - 1

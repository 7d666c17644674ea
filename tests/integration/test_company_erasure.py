"""A company that goes is nowhere afterwards, whatever kind of thing it left, and its neighbour has lost nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib.store import outside
from infra.local import LocalStack
from tests.integration import asking, sharer
from tests.integration.apart import own_stack
from tests.integration.client import PASSWORD, fresh_address, fresh_network, log_in, request, sign_up
from tests.integration.eraser import desk
from tests.integration.letters import drained, rows
from tests.integration.people import sign_up_again
from tests.integration.test_isolation import Company

stack = own_stack()

pytestmark = pytest.mark.clause("cancellation", "retention")

DAY = 86_400
TABLES = ("accounts", "workspace", "operator", "prospects", "samples")
"""Where rows go from; the ledger stays."""
PLANTER = "tests.integration.planter"


def planted(stack: LocalStack) -> dict[str, Any]:
    """A company of a row of every kind, and its files."""
    mark = os.urandom(6).hex()
    made = {"mark": mark, **desk(stack, "plant", mark, module=PLANTER)}
    storage = stack.client("s3")
    for key in (f"imports/{made['company']}/imp{mark}", f"exports/exp{mark}/0001", f"exports/exp{mark}/0002"):
        storage.put_object(Bucket=bucket(stack), Key=key, Body=mark.encode())
    return made


def bucket(stack: LocalStack) -> str:
    """The one that files pass through."""
    names: list[str] = [one["Name"] for one in stack.client("s3").list_buckets()["Buckets"]]
    return next(name for name in names if "files" in name)


def erase(stack: LocalStack, company: str, *pieces: str) -> Any:
    """What the eraser said in the end."""
    return desk(stack, "erase", company, *pieces, module=PLANTER)


def state(stack: LocalStack, company: str) -> Any:
    """What is left, held, there and erased, as the eraser says."""
    return desk(stack, "state", company, module=PLANTER)


def remains(stack: LocalStack, *marks: str) -> list[dict[str, Any]]:
    """Every row of every table, and every file, that holds one of these anywhere; rows that stay by their own
    rule are left out, they say why (``store.outside``).
    """
    found = [
        {"table": table, **row}
        for table in TABLES
        for row in rows(stack, table)
        if row["kind"]["S"] not in outside.STAYS
        and any(mark in json.dumps(row, default=str) for mark in marks)
    ]
    listed = stack.client("s3").list_objects_v2(Bucket=bucket(stack)).get("Contents", [])
    return [*found, *({"file": one["Key"]} for one in listed if any(mark in one["Key"] for mark in marks))]


def kinds(found: Iterable[dict[str, Any]]) -> set[str]:
    """Of what sort they are."""
    return {row["kind"]["S"] if "kind" in row else "file" for row in found}


def test_a_row_of_every_kind_there_is_goes_and_a_neighbours_stays(stack: LocalStack) -> None:
    one, neighbour = planted(stack), planted(stack)
    before = remains(stack, neighbour["company"], neighbour["mark"])
    mine = remains(stack, one["company"], one["mark"])
    wanted = {kind for kind in one["planted"] if kind not in outside.STAYS}
    assert kinds(mine) == {*wanted, "file"}
    assert len(wanted) > 50
    said = state(stack, one["company"])
    assert said["held"] == {}
    assert {*said["counts"], "login", "invited"} <= set(said["left"])

    assert erase(stack, one["company"]) == {"cursor": None}
    assert remains(stack, one["company"], *one["users"], one["mark"]) == []
    assert remains(stack, neighbour["company"], neighbour["mark"]) == before
    said = state(stack, one["company"])
    assert (said["left"], said["held"], said["counts"]) == ({}, {}, {})
    counted = {
        kind: n for kind, n in one["planted"].items() if kind in wanted and kind not in ("share", "holder")
    }
    assert said["erased"] == counted
    stays = {
        row["kind"]["S"]
        for table in TABLES
        for row in rows(stack, table)
        if any(mark in json.dumps(row, default=str) for mark in (one["company"], one["mark"]))
    }
    assert stays == set(one["planted"]) - wanted, "what stays is what says why, and only that"


@pytest.mark.clause("encryption")
def test_it_works_as_well_when_nobody_can_open_anything_any_more(stack: LocalStack) -> None:
    one = planted(stack)
    assert desk(stack, "destroy", one["company"], module=PLANTER) == 1
    assert erase(stack, one["company"]) == {"cursor": None}
    assert remains(stack, one["company"], *one["users"], one["mark"]) == []


def test_what_real_people_left_in_a_company_goes_and_nobody_gets_in(stack: LocalStack) -> None:
    one, neighbour = Company(stack), Company(stack)
    company, user = one.user.company["id"], one.user
    drained(stack, "tasks", "notices", "outbox", "files", "ai")
    seen = neighbour.everything()
    mailbox = mailbox_of(stack, company)
    assert remains(stack, company, user.me["id"], mailbox)
    assert erase(stack, company) == {"cursor": None}
    drained(stack, "tasks", "notices")
    # A task that had begun may have written still: whoever calls, calls again.
    assert erase(stack, company) == {"cursor": None}
    left = remains(stack, company, user.me["id"], one.ids["user_id"], mailbox)
    assert kinds(left) <= {"withdrawal"}, left
    assert state(stack, company)["left"] == {}
    assert user.call("GET", "/v1/me").status == 401
    assert log_in(stack, user.email).status == 401
    assert neighbour.everything() == seen
    assert desk(stack, "chain", company)["sound"]
    again = sign_up_again(stack, user.email, "Anew Ltd")
    assert again.status == 201, "whoever worked there may begin anew with the same mailbox"


def test_mail_that_never_left_goes_as_well_although_its_week_is_over(stack: LocalStack) -> None:
    def unsent() -> set[str]:
        return {row["pk"]["S"] for row in rows(stack, "accounts") if row["kind"]["S"] == "notice"}

    user = sign_up(stack)
    drained(stack, "notices")
    others = unsent()
    stack.wire.inject(kind="throttle", service="ses", times=10_000)
    new = {"current_password": PASSWORD, "password": "nine amber lanterns"}
    assert user.call("PUT", "/v1/me/password", new).status == 200
    where = {"X-Local-Client": fresh_network()}
    reset = request(f"{stack.api}/v1/password/reset", "POST", {"email": user.email}, where)
    assert reset.status == 202
    theirs = unsent() - others
    assert len(theirs) == 2, "one that names the company, one that only its mailbox leads to"
    stack.advance(8 * DAY)  # given up by now; DynamoDB takes days to remove what is over
    try:
        assert erase(stack, user.company["id"]) == {"cursor": None}
        assert not theirs & unsent()
    finally:
        stack.wire.reset()
        stack.reset_clock()


def mailbox_of(stack: LocalStack, company: str) -> str:
    """The keyed hash of the mailbox of somebody there."""
    logins = [row for row in rows(stack, "accounts") if row["kind"]["S"] == "login"]
    mine = [row for row in logins if row["facts"]["M"]["company_id"]["S"] == company]
    return str(mine[0]["pk"]["S"].partition("#")[2])


def test_whom_the_company_shared_leaves_the_base_with_it_unless_others_vouch(stack: LocalStack) -> None:
    mei, other = sharer.sharer(stack), sharer.sharer(stack)
    alone, both = sharer.person(), sharer.person()
    first = sharer.shared(mei, alone)
    second = sharer.shared(mei, both)
    assert sharer.shared(other, both) == second
    drained(stack, "tasks")
    assert erase(stack, mei.company["id"]) == {"cursor": None}
    drained(stack, "tasks", "notices")
    there = {(row["pk"]["S"], row["sk"]["S"].partition("#")[0]) for row in rows(stack, "prospects")}
    assert (first, "added") not in there
    assert {(second, "added"), (second, "share")} <= there
    assert remains(stack, mei.company["id"]) == []


def test_somebody_who_asked_the_company_hears_that_all_is_gone(stack: LocalStack) -> None:
    user, email = sign_up(stack), fresh_address("bob", "buyer.example")
    user.contact(email)
    asked = asking.ask(stack, "access", email)
    asked.settled()
    drained(stack, "tasks", "notices")
    assert erase(stack, user.company["id"]) == {"cursor": None}
    told = [
        row["facts"]["M"]["decision"]["S"]
        for row in rows(stack, "accounts")
        if row["kind"]["S"] == "request_passed_on" and row["sk"]["S"].endswith(user.company["id"])
    ]
    assert told == ["erased"]


def test_what_the_company_is_named_by_without_a_note_of_its_own_goes_as_well(stack: LocalStack) -> None:
    one = planted(stack)
    prospect = f"pr{one['mark']}stray"
    desk(stack, "stray", one["company"], prospect, module=PLANTER)
    assert state(stack, one["company"])["left"]["holder"] == 1
    assert erase(stack, one["company"]) == {"cursor": None}
    assert remains(stack, one["company"], prospect) == []
    assert state(stack, one["company"])["left"] == {}

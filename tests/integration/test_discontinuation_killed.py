"""However often the end of the service dies on its way, it is announced once, told once, and ends alike."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import machines
from tests.integration.apart import own_stack
from tests.integration.client import eventually, sign_up
from tests.integration.ender import DAY, Board, announcements, board, evidence, seconds

pytestmark = pytest.mark.clause("discontinuation")

stack = own_stack()
KILLS = 10
LOST = 7
"""Calls in a row that do not arrive: a step dies by three of them."""


@pytest.fixture(scope="module", name="staff")
def the_board(stack: LocalStack) -> Board:
    return board(stack)


def notices(stack: LocalStack, ending: str) -> int:
    """How many notices to everybody were begun about an end."""
    pages = stack.client("dynamodb").get_paginator("scan")
    return sum(
        1
        for page in pages.paginate(TableName="okki-leads-accounts", ConsistentRead=True)
        for row in page["Items"]
        if row["kind"]["S"] == "mass" and row["facts"]["M"]["about"]["S"] == ending
    )


@pytest.mark.parametrize(("calls", "done"), [(1, False), (4, False), (4, True), (5, True), (7, False)])
def test_a_crash_while_it_is_announced_announces_it_once(
    stack: LocalStack, staff: Board, calls: int, done: bool
) -> None:
    with machines.cut_off(stack, "discontinuation", calls, done=done):
        made = staff.announced()
        time.sleep(2)
    workflow = made["workflow_id"]

    def told() -> bool:
        found = machines.execution(stack, workflow)
        if machines.row(stack, workflow)["stage"] == "count":
            return True
        if found is None or found["status"] != "RUNNING":
            machines.take_up(stack, workflow)
        time.sleep(0.5)
        return False

    eventually(told, 120)
    assert notices(stack, made["id"]) == 1
    acts = Counter(one["act"] for one in evidence(stack, f"ending#{made['id']}#"))
    assert acts["announced"] == 1
    shown = [one for one in announcements(stack) if "ends on" in one["title"]]
    assert [one["id"] for one in shown] == [staff.read(made["id"])["announcement_id"]]
    assert staff.take_back(made["id"]).status == 200


def test_killed_after_state_upon_state_it_ends_as_if_nothing_had_been(
    stack: LocalStack, staff: Board
) -> None:
    lena = sign_up(stack)
    sign_up(stack)
    stack.kill_at("discontinuation", 3)
    ending = staff.announced(32)
    workflow, kills = ending["workflow_id"], 1
    # Companies are cancelled, and the note of that does not arrive; then all are noted, and how far it is does not.
    cuts = [
        stack.wire.inject(kind="lose_request", function="okki-leads-end-product", contains=words, times=LOST)
        for words in ("ending_company", '"certify"')
    ]

    def act(one: dict[str, Any]) -> None:
        nonlocal kills
        if kills < KILLS:
            stack.kill_at(workflow, 1)
            kills += 1
        if one["stage"] == "count":
            machines.sweep(stack)
            if one["why"] == "thirty_days":
                ends_at = seconds(staff.read(ending["id"])["ends_at"])
                stack.advance(max(0, ends_at - int(stack.now()) - DAY))
        for other in machines.workflows(stack, "cancellation"):
            if machines.row(stack, other)["stage"] != "over":
                machines.hop(stack, other)
        time.sleep(0.5)

    assert machines.to_the_end(stack, workflow, seconds=400, act=act)["run"] > KILLS // 2
    found = staff.read(ending["id"])
    assert found["state"] == "over"
    assert (found["companies"], found["certified"], found["held"], found["unfinished"]) == (2, 2, 0, 0)
    assert [cut.hits for cut in cuts] == [LOST, LOST], "it died inside of erase, more than once"
    assert seconds(found["closed_at"]) - seconds(found["last_accepted_at"]) >= 30 * DAY
    acts = [one["act"] for one in evidence(stack, f"ending#{ending['id']}#") if one["act"] != "moved"]
    assert acts == ["proposed", "confirmed", "announced", "counted", "closed", "emptied", "finished"]
    mails = [mail["subject"] for mail in stack.mails(lena.email) if "ends on" in mail["subject"]]
    assert len(mails) == 1

"""A withdrawal through lost replies, lost hints, dying functions and shares under way: the same end, told once."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import sharer
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, fresh_address
from tests.integration.letters import drained, sample
from tests.integration.people import join
from tests.integration.sharer import (
    complain,
    kinds,
    person,
    receive,
    shared,
    told,
    wish,
    withdrawn,
)

stack = own_stack()

pytestmark = pytest.mark.clause("added-prospects", "joint-duties")


@pytest.fixture(scope="module")
def mei(stack: LocalStack) -> User:
    """An admin whose company has accepted the agreement."""
    return sharer.sharer(stack)


@pytest.mark.clause("notification")
def test_everybody_is_told_once_however_often_the_work_is_delivered(stack: LocalStack, mei: User) -> None:
    holder = sharer.receiver(stack)
    second = join(holder, role="admin")
    prospect = shared(mei, person())
    receive(holder, prospect)
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    for task in ("withdraw", "withdrawal_end", "withdraw_from"):
        body = {"task": task, "prospect": prospect, "after": "", "until": "co_zzz"}
        stack.invoke("RunTasks", {"Records": [_record(body)]})
    drained(stack, "tasks", "notices")
    for user in (holder, second, mei):
        assert len(told(user, prospect)) == 1
    steps = [one["act"] for one in sharer.acts(stack, holder.company["id"])]
    assert steps.count("withdrawn_here") == 1


def _record(body: Any) -> dict[str, Any]:
    return {
        "messageId": "m",
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:ap-southeast-1:000000000000:okki-leads-tasks",
        "awsRegion": "ap-southeast-1",
    }


def test_a_reply_lost_at_any_step_ends_the_same(stack: LocalStack) -> None:
    writes = {"PutItem", "TransactWriteItems", "BatchWriteItem", "SendMessageBatch"}

    def once() -> tuple[str, User, User]:
        holder, one = sharer.receiver(stack), sharer.sharer(stack)  # a company may complain 20 times a day
        prospect = shared(one, person())
        receive(holder, prospect)
        drained(stack, "tasks", "notices")
        return prospect, holder, one

    prospect, _, mei = once()
    stack.wire.clear()
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    ours = {"okki-leads-api", "okki-leads-run-tasks"}
    planned = [
        (call.function, call.service, call.operation)
        for call in stack.wire.calls
        if call.operation in writes and call.function in ours
    ]
    assert len(planned) >= 6
    for place, (function, service, operation) in enumerate(planned):
        prospect, holder, mei = once()
        skip = planned[:place].count((function, service, operation))
        fault = stack.wire.inject(
            kind="lose_reply", service=service, operation=operation, function=function, skip=skip
        )
        key = {"Idempotency-Key": prospect}
        for _ in range(2):
            path = f"/v1/prospects/{prospect}/complaints"
            answer = mei.call("POST", path, {"kind": "objection"}, key)
            if answer.status == 202:
                break
        assert answer.status == 202, (place, operation, answer.body)
        withdrawn(stack, prospect)
        stack.wire.reset()
        assert fault.hits == 1, (place, operation)
        assert kinds(stack, prospect) == [], (place, operation)
        assert len(told(holder, prospect)) == 1, (place, operation)
        steps = [one["act"] for one in sharer.acts(stack, holder.company["id"])]
        assert steps.count("withdrawn_here") == 1
    assert stack.messages("tasks-dead") == []


def test_a_hint_that_is_lost_is_made_good_by_the_sweep(stack: LocalStack, mei: User) -> None:
    holder = sharer.receiver(stack)
    prospect = shared(mei, person())
    contact = receive(holder, prospect)
    stack.wire.inject(kind="lose_request", service="sqs", function="okki-leads-api", times=6)
    assert complain(mei, prospect).status == 202
    stack.wire.reset()
    drained(stack, "tasks")
    assert holder.call("GET", f"/v1/contacts/{contact}").status == 200
    stack.advance(300)
    stack.invoke("Sweep", sample("schedule-sweep"))
    withdrawn(stack, prospect)
    stack.reset_clock()
    assert holder.call("GET", f"/v1/contacts/{contact}").status == 404


def test_a_function_that_dies_in_the_middle_of_a_piece_leaves_nobody_behind(
    stack: LocalStack, mei: User
) -> None:
    holders = [sharer.receiver(stack) for _ in range(3)]
    prospect = shared(mei, person())
    contacts = [receive(user, prospect) for user in holders]
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-run-tasks",
        skip=3,
        times=3,
    )
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    stack.wire.reset()
    assert kinds(stack, prospect) == []
    for user, contact in zip(holders, contacts, strict=True):
        assert user.call("GET", f"/v1/contacts/{contact}").status == 404
        assert len(told(user, prospect)) == 1


@pytest.mark.clause("retention")
def test_a_share_under_way_does_not_outrun_an_objection(stack: LocalStack, mei: User) -> None:
    other = sharer.sharer(stack)
    one = person()
    prospect = shared(mei, one)
    # The share has looked and waits before it writes; meanwhile the person objects.
    fault = stack.wire.inject(
        kind="delay",
        service="dynamodb",
        operation="BatchGetItem",
        function="okki-leads-api",
        contains=f"share#{other.company['id']}",
        seconds=3.0,
    )
    found: list[Any] = []
    late = threading.Thread(
        target=lambda: found.append(other.call("POST", "/v1/prospects/shares", wish(one)))
    )
    stack.wire.clear()
    late.start()
    mark = other.company["id"].encode()
    eventually(
        lambda: [c for c in stack.wire.calls if c.operation == "TransactWriteItems" and mark in c.request]
    )
    assert complain(mei, prospect).status == 202
    late.join()
    withdrawn(stack, prospect)
    assert kinds(stack, prospect) == []
    assert (found[0].status, fault.hits) == (201, 1)
    # Whichever came first, the sharer is told the same.
    assert (found[0].json["accepted"], found[0].json["rejected"]) == (1, [])


def test_a_share_that_goes_on_later_leaves_out_who_objected_meanwhile(stack: LocalStack, mei: User) -> None:
    other = sharer.sharer(stack)
    leaver, stays = person(), person()
    prospect = shared(mei, leaver)
    key = {"Idempotency-Key": fresh_address("key")}
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-api",
        contains=other.company["id"],
        skip=1,
        times=50,
    )
    assert other.call("POST", "/v1/prospects/shares", wish(leaver, stays), key).status == 503
    stack.wire.reset()
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    found = other.call("POST", "/v1/prospects/shares", wish(leaver, stays), key).json
    assert (found["accepted"], found["rejected"]) == (2, [])
    assert kinds(stack, found["prospects"][1]["id"]) == ["added", "share"]
    assert kinds(stack, prospect) == []

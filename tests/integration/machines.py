"""Workflows in the tests: where one stands, which states it went through, its whole life in fast motion, its death.

The row decides and the execution only carries it, so what is asked here is asked of both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from chalicelib.records.workflows import OVER
from infra.local import LocalStack
from infra.local.launch import ACCOUNT, REGION
from tests.integration.client import PATIENCE, eventually
from tests.integration.letters import sample

LEASE = 900
"""Seconds after which the sweep takes a workflow up that nobody moves (services/workflows/engine.py)."""
STARTS_WITHIN = 2.0
"""Seconds that an execution may need to be there once its row is."""
STUCK_AFTER = 30.0
"""Seconds of the wall clock without a change of the row, after which a test lets the sweep look."""
FUNCTIONS = {"cancellation": "cancel-company", "incident": "run-incident", "discontinuation": "end-product"}


def row(stack: LocalStack, workflow_id: str) -> dict[str, Any]:
    """The workflow as it is stored: machine, about, stage, why, until, due_at, run, started_at, ended_at, version."""
    key = {"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": "workflow"}}
    answer = stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=key, ConsistentRead=True)
    assert "Item" in answer, "there is no such workflow"
    found = {name: TypeDeserializer().deserialize(value) for name, value in answer["Item"].items()}
    return {"until": None, "ended_at": None, **found["facts"], "version": int(found["version"])}


def workflows(stack: LocalStack, machine: str, about: str | None = None) -> list[str]:
    """Ids of all workflows of a machine (about one company, incident or end), the oldest first."""
    wanted = {":kind": {"S": "workflow"}}
    pages = stack.client("dynamodb").get_paginator("scan")
    found = [
        item
        for page in pages.paginate(
            TableName="okki-leads-accounts",
            ConsistentRead=True,
            FilterExpression="kind = :kind",
            ExpressionAttributeValues=wanted,
        )
        for item in page["Items"]
    ]
    return sorted(
        item["pk"]["S"].partition("#")[2]
        for item in found
        if item["facts"]["M"]["machine"]["S"] == machine and about in (None, item["facts"]["M"]["about"]["S"])
    )


def execution(stack: LocalStack, workflow_id: str, run: int | None = None) -> dict[str, Any] | None:
    """The execution of a run (the present one), as Step Functions describes it; None: it was never started."""
    one = row(stack, workflow_id)
    name = f"{workflow_id}-{run or int(one['run'])}"
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:okki-leads-{one['machine']}:{name}"
    try:
        found: dict[str, Any] = stack.client("stepfunctions").describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return None
        raise
    return found


def states_of(stack: LocalStack, workflow_id: str, run: int | None = None) -> list[str]:
    """Names of the states entered, in order; over all runs unless one is named."""
    last = int(row(stack, workflow_id)["run"])
    names: list[str] = []
    for number in range(1, last + 1) if run is None else [run]:
        found = execution(stack, workflow_id, number)
        if found is None:
            continue
        pages = stack.client("stepfunctions").get_paginator("get_execution_history")
        for page in pages.paginate(executionArn=found["executionArn"]):
            entered = (one.get("stateEnteredEventDetails") for one in page["events"])
            names += [one["name"] for one in entered if one]
    return names


def until_stage(
    stack: LocalStack, workflow_id: str, stage: str, *, waiting: bool = False, seconds: float = 30
) -> dict[str, Any]:
    """The row once it stands at a stage; ``waiting``: once its deed is done and it waits there."""

    def there() -> dict[str, Any] | None:
        one = row(stack, workflow_id)
        waits = one["until"] is not None and stack.now() < one["until"]
        return one if one["stage"] == stage and (waits or not waiting) else None

    return eventually(there, seconds)


def sweep(stack: LocalStack) -> None:
    """What the schedule does every five minutes."""
    stack.invoke("Sweep", sample("schedule-sweep"))


def take_up(stack: LocalStack, workflow_id: str, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Let the lease of a workflow run out and the sweep find it; the row of its next run. ``before`` is the row
    whose lease is meant: the clock is not carried over a wait that nobody has looked at.
    """
    before = before or row(stack, workflow_id)
    if (left := int(before["due_at"]) + 1 - stack.now()) > 0:
        stack.advance(int(left) + 1)
    sweep(stack)
    return eventually(
        lambda: (
            one if (one := row(stack, workflow_id))["run"] > before["run"] or one["stage"] == OVER else None
        )
    )


def hop(stack: LocalStack, workflow_id: str, more: int = 0, at: dict[str, Any] | None = None) -> None:
    """Move the clock to when the row goes on, ``more`` seconds beyond; nothing if it does not wait. ``at`` is
    the row that is meant, which may have moved since: then nothing, or little, is hopped.
    """
    until = (at or row(stack, workflow_id))["until"]
    if until is not None and (left := int(until) - stack.now()) > 0:
        stack.advance(int(left) + 1 + more)


def to_the_end(
    stack: LocalStack,
    workflow_id: str,
    *,
    hop_more: int = 0,
    seconds: float = 120,
    act: Callable[[dict[str, Any]], object] | None = None,
) -> dict[str, Any]:
    """Carry a workflow to its end: over every wait (``hop_more`` seconds beyond each), and by the sweep over
    executions that died. ``act`` is called with the row each time it has changed: for what people must do.
    """
    end, seen, changed = time.monotonic() + PATIENCE * seconds, -1, time.monotonic()
    while (one := row(stack, workflow_id))["stage"] != OVER:
        assert time.monotonic() < end, f"it stands at {one['stage']} ({one['why']}), run {one['run']}"
        if one["version"] != seen:
            seen, changed = one["version"], time.monotonic()
            if act is not None:
                act(one)
                continue
        found = execution(stack, workflow_id)
        still = time.monotonic() - changed
        dead = still > STARTS_WITHIN if found is None else found["status"] != "RUNNING"
        if dead or still > STUCK_AFTER:
            take_up(stack, workflow_id, one)
        else:
            hop(stack, workflow_id, hop_more, one)
        time.sleep(0.1)
    return one


def kill_after(stack: LocalStack, workflow_id: str, number: int) -> dict[str, Any]:
    """Kill a workflow's execution as it enters its n-th state (at once if it is past that), then let the sweep
    take it up; the row of the next run. To be there in time for the first states, name the machine before the
    workflow begins: ``stack.kill_at("incident", 3)``, then ``to_the_end``.
    """
    run = int(row(stack, workflow_id)["run"])
    stack.kill_at(workflow_id, number)

    def killed() -> bool:
        found = execution(stack, workflow_id, run)
        if found and found["status"] == "RUNNING" and len(states_of(stack, workflow_id, run)) >= number:
            stack.forget_kills()
            stack.client("stepfunctions").stop_execution(executionArn=found["executionArn"], error="Killed")
        return found is not None and found["status"] != "RUNNING"

    eventually(killed)
    stack.forget_kills()
    return take_up(stack, workflow_id)


@contextmanager
def cut_off(stack: LocalStack, machine: str, calls: int, *, done: bool) -> Iterator[None]:
    """Kill inside a task: the steps of a machine reach AWS ``calls`` times more, then not at all. ``done``: the
    next call after those takes effect and its answer is lost; otherwise it does not arrive.
    """
    function = f"okki-leads-{FUNCTIONS[machine]}"
    if done:
        stack.wire.inject(kind="lose_reply", function=function, skip=calls, times=1)
        stack.wire.inject(kind="lose_request", function=function, skip=calls, times=1_000_000)
    else:
        stack.wire.inject(kind="lose_request", function=function, skip=calls, times=1_000_000)
    try:
        yield
    finally:
        stack.wire.reset()


@contextmanager
def deaf_after(stack: LocalStack, function: str, operation: str, calls: int) -> Iterator[None]:
    """A function reaches AWS ``calls`` times more with an operation of DynamoDB, then not with that at all."""
    stack.wire.inject(
        kind="lose_request",
        service="dynamodb",
        function=function,
        operation=operation,
        skip=calls,
        times=1_000_000,
    )
    try:
        yield
    finally:
        stack.wire.reset()

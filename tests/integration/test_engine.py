"""Workflows, whatever they are about: none is lost, none stands still, and none goes on before its time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration.apart import running
from tests.integration.client import eventually
from tests.integration.errand import project
from tests.integration.machines import (
    LEASE,
    cut_off,
    execution,
    hop,
    kill_after,
    row,
    states_of,
    sweep,
    take_up,
    to_the_end,
    until_stage,
)

pytestmark = pytest.mark.clause("cancellation")
DAY = 86_400
WHOLE = ["Look", "Which", "Fetch", "Which", "Fetch", "Which", "Fetch", "Which"]
WHOLE += ["Wait", "Look", "Which", "Carry", "Which", "Deliver", "Which", "Over"]


@pytest.fixture(name="stack", scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = project(tmp_path_factory.mktemp("errands"))
    with running(folder) as stack:
        yield stack


def act(stack: LocalStack, what: str, **more: Any) -> Any:
    return stack.invoke("EndProduct", {"act": what, **more})


def begin(stack: LocalStack, why: str = "") -> str:
    made: str = act(stack, "begin", why=why)["id"]
    return made


def ended(stack: LocalStack, workflow_id: str, run: int) -> bool:
    found = execution(stack, workflow_id, run)
    return found is not None and found["status"] == "SUCCEEDED"


def test_a_workflow_runs_from_its_first_stage_over_its_wait_to_its_end(stack: LocalStack) -> None:
    one = begin(stack)
    waiting = until_stage(stack, one, "carry", waiting=True)
    assert waiting["until"] - waiting["started_at"] >= DAY
    assert to_the_end(stack, one)["run"] == 1, "nobody had to take it up"
    eventually(lambda: ended(stack, one, 1))
    assert states_of(stack, one) == WHOLE
    assert "due_pk" not in row_of_the_index(stack, one), "the sweep looks at what is over no more"


def row_of_the_index(stack: LocalStack, workflow_id: str) -> dict[str, Any]:
    key = {"pk": {"S": f"workflow#{workflow_id}"}, "sk": {"S": "workflow"}}
    found: dict[str, Any] = stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=key)[
        "Item"
    ]
    return found


def test_a_start_that_was_lost_is_made_good(stack: LocalStack) -> None:
    stack.wire.inject(kind="fail", service="states", operation="StartExecution", times=3)
    one = begin(stack)
    assert execution(stack, one) is None
    assert row(stack, one)["stage"] == "fetch"
    sweep(stack)
    assert row(stack, one)["run"] == 1, "its time to be taken up has not come"
    assert to_the_end(stack, one)["run"] == 2


def test_a_start_whose_answer_was_lost_is_one_start(stack: LocalStack) -> None:
    stack.wire.inject(kind="lose_reply", service="states", operation="StartExecution")
    one = begin(stack)
    assert to_the_end(stack, one)["run"] == 1


@pytest.mark.parametrize("number", range(1, len(WHOLE) + 1))
def test_killed_after_any_state_it_ends_the_same(stack: LocalStack, number: int) -> None:
    stack.kill_at("discontinuation", number)
    one = begin(stack)
    last = to_the_end(stack, one)
    assert (last["stage"], last["why"]) == ("over", "+++")
    names = [name for name in states_of(stack, one) if name not in {"Look", "Which", "Wait", "Over"}]
    # What a dead execution had entered and not done is done by the next: no deed is lost, none repeated.
    done = [
        name for before, name in zip([None, *names], names, strict=False) if name == "Fetch" or name != before
    ]
    assert done[-2:] == ["Carry", "Deliver"]
    assert len(names) in {5, 6}


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("calls", range(6))
def test_cut_off_inside_a_task_it_ends_the_same(stack: LocalStack, calls: int, done: bool) -> None:
    one = begin(stack, "+")
    until_stage(stack, one, "carry", waiting=True)
    with cut_off(stack, "discontinuation", calls, done=done):
        hop(stack, one)
        eventually(lambda: any(call.fault for call in list(stack.wire.calls)))
    last = to_the_end(stack, one)
    assert (last["stage"], last["why"], last["run"]) == ("over", "+++", 1), "its own retries carry it"


def test_killed_in_its_wait_it_goes_on_when_the_time_has_come_and_not_before(stack: LocalStack) -> None:
    one = begin(stack)
    waiting = until_stage(stack, one, "carry", waiting=True)
    found = execution(stack, one)
    assert found is not None
    stack.client("stepfunctions").stop_execution(executionArn=found["executionArn"])
    stack.advance(DAY // 2)
    sweep(stack)
    assert row(stack, one) == waiting
    assert take_up(stack, one)["run"] == 2
    assert to_the_end(stack, one)["run"] == 2


def test_two_runs_at_once_do_everything_once_and_the_older_ends(stack: LocalStack) -> None:
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    act(stack, "wake", id=one)
    assert row(stack, one)["run"] == 2
    eventually(lambda: "Wait" in states_of(stack, one, 2))
    hop(stack, one)
    to_the_end(stack, one)
    eventually(lambda: ended(stack, one, 1) and ended(stack, one, 2))
    both = [states_of(stack, one, run) for run in (1, 2)]
    assert both[0][-2:] == ["Which", "Over"]
    assert "Carry" not in both[0]
    assert both[1].count("Carry") == both[1].count("Deliver") == 1


def test_a_deadline_that_comes_sooner_is_kept_at_once(stack: LocalStack) -> None:
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    act(stack, "until", id=one, until=int(stack.now()) + 60, why="sooner")
    act(stack, "wake", id=one)
    stack.advance(61)
    assert (
        eventually(lambda: last if (last := row(stack, one))["stage"] == "over" else None)["why"] == "sooner"
    )


def test_a_deadline_that_comes_sooner_is_kept_though_nobody_woke_it(stack: LocalStack) -> None:
    """The process may die between the change and the wake."""
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    act(stack, "until", id=one, until=int(stack.now()) + 60, why="sooner")
    stack.advance(60 + LEASE + 1)
    sweep(stack)
    assert eventually(lambda: last if (last := row(stack, one))["stage"] == "over" else None)["run"] == 2


def test_a_deadline_that_moves_on_is_not_overtaken_by_whoever_slept(stack: LocalStack) -> None:
    one = begin(stack)
    waiting = until_stage(stack, one, "carry", waiting=True)
    later = int(waiting["until"]) + 3 * DAY
    act(stack, "until", id=one, until=later, why="later")
    stack.advance(DAY + 60)
    eventually(lambda: states_of(stack, one).count("Wait") == 2)
    assert row(stack, one)["stage"] == "carry"
    assert to_the_end(stack, one)["why"] == "later"


def test_a_wake_that_cannot_write_costs_nobody_their_request(stack: LocalStack) -> None:
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-end-product", times=50)
    act(stack, "wake", id=one)
    stack.wire.reset()
    assert row(stack, one)["run"] == 1
    assert '"wake_lost"' in stack.logs("EndProduct")
    assert to_the_end(stack, one)["run"] == 1


def test_a_wake_of_what_is_over_starts_nothing(stack: LocalStack) -> None:
    one = begin(stack)
    to_the_end(stack, one)
    act(stack, "wake", id=one)
    assert row(stack, one)["run"] == 1


def test_longer_work_is_not_taken_for_dead(stack: LocalStack) -> None:
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    act(stack, "until", id=one, until=int(stack.now()), why="wait")
    act(stack, "wake", id=one)
    until_stage(stack, one, "deliver")
    before = row(stack, one)
    for _ in range(3):
        due = row(stack, one)["due_at"]
        stack.advance(LEASE * 2 // 3)
        eventually(lambda due=due: row(stack, one)["due_at"] > due)  # type: ignore[misc]  # mypy knows no defaults of lambdas
        sweep(stack)
    assert row(stack, one)["run"] == before["run"]
    found = execution(stack, one)
    assert found is not None and found["status"] == "RUNNING"
    stop(stack, one)


def stop(stack: LocalStack, workflow_id: str) -> None:
    """End what would go on for ever."""
    found = execution(stack, workflow_id)
    assert found is not None
    stack.client("stepfunctions").stop_execution(executionArn=found["executionArn"])


def test_a_stage_that_an_older_definition_does_not_know_waits_for_one_that_does(stack: LocalStack) -> None:
    """Functions are deployed before definitions: an execution may be told of a stage that its own has not."""
    machines = stack.client("stepfunctions")
    arn = next(
        one["stateMachineArn"]
        for one in machines.list_state_machines()["stateMachines"]
        if one["name"] == "okki-leads-discontinuation"
    )
    known = machines.describe_state_machine(stateMachineArn=arn)["definition"]
    older = json.loads(known)
    older["States"]["Which"]["Choices"] = [
        one for one in older["States"]["Which"]["Choices"] if one["Next"] != "Deliver"
    ]
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(older))
    try:
        one = begin(stack)
        until_stage(stack, one, "carry", waiting=True)
        hop(stack, one)
        until_stage(stack, one, "deliver")
        failed = eventually(
            lambda: found if (found := execution(stack, one)) and found["status"] == "FAILED" else None
        )
        assert failed["error"] == "UnknownStage"
    finally:
        machines.update_state_machine(stateMachineArn=arn, definition=known)
    assert to_the_end(stack, one)["run"] == 2


def test_what_is_kept_of_a_workflow_counts_from_what_happened_last(stack: LocalStack) -> None:
    """A hold may last for years: a row that TTL took in the middle would leave data that nobody deletes."""
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    first = int(row_of_the_index(stack, one)["expires_at"]["N"])
    until = int(stack.now()) + 1000 * DAY
    act(stack, "until", id=one, until=until, why="held")
    for _ in range(3):
        took = take_up(stack, one)
        assert took["stage"] == "carry", "its time has not come"
        assert stack.now() < until
    assert int(row_of_the_index(stack, one)["expires_at"]["N"]) > first + 600 * DAY
    assert to_the_end(stack, one)["stage"] == "over"


def test_a_run_that_was_started_twice_is_harmless(stack: LocalStack) -> None:
    """A name may be used again after 90 days; here the second execution of a run has another name."""
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    found = execution(stack, one)
    assert found is not None
    second = stack.client("stepfunctions").start_execution(
        stateMachineArn=found["stateMachineArn"], name=f"{one}-again", input=found["input"]
    )
    hop(stack, one)
    last = to_the_end(stack, one)
    assert (last["why"], last["run"]) == ("+++", 1)
    client = stack.client("stepfunctions")
    eventually(
        lambda: (
            client.describe_execution(executionArn=second["executionArn"])["status"] == "SUCCEEDED"
            and ended(stack, one, 1)
        )
    )


def test_what_a_person_kills_is_taken_up_after_its_lease(stack: LocalStack) -> None:
    one = begin(stack)
    until_stage(stack, one, "carry", waiting=True)
    assert kill_after(stack, one, 1)["run"] == 2
    assert to_the_end(stack, one)["run"] == 2


def test_histories_hold_our_ids_and_nothing_else(stack: LocalStack) -> None:
    one = begin(stack)
    to_the_end(stack, one)
    found = execution(stack, one)
    assert found is not None
    assert json.loads(found["input"]) == {"id": one, "run": 1}
    assert json.loads(found["output"]) == {"id": one, "run": 1, "stage": "over", "until": ""}

"""State machines: each definition validates, keeps the shape that the engine counts on, and is drawn as it is."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from chalicelib.kernel import settings
from chalicelib.records.workflows import OVER, WAIT, Machine
from chalicelib.services.workflows import standing
from tests.structure.source import ROOT, Module
from tools import workflow_pictures

MACHINES = pytest.mark.parametrize("machine", Machine)
TRANSIENT = {
    "AgainError",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
"""What has nothing to do with the step: the same input will do, later."""


def faults(definition: dict[str, Any]) -> list[str]:
    """What CloudFormation's linter finds in a definition."""
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/machines",
            "DefinitionString": json.dumps(definition).replace(
                "${Function}", "arn:aws:lambda:ap-southeast-1:123456789012:function:step"
            ),
        },
    }
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": machine}}
    found = lint(json.dumps(template), config=ManualArgs(regions=[settings.REGION]))
    return [f"{one.rule.id} {one.message}" for one in found]


@MACHINES
def test_a_definition_validates(machine: Machine) -> None:
    assert faults(workflow_pictures.definition(machine)) == []


def test_the_linter_would_say_what_is_wrong_with_one() -> None:
    known = workflow_pictures.definition(Machine.INCIDENT)
    assert faults({**known, "StartAt": "Nowhere"})
    states = {**known["States"], "Wait": {"Type": "Wait", "TimestampPath": "$.until"}}
    assert faults({**known, "States": states}), "a state that leads nowhere"


@MACHINES
def test_every_state_can_be_reached_and_every_way_leads_somewhere(machine: Machine) -> None:
    known = workflow_pictures.definition(machine)
    states, reached, new = known["States"], set[str](), {known["StartAt"]}
    while new:
        reached |= new
        new = {end for name in new for end in ends(states[name])} - reached
    assert reached == set(states)


def ends(state: dict[str, Any]) -> Iterator[str]:
    """Where a state leads."""
    yield from (state[name] for name in ("Next", "Default") if name in state)
    yield from (one["Next"] for one in state.get("Choices", []))


@MACHINES
def test_a_definition_knows_every_stage_that_has_a_deed_and_no_other(machine: Machine) -> None:
    """A row at a stage that its definition does not know would wait for a person, with somebody's deadline."""
    stages = list(workflow_pictures.deeds(machine))
    assert stages, "a machine without deeds"
    assert set(workflow_pictures.tasks(machine)) == set(stages)
    assert set(standing.STAGES[machine]) == set(stages), "staff are told in words what is done at each"
    choices = workflow_pictures.definition(machine)["States"]["Which"]["Choices"]
    assert {one["Variable"] for one in choices} == {"$.stage"}
    leads = {one["StringEquals"]: one["Next"] for one in choices}
    tasks = {stage: task["name"] for stage, task in workflow_pictures.tasks(machine).items()}
    assert leads == {**tasks, WAIT: "Wait", OVER: "Over"}


@MACHINES
def test_every_stage_leads_on_and_some_end(machine: Machine) -> None:
    ways = workflow_pictures.ways(machine)
    assert {way.start for way in ways} == set(workflow_pictures.deeds(machine))
    assert OVER in {way.end for way in ways}
    come_to = {way.end for way in ways if way.end != way.start} | workflow_pictures.entries(machine)
    assert set(workflow_pictures.deeds(machine)) <= come_to, "a stage that nothing leads to"


@MACHINES
def test_every_step_is_tried_again_and_asks_the_row_what_is_next(machine: Machine) -> None:
    states = workflow_pictures.definition(machine)["States"]
    steps = {name: state for name, state in states.items() if state["Type"] == "Task"}
    for name, state in steps.items():
        assert state["Resource"] == "${Function}", name
        assert state["Next"] == "Which", name
        assert state["Comment"], name
        assert not state.keys() & {"Catch", "End"}, f"{name} hides a failure from the alarm"
        soon, later = state["Retry"]
        assert set(soon["ErrorEquals"]) == TRANSIENT, name
        assert soon["MaxAttempts"] >= 10, name
        assert later["ErrorEquals"] == ["States.ALL"], name
        assert all(one["JitterStrategy"] == "FULL" and one["BackoffRate"] > 1 for one in (soon, later))
    assert steps["Look"]["Parameters"]["stage"] == WAIT, "a look does nothing"
    assert states["Wait"] == {**states["Wait"], "TimestampPath": "$.until", "Next": "Look"}


@MACHINES
def test_ids_are_all_that_travels_through_an_execution(machine: Machine) -> None:
    """Its history can be read for 90 days by whoever may read executions."""
    for name, state in workflow_pictures.definition(machine)["States"].items():
        if state["Type"] == "Task":
            assert state["Parameters"].keys() == {"id.$", "run.$", "stage"}, name
            assert (state["Parameters"]["id.$"], state["Parameters"]["run.$"]) == ("$.id", "$.run"), name
        assert not state.keys() & {"ResultPath", "InputPath", "OutputPath", "Assign", "Output"}, name


def codes() -> set[str]:
    """The codes that our code gives workflows as the reason why they wait or go on."""
    found: set[str] = set()
    for path in sorted((ROOT / "chalicelib/services").rglob("*.py")):
        text = path.read_text("utf-8")
        if "engine.begin(" not in text and "engine.move(" not in text:
            continue
        for node in ast.walk(Module(path).tree):
            if isinstance(node, ast.keyword) and node.arg == "why" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
    return found - {""}


def test_staff_are_told_in_words_why_something_waits() -> None:
    assert codes() <= standing.REASONS.keys()


@MACHINES
def test_the_picture_is_current(machine: Machine) -> None:
    drawn = (workflow_pictures.PICTURES / f"{machine.value}.svg").read_text()
    assert drawn == workflow_pictures.picture(machine), "python -m tools.workflow_pictures"

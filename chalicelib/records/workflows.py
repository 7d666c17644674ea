"""Workflows: where each one stands, and what it waits for. Ids, stages and times; nothing about anybody.

What a workflow is about lies in a record of its own (a cancellation, an incident, the end of a product).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


class Machine(StrEnum):
    """Which definition carries a workflow (infra/statemachines)."""

    CANCELLATION = "cancellation"
    INCIDENT = "incident"
    DISCONTINUATION = "discontinuation"


OVER: Final = "over"
"""The stage of a workflow with nothing left to do, in every machine."""
WAIT: Final = "wait"
"""What a definition is told while ``until`` has not come; no workflow stands there."""


@record(
    kind="workflow",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class Workflow:
    """One workflow under way, or over. The row decides, not the execution: a wait that wakes reads it, and an
    execution of an earlier run ends when it does.
    """

    workflow_id: str = opaque()
    machine: Machine = opaque()
    about: str = opaque(why="id of the company, the incident or the end it is about")
    stage: str = opaque(why="what is to be done next")
    why: str = opaque(why="a code of ours: what it waits for, or why it goes on", default="")
    until: int | None = opaque(why="not to go on before that; None: at once", default=None)
    due_at: int = opaque(why="when the sweep starts another run, should nothing have moved it")
    run: int = opaque(why="how often an execution was started for it", default=1)
    started_at: int = opaque()
    ended_at: int | None = opaque(default=None)

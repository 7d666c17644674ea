"""What runs, where it waits, until when and why."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.api.endpoint import Call, page, route
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.personnel import Right
from chalicelib.services.workflows import standing
from chalicelib.services.workflows.standing import Standing

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/staff/workflows",
    summary="Workflows under way, the most overdue first",
    paged=True,
    staff=Right.WORKFLOWS,
    clauses=("cancellation", "incidents"),
    answer="WorkflowPage",
)
def list_workflows(call: Call) -> dict[str, Any]:
    """Ids, codes and times. One that has just moved may be told of as it stood a moment before."""
    found = standing.under_way(call.limit + 1, _after(call.cursor))
    return page(
        call, found, lambda one: f"{one[0]}.{one[1].workflow.workflow_id}", lambda one: _shown(one[1])
    )


@route(
    bp,
    "GET",
    "/v1/staff/workflows/{workflow_id}",
    summary="One workflow, also when it is over",
    staff=Right.WORKFLOWS,
    clauses=("cancellation", "incidents"),
    answer="Workflow",
)
def read_workflow(call: Call) -> dict[str, Any]:
    """As the list tells it. What it is about has a route of its own for whoever may read that."""
    return _shown(standing.of(call.path["workflow_id"]))


def _after(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    due_at, _, workflow_id = cursor.partition(".")
    if not (due_at.isascii() and due_at.isdecimal() and len(due_at) < 13 and ids.is_id(workflow_id, "wf")):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return int(due_at), workflow_id


def _shown(found: Standing) -> dict[str, Any]:
    one = found.workflow
    return {
        "id": one.workflow_id,
        "machine": one.machine.value,
        "about_id": one.about,
        "stage": one.stage,
        "doing": found.doing,
        "waits": found.waits,
        "until": clock.rfc3339(one.until),
        "why": one.why or None,
        "reason": found.reason,
        "overdue": found.overdue,
        "taken_up_at": None if one.ended_at is not None else clock.rfc3339(one.due_at),
        "run": one.run,
        "started_at": clock.rfc3339(one.started_at),
        "ended_at": clock.rfc3339(one.ended_at),
    }

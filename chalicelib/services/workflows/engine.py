"""What all workflows have in common: beginning, moving on, waiting, and being found when nothing moves.

A workflow is a row. Its state machine asks ``step`` what to do, is told the stage, and calls ``step`` again
with that; the deed of a stage ends with ``move``. A wait is a hint: whoever wakes reads the row. An execution
that died, or whose start was lost, leaves a row that is overdue, and the sweep starts another run, which
goes on where the row stands. So every deed may be done twice, at once or after days, and must end the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import machines
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.kernel.step import Answer
from chalicelib.records.workflows import OVER, WAIT, Machine, Workflow

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

LEASE_SECONDS: Final = 900
"""A workflow that nobody has moved on for so long after it could have been is started anew by the sweep."""
LONGEST_WAIT: Final = 30 * 86_400
"""A wait in one piece, seconds; Step Functions would take a year. Whoever wakes waits again."""
LONGEST_RUN: Final = 300 * 86_400
"""A run that waits longer is replaced by the sweep, seconds: an execution lives for a year at most, and a row
that nobody has touched for 24 months goes.
"""
WAKE_TRIES: Final = 4
"""A row that moves while somebody wakes its workflow is read again so often."""

Deeds = Mapping[str, Callable[["Stored[Workflow]"], None]]
"""What to do at each stage of one machine. A deed ends with ``move``; one that returns without it is done
again (a piece of longer work).
"""


def begin(
    transaction: Transaction,
    machine: Machine,
    about: str,
    stage: str,
    *,
    until: int | None = None,
    why: str = "",
) -> Workflow:
    """Let a transaction of the caller's begin a workflow (2 write units, 2 more for the index). ``start`` it
    once the transaction is through; if that is lost, the sweep does.
    """
    now = clock.now()
    made = Workflow(
        workflow_id=ids.new("wf"),
        machine=machine,
        about=about,
        stage=stage,
        why=why,
        until=until,
        due_at=_due_at(now, until),
        started_at=now,
    )
    transaction.put_new(store.workflows.WORKFLOWS, made)
    return made


def start(workflow: Workflow) -> None:
    """Start the execution of a workflow's present run. Repeatable, and harmless for one that is over."""
    machines.start(workflow.machine, workflow.workflow_id, workflow.run)


def find(workflow_id: str) -> Stored[Workflow]:
    """A workflow as it stands; one read unit. Raises NotFoundError."""
    known = store.workflows.WORKFLOWS.get(workflow_id=workflow_id)
    if known is None:
        raise NotFoundError
    return known


def step(event: Mapping[str, Any], deeds: Deeds) -> Answer:
    """Do what a definition asks for, if the workflow still stands there, and say what is next. ``event`` is
    ``{id, run, stage}``; the stage ``wait`` only looks.

    Raises:
        NotFoundError, ConflictError, UnavailableError and whatever a deed raises: nothing has moved.
    """
    known = find(str(event["id"]))
    if known.value.run == int(event["run"]) and known.value.stage == event["stage"] != OVER:
        waits = known.value.until is not None and clock.now() < known.value.until
        if not waits:
            deeds[known.value.stage](known)
            known = _keep_lease(known)
    return _answer(known.value, int(event["run"]))


def move(
    known: Stored[Workflow],
    stage: str,
    *,
    until: int | None = None,
    why: str = "",
    transaction: Transaction | None = None,
) -> None:
    """Let a workflow stand at ``stage``, to go on from ``until`` (None: at once); in a transaction of the
    caller's where the deed and the move must not come apart.

    Raises:
        ConflictError: it has moved meanwhile; look again.
    """
    now = clock.now()
    ended = now if stage == OVER else None
    made = replace(known.value, stage=stage, why=why, until=until, due_at=_due_at(now, until), ended_at=ended)
    if transaction is not None:
        transaction.replace(store.workflows.WORKFLOWS, known, made, used_again=True)
        return
    store.workflows.WORKFLOWS.replace(known, made, op=store.table.new_op(), used_again=True)


def wake(workflow_id: str) -> None:
    """Have another run go by the row at once, because its ``until`` has changed. The execution that waits is
    of an earlier run then, and ends when it wakes.

    Change ``until`` first: ``move`` to the same stage in the transaction of what changed (an ``until`` that
    has not come is waited for by the new run as well). Then nothing is lost with this call, and it fails
    open: the sweep finds the row a quarter of an hour after its new ``until``.

    Raises:
        NotFoundError: there is no such workflow.
    """
    for _ in range(WAKE_TRIES):
        try:
            known = find(workflow_id)
            if known.value.stage != OVER:
                _run_again(known)
        except ConflictError:
            continue  # it moved this moment, perhaps by what was true before
        except UnavailableError as error:
            telemetry.event("wake_lost", error=error, workflow_id=workflow_id)
            return
        else:
            return
    telemetry.event("wake_lost", workflow_id=workflow_id)


def take_up(workflow_id: str) -> None:
    """Start another run of a workflow that is overdue; nothing for one that has moved on, or whose row is
    gone. For the sweep, which goes by an index that is read a moment late.
    """
    known = store.workflows.WORKFLOWS.get(workflow_id=workflow_id)
    if known is None or known.value.stage == OVER or clock.now() < known.value.due_at:
        return
    try:
        _run_again(known)
    except ConflictError:
        return  # it moves


def _run_again(known: Stored[Workflow]) -> None:
    made = replace(known.value, run=known.value.run + 1, due_at=_due_at(clock.now(), known.value.until))
    store.workflows.WORKFLOWS.replace(known, made, op=store.table.new_op(), used_again=True)
    start(made)


def _keep_lease(before: Stored[Workflow]) -> Stored[Workflow]:
    """The row after a deed. One that came back without moving is a piece of longer work: it is alive, so that
    nobody need take it up (1 write unit every seven minutes or so, 1 more for the index).
    """
    known = find(before.value.workflow_id)
    now = clock.now()
    if known.version == before.version and known.value.due_at < now + LEASE_SECONDS // 2:
        made = replace(known.value, due_at=_due_at(now, known.value.until))
        try:
            return store.workflows.WORKFLOWS.replace(known, made, op=store.table.new_op(), used_again=True)
        except ConflictError:
            return find(known.value.workflow_id)
    return known


def _answer(one: Workflow, run: int) -> Answer:
    now = clock.now()
    answer: Answer = {"id": one.workflow_id, "run": run, "stage": one.stage, "until": ""}
    if one.run != run:
        return {**answer, "stage": OVER}  # another execution carries it now
    if one.stage != OVER and one.until is not None and now < one.until:
        wakes = clock.rfc3339(min(one.until, now + LONGEST_WAIT)) or ""
        return {**answer, "stage": WAIT, "until": wakes}
    return answer


def _due_at(now: int, until: int | None) -> int:
    return min(max(now, until or 0), now + LONGEST_RUN) + LEASE_SECONDS

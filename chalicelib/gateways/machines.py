"""Starting state machines. Inputs and names are our ids only: a history of either is kept for 90 days."""

from __future__ import annotations

import json

from chalicelib.kernel import aws, settings, telemetry

_THERE_ALREADY = "ExecutionAlreadyExists"


def start(machine: str, workflow_id: str, run: int) -> bool:
    """Start an execution for one run of a workflow; False when nobody knows that it did. Starting the same
    run twice starts it once: its name is used up for 90 days. Fails open: the workflow's row is the truth,
    and the sweep finds it.
    """
    said = json.dumps({"id": workflow_id, "run": run}, separators=(",", ":"))
    try:
        aws.client("stepfunctions").start_execution(
            stateMachineArn=settings.machine_arn(machine), name=f"{workflow_id}-{run}", input=said
        )
    except Exception as error:
        if getattr(error, "response", {}).get("Error", {}).get("Code") == _THERE_ALREADY:
            return True
        telemetry.event("start_lost", error=error, workflow_id=workflow_id)
        return False
    return True

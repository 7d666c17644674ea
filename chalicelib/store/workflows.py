"""Where workflows stand, with the operator: `accounts`. Those under way are one query of the index `due`."""

from __future__ import annotations

from typing import Final

from chalicelib.kernel import ids
from chalicelib.records.workflows import OVER, Workflow
from chalicelib.store.table import Due, Rows

WORKFLOWS_DUE: Final = "workflows"
"""The index partition of every workflow that is not over."""

WORKFLOWS = Rows(
    Workflow,
    pk="workflow#{workflow_id}",
    sk="workflow",
    owner=ids.OPERATOR,
    due=lambda one: None if one.stage == OVER else Due(WORKFLOWS_DUE, one.due_at),
)

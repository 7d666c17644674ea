"""Where workflows stand, with the operator: `accounts`. Those under way are one query of the index `due`."""

from __future__ import annotations

from typing import Any, Final

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import ids
from chalicelib.kernel.errors import UnavailableError
from chalicelib.records.workflows import OVER, Workflow
from chalicelib.store.items import AccountsRow
from chalicelib.store.table import Due, Rows, get_together

WORKFLOWS_DUE: Final = "workflows"
"""The index partition of every workflow that is not over."""

WORKFLOWS = Rows(
    Workflow,
    pk="workflow#{workflow_id}",
    sk="workflow",
    owner=ids.OPERATOR,
    due=lambda one: None if one.stage == OVER else Due(WORKFLOWS_DUE, one.due_at),
)


def under_way(limit: int, after: tuple[int, str] | None) -> list[tuple[int, Workflow]]:
    """Workflows that are not over, who should have been moved first comes first: when the sweep takes each
    up, as the index says, and the row, which may be newer. Goes on after that time and id. One query, read a
    moment late, and one batch of rows for each hundred.

    Raises:
        UnavailableError: DynamoDB could not say.
    """
    start = None
    if after is not None:
        pk, sk = WORKFLOWS.place(workflow_id=after[1])
        place = {"pk": pk, "sk": sk, "due_pk": WORKFLOWS_DUE}
        start = {**{name: {"S": text} for name, text in place.items()}, "due_at": {"N": str(after[0])}}
    try:
        rows: list[Any] = list(AccountsRow.due.query(WORKFLOWS_DUE, limit=limit, last_evaluated_key=start))
    except PynamoDBException as error:
        raise UnavailableError from error
    if not rows:
        return []
    found = get_together(*((WORKFLOWS, WORKFLOWS.key_of(row)) for row in rows))
    return [(int(row.due_at), one.value) for row, one in zip(rows, found, strict=True) if one is not None]

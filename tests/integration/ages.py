"""Time that has passed for single rows, as the functions' clock cannot pass for them alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from infra.local import LocalStack
from tests.integration.client import eventually
from tests.integration.letters import batch_of, drained, failed, rows, sample

Row = dict[str, Any]


def under(stack: LocalStack, table: str, pk: str, *prefixes: str) -> list[Row]:
    """A company's rows under some beginnings of the sort key, as stored; all without any."""
    return [row for row in rows(stack, table, pk) if row["sk"]["S"].startswith(prefixes or "")]


def one(stack: LocalStack, table: str, pk: str, sk: str) -> Row | None:
    """A row as stored."""
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    answer = stack.client("dynamodb").get_item(TableName=f"okki-leads-{table}", Key=key, ConsistentRead=True)
    found: Row | None = answer.get("Item")
    return found


def end(stack: LocalStack, table: str, row: Row, at: float) -> None:
    """Let a row's time be over at this moment, as if it had been written so much earlier: the date by which
    readers go, the one by which DynamoDB deletes (unless a hold took it away), and the sweeper's.
    """
    changes = ["expires_at = :at"]
    names = {}
    if "ttl" in row or "expires_at" not in row:
        changes.append("#t = :at")
        names["#t"] = "ttl"
    if row.get("due_pk", {}).get("S", "").startswith("expiry#"):
        changes.append("due_at = :at")
    stack.client("dynamodb").update_item(
        TableName=f"okki-leads-{table}",
        Key={"pk": row["pk"], "sk": row["sk"]},
        UpdateExpression=f"SET {', '.join(changes)}",
        ExpressionAttributeValues={":at": {"N": str(int(at))}},
        **({"ExpressionAttributeNames": names} if names else {}),
    )


LITTLE = 300


def over(stack: LocalStack, table: str, *ended: Row) -> None:
    """Let the time of rows be over for the functions, and for nobody else: the local AWS deletes by a clock of
    its own, every minute.
    """
    for row in ended:
        end(stack, table, row, stack.now() + LITTLE)
    stack.advance(LITTLE + 1)


def number(row: Row | None, name: str) -> int | None:
    """A number of a row's envelope."""
    return None if row is None or name not in row else int(row[name]["N"])


def facts(row: Row) -> dict[str, Any]:
    """What of a record lies in clear."""
    found: dict[str, Any] = TypeDeserializer().deserialize(row["facts"])
    return found


def proofs(stack: LocalStack, company: str, kind: str) -> list[dict[str, Any]]:
    """Entries of one kind in a company's chain, in their order."""
    found = [row for row in under(stack, "ledger", company) if row.get("kind", {}).get("S") == kind]
    return [facts(row) for row in sorted(found, key=lambda row: int(row["seq"]["N"]))]


def sweep(stack: LocalStack) -> None:
    """What the schedule does, and all that follows from it."""
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "tasks")


def swept_until(stack: LocalStack, look: Callable[[], bool]) -> None:
    """Sweep until something is so, as the schedule does: what failed five times on a busy machine is found by
    the next sweep.
    """

    def there() -> bool:
        sweep(stack)
        return look()

    eventually(there)


def task(stack: LocalStack, **body: str) -> list[int]:
    """Hand one piece of longer work to the worker."""
    return failed(stack.invoke("RunTasks", batch_of("tasks", json.dumps(body))))

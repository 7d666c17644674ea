"""Deleting and writing many rows at once: BatchWriteItem, 25 rows a call.

PynamoDB's own batches give up on what DynamoDB leaves over and commit what a failed block left behind. Here
what is left over travels with the next rows, after a pause, until nothing is left or it is said that
something is. A batch has no conditions, so only rows are deleted this way whose keys nobody will ever use
again. What is written lies under keys nobody else can know yet; or, for loads of prospects, under keys that
others know and write as well: the last one stays, and the caller looks once more at what must not be there.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.kernel import aws, telemetry
from chalicelib.kernel.errors import UnavailableError
from chalicelib.store.failures import backoff

if TYPE_CHECKING:
    from chalicelib.store.items import Row

Key = tuple[str, str]
"""Partition and sort key of a row."""

ROWS: Final = 25
"""In one BatchWriteItem; DynamoDB takes no more."""
TRIES: Final = 8
"""Calls in a row that leave something over before it counts as out of order; about five seconds."""


def delete(table: str, keys: Iterable[Key]) -> int:
    """Delete rows whatever is in them; those that are gone already are fine. Returns how many were asked for.

    One call for each 25, and one more wherever DynamoDB leaves something over. Repeatable.

    Raises:
        UnavailableError: DynamoDB would not take them all; what is gone stays gone.
    """
    return delete_across((table, pk, sk) for pk, sk in keys)


def delete_across(places: Iterable[tuple[str, str, str]]) -> int:
    """As ``delete``, of several tables in the same calls: table, partition and sort key of each row, in the
    order in which they go.
    """
    return _all([(table, _deletion(pk, sk)) for table, pk, sk in dict.fromkeys(places)])


def put(table: str, rows: Iterable[Row]) -> int:
    """Write rows over whatever lies under their keys, each key once; returns how many. As `delete`.

    Raises:
        UnavailableError: DynamoDB would not take them all; what is written stays written.
    """
    return _all([(table, {"PutRequest": {"Item": row.serialize()}}) for row in rows])


def _deletion(pk: str, sk: str) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}}


def _all(wanted: Sequence[tuple[str, dict[str, Any]]]) -> int:
    waiting, refused = deque(wanted), 0
    while waiting:
        taken = [waiting.popleft() for _ in range(min(ROWS, len(waiting)))]
        left = _write(taken)
        waiting.extend(left)
        refused = refused + 1 if left else 0
        if refused == TRIES:
            telemetry.event("rows_left_over", count=len(waiting))
            raise UnavailableError
        if left:
            backoff(refused)
    return len(wanted)


def call(operation: str, **request: Any) -> Any:
    """One call of DynamoDB's plain client, for what PynamoDB does not do well. Raises UnavailableError."""
    try:
        return getattr(aws.client("dynamodb"), operation)(**request)
    except (BotoCoreError, ClientError) as error:
        telemetry.event("store_error", error=error)
        raise UnavailableError from None


def _write(wanted: Sequence[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """One BatchWriteItem; what DynamoDB had no time for."""
    of_table: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for table, request in wanted:
        of_table[table].append(request)
    answer = call("batch_write_item", RequestItems=dict(of_table))
    return [
        (table, request)
        for table, requests in answer.get("UnprocessedItems", {}).items()
        for request in requests
    ]

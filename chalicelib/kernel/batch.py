"""The guard around every handler of queues and streams: telemetry, error policy, partial failures.

It travels with the function because Lambda imports a worker's module without ``app.py`` (Chalice's app
middleware never runs there). A record that fails goes back to its queue alone; after five receives SQS moves
it to the dead-letter queue. Nothing of its content is logged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from chalicelib.kernel import telemetry
from chalicelib.kernel.errors import RetryLaterError


@dataclass(frozen=True, slots=True)
class Entry:
    """One queue message: its id (for the batch answer) and its body as text."""

    id: str
    body: str

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            ValueError: it is not one; the record will end in the dead-letter queue.
        """
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value


@dataclass(frozen=True, slots=True)
class Change:
    """One record of a table's stream: which row changed. Our streams carry keys, never what was in a row.

    ``id`` is DynamoDB's own, the same at every delivery; ``table`` the table's name; ``at`` epoch seconds, by
    DynamoDB's clock. ``by_expiry``: DynamoDB itself deleted the row because its `ttl` was over.
    """

    id: str
    table: str
    pk: str
    sk: str
    at: int
    by_expiry: bool


Answer = dict[str, list[dict[str, str]]]


def each(handle: Callable[[Entry], None]) -> Callable[[Any], Answer]:
    """Decorate a handler of single records, under Chalice's own decorator."""

    def run(entries: Sequence[Entry]) -> list[str]:
        failed = []
        for entry in entries:
            try:
                handle(entry)
            except Exception as error:
                _tell(handle.__name__, error)
                failed.append(entry.id)
        return failed

    return _guard(handle.__name__, run, handle)


def together(handle: Callable[[Sequence[Entry]], Sequence[str]]) -> Callable[[Any], Answer]:
    """Decorate a handler of whole batches; it returns the ids that failed, raising fails all of them."""

    def run(entries: Sequence[Entry]) -> Sequence[str]:
        try:
            return handle(entries)
        except Exception as error:
            _tell(handle.__name__, error)
            return [entry.id for entry in entries]

    return _guard(handle.__name__, run, handle)


def changes(handle: Callable[[Sequence[Change]], Sequence[str]]) -> Callable[[Any], Answer]:
    """Decorate a handler of stream records, under Chalice's own decorator; it returns the ids that failed,
    raising fails all of them.

    Lambda tries again from the first record that failed, and gives up on all behind it as well. So those are
    handled before it may: every record is tried at every delivery, and handling one twice must do no harm.
    """

    def run(records: Sequence[dict[str, Any]]) -> list[str]:
        read: list[Change] = []
        unread = set()
        for record in records:
            try:
                read.append(_change(record))
            except Exception as error:
                _tell(handle.__name__, error)
                unread.add(record["dynamodb"]["SequenceNumber"])
        try:
            failed = set(handle(read))
        except Exception as error:
            _tell(handle.__name__, error)
            failed = {change.id for change in read}
        return [
            number
            for record in records
            if (number := record["dynamodb"]["SequenceNumber"]) in unread or record["eventID"] in failed
        ]

    return _guarded(handle.__name__, run, handle)


def _change(record: dict[str, Any]) -> Change:
    """A stream record, as AWS writes it (DynamoDB Streams API, ``Record``)."""
    told, actor = record["dynamodb"], record.get("userIdentity") or {}
    expired = actor.get("type") == "Service" and actor.get("principalId") == "dynamodb.amazonaws.com"
    return Change(
        id=record["eventID"],
        table=record["eventSourceARN"].split("/")[1],
        pk=told["Keys"]["pk"]["S"],
        sk=told["Keys"]["sk"]["S"],
        at=int(told["ApproximateCreationDateTime"]),
        by_expiry=expired and record["eventName"] == "REMOVE",
    )


def _guard(
    name: str, run: Callable[[Sequence[Entry]], Sequence[str]], wrapped: Callable[..., Any]
) -> Callable[[Any], Answer]:
    def on_messages(records: Sequence[dict[str, Any]]) -> Sequence[str]:
        return run([Entry(record["messageId"], record["body"]) for record in records])

    return _guarded(name, on_messages, wrapped)


def _guarded(
    name: str, run: Callable[[Sequence[dict[str, Any]]], Sequence[str]], wrapped: Callable[..., Any]
) -> Callable[[Any], Answer]:
    @wraps(wrapped)
    def guarded(event: Any) -> Answer:
        telemetry.begin(event.context.aws_request_id)
        records = event.to_dict()["Records"]
        failed = run(records)
        if failed:
            telemetry.event(f"{name}_failed", failed=len(failed), of=len(records))
        return {"batchItemFailures": [{"itemIdentifier": record_id} for record_id in failed]}

    guarded.guarded = True  # type: ignore[attr-defined]  # a structure test looks for it
    return guarded


def _tell(name: str, error: Exception) -> None:
    # Waiting for something is ordinary; only surprises are errors that wake somebody.
    if not isinstance(error, RetryLaterError):
        telemetry.event(f"{name}_error", error=error)

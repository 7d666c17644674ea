"""The guard around every queue handler: telemetry, error policy, partial failures.

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


def _guard(
    name: str, run: Callable[[Sequence[Entry]], Sequence[str]], wrapped: Callable[..., Any]
) -> Callable[[Any], Answer]:
    @wraps(wrapped)
    def guarded(event: Any) -> Answer:
        telemetry.begin(event.context.aws_request_id)
        entries = [Entry(r["messageId"], r["body"]) for r in event.to_dict()["Records"]]
        failed = run(entries)
        if failed:
            telemetry.event(f"{name}_failed", failed=len(failed), of=len(entries))
        return {"batchItemFailures": [{"itemIdentifier": entry_id} for entry_id in failed]}

    guarded.guarded = True  # type: ignore[attr-defined]  # a structure test looks for it
    return guarded


def _tell(name: str, error: Exception) -> None:
    # Waiting for something is ordinary; only surprises are errors that wake somebody.
    if not isinstance(error, RetryLaterError):
        telemetry.event(f"{name}_error", error=error)

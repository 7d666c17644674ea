"""Why DynamoDB said no, as far as it said anything, and when to ask again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError

CONFLICT_TRIES: Final = 5


def code_of(error: PynamoDBException) -> str | None:
    """DynamoDB's error code; None when there was no answer at all.

    Instead of PynamoDB's `cause_response_code`, which raises AttributeError (6.1.0) after a lost connection:
    botocore's connection errors carry a `response` that is None.
    """
    response = getattr(error.cause, "response", None)
    if not isinstance(response, dict):
        return None
    code = response.get("Error", {}).get("Code")
    return None if code is None else str(code)


def refused(error: PynamoDBException) -> bool:
    """True when the condition of a write did not hold."""
    return code_of(error) == "ConditionalCheckFailedException"


def translate(error: PynamoDBException) -> Exception:
    """What the layers above see of a failed call. Fails closed: an unclear answer is not a yes."""
    if refused(error):
        return ConflictError("changed")
    telemetry.event("store_error", error=error)
    return UnavailableError()


def call(act: Callable[[], Any]) -> Any:
    """Run one DynamoDB call; wait out transactions that hold the row (the SDK does not)."""
    for attempt in range(CONFLICT_TRIES - 1):
        try:
            return act()
        except PynamoDBException as error:
            if code_of(error) != "TransactionConflictException":
                raise
            backoff(attempt)
    return act()


def backoff(attempt: int) -> None:
    """Sleep before try ``attempt + 1``: 20 ms doubling, with full jitter."""
    clock.sleep(0.02 * 2**attempt * secrets.randbelow(1000) / 1000)

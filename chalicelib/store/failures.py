"""Why DynamoDB said no, as far as it said anything."""

from __future__ import annotations

from pynamodb.exceptions import PynamoDBException


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

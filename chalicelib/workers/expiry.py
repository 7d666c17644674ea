"""Streams of the tables `accounts` and `workspace`: what DynamoDB deleted because its time was over becomes evidence.
Ends in ``services.rights.expiry``.

The streams carry keys alone, and the event source lets through DynamoDB's own deletions only; both are asked again
here, as a record that claimed too much would be false evidence.
"""

from __future__ import annotations

from importlib import import_module

from chalice import Blueprint

from chalicelib.kernel import batch

bp = Blueprint(__name__)


# The template names the two streams: their addresses hold the time they were made at.
@bp.on_dynamodb_record(stream_arn="AccountsTable", starting_position="TRIM_HORIZON")
@batch.each_change
def record_expiry(change: batch.Change) -> None:
    """Put one deletion on record; a change that is none is passed over."""
    if change.by_expiry:
        import_module("chalicelib.services.rights.expiry").record(change)

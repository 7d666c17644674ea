"""Streams of the tables `accounts` and `workspace`: what DynamoDB deleted because its time was over becomes
evidence. Ends in ``services.keeping.expiry``.

The streams carry keys alone, and the event source lets through DynamoDB's own deletions only; that is asked
again here, as a record of a deletion that somebody else made would be false evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalice import Blueprint

from chalicelib.kernel import batch
from chalicelib.services.keeping import expiry

bp = Blueprint(__name__)


# The template names the two streams: their addresses hold the time they were made at.
@bp.on_dynamodb_record(stream_arn="AccountsTable", starting_position="TRIM_HORIZON")
@batch.changes
def record_expiry(changes: Sequence[batch.Change]) -> Sequence[str]:
    """Put deletions on record; a change that is none is passed over. The ids of those that could not be."""
    return expiry.record(changes)

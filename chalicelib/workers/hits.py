"""Queue `hits`: loads of the pixel and clicks, sealed by the edge. Ends in ``services.mail.tracking``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from chalice import Blueprint

from chalicelib.gateways import secrets
from chalicelib.kernel import batch, settings, tokens
from chalicelib.services.mail import tracking

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings.QUEUE_HITS, batch_size=100, maximum_batching_window_in_seconds=2)
@batch.together
def record_hits(entries: Sequence[batch.Entry]) -> list[str]:
    """Open the envelopes and record what may be recorded; what fails goes back to the queue."""
    keys = secrets.tracking_keys()
    hits: list[tracking.Hit] = []
    by_hit: dict[str, list[str]] = {}
    failed = []
    for entry in entries:
        try:
            hit = tracking.Hit(**json.loads(tokens.open_hit(keys, entry.body)))
        except (ValueError, TypeError):
            failed.append(entry.id)  # not from our edge, or of another version: to the dead letters
            continue
        if hit.hit not in by_hit:
            hits.append(hit)
        by_hit.setdefault(hit.hit, []).append(entry.id)
    for again in tracking.record(hits):
        failed += by_hit[again]
    return failed

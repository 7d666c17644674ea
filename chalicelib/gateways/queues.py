"""Sending to our own queues. Bodies carry ids only, so neither a queue nor its dead letters know anybody."""

from __future__ import annotations

import json
from collections.abc import Sequence

from chalicelib.kernel import aws, settings, telemetry

_BATCH = 10  # SQS takes at most ten messages a call
_LONGEST_DELAY = 900


def hint(queue: str, bodies: Sequence[dict[str, str | int]], *, delay: int = 0) -> None:
    """Tell a worker that rows are waiting, at once or in ``delay`` seconds (SQS waits 900 at most). Fails
    open: the rows themselves are the truth, and the sweeper finds those whose hint was lost.
    """
    for start in range(0, len(bodies), _BATCH):
        entries = [
            {
                "Id": str(number),
                "MessageBody": json.dumps(body, separators=(",", ":")),
                "DelaySeconds": min(delay, _LONGEST_DELAY),
            }
            for number, body in enumerate(bodies[start : start + _BATCH])
        ]
        try:
            answer = aws.client("sqs").send_message_batch(QueueUrl=settings.queue_url(queue), Entries=entries)
            lost = len(answer.get("Failed", ()))
        except Exception as error:
            telemetry.event("hint_lost", error=error, count=len(entries))
        else:
            if lost:
                telemetry.event("hint_lost", count=lost)

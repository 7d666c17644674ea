"""Queue `feedback`: SES's events through SNS. Ends in ``services.feedback``.

Only our topic may write to this queue (its policy names the topic's ARN), which is why no signature is
fetched and checked here; the topic inside the envelope is compared all the same.
"""

from __future__ import annotations

import json

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services import feedback

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings.QUEUE_FEEDBACK, batch_size=10)
@batch.each
def mail_feedback(entry: batch.Entry) -> None:
    """Note what became of one mail."""
    envelope = entry.json()
    if envelope["TopicArn"].rpartition(":")[2] != settings.TOPIC_MAIL_EVENTS:
        raise ValueError("not from our topic")
    feedback.take(json.loads(envelope["Message"]))

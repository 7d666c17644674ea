"""Queue `feedback`: SES's events through SNS. Ends in ``services.mail.feedback``.

Only our topic may write to this queue (its policy names the topic's ARN) and this function itself, which is
why no signature is fetched and checked here; the topic inside the envelope is compared all the same. SES
names recipients in clear, so an event that fails is put back sealed before it is tried again. This cannot
cover a function that dies on one event five times, or cannot reach the queue: that event stays in clear.
"""

from __future__ import annotations

import json
import re
from typing import Final

from chalice import Blueprint

from chalicelib.gateways import secrets
from chalicelib.kernel import aws, batch, settings, telemetry, tokens
from chalicelib.kernel.errors import RetryLaterError
from chalicelib.services.mail import feedback

bp = Blueprint(__name__)

_SEALED: Final = re.compile(r"[0-9]+\.[A-Za-z0-9+/]+=*")


@bp.on_sqs_message(queue=settings.QUEUE_FEEDBACK, batch_size=10)
@batch.each
def mail_feedback(entry: batch.Entry) -> None:
    """Note what became of one mail."""
    if _SEALED.fullmatch(entry.body):
        _take(tokens.open_hit(secrets.tracking_keys(), entry.body).decode())
        return
    keys = secrets.tracking_keys()  # first: without them a failure could not be sealed
    try:
        _take(entry.body)
    except Exception as error:
        telemetry.event("mail_feedback_put_back", error=None if isinstance(error, RetryLaterError) else error)
        sealed = tokens.seal_hit(keys, entry.body.encode())
        queue = settings.queue_url(settings.QUEUE_FEEDBACK)
        aws.client("sqs").send_message(QueueUrl=queue, MessageBody=sealed)


def _take(body: str) -> None:
    envelope = json.loads(body)
    if envelope["TopicArn"].rpartition(":")[2] != settings.TOPIC_MAIL_EVENTS:
        raise ValueError("not from our topic")
    feedback.take(json.loads(envelope["Message"]))

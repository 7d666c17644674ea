"""Queue `outbox`: deliveries waiting to be sent. Ends in ``services.mail.sending``."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.mail import sending

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings.QUEUE_OUTBOX, batch_size=5)
@batch.each
def send_messages(entry: batch.Entry) -> None:
    """Bring one delivery a step on; the row says which step."""
    body = entry.json()
    sending.deliver(body["company"], body["message"], int(body["number"]))

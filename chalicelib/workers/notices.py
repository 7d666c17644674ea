"""Queue `notices`: account mail waiting to be sent. Ends in ``services.notifications.notices``."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.notifications import notices

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings.QUEUE_NOTICES, batch_size=5)
@batch.each
def send_notices(entry: batch.Entry) -> None:
    """Send one account mail."""
    notices.send(entry.json()["notice"])

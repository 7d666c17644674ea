"""Queue `mass`: notices to many people, a piece at a time. Ends in ``services.notifications.mass``."""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.notifications import mass

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings.QUEUE_MASS, batch_size=1)
@batch.each
def tell_people(entry: batch.Entry) -> None:
    """Tell the next people of one notice."""
    mass.go_on(entry.json()["mass"])

"""Queue `billing`: orders, put on the bus by billing. Ends in ``services.companies.subscription``.

Only our rule may write to this queue (its policy names the rule's ARN), but whoever in the account may put
events can name billing as the source; the signature inside decides, not the way an order came.
"""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.companies import subscription

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings.QUEUE_BILLING, batch_size=10)
@batch.each
def take_orders(entry: batch.Entry) -> None:
    """Take one order: the `detail` of its event."""
    subscription.take(entry.json()["detail"])

"""Queue `mass`: notices to many people, a piece at a time. Ends in ``services.notifications``.

A body names a notice, or a version of the policy whose announcement has yet to begin.
"""

from __future__ import annotations

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.notifications import announcements, mass

bp = Blueprint(__name__)


@bp.on_sqs_message(queue=settings.QUEUE_MASS, batch_size=1)
@batch.each
def tell_people(entry: batch.Entry) -> None:
    """Tell the next people of one notice."""
    task = entry.json()
    if "announce" in task:
        announcements.begin(task["announce"])
    else:
        mass.go_on(task["mass"])

"""Queue `ai`: one job for the model at a time. Holds our ids only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.ai import running

bp = Blueprint(__name__)

_WORK: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "job": lambda task: running.run(task["company"], task["user"], task["job"]),
}


@bp.on_sqs_message(queue=settings.QUEUE_AI, batch_size=1)
@batch.each
def run_ai(entry: batch.Entry) -> None:
    """Do one piece of work. A task nobody knows fails, and ends with the dead letters, for a person."""
    task = entry.json()
    _WORK[task["task"]](task)

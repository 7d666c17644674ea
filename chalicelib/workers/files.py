"""Queue `files`: lists that come in or go out, a piece at a time. Ends in the service that the task names.

A piece that has more to do puts the next one in this queue; one that is delivered twice does its work twice,
to the same end. Holds our ids only. Apart from `tasks`, so that no list makes an erasure wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chalice import Blueprint

from chalicelib.kernel import batch, settings

bp = Blueprint(__name__)

_WORK: Final[dict[str, Callable[[dict[str, Any]], None]]] = {}


@bp.on_sqs_message(queue=settings.QUEUE_FILES, batch_size=1)
@batch.each
def run_files(entry: batch.Entry) -> None:
    """Do one piece of work. A task nobody knows fails, and ends with the dead letters, for a person."""
    task = entry.json()
    _WORK[task["task"]](task)

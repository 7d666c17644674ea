"""Queue `files`: lists that come in or go out, a piece at a time. Ends in the service that the task names.

A piece that has more to do puts the next one in this queue; one that is delivered twice does its work twice,
to the same end. Holds our ids only. Apart from `tasks`, so that no list makes an erasure wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.contacts import export_work, import_undoing
from chalicelib.services.prospects import loading

bp = Blueprint(__name__)


def _export(task: dict[str, Any]) -> None:
    export_work.go_on(task["company"], task["export"])


def _import(task: dict[str, Any]) -> None:
    import_undoing.go_on(task["company"], task["import"])


def _load(task: dict[str, Any]) -> None:
    loading.go_on(task["load"])


_WORK: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "export": _export,
    "import": _import,
    "load": _load,
}


@bp.on_sqs_message(queue=settings.QUEUE_FILES, batch_size=1)
@batch.each
def run_files(entry: batch.Entry) -> None:
    """Do one piece of work. A task nobody knows fails, and ends with the dead letters, for a person."""
    task = entry.json()
    _WORK[task["task"]](task)

"""Queue `tasks`: longer work, a piece at a time. Ends in the service that the task names.

A piece that has more to do puts the next one in this queue; one that is delivered twice does its work twice,
to the same end. Holds our ids only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chalice import Blueprint

from chalicelib.kernel import batch, settings
from chalicelib.services.ai import samples
from chalicelib.services.companies import lapsing
from chalicelib.services.disclosures import disclosure_silence, merger_work
from chalicelib.services.erasure import erasing, leavers
from chalicelib.services.keeping import expiry, holding
from chalicelib.services.prospects import informing, withdrawing
from chalicelib.services.requests import routing
from chalicelib.services.workflows import engine

bp = Blueprint(__name__)


def _erase_member(task: dict[str, Any]) -> None:
    leavers.finish(task["company"], task["user"])


def _erase_person(task: dict[str, Any]) -> None:
    erasing.go_on(task["company"], task["person"])


def _company_due(task: dict[str, Any]) -> None:
    lapsing.go_on(task["company"])


def _hold(task: dict[str, Any]) -> None:
    holding.go_on(task["company"], task["hold"])


def _expire(task: dict[str, Any]) -> None:
    expiry.expire(task["company"], task["table"], str(task["keys"]).split())


def _keep_as_wanted(task: dict[str, Any]) -> None:
    expiry.keep_as_wanted(task["company"], task["user"])


def _request(task: dict[str, Any]) -> None:
    routing.go_on(task["request"])


def _tell_disclosed(task: dict[str, Any]) -> None:
    disclosure_silence.end(task["company"], task["disclosure"])


def _forget_samples(task: dict[str, Any]) -> None:
    samples.forget(task["company"], task["user"])


def _notice_due(task: dict[str, Any]) -> None:
    informing.remind(task["company"], task["prospect"])


def _withdraw(task: dict[str, Any]) -> None:
    withdrawing.go_on(task["prospect"])


def _withdraw_from(task: dict[str, Any]) -> None:
    withdrawing.piece(task["prospect"], task["after"], task["until"])


def _withdrawal_end(task: dict[str, Any]) -> None:
    withdrawing.end(task["prospect"])


def _succession(task: dict[str, Any]) -> None:
    merger_work.go_on(task["succession"])


def _workflow(task: dict[str, Any]) -> None:
    engine.take_up(task["workflow"])


_WORK: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "erase_member": _erase_member,
    "erase_person": _erase_person,
    "company_due": _company_due,
    "request": _request,
    "hold": _hold,
    "expire": _expire,
    "keep_as_wanted": _keep_as_wanted,
    "tell_disclosed": _tell_disclosed,
    "withdraw": _withdraw,
    "withdraw_from": _withdraw_from,
    "withdrawal_end": _withdrawal_end,
    "notice_due": _notice_due,
    "forget_samples": _forget_samples,
    "workflow": _workflow,
    "succession": _succession,
}


@bp.on_sqs_message(queue=settings.QUEUE_TASKS, batch_size=1)
@batch.each
def run_tasks(entry: batch.Entry) -> None:
    """Do one piece of work. A task nobody knows fails, and ends with the dead letters, for a person."""
    task = entry.json()
    _WORK[task["task"]](task)

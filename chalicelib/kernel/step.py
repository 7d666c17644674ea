"""The guard around every step of a workflow: telemetry, and errors that a state machine can tell apart.

A step is given ids and answers ids: a history is kept for 90 days, and whoever may read it reads no person.
What may be tried again is raised as ``AgainError``, which the definitions retry soon and for long; anything
else is a fault of ours: retried twice, then the execution fails, alarms, and the sweep starts another one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from chalicelib.kernel import telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError, UnavailableError

Answer = dict[str, str | int]
"""``{id, run, stage, until}``: what a definition chooses its next state by."""


class AgainError(Exception):
    """Nothing is wrong with the step: the same input will do, later. Its text is its name."""


class StepError(Exception):
    """A fault of ours, told by the name of its class alone: Step Functions keeps what is raised."""


def guard(handle: Callable[[dict[str, Any]], Answer]) -> Callable[[Any, Any], Answer]:
    """Decorate a step, under Chalice's own decorator.

    Raises:
        AgainError: to be retried.
        StepError: somebody has to look.
    """

    @wraps(handle)
    def guarded(event: Any, context: Any) -> Answer:
        telemetry.begin(context.aws_request_id)
        try:
            return handle(event)
        except (ConflictError, RetryLaterError, UnavailableError) as error:
            telemetry.event(f"{handle.__name__}_again", error=error)
            raise AgainError(AgainError.__name__) from None
        except Exception as error:
            telemetry.event(f"{handle.__name__}_error", error=error)
            raise StepError(type(error).__name__) from None

    guarded.guarded = True  # type: ignore[attr-defined]  # a structure test looks for it
    return guarded

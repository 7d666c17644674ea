"""Steps of the state machine `cancellation` (5.3). Ends in ``services.cancellation.stages``."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.kernel import step
from chalicelib.services.cancellation import stages
from chalicelib.services.workflows import engine

bp = Blueprint(__name__)


@bp.lambda_function(name="cancel_company")
@step.guard
def cancel_company(event: dict[str, Any]) -> step.Answer:
    """Do one stage, ``{id, run, stage}``, and say what is next."""
    return engine.step(event, stages.DEEDS)

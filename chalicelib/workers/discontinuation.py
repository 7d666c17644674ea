"""Steps of the state machine `discontinuation` (4.1.3). Ends in ``services.discontinuation.stages``."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.kernel import step
from chalicelib.services.discontinuation import stages
from chalicelib.services.workflows import engine

bp = Blueprint(__name__)


@bp.lambda_function(name="end_product")
@step.guard
def end_product(event: dict[str, Any]) -> step.Answer:
    """Do one stage, ``{id, run, stage}``, and say what is next."""
    return engine.step(event, stages.DEEDS)

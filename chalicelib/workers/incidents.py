"""Steps of the state machine `incident`: a security incident (4.3.4). Ends in `services.incidents.stages`."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.kernel import step
from chalicelib.services.incidents import stages
from chalicelib.services.workflows import engine

bp = Blueprint(__name__)


@bp.lambda_function(name="run_incident")
@step.guard
def run_incident(event: dict[str, Any]) -> step.Answer:
    """Do one stage, ``{id, run, stage}``, and say what is next."""
    return engine.step(event, stages.DEEDS)

"""Schedule, every five minutes: bring back what was left behind. Ends in ``services.overdue``."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Rate

from chalicelib.kernel import telemetry
from chalicelib.services import overdue

bp = Blueprint(__name__)


@bp.schedule(Rate(5, unit=Rate.MINUTES))
@telemetry.guard
def sweep(event: Any) -> None:
    """Hint at everything overdue; a failure is retried once by Lambda, then a dead letter and an alarm."""
    overdue.sweep()

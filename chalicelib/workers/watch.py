"""Schedule, every hour: look for unusual reading of personal data. Ends in ``services.evidence.watch``."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Rate

from chalicelib.kernel import telemetry
from chalicelib.services.evidence import watch

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.HOURS))
@telemetry.guard
def watch_access(event: Any) -> None:
    """Look at who read what; a failure is retried once by Lambda, then a dead letter and an alarm."""
    watch.look()

"""Schedule, every hour: put the heads of the evidence where nobody can rewrite them. Ends in
``services.evidence.anchors``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chalice import Blueprint, Rate

from chalicelib.kernel import telemetry

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.HOURS))
@telemetry.guard
def anchor_evidence(event: Any) -> None:
    """Anchor what has moved; a failure is retried once by Lambda, then a dead letter and an alarm. The next run
    anchors what this one did not.
    """
    import_module("chalicelib.services.evidence.anchors").anchor()

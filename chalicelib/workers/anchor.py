"""Schedule, every hour: put the heads of the evidence where nobody can rewrite them. Ends in
``services.evidence.anchors``.
"""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Rate

from chalicelib.kernel import telemetry
from chalicelib.services.evidence import anchors

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.HOURS))
@telemetry.guard
def anchor_evidence(event: Any) -> None:
    """Anchor what has moved; a failure is retried once by Lambda, then a dead letter and an alarm. What this
    run did not anchor, the next one does.
    """
    anchors.anchor()

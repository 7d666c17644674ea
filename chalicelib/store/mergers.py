"""Successions, with the operator: `accounts`, because that table's index says what is overdue; proof in the
operator's chain. There are a few in ten years; listing them is one query.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from chalicelib.kernel import ids
from chalicelib.records.mergers import Succession, SuccessionEvidence
from chalicelib.store.table import Due, Rows, Stored

SUCCESSIONS_DUE: Final = "successions"
"""The index partition of successions that have to go on."""

SUCCESSIONS = Rows(
    Succession,
    pk="successions",
    sk="succession#{succession_id}",
    owner=ids.OPERATOR,
    due=lambda one: None if one.due_at is None else Due(SUCCESSIONS_DUE, one.due_at),
)
EVIDENCE = Rows(SuccessionEvidence, pk="{company_id}", sk="succession#{succession_id}#{act_id}")


def find(succession_id: str) -> Stored[Succession] | None:
    """One succession; one read unit."""
    return SUCCESSIONS.get(succession_id=succession_id)


def page(limit: int, before: str | None) -> list[Succession]:
    """Successions, the newest first."""
    start = None if before is None else f"succession#{before}"
    found = SUCCESSIONS.query("successions", "succession#", before=start, newest_first=True, page_size=limit)
    return [one.value for one in islice(found, limit)]

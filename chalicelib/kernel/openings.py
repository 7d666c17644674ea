"""How many records of each kind the current request has opened: the raw material of the access log (4.3.1).

Counted at the one place where sealed records are opened (``store.gate``), so that no route can forget it;
told once, when the request is over. Kinds, numbers and our ids only. Cost: a dictionary look-up for each
record.
"""

from __future__ import annotations

from contextvars import ContextVar

_opened: ContextVar[dict[tuple[str | None, str], int] | None] = ContextVar("opened", default=None)


def begin() -> None:
    """Count anew; outside a request nothing is counted."""
    _opened.set({})


def note(kind: str, company_id: str | None, number: int = 1) -> None:
    """So many more records of this kind were opened; of which company, or None for the operator's own."""
    counts = _opened.get()
    if counts is not None:
        counts[company_id, kind] = counts.get((company_id, kind), 0) + number


def counted() -> dict[str | None, dict[str, int]]:
    """Kinds and numbers since ``begin``, company by company."""
    found: dict[str | None, dict[str, int]] = {}
    for (company_id, kind), number in (_opened.get() or {}).items():
        found.setdefault(company_id, {})[kind] = number
    return found

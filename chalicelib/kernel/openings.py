"""How many records of each kind the current request has opened: the raw material of the access log (4.3.1).

Counted at the one place where sealed records are opened (``store.gate``), so that no route can forget it;
told once, when the request is over. Kinds and numbers only. Cost: a dictionary look-up for each record.
"""

from __future__ import annotations

from contextvars import ContextVar

_opened: ContextVar[dict[str, int] | None] = ContextVar("opened", default=None)


def begin() -> None:
    """Count anew; outside a request nothing is counted."""
    _opened.set({})


def note(kind: str) -> None:
    """One more record of this kind was opened."""
    counts = _opened.get()
    if counts is not None:
        counts[kind] = counts.get(kind, 0) + 1


def counted() -> dict[str, int]:
    """Kinds and numbers since ``begin``."""
    return dict(_opened.get() or {})

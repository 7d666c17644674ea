"""Deletions that must wait, at the one place where a row is deleted because somebody asked for it.

Whoever judges a request knows whether its company has open holds, for that stands in the row every request
reads; it says so here, and only then is anything asked before a deletion. So a company without holds pays
nothing, and no deleter can forget to ask. Jobs ask ``services.keeping.holds.blocking`` themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from chalicelib.kernel import telemetry
from chalicelib.privacy import fields
from chalicelib.privacy.retention import SUSPENDED

Covers = Callable[[str | None, str | None], bool]
"""Whether anything keeps what is about this user or this person."""

_covers: ContextVar[tuple[str, str, Covers] | None] = ContextVar("covers", default=None)
"""The request that asks, its company, and what it asks: the next request of this process asks anew."""

SECRETS: Final = frozenset({"second_factor"})
"""What opens a door is no record of anything, and is deleted when its owner wants it."""

KEPT: Final = frozenset({"reveal"})
"""What is kept for a matter although its period is the base's and no hold lengthens that: whom a company
received, when and by whom. Of the person it holds an id only.
"""


def begin(company_id: str, covers: Covers | None) -> None:
    """From now on deletions of this company ask ``covers``; None: there is nothing to ask."""
    _covers.set(None if covers is None else (telemetry.request_id(), company_id, covers))


def holdable(kind: str) -> bool:
    """Whether a hold keeps rows of this kind. A kind that is not known here is kept, to be safe."""
    made = fields.RECORDS.get(kind)
    if made is None or kind in KEPT:
        return True
    return fields.declaration(made).retention in SUSPENDED and kind not in SECRETS


def waits(record: Any) -> bool:
    """Whether a record that somebody wants to delete has to be kept, out of everybody's sight."""
    known = _covers.get()
    if known is None or known[:2] != (telemetry.request_id(), getattr(record, "company_id", None)):
        return False
    if not holdable(fields.declaration(type(record)).kind):
        return False
    return known[2](getattr(record, "user_id", None), getattr(record, "person", None))

"""What AI may do for a company (5.1: AI automation configuration). Off until an admin switches it on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.records.companies import AiSettings
from chalicelib.services.accounts.sessions import Principal

TASKS: Final = ("draft_email", "polish", "score", "search", "summarise")
"""What can be asked of it at all. Whatever a company sets, an answer is for a person: nothing of it is sent,
shared or decided by itself.
"""


def read(company_id: str) -> AiSettings | None:
    """The company's settings; None as long as nobody has set any, which means off."""
    known = store.accounts.AI_SETTINGS.get(company_id=company_id)
    return None if known is None else known.value


def put(who: Principal, *, enabled: bool, tasks: Iterable[str], needs_approval: bool) -> AiSettings:
    """Set them; the latest word counts."""
    settings = AiSettings(
        company_id=who.company_id,
        enabled=enabled,
        tasks=sorted(set(tasks)),
        needs_approval=needs_approval,
        changed_by=who.user_id,
        changed_at=clock.now(),
    )
    store.accounts.AI_SETTINGS.put(settings, op=store.table.new_op())
    return settings

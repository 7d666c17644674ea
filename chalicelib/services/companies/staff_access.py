"""What a company sees of the staff's looking at its data (clause `personnel`): its own ledger and no more.

Who asked, who approved, what was opened and how much of it, afterwards and for as long as the proof is kept;
but for looks that a law may forbid to tell of, which are proven in the operator's chain.
The staff appears as ids and positions: the company learns that it was two people and what they are employed
for.
"""

from __future__ import annotations

from chalicelib import store
from chalicelib.records.grants import StaffAccess
from chalicelib.services.accounts.sessions import Principal


def page(who: Principal, limit: int, before: str | None) -> list[StaffAccess]:
    """Steps and looks, newest first; one query."""
    return store.staff.accesses(who.company_id, limit, before)

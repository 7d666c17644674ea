"""Telling a company's people that their accounts are about to go, and that they are not after all (5.3).

Everybody who has an account is told, once for each cancellation, page by page: the data of theirs that goes
with it (5.1) is fetched or missed by them, not by whoever asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib import store
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import MemberState
from chalicelib.records.cancellation import Cancellation
from chalicelib.services.notifications import notify

PAGE: Final = 200
"""People told in one piece; some 30 ms each."""


def tell(one: Cancellation, template: str, values: Mapping[str, str]) -> str | None:
    """Tell the next people; the id of the last one, or None when all of them know. Repeatable.

    Raises:
        UnavailableError: some may not have been told; telling again is safe.
    """
    before = one.cursor or ""
    told = 0
    for known in store.accounts.MEMBERS.query(one.company_id, "member#"):
        member = known.value
        if member.user_id <= before or member.state is MemberState.REMOVED:
            continue
        if told == PAGE:
            return before
        user = store.accounts.USERS.get(
            company_id=one.company_id, user_id=member.user_id, use=Purpose.MAINTAIN_ACCOUNT
        )
        if user is not None:
            notify.tell(
                user.value, Kind.CANCELLATION, template, values, key=f"{template}-{one.cancellation_id}"
            )
        before, told = member.user_id, told + 1
    return None

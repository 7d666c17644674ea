"""Whether somebody may still do what they asked a job for: asked again before each piece of it.

Between the request and its job lie seconds, or days when the queue was lost. Who was suspended, has left or
lost the permission meanwhile, and whose company is not active any more, has nothing done in their name.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy import permissions, restrictions
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.register import Category
from chalicelib.privacy.restrictions import Action
from chalicelib.records.accounts import MemberState
from chalicelib.records.contacts import Contact

NOT_ACTIVE: Final = "user_not_active"
"""The code for who is suspended, has left, or cannot be found."""


class Rights:
    """What one user may do in their company now; two reads. Closed, for the company's sake: of somebody whom
    nobody can tell anything of, nothing is allowed.
    """

    def __init__(self, company_id: str, user_id: str, wanted: Permission) -> None:
        self._user_id, self._now = user_id, clock.now()
        self._member = store.accounts.MEMBERS.get(company_id=company_id, user_id=user_id)
        self._access = store.accounts.ACCESS.get(company_id=company_id)
        self.refused = self._refusal(wanted)
        """Why the user may not do what is wanted; None when they may."""

    def _refusal(self, wanted: Permission) -> str | None:
        if self._member is None or self._access is None or self._member.value.state is not MemberState.ACTIVE:
            return NOT_ACTIVE
        access = self._access.value
        decision = permissions.decide(
            wanted, self._member.value.position, access.grant_sets(), access.state_at(self._now)
        )
        return decision.reason if isinstance(decision, Refused) else None

    def may_change(self, contact: Contact) -> bool:
        """Whether the company's rules of now let the user change this contact (5.2)."""
        if self.refused is not None or self._member is None or self._access is None:
            return False
        decision = restrictions.decide(
            restrictions.parse_all(self._access.value.restrictions),
            action=Action.CHANGE,
            category=Category.STORED,
            role=self._member.value.position,
            made_at=contact.created_at,
            now=self._now,
            own=contact.created_by == self._user_id,
        )
        return not isinstance(decision, Refused)

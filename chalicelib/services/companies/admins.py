"""Telling a company's admins something that is theirs to see to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chalicelib import store
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import MemberState
from chalicelib.services.notifications import notify


def tell(
    company_id: str,
    kind: Kind,
    template: str,
    values: Mapping[str, str] | Callable[[str], Mapping[str, str]],
    *,
    key: str,
) -> None:
    """Tell every active admin of a company, once for each occasion (``key``) however often this is done.

    ``values`` may depend on the reader's language.

    Raises:
        UnavailableError: some may not have been told; telling again is safe.
    """
    for known in store.accounts.MEMBERS.query(company_id, "member#"):
        member = known.value
        if member.position is not Position.ADMIN or member.state is not MemberState.ACTIVE:
            continue
        user = store.accounts.USERS.get(
            company_id=company_id, user_id=member.user_id, use=Purpose.MAINTAIN_ACCOUNT
        )
        if user is not None:
            filled = values(user.value.locale) if callable(values) else values
            notify.tell(user.value, kind, template, filled, key=key)

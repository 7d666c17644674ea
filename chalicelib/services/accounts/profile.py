"""What a user says about themselves, and correcting it (clause `self-service`).

Name and mailbox are what the company vouches for, so it may keep its people from changing them (5.2); the
language is the person's own. Reading is never restricted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib import store
from chalicelib.kernel.errors import ConflictError, UnauthorizedError
from chalicelib.privacy.register import Category, Purpose
from chalicelib.privacy.restrictions import Action
from chalicelib.records.accounts import User
from chalicelib.records.companies import Company
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import rules

if TYPE_CHECKING:
    from chalicelib.store.table import Stored


def read(who: Principal) -> tuple[Stored[User], Company]:
    """The user as stored, and the company; one call, two read units.

    Raises:
        UnauthorizedError: one of them is gone.
    """
    user, company = store.table.get_together(
        (store.accounts.USERS, {"company_id": who.company_id, "user_id": who.user_id}),
        (store.accounts.COMPANIES, {"company_id": who.company_id}),
        use=Purpose.MAINTAIN_ACCOUNT,
    )
    if user is None or company is None:
        raise UnauthorizedError
    return user, company.value


def change(who: Principal, version: int, fields: Mapping[str, Any]) -> tuple[Stored[User], Company]:
    """Change the given fields of exactly this version.

    Raises:
        ConflictError: ``changed``, somebody else (an admin, another window) was faster.
        RefusedError: ``restricted_by_company``, for what the company vouches for.
    """
    known, company = read(who)
    if "name" in fields:
        check_allowed(who, known.value)
    if known.version != version:
        raise ConflictError("changed")
    changed = replace(known.value, **fields)
    return store.accounts.USERS.replace(known, changed, op=store.table.new_op()), company


def check_allowed(who: Principal, user: User) -> None:
    """Whether the company lets this user change what it vouches for: name and mailbox (5.2).

    Raises:
        RefusedError: ``restricted_by_company``; says whom to ask.
    """
    rules.check(who, Action.CHANGE, Category.LOGON, made_at=user.registered_at, own=True)

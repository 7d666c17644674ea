"""Changing a user's place in the company, so that every session learns of it with its next request.

Sessions hold a copy of the member's place, which counts only while the company's number of changes is the one
the copy was made at. Every change of a member goes through ``change``, which raises that number in the same
transaction: what a suspension or a new password ends is over before the answer is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.records.accounts import Member, MemberState
from chalicelib.records.companies import Access

if TYPE_CHECKING:
    from chalicelib.store.table import Due, Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 5


class Place(NamedTuple):
    """A member and the rules of the company, as they are or as they shall be."""

    member: Member
    access: Access


def change(
    company_id: str,
    user_id: str,
    edit: Callable[[Place], Place],
    *,
    also: Callable[[Transaction], None] | None = None,
    due: Due | None = None,
) -> Place:
    """Change a member, and the company's rules if need be, in one transaction of at least 4 write units.

    ``edit`` looks at what is there now and raises to refuse; it may be asked again when somebody else was
    faster. ``also`` adds further writes, which must not depend on what ``edit`` saw. ``due`` puts the member
    into the index of what still has to happen.

    Raises:
        NotFoundError: no such member, or one who is leaving.
        ConflictError: ``changed``, when one of the further writes does not hold, or too many changes at once.
    """
    for attempt in range(TRIES):
        member, access = read(company_id, user_id)
        wanted = edit(Place(member.value, access.value))
        made = wanted._replace(access=replace(wanted.access, people=access.value.people + 1))
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.accounts.MEMBERS, member, made.member, due=due)
        transaction.replace(store.accounts.ACCESS, access, made.access)
        if also is not None:
            also(transaction)
        try:
            transaction.commit()
        except ConflictError:
            if attempt == TRIES - 1:
                raise
            again = read(company_id, user_id)
            if (again[0].version, again[1].version) == (member.version, access.version):
                raise  # neither row has moved: it was one of the further writes
        else:
            return made
    raise ConflictError


def read(company_id: str, user_id: str) -> tuple[Stored[Member], Stored[Access]]:
    """A member and the company's rules, one call.

    Raises:
        NotFoundError: no such member, or one who is leaving.
    """
    member, access = store.accounts.place(company_id, user_id)
    if member is None or access is None or member.value.state is MemberState.REMOVED:
        raise NotFoundError
    return member, access

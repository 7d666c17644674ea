"""What a company decides about its own people: permissions by position, restrictions on data (5.1, 5.2).

Everything here lies in ``Access``, which every request reads anyway: a change works with the next one. The
rules themselves are in ``privacy.permissions`` and ``privacy.restrictions``; who is refused by their company
is told so, and whom to ask.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError, RefusedError
from chalicelib.privacy import permissions, restrictions
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.privacy.register import Category, Purpose
from chalicelib.privacy.restrictions import Action, Restriction, RestrictionError
from chalicelib.records.companies import Access
from chalicelib.services.accounts.sessions import Principal

TRIES: Final = 5


class Limits(NamedTuple):
    """A company's restrictions, and what they were when they were read."""

    items: tuple[Restriction, ...]
    version: str


def grants(access: Access) -> dict[Position, frozenset[Permission]]:
    """What each position may do in the company, admins first."""
    own = access.grant_sets()
    return {position: permissions.granted(position, own) for position in Position}


def grant(who: Principal, position: Position, wanted: Sequence[str]) -> dict[Position, frozenset[Permission]]:
    """Set what managers or members may do; in force with their next request.

    What nobody can take away may be named and changes nothing, so that a client can send back what it got.

    Raises:
        ConflictError: ``fixed``, what admins may do is not up to the company.
        InvalidError: a name that is not known, or not the company's to give.
    """
    if position is Position.ADMIN:
        raise ConflictError("fixed", "What admins may do cannot be changed.")
    known = {one.value: one for one in permissions.GRANTABLE | permissions.ALWAYS}
    errors = [
        FieldError(f"permissions.{number}", "not_grantable")
        for number, name in enumerate(wanted)
        if name not in known
    ]
    if errors:
        raise InvalidError(errors=errors)
    given = sorted({name for name in wanted if known[name] in permissions.GRANTABLE})
    return grants(
        change(who.company_id, lambda now: replace(now, grants={**now.grants, position.value: given}))
    )


def limits(access: Access) -> Limits:
    """The company's restrictions, with a version made from what they say."""
    items = restrictions.parse_all(access.restrictions)
    said = json.dumps([restrictions.as_dict(one) for one in items], sort_keys=True)
    return Limits(items, hashlib.sha256(said.encode()).hexdigest()[:16])


def restrict(who: Principal, items: Iterable[Mapping[str, Any]], version: str) -> Limits:
    """Replace the company's restrictions; in force with the next request of everybody.

    Raises:
        InvalidError: some of them cannot be taken.
        ConflictError: ``changed``, they are no longer what this version said.
    """
    try:
        wanted = restrictions.parse_all(items)
    except RestrictionError as error:
        named = [FieldError(f"items.{place}" if place else "items", code) for place, code in error.errors]
        raise InvalidError(errors=named) from None
    stored = [
        {name: value for name, value in restrictions.as_dict(one).items() if value is not None}
        for one in wanted
    ]

    def edit(now: Access) -> Access:
        if limits(now).version != version:
            raise ConflictError("changed")
        return replace(now, restrictions=stored)

    return limits(change(who.company_id, edit))


def check(who: Principal, action: Action, category: Category, *, made_at: int, own: bool) -> None:
    """Let nobody do to a record what their company does not let them do. Reading never asks here.

    ``made_at``: when the record was made, epoch seconds; ``own``: the user made it, or it is about them.
    Costs nothing until it refuses, then one read: whom to ask. Closed: a stored rule that cannot be read is
    an error.

    Raises:
        RefusedError: ``restricted_by_company``, with the company's main account as ``administrator``.
    """
    if not who.access.restrictions:
        return
    decision = restrictions.decide(
        restrictions.parse_all(who.access.restrictions),
        action=action,
        category=category,
        role=who.position,
        made_at=made_at,
        now=clock.now(),
        own=own,
    )
    if isinstance(decision, Refused):
        raise RefusedError(
            decision.reason,
            "Your company does not allow this: please ask its administrator.",
            clause=decision.clause,
            more=administrator(who.access),
        )


def change(company_id: str, edit: Callable[[Access], Access]) -> Access:
    """Change a company's rules and nothing else; ``edit`` may be asked again when somebody was faster.

    Raises:
        NotFoundError: no such company.
        ConflictError: too many changes at once.
    """
    for _ in range(TRIES):
        known = store.accounts.ACCESS.get(company_id=company_id)
        if known is None:
            raise NotFoundError
        changed = edit(known.value)
        try:
            store.accounts.ACCESS.replace(known, changed, op=store.table.new_op())
        except ConflictError:
            continue
        return changed
    raise ConflictError


def administrator(access: Access) -> dict[str, object]:
    """Whom a refused user can ask; nobody, when even that cannot be found out."""
    user = store.accounts.USERS.get(
        company_id=access.company_id, user_id=access.main_user_id, use=Purpose.MAINTAIN_ACCOUNT
    )
    return {} if user is None else {"administrator": {"name": user.value.name, "email": user.value.email}}

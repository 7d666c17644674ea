"""The people of a company, as its admins manage them (clauses `self-service`, `access`).

Nobody changes their own position, and nobody the main account's: so an admin cannot lock themselves out, and
the last one cannot go. What somebody loses, they lose with their next request (see ``membership``). Who is
removed has no way in from that moment; what is kept of them is erased right after, and looked for once more
a little later, in case a request that was under way wrote something still.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Member, MemberState, User
from chalicelib.records.companies import Company
from chalicelib.records.erasures import Why
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import departments, membership
from chalicelib.services.companies.membership import Place
from chalicelib.services.erasure import erasure
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

_YOURSELF: Final = "Nobody changes their own place in the company."
_USE: Final = Purpose.MAINTAIN_ACCOUNT
_MAIL_ABOUT: Final = {
    MemberState.SUSPENDED: "member_suspended",
    MemberState.ACTIVE: "member_reinstated",
}


class Person(NamedTuple):
    """A user and their place in the company."""

    user: User
    member: Member
    main: bool


def page(who: Principal, limit: int, before: str | None) -> list[Person]:
    """People, who joined last first; ``before`` is the id of the last one seen. One query, one batch."""
    found = store.accounts.MEMBERS.query(
        who.company_id,
        "member#",
        before=None if before is None else f"member#{before}",
        newest_first=True,
        page_size=limit,
    )
    here = (known.value for known in found if known.value.state is not MemberState.REMOVED)
    members = list(islice(here, limit))
    if not members:
        return []
    wanted = [(store.accounts.USERS, {"company_id": m.company_id, "user_id": m.user_id}) for m in members]
    users = store.table.get_together(*wanted, use=_USE)
    return [
        Person(user.value, member, member.user_id == who.access.main_user_id)
        for user, member in zip(users, members, strict=True)
        if user is not None
    ]


def read(who: Principal, user_id: str) -> Person:
    """One person of the company.

    Raises:
        NotFoundError: nobody here, or nobody any more.
    """
    known, access = membership.read(who.company_id, user_id)
    return _person(Place(known.value, access.value))


def change(who: Principal, user_id: str, fields: Mapping[str, Any]) -> Person:
    """Change somebody's position, department or state; in force with their next request.

    A suspension ends every session for good: whoever is reinstated logs in anew. The person is told.

    Raises:
        NotFoundError: nobody here.
        ConflictError: ``yourself``, ``main_account``.
        InvalidError: a department the company does not have.
    """
    user, company = _user(who.company_id, user_id), _company(who.company_id)
    seen: list[Member] = []
    told: list[str] = []

    def edit(place: Place) -> Place:
        member = place.member
        changed = replace(member, **fields)
        seen[:] = [member]
        if (changed.position, changed.state) != (member.position, member.state):
            _require_other(who, user_id, place)
        if changed.department_id != member.department_id:
            departments.require(who.company_id, changed.department_id)
        if changed.state is MemberState.SUSPENDED and member.state is not MemberState.SUSPENDED:
            changed = replace(changed, generation=member.generation + 1)
        seen.append(changed)
        return place._replace(member=changed)

    def also(transaction: Transaction) -> None:
        # What ``edit`` has just seen: nobody is suspended without a word, nor told of what did not happen.
        told[:] = _tell(transaction, user, company, *seen) or ()

    place = membership.change(who.company_id, user_id, edit, also=also)
    notify.hint(told)
    return Person(user, place.member, user_id == place.access.main_user_id)


def remove(who: Principal, user_id: str) -> None:
    """Remove somebody: every way in ends here and now, the rest is erased by a worker. The mailbox is free.

    What they made for the company (contacts, messages) is the company's and stays; so do receipts.

    Raises:
        NotFoundError: nobody here, or nobody any more.
        ConflictError: ``yourself``, ``main_account``.
    """
    if user_id == who.user_id:
        membership.read(who.company_id, user_id)
        raise ConflictError("yourself", _YOURSELF)
    erasure.of_user(who.company_id, user_id, why=Why.REMOVED)


def _require_other(who: Principal, user_id: str, place: Place) -> None:
    if user_id == who.user_id:
        raise ConflictError("yourself", _YOURSELF)
    if user_id == place.access.main_user_id:
        raise ConflictError("main_account", "The main account has to be handed over first.")


def _person(place: Place) -> Person:
    member = place.member
    return Person(
        _user(member.company_id, member.user_id), member, member.user_id == place.access.main_user_id
    )


def _user(company_id: str, user_id: str) -> User:
    known = store.accounts.USERS.get(company_id=company_id, user_id=user_id, use=_USE)
    if known is None:
        raise NotFoundError
    return known.value


def _company(company_id: str) -> Company:
    known = store.accounts.COMPANIES.get(company_id=company_id, use=_USE)
    if known is None:
        raise NotFoundError
    return known.value


def _tell(
    transaction: Transaction, user: User, company: Company, before: Member, after: Member
) -> list[str] | None:
    """Tell the person what is different for them; a department is nothing to write about."""
    if after.state is not before.state:
        return notify.add(
            transaction, user, Kind.MEMBERSHIP, _MAIL_ABOUT[after.state], {"company": company.name}
        )
    if after.position is not before.position:
        values = {"company": company.name, "role": after.position.value}
        return notify.add(transaction, user, Kind.MEMBERSHIP, "member_role", values)
    return None

"""A company's data as the staff sees it under a grant (clauses `personnel`, `access`).

Nothing here changes anything. A grant for this very company is asked for anew by every call, records are
opened for what the grant's purpose is in the policy's tables, masked here and not by whoever prints them,
and the look is proven before it is answered: what cannot be proven is not shown.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy import masking
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.grants import USES, Reach
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Role
from chalicelib.records.accounts import Member, MemberState, User
from chalicelib.records.contacts import Contact
from chalicelib.records.grants import Grant, GrantAct, Opened
from chalicelib.services.staff import grants
from chalicelib.services.staff.entry import StaffPrincipal

if TYPE_CHECKING:
    from chalicelib.privacy.register import Use

EXPORT_CONTACTS: Final = 1000
EXPORT_MEMBERS: Final = 1000
"""In one answer, which must fit into 6 MB; the members come with the first."""


class Enterprise(NamedTuple):
    """A company: the one the grant names, so its own name is no secret."""

    company_id: str
    name: str
    country: str | None
    state: CompanyState
    created_at: int


class Person(NamedTuple):
    """A member of the company."""

    user_id: str
    name: str
    email: str
    position: Position
    state: MemberState
    joined_at: int


class Buyer(NamedTuple):
    """A contact of the company."""

    contact_id: str
    name: str
    email: str | None
    phone: str | None
    company: str | None
    position: str | None
    country: str | None
    basis: str
    source: str | None
    created_at: int


class Export(NamedTuple):
    """Everything at once, as far as one answer holds; ``after`` continues with more contacts."""

    company: Enterprise
    members: list[Person]
    contacts: list[Buyer]
    after: str | None


def company(who: StaffPrincipal, company_id: str) -> Enterprise:
    """The company. Raises RefusedError without a grant, NotFoundError when it is gone."""
    leave = grants.require(who, Reach.READ, company_id=company_id)
    found = _company(leave.grant, company_id)
    grants.show(leave, Opened.COMPANY, 1)
    return found


def members(who: StaffPrincipal, company_id: str, limit: int, before: str | None) -> list[Person]:
    """Its people, who joined last first, and one more than asked for. Raises RefusedError without a grant."""
    leave = grants.require(who, Reach.READ, company_id=company_id)
    found = _members(leave.grant, company_id, limit + 1, before)
    grants.show(leave, Opened.MEMBERS, min(len(found), limit))
    return found


def contacts(who: StaffPrincipal, company_id: str, limit: int, before: str | None) -> list[Buyer]:
    """Its contacts, newest first, and one more than asked for. Raises RefusedError without a grant."""
    leave = grants.require(who, Reach.READ, company_id=company_id)
    found = _contacts(leave.grant, company_id, limit + 1, before)
    grants.show(leave, Opened.CONTACTS, min(len(found), limit))
    return found


def export(who: StaffPrincipal, company_id: str, before: str | None) -> Export:
    """Company, people and contacts to take away; the grant has two approvals, and an alarm is raised.

    Raises:
        RefusedError: without a grant for an export.
    """
    leave = grants.require(who, Reach.EXPORT, company_id=company_id)
    found = _company(leave.grant, company_id)
    people = [] if before is not None else _members(leave.grant, company_id, EXPORT_MEMBERS, None)
    buyers = _contacts(leave.grant, company_id, EXPORT_CONTACTS + 1, before)
    shown = buyers[:EXPORT_CONTACTS]
    grants.show(leave, Opened.EXPORT, len(people) + len(shown), act=GrantAct.EXPORTED)
    after = shown[-1].contact_id if len(buyers) > EXPORT_CONTACTS else None
    return Export(found, people, shown, after)


def _company(grant: Grant, company_id: str) -> Enterprise:
    known = store.accounts.COMPANIES.get(company_id=company_id, use=_use(grant, Role.CONTROLLER))
    access = store.accounts.ACCESS.get(company_id=company_id)
    if known is None or access is None:
        raise NotFoundError
    one = known.value
    return Enterprise(company_id, one.name, one.country, access.value.state_at(clock.now()), one.created_at)


def _members(grant: Grant, company_id: str, limit: int, before: str | None) -> list[Person]:
    found = store.accounts.MEMBERS.query(
        company_id,
        "member#",
        before=None if before is None else f"member#{before}",
        newest_first=True,
        page_size=limit,
    )
    here = (one.value for one in found if one.value.state is not MemberState.REMOVED)
    some = list(islice(here, limit))
    people: list[Person] = []
    for start in range(0, len(some), 100):  # a batch takes no more
        part = some[start : start + 100]
        wanted = [(store.accounts.USERS, {"company_id": company_id, "user_id": one.user_id}) for one in part]
        users = store.table.get_together(*wanted, use=_use(grant, Role.CONTROLLER))
        people += [
            _person(grant, member, user.value)
            for member, user in zip(part, users, strict=True)
            if user is not None
        ]
    return people


def _contacts(grant: Grant, company_id: str, limit: int, before: str | None) -> list[Buyer]:
    found = store.contacts.CONTACTS.query(
        company_id,
        "contact#",
        use=_use(grant, Role.PROCESSOR),
        before=None if before is None else f"contact#{before}",
        newest_first=True,
        page_size=min(limit, 200),
    )
    return [_buyer(grant, one.value) for one in islice(found, limit)]


def _use(grant: Grant, role: Role) -> Use:
    return USES[grant.purpose, role]


def _person(grant: Grant, member: Member, user: User) -> Person:
    name, email = user.name, user.email
    if grant.masked:
        name, email = masking.name(name), masking.address(email)
    return Person(user.user_id, name, email, member.position, member.state, member.since)


def _buyer(grant: Grant, contact: Contact) -> Buyer:
    one = Buyer(
        contact_id=contact.contact_id,
        name=contact.name,
        email=contact.email,
        phone=contact.phone,
        company=contact.company,
        position=contact.position,
        country=contact.country,
        basis=contact.basis,
        source=contact.source,
        created_at=contact.created_at,
    )
    if not grant.masked:
        return one
    return one._replace(
        name=masking.name(contact.name),
        email=None if contact.email is None else masking.address(contact.email),
        phone=None if contact.phone is None else masking.phone(contact.phone),
        company=masking.hidden(contact.company),
        position=masking.hidden(contact.position),
        source=masking.hidden(contact.source),
    )

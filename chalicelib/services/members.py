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
from chalicelib.gateways import queues
from chalicelib.kernel import addresses, clock, settings, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Login, Member, MemberState, User
from chalicelib.records.companies import Company
from chalicelib.services import departments, invitations, membership, notify, push
from chalicelib.services.membership import Place
from chalicelib.services.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

STRAGGLERS_SECONDS: Final = 120
"""A request that began before a removal has ended by then, whatever it wrote."""

TRIES: Final = 3
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

    def edit(place: Place) -> Place:
        _require_other(who, user_id, place)
        gone = replace(
            place.member,
            state=MemberState.REMOVED,
            department_id=None,
            generation=place.member.generation + 1,
            left_at=clock.now(),
        )
        return place._replace(member=gone)

    due = store.table.Due(store.leaving.LEAVING_DUE, clock.now() + STRAGGLERS_SECONDS)
    for attempt in range(TRIES):
        known, access = membership.read(who.company_id, user_id)
        edit(Place(known.value, access.value))  # refuse before anything is taken away
        user = _user(who.company_id, user_id)
        login = _login(user)
        if login is None:
            continue  # their mailbox is being changed: without its row they would keep a way in
        invitations.withdraw_all(who.company_id, user.email)

        def also(transaction: Transaction, login: Stored[Login] = login) -> None:
            transaction.delete(store.accounts.LOGINS, login)

        try:
            membership.change(who.company_id, user_id, edit, also=also, due=due)
        except ConflictError as error:
            if error.code != "changed" or attempt == TRIES - 1:
                raise
            continue  # they have just changed their password or mailbox: look again
        break
    else:
        raise ConflictError
    task: dict[str, str | int] = {"task": "erase_member", "company": who.company_id, "user": user_id}
    queues.hint(settings.QUEUE_TASKS, [task])


def finish_leaving(company_id: str, user_id: str) -> None:
    """Erase what is kept of somebody who was removed; nobody else, whatever it is given. Repeatable.

    Raises:
        UnavailableError: to be continued; the sweeper finds those who were left half erased.
    """
    known = store.accounts.MEMBERS.get(company_id=company_id, user_id=user_id)
    if known is None or known.value.state is not MemberState.REMOVED:
        return
    # First what lies elsewhere: the rows erased below say where.
    push.forget_user(company_id, user_id)
    store.wechat.forget_user(company_id, user_id)
    rows = store.leaving.erase(company_id, user_id)
    telemetry.event("member_erased", rows=rows)
    if clock.now() >= (known.value.left_at or 0) + STRAGGLERS_SECONDS:
        store.accounts.MEMBERS.delete(known)


def _require_other(who: Principal, user_id: str, place: Place) -> None:
    if user_id == who.user_id:
        raise ConflictError("yourself", "Nobody changes their own place in the company.")
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


def _login(user: User) -> Stored[Login] | None:
    mailbox = store.accounts.mailbox_hash(addresses.parse(user.email).login)
    known = store.accounts.LOGINS.get(mailbox=mailbox, use=_USE)
    return known if known is not None and known.value.user_id == user.user_id else None


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

"""What an incident found in one company: which role of ours, whose people, how many (4.3.4).

The register of records decides: of a user's record we are the controller, of a client's contacts and mail its
processor, of people that companies shared a joint controller. Nothing is opened for it but names of companies
that say where they are. Idempotent: people are put on the list under their ids, numbers are written over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import ids, telemetry
from chalicelib.privacy import fields
from chalicelib.privacy.permissions import BY_DEFAULT, Permission
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.records import catalogue
from chalicelib.records.accounts import MemberState
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import IncidentCompany, IncidentPerson

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

NOWHERE: Final = "ZZ"
"""A country that nobody knows."""
ACCOUNT: Final = "user"
"""The kind of record that an account is."""
COMPANIES_TOGETHER: Final = 25
MOST_RECORDS: Final = 200_000
"""A company's records are counted to so many; beyond, its number says "at least"."""
_USE: Final = Duty.NOTIFY_INCIDENT
_BASE: Final = "stocked"


@cache
def _register() -> dict[str, fields.Declaration]:
    """What each kind of record that holds anything personal declared of itself; the staff's own left out."""
    made = {one.kind: one for one in map(fields.declaration, catalogue.every())}
    return {kind: one for kind, one in made.items() if one.personal and one.subject is not Subject.STAFF}


def concerns(kind: str) -> bool:
    """Whether records of a kind are about users or prospects."""
    return kind in _register()


def selected(categories: Collection[str], kinds: Collection[str]) -> frozenset[str]:
    """Kinds of record that hold any of these categories, or are named; those of companies and of the base.
    What the operator keeps under keys of its own (requests, logins) is found by who read it, or by hand.
    """
    wanted = {Category(name) for name in categories}
    known = {kind: one for kind, one in _register().items() if kind in _kept()}
    by_category = {kind for kind, one in known.items() if wanted & fields.categories(one)}
    return frozenset(by_category | (set(kinds) & known.keys()))


@cache
def _kept() -> frozenset[str]:
    return store.incident_work.kinds_of_companies() | {_BASE, "added"}


def of_role(kinds: Iterable[str], role: Role, subject: Subject | None = None) -> frozenset[str]:
    """Those among some kinds in which we act in a role."""
    known = _register()
    return frozenset(
        kind for kind in kinds if known[kind].role is role and subject in {None, known[kind].subject}
    )


def of_base(work: IncidentWork) -> bool:
    """Whether the operator's own base is among what lay open."""
    return _BASE in selected(work.categories, work.kinds)


def of_operator(kind: str) -> bool:
    """Whether records of a kind are about people of the operator's own base: whoever opened them and from
    which company, they are nobody's there.
    """
    return bool(of_role([kind], Role.CONTROLLER, Subject.PROSPECT))


def about_users(kind: str) -> bool:
    """Whether records of a kind are about users, and ours."""
    return bool(of_role([kind], Role.CONTROLLER, Subject.USER))


def jointly(one: IncidentCompany) -> int:
    """How often something about people that companies shared was opened."""
    kinds = of_role(filter(concerns, one.opened), Role.JOINT_CONTROLLER)
    return sum(number for kind, number in one.opened.items() if kind in kinds)


def categories(work: IncidentWork, by_log: bool) -> frozenset[str]:
    """The categories of 2.2 that lay open, as far as the look says."""
    kinds = set(selected(work.categories, work.kinds))
    if by_log:
        for row in store.incident_work.companies(work.incident_id):
            kinds |= _concerned(work, row.value, by_log=True)
    return frozenset(category.value for kind in kinds for category in fields.categories(_register()[kind]))


def look_at(work: IncidentWork, company_id: str, *, by_log: bool) -> bool:
    """Count what an incident found in one company and put our own people there on the list. Nothing for a
    company that is gone: there is nobody to tell. Of one that only a hold keeps, its people are listed: their
    rows are not opened to write to them, so they count as not reached, and hear of it in public. Three
    queries and a read, a write unit for each person. Returns whether people are concerned that it shared or
    received (``joint``).

    Raises:
        ConflictError, UnavailableError: repeated.
    """
    known = store.incidents.COMPANIES.get(incident_id=work.incident_id, company_id=company_id)
    one = new(work.incident_id, company_id) if known is None else known.value
    kinds = _concerned(work, one, by_log=by_log)
    if company_id == ids.OPERATOR:
        put(known, replace(one, prospects=max(one.prospects, _unnamed(one))))
        return False
    ours = of_role(kinds, Role.CONTROLLER, Subject.USER)
    place = _place(company_id)
    if place is None:
        if ours and (users := _add_kept(work, company_id)):
            made = replace(one, users=max(one.users, users))
            put(known, in_roles(made, work.look, {Role.CONTROLLER: True}, kinds))
        return False
    users = _add_users(work, one, place, ours, by_log=by_log)
    counted = _count_records(one, of_role(kinds, Role.PROCESSOR))
    larger = (counted.records, counted.prospects) != (one.records, one.prospects)
    roles = {Role.CONTROLLER: users > 0, Role.PROCESSOR: counted.records > 0}
    made = replace(counted, users=max(one.users, users), unreadable=False)
    put(known, in_roles(made, work.look, roles, kinds, larger=larger))
    return bool(of_role(kinds, Role.JOINT_CONTROLLER))


def note_unreadable(work: IncidentWork, company_id: str, *, by_log: bool) -> None:
    """Note a company that cannot be looked into. Closed for the sake of those in it: it is concerned in every
    role in which there may be something of it, with somebody from a country that nobody knows.

    Raises:
        ConflictError, UnavailableError: repeated.
    """
    known = store.incidents.COMPANIES.get(incident_id=work.incident_id, company_id=company_id)
    one = new(work.incident_id, company_id) if known is None else known.value
    kinds = _concerned(work, one, by_log=by_log)
    roles = {role: bool(of_role(kinds, role)) for role in Role}
    put(known, replace(in_roles(one, work.look, roles, kinds), unreadable=True))


def note_base(work: IncidentWork) -> None:
    """Count the operator's own base: as many as were ever taken into it. Nobody of them has an account.

    A query for each MB of loads.
    """
    known = store.incidents.COMPANIES.get(incident_id=work.incident_id, company_id=ids.OPERATOR)
    one = new(work.incident_id, ids.OPERATOR) if known is None else known.value
    taken = sum(load.value.taken for load in store.loads.LOADS.query("loads", "load#"))
    put(known, replace(one, prospects=max(one.prospects, taken), roles=(Role.CONTROLLER.value,)))


def put(known: Stored[IncidentCompany] | None, made: IncidentCompany) -> None:
    """Write what is known of a company in the place of what was; one write unit, none for the same.

    Raises:
        ConflictError: somebody else did the same work this moment.
    """
    rows, op = store.incidents.COMPANIES, store.table.new_op()
    if known is None:
        rows.put_new(made, op=op)
    elif made != known.value:
        rows.replace(known, made, op=op)


def new(incident_id: str, company_id: str) -> IncidentCompany:
    """A company of which nothing is known yet."""
    return IncidentCompany(incident_id=incident_id, company_id=company_id, roles=())


def _concerned(work: IncidentWork, one: IncidentCompany, *, by_log: bool) -> frozenset[str]:
    """Kinds of record that a look finds in a company; an account under whose name was read is itself one."""
    if not by_log:
        return selected(work.categories, work.kinds)
    return frozenset({*filter(concerns, one.opened), *((ACCOUNT,) if one.accounts else ())})


def _place(company_id: str) -> str | None:
    """The country of a company, None for one that is gone. Where its row cannot be opened nobody knows it:
    its people are found and told all the same.
    """
    try:
        company = store.accounts.COMPANIES.get(company_id=company_id, use=_USE)
    except (store.vault.KeyMissingError, store.vault.WrongPlaceError) as error:
        telemetry.event("incident_unreadable", error=error, company_id=company_id)
        return NOWHERE
    return None if company is None else company.value.country or NOWHERE


def _unnamed(one: IncidentCompany) -> int:
    """People behind the operator's own records that were opened: at most so many, and the log names none."""
    return sum(number for kind, number in one.opened.items() if _register()[kind].subject is Subject.PROSPECT)


def in_roles(
    one: IncidentCompany,
    look: int,
    roles: Mapping[Role, bool],
    kinds: Iterable[str],
    *,
    larger: bool = False,
) -> IncidentCompany:
    """A company with the roles that a look found for it. Of a share that is ``larger`` than what the client
    may have been told it is to hear again: it is found anew.
    """
    found = dict(one.found)
    for role, there in roles.items():
        if there and larger and role is Role.PROCESSOR:
            found[role.value] = look
        elif there:
            found.setdefault(role.value, look)
    named = {name for kind in kinds for name in fields.categories(_register()[kind])}
    return replace(
        one,
        roles=tuple(sorted(found)),
        found=found,
        categories=tuple(sorted({*one.categories, *(name.value for name in named)})),
    )


def _count_records(one: IncidentCompany, kinds: frozenset[str]) -> IncidentCompany:
    """A client's records of these kinds, and the people in them; where the log says how many were opened, no
    more than that.
    """
    if not kinds:
        return one
    held = store.incident_work.held(one.company_id, kinds, MOST_RECORDS)
    rows, people = sum(held.rows.values()), held.people
    opened = sum(number for kind, number in one.opened.items() if kind in kinds)
    if opened:
        # Rows may have gone since: what was opened was opened.
        rows, people = opened, min(people, opened) or opened
    return replace(one, records=max(one.records, rows), prospects=max(one.prospects, people))


def _add_users(
    work: IncidentWork, one: IncidentCompany, place: str, ours: frozenset[str], *, by_log: bool
) -> int:
    """Put those of a company on the list whose data we hold and somebody may have seen; how many. The log
    says how many were opened, not whose: of a user's reading it is the account itself, and everybody where
    its position lets it see the others.
    """
    here: set[str] = set(one.accounts) if by_log else set()
    if one.everybody or _sees_others(one) if by_log else store.incident_work.has_any(one.company_id, ours):
        members = store.accounts.MEMBERS.query(one.company_id, "member#")
        here |= {row.value.user_id for row in members if row.value.state is not MemberState.REMOVED}
    _add(work, one.company_id, here, place)
    return len(here)


def _sees_others(one: IncidentCompany) -> bool:
    """Whether one of the accounts under whose name was read may open the list of the company's users."""
    known = (
        store.accounts.MEMBERS.get(company_id=one.company_id, user_id=user_id) for user_id in one.accounts
    )
    return any(
        row is not None and Permission.MEMBERS_MANAGE in BY_DEFAULT[row.value.position] for row in known
    )


def _add_kept(work: IncidentWork, company_id: str) -> int:
    """Put everybody on the list whose place a hold has taken out of sight; nothing is opened. How many."""
    rows = store.accounts.MEMBERS
    there = store.table.query_rows(rows.model, company_id, "member#")
    here = {rows.key_of(row)["user_id"] for row in there}
    _add(work, company_id, here, NOWHERE)
    return len(here)


def _add(work: IncidentWork, company_id: str, users: Collection[str], place: str) -> None:
    store.incident_work.add_people(
        [
            IncidentPerson(
                incident_id=work.incident_id,
                company_id=company_id,
                person_id=user_id,
                whose=Subject.USER,
                in_role=Role.CONTROLLER,
                place=place,
                look=work.look,
            )
            for user_id in sorted(users)
        ]
    )

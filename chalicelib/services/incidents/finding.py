"""What an incident found in one company: which role of ours, whose people, how many (4.3.4).

The register of records decides: of a user's record we are the controller, of a client's contacts and mail its
processor, of people that companies shared a joint controller. Nothing is opened for it but names of companies
that say where they are. Idempotent: people are put on the list under their ids, numbers are written over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import ids
from chalicelib.privacy import fields
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.records import catalogue
from chalicelib.records.accounts import MemberState
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentCompany, IncidentPerson

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

NOWHERE: Final = "ZZ"
"""A country that nobody knows."""
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


def of_base(categories: Collection[str], kinds: Collection[str]) -> bool:
    """Whether the operator's own base is among what lay open."""
    return _BASE in selected(categories, kinds)


def categories(incident: Incident) -> frozenset[str]:
    """The categories of 2.2 that lay open, as far as the look says."""
    kinds = set(selected(incident.categories, incident.kinds))
    if incident.actor_id is not None or incident.session_id is not None:
        for one in store.incident_work.companies(incident.incident_id):
            kinds |= one.value.opened.keys()
    return frozenset(
        category.value
        for kind in kinds
        if concerns(kind)
        for category in fields.categories(_register()[kind])
    )


def look_at(incident: Incident, work: IncidentWork, company_id: str) -> None:
    """Count what an incident found in one company and put our own people there on the list. Nothing for a
    company that is gone: there is nobody to tell. Three queries and a read, a write unit for each person.

    Raises:
        ConflictError, UnavailableError: repeated.
    """
    known = store.incidents.COMPANIES.get(incident_id=incident.incident_id, company_id=company_id)
    one = _new(incident.incident_id, company_id) if known is None else known.value
    by_log = incident.actor_id is not None or incident.session_id is not None
    kinds = selected(incident.categories, incident.kinds)
    if by_log:
        kinds = frozenset(kind for kind in one.opened if concerns(kind))
    if company_id == ids.OPERATOR:
        put(known, replace(one, prospects=max(one.prospects, _unnamed(one))))
        return
    company = store.accounts.COMPANIES.get(company_id=company_id, use=_USE)
    if company is None:
        return
    place = company.value.country or NOWHERE
    ours = of_role(kinds, Role.CONTROLLER, Subject.USER)
    there = bool(ours) and (by_log or store.incident_work.has_any(company_id, ours))
    users = _add_users(work, company_id, place) if there else 0
    one = _count_records(one, of_role(kinds, Role.PROCESSOR))
    joint = _add_joint(work, company_id) if of_role(kinds, Role.JOINT_CONTROLLER) else 0
    roles = {
        Role.CONTROLLER: users > 0,
        Role.PROCESSOR: one.records > 0,
        Role.JOINT_CONTROLLER: joint > 0,
    }
    put(known, _in_roles(replace(one, users=max(one.users, users)), work.look, roles, kinds))


def note_base(incident: Incident) -> None:
    """Count the operator's own base: as many as were ever taken into it. Nobody of them has an account.

    A query for each MB of loads.
    """
    known = store.incidents.COMPANIES.get(incident_id=incident.incident_id, company_id=ids.OPERATOR)
    one = _new(incident.incident_id, ids.OPERATOR) if known is None else known.value
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


def _new(incident_id: str, company_id: str) -> IncidentCompany:
    return IncidentCompany(incident_id=incident_id, company_id=company_id, roles=())


def _unnamed(one: IncidentCompany) -> int:
    """People behind the operator's own records that were opened: at most so many, and the log names none."""
    return sum(number for kind, number in one.opened.items() if _register()[kind].subject is Subject.PROSPECT)


def _in_roles(
    one: IncidentCompany, look: int, roles: dict[Role, bool], kinds: Iterable[str]
) -> IncidentCompany:
    found = dict(one.found)
    for role, there in roles.items():
        if there:
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


def _add_users(work: IncidentWork, company_id: str, place: str) -> int:
    """Put everybody of a company on the list whose data we still hold; how many."""
    members = store.accounts.MEMBERS.query(company_id, "member#")
    here = [one.value.user_id for one in members if one.value.state is not MemberState.REMOVED]
    _add(work, company_id, dict.fromkeys(here, place), Subject.USER, Role.CONTROLLER)
    return len(here)


def _add_joint(work: IncidentWork, company_id: str) -> int:
    """Put the people on the list that a company shared or received; and with them every other company that
    did, whom the agreement has us tell. How many.
    """
    places: dict[str, str] = {}
    for prospect_id in dict.fromkeys(_shared_or_received(company_id)):
        added = store.prospects.ADDED.get(prospect_id=prospect_id, use=_USE)
        if added is None:
            continue  # not in the base any more
        places[prospect_id] = added.value.country
        if not work.everywhere:
            for other in _parties(prospect_id) - {company_id}:
                _note_party(work, other, prospect_id, added.value.country)
    _add(work, company_id, places, Subject.PROSPECT, Role.JOINT_CONTROLLER)
    return len(places)


def _note_party(work: IncidentWork, company_id: str, prospect_id: str, place: str) -> None:
    _add(work, company_id, {prospect_id: place}, Subject.PROSPECT, Role.JOINT_CONTROLLER)
    known = store.incidents.COMPANIES.get(incident_id=work.incident_id, company_id=company_id)
    one = _new(work.incident_id, company_id) if known is None else known.value
    put(known, _in_roles(one, work.look, {Role.JOINT_CONTROLLER: True}, ("added",)))


def _shared_or_received(company_id: str) -> Iterator[str]:
    for sharing in store.agreements.SHARINGS.query(f"{company_id}#shares", "shr_"):
        for named in sharing.value.prospects:
            prospect_id = named.partition(":")[2]
            if store.prospects.SHARES.get(prospect_id=prospect_id, company_id=company_id) is not None:
                yield prospect_id
    for reveal in store.prospects.REVEALS.query(f"{company_id}#revealed", "pr_"):
        held = store.prospects.HOLDERS.get(prospect_id=reveal.value.prospect_id, company_id=company_id)
        if held is not None and held.value.added:
            yield reveal.value.prospect_id


def _parties(prospect_id: str) -> set[str]:
    """Companies that shared a person, or received what was shared of them."""
    sharers = store.prospects.SHARES.query(prospect_id, "share#")
    holders = store.prospects.HOLDERS.query(prospect_id, "holder#")
    return {one.value.company_id for one in sharers} | {
        one.value.company_id for one in holders if one.value.added
    }


def _add(work: IncidentWork, company_id: str, people: dict[str, str], whose: Subject, role: Role) -> None:
    """Put people on the list, by id with their country; who is on it keeps the look that found them first."""
    there = store.incident_work.people_of(work.incident_id, company_id)
    store.incident_work.add_people(
        IncidentPerson(
            incident_id=work.incident_id,
            company_id=company_id,
            person_id=person_id,
            whose=whose,
            in_role=role,
            place=place,
            look=work.look,
        )
        for person_id, place in people.items()
        if person_id not in there
    )

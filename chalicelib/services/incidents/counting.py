"""Counting everybody whom the looks of an incident have found, by role and country (4.3.4).

Closed for the sake of those concerned: where nobody can know how many there are, or who, there is one more,
in a country that nobody knows, so that every law that may apply does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from chalicelib import store
from chalicelib.kernel import ids
from chalicelib.privacy.clocks import Stop
from chalicelib.privacy.incident_facts import NOWHERE, Group
from chalicelib.privacy.register import Role, Subject
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentCompany
from chalicelib.services.incidents import finding

STOCKED: Final = Group(Role.CONTROLLER, Subject.PROSPECT, NOWHERE).key


@dataclass(slots=True)
class Found:
    """What the looks found beside people: clients, and what the last look undoes."""

    companies: int = 0
    untold: set[str] = field(default_factory=set)
    """Names of the stop events that somebody found by this look undoes."""


def count(incident: Incident, work: IncidentWork, *, by_log: bool) -> tuple[Counter[str], Found]:
    """Numbers by role, subject and country, of all looks together. Queries for each MB of both lists."""
    counted, found = Counter[str](), Found()
    joint_of = _add_people(counted, found, work)
    logged = False
    for row in store.incident_work.companies(incident.incident_id):
        company = row.value
        logged |= company.seen.startswith(pieces_of(work.look))
        if company.company_id == ids.OPERATOR:
            counted[STOCKED] += company.prospects
            continue
        found.companies += bool(company.roles)
        _add_company(counted, company, joint_of[company.company_id])
        if work.look in {company.found.get(role) for role in (Role.PROCESSOR, Role.JOINT_CONTROLLER)}:
            found.untold.add(Stop.CLIENTS_TOLD.value)
    if by_log and not logged and not ids.is_id(incident.actor_id or "", "stf"):
        # An account was used, and the log does not say whose: it must not look like nobody's.
        counted[_key(Role.CONTROLLER)] += 1
    return counted, found


def pieces_of(look: int) -> str:
    """How the names of a look's pieces of the log begin."""
    return f"{look:04d}#"


def _add_people(counted: Counter[str], found: Found, work: IncidentWork) -> Counter[str]:
    """Count those on the list, shared people once whoever has them; how many of these each company has."""
    places: dict[str, str] = {}
    joint_of: Counter[str] = Counter()
    for _, person in store.incident_work.people(work.incident_id):
        if person.in_role is Role.JOINT_CONTROLLER:
            places[person.person_id] = person.place
            joint_of[person.company_id] += 1
            continue
        counted[Group(person.in_role, person.whose, person.place).key] += 1
        if person.look == work.look:
            found.untold.add(Stop.PEOPLE_TOLD.value)
    for place in places.values():
        counted[Group(Role.JOINT_CONTROLLER, Subject.PROSPECT, place).key] += 1
    return joint_of


def _add_company(counted: Counter[str], company: IncidentCompany, joint: int) -> None:
    counted[_key(Role.PROCESSOR)] += company.prospects
    # Of shared people others were looked at than the company has: nobody knows which.
    counted[_key(Role.JOINT_CONTROLLER)] += max(0, finding.jointly(company) - joint)
    if company.unreadable:
        for role in company.roles:
            counted[_key(Role(role))] += 1


def _key(role: Role) -> str:
    """People of a country that nobody knows."""
    return Group(role, Subject.USER if role is Role.CONTROLLER else Subject.PROSPECT, NOWHERE).key

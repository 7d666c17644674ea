"""Whom an incident concerns, and in which role of ours (4.3.4): from the access log and the record register.

Two ways in. By who read: what an actor or a session opened in the window, as the access log says, an hour at
a time. By place: what is kept of some categories in the companies named, or in all. The register of records
says of each kind in which role we hold it. Ours: everybody in the company is put on the list. A client's: its
records and the people in them are counted, unopened. Joint: the people it shared or received, and with them
the other companies that did.

Closed for those concerned wherever it cannot tell: the log says how many were opened, not which, so all
people of the company count, and numbers are upper bounds. A piece takes less than half a minute; one that is
done twice adds nothing, because people lie under their ids and a company notes the last hour it was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import logs
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.clocks import Stop
from chalicelib.privacy.incident_facts import Group
from chalicelib.privacy.register import Role, Subject
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct, IncidentCompany
from chalicelib.services.evidence import watch
from chalicelib.services.incidents import changing, course, finding, opening
from chalicelib.services.incidents.opening import Look
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

PIECE_SECONDS: Final = 20
"""A piece of work ends with the hour or the company during which this has passed."""
HOUR: Final = 3600
_BY_LOG: Final = "log"
_BY_COMPANY: Final = "companies"
_SUM: Final = "sum"


def look_further(by: str, incident_id: str, look: Look) -> None:
    """Look once more, somewhere else or for something else; what is found is added. Wakes the workflow.

    Raises:
        NotFoundError; InvalidError: as `opening.open_incident`; ConflictError: ``closed``, or
        ``being_counted``: the look before this one is not over.
    """
    opening.check_look(look)
    opening.find_open(incident_id)

    def also(transaction: Transaction, _: Incident) -> None:
        known = opening.find_work(incident_id)
        work = known.value
        if work.looked < work.look:
            raise ConflictError("being_counted", "The look before this one is not over.")
        wider = replace(work, look=work.look + 1, phase="", cursor="", everywhere=look.everywhere)
        transaction.replace(store.incident_work.WORK, known, wider)

    changing.change(
        incident_id,
        lambda one: replace(one, changes=one.changes + 1, **opening.of_look(look)),
        IncidentAct.SCOPE_SET,
        by,
        said=opening.said_of(look),
        wakes=True,
        also=also,
    )


def go_on(workflow: Stored[Workflow], incident: Stored[Incident], known: Stored[IncidentWork]) -> None:
    """Do the next piece of a look; the last one counts everybody and lets the workflow go on.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: the log could not be read; repeated.
        ConflictError, UnavailableError: repeated.
    """
    until = clock.elapsed() + PIECE_SECONDS
    one = incident.value
    phase = known.value.phase or (_BY_LOG if by_log(one) else _BY_COMPANY)
    if phase == _BY_LOG:
        cursor = _read_log(one, known.value, until)
        _save(known, _BY_COMPANY if cursor is None else _BY_LOG, cursor or "")
    elif phase == _BY_COMPANY:
        cursor = _look_at_companies(one, known.value, until)
        _save(known, _SUM if cursor is None else _BY_COMPANY, cursor or "")
    else:
        _add_up(workflow, incident, known)


def by_log(incident: Incident) -> bool:
    """Whether a look goes by what somebody opened."""
    return incident.actor_id is not None or incident.session_id is not None


def _save(known: Stored[IncidentWork], phase: str, cursor: str) -> None:
    made = replace(known.value, phase=phase, cursor=cursor)
    store.incident_work.WORK.replace(known, made, op=store.table.new_op())


# -- by who read ------------------------------------------------------------------------------------


def _read_log(incident: Incident, work: IncidentWork, until: float) -> str | None:
    """Add what was opened, hour by hour; where to go on, None when the window is through."""
    at, end = int(work.cursor or incident.from_at), min(incident.until_at, clock.now())
    while at < end:
        upto = min(at // HOUR * HOUR + HOUR, end)
        for company_id, opened in sorted(_opened(incident, at, upto).items()):
            _add_opened(work, company_id, opened, (at, upto))
        at = upto
        if clock.elapsed() > until:
            break
    return None if at >= end else str(at)


def _opened(incident: Incident, start: int, end: int) -> dict[str, Counter[str]]:
    """Kinds and how often one was opened, by company; the operator's own records under the operator."""
    found: dict[str, Counter[str]] = {}
    for function in watch.FUNCTIONS:
        for line in logs.lines(function, "opened", start, end):
            company_id = line.get("company_id") or ids.OPERATOR
            if incident.actor_id not in {None, line.get("actor_id")}:
                continue
            if incident.session_id not in {None, line.get("session_id")}:
                continue
            if incident.company_ids and company_id not in incident.company_ids:
                continue
            counts = found.setdefault(company_id, Counter())
            for name, number in line.items():
                kind = name.removeprefix("n_")
                if name != kind and isinstance(number, int) and finding.concerns(kind):
                    counts[kind] += number
    return {company_id: counts for company_id, counts in found.items() if counts}


def _add_opened(work: IncidentWork, company_id: str, opened: Counter[str], span: tuple[int, int]) -> None:
    piece = f"{work.look:04d}#{span[0]:012d}"
    incident_id = work.incident_id
    known = store.incidents.COMPANIES.get(incident_id=incident_id, company_id=company_id)
    one = (
        IncidentCompany(incident_id=incident_id, company_id=company_id, roles=())
        if known is None
        else known.value
    )
    if one.seen >= piece:
        return
    made = replace(
        one,
        seen=piece,
        opened=dict(sorted((Counter(one.opened) + opened).items())),
        first_at=span[0] if one.first_at is None else min(one.first_at, span[0]),
        last_at=max(one.last_at or 0, span[1]),
    )
    finding.put(known, made)


# -- by place ---------------------------------------------------------------------------------------


def _look_at_companies(incident: Incident, work: IncidentWork, until: float) -> str | None:
    """Look at company after company; where to go on, None when all were looked at."""
    if not work.cursor and finding.of_base(incident.categories, incident.kinds):
        finding.note_base(incident)
    at = work.cursor
    while True:
        before = at
        for place, company_id in _companies(incident, work.everywhere, before):
            finding.look_at(incident, work, company_id)
            at = place
            if clock.elapsed() > until:
                return at
        if at == before or not work.everywhere:
            return None


def _companies(incident: Incident, everywhere: bool, after: str) -> Iterator[tuple[str, str]]:
    """Places to go on from, and the companies there, in an order that does not change; of all companies the
    next few.
    """
    if by_log(incident):
        for one in store.incident_work.companies(incident.incident_id, after):
            if one.value.opened:
                yield one.value.company_id, one.value.company_id
    elif everywhere:
        company_id, _, at = after.partition(":")
        start = (company_id, int(at)) if after else None
        for found, came_at in store.due.companies(start, finding.COMPANIES_TOGETHER):
            yield f"{found}:{came_at}", found
    else:
        yield from ((one, one) for one in sorted(incident.company_ids) if one > after)


# -- counting ---------------------------------------------------------------------------------------


def _add_up(workflow: Stored[Workflow], incident: Stored[Incident], known: Stored[IncidentWork]) -> None:
    """Count everybody who is on the list, by role and country, and let the workflow go on."""
    work, before = known.value, incident.value
    counted, found = _counted(before.incident_id, work.look)
    stocked = counted[_STOCKED]
    made = changing.judged(
        replace(
            before,
            people={key: number for key, number in sorted(counted.items()) if number},
            companies=found.companies,
            categories=tuple(sorted({*before.categories, *finding.categories(before)})),
            scoped_at=clock.now(),
            changes=before.changes + 1,
            # Whoever is found only now has not been told: that clock runs again.
            done={name: at for name, at in before.done.items() if name not in found.untold},
        )
    )
    complete = replace(work, looked=work.look, phase="", cursor="", stocked=stocked)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.incidents.INCIDENTS, incident, made)
    transaction.replace(store.incident_work.WORK, known, complete)
    said = {key: str(number) for key, number in (made.people or {}).items()}
    number = sum(counted.values())
    opening.prove(transaction, made, IncidentAct.SCOPED, said=said, number=number)
    engine.move(workflow, course.stage_of(made, complete), why="counted", transaction=transaction)
    transaction.commit()
    telemetry.event("incident_scoped", incident_id=before.incident_id, people=number)


class _Found(NamedTuple):
    companies: int
    untold: frozenset[str]
    """Names of the stop events that somebody found by this look undoes."""


def _counted(incident_id: str, look: int) -> tuple[Counter[str], _Found]:
    counted: Counter[str] = Counter()
    joint: dict[str, str] = {}
    untold: set[str] = set()
    for _, one in store.incident_work.people(incident_id):
        if one.in_role is Role.JOINT_CONTROLLER:
            joint[one.person_id] = one.place
            continue
        counted[_key(one.in_role, one.whose, one.place)] += 1
        if one.look == look:
            untold.add(Stop.PEOPLE_TOLD.value)
    for place in joint.values():
        counted[_key(Role.JOINT_CONTROLLER, Subject.PROSPECT, place)] += 1
    companies = 0
    for row in store.incident_work.companies(incident_id):
        company = row.value
        if company.company_id == ids.OPERATOR:
            counted[_STOCKED] += company.prospects
            continue
        companies += bool(company.roles)
        if company.prospects:
            counted[_key(Role.PROCESSOR, Subject.PROSPECT, finding.NOWHERE)] += company.prospects
        if look in {company.found.get(role) for role in (Role.PROCESSOR, Role.JOINT_CONTROLLER)}:
            untold.add(Stop.CLIENTS_TOLD.value)
    return counted, _Found(companies, frozenset(untold))


def _key(role: Role, subject: Subject, place: str) -> str:
    return Group(role, subject, place).key


_STOCKED: Final = Group(Role.CONTROLLER, Subject.PROSPECT, finding.NOWHERE).key

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

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import logs
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.incident_facts import together
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct
from chalicelib.services.evidence import watch
from chalicelib.services.incidents import about, changing, counting, course, finding, joint, opening
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
        ``being_counted``: the look before this one is not over; RefusedError: ``about_yourself``.
    """
    opening.check_look(look)
    opening.find_open(incident_id, by)
    staff = about.staff_of(look.actor_id, look.session_id)

    def also(transaction: Transaction, _: Incident) -> None:
        known = opening.find_work(incident_id)
        work = known.value
        if work.looked < work.look:
            raise ConflictError("being_counted", "The look before this one is not over.")
        transaction.replace(store.incident_work.WORK, known, opening.looking(work, look))

    changing.change(
        incident_id,
        lambda one: replace(
            opening.widened(one, look), about_staff=tuple(sorted(staff.union(one.about_staff)))
        ),
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
        at = _read_log(one, known.value, until)
        over = at >= one.until_at
        _save(known, _BY_COMPANY if over else _BY_LOG, "" if over else str(at))
        settled_at = _upto(one, at) + watch.SETTLED
        if not over and settled_at > clock.now():
            engine.move(workflow, course.SCOPE, until=settled_at, why="log_settling")
    elif phase == _BY_COMPANY:
        left = _look_at_companies(one, known.value, until)
        _save(known, _SUM if left is None else _BY_COMPANY, *(left or ("", "")))
    else:
        _add_up(workflow, incident, known)


def by_log(incident: Incident) -> bool:
    """Whether a look goes by what somebody opened."""
    return incident.actor_id is not None or incident.session_id is not None


def _save(known: Stored[IncidentWork], phase: str, cursor: str, within: str = "") -> None:
    made = replace(known.value, phase=phase, cursor=cursor, within=within)
    store.incident_work.WORK.replace(known, made, op=store.table.new_op())


# -- by who read ------------------------------------------------------------------------------------


def _upto(incident: Incident, at: int) -> int:
    """Where the piece of the log ends that begins at ``at``: the same whenever it is read."""
    return min(at // HOUR * HOUR + HOUR, incident.until_at)


def _read_log(incident: Incident, work: IncidentWork, until: float) -> int:
    """Add what was opened, hour by hour, as far as the log is complete; where to go on. Lines come late, so a
    piece of it waits for them: what came after it was read would concern nobody.
    """
    at = int(work.cursor or incident.from_at)
    while at < incident.until_at and (upto := _upto(incident, at)) + watch.SETTLED <= clock.now():
        for company_id, opened in sorted(_opened(incident, at, upto).items()):
            _add_opened(work, company_id, opened, (at, upto))
        at = upto
        if clock.elapsed() > until:
            break
    return at


@dataclass(slots=True)
class _Opened:
    """What was opened of one company."""

    counts: Counter[str] = field(default_factory=Counter)
    accounts: set[str] = field(default_factory=set)
    """Ids of its users under whose name it was."""
    everybody: bool = False
    """It may be about any of its users: the operator's staff opened it, or a user a list."""


def _opened(incident: Incident, start: int, end: int) -> dict[str, _Opened]:
    """What was opened, by company; the operator's own records under the operator."""
    found: dict[str, _Opened] = defaultdict(_Opened)
    for function in watch.FUNCTIONS:
        for line in logs.lines(function, "opened", start, end):
            company_id, actor_id = line.get("company_id") or ids.OPERATOR, line.get("actor_id")
            if incident.actor_id not in {None, actor_id}:
                continue
            if incident.session_id not in {None, line.get("session_id")}:
                continue
            if incident.company_ids and company_id not in incident.company_ids:
                continue
            user_id = actor_id if isinstance(actor_id, str) and ids.is_id(actor_id, "usr") else None
            if user_id is not None:
                found[company_id].accounts.add(user_id)
            for name, number in line.items():
                kind = name.removeprefix("n_")
                if name == kind or not isinstance(number, int) or not finding.concerns(kind):
                    continue
                one = found[ids.OPERATOR if finding.of_operator(kind) else company_id]
                one.counts[kind] += number
                # A user's own devices or notices are nobody else's; of users themselves one is the reader.
                a_list = kind == finding.ACCOUNT and number > 1
                one.everybody |= finding.about_users(kind) and (a_list or user_id is None)
    return {company_id: one for company_id, one in found.items() if one.counts or one.accounts}


def _add_opened(work: IncidentWork, company_id: str, opened: _Opened, span: tuple[int, int]) -> None:
    piece = f"{counting.pieces_of(work.look)}{span[0]:012d}"
    incident_id = work.incident_id
    known = store.incidents.COMPANIES.get(incident_id=incident_id, company_id=company_id)
    one = finding.new(incident_id, company_id) if known is None else known.value
    if one.seen >= piece:
        return
    made = replace(
        one,
        seen=piece,
        opened=dict(sorted((Counter(one.opened) + opened.counts).items())),
        accounts=tuple(sorted(opened.accounts.union(one.accounts))),
        everybody=one.everybody or opened.everybody,
        first_at=span[0] if one.first_at is None else min(one.first_at, span[0]),
        last_at=max(one.last_at or 0, span[1]),
    )
    finding.put(known, made)


# -- by place ---------------------------------------------------------------------------------------


def _look_at_companies(incident: Incident, work: IncidentWork, until: float) -> tuple[str, str] | None:
    """Look at company after company; behind which to go on and where in the next, None when all were looked
    at.
    """
    at, within = work.cursor, work.within
    if not at and not within and finding.of_base(work):
        finding.note_base(work)
    while True:
        before = at
        for place, company_id in _companies(incident, work.everywhere, before):
            left = _look_at(incident, work, company_id, within, until)
            if left is not None:
                return at, left
            at, within = place, ""
            if clock.elapsed() > until:
                return at, ""
        if at == before or not work.everywhere:
            return None


def _look_at(
    incident: Incident, work: IncidentWork, company_id: str, within: str, until: float
) -> str | None:
    """Look at one company, or go on in it; where to go on, None when it is through. One that cannot be looked
    into is noted as such: it must not keep us from all that come after it.
    """
    begun, _, after = within.partition(" ")
    by_logs = by_log(incident)
    try:
        if begun != company_id:
            after = ""
            if not finding.look_at(work, company_id, by_log=by_logs):
                return None
        left = joint.look_at(work, company_id, after, until)
    except (ConflictError, UnavailableError):
        raise  # nobody's fault: the piece is done again
    except Exception as error:
        telemetry.event(
            "incident_unreadable", error=error, incident_id=work.incident_id, company_id=company_id
        )
        finding.note_unreadable(work, company_id, by_log=by_logs)
        return None
    return None if left is None else f"{company_id} {left}"


def _companies(incident: Incident, everywhere: bool, after: str) -> Iterator[tuple[str, str]]:
    """Places to go on from, and the companies there, in an order that does not change; of all companies the
    next few.
    """
    if by_log(incident):
        for one in store.incident_work.companies(incident.incident_id, after):
            if one.value.opened or one.value.accounts:
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
    counted, found = counting.count(before, work, by_log=by_log(before))
    stocked = counted[counting.STOCKED]
    named = {key: number for key, number in sorted(counted.items()) if number}
    made = changing.judged(
        replace(
            before,
            people=together(before.people, work.counted, named),
            companies=found.companies,
            categories=tuple(sorted({*before.categories, *finding.categories(work, by_log(before))})),
            scoped_at=clock.now(),
            changes=before.changes + 1,
            # Whoever is found only now has not been told: that clock runs again.
            done={name: at for name, at in before.done.items() if name not in found.untold},
        )
    )
    complete = replace(work, looked=work.look, phase="", cursor="", stocked=stocked, counted=named)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.incidents.INCIDENTS, incident, made)
    transaction.replace(store.incident_work.WORK, known, complete)
    said = {key: str(number) for key, number in named.items()}
    number = sum(counted.values())
    opening.prove(transaction, made, IncidentAct.SCOPED, said=said, number=number)
    engine.move(workflow, course.stage_of(made, complete), why="counted", transaction=transaction)
    transaction.commit()
    telemetry.event("incident_scoped", incident_id=before.incident_id, people=number)

"""The stages of the state machine `incident`, one deed each.

    scope -> (tell -> [announce ->] reach -> [announce]) -> assess | follow -> over

A notice to people that may not go on is stopped before anything else, and staff are reminded of deadlines at
every step, also while something is under way. Which is next follows from the rows (``course.stage_of``), so a
deed first looks whether it is still its turn.
Those concerned may be told before or after the assessment, as the law has it; both go on beside each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct
from chalicelib.services.incidents import course, holding, opening, reaching, scoping, telling
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

    Deed = Callable[[Stored[Workflow], Stored[Incident], Stored[IncidentWork]], None]


def _scope(workflow: Stored[Workflow], incident: Stored[Incident], work: Stored[IncidentWork]) -> None:
    scoping.go_on(workflow, incident, work)


def _tell(workflow: Stored[Workflow], incident: Stored[Incident], work: Stored[IncidentWork]) -> None:
    telling.go_on(workflow, incident.value, work)


def _reach(workflow: Stored[Workflow], incident: Stored[Incident], work: Stored[IncidentWork]) -> None:
    if not reaching.go_on(workflow, incident, work):
        _wait(workflow, incident, work, "mails_leaving" if work.value.under_way else "mails_coming_back")


def _announce(workflow: Stored[Workflow], incident: Stored[Incident], work: Stored[IncidentWork]) -> None:
    reaching.announce(workflow, incident, work)


def _assess(workflow: Stored[Workflow], incident: Stored[Incident], work: Stored[IncidentWork]) -> None:
    _wait(workflow, incident, work, "assessment")


def _follow(workflow: Stored[Workflow], incident: Stored[Incident], work: Stored[IncidentWork]) -> None:
    _wait(workflow, incident, work, "closing_report")


def _wait(
    workflow: Stored[Workflow], incident: Stored[Incident], work: Stored[IncidentWork], why: str
) -> None:
    """Wait for staff, mails, or an authority that comes before people; remind staff of what is due."""
    now = clock.now()
    transaction = store.transaction.Transaction(store.table.new_op())
    due = _remind(transaction, incident, work)
    one = incident.value
    if "news" in due or (one.next_follow_up_at is None and work.value.told):
        one = replace(one, next_follow_up_at=now + course.WEEK)
        transaction.replace(store.incidents.INCIDENTS, incident, one)
    until = course.goes_on_at(one, now)
    held = course.waits_for_authority(one, work.value)
    if workflow.value.stage == course.REACH:
        until = min(until, now + reaching.looks_again_in(work.value, held=held is not None))
    if held is not None and not work.value.under_way:
        why = held
    engine.move(workflow, workflow.value.stage, until=until, why=why, transaction=transaction)
    transaction.commit()
    _say(one, due)


def _remind(
    transaction: Transaction, incident: Stored[Incident], work: Stored[IncidentWork], *, news: bool = True
) -> dict[str, int]:
    """Let a transaction remind staff of what is due, once for each deadline and once a week of the news they
    owe; what that is. A reminder is an entry of evidence, and a line with an alarm on it (`_say`).
    """
    due = {
        name: at
        for name, at in course.reminders(incident.value, clock.now()).items()
        if f"{name}@{at}" not in work.value.reminded and (news or name != "news")
    }
    if due:
        told = (*work.value.reminded, *(f"{name}@{at}" for name, at in sorted(due.items())))
        transaction.replace(store.incident_work.WORK, work, replace(work.value, reminded=told))
        said = {name: clock.rfc3339(at) or "" for name, at in sorted(due.items())}
        opening.prove(transaction, incident.value, IncidentAct.REMINDED, said=said, number=len(due))
    return due


def _say(incident: Incident, due: Mapping[str, int]) -> None:
    if due:
        late = sum(name.endswith(":over") for name in due)
        telemetry.event("incident_due", incident_id=incident.incident_id, deadlines=len(due), late=late)


def _remind_beside(incident: Stored[Incident], work: Stored[IncidentWork]) -> Stored[IncidentWork]:
    """Remind staff of deadlines while something is being done: a search may take longer than the CAC's hours.
    The work after it.
    """
    transaction = store.transaction.Transaction(store.table.new_op())
    due = _remind(transaction, incident, work, news=False)
    if not due:
        return work
    transaction.commit()
    _say(incident.value, due)
    return opening.find_work(incident.value.incident_id)


def _turn(deed: Deed) -> Callable[[Stored[Workflow]], None]:
    def looked(workflow: Stored[Workflow]) -> None:
        incident = opening.find(workflow.value.about)
        work = holding.hold(incident.value, opening.find_work(workflow.value.about))
        stage = course.stage_of(incident.value, work.value)
        if stage != workflow.value.stage:
            engine.move(workflow, stage, why="goes_on")
            return
        if stage in {course.SCOPE, course.TELL, course.ANNOUNCE}:
            work = _remind_beside(incident, work)
        deed(workflow, incident, work)

    return looked


DEEDS: Final[engine.Deeds] = {
    course.SCOPE: _turn(_scope),
    course.TELL: _turn(_tell),
    course.REACH: _turn(_reach),
    course.ANNOUNCE: _turn(_announce),
    course.ASSESS: _turn(_assess),
    course.FOLLOW: _turn(_follow),
}

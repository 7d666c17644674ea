"""Whether those whom an incident concerns were reached (4.3.4), and what is said in public for those who were
not: "when it is difficult to inform the personal data subject one by one".

A notice counts as given when it has gone to everybody, and the clock stops with the last mail that was
accepted for delivery. What comes back is waited for (``notifications.mass``); then whoever was not reached,
or may not have been, is counted, and the same words are said in public. So are they, without waiting, when
some of those concerned have no account at all. In doubt it is said: closed, for the sake of the readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.privacy.clocks import Stop
from chalicelib.privacy.notifications import Kind
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct
from chalicelib.records.mass import MassState
from chalicelib.services import wording
from chalicelib.services.incidents import course, holding, opening, telling
from chalicelib.services.incidents.course import CLIENTS, JOINT, PEOPLE
from chalicelib.services.notifications import mass, public
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.services.notifications.mass_progress import Progress
    from chalicelib.store.table import Stored

LOOKS_EVERY: Final = 300
"""While mails leave, seconds."""
SETTLES_EVERY: Final = 3600
"""While what comes back late is waited for."""
COMES_BACK: Final = 24 * 3600
"""So long after the last mail a notice is counted once more, seconds: servers try that long; our choice."""
_FRESH, _COUNTED, _AGAIN = "0", "1", "2"
"""Of a notice that has gone to everybody: not counted yet, counted, and being counted once more."""
_ACTS: Final = {
    PEOPLE: IncidentAct.PEOPLE_TOLD,
    CLIENTS: IncidentAct.CLIENTS_TOLD,
    JOINT: IncidentAct.CLIENTS_TOLD,
}


def go_on(workflow: Stored[Workflow], incident: Stored[Incident], known: Stored[IncidentWork]) -> bool:
    """See how far the notices are. True if something was over, and the workflow was moved on.

    Raises:
        ConflictError, UnavailableError: repeated.
    """
    work = known.value
    if work.under_way:
        found = {whom: mass.progress(mass_id) for whom, mass_id in work.under_way.items()}
        if any(one.state is MassState.LISTING for one in found.values()):
            telling.start(work)  # died before
            return False
        if all(one.state in holding.WRITTEN for one in found.values()):
            _written(workflow, incident, known, found)
            return True
    told = [one for one in map(mass.progress, work.settling) if one.everybody_told]
    now = [one for one in told if _is_due(incident.value, work, one)]
    if now:
        _count(workflow, incident, known, now)
        return True
    return False


def counted(work: IncidentWork) -> bool:
    """Whether everybody whom staff wanted told was written to, and who was reached has been counted once."""
    fresh = any(one.endswith(f" {_FRESH}") for one in work.settling.values())
    return not (work.under_way or course.untold(work) or fresh)


def looks_again_in(work: IncidentWork, *, held: bool = False) -> int:
    """When the notices are looked at next, seconds; ``held``: people's may not be counted once more now."""
    quiet = all(one.endswith(f" {_COUNTED}") for one in work.settling.values())
    if quiet and held and not work.under_way:
        return COMES_BACK
    return SETTLES_EVERY if quiet and not work.under_way else LOOKS_EVERY


def announce(workflow: Stored[Workflow], incident: Stored[Incident], known: Stored[IncidentWork]) -> None:
    """Say in public what people were told, or in other words what was said before. 14 write units.

    Raises:
        ConflictError, UnavailableError: repeated; it is said once.
    """
    work, one = known.value, incident.value
    texts = {locale: _public(locale, said) for locale, said in _words(work).items()}
    transaction = store.transaction.Transaction(store.table.new_op())
    announcement_id = one.announcement_id
    if announcement_id is None:
        announcement_id = public.publish(transaction, Kind.INCIDENT, texts, one.incident_id)
    else:
        public.change(transaction, announcement_id, texts)
    made = replace(one, announcement_id=announcement_id)
    after = replace(work, announced=work.asked[PEOPLE])
    number = work.stocked + work.unreachable
    transaction.replace(store.incidents.INCIDENTS, incident, made)
    transaction.replace(store.incident_work.WORK, known, after)
    opening.prove(transaction, made, IncidentAct.ANNOUNCED, concerns=announcement_id, number=number)
    engine.move(workflow, course.stage_of(made, after), why="announced", transaction=transaction)
    transaction.commit()
    telemetry.event("incident_announced", incident_id=one.incident_id, people=number)


def _words(work: IncidentWork) -> Mapping[str, Mapping[str, str]]:
    return work.said[work.asked[PEOPLE]]


def _public(locale: str, said: Mapping[str, str]) -> dict[str, str]:
    notice = wording.notice("incident_public", wording.locale_of(locale), said)
    return {"title": notice.subject, "text": notice.text}


def _written(
    workflow: Stored[Workflow],
    incident: Stored[Incident],
    known: Stored[IncidentWork],
    found: Mapping[str, Progress],
) -> None:
    """Note that notices have gone to everybody on their lists: here the clocks stop."""
    work, one, now = known.value, incident.value, clock.now()
    same = [whom for whom in found if work.sent[whom] == work.asked.get(whom)]
    after = replace(
        work,
        told={**work.told, **dict.fromkeys(same, work.listed_look)},
        under_way={},
        sent={},
        listed="",
        settling={
            **work.settling,
            **{each.mass_id: f"{whom} {work.sent[whom]} {_FRESH}" for whom, each in found.items()},
        },
    )
    done = dict(one.done)
    # The first time counts; a later look that finds somebody takes it away again (scoping), and while any
    # of them is untold it does not come back.
    left = course.untold(after)
    if PEOPLE in same and PEOPLE not in left:
        done.setdefault(Stop.PEOPLE_TOLD.value, found[PEOPLE].last_accepted_at or now)
    theirs = [whom for whom in (CLIENTS, JOINT) if whom in same]
    if theirs and not set(left) & {CLIENTS, JOINT}:
        at = max(found[whom].last_accepted_at or now for whom in theirs)
        done.setdefault(Stop.CLIENTS_TOLD.value, at)
    made = replace(
        one,
        done=done,
        mass_ids={
            **one.mass_ids,
            **{f"{whom}:{work.listed_look}": each.mass_id for whom, each in found.items()},
        },
        next_follow_up_at=now + course.WEEK,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.incidents.INCIDENTS, incident, made)
    transaction.replace(store.incident_work.WORK, known, after)
    for whom, each in found.items():
        opening.prove(
            transaction,
            made,
            _ACTS[whom],
            concerns=each.mass_id,
            said={"whom": whom, "accepted": str(each.accepted)},
            number=each.people,
        )
    engine.move(workflow, course.stage_of(made, after), why="told", transaction=transaction)
    transaction.commit()


def _is_due(incident: Incident, work: IncidentWork, one: Progress) -> bool:
    whom, _, step = work.settling[one.mass_id].split()
    if step != _COUNTED:
        return True
    # Counting once more tells whoever was missed, so it waits for the authority as well.
    held = whom == PEOPLE and course.held_back(incident) is not None
    return clock.now() >= _late(one) and not held


def _late(one: Progress) -> int:
    """When hardly anything comes back any more."""
    return (one.last_accepted_at or one.began_at) + COMES_BACK


def _count(
    workflow: Stored[Workflow],
    incident: Stored[Incident],
    known: Stored[IncidentWork],
    told: list[Progress],
) -> None:
    """Count whom notices did not reach: when they have settled, and once more a day later."""
    work, one = known.value, incident.value
    settling, counts = dict(work.settling), dict(work.counts)
    for each in told:
        whom, words, step = settling.pop(each.mass_id).split()
        if step == _COUNTED and not each.is_old:
            mass.recount(each.mass_id)  # repeatable; what came back since is counted by it
            settling[each.mass_id] = f"{whom} {words} {_AGAIN}"
            continue
        if step == _FRESH:
            settling[each.mass_id] = f"{whom} {words} {_COUNTED}"
        counts[each.mass_id] = f"{whom} {words} {each.accepted} {each.missed}"
    after = _added_up(replace(work, settling=settling, counts=counts))
    made = replace(one, told=after.accepted, unreachable=after.unreachable)
    transaction = store.transaction.Transaction(store.table.new_op())
    if made != one:
        transaction.replace(store.incidents.INCIDENTS, incident, made)
    transaction.replace(store.incident_work.WORK, known, after)
    if counts != work.counts:
        said = {"accepted": str(after.accepted), "clients_unreached": str(after.clients_unreached)}
        opening.prove(transaction, made, IncidentAct.UNREACHED, said=said, number=after.unreachable)
    engine.move(workflow, course.stage_of(made, after), why="counted", transaction=transaction)
    transaction.commit()
    telemetry.event("incident_reached", incident_id=one.incident_id, unreachable=after.unreachable)


def _added_up(work: IncidentWork) -> IncidentWork:
    """The work with the numbers of those notices that say what is said now."""
    accepted = missed = admins = 0
    for count in work.counts.values():
        whom, words, reached, unreached = count.split()
        if words != work.asked.get(whom):
            continue  # other words have replaced these
        if whom == PEOPLE:
            accepted, missed = accepted + int(reached), missed + int(unreached)
        else:
            admins += int(unreached)
    return replace(work, accepted=accepted, unreachable=missed, clients_unreached=admins)

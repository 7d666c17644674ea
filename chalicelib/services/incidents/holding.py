"""A notice to people that stops on the way: an authority forbids telling them, or comes first (4.3.4).

It is paused and set aside, so that clients go on hearing beside it, and goes on once nothing holds it back.
Whoever was told stays told, and nobody is told twice by it. Closed for the sake of an authority's inquiry:
whoever notes an order stops the notice, and the workflow does so at every step, should that be lost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident
from chalicelib.records.mass import MassState
from chalicelib.services.incidents import course
from chalicelib.services.incidents.course import PEOPLE
from chalicelib.services.notifications import mass

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

WRITTEN: Final = frozenset({MassState.SETTLING, MassState.WAITING, MassState.DONE})
"""States of a notice that has gone to everybody."""


def set_aside(incident: Incident, work: IncidentWork) -> IncidentWork:
    """The work without the notice to people, if that is leaving and may not; clients' notices go on beside
    it. Whoever writes this calls `hold`. One that has gone to everybody is counted like any other.
    """
    mass_id = work.under_way.get(PEOPLE)
    if mass_id is None or course.held_back(incident) is None or mass.progress(mass_id).state in WRITTEN:
        return work
    left = {whom: one for whom, one in work.under_way.items() if whom != PEOPLE}
    return replace(
        work,
        aside=f"{mass_id} {work.sent[PEOPLE]}",
        under_way=left,
        sent={whom: words for whom, words in work.sent.items() if whom != PEOPLE},
        listed=work.listed if left else "",
    )


def hold(incident: Incident, known: Stored[IncidentWork]) -> Stored[IncidentWork]:
    """Stop a notice to people that may not go on, within seconds; the work after it. Whoever was told stays
    told. Repeatable: the workflow does it at every step, so it holds even if whoever noted the order died.

    Raises:
        ConflictError, UnavailableError: repeated.
    """
    made = set_aside(incident, known.value)
    if made != known.value:
        known = store.incident_work.WORK.replace(known, made, op=store.table.new_op())
    if made.aside and course.held_back(incident) is not None:
        mass_id = made.aside.split()[0]
        if mass.progress(mass_id).state not in {MassState.PAUSED, MassState.DONE}:
            mass.pause(mass_id)
    return known


def resume(work: IncidentWork) -> None:
    """Let the notice that was set aside go on. Repeatable."""
    mass_id = work.aside.split()[0]
    if mass.progress(mass_id).state is MassState.PAUSED:
        mass.resume(mass_id)


def waited(work: IncidentWork) -> dict[str, str]:
    """The notice to people that was set aside, if it can go on."""
    mass_id, _, words = work.aside.partition(" ")
    if words != work.asked.get(PEOPLE) or mass.progress(mass_id).is_old:
        return {}
    return {PEOPLE: mass_id}

"""What staff find out and decide about an incident (4.3.4), up to its end; opening, scoping and telling
people are in ``incidents``.
"""

from __future__ import annotations

from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.staff import incident_views
from chalicelib.api.staff.incident_bodies import (
    IncidentClosing,
    IncidentContained,
    IncidentFacts,
    IncidentFollowUp,
    IncidentReasons,
    NewIncidentReport,
    at,
)
from chalicelib.privacy.personnel import Right
from chalicelib.records.incidents import Incident, ReportKind
from chalicelib.services.incidents import assessing, authorities, closing
from chalicelib.services.incidents.authorities import Told

bp = Blueprint(__name__)

_RIGHT: Final = Right.INCIDENTS
_CLAUSES: Final = ("incidents",)


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/facts",
    summary="Note what has been found out; deadlines follow at once",
    body=IncidentFacts,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentEntry",
    errors=(403, 404, 409),
)
def note_incident_facts(call: Call) -> dict[str, Any]:
    """Numbers of people by `role/subject/country` (`controller/user/SG`; `ZZ`: nobody knows). Once assessed,
    what makes less owed is refused (`falls_away`): that is a downgrade. To have become aware later takes
    somebody else, too (`second_person`).
    """
    form: IncidentFacts = call.body
    made = assessing.change_facts(call.staff.staff_id, _incident(call), form.found(), form.reasons)
    return incident_views.entry(closing.entry(made))


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/assessment",
    summary="Assess an incident by its facts",
    body=IncidentReasons,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentEntry",
    errors=(403, 404, 409),
)
def assess_incident(call: Call) -> dict[str, Any]:
    """Whether somebody has to be told follows from the facts, and the PDPA's three days begin today. 422
    names what nobody has found out. That nobody is to be told is not for whoever opened it to say.
    """
    form: IncidentReasons = call.body
    made = assessing.assess(call.staff.staff_id, _incident(call), form.reasons)
    return incident_views.entry(closing.entry(made))


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/downgrade",
    summary="Note facts by which less is owed than was assessed; a second person, with reasons",
    body=IncidentFacts,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentEntry",
    errors=(403, 404, 409),
)
def downgrade_incident(call: Call) -> dict[str, Any]:
    """By nobody who opened or assessed it. It stays in the register; `to_hear` names what authorities were
    told that is to be corrected.
    """
    form: IncidentFacts = call.body
    made = assessing.downgrade(call.staff.staff_id, _incident(call), form.found(), form.reasons)
    return incident_views.entry(closing.entry(made))


@route(
    bp,
    "GET",
    "/v1/staff/incidents/{incident_id}/form",
    summary="What an authority wants to know, filled with what is known",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentForm",
    errors=(404,),
)
def show_incident_form(call: Call) -> dict[str, Any]:
    """Nothing about any single person concerned is in it. `missing` names the answers that are not there; a
    first report may go without them. In Chinese for China's authority.
    """
    name = (call.request.query_params or {}).get("obligation", "")
    return authorities.form(call.staff.staff_id, _incident(call), name)


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/reports",
    summary="Note what an authority was told, when, and under which reference of its own",
    status=201,
    body=NewIncidentReport,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentReport",
    errors=(404, 409),
)
def note_incident_report(call: Call) -> dict[str, Any]:
    """The first report stops its clock. One that was late says why. The same again changes nothing."""
    form: NewIncidentReport = call.body
    told = Told(
        obligation=form.obligation,
        what=ReportKind(form.kind),
        told_at=at(form.told_at),
        number=form.reference,
        form_hash=form.form_sha256,
        delay_reasons=form.delay_reasons,
        words=form.words,
    )
    return incident_views.report(authorities.tell(call.staff.staff_id, _incident(call), told))


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/containment",
    summary="Note since when the cause of an incident is stopped",
    body=IncidentContained,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentEntry",
    errors=(404, 409),
)
def contain_incident(call: Call) -> dict[str, Any]:
    """An earlier time may be noted later on, a later one not."""
    form: IncidentContained = call.body
    made = closing.contain(call.staff.staff_id, _incident(call), at(form.contained_at), form.words)
    return incident_views.entry(closing.entry(made))


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/follow-ups",
    summary="Note what has been learnt and done since",
    body=IncidentFollowUp,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentEntry",
    errors=(404, 409),
)
def follow_incident_up(call: Call) -> dict[str, Any]:
    """Without `next_at` the reminders go on as before, weekly; it is at most 31 days away."""
    form: IncidentFollowUp = call.body
    next_at = None if form.next_at is None else at(form.next_at)
    made = closing.follow_up(call.staff.staff_id, _incident(call), form.words, next_at)
    return incident_views.entry(closing.entry(made))


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/closing",
    summary="Close an incident with its report",
    body=IncidentClosing,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentEntry",
    errors=(404, 409),
)
def close_incident(call: Call) -> dict[str, Any]:
    """409 while it is not assessed, not contained, or anything is owed to anybody (`owed` names it), also the
    end of a look, of the telling (a day after the last mail), or an announcement.
    """
    form: IncidentClosing = call.body
    made = closing.close(call.staff.staff_id, _incident(call), form.words)
    return incident_views.entry(closing.entry(made))


@route(
    bp,
    "GET",
    "/v1/staff/incidents/{incident_id}/steps",
    summary="Everything that was done about an incident, in order, from the evidence",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentSteps",
    errors=(404,),
)
def list_incident_steps(call: Call) -> dict[str, Any]:
    """Links of the operator's chain; who did it, when, and codes. Words stand there as keyed hashes."""
    found = authorities.steps(_found(call).incident_id)
    return {"items": [incident_views.step(one) for one in found]}


@route(
    bp,
    "GET",
    "/v1/staff/incident-register",
    summary="All incidents with facts, effects and measures, notifiable or not; the newest first",
    staff=_RIGHT,
    paged="inc",
    clauses=_CLAUSES,
    answer="IncidentEntryPage",
)
def show_incident_register(call: Call) -> dict[str, Any]:
    """GDPR 33(5). The cursor is the id of the last incident seen."""
    found = closing.register(call.limit + 1, call.cursor, call.staff.staff_id)
    return page(call, found, lambda one: one.incident.incident_id, incident_views.entry)


@route(
    bp,
    "GET",
    "/v1/staff/incident-register/{incident_id}",
    summary="One entry of the register of incidents",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentEntry",
    errors=(404,),
)
def show_register_entry(call: Call) -> dict[str, Any]:
    """With every deadline as it stands now, and what is undecided."""
    return incident_views.entry(closing.entry(_found(call)))


def _incident(call: Call) -> str:
    return call.path["incident_id"]


def _found(call: Call) -> Incident:
    return closing.find(_incident(call), call.staff.staff_id)

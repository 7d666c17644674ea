"""Security incidents (4.3.4): opening one, looking for whom it concerns, saying what it was, telling them.

What the law asks of it (assessment, authorities, closing) is in ``incident_acts``. For privacy, legal and
security staff.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from chalice import Blueprint
from pydantic import Field, StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Identifier, Text
from chalicelib.api.staff.incident_bodies import IncidentCategory, Moment, at
from chalicelib.api.staff.incident_progress import company_view, incident_view, whole_view
from chalicelib.privacy.personnel import Right
from chalicelib.services.incidents import about, course, opening, scoping, telling
from chalicelib.services.incidents.opening import Look, Wish

bp = Blueprint(__name__)

_RIGHT: Final = Right.INCIDENTS
_CLAUSES: Final = ("incidents",)


Words = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=1100)]
"""Four of them are one announcement."""
_Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class IncidentLook(Form):
    """Where to look. With `actor_id` or `session_id` what those opened counts, as the access log says; with
    `company_ids` or `everywhere` what is kept there of `categories` (2.2) or `kinds` of record.
    """

    from_at: Moment
    until_at: Moment
    actor_id: Identifier | None = None
    session_id: Identifier | None = None
    company_ids: Annotated[list[Identifier], Field(max_length=200, default_factory=list)]
    everywhere: bool = False
    categories: Annotated[list[IncidentCategory], Field(max_length=12, default_factory=list)]
    kinds: Annotated[list[_Kind], Field(max_length=60, default_factory=list)]


class NewIncident(IncidentLook):
    """What happened, when we had reason to believe in it, and where to look."""

    summary: Words
    aware_at: Moment
    finding_id: Identifier | None = None


class SaidInIncident(Form):
    """The four contents of 4.3.4 in one language. Everybody concerned reads them: they name nobody."""

    situation: Words
    measures: Words
    advice: Words
    remedies: Words


class IncidentContents(Form):
    """What everybody concerned is told, in both languages."""

    en: SaidInIncident
    zh: SaidInIncident


class IncidentTelling(Form):
    """Whom to tell. Clients need no assessment; people hear of it once the authority that comes first has."""

    whom: Annotated[list[Literal["clients", "people"]], Field(min_length=1, max_length=2)]


@route(
    bp,
    "POST",
    "/v1/staff/incidents",
    summary="Open an incident; the clocks run from when we had reason to believe in it",
    status=201,
    body=NewIncident,
    staff=_RIGHT,
    repeatable=True,
    clauses=_CLAUSES,
    answer="Incident",
)
def open_incident(call: Call) -> dict[str, Any]:
    """Nobody is told yet. Who is concerned is looked for at once."""
    form: NewIncident = call.body
    wish = Wish(
        summary=form.summary,
        aware_at=at(form.aware_at),
        finding_id=form.finding_id,
        look=_look(form),
    )
    return incident_view(opening.open_incident(call.staff.staff_id, wish, call.repeat))


@route(
    bp,
    "GET",
    "/v1/staff/incidents",
    summary="The register of incidents, also those nobody had to be told of; the newest first",
    staff=_RIGHT,
    paged="inc",
    clauses=_CLAUSES,
    answer="IncidentPage",
)
def list_incidents(call: Call) -> dict[str, Any]:
    """The cursor is the id of the last incident seen."""
    found = opening.register(call.limit + 1, call.cursor, call.staff.staff_id)
    return page(call, found, lambda one: one.incident_id, incident_view)


@route(
    bp,
    "GET",
    "/v1/staff/incidents/{incident_id}",
    summary="One incident: what is known, what is due, how far the telling is",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentWhole",
)
def read_incident(call: Call) -> dict[str, Any]:
    """Also where its workflow stands, and what it waits for. 403 `about_yourself`."""
    return whole_view(about.readable(call.path["incident_id"], call.staff.staff_id))


@route(
    bp,
    "GET",
    "/v1/staff/incidents/{incident_id}/companies",
    summary="The companies it concerns, and with how much",
    staff=_RIGHT,
    paged="co",
    clauses=_CLAUSES,
    answer="IncidentCompanyPage",
)
def list_incident_companies(call: Call) -> dict[str, Any]:
    """The cursor is the id of the last company seen."""
    incident_id = about.readable(call.path["incident_id"], call.staff.staff_id)
    found = opening.companies(incident_id, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.company_id, company_view)


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/scope",
    summary="Look further: what is found is added to what was",
    body=IncidentLook,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentWhole",
    errors=(409,),
)
def scope_incident(call: Call) -> dict[str, Any]:
    """Who is found now and has not been told yet is told in the words on record, if people were told before.
    409 `closed`.
    """
    scoping.look_further(call.staff.staff_id, call.path["incident_id"], _look(call.body))
    return whole_view(call.path["incident_id"])


@route(
    bp,
    "PUT",
    "/v1/staff/incidents/{incident_id}/contents",
    summary="What everybody concerned is told: the four contents of 4.3.4, in both languages",
    body=IncidentContents,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentWhole",
    errors=(409,),
)
def word_incident(call: Call) -> dict[str, Any]:
    """Nobody is told by this. 422 names each content that is missing or says nothing; 409 `closed`."""
    contents: dict[str, dict[str, str]] = call.body.model_dump()
    telling.word(call.staff.staff_id, call.path["incident_id"], contents)
    return whole_view(call.path["incident_id"])


@route(
    bp,
    "POST",
    "/v1/staff/incidents/{incident_id}/tell",
    summary="Tell those concerned, whatever they have switched off: people by mail and push, clients by mail",
    status=202,
    body=IncidentTelling,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="IncidentWhole",
    errors=(403, 409),
)
def tell_incident(call: Call) -> dict[str, Any]:
    """In the words on record, once. `clients`: main administrators of companies whose data we keep, or that
    shared or received people; never the people in it. Who cannot be reached is counted, and the same is said
    in public. 403 `contents_missing`, `telling_forbidden`, `second_person`: who found the words does not send
    them; 409 `being_counted`, `authority_first`,
    `told_already`, `closed`.
    """
    wanted = set(call.body.whom)
    whom = tuple(
        one
        for one in course.AUDIENCES
        if (course.PEOPLE if one == course.PEOPLE else course.CLIENTS) in wanted
    )
    telling.tell(call.staff.staff_id, call.path["incident_id"], whom)
    return whole_view(call.path["incident_id"])


def _look(form: IncidentLook) -> Look:
    return Look(
        from_at=at(form.from_at),
        until_at=at(form.until_at),
        actor_id=form.actor_id,
        session_id=form.session_id,
        company_ids=tuple(dict.fromkeys(form.company_ids)),
        everywhere=form.everywhere,
        categories=tuple(dict.fromkeys(form.categories)),
        kinds=tuple(dict.fromkeys(form.kinds)),
    )

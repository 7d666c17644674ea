"""Notices to many people: how far they are, pausing, resuming, the pace."""

from __future__ import annotations

from typing import Annotated, Any, Final

from chalice import Blueprint
from pydantic import Field

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form
from chalicelib.kernel import clock
from chalicelib.privacy.personnel import Right
from chalicelib.services.notifications import mass, mass_progress
from chalicelib.services.notifications.mass_progress import Progress

bp = Blueprint(__name__)

_RIGHT: Final = Right.MASS_NOTICES
_CLAUSES: Final = ("policy-updates", "incidents", "discontinuation")


class MassPace(Form):
    """How many people are told in a second at most."""

    per_second: Annotated[int, Field(strict=True, ge=1, le=mass.FASTEST)]


@route(
    bp,
    "GET",
    "/v1/staff/mass",
    summary="Notices to many people, the newest first",
    staff=_RIGHT,
    paged="mass",
    clauses=_CLAUSES,
    answer="MassNoticePage",
)
def list_mass(call: Call) -> dict[str, Any]:
    """Also those that are done; for two years."""
    found = mass_progress.newest(call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.mass_id, _view)


@route(
    bp,
    "GET",
    "/v1/staff/mass/{mass_id}",
    summary="How far one notice is, and what it cost",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="MassNotice",
)
def read_mass(call: Call) -> dict[str, Any]:
    """Numbers: who was told is in nobody's list. A mail that came back counts from the next count on."""
    return _view(mass.progress(call.path["mass_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/mass/{mass_id}/pause",
    summary="Stop telling people, within seconds",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="MassNotice",
    errors=(409,),
)
def pause_mass(call: Call) -> dict[str, Any]:
    """Who was told stays told. A notice that the law asks for has a deadline, which goes on. 409 `done`."""
    return _view(mass.pause(call.path["mass_id"], call.staff.staff_id))


@route(
    bp,
    "POST",
    "/v1/staff/mass/{mass_id}/resume",
    summary="Go on where it stopped; nobody is told twice",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="MassNotice",
    errors=(409,),
)
def resume_mass(call: Call) -> dict[str, Any]:
    """Nothing changes for one that is not paused. 409 `done`."""
    return _view(mass.resume(call.path["mass_id"], call.staff.staff_id))


@route(
    bp,
    "POST",
    "/v1/staff/mass/{mass_id}/recount",
    summary="Look at everybody once more: tell who was missed, count what came back since",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="MassNotice",
    errors=(409,),
)
def recount_mass(call: Call) -> dict[str, Any]:
    """Tells nobody twice. A mail that SES would not take is tried again, three times in all. 409 `too_old`
    eleven months after it began.
    """
    return _view(mass.recount(call.path["mass_id"], call.staff.staff_id))


@route(
    bp,
    "PUT",
    "/v1/staff/mass/{mass_id}/pace",
    summary="Set how many people are told in a second",
    body=MassPace,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="MassNotice",
    errors=(409,),
)
def pace_mass(call: Call) -> dict[str, Any]:
    """Not more than half of what SES allows the account, or login codes wait. Holds within seconds."""
    form: MassPace = call.body
    return _view(mass.set_pace(call.path["mass_id"], form.per_second, call.staff.staff_id))


def _view(one: Progress) -> dict[str, Any]:
    return {
        "id": one.mass_id,
        "kind": one.kind.value,
        "about": one.about,
        "audience": one.audience.value,
        "state": one.state.value,
        "people": one.people,
        "accepted": one.accepted,
        "refused": one.refused,
        "unreachable": one.unreachable,
        "unknown": one.unknown,
        "passed_by": one.passed_by,
        "unreadable_companies": one.unreadable,
        "last_accepted_at": clock.rfc3339(one.last_accepted_at),
        "cost_microdollars": one.cost_microdollars,
        "per_second": one.per_second,
        "began_at": clock.rfc3339(one.began_at),
        "rounds_until": clock.rfc3339(one.rounds_until),
        "finished_at": clock.rfc3339(one.finished_at),
    }

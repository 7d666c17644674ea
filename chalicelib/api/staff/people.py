"""The operator's own people, and what is on record about them. For admins of the staff."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from chalice import Blueprint, Response
from pydantic import AfterValidator, StringConstraints

from chalicelib.api.endpoint import Call, page, respond, route
from chalicelib.api.forms import Form, Mailbox, Name, Version
from chalicelib.api.staff.login import staff_view
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.clocks import begins
from chalicelib.privacy.personnel import Paper, Right, StaffPosition
from chalicelib.records.staff import StaffPaper, StaffState
from chalicelib.services.staff import papers, people
from chalicelib.services.staff.people import Newcomer

bp = Blueprint(__name__)

_MANAGE: Final = Right.STAFF_MANAGE
_Position = Literal["support", "privacy", "legal", "security", "admin", "auditor"]


def _is_day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("not_a_day") from None
    return value


Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_is_day)]


class NewStaff(Form):
    """Who is to come, and what they shall be."""

    name: Name
    email: Mailbox
    position: _Position


class ChangedStaff(Form):
    """The fields to change."""

    position: _Position | None = None
    state: Literal["active", "suspended"] | None = None


class NewPaper(Form):
    """What was signed or completed, and on which day in Singapore."""

    paper: Literal["agreement", "training"]
    version: Version
    on: Day


@route(
    bp,
    "GET",
    "/v1/staff/people",
    summary="The staff, who came last first",
    paged="stf",
    staff=_MANAGE,
    clauses=("personnel",),
    answer="StaffPage",
)
def list_staff(call: Call) -> dict[str, Any]:
    """The cursor is the id of the last one seen."""
    found = people.page(call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.staff_id, staff_view)


@route(
    bp,
    "POST",
    "/v1/staff/people",
    summary="Take somebody on; half of a set-up token goes to their mailbox, the other half is answered",
    status=202,
    body=NewStaff,
    staff=_MANAGE,
    clauses=("personnel", "access"),
    answer="StaffInvited",
    errors=(409,),
)
def add_staff(call: Call) -> dict[str, Any]:
    """409 `mailbox_taken`. They may do nothing before agreement and training are on record. `second_half` is
    shown this once, to be handed over in person; who has lost it resets them.
    """
    form: NewStaff = call.body
    wanted = Newcomer(form.name, form.email, StaffPosition(form.position))
    person, half = people.add(wanted, by=call.staff.staff_id)
    return {**staff_view(person), "second_half": half}


@route(
    bp,
    "GET",
    "/v1/staff/people/{staff_id}",
    summary="One person of the staff",
    staff=_MANAGE,
    clauses=("personnel",),
    answer="StaffPerson",
)
def read_staff(call: Call) -> dict[str, Any]:
    """With what counts of their record."""
    return staff_view(people.read(call.path["staff_id"]))


@route(
    bp,
    "PATCH",
    "/v1/staff/people/{staff_id}",
    summary="Change somebody's position; suspend or reinstate",
    body=ChangedStaff,
    staff=_MANAGE,
    clauses=("personnel", "access"),
    answer="StaffPerson",
    errors=(409,),
)
def change_staff(call: Call) -> dict[str, Any]:
    """In force with their next request. 409 `yourself`, `last_admin`, `not_set_up`."""
    form: ChangedStaff = call.body
    for field in ("position", "state"):
        if field in form.model_fields_set and getattr(form, field) is None:
            raise InvalidError(errors=[FieldError(field, "required")])
    changed = people.change(
        call.path["staff_id"],
        by=call.staff.staff_id,
        position=None if form.position is None else StaffPosition(form.position),
        state=None if form.state is None else StaffState(form.state),
    )
    return staff_view(changed)


@route(
    bp,
    "DELETE",
    "/v1/staff/people/{staff_id}",
    summary="End somebody's employment",
    status=204,
    staff=_MANAGE,
    clauses=("personnel", "access"),
    errors=(409,),
)
def end_staff(call: Call) -> Response:
    """Every way in ends at once. 409 `yourself`, `last_admin`."""
    people.leave(call.path["staff_id"], by=call.staff.staff_id)
    return respond(204, None)


@route(
    bp,
    "POST",
    "/v1/staff/people/{staff_id}/reset",
    summary="Take away password and one-time codes; half of a token for new ones goes to their mailbox",
    staff=_MANAGE,
    clauses=("access",),
    answer="StaffSecondHalf",
    errors=(409,),
)
def reset_staff(call: Call) -> dict[str, str]:
    """For a lost telephone. Every session ends. `second_half` is to be handed over in person, to somebody one
    knows. 409 `yourself`, `last_admin`, `suspended`.
    """
    return {"second_half": people.reset(call.path["staff_id"], by=call.staff.staff_id)}


@route(
    bp,
    "GET",
    "/v1/staff/people/{staff_id}/records",
    summary="The personnel record of somebody, entered last first",
    staff=_MANAGE,
    clauses=("personnel",),
    answer="StaffRecord",
)
def read_papers(call: Call) -> dict[str, Any]:
    """Also of those who have left."""
    return {"items": [_paper(one) for one in papers.read(call.path["staff_id"])]}


@route(
    bp,
    "POST",
    "/v1/staff/people/{staff_id}/records",
    summary="Put a signed agreement or a completed training on record",
    status=201,
    body=NewPaper,
    staff=_MANAGE,
    clauses=("personnel",),
    answer="StaffPerson",
    errors=(409,),
)
def enter_paper(call: Call) -> dict[str, Any]:
    """Nobody enters their own (409 `yourself`). A training counts for twelve months."""
    form: NewPaper = call.body
    since = begins(date.fromisoformat(form.on))
    changed = papers.enter(
        call.path["staff_id"], Paper(form.paper), form.version, since, by=call.staff.staff_id
    )
    return staff_view(changed)


def _paper(one: StaffPaper) -> dict[str, Any]:
    return {
        "id": one.paper_id,
        "paper": one.paper.value,
        "version": one.version,
        "at": clock.rfc3339(one.at),
        "entered_by": one.entered_by,
        "entered_at": clock.rfc3339(one.entered_at),
    }

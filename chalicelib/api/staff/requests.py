"""Requests and complaints that somebody of the staff has to answer (8)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from chalice import Blueprint, Response
from pydantic import Field

from chalicelib.api.endpoint import Call, page, respond, route
from chalicelib.api.forms import Form
from chalicelib.api.requests import Words
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.decisions import Allowed
from chalicelib.privacy.personnel import Right
from chalicelib.privacy.requests import GROUNDS, SOURCES, Extension, Ground, may_refuse
from chalicelib.records.requests import OpenRequest, Request, RequestEvidence
from chalicelib.services.requests import copies, desk
from chalicelib.services.requests.desk import Reply
from chalicelib.services.requests.recipients import Recipient

bp = Blueprint(__name__)

_MAY: Final = Right.REQUESTS


class StaffAnswer(Form):
    """The answer in words, and what it goes with."""

    text: Words
    release_data: bool = False
    corrected: bool = False


class StaffRefusal(Form):
    """A ground of the law, and why it applies here."""

    ground: Literal[
        "identity",
        "unfounded",
        "excessive",
        "rights_of_others",
        "legal_duty",
        "legal_claims",
        "not_the_case",
    ]
    text: Words


class StaffErasureWish(Form):
    """What the requester is told once it is done."""

    text: Words


class CopyTerm(Form):
    """For how many days from now a copy is needed."""

    days: Annotated[int, Field(ge=1, le=366)]


class StaffExtension(Form):
    """How much longer, and why."""

    months: Annotated[int, Field(ge=1, le=2)]
    reason: Literal["complex", "many_requests"]


@route(
    bp,
    "GET",
    "/v1/staff/requests",
    summary="Requests that wait for an answer, the first due first",
    paged=True,
    staff=_MAY,
    clauses=("requests",),
    answer="StaffRequestPage",
)
def list_staff_requests(call: Call) -> dict[str, Any]:
    """Nothing personal. The cursor names the last one seen."""
    found = desk.page(call.limit + 1, _after(call.cursor))
    return page(call, found, lambda one: f"{one.due_at}.{one.request_id}", _line)


@route(
    bp,
    "GET",
    "/v1/staff/requests/{request_id}",
    summary="One request in the requester's words, to answer it",
    staff=_MAY,
    clauses=("requests", "access"),
    answer="StaffRequest",
)
def read_staff_request(call: Call) -> dict[str, Any]:
    """Opened for the duty of section 8 and for nothing else; that it was read is on record."""
    file = desk.read(call.path["request_id"], by=call.staff.staff_id)
    attached = [
        {"id": one.request_id, "received_at": clock.rfc3339(one.received_at), "details": one.details}
        for one in file.attached
    ]
    return {**_file(file.request, file.steps), "attached": attached}


@route(
    bp,
    "POST",
    "/v1/staff/requests/{request_id}/answer",
    summary="Answer a request",
    body=StaffAnswer,
    staff=_MAY,
    clauses=("requests",),
    answer="StaffAnswered",
    errors=(409,),
)
def answer_staff_request(call: Call) -> dict[str, Any]:
    """``release_data`` opens the account's data to the requester's token, where one-time codes kept it back.
    ``corrected``: who received the data within a year is told by mail; who has no mailbox on record is
    listed, for somebody to tell.
    """
    form: StaffAnswer = call.body
    reply = Reply(form.text, release=form.release_data, corrected=form.corrected)
    closed, told = desk.answer(call.path["request_id"], reply, by=call.staff.staff_id)
    return {**_file(closed, []), "recipients": [_recipient(one) for one in told]}


@route(
    bp,
    "POST",
    "/v1/staff/requests/{request_id}/refuse",
    summary="Refuse a request on a ground of the law",
    body=StaffRefusal,
    staff=_MAY,
    clauses=("requests",),
    answer="StaffRequest",
    errors=(409,),
)
def refuse_staff_request(call: Call) -> dict[str, Any]:
    """The requester is told the ground and where to complain. A copy of refused data is kept 30 days."""
    form: StaffRefusal = call.body
    by = call.staff.staff_id
    return _file(desk.refuse(call.path["request_id"], Ground(form.ground), form.text, by=by), [])


@route(
    bp,
    "POST",
    "/v1/staff/requests/{request_id}/erase",
    summary="Erase the account of a request: one of the staff asks for it, another one does it",
    body=StaffErasureWish,
    staff=_MAY,
    clauses=("requests", "personnel"),
    answer="StaffRequest",
    errors=(409,),
)
def erase_staff_request(call: Call) -> Response:
    """202 for the first, and as often as they repeat it; 200 for somebody else, with the request answered.
    The main account is refused (5.3).
    """
    by = call.staff.staff_id
    done = desk.erase(call.path["request_id"], call.body.text, by=by)
    return respond(200 if done.begun else 202, _file(done.request, []))


@route(
    bp,
    "GET",
    "/v1/staff/requests/{request_id}/copy",
    summary="The copy of what access was refused to, for a review",
    staff=_MAY,
    clauses=("requests", "access"),
    answer="StaffRequestCopy",
)
def read_staff_request_copy(call: Call) -> dict[str, Any]:
    """As it was when it was refused; that it was read is on record."""
    copy = copies.read(call.path["request_id"], by=call.staff.staff_id)
    return {"id": copy.request_id, "kept_until": clock.rfc3339(copy.kept_until), "data": copy.data}


@route(
    bp,
    "POST",
    "/v1/staff/requests/{request_id}/copy",
    summary="Keep the copy longer: its review goes on",
    body=CopyTerm,
    staff=_MAY,
    clauses=("requests",),
    answer="StaffRequestCopyKept",
    errors=(409,),
)
def keep_staff_request_copy(call: Call) -> dict[str, Any]:
    """Never shorter than it is kept already (PDPA s22A: until the review has ended)."""
    request_id = call.path["request_id"]
    until = copies.prolong(request_id, call.body.days, by=call.staff.staff_id)
    return {"id": request_id, "kept_until": clock.rfc3339(until)}


@route(
    bp,
    "POST",
    "/v1/staff/requests/{request_id}/extend",
    summary="Take one or two months longer; the requester is told",
    body=StaffExtension,
    staff=_MAY,
    clauses=("requests",),
    answer="StaffRequest",
    errors=(409,),
)
def extend_staff_request(call: Call) -> dict[str, Any]:
    """Within the first month only (GDPR 12(3))."""
    form: StaffExtension = call.body
    by = call.staff.staff_id
    return _file(desk.extend(call.path["request_id"], form.months, Extension(form.reason), by=by), [])


@route(
    bp,
    "POST",
    "/v1/staff/requests/{request_id}/escalate",
    summary="Raise the alarm about a request",
    staff=_MAY,
    clauses=("requests",),
    answer="StaffRequest",
    errors=(409,),
)
def escalate_staff_request(call: Call) -> dict[str, Any]:
    """What is late is escalated by itself."""
    return _file(desk.escalate(call.path["request_id"], by=call.staff.staff_id), [])


def _after(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    due_at, _, request_id = cursor.partition(".")
    if not (due_at.isascii() and due_at.isdecimal() and len(due_at) < 13 and ids.is_id(request_id, "req")):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return int(due_at), request_id


def _line(one: OpenRequest) -> dict[str, Any]:
    return {
        "id": one.request_id,
        "kind": one.wish.value,
        "received_at": clock.rfc3339(one.received_at),
        "due_at": clock.rfc3339(one.due_at),
        "extended": one.extended,
        "escalated": one.escalated,
    }


def _file(one: Request, steps: list[RequestEvidence]) -> dict[str, Any]:
    return {
        "id": one.request_id,
        "kind": one.wish.value,
        "source": SOURCES[one.wish],
        "state": one.state.value,
        "received_at": clock.rfc3339(one.received_at),
        "verified_at": clock.rfc3339(one.verified_at),
        "due_at": clock.rfc3339(one.term().due_at),
        "extended": one.extended_to is not None,
        "escalated": one.escalated_at is not None,
        "email": one.email,
        "details": one.details,
        "company_id": one.company_id,
        "user_id": one.user_id,
        "outcomes": list(one.outcomes),
        "companies": one.companies,
        "answer": one.answer,
        "attached_to": one.attached_to,
        "attached": [],
        "erase_by": one.erase_by,
        "grounds": [
            {"code": ground.value, "source": row.source}
            for ground, row in GROUNDS.items()
            if isinstance(may_refuse(one.wish, ground), Allowed)
        ],
        "steps": [
            {"act": step.act.value, "at": clock.rfc3339(step.at), "staff_id": step.staff_id} for step in steps
        ],
    }


def _recipient(one: Recipient) -> dict[str, Any]:
    return {
        "disclosure_id": one.disclosure_id,
        "name": one.name,
        "contact": one.contact,
        "told": one.told,
    }

"""Asking for a look at a company's data, and answering such a wish."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from chalice import Blueprint
from pydantic import Field, StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Identifier
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy import grants as rules
from chalicelib.privacy.grants import GrantPurpose, Reach
from chalicelib.privacy.personnel import Right
from chalicelib.records.grants import Grant
from chalicelib.services.staff import grants
from chalicelib.services.staff.grants import Wish

bp = Blueprint(__name__)

_ASK: Final = Right.GRANTS_ASK
_APPROVE: Final = Right.GRANTS_APPROVE

Ticket = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,10}-[0-9]{1,8}$")]
"""The number of a ticket: no words, so nothing about a person."""


class NewGrant(Form):
    """Which company to look at, why, and for how long."""

    company_id: Identifier
    purpose: Literal["support", "fault", "security_incident", "privacy_request", "legal_duty"]
    ticket: Ticket
    minutes: Annotated[int, Field(ge=1, le=rules.MAX_MINUTES)]
    masked: bool = True
    export: bool = False


@route(
    bp,
    "POST",
    "/v1/staff/grants",
    summary="Ask for leave to look at one company's data",
    status=201,
    body=NewGrant,
    staff=_ASK,
    clauses=("personnel", "access"),
    answer="Grant",
)
def ask_grant(call: Call) -> dict[str, Any]:
    """Opens nothing before another person has approved it; an export takes two, and so does
    `legal_duty`, of which the company is not told. Names and addresses stay
    masked unless `masked` is false, which those who approve see.
    """
    form: NewGrant = call.body
    if not ids.is_id(form.company_id, "co"):
        raise InvalidError(errors=[FieldError("company_id", "malformed")])
    wish = Wish(
        company_id=form.company_id,
        purpose=GrantPurpose(form.purpose),
        ticket=form.ticket,
        minutes=form.minutes,
        masked=form.masked,
        reach=Reach.EXPORT if form.export else Reach.READ,
    )
    return grant_view(grants.ask(call.staff, wish))


@route(
    bp,
    "GET",
    "/v1/staff/grants",
    summary="Grants, asked for last first",
    paged="grt",
    staff=_ASK,
    clauses=("personnel",),
    answer="GrantPage",
)
def list_grants(call: Call) -> dict[str, Any]:
    """One's own; all of them for those who may approve."""
    found = grants.page(call.staff, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.grant_id, grant_view)


@route(
    bp,
    "GET",
    "/v1/staff/grants/{grant_id}",
    summary="One grant",
    staff=_ASK,
    clauses=("personnel",),
    answer="Grant",
)
def read_grant(call: Call) -> dict[str, Any]:
    """One's own; any for those who may approve."""
    return grant_view(grants.read(call.staff, call.path["grant_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/grants/{grant_id}/approve",
    summary="Approve somebody else's wish",
    staff=_APPROVE,
    clauses=("personnel", "access"),
    answer="Grant",
    errors=(409,),
)
def approve_grant(call: Call) -> dict[str, Any]:
    """Its time starts with the last approval it needs. 403 `own_wish`, `approved_already`, `not_asked`,
    `asked_too_long_ago`.
    """
    return grant_view(grants.approve(call.staff, call.path["grant_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/grants/{grant_id}/refuse",
    summary="Refuse somebody else's wish",
    staff=_APPROVE,
    clauses=("personnel", "access"),
    answer="Grant",
    errors=(409,),
)
def refuse_grant(call: Call) -> dict[str, Any]:
    """One no ends it, however many have said yes."""
    return grant_view(grants.refuse(call.staff, call.path["grant_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/grants/{grant_id}/return",
    summary="Give one's own grant back before its time",
    staff=_ASK,
    clauses=("personnel",),
    answer="Grant",
    errors=(409,),
)
def return_grant(call: Call) -> dict[str, Any]:
    """403 `not_yours`, `over`."""
    return grant_view(grants.give_back(call.staff, call.path["grant_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/grants/{grant_id}/revoke",
    summary="End anybody's grant at once",
    staff=_APPROVE,
    clauses=("personnel", "access"),
    answer="Grant",
    errors=(409,),
)
def revoke_grant(call: Call) -> dict[str, Any]:
    """By anybody who may approve, whether or not they did. 403 `over`."""
    return grant_view(grants.revoke(call.staff, call.path["grant_id"]))


def grant_view(grant: Grant) -> dict[str, Any]:
    """A grant as the staff sees it."""
    return {
        "id": grant.grant_id,
        "company_id": grant.company_id,
        "purpose": grant.purpose.value,
        "ticket": grant.ticket,
        "minutes": grant.minutes,
        "masked": grant.masked,
        "export": grant.reach is Reach.EXPORT,
        "state": grant.state.value,
        "active": rules.running(grant.terms(), clock.now()),
        "asked_by": grant.asked_by,
        "asked_at": clock.rfc3339(grant.asked_at),
        "approved_by": list(grant.approved_by),
        "approvals_needed": rules.approvals(grant.reach, grant.purpose),
        "starts_at": clock.rfc3339(grant.starts_at),
        "ends_at": clock.rfc3339(grant.ends_at),
    }

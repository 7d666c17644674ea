"""Requests about a company's own data: it is their controller, so it answers them (2.3.2, appendix 2.1.3)."""

from __future__ import annotations

from typing import Any, Final, Literal

from chalice import Blueprint

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form
from chalicelib.api.requests import Words
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.requests import SOURCES
from chalicelib.records.requests import CompanyRequest
from chalicelib.services.requests import clients

bp = Blueprint(__name__)

_MANAGE: Final = Permission.COMPANY_MANAGE


class RequestDecision(Form):
    """What the company did; the note is shown to the one who asked."""

    decision: Literal["done", "refused", "erase"]
    note: Words | None = None


@route(
    bp,
    "GET",
    "/v1/company/requests",
    summary="Requests about people this company holds data of, newest first",
    paged="req",
    permission=_MANAGE,
    clauses=("roles", "joint-duties"),
    answer="CompanyRequestPage",
)
def list_company_requests(call: Call) -> dict[str, Any]:
    """The cursor is the id of the last one seen."""
    found = clients.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.request_id, _view)


@route(
    bp,
    "GET",
    "/v1/company/requests/{request_id}",
    summary="One of these requests",
    permission=_MANAGE,
    clauses=("roles", "joint-duties"),
    answer="CompanyRequest",
)
def read_company_request(call: Call) -> dict[str, Any]:
    """With the address it came from, which was proven to be theirs."""
    return _view(clients.read(call.who, call.path["request_id"]))


@route(
    bp,
    "POST",
    "/v1/company/requests/{request_id}",
    summary="Decide: done, refused, or erase the person here and now",
    body=RequestDecision,
    permission=_MANAGE,
    clauses=("roles", "joint-duties", "requests"),
    answer="CompanyRequest",
    errors=(409,),
)
def decide_company_request(call: Call) -> dict[str, Any]:
    """Once. `erase` takes everything held of the person away and keeps them from coming back; what a legal
    hold covers is stored only, and goes with the hold.
    """
    form: RequestDecision = call.body
    return _view(clients.decide(call.who, call.path["request_id"], form.decision, form.note))


def _view(one: CompanyRequest) -> dict[str, Any]:
    return {
        "id": one.request_id,
        "kind": one.wish.value,
        "source": SOURCES[one.wish],
        "email": one.email,
        "details": one.details,
        "received_at": clock.rfc3339(one.at),
        "due_at": clock.rfc3339(one.due_at),
        "decision": one.decision.value,
        "decided_at": clock.rfc3339(one.decided_at),
        "decided_by": one.decided_by,
    }

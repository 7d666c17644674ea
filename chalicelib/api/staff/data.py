"""A company's data under a grant. Every answer has been proven to the company before it is given."""

from __future__ import annotations

from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.endpoint import Call, page, route
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.personnel import Right
from chalicelib.services.staff import data
from chalicelib.services.staff.data import Buyer, Enterprise, Person

bp = Blueprint(__name__)

_CLAUSES: Final = ("personnel", "access")


@route(
    bp,
    "GET",
    "/v1/staff/companies/{company_id}",
    summary="A company, under a grant",
    staff=Right.DATA_READ,
    clauses=_CLAUSES,
    answer="CompanyUnderGrant",
)
def look_at_company(call: Call) -> dict[str, Any]:
    """403 `no_grant` without one for this very company."""
    return _company(data.company(call.staff, call.path["company_id"]))


@route(
    bp,
    "GET",
    "/v1/staff/companies/{company_id}/members",
    summary="A company's people, under a grant",
    paged=True,
    staff=Right.DATA_READ,
    clauses=_CLAUSES,
    answer="MemberUnderGrantPage",
)
def look_at_members(call: Call) -> dict[str, Any]:
    """Masked, unless the grant says otherwise."""
    found = data.members(call.staff, call.path["company_id"], call.limit, _after(call.cursor, "usr"))
    return page(call, found, lambda one: one.user_id, _person)


@route(
    bp,
    "GET",
    "/v1/staff/companies/{company_id}/contacts",
    summary="A company's contacts, under a grant",
    paged=True,
    staff=Right.DATA_READ,
    clauses=_CLAUSES,
    answer="ContactUnderGrantPage",
)
def look_at_contacts(call: Call) -> dict[str, Any]:
    """Masked, unless the grant says otherwise."""
    found = data.contacts(call.staff, call.path["company_id"], call.limit, _after(call.cursor, "ct"))
    return page(call, found, lambda one: one.contact_id, _buyer)


@route(
    bp,
    "GET",
    "/v1/staff/companies/{company_id}/export",
    summary="A company's people and contacts to take away, under a grant for it",
    staff=Right.DATA_EXPORT,
    clauses=_CLAUSES,
    answer="ExportUnderGrant",
)
def export_company(call: Call) -> dict[str, Any]:
    """1,000 contacts at a time; `cursor` continues. The grant took two approvals, and an alarm is raised."""
    asked = call.request.query_params or {}
    found = data.export(call.staff, call.path["company_id"], _after(asked.get("cursor"), "ct"))
    return {
        "company": _company(found.company),
        "members": [_person(one) for one in found.members],
        "contacts": [_buyer(one) for one in found.contacts],
        "next_cursor": found.after,
    }


def _after(cursor: str | None, prefix: str) -> str | None:
    if cursor is not None and not ids.is_id(cursor, prefix):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return cursor


def _company(found: Enterprise) -> dict[str, Any]:
    return {
        "id": found.company_id,
        "name": found.name,
        "country": found.country,
        "state": found.state.value,
        "created_at": clock.rfc3339(found.created_at),
    }


def _person(found: Person) -> dict[str, Any]:
    return {
        "id": found.user_id,
        "name": found.name,
        "email": found.email,
        "role": found.position.value,
        "state": found.state.value,
        "joined_at": clock.rfc3339(found.joined_at),
    }


def _buyer(found: Buyer) -> dict[str, Any]:
    return {
        "id": found.contact_id,
        "name": found.name,
        "email": found.email,
        "phone": found.phone,
        "company": found.company,
        "position": found.position,
        "country": found.country,
        "basis": found.basis,
        "source": found.source,
        "created_at": clock.rfc3339(found.created_at),
    }

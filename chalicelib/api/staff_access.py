"""What the operator's staff did with a company's data, for the company."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.api.endpoint import Call, page, route
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Permission
from chalicelib.records.grants import StaffAccess
from chalicelib.services.companies import staff_access

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/company/staffaccess",
    summary="What the operator's staff asked for, was granted and looked at, newest first",
    paged="act",
    permission=Permission.COMPANY_MANAGE,
    clauses=("personnel",),
    answer="StaffAccessPage",
)
def list_staff_access(call: Call) -> dict[str, Any]:
    """Every entry is part of the company's own chain of evidence. What a law may forbid us to tell (grants
    for a legal duty, what concerns a secret hold) is not among them.
    """
    found = staff_access.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.act_id, _access)


def _access(one: StaffAccess) -> dict[str, Any]:
    return {
        "id": one.act_id,
        "at": clock.rfc3339(one.at),
        "act": one.act.value,
        "grant_id": one.grant_id,
        "staff_id": one.staff_id,
        "position": one.position.value,
        "purpose": None if one.purpose is None else one.purpose.value,
        "export": one.reach.value == "export",
        "masked": one.masked,
        "minutes": one.minutes,
        "starts_at": clock.rfc3339(one.starts_at),
        "ends_at": clock.rfc3339(one.ends_at),
        "opened": None if one.opened is None else one.opened.value,
        "number": one.number,
    }

"""What a company lets its people do: permissions by role, restrictions on data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from pydantic import Field

from chalicelib.api.endpoint import Call, route
from chalicelib.api.forms import Form
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy import permissions, restrictions
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.services.companies import rules
from chalicelib.services.companies.rules import Limits

bp = Blueprint(__name__)


class Grants(Form):
    """What a role may do, of what can be granted."""

    permissions: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=len(Permission))]


class OneRestriction(Form):
    """Who may not do what to which data. Days count from when a record was made, in spans of 24 hours."""

    action: Literal["change", "delete", "export"]
    category: Literal[
        "logon", "email_tracking", "communications", "integration", "ai", "stored", "added_prospect"
    ]
    roles: Annotated[list[Literal["manager", "member"]], Field(min_length=1, max_length=2)]
    older_than_days: int | None = None
    newer_than_days: int | None = None
    scope: Literal["any", "own", "others"] = "any"


class Restrictions(Form):
    """All of them, and the version they were read in."""

    items: Annotated[list[OneRestriction], Field(max_length=restrictions.MAX_RESTRICTIONS)]
    version: Annotated[str, Field(max_length=64)]


@route(
    bp,
    "GET",
    "/v1/company/roles",
    summary="What each role may do",
    permission=Permission.COMPANY_READ,
    clauses=("self-service", "access"),
    answer="Roles",
)
def list_roles(call: Call) -> dict[str, Any]:
    """And which permissions an admin may give to managers and members."""
    return _roles(rules.grants(call.who.access))


@route(
    bp,
    "PUT",
    "/v1/company/roles/{position}",
    summary="Set what managers or members may do",
    body=Grants,
    permission=Permission.RULES_MANAGE,
    clauses=("self-service", "access"),
    answer="Roles",
)
def put_role(call: Call) -> dict[str, Any]:
    """In force with their next request. Running the company itself cannot be granted."""
    if call.path["position"] not in [position.value for position in Position]:
        raise NotFoundError
    return _roles(rules.grant(call.who, Position(call.path["position"]), call.body.permissions))


@route(
    bp,
    "GET",
    "/v1/company/restrictions",
    summary="What the company does not let its people do with data",
    permission=Permission.COMPANY_READ,
    clauses=("restrictions",),
    answer="RestrictionList",
)
def read_restrictions(call: Call) -> dict[str, Any]:
    """Open to everybody whom they may meet."""
    return _limits(rules.limits(call.who.access))


@route(
    bp,
    "PUT",
    "/v1/company/restrictions",
    summary="Restrict changing, deleting, exporting",
    body=Restrictions,
    permission=Permission.RULES_MANAGE,
    clauses=("restrictions",),
    answer="RestrictionList",
    errors=(409,),
)
def put_restrictions(call: Call) -> dict[str, Any]:
    """Replaces the whole list; in force with everybody's next request. Admins are never restricted, and
    reading what is held about oneself cannot be.
    """
    form: Restrictions = call.body
    return _limits(rules.restrict(call.who, [one.model_dump() for one in form.items], form.version))


def _roles(grants: dict[Position, frozenset[Permission]]) -> dict[str, Any]:
    return {
        "items": [
            {"role": position.value, "permissions": _names(granted)} for position, granted in grants.items()
        ],
        "grantable": _names(permissions.GRANTABLE),
    }


def _names(granted: frozenset[Permission]) -> list[str]:
    return sorted(permission.value for permission in granted)


def _limits(limits: Limits) -> dict[str, Any]:
    return {"items": [restrictions.as_dict(one) for one in limits.items], "version": limits.version}

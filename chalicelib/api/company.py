"""The Enterprise Center: the company's own page, departments, who answers for it, what AI may do."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from chalice import Blueprint, Response
from pydantic import Field

from chalicelib.api.endpoint import Call, respond, route
from chalicelib.api.forms import Country, Form, Identifier, Line, Link, Name
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.companies import AiSettings, Department
from chalicelib.services.companies import ai_settings, companies, departments
from chalicelib.services.companies.companies import Profile

bp = Blueprint(__name__)

_READ: Final = Permission.COMPANY_READ
_MANAGE: Final = Permission.COMPANY_MANAGE


class ChangedCompany(Form):
    """The fields to change, and the version they were read in."""

    version: int
    name: Name | None = None
    country: Country | None = None
    website: Link | None = None
    admins_need_totp: bool | None = None


class NewDepartment(Form):
    """A part of the company; without a parent it is at the top."""

    name: Line
    parent_id: Identifier | None = None


class ChangedDepartment(Form):
    """The fields to change; parent null puts it at the top."""

    name: Line | None = None
    parent_id: Identifier | None = None


class Handover(Form):
    """Who becomes the main account."""

    user_id: Identifier


class AiAutomation(Form):
    """What AI may do for the company."""

    enabled: bool
    tasks: Annotated[
        list[Literal["draft_email", "polish", "score", "search", "summarise"]],
        Field(max_length=len(ai_settings.TASKS)),
    ]
    needs_approval: bool


@route(
    bp,
    "GET",
    "/v1/company",
    summary="The company's page",
    permission=_READ,
    clauses=("self-service",),
    answer="CompanyProfile",
)
def read_company(call: Call) -> dict[str, Any]:
    """With its version, which a change must name."""
    return _company(companies.read(call.who))


@route(
    bp,
    "PATCH",
    "/v1/company",
    summary="Change the company's page",
    body=ChangedCompany,
    permission=_MANAGE,
    clauses=("self-service", "access"),
    answer="CompanyProfile",
    errors=(409,),
)
def change_company(call: Call) -> dict[str, Any]:
    """Only the fields sent are changed. To ask less of admins than before needs a fresh second proof."""
    form: ChangedCompany = call.body
    _require(form, "name", "admins_need_totp")
    fields = form.model_dump(exclude_unset=True, exclude={"version", "admins_need_totp"})
    return _company(companies.change(call.who, form.version, fields, need_totp=form.admins_need_totp))


@route(
    bp,
    "GET",
    "/v1/company/departments",
    summary="Every department",
    permission=_READ,
    clauses=("self-service",),
    answer="DepartmentPage",
)
def list_departments(call: Call) -> dict[str, Any]:
    """The whole tree at once, the oldest first: there are 200 at most."""
    return {
        "items": [_department(one) for one in departments.every(call.who.company_id)],
        "next_cursor": None,
    }


@route(
    bp,
    "POST",
    "/v1/company/departments",
    summary="Add a department",
    status=201,
    body=NewDepartment,
    repeatable=True,
    permission=_MANAGE,
    clauses=("self-service",),
    answer="Department",
)
def create_department(call: Call) -> dict[str, Any]:
    """At most 200, and 8 levels."""
    form: NewDepartment = call.body
    return _department(departments.create(call.who, form.name, form.parent_id, call.repeat))


@route(
    bp,
    "PATCH",
    "/v1/company/departments/{department_id}",
    summary="Rename a department, or put it elsewhere",
    body=ChangedDepartment,
    permission=_MANAGE,
    clauses=("self-service",),
    answer="Department",
)
def change_department(call: Call) -> dict[str, Any]:
    """What is below it moves along. Only the fields sent are changed."""
    form: ChangedDepartment = call.body
    _require(form, "name")
    fields = form.model_dump(exclude_unset=True)
    return _department(departments.change(call.who, call.path["department_id"], fields))


@route(
    bp,
    "DELETE",
    "/v1/company/departments/{department_id}",
    summary="Delete a department",
    status=204,
    permission=_MANAGE,
    clauses=("self-service",),
)
def delete_department(call: Call) -> Response:
    """Only when nobody and nothing belongs to it (409 `not_empty`)."""
    departments.delete(call.who, call.path["department_id"])
    return respond(204, None)


@route(
    bp,
    "POST",
    "/v1/company/handover",
    summary="Hand the main account over to another admin",
    status=200,
    body=Handover,
    repeatable=True,
    permission=_MANAGE,
    clauses=("self-service", "access"),
    answer="HandedOver",
    errors=(404,),
)
def hand_over(call: Call) -> dict[str, str]:
    """The main account only, with a fresh second proof. Both are told by mail."""
    companies.hand_over(call.who, call.body.user_id, call.repeat)
    return {"main_account_id": call.body.user_id}


@route(
    bp,
    "GET",
    "/v1/company/ai",
    summary="What AI may do for the company",
    permission=_READ,
    clauses=("self-service", "ai"),
    answer="AiSettings",
)
def read_ai(call: Call) -> dict[str, Any]:
    """Off until an admin switches it on."""
    return _ai(ai_settings.read(call.who.company_id))


@route(
    bp,
    "PUT",
    "/v1/company/ai",
    summary="Set what AI may do for the company",
    body=AiAutomation,
    permission=_MANAGE,
    clauses=("self-service", "ai"),
    answer="AiSettings",
)
def put_ai(call: Call) -> dict[str, Any]:
    """In force for what is asked of it from then on."""
    form: AiAutomation = call.body
    return _ai(
        ai_settings.put(call.who, enabled=form.enabled, tasks=form.tasks, needs_approval=form.needs_approval)
    )


def _require(form: Form, *fields: str) -> None:
    """Refuse null where there must be something: leaving a field out and emptying it are two things."""
    for field in fields:
        if field in form.model_fields_set and getattr(form, field) is None:
            raise InvalidError(errors=[FieldError(field, "required")])


def _company(profile: Profile) -> dict[str, Any]:
    company, access = profile.company, profile.access
    return {
        "id": company.company_id,
        "version": profile.version,
        "name": company.name,
        "country": company.country,
        "website": company.website,
        "state": access.state_at(clock.now()).value,
        "main_account_id": access.main_user_id,
        "members": profile.members,
        "admins_need_totp": access.admins_need_totp,
        "created_at": clock.rfc3339(company.created_at),
    }


def _department(department: Department) -> dict[str, Any]:
    return {
        "id": department.department_id,
        "name": department.name,
        "parent_id": department.parent_id,
        "created_at": clock.rfc3339(department.created_at),
    }


def _ai(settings: AiSettings | None) -> dict[str, Any]:
    if settings is None:
        return {"enabled": False, "tasks": [], "needs_approval": True, "changed_by": None, "changed_at": None}
    return {
        "enabled": settings.enabled,
        "tasks": settings.tasks,
        "needs_approval": settings.needs_approval,
        "changed_by": settings.changed_by,
        "changed_at": clock.rfc3339(settings.changed_at),
    }

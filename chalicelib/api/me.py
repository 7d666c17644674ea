"""Personal Settings: what is held about the user, correcting it, taking it along (5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice import Blueprint, Response

from chalicelib.api import browser
from chalicelib.api.accounts import Proof, challenge_view, company_view, entered, user_view
from chalicelib.api.consents import standing_view
from chalicelib.api.endpoint import Call, respond, route
from chalicelib.api.forms import Form, Language, Mailbox, Name
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.accounts import User
from chalicelib.records.companies import Company
from chalicelib.services.accounts import address, agreements, own_data, profile

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

bp = Blueprint(__name__)

_OWN = Permission.OWN_SETTINGS
_FILE = 'attachment; filename="okki-leads-my-data.json"'
"""The same for everybody: a file's name says nothing about whose it is."""


class ChangedProfile(Form):
    """The fields to change, and the version they were read in."""

    version: int
    name: Name | None = None
    locale: Language | None = None


class NewAddress(Form):
    """The mailbox to be, and the password of now; none where the user has none."""

    email: Mailbox
    password: str | None = None


@route(
    bp,
    "GET",
    "/v1/me",
    summary="Who I am, what I may do, and where I stand to the policy",
    permission=_OWN,
    clauses=("self-service", "policy-updates"),
    answer="Me",
)
def me(call: Call) -> dict[str, Any]:
    """With the CSRF token a reloaded page needs. While `policy.consent_needed`, only one's own settings are
    open; `policy.next` is a version that is announced and can be agreed to already.
    """
    return _me(call, *profile.read(call.who))


@route(
    bp,
    "PATCH",
    "/v1/me",
    summary="Correct my name or language",
    body=ChangedProfile,
    permission=_OWN,
    clauses=("self-service", "restrictions"),
    answer="Me",
    errors=(409,),
)
def change_me(call: Call) -> dict[str, Any]:
    """Only the fields sent are changed. 409 if they were changed in between; 403 `restricted_by_company`,
    with whom to ask, where the company keeps its people from changing their name.
    """
    form: ChangedProfile = call.body
    fields: dict[str, Any] = {
        name: getattr(form, name) for name in ("name", "locale") if name in form.model_fields_set
    }
    if empty := [FieldError(name, "required") for name, value in fields.items() if value is None]:
        raise InvalidError(errors=empty)
    return _me(call, *profile.change(call.who, form.version, fields))


@route(
    bp,
    "POST",
    "/v1/me/address",
    summary="Change my mailbox: a code goes to the new one",
    status=202,
    body=NewAddress,
    permission=_OWN,
    clauses=("self-service", "passwords", "restrictions"),
    answer="Challenge",
    errors=(429,),
)
def ask_address(call: Call) -> dict[str, Any]:
    """The answer is the same whether or not that mailbox has an account. Nothing changes before the code came
    back. Who has one-time codes on, or no password, gives a second proof first.
    """
    form: NewAddress = call.body
    return {"challenge": challenge_view(address.ask(call.who, form.email, form.password, call.visit))}


@route(
    bp,
    "POST",
    "/v1/me/address/verify",
    summary="Give the code from the new mailbox; every other session ends",
    body=Proof,
    permission=_OWN,
    clauses=("self-service", "passwords", "restrictions"),
    answer="SessionAnswer",
    errors=(409, 429),
)
def verify_address(call: Call) -> Response:
    """Answers with a new session: the one it came with is over as well. The old mailbox is told. 409
    `address_taken` if somebody else proved the mailbox first.
    """
    return entered(address.verify(call.who, call.body.challenge_id, call.body.code, call.visit))


@route(
    bp,
    "GET",
    "/v1/me/data",
    summary="Everything held about me, field by field",
    permission=_OWN,
    clauses=("self-service", "retention", "purposes"),
    answer="OwnData",
)
def my_data(call: Call) -> dict[str, Any]:
    """Each field with category, value, source, purposes, legal bases, until when it is kept and why. No
    restriction of the company applies.
    """
    return own_data.view(call.who)


@route(
    bp,
    "GET",
    "/v1/me/download",
    summary="The same as a file",
    permission=_OWN,
    clauses=("self-service",),
    answer="OwnData",
    errors=(429,),
)
def download_my_data(call: Call) -> Response:
    """Ten times an hour."""
    return respond(200, own_data.download(call.who), {"Content-Disposition": _FILE})


def _me(call: Call, user: Stored[User], company: Company) -> dict[str, Any]:
    who = call.who
    text, _ = browser.token(call.request)
    return {
        **user_view(user.value, who.session),
        "version": user.version,
        "department_id": who.session.department_id,
        "second_factor": who.session.second_factor,
        "main_account": who.access.main_user_id == who.user_id,
        "permissions": sorted(one.value for one in who.permissions),
        "policy": standing_view(agreements.standing(who.session.policy_version)),
        "company": company_view(company, who.access),
        "csrf_token": browser.csrf_token(text),
    }

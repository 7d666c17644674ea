"""How the staff gets in and out. No cookies here: a bearer token, held by the staff's own client."""

from __future__ import annotations

from typing import Annotated, Any

from chalice import Blueprint, Response
from pydantic import StringConstraints

from chalicelib.api.endpoint import Call, respond, route
from chalicelib.api.forms import Code, Form, Mailbox
from chalicelib.kernel import clock
from chalicelib.privacy import personnel
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.personnel import Right
from chalicelib.records.staff import Staff
from chalicelib.services.staff import entry, login, people, setup

bp = Blueprint(__name__)

Token = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class StaffLogIn(Form):
    """Mailbox, password and one-time code: always all three."""

    email: Mailbox
    password: str
    code: Code


class StaffPassword(Form):
    """The set-up token (what was mailed, a dot, what was handed over), and the password to come."""

    token: Token
    password: str


class StaffFirstCode(Form):
    """The set-up token, and the first code from the app."""

    token: Token
    code: Code


@route(
    bp,
    "POST",
    "/v1/staff/login",
    summary="Log in as somebody of the staff",
    status=201,
    body=StaffLogIn,
    public=True,
    clauses=("access", "personnel"),
    answer="StaffSession",
    errors=(401,),
)
def log_staff_in(call: Call) -> dict[str, Any]:
    """One answer for everything that may be wrong. A code works once."""
    form: StaffLogIn = call.body
    entered = login.log_in(form.email, form.password, form.code, call.ip)
    return {
        "token": entered.token,
        "expires_at": clock.rfc3339(entered.expires_at),
        "staff": staff_view(entered.person),
    }


@route(
    bp,
    "POST",
    "/v1/staff/logout",
    summary="End the session this request came with",
    status=204,
    staff=Right.OWN,
    clauses=("access",),
)
def log_staff_out(call: Call) -> Response:
    """At once."""
    entry.log_out(call.staff)
    return respond(204, None)


@route(
    bp,
    "GET",
    "/v1/staff/me",
    summary="Who I am, what I may do, and what is on record about me",
    staff=Right.OWN,
    clauses=("personnel",),
    answer="StaffMe",
)
def read_staff_me(call: Call) -> dict[str, Any]:
    """`missing` says why no right works, if so."""
    decision = personnel.papers_in_order(call.staff.standing, clock.now())
    person = people.read(call.staff.staff_id)
    return {
        **staff_view(person),
        "rights": sorted(right.value for right in personnel.MAY[person.position]),
        "missing": decision.reason if isinstance(decision, Refused) else None,
        "session_ends_at": clock.rfc3339(entry.session_end(call.staff.session)),
    }


@route(
    bp,
    "POST",
    "/v1/staff/setup",
    summary="Choose a password with the set-up token; answers with the secret for one-time codes",
    body=StaffPassword,
    public=True,
    clauses=("access", "personnel"),
    answer="StaffSecret",
    errors=(401, 409),
)
def prepare_staff_setup(call: Call) -> dict[str, str]:
    """Nothing works before the first code was right. May be repeated until then; the last one counts."""
    made = setup.prepare(call.body.token, call.body.password, call.ip)
    return {"secret": made.secret, "uri": made.uri}


@route(
    bp,
    "POST",
    "/v1/staff/setup/confirm",
    summary="Finish the set-up with the first one-time code",
    body=StaffFirstCode,
    public=True,
    clauses=("access", "personnel"),
    answer="StaffPerson",
    errors=(401, 409),
)
def confirm_staff_setup(call: Call) -> dict[str, Any]:
    """The token is used up. Logging in takes the next code."""
    return staff_view(setup.confirm(call.body.token, call.body.code, call.ip))


def staff_view(person: Staff) -> dict[str, Any]:
    """Somebody of the staff, as they and their admins see them."""
    trained = person.trained_at
    return {
        "id": person.staff_id,
        "name": person.name,
        "email": person.email,
        "position": person.position.value,
        "state": person.state.value,
        "since": clock.rfc3339(person.since),
        "agreement": person.agreement,
        "agreed_at": clock.rfc3339(person.agreed_at),
        "trained_at": clock.rfc3339(trained),
        "approves_from": clock.rfc3339(person.approves_from),
        "training_ends_at": clock.rfc3339(None if trained is None else personnel.training_ends(trained)),
    }

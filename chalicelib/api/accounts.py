"""Signing up, logging in and out, and who one is."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Response

from chalicelib.api import browser
from chalicelib.api.endpoint import Call, respond, route
from chalicelib.api.forms import Code, Form, Language, Line, Mailbox, Version
from chalicelib.kernel import clock
from chalicelib.privacy import retention
from chalicelib.records.accounts import Company, User
from chalicelib.services import sessions, signup, wording
from chalicelib.services.sessions import Entry
from chalicelib.services.signup import NewAccount

bp = Blueprint(__name__)


class SignUp(Form):
    """A new company account."""

    name: Line
    company: Line
    email: Mailbox
    password: str
    is_adult: bool
    policy_version: Version
    locale: Language | None = None


class Verify(Form):
    """The code from the mailbox."""

    email: Mailbox
    code: Code


class LogIn(Form):
    """Mailbox and password."""

    email: Mailbox
    password: str


@route(
    bp,
    "POST",
    "/v1/signup",
    summary="Sign up; a code goes to the mailbox",
    status=202,
    body=SignUp,
    public=True,
    clauses=("signup", "scope-adults", "passwords"),
)
def sign_up(call: Call) -> dict[str, str]:
    """The answer is the same whether or not the mailbox has an account."""
    form: SignUp = call.body
    signup.sign_up(
        NewAccount(
            name=form.name,
            company=form.company,
            email=form.email,
            password=form.password,
            is_adult=form.is_adult,
            policy_version=form.policy_version,
            locale=form.locale or wording.locale_of(call.accept_language),
        ),
        ip=call.ip,
    )
    return {"status": "code_sent"}


@route(
    bp,
    "POST",
    "/v1/signup/verify",
    summary="Prove the mailbox with its code; opens the account and a session",
    status=201,
    body=Verify,
    public=True,
    clauses=("signup",),
)
def verify(call: Call) -> Response:
    """One answer for wrong, used and late codes."""
    return _entered(201, signup.verify(call.body.email, call.body.code, ip=call.ip))


@route(
    bp,
    "POST",
    "/v1/login",
    summary="Log in",
    body=LogIn,
    public=True,
    clauses=("passwords",),
)
def log_in(call: Call) -> Response:
    """A fresh session each time; an old cookie is never taken over."""
    return _entered(200, sessions.log_in(call.body.email, call.body.password, ip=call.ip))


@route(bp, "POST", "/v1/logout", summary="End this session", status=204, clauses=("passwords",))
def log_out(call: Call) -> Response:
    """Ends it on the server, and takes the cookie back."""
    text, _ = browser.token(call.request)
    sessions.log_out(text)
    return respond(204, None, browser.cookie("", 0))


@route(bp, "GET", "/v1/me", summary="Who I am", clauses=("self-service",))
def me(call: Call) -> dict[str, Any]:
    """What is held about the user, and the CSRF token a reloaded page needs."""
    user, company = sessions.profile(call.who)
    text, _ = browser.token(call.request)
    return {**_user(user), "company": _company(company), "csrf_token": browser.csrf_token(text)}


def _entered(status: int, entry: Entry) -> Response:
    content = {
        "session": browser.session_answer(entry),
        "user": _user(entry.user),
        "company": _company(entry.company),
    }
    # The cookie outlives idle sessions; the server decides. Were it to end with the first idle limit, a
    # browser in use all day would be logged out in the middle of it, as no later answer sets it again.
    max_age = int(retention.SESSION_ABSOLUTE.total_seconds())
    return respond(status, content, browser.cookie(entry.token, max_age))


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.user_id,
        "name": user.name,
        "email": user.email,
        "role": user.position.value,
        "locale": user.locale,
        "registered_at": clock.rfc3339(user.registered_at),
        "policy_version": user.policy_version,
    }


def _company(company: Company) -> dict[str, Any]:
    return {"id": company.company_id, "name": company.name, "state": company.state.value}

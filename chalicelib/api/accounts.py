"""Signing up, logging in and out."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Response

from chalicelib.api import browser
from chalicelib.api.endpoint import Call, respond, route
from chalicelib.api.forms import (
    Code,
    Form,
    Identifier,
    Language,
    Mailbox,
    Name,
    ProofCode,
    Ticket,
    Version,
)
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Permission
from chalicelib.records.accounts import Member, Session, User
from chalicelib.records.companies import Access, Company
from chalicelib.records.proofs import Challenge
from chalicelib.services import wording
from chalicelib.services.accounts import login, sessions, signup
from chalicelib.services.accounts.login import Entry
from chalicelib.services.accounts.signup import NewAccount

bp = Blueprint(__name__)


class SignUp(Form):
    """A new company account."""

    name: Name
    company: Name
    email: Mailbox
    password: str
    is_adult: bool
    policy_version: Version
    locale: Language | None = None
    wechat_ticket: Ticket | None = None


class Verify(Form):
    """The code from the mailbox."""

    email: Mailbox
    code: Code


class LogIn(Form):
    """Mailbox and password."""

    email: Mailbox
    password: str


class Proof(Form):
    """The code of a second proof: from the mailbox, from the app, or a recovery code."""

    challenge_id: Identifier
    code: ProofCode


@route(
    bp,
    "POST",
    "/v1/signup",
    summary="Sign up; a code goes to the mailbox",
    status=202,
    body=SignUp,
    public=True,
    clauses=("signup", "scope-adults", "passwords"),
    answer="CodeSent",
    errors=(403,),
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
            wechat_ticket=form.wechat_ticket,
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
    answer="SessionAnswer",
    errors=(401,),
)
def verify(call: Call) -> Response:
    """One answer for wrong, used and late codes."""
    return entered(signup.verify(call.body.email, call.body.code, call.visit), 201)


@route(
    bp,
    "POST",
    "/v1/login",
    summary="Log in; a device that is not known is asked for a second proof (202)",
    body=LogIn,
    public=True,
    clauses=("passwords", "automatic"),
    answer="SessionAnswer",
    pending="Challenge",
    errors=(401, 403),
)
def log_in(call: Call) -> Response:
    """A fresh session each time; an old cookie is never taken over. Address, device, system, browser and
    language are noted with the device.
    """
    return admitted(login.log_in(call.body.email, call.body.password, call.visit))


@route(
    bp,
    "POST",
    "/v1/login/verify",
    summary="Give the second proof; opens the session",
    body=Proof,
    public=True,
    clauses=("automatic", "access"),
    answer="SessionAnswer",
    errors=(401,),
)
def verify_login(call: Call) -> Response:
    """One answer for wrong, used and late codes and for an unknown challenge; five tries."""
    return entered(login.verify(call.body.challenge_id, call.body.code, call.visit))


@route(
    bp,
    "POST",
    "/v1/logout",
    summary="End this session",
    status=204,
    permission=Permission.OWN_SETTINGS,
    clauses=("passwords",),
)
def log_out(call: Call) -> Response:
    """Ends it on the server, and takes the cookie back. The device stays known."""
    text, _ = browser.token(call.request)
    sessions.log_out(text)
    return respond(204, None, {"Set-Cookie": browser.cookie(browser.COOKIE, "", 0)})


def admitted(found: Entry | Challenge) -> Response:
    """The answer to a first proof: in, or asked for a second one."""
    if isinstance(found, Challenge):
        return respond(202, {"challenge": challenge_view(found)})
    return entered(found)


def entered(entry: Entry, status: int = 200, **more: object) -> Response:
    """The answer to somebody who is in."""
    content = {
        "session": browser.session_answer(entry),
        "user": user_view(entry.user, entry.place.member),
        "company": company_view(entry.company, entry.place.access),
        "device_token": entry.device_token,
        **more,
    }
    return respond(status, content, browser.entered(entry))


def challenge_view(challenge: Challenge) -> dict[str, Any]:
    """A second proof that is waited for."""
    return {
        "id": challenge.challenge_id,
        "channel": challenge.channel.value,
        "expires_at": clock.rfc3339(challenge.until),
    }


def user_view(user: User, place: Member | Session) -> dict[str, Any]:
    """A user as they see themselves."""
    return {
        "id": user.user_id,
        "name": user.name,
        "email": user.email,
        "role": place.position.value,
        "locale": user.locale,
        "registered_at": clock.rfc3339(user.registered_at),
        "policy_version": place.policy_version,
    }


def company_view(company: Company, access: Access) -> dict[str, Any]:
    """The client company in short."""
    return {
        "id": company.company_id,
        "name": company.name,
        "state": access.state_at(clock.now()).value,
    }

"""Passwords, second proofs, one-time codes."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Response

from chalicelib.api.accounts import Proof, admitted, challenge_view, entered
from chalicelib.api.endpoint import Call, respond, route
from chalicelib.api.forms import Code, Form, Language, Mailbox
from chalicelib.kernel import clock
from chalicelib.privacy import retention
from chalicelib.privacy.permissions import Permission
from chalicelib.records.proofs import Channel, Intent
from chalicelib.services import wording
from chalicelib.services.accounts import credentials, factors, presence, proofs, sessions

bp = Blueprint(__name__)

_OWN = Permission.OWN_SETTINGS


class ChangedPassword(Form):
    """The password of now, and the one to come."""

    current_password: str
    password: str


class ForgottenPassword(Form):
    """The mailbox a code goes to."""

    email: Mailbox
    locale: Language | None = None


class NewPassword(Form):
    """The code from the mailbox, and the password to come."""

    email: Mailbox
    code: Code
    password: str


class OneTimeCode(Form):
    """A code from the app."""

    code: Code


@route(
    bp,
    "PUT",
    "/v1/me/password",
    summary="Change the password; every other session ends",
    body=ChangedPassword,
    permission=_OWN,
    clauses=("passwords",),
    answer="SessionAnswer",
    errors=(429,),
)
def change_password(call: Call) -> Response:
    """Answers with a new session: the one it came with is over as well. All devices are forgotten."""
    form: ChangedPassword = call.body
    return entered(credentials.change(call.who, form.current_password, form.password, call.visit))


@route(
    bp,
    "POST",
    "/v1/password/reset",
    summary="Forgot the password; a code goes to the mailbox",
    status=202,
    body=ForgottenPassword,
    public=True,
    clauses=("passwords",),
    answer="CodeSent",
)
def forgot_password(call: Call) -> dict[str, str]:
    """The answer is the same whether or not the mailbox has an account."""
    locale = call.body.locale or wording.locale_of(call.accept_language)
    credentials.ask_reset(call.body.email, locale, ip=call.ip)
    return {"status": "code_sent"}


@route(
    bp,
    "POST",
    "/v1/password/reset/verify",
    summary="Set a new password with the mailed code; every other session ends",
    body=NewPassword,
    public=True,
    clauses=("passwords",),
    answer="SessionAnswer",
    pending="Challenge",
    errors=(401, 403),
)
def reset_password(call: Call) -> Response:
    """One answer for wrong, used and late codes. With one-time codes switched on, one is asked for (202)."""
    form: NewPassword = call.body
    return admitted(credentials.reset(form.email, form.code, form.password, call.visit))


@route(
    bp,
    "POST",
    "/v1/me/proof",
    summary="Start a second proof, for what an open session alone may not do",
    status=202,
    permission=_OWN,
    clauses=("access",),
    answer="Challenge",
    errors=(429,),
)
def ask_proof(call: Call) -> dict[str, Any]:
    """By one-time code where they are on, else by a code to the mailbox."""
    who = call.who
    user, _ = sessions.profile(who.company_id, who.user_id)
    channel = Channel.TOTP if who.session.second_factor else Channel.MAIL
    made = proofs.ask(user, Intent.FRESH, channel, call.visit, session_id=who.session.session_id)
    return {"challenge": challenge_view(made)}


@route(
    bp,
    "POST",
    "/v1/me/proof/verify",
    summary="Give the second proof",
    body=Proof,
    permission=_OWN,
    clauses=("access",),
    answer="Proven",
    errors=(429,),
)
def give_proof(call: Call) -> dict[str, Any]:
    """Counts for this session, for ten minutes."""
    proofs.give(call.who.session, call.body.challenge_id, call.body.code)
    until = clock.now() + int(retention.PROOF.total_seconds())
    return {"proven_until": clock.rfc3339(until)}


@route(
    bp,
    "GET",
    "/v1/me/totp",
    summary="Whether one-time codes are on",
    permission=_OWN,
    clauses=("access",),
    answer="SecondFactor",
)
def read_totp(call: Call) -> dict[str, Any]:
    """And how many recovery codes are left."""
    left = factors.left(call.who.company_id, call.who.user_id)
    return {"enabled": left is not None, "recovery_codes_left": left or 0}


@route(
    bp,
    "POST",
    "/v1/me/totp",
    summary="Prepare one-time codes: a secret for an app",
    status=201,
    permission=_OWN,
    clauses=("access",),
    answer="TotpSetup",
)
def prepare_totp(call: Call) -> dict[str, str]:
    """Needs a fresh second proof. Nothing is asked for until a first code was right."""
    who = call.who
    proofs.require_fresh(who.session.proven_at)
    user, _ = sessions.profile(who.company_id, who.user_id)
    made = factors.begin(who.company_id, who.user_id, user.email)
    return {"secret": made.secret, "uri": made.uri}


@route(
    bp,
    "POST",
    "/v1/me/totp/confirm",
    summary="Switch one-time codes on with a first code",
    body=OneTimeCode,
    permission=_OWN,
    clauses=("access",),
    answer="TotpOn",
)
def confirm_totp(call: Call) -> Response:
    """Answers with recovery codes, the only time they are seen, and with a new session: every other one ends,
    and every device is asked for a code.
    """
    who = call.who
    proofs.count(who.user_id)
    user, company = sessions.profile(who.company_id, who.user_id)
    codes, place = factors.confirm(user, call.body.code)
    return entered(presence.reopen(who, place, user, company), recovery_codes=codes)


@route(
    bp,
    "POST",
    "/v1/me/totp/recovery",
    summary="New recovery codes; the old ones end",
    permission=_OWN,
    clauses=("access",),
    answer="RecoveryCodes",
)
def renew_recovery(call: Call) -> dict[str, Any]:
    """Needs a fresh second proof."""
    proofs.require_fresh(call.who.session.proven_at)
    return {"recovery_codes": factors.renew_recovery(call.who.company_id, call.who.user_id)}


@route(
    bp,
    "DELETE",
    "/v1/me/totp",
    summary="Switch one-time codes off",
    status=204,
    permission=_OWN,
    clauses=("access",),
    errors=(404,),
)
def remove_totp(call: Call) -> Response:
    """Needs a fresh second proof. The secret and the recovery codes are deleted."""
    who = call.who
    proofs.require_fresh(who.session.proven_at)
    user, _ = sessions.profile(who.company_id, who.user_id)
    factors.remove(user)
    return respond(204, None)

"""Requests and complaints about personal data, from anyone, with an account or without (8)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint, Response
from pydantic import AfterValidator, StringConstraints

from chalicelib.api import browser
from chalicelib.api.endpoint import HEADERS, Call, html, respond, route
from chalicelib.api.forms import Code, Form, Language, Mailbox, Text
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError, UnauthorizedError
from chalicelib.privacy.requests import RequestKind, RequestState
from chalicelib.services import wording
from chalicelib.services.requests import answers, requests
from chalicelib.services.requests import page as request_page
from chalicelib.services.requests.requests import Seen, Wanted

bp = Blueprint(__name__)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("required")
    return value


Words = Annotated[Text, StringConstraints(max_length=5000), AfterValidator(_not_blank)]
"""What somebody writes in words of their own."""


class NewRequest(Form):
    """What is wanted, and the mailbox it is about; the code that proves it goes there."""

    kind: Literal["access", "correct", "erase", "restrict", "object", "portability", "complaint"]
    email: Mailbox
    details: Words | None = None
    locale: Language | None = None


class RequestProof(Form):
    """The code from the mailbox."""

    code: Code


@route(
    bp,
    "POST",
    "/v1/requests",
    summary="Ask about personal data, or complain; a code goes to the mailbox",
    status=202,
    body=NewRequest,
    public=True,
    clauses=("requests",),
    answer="RequestTaken",
)
def make_request(call: Call) -> dict[str, Any]:
    """The answer is the same whatever is known of the mailbox. The time for an answer runs from now."""
    form: NewRequest = call.body
    locale = form.locale or wording.locale_of(call.accept_language)
    made = requests.ask(Wanted(RequestKind(form.kind), form.email, form.details, locale), ip=call.ip)
    return {"id": made.request_id, "state": RequestState.UNVERIFIED.value}


@route(
    bp,
    "GET",
    "/v1/requests/page",
    summary="A page on which anybody asks, objects or complains; mail to prospects leads to it",
    public=True,
    clauses=("requests", "subjects"),
)
def show_request_page(call: Call) -> Response:
    """`locale`: `en` or `zh`; else as the browser prefers. It calls the routes below and keeps nothing."""
    return html(request_page.made(call.page_locale), request_page.CSP)


@route(
    bp,
    "POST",
    "/v1/requests/{request_id}/code",
    summary="Send another code to the mailbox of a request",
    status=202,
    public=True,
    clauses=("requests",),
    answer="CodeSent",
    errors=(404, 429),
)
def send_request_code(call: Call) -> dict[str, str]:
    """When the first has died, or when the token was lost: it is only shown once."""
    requests.ask_code(call.path["request_id"], ip=call.ip)
    return {"status": "code_sent"}


@route(
    bp,
    "POST",
    "/v1/requests/{request_id}/verify",
    summary="Prove the mailbox; the request is worked on from then on",
    body=RequestProof,
    public=True,
    clauses=("requests",),
    answer="RequestVerified",
    errors=(401, 404),
)
def verify_request(call: Call) -> dict[str, Any]:
    """One answer for wrong, used and late codes. The token opens the answer, and is shown this once."""
    made = requests.verify(call.path["request_id"], call.body.code, ip=call.ip)
    return {
        "id": made.request.request_id,
        "state": made.request.state.value,
        "due_at": clock.rfc3339(made.request.term().due_at),
        "token": made.token,
    }


@route(
    bp,
    "GET",
    "/v1/requests/{request_id}",
    summary="Where a request stands; with its token (Bearer), the answer",
    public=True,
    clauses=("requests", "roles"),
    answer="RequestSeen",
    errors=(401, 404),
)
def read_request(call: Call) -> dict[str, Any]:
    """Without the token: whether the mailbox is proven and when the answer is due, whatever became of it."""
    token = browser.bearer(call.request)
    if token is None:
        return _seen(requests.look(call.path["request_id"]))
    return answers.view(requests.opened(call.path["request_id"], token).value)


@route(
    bp,
    "GET",
    "/v1/requests/{request_id}/data",
    summary="The data itself, for access and portability; needs the request's token (Bearer)",
    public=True,
    clauses=("requests",),
    answer="RequestData",
    errors=(401, 404, 422, 429),
)
def read_request_data(call: Call) -> Response:
    """``format`` is `json` or `csv`. Read when it is fetched: what was erased since is not in it."""
    wanted = (call.request.query_params or {}).get("format", "json")
    if wanted not in {"json", "csv"}:
        raise InvalidError(errors=[FieldError("format", "unknown")])
    token = browser.bearer(call.request)
    if token is None:
        requests.look(call.path["request_id"])  # unknown comes before unauthorised, as with a token
        raise UnauthorizedError
    found = answers.download(requests.opened(call.path["request_id"], token).value)
    file = {"Content-Disposition": f'attachment; filename="personal-data.{wanted}"'}
    if wanted == "json":
        return respond(200, found, file)
    return Response(
        body=answers.as_csv(found),
        status_code=200,
        headers={**HEADERS, "Content-Type": "text/csv; charset=utf-8", **file},
    )


def _seen(seen: Seen) -> dict[str, Any]:
    state = "verified" if seen.verified else RequestState.UNVERIFIED.value
    return {"id": seen.request_id, "state": state, "due_at": clock.rfc3339(seen.due_at)}

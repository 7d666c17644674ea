"""The guard around every route: who asks, is the request readable, what does the answer look like.

``route`` is the only way to declare one. Sessions are required unless a route says ``public``; bodies are
checked by a model that refuses unknown fields; every error becomes an RFC 9457 document; nothing a
person typed reaches a log. Chalice's own 415 and content checks are switched off, because their answers are
not problem documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeVar

from chalice import Blueprint, Response
from chalice.app import Request
from pydantic import BaseModel

from chalicelib.api import access_log, bodies, browser
from chalicelib.kernel import ids, openings, telemetry
from chalicelib.kernel.errors import (
    NotFoundError,
    ServiceError,
    UnauthorizedError,
)
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.personnel import Right
from chalicelib.services import wording
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.mail import pages
from chalicelib.services.repeats import Repeat
from chalicelib.services.staff import entry
from chalicelib.services.staff.entry import StaffPrincipal
from chalicelib.services.wording import Locale

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer of the API; a page replaces what it must."""


@dataclass(frozen=True, slots=True)
class Route:
    """What the OpenAPI document and the tests know about one route."""

    method: str
    path: str
    summary: str
    public: bool
    status: int
    body: type[BaseModel] | None
    paged: bool
    repeatable: bool
    clauses: tuple[str, ...]
    view: Callable[..., Any]
    permission: Permission | None = None
    answer: str | None = None
    pending: str | None = None
    errors: tuple[int, ...] = ()
    right: Right | None = None
    cursor: str | None = None
    """Prefix of the ids that the cursors of its list are."""


ROUTES: Final[list[Route]] = []
"""Every route declared so far."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, readable and allowed. ``body`` is an instance of the route's model."""

    request: Request
    caller: Principal | None
    body: Any
    limit: int = bodies.DEFAULT_PAGE
    cursor: str | None = None
    repeat: Repeat | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    officer: StaffPrincipal | None = None

    @property
    def staff(self) -> StaffPrincipal:
        """Who of the operator's staff asks. On every other route nobody is known: closed."""
        if self.officer is None:
            raise UnauthorizedError
        return self.officer

    @property
    def who(self) -> Principal:
        """Who asks. On a public route nobody is known: closed."""
        if self.caller is None:
            raise UnauthorizedError
        return self.caller

    @property
    def ip(self) -> str:
        """The address of the client as the gateway saw it; headers a client sends do not count."""
        return str(self.request.context["identity"]["sourceIp"])

    @property
    def visit(self) -> Visit:
        """Where the request comes from, as a login looks at it."""
        agent = self.request.headers.get("user-agent")
        return Visit(self.ip, agent, self.accept_language, browser.device_token(self.request))

    @property
    def accept_language(self) -> str | None:
        """The client's language preferences."""
        value = self.request.headers.get("accept-language")
        return None if value is None else str(value)

    @property
    def page_locale(self) -> Locale:
        """The language of a page: ``?locale`` if it is one of ours, else as the browser prefers; a link in a
        mail is never refused.
        """
        wanted = (self.request.query_params or {}).get("locale")
        if wanted == "zh":
            return "zh"
        return "en" if wanted == "en" else wording.locale_of(self.accept_language)


def route(
    bp: Blueprint,
    method: str,
    path: str,
    *,
    summary: str,
    status: int = 200,
    body: type[BaseModel] | None = None,
    public: bool = False,
    permission: Permission | None = None,
    paged: bool | str = False,
    repeatable: bool = False,
    clauses: tuple[str, ...] = (),
    answer: str | None = None,
    pending: str | None = None,
    errors: tuple[int, ...] = (),
    staff: Right | None = None,
) -> Callable[[Callable[[Call], Any]], Callable[..., Response]]:
    """Declare a route.

    The view takes a ``Call`` and returns what becomes the JSON answer with ``status``, or a Chalice
    ``Response`` of its own. ``paged`` reads ``limit`` and ``cursor``, which is the id of the last one seen
    where ``paged`` is the prefix of such ids; ``repeatable`` reads ``Idempotency-Key``; ``clauses`` are the
    policy rows it serves; ``answer`` names the schema of its answer, ``pending`` that of a 202 it may give
    instead, and ``errors`` are failures that do not follow from the rest. What is not ``public`` needs a
    ``permission``, or for staff a right: without one the front door does not start. Staff's routes lie under
    /v1/staff/, which a function of its own answers.
    """
    if [public, permission is not None, staff is not None].count(True) != 1:
        raise TypeError("a route is public, needs a permission, or is staff's and needs a right")

    def declare(view: Callable[[Call], Any]) -> Callable[..., Response]:
        declared = Route(
            method,
            path,
            summary,
            public,
            status,
            body,
            bool(paged),
            repeatable,
            clauses,
            view,
            permission,
            answer,
            pending,
            errors,
            staff,
            paged if isinstance(paged, str) else None,
        )
        ROUTES.append(declared)

        def guarded(**names: str) -> Response:
            request = bp.current_request
            telemetry.begin(str(request.context.get("requestId", "unknown")))
            openings.begin()
            try:
                call = _call(declared, request, names)
                try:
                    answer = view(call)
                finally:
                    # Also when it fails: what was opened was opened, whatever became of the answer.
                    access_log.tell(call.caller, call.officer)
            except ServiceError as error:
                return problem(error)
            except Exception as error:
                telemetry.event("request_failed", error=error)
                return problem(ServiceError())
            return answer if isinstance(answer, Response) else respond(status, answer)

        guarded.__name__ = view.__name__
        # Every content type reaches us, so that refusing one is a problem document as well.
        bp.route(path, methods=[method], content_types=["*/*"], name=view.__name__)(guarded)
        return guarded

    return declare


def page(
    call: Call, found: Sequence[T], cursor: Callable[[T], str], shape: Callable[[T], Any]
) -> dict[str, Any]:
    """A page of a list from one thing more than asked for; that one says whether there is a next page."""
    shown = found[: call.limit]
    return {
        "items": [shape(one) for one in shown],
        "next_cursor": cursor(shown[-1]) if len(found) > call.limit else None,
    }


def respond(status: int, content: Any, headers: Mapping[str, str | list[str]] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        body="" if content is None else json.dumps(content, ensure_ascii=False),
        status_code=status,
        headers={**HEADERS, "Content-Type": "application/json", **(headers or {})},
    )


def html(page: str, policy: str = pages.CSP, status: int = 200) -> Response:
    """A page for people; ``policy`` is its Content-Security-Policy."""
    own = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    return Response(page, headers={**HEADERS, **own, "Vary": "Accept-Language"}, status_code=status)


def problem(error: ServiceError) -> Response:
    """RFC 9457: what went wrong, in words and in a stable code."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "request_id": telemetry.request_id(),
    }
    if error.errors:
        document["errors"] = [{"field": e.field, "code": e.code} for e in error.errors]
    if error.clause is not None:
        document["clause"] = error.clause
    document |= error.more
    headers = {"Content-Type": "application/problem+json"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return respond(error.status, document, headers)


def _call(declared: Route, request: Request, names: Mapping[str, str]) -> Call:
    # Who asks comes first: a stranger learns nothing about what a body should look like.
    caller, officer = None, None
    if declared.right is not None:
        officer = entry.authenticate(browser.bearer(request) or "")
        entry.permit(officer, declared.right)
    if declared.permission is not None:
        caller = browser.principal(request, declared.method)
        sessions.permit(caller, declared.permission)
    if not all(ids.is_id(value) for name, value in names.items() if name.endswith("_id")):
        raise NotFoundError  # no key of ours looks like that, and it must not become part of one
    raw = bodies.read(request) if declared.body is not None else b""
    limit, cursor = bodies.DEFAULT_PAGE, None
    if declared.paged:
        limit, cursor = bodies.page_asked(request, declared.cursor)
    return Call(
        request=request,
        caller=caller,
        body=bodies.parse(declared.body, raw) if declared.body is not None else None,
        limit=limit,
        cursor=cursor,
        repeat=bodies.repeat(declared.method, request, raw) if declared.repeatable else None,
        path=names,
        officer=officer,
    )

"""The guard around every route: who asks, is the request readable, what does the answer look like.

``route`` is the only way to declare one. Sessions are required unless a route says ``public``; bodies are
checked by a model that refuses unknown fields; every error becomes an RFC 9457 document; nothing a
person typed reaches a log. Chalice's own 415 and content checks are switched off, because their answers are
not problem documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeVar

from chalice import Blueprint, Response
from chalice.app import Request
from pydantic import BaseModel, ValidationError

from chalicelib.api import browser
from chalicelib.kernel import ids, settings, telemetry
from chalicelib.kernel.errors import (
    BadRequestError,
    FieldError,
    InvalidError,
    NotFoundError,
    ServiceError,
    TooLargeError,
    UnsupportedMediaTypeError,
)
from chalicelib.records.accounts import Position
from chalicelib.services.repeats import Repeat
from chalicelib.services.sessions import Principal

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")

MAX_KEY: Final = 128
DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 200
MAX_ERRORS: Final = 20
MAX_PLACE: Final = 100
"""Fields named in one answer, and characters of a name: a client chooses both, and should not choose how
large an answer gets.
"""

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


ROUTES: Final[list[Route]] = []
"""Every route declared so far."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, readable and allowed. ``body`` is an instance of the route's model."""

    request: Request
    who: Principal
    body: Any
    limit: int = DEFAULT_PAGE
    cursor: str | None = None
    repeat: Repeat | None = None
    path: Mapping[str, str] = field(default_factory=dict)

    @property
    def ip(self) -> str:
        """The address of the client as the gateway saw it; headers a client sends do not count."""
        return str(self.request.context["identity"]["sourceIp"])

    @property
    def accept_language(self) -> str | None:
        """The client's language preferences."""
        value = self.request.headers.get("accept-language")
        return None if value is None else str(value)


_NOBODY: Final = Principal("", "", Position.MEMBER)


def route(
    bp: Blueprint,
    method: str,
    path: str,
    *,
    summary: str,
    status: int = 200,
    body: type[BaseModel] | None = None,
    public: bool = False,
    paged: bool = False,
    repeatable: bool = False,
    clauses: tuple[str, ...] = (),
) -> Callable[[Callable[[Call], Any]], Callable[..., Response]]:
    """Declare a route.

    The view takes a ``Call`` and returns what becomes the JSON answer with ``status``, or a Chalice
    ``Response`` of its own. ``paged`` reads ``limit`` and ``cursor``; ``repeatable`` reads
    ``Idempotency-Key``; ``clauses`` are the policy rows it serves.
    """

    def declare(view: Callable[[Call], Any]) -> Callable[..., Response]:
        declared = Route(method, path, summary, public, status, body, paged, repeatable, clauses, view)
        ROUTES.append(declared)

        def guarded(**names: str) -> Response:
            request = bp.current_request
            telemetry.begin(str(request.context.get("requestId", "unknown")))
            try:
                answer = view(_call(declared, request, names))
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


def respond(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        body="" if content is None else json.dumps(content, ensure_ascii=False),
        status_code=status,
        headers={**HEADERS, "Content-Type": "application/json", **(headers or {})},
    )


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
    headers = {"Content-Type": "application/problem+json"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return respond(error.status, document, headers)


def _call(declared: Route, request: Request, names: Mapping[str, str]) -> Call:
    # Who asks comes first: a stranger learns nothing about what a body should look like.
    who = _NOBODY if declared.public else browser.principal(request, declared.method)
    if not all(ids.is_id(value) for name, value in names.items() if name.endswith("_id")):
        raise NotFoundError  # no key of ours looks like that, and it must not become part of one
    raw = _body(request) if declared.body is not None else b""
    limit, cursor = _page(request) if declared.paged else (DEFAULT_PAGE, None)
    return Call(
        request=request,
        who=who,
        body=_parse(declared.body, raw) if declared.body is not None else None,
        limit=limit,
        cursor=cursor,
        repeat=_repeat(declared, request, raw) if declared.repeatable else None,
        path=names,
    )


def _body(request: Request) -> bytes:
    media = str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if media != "application/json":
        raise UnsupportedMediaTypeError
    raw = request.raw_body
    raw = raw.encode() if isinstance(raw, str) else raw
    if len(raw) > settings.MAX_REQUEST_BYTES:
        raise TooLargeError
    return raw


def _parse(model: type[B], raw: bytes) -> B:
    try:
        content = json.loads(
            raw.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once_each
        )
    except (ValueError, RecursionError):
        # RecursionError: a thousand open brackets are no request of ours either.
        raise BadRequestError("not_json", "The body is not JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise BadRequestError("not_an_object", "The body is not a JSON object.")
    try:
        form = model.model_validate(content)
    except ValidationError as error:
        raise InvalidError(errors=_named(error)) from None
    except RecursionError:
        raise BadRequestError("too_deep", "The body is nested too deeply.") from None
    if damaged := list(_damaged(content, "")):
        raise InvalidError(errors=damaged[:MAX_ERRORS])
    return form


def _no_constant(_: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are unique (RFC 7493): of two values, nobody could say which one was checked."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadRequestError("repeated_name", "A name occurs twice in one JSON object.")
    return made


def _damaged(value: Any, place: str) -> Iterator[FieldError]:
    """Texts that lost characters: API Gateway puts U+FFFD in the place of bytes that are not UTF-8. As deep
    as the model, no deeper.
    """
    if isinstance(value, str):
        if "\ufffd" in value:
            yield FieldError(place, "not_utf8")
        return
    parts: Iterable[tuple[object, Any]] = value.items() if isinstance(value, dict) else ()
    for name, part in enumerate(value) if isinstance(value, list) else parts:
        yield from _damaged(part, f"{place}.{name}" if place else str(name))


def _named(error: ValidationError) -> list[FieldError]:
    """The fields that cannot be taken. Pydantic's messages are left behind: they quote the input."""
    named = []
    found = error.errors(include_url=False, include_context=True, include_input=False)
    for one in found[:MAX_ERRORS]:
        place = ".".join(str(part) for part in one["loc"])[:MAX_PLACE]
        code = _CODES.get(one["type"], "invalid")
        if one["type"] == "value_error":
            code = str(one["ctx"]["error"]) if "ctx" in one else code
        named.append(FieldError(place, code))
    return named


_CODES: Final = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_few",
    "too_long": "too_many",
    "string_type": "not_text",
    "bool_type": "not_a_boolean",
    "int_type": "not_a_number",
    "list_type": "not_a_list",
    "dict_type": "not_an_object",
    "model_type": "not_an_object",
    "enum": "not_a_choice",
    "literal_error": "not_a_choice",
    "string_pattern_mismatch": "malformed",
    "string_unicode": "not_text",
}


def _page(request: Request) -> tuple[int, str | None]:
    asked = request.query_params or {}
    text = asked.get("limit", str(DEFAULT_PAGE))
    # The length first: leading zeros must not carry a large number past the check.
    if not (len(text) <= 6 and text.isascii() and text.isdecimal() and 1 <= int(text) <= MAX_PAGE):
        raise InvalidError(errors=[FieldError("limit", "out_of_range")])
    return int(text), asked.get("cursor")


def _repeat(declared: Route, request: Request, raw: bytes) -> Repeat | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise InvalidError(errors=[FieldError("Idempotency-Key", "malformed")])
    route_name = f"{declared.method} {request.context['path']}"
    return Repeat(route_name, str(key), raw.decode())

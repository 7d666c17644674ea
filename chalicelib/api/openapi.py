"""The OpenAPI 3.1 document of this API, made from ``endpoint.ROUTES``: a route declared anywhere appears.

Bodies come from their models; answers are described by hand here, and a test holds them against what the
views return. Cost: about 10 ms once per process, nothing until somebody asks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from inspect import cleandoc
from pathlib import Path
from string import Template
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from chalicelib.api import bodies, endpoint
from chalicelib.api.browser import COOKIE
from chalicelib.api.described import EXAMPLES, QUERIES, SHAPES
from chalicelib.api.endpoint import Route
from chalicelib.api.shapes import ref
from chalicelib.kernel import settings
from chalicelib.kernel.errors import ServiceError
from chalicelib.privacy import retention, texts
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.services.accounts import passwords

VERSION: Final = "0.1.0"
"""Of the description. The first part of a path (``/v1``) is the version of the promise."""

_ABOUT: Final = Path(__file__).parent.parent / "templates" / "reference" / "about.txt"

_LIMITS: Final[Mapping[str, Mapping[str, Any]]] = {
    "email": {"format": "email"},
    "password": {"format": "password", "minLength": passwords.MIN_LENGTH, "maxLength": passwords.MAX_LENGTH},
}
"""What the models leave to the rules behind them, by field name."""

_ID: Final = {"type": "string", "pattern": "^[a-z]{2,4}_[0-9a-v]{26}$"}
_PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "number": {"type": "integer", "minimum": 1},
    "position": {"type": "string", "enum": ["manager", "member"]},
    "purpose": {"type": "string", "enum": ["marketing", "tracking"]},
    "token": {"type": "string"},
    "version": {"type": "string", "examples": [texts.POLICY_VERSION]},
}
"""Path parameters that are no ids."""

_SIZES: Final = {"minimum": 1, "maximum": bodies.MAX_PAGE, "default": bodies.DEFAULT_PAGE}
_PAGING: Final = (
    {"name": "limit", "in": "query", "schema": {"type": "integer", **_SIZES}},
    {
        "name": "cursor",
        "in": "query",
        "description": "`next_cursor` of the page before.",
        "schema": {"type": "string"},
    },
)
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes repeating safe: printable ASCII, your choice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": bodies.MAX_KEY},
}

_KINDS: Final[tuple[type[ServiceError], ...]] = (ServiceError, *ServiceError.__subclasses__())
_SAFE: Final = {"GET", "HEAD"}
_HTML_VIEWS: Final = {"docs", "show_request_page", "show_stop", "stop_by_mail"}
_CSV_VIEWS: Final = {"export_contacts", "fetch_export"}


class _Schema(GenerateJsonSchema):
    """Pydantic's, without a title that only repeats the name of the field."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's hook has this signature
        return False


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 description of every route declared so far; do not change it.

    Made on the first call, when the front door has registered everything.
    """
    routes = list(endpoint.ROUTES)
    bodies, models = _models(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        body = bodies.get(route.body) if route.body is not None else None
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, body)
    return {
        "openapi": "3.1.0",
        "info": {"title": "OKKI Leads AI", "version": VERSION, "description": _about()},
        "servers": [{"url": settings.api_url()}],
        "tags": _tags(routes),
        "paths": paths,
        "components": {
            "schemas": {**SHAPES, **models},
            "responses": {_name(kind.status): _problem(kind) for kind in _KINDS},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "With the cookie, on everything but GET.",
                },
            },
        },
    }


def _about() -> str:
    """How errors, ids, paging, repeating and time work, with the figures that the code keeps to."""
    hour = timedelta(hours=1)
    return (
        Template(_ABOUT.read_text(encoding="utf-8"))
        .substitute(
            max_kib=settings.MAX_REQUEST_BYTES // 1024,
            cookie=COOKIE,
            idle_hours=retention.SESSION_IDLE // hour,
            session_days=retention.SESSION_ABSOLUTE.days,
            max_page=bodies.MAX_PAGE,
            default_page=bodies.DEFAULT_PAGE,
            repeat_hours=retention.IDEMPOTENCY // hour,
        )
        .strip()
    )


def _models(routes: list[Route]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """A reference for each body model, and the schemas they lead to."""
    wanted = dict.fromkeys(route.body for route in routes if route.body is not None)
    references, found = models_json_schema(
        [(model, "validation") for model in wanted],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Schema,
    )
    schemas = found.get("$defs", {})
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            for choice in field.get("anyOf", [field]):
                if choice.get("type") == "string":
                    choice.update(_LIMITS.get(name, {}))
    return {model: reference for (model, _), reference in references.items()}, schemas


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    """One per module of routes, explained by the first line of its docstring."""
    found = {_tag(route): sys.modules[route.view.__module__].__doc__ or "" for route in routes}
    return [{"name": name, "description": doc.strip().partition("\n")[0]} for name, doc in found.items()]


def _tag(route: Route) -> str:
    return route.view.__module__.rpartition(".")[2].replace("_", " ").capitalize()


def _operation(route: Route, body: dict[str, Any] | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": route.view.__name__,
        "tags": [_tag(route)],
        "summary": route.summary,
        "description": cleandoc(route.view.__doc__ or ""),
        "security": _security(route),
    }
    if parameters := _parameters(route):
        made["parameters"] = parameters
    if route.body is not None and body is not None:
        content: dict[str, Any] = {"schema": body}
        if (example := EXAMPLES.get(route.body.__name__)) is not None:
            content["example"] = example
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    made["responses"] = {str(route.status): _answer(route)} | {
        str(status): {"$ref": f"#/components/responses/{_name(status)}"} for status in _failures(route)
    }
    if route.pending is not None:
        made["responses"]["202"] = _content(route.pending)
    if route.permission is not None:
        made["x-permission"] = route.permission.value
    if route.right is not None:
        made["x-right"] = route.right.value
    if route.clauses:
        made["x-clauses"] = [
            {"id": row.id, "section": row.section, "promise": row.promise}
            for row in (CLAUSES[name] for name in route.clauses)
        ]
    return made


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.public:
        return []
    if route.right is not None:
        return [{"bearer": []}]
    by_cookie: dict[str, list[str]] = {"cookie": []}
    return [{"bearer": []}, by_cookie if route.method in _SAFE else by_cookie | {"csrf": []}]


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _PLACES.get(name, _ID)}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.paged:
        found += _PAGING
    if route.repeatable:
        found.append(_KEY)
    return [*found, *({**one} for one in QUERIES.get(route.view.__name__, ()))]


def _answer(route: Route) -> dict[str, Any]:
    shape = route.answer
    if route.status == HTTPStatus.NO_CONTENT:
        return {"description": "Done."}
    if route.view.__name__ in _HTML_VIEWS:
        return {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}
    if route.view.__name__ in _CSV_VIEWS:
        return {"description": "CSV.", "content": {"text/csv": {"schema": {"type": "string"}}}}
    if shape is None:
        return {
            "description": "A JSON object.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    return _content(shape)


def _content(shape: str) -> dict[str, Any]:
    return {
        "description": SHAPES[shape]["description"],
        "content": {"application/json": {"schema": ref(shape)}},
    }


def _failures(route: Route) -> list[int]:
    unsafe, one = route.method not in _SAFE, "{" in route.path
    applies = {
        (400, 413, 415, 422): route.body is not None,
        (401,): not route.public,
        (403,): not route.public,
        (404,): one,
        (409,): not route.public and unsafe and (one or route.repeatable),
        (422,): route.paged or route.repeatable,
        (429,): route.public and unsafe,
        (500, 503): route.path.startswith("/v1/"),
        route.errors: True,
    }
    return sorted({status for group, does in applies.items() if does for status in group})


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def _problem(kind: type[ServiceError]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": kind.title,
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }
    if kind.status == HTTPStatus.TOO_MANY_REQUESTS:
        made["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    if kind.status == HTTPStatus.UNAUTHORIZED:
        made["headers"] = {"WWW-Authenticate": {"schema": {"const": "Bearer"}}}
    return made

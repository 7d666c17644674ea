"""Health, the OpenAPI document, and a page that explains it without any network."""

from __future__ import annotations

from chalice import Blueprint, Response

from chalicelib.api.endpoint import Call, html, respond, route

bp = Blueprint(__name__)


@route(bp, "GET", "/healthz", summary="Is the front door open?", public=True, answer="Health")
def healthz(call: Call) -> dict[str, str]:
    """Touches nothing else, so it answers while everything behind it is down."""
    return {"status": "ok"}


@route(bp, "GET", "/openapi.json", summary="This API, described", public=True)
def openapi_document(call: Call) -> Response:
    """OpenAPI 3.1, made from the routes."""
    from chalicelib.api import openapi

    return respond(200, openapi.document())


@route(bp, "GET", "/docs", summary="This API, to read and to try", public=True)
def docs(call: Call) -> Response:
    """One page, no network, no library."""
    from chalicelib.api import openapi, reference

    return html(reference.page(openapi.document()), reference.CSP)

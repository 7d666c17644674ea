"""What we tell everybody in public: incidents, the end of a product, new policies."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Response

from chalicelib.api.endpoint import Call, html, route
from chalicelib.kernel import clock
from chalicelib.services import wording
from chalicelib.services.notifications import public, public_page
from chalicelib.services.notifications.public import Shown

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/announcements",
    summary="What we tell everybody: incidents, the end of the service, new versions of the policy",
    public=True,
    clauses=("discontinuation", "incidents", "policy-updates"),
    answer="Announcements",
)
def list_announcements(call: Call) -> dict[str, Any]:
    """The newest first, in English or Chinese by `Accept-Language`; at most 50, none that was withdrawn."""
    found = public.shown(wording.locale_of(call.accept_language))
    return {"items": [_view(one) for one in found]}


@route(
    bp,
    "GET",
    "/v1/announcements/page",
    summary="The same as a page for people; mail that takes something back leads to it",
    public=True,
    clauses=("discontinuation", "incidents", "policy-updates"),
)
def show_announcements(call: Call) -> Response:
    """`locale`: `en` or `zh`; else as the browser prefers. No script, no cookie."""
    locale = call.page_locale
    return html(public_page.made(public.shown(locale), locale))


def _view(one: Shown) -> dict[str, Any]:
    return {
        "id": one.announcement_id,
        "kind": one.kind.value,
        "title": one.title,
        "text": one.text,
        "published_at": clock.rfc3339(one.published_at),
        "changed_at": clock.rfc3339(one.changed_at),
    }

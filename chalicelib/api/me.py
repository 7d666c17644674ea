"""Personal Settings: what is held about the user (5.1)."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.api import browser
from chalicelib.api.accounts import company_view, user_view
from chalicelib.api.endpoint import Call, route
from chalicelib.privacy.permissions import Permission
from chalicelib.services import sessions

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/me",
    summary="Who I am, and what I may do",
    permission=Permission.OWN_SETTINGS,
    clauses=("self-service",),
    answer="Me",
)
def me(call: Call) -> dict[str, Any]:
    """With the CSRF token a reloaded page needs."""
    who = call.who
    user, company = sessions.profile(who.company_id, who.user_id)
    text, _ = browser.token(call.request)
    return {
        **user_view(user, who.session),
        "permissions": sorted(one.value for one in who.permissions),
        "company": company_view(company, who.access),
        "csrf_token": browser.csrf_token(text),
    }

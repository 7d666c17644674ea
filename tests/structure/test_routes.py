"""The list of routes says for each: who may call it, and which rows of the policy it serves."""

from __future__ import annotations

import re

import pytest

import app
from chalicelib.api.endpoint import ROUTES, Route
from chalicelib.privacy.clauses import CLAUSES

PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/v1/policy"),
    ("GET", "/v1/policy/{version}"),
    # Whoever thinks of joining, or was never reached by mail, reads what we announce.
    ("GET", "/v1/announcements"),
    ("GET", "/v1/announcements/page"),
    ("POST", "/v1/signup"),
    ("POST", "/v1/signup/verify"),
    ("POST", "/v1/login"),
    ("POST", "/v1/login/verify"),
    ("POST", "/v1/password/reset"),
    ("POST", "/v1/password/reset/verify"),
    # Whoever visits decides about cookies, with an account or without.
    ("GET", "/v1/cookies/choices"),
    ("PUT", "/v1/cookies/choices"),
    # The way out of a mail asks nobody to log in (RFC 8058).
    ("GET", "/v1/notifications/stop/{token}"),
    ("POST", "/v1/notifications/stop/{token}"),
    # Whoever has the secret from the mail: they are not a user yet.
    ("POST", "/v1/invitations/accept"),
    # Logging in through WeChat: who comes back from there has no session yet. Linking asks for one itself.
    ("GET", "/v1/wechat/authorize"),
    ("GET", "/v1/wechat/callback"),
    # The staff's door: password and one-time code, and setting them up with a token from the mail.
    ("POST", "/v1/staff/login"),
    ("POST", "/v1/staff/setup"),
    ("POST", "/v1/staff/setup/confirm"),
    # Anybody may ask about data of theirs, with an account or without (8); what is found is behind a token.
    ("GET", "/v1/requests/page"),
    ("POST", "/v1/requests"),
    ("POST", "/v1/requests/{request_id}/code"),
    ("POST", "/v1/requests/{request_id}/verify"),
    ("GET", "/v1/requests/{request_id}"),
    ("GET", "/v1/requests/{request_id}/data"),
    # Every account of a cancelled company is closed: its contacts are fetched with the code from the mail (5.3).
    ("GET", "/v1/companies/{company_id}/final-export"),
    ("POST", "/v1/companies/{company_id}/final-export"),
}
"""Everything a stranger may call. Adding to it is a decision, not a detail."""
NO_PERSON = {"/healthz", "/openapi.json", "/docs"}
"""Routes that touch nobody's data and so no row of the policy."""


def ids(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.clause("access")
def test_a_stranger_reaches_what_is_listed_here_and_nothing_else() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.public} == PUBLIC


@pytest.mark.clause("access")
def test_there_is_no_route_past_the_guard() -> None:
    deployed = {(method, path) for path, methods in app.app.routes.items() for method in methods}
    assert deployed == {(route.method, route.path) for route in ROUTES}
    for methods in app.app.routes.values():
        for entry in methods.values():
            assert entry.view_function.__qualname__.startswith("route."), entry.uri_pattern


@pytest.mark.parametrize("route", ROUTES, ids=ids)
def test_every_route_serves_rows_of_the_policy_that_exist(route: Route) -> None:
    assert set(route.clauses) <= CLAUSES.keys()
    assert route.clauses or route.path in NO_PERSON
    assert route.summary
    assert route.view.__doc__


@pytest.mark.parametrize("route", ROUTES, ids=ids)
def test_paths_hold_ids_and_never_a_mailbox(route: Route) -> None:
    assert re.fullmatch(r"(/[a-z0-9.-]+|/\{[a-z]+(_id)?\})+", route.path)
    assert not re.search(r"mail|phone|name", route.path)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=ids)
def test_reading_takes_no_body(route: Route) -> None:
    assert route.body is None
    assert not route.repeatable


@pytest.mark.clause("scope-adults")
@pytest.mark.parametrize("route", [route for route in ROUTES if route.body is not None], ids=ids)
def test_a_body_with_a_field_nobody_declared_is_refused(route: Route) -> None:
    assert route.body is not None
    assert route.body.model_config.get("extra") == "forbid"

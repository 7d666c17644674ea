"""Logging in through WeChat, linking and unlinking accounts there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, TypeVar

from chalice import Blueprint, Response

from chalicelib.api import browser
from chalicelib.api.accounts import admitted
from chalicelib.api.endpoint import Call, html, problem, respond, route
from chalicelib.gateways.wechat import Flow
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError, ServiceError, UnauthorizedError
from chalicelib.privacy import retention
from chalicelib.privacy.permissions import Permission
from chalicelib.records.proofs import Challenge
from chalicelib.records.wechat import WechatIntent
from chalicelib.services import wording
from chalicelib.services.accounts import linked, sessions, wechat
from chalicelib.services.accounts.linked import Shown
from chalicelib.services.accounts.login import Entry
from chalicelib.services.accounts.wechat import Arrival, SignupNeeded
from chalicelib.services.mail import pages

bp = Blueprint(__name__)

COOKIE: Final = "__Host-wechat"
MAX_VALUE: Final = 1024
"""Characters of a value that WeChat may bring back; its codes have 32, our states 64."""

C = TypeVar("C", bound=StrEnum)


@route(
    bp,
    "GET",
    "/v1/wechat/authorize",
    summary="Where to send the browser for logging in through WeChat, or for linking an account there",
    public=True,
    clauses=("wechat", "scope-adults"),
    answer="WechatBeginning",
    errors=(401, 403, 422, 429),
)
def begin_wechat(call: Call) -> Response:
    """`intent=login` (by default) or `link`; `flow=qr` (a code to scan, by default) or `in_app`, for our
    pages inside WeChat. Linking needs a session with a second proof of the last ten minutes. The way is
    bound to this browser by a cookie; what WeChat does with it is not covered by our policy.
    """
    asked = _query(call, ("intent", "flow"))
    intent = _choice(WechatIntent, asked, "intent", WechatIntent.LOGIN)
    flow = _choice(Flow, asked, "flow", Flow.QR)
    who = None
    if intent is WechatIntent.LINK:
        browser.require_own_page(call.request)  # it is begun by a GET, so no token stands in for this
        who = browser.principal(call.request, "GET")
        sessions.permit(who, Permission.OWN_SETTINGS)
    began = wechat.begin(intent, flow, who, ip=call.ip)
    content = {
        "url": began.url,
        "expires_at": clock.rfc3339(began.until),
        "third_party": {"service": "WeChat", "covered": False},
    }
    lifetime = int(retention.WECHAT_STATE.total_seconds())
    return respond(200, content, {"Set-Cookie": browser.cookie(COOKIE, began.browser, lifetime)})


@route(
    bp,
    "GET",
    "/v1/wechat/callback",
    summary="Where WeChat sends the browser back to",
    public=True,
    clauses=("wechat", "automatic"),
    answer="WechatArrival",
    pending="Challenge",
    errors=(401, 403, 409, 429),
)
def come_back_from_wechat(call: Call) -> Response:
    """JSON, or a page without scripts for a client that prefers `text/html`; the status is the same. Without
    `code` the person has refused, which is no error. The same code again, within a minute and from the same
    browser, is answered alike. After a 503 the same address can be loaded again.
    """
    found, error = _arrived(call)
    if error is not None:
        answer = problem(error)
    elif isinstance(found, Entry | Challenge):
        answer = admitted(found)
    else:
        answer = respond(200, _ended_view(found))
    return _as_page(call, answer, found) if _wants_page(call) else answer


@route(
    bp,
    "GET",
    "/v1/me/wechat",
    summary="The WeChat accounts that log me in",
    permission=Permission.OWN_SETTINGS,
    clauses=("wechat", "self-service"),
    answer="WechatLinks",
)
def list_wechat(call: Call) -> dict[str, Any]:
    """The nickname is what WeChat said at the last login with it, if that was less than 30 days ago."""
    found = linked.of_user(call.who.company_id, call.who.user_id)
    return {"items": [link_view(one) for one in found]}


@route(
    bp,
    "DELETE",
    "/v1/me/wechat/{link_id}",
    summary="Unlink a WeChat account; its Open ID and nickname are deleted",
    status=204,
    permission=Permission.OWN_SETTINGS,
    clauses=("wechat", "self-service"),
)
def unlink_wechat(call: Call) -> Response:
    """Needs a fresh second proof. The last way into the account stays (409 `last_way_in`)."""
    linked.unlink(call.who, call.path["link_id"])
    return respond(204, None)


def link_view(shown: Shown) -> dict[str, Any]:
    """A linked account as its owner sees it."""
    return {
        "id": shown.link.link_id,
        "flow": shown.link.flow,
        "nickname": shown.nickname,
        "linked_at": clock.rfc3339(shown.link.linked_at),
        "used_at": clock.rfc3339(shown.link.used_at),
    }


def _query(call: Call, known: tuple[str, ...]) -> Mapping[str, str]:
    """The query's values.

    Raises:
        InvalidError: a name nobody asked for, or one that occurs twice.
    """
    given = call.request.query_params
    found = {} if given is None else {str(name): given.getlist(name) for name in given}
    # A name that a stranger chose is not repeated.
    faults = [FieldError("query", "unknown_field")] if found.keys() - set(known) else []
    faults += [FieldError(name, "repeated") for name in known if len(found.get(name, [])) > 1]
    if faults:
        raise InvalidError(errors=faults)
    return {name: values[0] for name, values in found.items() if values}


def _choice(kind: type[C], asked: Mapping[str, str], name: str, default: C) -> C:
    try:
        return kind(asked.get(name, default.value))
    except ValueError:
        raise InvalidError(errors=[FieldError(name, "not_a_choice")]) from None


def _arrived(call: Call) -> tuple[Arrival | None, ServiceError | None]:
    """How the way ended, or why it did not. Further parameters, which people's WeChat adds when an address is
    passed on, are not looked at.
    """
    state, code = _brought(call, "state"), _brought(call, "code")
    nonce = browser.cookie_of(call.request, COOKIE)
    try:
        return wechat.come_back(state, code, nonce, call.visit, present=_present(call)), None
    except ServiceError as error:
        return None, error


def _present(call: Call) -> str | None:
    """Who is logged in here; None also for a session that is over."""
    text = browser.cookie_of(call.request, browser.COOKIE)
    try:
        return None if text is None else sessions.authenticate(text).user_id
    except UnauthorizedError:
        return None


def _brought(call: Call, name: str) -> str:
    """One value that came back; of two, nobody could say which one is WeChat's."""
    given = call.request.query_params
    values = [str(one) for one in given.getlist(name)] if given is not None and name in given else []
    return values[0] if len(values) == 1 and len(values[0]) <= MAX_VALUE else ""


def _ended_view(found: Arrival | None) -> dict[str, Any]:
    if isinstance(found, SignupNeeded):
        return {
            "status": "signup_needed",
            "ticket": found.ticket,
            "expires_at": clock.rfc3339(found.until),
        }
    return {"status": str(found)}


# -- pages ------------------------------------------------------------------------------------------------

_PAGES: Final = {
    "linked_elsewhere": "elsewhere",
    "wechat_preview": "preview",
    "company_closed": "closed",
    "login_refused": "closed",
}
"""Pages for refusals that need words of their own, by code."""


def _as_page(call: Call, answer: Response, found: Arrival | None) -> Response:
    """The same answer for people: status, cookies and waiting time stay, the words become a page."""
    content = json.loads(answer.body)
    kept = ("Set-Cookie", "Retry-After", "WWW-Authenticate")
    locale = wording.locale_of(call.accept_language)
    name, values = _page_of(answer.status_code, content, found)
    made = html(pages.wechat_page(locale, name, values), status=answer.status_code)
    made.headers |= {name: value for name, value in answer.headers.items() if name in kept}
    made.headers["Vary"] = "Accept, Accept-Language, Cookie"
    return made


def _page_of(status: int, content: Mapping[str, Any], found: Arrival | None) -> tuple[str, dict[str, str]]:
    if isinstance(found, Entry):
        return "entered", {"name": found.user.name}
    if isinstance(found, Challenge):
        return "proof", {"challenge": found.challenge_id}
    if isinstance(found, SignupNeeded):
        return "signup", {"ticket": found.ticket}
    if found is not None:
        return found.value, {}
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        return "busy", {}
    return _PAGES.get(str(content["code"]), "refused"), {}


def _wants_page(call: Call) -> bool:
    """Whether the client prefers a page (RFC 9110, 12.5.1). Who says `*/*` or nothing gets JSON."""
    accept = str(call.request.headers.get("accept", ""))[:1000].lower()
    weights = {"text/html": 0.0, "application/json": 0.0}
    for entry in accept.split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        if kind in weights:
            weights[kind] = _weight(parameters)
    return weights["text/html"] > weights["application/json"]


def _weight(parameters: list[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0

"""Devices and sessions in Personal Settings: where one is logged in, and ending it."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Response

from chalicelib.api import browser
from chalicelib.api.accounts import entered
from chalicelib.api.endpoint import Call, respond, route
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Permission
from chalicelib.records.proofs import Device
from chalicelib.services.accounts import presence, sessions
from chalicelib.services.accounts.presence import Known, Open

bp = Blueprint(__name__)

_OWN = Permission.OWN_SETTINGS


@route(
    bp,
    "GET",
    "/v1/me/devices",
    summary="Devices I have logged in with",
    permission=_OWN,
    clauses=("self-service", "automatic"),
    answer="DevicePage",
)
def list_devices(call: Call) -> dict[str, Any]:
    """The last used first, as each was seen at its last login; twenty at most, so there is no next page."""
    current = call.who.session.device_id
    items = [_known(one, current) for one in presence.devices_of(call.who)]
    return {"items": items, "next_cursor": None}


@route(
    bp,
    "DELETE",
    "/v1/me/devices/{device_id}",
    summary="Forget a device and end its sessions",
    status=204,
    permission=_OWN,
    clauses=("self-service", "automatic"),
)
def forget_device(call: Call) -> Response:
    """The next login from it proves itself again. Forgetting the device in use logs out."""
    presence.forget_device(call.who, call.path["device_id"])
    return _gone(call, here=call.path["device_id"] == call.who.session.device_id, device=True)


@route(
    bp,
    "GET",
    "/v1/me/sessions",
    summary="Where I am logged in",
    permission=_OWN,
    clauses=("self-service", "automatic"),
    answer="SessionPage",
)
def list_sessions(call: Call) -> dict[str, Any]:
    """The last used first; all of them, so there is no next page."""
    current = call.who.session.session_id
    items = [_open(one, current) for one in presence.sessions_of(call.who)]
    return {"items": items, "next_cursor": None}


@route(
    bp,
    "DELETE",
    "/v1/me/sessions/{session_id}",
    summary="End one session",
    status=204,
    permission=_OWN,
    clauses=("self-service", "passwords"),
)
def end_session(call: Call) -> Response:
    """Ending the one in use logs out."""
    who, session_id = call.who, call.path["session_id"]
    sessions.end(who.company_id, who.user_id, session_id)
    return _gone(call, here=session_id == who.session.session_id)


@route(
    bp,
    "DELETE",
    "/v1/me/sessions",
    summary="End every session, and go on with a new one here",
    permission=_OWN,
    clauses=("self-service", "passwords"),
    answer="SessionAnswer",
    errors=(409,),
)
def end_other_sessions(call: Call) -> Response:
    """Answers with a new session, which ends no later than this one would have: whoever holds a token of
    mine, this one included, is out.
    """
    return entered(presence.end_others(call.who))


def _gone(call: Call, *, here: bool, device: bool = False) -> Response:
    """No content; where the client itself is meant, its cookies are taken back."""
    if not here:
        return respond(204, None)
    cookies = [browser.cookie(browser.COOKIE, "", 0)]
    if device:
        cookies.append(browser.cookie(browser.DEVICE_COOKIE, "", 0))
    return respond(204, None, {"Set-Cookie": cookies})


def _known(known: Known, current: str) -> dict[str, Any]:
    device = known.device
    return {
        "id": device.device_id,
        **_looks(device),
        "first_seen_at": clock.rfc3339(device.first_seen_at),
        "last_seen_at": clock.rfc3339(device.last_seen_at),
        "kept_until": clock.rfc3339(known.expires_at),
        "current": device.device_id == current,
    }


def _open(found: Open, current: str) -> dict[str, Any]:
    session = found.session
    return {
        "id": session.session_id,
        "device_id": session.device_id,
        "device": None if found.device is None else _looks(found.device),
        "created_at": clock.rfc3339(session.created_at),
        "used_at": clock.rfc3339(session.used_at),
        "expires_at": clock.rfc3339(sessions.session_end(session)),
        "current": session.session_id == current,
    }


def _looks(device: Device) -> dict[str, str]:
    """What 2.2.1(c) names of a device, as of its last login."""
    return {
        "device_model": device.device_model,
        "os_version": device.os_version,
        "browser_type": device.browser_type,
        "language": device.language,
        "ip": device.ip,
    }

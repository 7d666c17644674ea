"""WeChat login, our side of the protocol: where a person approves it, and who they are afterwards.

Promises (clause `wechat`): of all that WeChat returns only Open ID and nickname leave this file, and neither
tokens nor our app secret ever reach a log or an exception. The secret travels in the query string, because
WeChat documents it so; hence no exception of the HTTP library is chained, shown or logged with its text.

Every error arrives as HTTP 200 with an `errcode`; its `errmsg` varies from call to call and is not read. A
failure becomes one of the refusals below, which derive from `kernel.errors` so that a route need not
translate them. Costs: two calls; 16 seconds if WeChat is silent, 24 if it trickles.

Sources: WeChat Open Platform, "Website App: WeChat Login" (QR); Official Accounts, "Web Page Authorization"
(in-app); errcodes from "Global Return Codes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlencode

from chalicelib.gateways import secrets
from chalicelib.gateways.wechat_wire import BUSY_CODES, OK, ask, errcode_of
from chalicelib.kernel import clock, settings, telemetry
from chalicelib.kernel.errors import ServiceError, UnauthorizedError, UnavailableError

PATIENCE_SECONDS: Final = 10.0
"""No try starts later than this, so that we answer inside the gateway's 29 whatever WeChat does."""

WAITS: Final = (0.2, 0.6)
"""Between the tries of the exchange, seconds, plus up to as much again."""

MAX_NICKNAME: Final = 64


class Flow(StrEnum):
    """The two ways in. Each has an app of its own at WeChat, and one person another Open ID in each."""

    QR = "qr"
    """A code on our website, scanned with the phone."""
    IN_APP = "in_app"
    """Our page opened inside WeChat."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who approved. The key is (``app_id``, ``open_id``); the nickname is for display and proves nothing."""

    app_id: str
    open_id: str = field(repr=False)
    nickname: str | None = field(repr=False)


class SignInAgainError(UnauthorizedError):
    """The code is spent, too old or not WeChat's; a new approval helps.

    Code ``wechat_sign_in_again``; ``wechat_preview`` when the page was only previewed inside WeChat.
    """

    code, title = "wechat_sign_in_again", "Please sign in with WeChat again."


class BusyError(UnavailableError):
    """WeChat (or our secret store) did not answer, or said that it is busy."""

    code, title = "wechat_busy", "WeChat does not answer at the moment. Please try again."


class NotConfiguredError(UnavailableError):
    """The operator has entered no app for this flow."""

    code, title = "wechat_not_configured", "Signing in with WeChat is not offered here."


class MisconfiguredError(ServiceError):
    """WeChat does not accept us: app id, secret or rights are wrong, or it said something we do not know.

    A plain 500 that names nothing: the person can do nothing about it, the operator is alarmed.
    """


_AGAIN_CODES: Final = frozenset({40003, 40014, 40029, 40030, 40163, 41008, 42001, 42002, 42003, 50001, 50002})
_SECRET_CODES: Final = frozenset({40001, 40125})

_STATE: Final = re.compile(r"[A-Za-z0-9]{1,128}")
_CODE: Final = re.compile(r"[!-~]{1,512}")
_TOKEN: Final = re.compile(r"[!-~]{1,2048}")
_OPEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{6,128}")
# Controls, halves of surrogate pairs, byte order marks, what decoding could not read, and Unicode's
# Bidi_Control, with which a name could turn the text around it. Joiners stay: emoji are built with them.
_UNSHOWABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffd\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_INVISIBLE: Final = re.compile("[\u00ad\u180e\u200b-\u200d\u2060-\u2064\u2800\u3164\uffa0\ufe00-\ufe0f]*")
_PLACEHOLDER: Final = "微信用户"
"""What WeChat says in the place of a nickname it does not give."""


def authorize_url(flow: Flow, *, redirect_uri: str, state: str) -> str:
    """Where to send the browser. WeChat returns it to ``redirect_uri`` with ``code`` and ``state``, or with
    ``state`` alone if the person refuses.

    WeChat compares the address with a pattern, so the parameters keep their documented order, and ``state``
    is letters and digits only, at most 128.

    Raises:
        NotConfiguredError, BusyError: no app for this flow; the secret store is silent.
        ValueError: a state WeChat would not carry; a fault of ours.
    """
    if not _STATE.fullmatch(state):
        raise ValueError("state")
    page, scope = _PAGES[flow]
    query = {
        "appid": _app(flow).app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": scope,
        "state": state,
    }
    text = urlencode(query, quote_via=quote, safe="")
    return f"{settings.wechat_open_url()}/connect/{page}?{text}#wechat_redirect"


_PAGES: Final = {
    Flow.QR: ("qrconnect", "snsapi_login"),
    Flow.IN_APP: ("oauth2/authorize", "snsapi_userinfo"),
}


def identify(flow: Flow, code: str) -> Identity:
    """Exchange the code for the person's Open ID, and ask for the nickname.

    The exchange is tried up to three times when WeChat is busy or silent. A code works once: if WeChat took
    it and only the answer was lost, the next try is told so (40163), which is true, and the person signs in
    again. For the nickname, which nobody needs to log in, anything that goes wrong means None.

    Raises:
        SignInAgainError, BusyError, MisconfiguredError, NotConfiguredError: see there. Fails closed: without
            WeChat's word nobody is anybody.
    """
    if not _CODE.fullmatch(code):
        raise SignInAgainError
    until = clock.elapsed() + PATIENCE_SECONDS
    app, granted = _exchange(flow, code, until)
    _accept(errcode_of(granted))
    open_id, token = granted.get("openid"), granted.get("access_token")
    if granted.get("is_snapshotuser") in (1, "1"):
        # A page previewed inside WeChat gets a made-up Open ID, another one each time: an account bound to it
        # could never be entered again.
        raise SignInAgainError(
            "wechat_preview", "Please tap “Use full service” in WeChat, then sign in again."
        )
    if not _matches(_OPEN_ID, open_id) or not _matches(_TOKEN, token):
        telemetry.event("wechat_unreadable")
        raise BusyError
    return Identity(app.app_id, str(open_id), _ask_nickname(str(open_id), str(token), until))


@dataclass(frozen=True, slots=True)
class _App:
    app_id: str
    app_secret: str = field(repr=False)


def _app(flow: Flow) -> _App:
    """Our app of this flow."""
    entered: Any = None
    try:
        entered = secrets.wechat_apps()[flow.value]
    except KeyError:
        entered = {}
    except Exception as error:
        telemetry.event("wechat_secret_unread", error=error)
    if entered is None:
        raise BusyError
    if not isinstance(entered, dict):
        raise NotConfiguredError
    app_id, app_secret = entered.get("app_id"), entered.get("app_secret")
    if not (isinstance(app_id, str) and isinstance(app_secret, str) and app_id and app_secret):
        raise NotConfiguredError
    return _App(app_id, app_secret)


def _exchange(flow: Flow, code: str, until: float) -> tuple[_App, dict[str, Any]]:
    """The token answer, whatever it says, and the app it was got with."""
    app = _app(flow)
    granted = _ask_token(app, code, until)
    if errcode_of(granted) in _SECRET_CODES:
        # The operator may have renewed the secret at WeChat, which ends the old one at once; an hour of
        # refused logins would be the price of not looking.
        renewed = _look_again(flow)
        if renewed not in (app, None):
            return renewed, _ask_token(renewed, code, until)
    return app, granted


def _look_again(flow: Flow) -> _App | None:
    try:
        secrets.look_at_wechat_again()
        return _app(flow)
    except Exception as error:
        telemetry.event("wechat_secret_unread", error=error)
    return None


def _ask_token(app: _App, code: str, until: float) -> dict[str, Any]:
    return ask(
        "/sns/oauth2/access_token",
        {
            "appid": app.app_id,
            "secret": app.app_secret,
            "code": code,
            "grant_type": "authorization_code",
        },
        WAITS,
        until,
    )


def _ask_nickname(open_id: str, token: str, until: float) -> str | None:
    query = {"access_token": token, "openid": open_id, "lang": "zh_CN"}
    profile = ask("/sns/userinfo", query, WAITS[:1], until)
    errcode = errcode_of(profile)
    if errcode != OK:
        # Open: the login goes on. A right that our app lacks is told to the operator like in the exchange.
        telemetry.event("wechat_nickname_missing", errcode=errcode)
        if errcode not in BUSY_CODES | _AGAIN_CODES:
            telemetry.event("wechat_misconfigured", errcode=errcode)
        return None
    if profile.get("openid") != open_id:
        return None  # somebody else's name, or nobody's
    return _clean(profile.get("nickname"))


def _accept(errcode: int) -> None:
    """Return for success, raise what the errcode means otherwise. One nobody knows is ours to look into."""
    if errcode == OK:
        return
    if errcode in BUSY_CODES:
        telemetry.event("wechat_busy", errcode=errcode)
        raise BusyError
    if errcode in _AGAIN_CODES:
        telemetry.event("wechat_sign_in_again", errcode=errcode)
        raise SignInAgainError
    telemetry.event("wechat_misconfigured", errcode=errcode)
    raise MisconfiguredError


def _clean(value: object) -> str | None:
    """A nickname to show: one line, nothing that redraws what stands around it, at most 64 characters."""
    if not isinstance(value, str):
        return None
    text = " ".join(_UNSHOWABLE.sub("", " ".join(value.split())).split())
    text = text[:MAX_NICKNAME].rstrip(" \u200d")
    return None if _INVISIBLE.fullmatch(text.replace(" ", "")) or text == _PLACEHOLDER else text


def _matches(shape: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and bool(shape.fullmatch(value))

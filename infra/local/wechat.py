"""WeChat's stand-in: the real protocol with its quirks, people to choose from, and misbehaviour on demand.

Served at `/_local/wechat`. Browsers see `/connect/...` (wechat_page.py), our functions call `/sns/...`. Tests
approve without a browser (`_approve`), order trouble (`_control`) and read what was asked (`_calls`).

Like WeChat it says every error with HTTP 200 and an errcode, the token as text/plain, control characters
unescaped, and more about a person than anybody asked for. Nothing is kept beyond the process but what follows
from names: the same person has the same Open ID in the same app for ever.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from chalicelib.kernel import clock
from infra.local import wechat_page
from infra.local.asgi import Receive, Scope, Send, answer, answer_json, read_body
from infra.local.wechat_people import PEOPLE, open_id, profile

APPS: Final = {
    "qr": {"app_id": "wx5f3c0ffee0000051", "app_secret": "10ca1000000000000000000000000051"},
    "in_app": {"app_id": "wx5f3c0ffee0000052", "app_secret": "10ca1000000000000000000000000052"},
}
"""What the operator of the local stack "entered" in Secrets Manager. Known to nobody else's WeChat."""

CODE_SECONDS: Final = 300
TOKEN_SECONDS: Final = 7200
REFRESH_SECONDS: Final = 30 * 86400

_SCOPES: Final = {"qr": ("snsapi_login",), "in_app": ("snsapi_base", "snsapi_userinfo")}
_PAGES: Final = {"/connect/qrconnect": "qr", "/connect/oauth2/authorize": "in_app"}
_DOMAINS: Final = ("127.0.0.1", "localhost")
_STATE: Final = re.compile(r"[a-zA-Z0-9]{0,128}")
_JSON: Final = "application/json; encoding=utf-8"  # no such parameter exists; WeChat sends it
_PLAIN: Final = "text/plain"


@dataclass(frozen=True)
class _Grant:
    """What a code or token stands for."""

    flow: str
    scope: str
    person: Mapping[str, Any]
    until: int


class _NoError(Exception):
    """An errcode on its way to the caller."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errcode)
        hint = f"{errmsg}, hints: [ req_id: {secrets.token_urlsafe(9)} ]"
        self.answer = {"errcode": errcode, "errmsg": hint}


class Wechat:
    """One WeChat, with the apps of the local stack."""

    def __init__(self) -> None:
        self._codes: dict[str, _Grant] = {}
        self._used: set[str] = set()
        self._tokens: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        self._trouble: defaultdict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self._calls: list[dict[str, Any]] = []

    async def serve(self, scope: Scope, path: str, receive: Receive, send: Send) -> None:
        """Answer one request; ``path`` is what follows `/_local/wechat`."""
        query = scope.get("query_string", b"").decode("latin-1")
        if path.startswith("/sns/"):
            await self._answer_call(scope["method"], path, query, send)
        elif path in _PAGES:
            await self._show(scope["method"], path, query, receive, send)
        elif path == "/_approve" and scope["method"] == "POST":
            await self._approve_without_page(json.loads(await read_body(receive)), send)
        elif path == "/_control" and scope["method"] == "POST":
            asked = json.loads(await read_body(receive))
            self._trouble[asked["call"]].extend(asked["next"])
            await answer_json(send, 200, {name: len(queue) for name, queue in self._trouble.items()})
        elif path == "/_control" and scope["method"] == "DELETE":
            self._trouble.clear()
            self._calls.clear()
            await answer_json(send, 200, {})
        elif path == "/_calls" and scope["method"] == "GET":
            await answer_json(send, 200, self._calls)
        else:
            await answer_json(send, 404, {"message": "Not Found"})

    # ------------------------------------------------------------------ people

    async def _show(self, method: str, path: str, query: str, receive: Receive, send: Send) -> None:
        """The page a person sees, and what happens when a button is pressed."""
        if wrong := _wrong(path, query):
            await wechat_page.refuse(send, wrong)
        elif method != "POST":
            await wechat_page.ask(send, dict(parse_qsl(query, keep_blank_values=True)))
        else:
            pressed = dict(parse_qsl((await read_body(receive)).decode(), keep_blank_values=True))
            person = wechat_page.chosen(pressed) if pressed.get("decision") == "approve" else None
            location = self._decide(path, query, person)
            await answer(send, 302, b"", "text/html", {"location": location})

    async def _approve_without_page(self, asked: dict[str, Any], send: Send) -> None:
        """What a browser would do at `authorize_url`; person null refuses."""
        address = urlsplit(asked["authorize_url"])
        path = "/connect/" + address.path.partition("/connect/")[2]
        wrong = _wrong(path, address.query)
        if not wrong and address.fragment != "wechat_redirect":
            wrong = "#wechat_redirect is missing"
        if wrong:
            await answer_json(send, 400, {"message": wrong})
            return
        person = asked.get("person", PEOPLE[0])
        await answer_json(send, 200, {"location": self._decide(path, address.query, person)})

    def _decide(self, path: str, query: str, person: Mapping[str, Any] | None) -> str:
        """Where the browser goes next. A refusal has a state and no code."""
        asked = dict(parse_qsl(query, keep_blank_values=True))
        back = {"state": asked.get("state", "")}
        if person is not None:
            code = secrets.token_hex(16)
            until = clock.now() + CODE_SECONDS
            self._codes[code] = _Grant(_PAGES[path], asked["scope"], person, until)
            back = {"code": code, **back}
        joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
        return f"{asked['redirect_uri']}{joint}{urlencode(back, quote_via=quote)}"

    # ------------------------------------------------------------------ calls

    async def _answer_call(self, method: str, path: str, query: str, send: Send) -> None:
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        trouble = self._trouble[path.rpartition("/")[2]]
        ordered = trouble.popleft() if trouble else {}
        flow = _flow(asked)
        right = asked["secret"] == APPS[flow]["app_secret"] if flow and "secret" in asked else None
        names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
        call = {"method": method, "path": path, "parameters": names, "app": flow, "secret_right": right}
        self._calls.append(call)
        content_type = _JSON if path == "/sns/userinfo" else _PLAIN
        reply: dict[str, Any] = {}
        if "errcode" in ordered:
            reply = _NoError(ordered["errcode"], "as ordered").answer
        elif "status" not in ordered and "body" not in ordered:  # those are said by something before WeChat
            try:
                reply = self._reply(method, path, asked)
            except _NoError as error:
                reply = error.answer
        call["errcode"] = reply.get("errcode", 0)
        await asyncio.sleep(ordered.get("delay", 0))
        if ordered.get("drop"):
            # The call took effect, its answer breaks off.
            headers = [(b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            return
        body = ordered["body"].encode() if "body" in ordered else _unescaped(reply).encode()
        await answer(send, ordered.get("status", 200), body, ordered.get("content_type", content_type))

    def _reply(self, method: str, path: str, asked: dict[str, str]) -> dict[str, Any]:
        if method != "GET":
            raise _NoError(43001, "require GET method")
        if path == "/sns/oauth2/access_token":
            return self._exchange(asked)
        if path == "/sns/oauth2/refresh_token":
            return self._renew(asked)
        if path == "/sns/userinfo":
            grant = self._holder(asked)
            if grant.scope == "snsapi_base":
                raise _NoError(48001, "api unauthorized")
            return profile(APPS[grant.flow]["app_id"], grant.person)
        if path == "/sns/auth":
            self._holder(asked)
            return {"errcode": 0, "errmsg": "ok"}
        raise _NoError(40066, "invalid url")

    def _exchange(self, asked: dict[str, str]) -> dict[str, Any]:
        _require(asked, {"appid": 41002, "secret": 41004, "code": 41008})
        flow = _flow(asked)
        if flow is None:
            raise _NoError(40013, "invalid appid")
        if asked["secret"] != APPS[flow]["app_secret"]:
            raise _NoError(40125, "invalid appsecret")
        if asked.get("grant_type") != "authorization_code":
            raise _NoError(40002, "invalid grant_type")
        grant = self._codes.get(asked["code"])
        if grant is None or grant.flow != flow or grant.until < clock.now():
            raise _NoError(40029, "invalid code")
        if asked["code"] in self._used:
            raise _NoError(40163, "code been used")
        self._used.add(asked["code"])
        reply = self._issue(grant)
        if grant.person.get("preview"):
            reply["is_snapshotuser"] = 1
        return reply

    def _renew(self, asked: dict[str, str]) -> dict[str, Any]:
        _require(asked, {"appid": 41002, "refresh_token": 41003})
        grant = self._refresh.get(asked["refresh_token"])
        if grant is None or grant.flow != _flow(asked):
            raise _NoError(40030, "invalid refresh_token")
        if grant.until < clock.now():
            raise _NoError(42002, "refresh_token expired")
        return self._issue(grant)

    def _issue(self, grant: _Grant) -> dict[str, Any]:
        token, refresh = f"94_{secrets.token_urlsafe(60)}", f"94_{secrets.token_urlsafe(60)}"
        kept = grant.flow, grant.scope, grant.person
        self._tokens[token] = _Grant(*kept, clock.now() + TOKEN_SECONDS)
        self._refresh[refresh] = _Grant(*kept, clock.now() + REFRESH_SECONDS)
        return {
            "access_token": token,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": refresh,
            "openid": open_id(APPS[grant.flow]["app_id"], grant.person),
            "scope": grant.scope,
            "unionid": open_id("union", grant.person),
        }

    def _holder(self, asked: dict[str, str]) -> _Grant:
        _require(asked, {"access_token": 41001, "openid": 41009})
        grant = self._tokens.get(asked["access_token"])
        if grant is None:
            raise _NoError(40001, "invalid credential, access_token is invalid or not latest")
        if grant.until < clock.now():
            raise _NoError(42001, "access_token expired")
        if asked["openid"] != open_id(APPS[grant.flow]["app_id"], grant.person):
            raise _NoError(40003, "invalid openid")
        return grant


def enter_apps(secretsmanager: Any) -> None:
    """What the operator does by hand (docs/deploy.md): write both apps into the secret."""
    secretsmanager.put_secret_value(SecretId="okki-leads/wechat", SecretString=json.dumps(APPS))


def _wrong(path: str, query: str) -> str | None:
    """What WeChat would put on its error page; None if it shows the person the question."""
    flow = _PAGES.get(path)
    if flow is None:
        return "no such page"
    pairs = parse_qsl(query, keep_blank_values=True)
    asked = dict(pairs)
    if asked.get("appid") != APPS[flow]["app_id"]:
        return "AppID 参数错误"
    address = urlsplit(asked.get("redirect_uri", ""))
    if address.scheme not in ("http", "https") or address.hostname not in _DOMAINS:
        return "redirect_uri 参数错误"
    if asked.get("scope") not in _SCOPES[flow]:
        return "Scope 参数错误或没有 Scope 权限"
    if asked.get("response_type") != "code":
        return "response_type 参数错误"
    if not _STATE.fullmatch(asked.get("state", "")):
        return "state 参数错误"
    # Documented for the in-app page, which compares the address with a pattern; here both do.
    if [name for name, _ in pairs] != ["appid", "redirect_uri", "response_type", "scope", "state"]:
        return "该链接无法访问"
    return None


def _flow(asked: Mapping[str, str]) -> str | None:
    return next((flow for flow, app in APPS.items() if app["app_id"] == asked.get("appid")), None)


def _require(asked: Mapping[str, str], codes: Mapping[str, int]) -> None:
    for name, errcode in codes.items():
        if name not in asked:
            raise _NoError(errcode, f"missing {name}")


def _unescaped(value: object) -> str:
    """JSON as WeChat writes it: UTF-8, control characters as they are, `/` escaped."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_unescaped(name)}:{_unescaped(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_unescaped, value)) + "]"
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")
        halves = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
        return f'"{halves}"'
    return json.dumps(value)

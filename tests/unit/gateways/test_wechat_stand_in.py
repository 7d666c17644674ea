"""The stand-in for WeChat: if it were kinder than WeChat, people would find out what our tests did not."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from chalicelib.gateways import wechat_wire
from chalicelib.gateways.wechat import BusyError, Flow, SignInAgainError, authorize_url, identify
from infra.local.asgi import App, Receive, Scope, Send
from infra.local.wechat import APPS, Wechat
from infra.local.wechat_people import PEOPLE, open_id
from tests.unit.gateways.conftest import Store

pytestmark = pytest.mark.clause("wechat")

BASE = "/_local/wechat"
BACK = "http://127.0.0.1:8000/v1/wechat/callback"


class Client:
    """WeChat as a browser, a test and our functions reach it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            text = body if isinstance(body, str) else None if body is None else json.dumps(body)
            connection.request(method, BASE + path, None if text is None else text.encode())
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def ask(self, path: str, **query: str) -> dict[str, Any]:
        status, _, body = self.send("GET", f"{path}?{urlencode(query)}")
        assert status == 200
        return dict(json.loads(body, strict=False))

    def errcode(self, path: str, **query: str) -> int:
        return int(self.ask(path, **query).get("errcode", 0))

    def trouble(self, call: str, *following: dict[str, Any]) -> None:
        assert self.send("POST", "/_control", {"call": call, "next": list(following)})[0] == 200

    def approve(self, flow: str = "qr", person: Any = PEOPLE[0], state: str = "Ab9") -> dict[str, str]:
        """The parameters that the browser brings back."""
        url = authorize_url(Flow(flow), redirect_uri=BACK, state=state)
        status, _, body = self.send("POST", "/_approve", {"authorize_url": url, "person": person})
        assert status == 200
        return dict(parse_qsl(urlsplit(json.loads(body)["location"]).query))

    def exchange(self, code: str, flow: str = "qr", **other: str) -> dict[str, Any]:
        app = {"appid": APPS[flow]["app_id"], "secret": APPS[flow]["app_secret"]}
        query = {**app, "code": code, "grant_type": "authorization_code", **other}
        return self.ask("/sns/oauth2/access_token", **query)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[Client]:
    wechat = Wechat()

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        await wechat.serve(scope, scope["path"].removeprefix(BASE), receive, send)

    sock = socket.create_server(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    running = _Running(door, sock.detach())
    running.start()
    monkeypatch.setenv("WECHAT_API_URL", f"http://127.0.0.1:{port}{BASE}")
    monkeypatch.setenv("WECHAT_OPEN_URL", f"http://127.0.0.1:{port}{BASE}")
    store.enter(APPS)
    yield Client(port)
    wechat_wire._pool().clear()
    wechat_wire._pool.cache_clear()
    running.stop()


class _Running(threading.Thread):
    """The door's own server (Hypercorn), because how a connection breaks is its business."""

    def __init__(self, app: App, number: int) -> None:
        super().__init__(daemon=True)
        self._app, self._number = app, number
        self._up = threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        config: Any = import_module("hypercorn.config").Config()
        config.bind, config.graceful_timeout, config.loglevel = [f"fd://{self._number}"], 0.1, "CRITICAL"
        self._up.set()
        await import_module("hypercorn.asyncio").serve(self._app, config, shutdown_trigger=self._ended.wait)

    def start(self) -> None:
        super().start()
        self._up.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join(10)


@pytest.mark.parametrize("flow", ["qr", "in_app"])
def test_everybody_on_offer_gets_in_or_is_told_why_not(client: Client, flow: str) -> None:
    shown = {}
    for person in PEOPLE:
        code = client.approve(flow, person)["code"]
        if person.get("preview"):
            with pytest.raises(SignInAgainError):
                identify(Flow(flow), code)
            continue
        found = identify(Flow(flow), code)
        assert (found.app_id, found.open_id) == (APPS[flow]["app_id"], open_id(APPS[flow]["app_id"], person))
        shown[person["id"]] = found.nickname
    names = {
        "lihua": "李华💤",
        "wangfang": "王芳 🌸",
        "nobody": None,
        "zoe": "Zoë “Trade” O'Neil </b> 👩‍👩‍👧‍👦",
    }
    assert shown == names


def test_a_refusal_brings_the_state_back_and_no_code(client: Client) -> None:
    assert client.approve(person=None, state="s1") == {"state": "s1"}
    assert client.approve(state="s2")["state"] == "s2"


def test_one_person_is_somebody_else_in_each_app_and_the_same_for_ever(client: Client) -> None:
    ids = [client.exchange(client.approve(flow)["code"], flow)["openid"] for flow in ("qr", "in_app", "qr")]
    assert ids[0] == ids[2] != ids[1]


def test_a_code_works_once_for_its_own_app_and_for_five_minutes(client: Client, store: Store) -> None:
    code = client.approve()["code"]
    assert client.exchange(code, "in_app")["errcode"] == 40029
    assert client.exchange(code, secret="0" * 32)["errcode"] == 40125
    assert client.exchange(code, appid="wx0")["errcode"] == 40013
    store.advance(299)
    assert "openid" in client.exchange(code)
    assert client.exchange(code)["errcode"] == 40163
    assert client.exchange("unknown")["errcode"] == 40029
    late = client.approve()["code"]
    store.advance(302)
    assert client.exchange(late)["errcode"] == 40029
    assert client.errcode("/sns/oauth2/access_token", appid=APPS["qr"]["app_id"]) == 41004


def test_tokens_answer_for_their_own_person_and_for_two_hours(client: Client, store: Store) -> None:
    granted = client.exchange(client.approve()["code"])
    mine = {"access_token": granted["access_token"], "openid": granted["openid"]}
    assert granted["expires_in"] == 7200
    assert client.ask("/sns/auth", **mine) == {"errcode": 0, "errmsg": "ok"}
    assert client.errcode("/sns/auth", **{**mine, "openid": "oSomebodyElse"}) == 40003
    assert client.errcode("/sns/userinfo", **{**mine, "access_token": "x"}) == 40001
    store.advance(7201)
    assert client.errcode("/sns/userinfo", **mine) == 42001
    renewal = {"appid": APPS["qr"]["app_id"], "grant_type": "refresh_token"}
    again = client.ask("/sns/oauth2/refresh_token", **renewal, refresh_token=granted["refresh_token"])
    assert client.errcode("/sns/auth", access_token=again["access_token"], openid=again["openid"]) == 0
    assert client.errcode("/sns/oauth2/refresh_token", **renewal, refresh_token="x") == 40030


def test_answers_are_as_untidy_as_wechats(client: Client) -> None:
    _, headers, body = client.send("GET", "/sns/oauth2/access_token?appid=x&secret=x&code=x")
    assert headers["content-type"] == "text/plain"
    first, second = (client.exchange("unknown")["errmsg"] for _ in range(2))
    assert first != second
    assert "hints: [ req_id: " in first
    granted = client.exchange(client.approve(person=PEOPLE[1])["code"])
    query = urlencode({"access_token": granted["access_token"], "openid": granted["openid"]})
    status, headers, body = client.send("GET", f"/sns/userinfo?{query}")
    assert (status, headers["content-type"]) == (200, "application/json; encoding=utf-8")
    assert b"\x08" in body
    with pytest.raises(ValueError, match="control character"):
        json.loads(body)
    told = json.loads(body, strict=False)
    nine = {"openid", "nickname", "sex", "province", "city", "country", "headimgurl", "privilege", "unionid"}
    assert nine <= told.keys()
    assert told["nickname"] == PEOPLE[1]["nickname"]


@pytest.mark.parametrize(
    "change",
    [
        {"appid": APPS["in_app"]["app_id"]},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "/v1/wechat/callback"},
        {"scope": "snsapi_userinfo"},
        {"response_type": "token"},
        {"state": "a-b"},
        {"state": "a" * 129},
    ],
)
def test_a_wrong_address_shows_wechats_error_and_leads_nowhere(
    client: Client, change: dict[str, str]
) -> None:
    right = dict(parse_qsl(urlsplit(authorize_url(Flow.QR, redirect_uri=BACK, state="a")).query))
    wrong = urlencode({**right, **change})
    for method in ("GET", "POST"):
        status, headers, body = client.send(method, f"/connect/qrconnect?{wrong}", "decision=approve")
        assert (status, "location" in headers, b"<form" in body) == (200, False, False)
    url = f"http://x{BASE}/connect/qrconnect?{urlencode(dict(reversed(right.items())))}#wechat_redirect"
    assert client.send("POST", "/_approve", {"authorize_url": url})[0] == 400
    url = f"http://x{BASE}/connect/qrconnect?{urlencode(right)}"
    assert client.send("POST", "/_approve", {"authorize_url": url})[0] == 400


def test_a_person_can_walk_it_in_a_browser(client: Client) -> None:
    url = authorize_url(Flow.QR, redirect_uri=BACK, state="Ab9")
    path = url.partition(BASE)[2].partition("#")[0]
    status, headers, page = client.send("GET", path)
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "李华💤".encode() in page
    assert b"<b>" not in page.replace(b"<body>", b"")
    pressed = {"decision": "approve", "person": "other", "nickname": "阿强🐉"}
    status, headers, _ = client.send("POST", path, urlencode(pressed))
    assert status == 302
    assert headers["location"].startswith(BACK + "?code=")
    assert (
        identify(Flow.QR, dict(parse_qsl(urlsplit(headers["location"]).query))["code"]).nickname == "阿强🐉"
    )
    _, headers, _ = client.send("POST", path, urlencode({**pressed, "decision": "refuse"}))
    assert headers["location"] == f"{BACK}?state=Ab9"


def test_trouble_comes_when_ordered_and_then_no_more(client: Client) -> None:
    for trouble in ({"errcode": -1}, {"status": 502}, {"body": "<html>", "content_type": "text/html"}):
        client.trouble("access_token", trouble)
        assert identify(Flow.QR, client.approve()["code"]).nickname == "李华💤"
    client.trouble("access_token", {"drop": True})
    with pytest.raises(SignInAgainError):  # it took the code and lost the answer
        identify(Flow.QR, client.approve()["code"])
    client.trouble("userinfo", {"drop": True})
    assert identify(Flow.QR, client.approve()["code"]).nickname == "李华💤"
    client.trouble("access_token", *[{"errcode": 45011}] * 3)
    with pytest.raises(BusyError):
        identify(Flow.QR, client.approve()["code"])
    client.trouble("userinfo", {"errcode": -1})
    assert client.send("DELETE", "/_control")[0] == 200
    assert identify(Flow.QR, client.approve()["code"]).nickname == "李华💤"


@pytest.mark.clause("access")
def test_the_list_of_calls_says_what_was_asked_and_not_the_secret(client: Client) -> None:
    identify(Flow.QR, client.approve()["code"])
    client.exchange("x", secret="wrong")
    _, _, body = client.send("GET", "/_calls")
    first, second, third = json.loads(body)
    assert first == {
        "method": "GET",
        "path": "/sns/oauth2/access_token",
        "parameters": ["appid", "secret", "code", "grant_type"],
        "app": "qr",
        "secret_right": True,
        "errcode": 0,
    }
    assert (second["path"], second["parameters"]) == ("/sns/userinfo", ["access_token", "openid", "lang"])
    assert (third["secret_right"], third["errcode"]) == (False, 40125)
    for app in APPS.values():
        assert app["app_secret"].encode() not in body

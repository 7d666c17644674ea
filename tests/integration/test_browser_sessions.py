"""A session in a browser: what the cookie may be, and what another site cannot do with it."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest

import app as front_door  # noqa: F401  # registers every route
from chalicelib.api import endpoint
from chalicelib.privacy import retention
from infra.local import LocalStack
from tests.integration import client
from tests.integration.client import (
    PASSWORD,
    Answer,
    User,
    code_in,
    fresh_address,
    fresh_network,
    mail_to,
    request,
    sign_up,
)

NAME, DEVICE = "__Host-session", "__Host-device"
TOKEN = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}"
GRAMMAR = re.compile(
    rf"({NAME}|{DEVICE})={TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=[1-9][0-9]*"
)
GONE = f"{NAME}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
CONTACT = {"name": "Bob Buyer", "lawful_basis": {"basis": "consent", "source": "trade fair"}}


class Browser:
    """Keeps the cookie, and the token that the page got with the login."""

    def __init__(self, stack: LocalStack, email: str) -> None:
        self.stack = stack
        self.answer = enter(stack, email)
        self.cookie = value_of(self.answer)
        self.csrf = self.answer.json["session"]["csrf_token"]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return request(self.stack.api + path, method, body, {"Cookie": f"{NAME}={self.cookie}", **headers})

    def contacts(self) -> int:
        return len(self.call("GET", "/v1/contacts").json["items"])


def enter(stack: LocalStack, email: str, **headers: str) -> Answer:
    """From a browser that nobody knows: with the code from the mailbox."""
    answer = client.log_in(stack, email, PASSWORD, headers)
    assert answer.status == 200, answer.body
    return answer


def value_of(answer: Answer) -> str:
    jar = SimpleCookie(answer.cookies[0])
    return jar[NAME].value


@pytest.fixture(scope="module")
def person(stack: LocalStack) -> User:
    return sign_up(stack)


@pytest.fixture(scope="module")
def shared(stack: LocalStack, person: User) -> Browser:
    """A browser whose session no test ends."""
    return Browser(stack, person.email)


@pytest.fixture(scope="module")
def beside(stack: LocalStack, person: User) -> Browser:
    """Another browser of the same person."""
    return Browser(stack, person.email)


@pytest.fixture
def browser(stack: LocalStack) -> Browser:
    """A browser to be logged out in."""
    return Browser(stack, sign_up(stack).email)


# ---------------------------------------------------------------- the cookie


@pytest.mark.clause("cookies")
def test_the_cookie_holds_an_identifier_and_nothing_else(stack: LocalStack) -> None:
    email, ip = fresh_address(), {"X-Local-Client": fresh_network()}
    form: dict[str, Any] = {"name": "Anna Li", "company": "Acme Export", "email": email, "password": PASSWORD}
    form |= {"is_adult": True, "policy_version": "2025-01-16"}
    signed_up = request(f"{stack.api}/v1/signup", "POST", form, ip)
    assert signed_up.cookies == []
    body = {"email": email, "code": code_in(mail_to(stack, email))}
    verified = request(f"{stack.api}/v1/signup/verify", "POST", body, ip)
    logged_in = enter(stack, email)
    for answer in (verified, logged_in):
        assert [one.partition("=")[0] for one in answer.cookies] == [NAME, DEVICE]
        for cookie in answer.cookies:
            assert GRAMMAR.fullmatch(cookie), cookie
        assert value_of(answer) == answer.json["session"]["token"]
        assert answer.headers["cache-control"] == "no-store"
    assert value_of(verified) != value_of(logged_in)


@pytest.mark.clause("cookies", "passwords")
def test_a_browser_in_use_stays_in_until_the_session_itself_ends(stack: LocalStack, browser: Browser) -> None:
    # No later answer sets the cookie again: it must live as long as the session can.
    age = int(browser.answer.cookies[0].rpartition("=")[2])
    assert age == int(retention.SESSION_ABSOLUTE.total_seconds())
    stack.advance(11 * 3600)
    assert browser.call("GET", "/v1/me").status == 200
    stack.advance(2 * 3600)
    assert browser.call("GET", "/v1/me").status == 200


@pytest.mark.clause("cookies")
def test_logging_out_ends_the_session_and_takes_the_cookie_back(browser: Browser) -> None:
    answer = browser.call("POST", "/v1/logout", **{"X-CSRF-Token": browser.csrf})
    assert answer.status == 204
    assert answer.cookies == [GONE]
    assert browser.call("GET", "/v1/me").status == 401


@pytest.mark.clause("cookies")
def test_no_other_answer_sets_a_cookie(stack: LocalStack, browser: Browser) -> None:
    allowed = {
        "/v1/signup/verify",
        "/v1/login",
        "/v1/logout",
        "/v1/me/sessions",  # ending them all leaves this one, under a new token
        "/v1/wechat/authorize",  # ties the way to WeChat to the browser that set out
    }
    for route in endpoint.ROUTES:
        path = re.sub(r"\{[^}]+\}", "ct_00000000000000000000000000", route.path)
        body: Any = {} if route.body is not None else None
        if route.path != "/v1/wechat/authorize":
            stranger = request(stack.api + path, route.method, body)
            assert stranger.cookies == [], route.path
        if route.path not in allowed:
            known = browser.call(route.method, path, body, **{"X-CSRF-Token": browser.csrf})
            assert known.cookies == [], route.path
    for email, password in ((fresh_address(), PASSWORD), ("anna@acme.example", "wrong password")):
        body = {"email": email, "password": password}
        answer = request(f"{stack.api}/v1/login", "POST", body, {"X-Local-Client": fresh_network()})
        assert (answer.status, answer.cookies) == (401, [])
    for path in ("/o/nothing", "/c/nothing", "/u/nothing"):
        assert request(stack.edge + path).cookies == []


@pytest.mark.clause("cookies")
@pytest.mark.parametrize(
    "header",
    [
        "session={}",
        "__host-session={}",
        "__Host-session ={}; x=1",
        "__Host-session2={}",
        "__Secure-session={}",
        '__Host-session="{}"',
        "__Host-session=",
        "x=__Host-session={}",
    ],
)
def test_only_the_prefixed_cookie_lets_anybody_in(stack: LocalStack, shared: Browser, header: str) -> None:
    answer = request(f"{stack.api}/v1/me", headers={"Cookie": header.format(shared.cookie)})
    assert answer.status == 401
    beside = f"theme=dark;{NAME}={shared.cookie};lang=zh"
    assert request(f"{stack.api}/v1/me", headers={"Cookie": beside}).status == 200


# ---------------------------------------------------------------- other sites


OWN, FOREIGN = "own", "https://evil.example"


@pytest.mark.clause("cookies")
@pytest.mark.parametrize(
    ("token", "origin", "status"),
    [
        ("right", None, 201),
        ("right", OWN, 201),
        ("right", FOREIGN, 403),
        ("right", "null", 403),
        ("right", "", 403),
        ("right", "http://[", 403),
        ("right", "own as https", 403),
        ("right", "own and more", 403),
        ("none", None, 403),
        ("none", OWN, 403),
        ("none", FOREIGN, 403),
        ("wrong", None, 403),
        ("wrong", OWN, 403),
        ("empty", OWN, 403),
        ("another session's", OWN, 403),
        ("the cookie itself", OWN, 403),
        ("not ASCII", OWN, 403),
    ],
)
def test_another_site_cannot_make_a_browser_change_anything(
    stack: LocalStack, shared: Browser, beside: Browser, token: str, origin: str | None, status: int
) -> None:
    tokens = {
        "right": shared.csrf,
        "wrong": shared.csrf[:-1] + ("0" if shared.csrf[-1] != "0" else "1"),
        "empty": "",
        "another session's": beside.csrf,
        "the cookie itself": shared.cookie,
        "not ASCII": "\xe9\xff",
    }
    headers = {} if token == "none" else {"X-CSRF-Token": tokens[token]}
    if origin is not None:
        own = {
            OWN: stack.api,
            "own as https": stack.api.replace("http:", "https:"),
            "own and more": stack.api + ".evil.example",
        }
        headers["Origin"] = own.get(origin, origin)
    before = shared.contacts()
    answer = shared.call("POST", "/v1/contacts", CONTACT, **headers)
    assert answer.status == status, answer.body
    if status == 403:
        assert answer.json["code"] == "csrf"
        assert answer.headers["content-type"] == "application/problem+json"
    assert shared.contacts() - before == (1 if status == 201 else 0)


@pytest.mark.clause("cookies")
def test_every_route_that_changes_something_asks_a_browser_for_the_token(shared: Browser) -> None:
    unsafe = [route for route in endpoint.ROUTES if route.method != "GET" and route.permission is not None]
    assert {route.method for route in unsafe} >= {"POST", "PATCH", "PUT", "DELETE"}
    for route in unsafe:
        path = re.sub(r"\{[^}]+\}", "ct_00000000000000000000000000", route.path)
        answer = shared.call(route.method, path, {} if route.body is not None else None)
        assert (answer.status, answer.json["code"]) == (403, "csrf"), route.path
    assert shared.call("GET", "/v1/me").status == 200


@pytest.mark.clause("cookies")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"name=Mallory&x=%7B%7D"),
        ("text/plain", b'{"name": "Mallory", "lawful_basis": {"basis": "consent", "source": "="}}'),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--b--',
        ),
    ],
)
def test_a_form_on_another_site_does_nothing(shared: Browser, content_type: str, body: bytes) -> None:
    before = shared.contacts()
    answer = shared.call("POST", "/v1/contacts", body, **{"Content-Type": content_type, "Origin": FOREIGN})
    assert answer.status == 403
    answer = shared.call(
        "POST", "/v1/contacts", body, **{"Content-Type": content_type, "X-CSRF-Token": shared.csrf}
    )
    assert answer.status == 415
    assert shared.contacts() == before


@pytest.mark.clause("cookies")
def test_an_app_needs_no_csrf_token_and_a_reloaded_page_gets_its_own_again(
    stack: LocalStack, person: User, shared: Browser
) -> None:
    assert shared.call("GET", "/v1/me").json["csrf_token"] == shared.csrf
    bearer = {"Authorization": f"Bearer {shared.cookie}"}
    assert request(f"{stack.api}/v1/contacts", "POST", CONTACT, bearer).status == 201
    # A cookie beside it changes nothing: no other site can send the header.
    both = bearer | {"Cookie": f"{NAME}=whatever", "Origin": FOREIGN}
    assert request(f"{stack.api}/v1/contacts", "POST", CONTACT, both).status == 201
    # and a bad header is not rescued by a good cookie
    bad = {"Authorization": "Bearer nonsense", "Cookie": f"{NAME}={shared.cookie}"}
    assert request(f"{stack.api}/v1/me", headers=bad).status == 401


@pytest.mark.clause("cookies")
def test_no_other_site_may_read_an_answer(stack: LocalStack, shared: Browser) -> None:
    for method in ("GET", "OPTIONS"):
        answer = shared.call(method, "/v1/me", **{"Origin": FOREIGN, "Access-Control-Request-Method": "POST"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]


# ---------------------------------------------------------------- fixation


@pytest.mark.clause("cookies", "passwords")
def test_logging_in_never_takes_over_a_session_that_was_there(stack: LocalStack, browser: Browser) -> None:
    victim, attacker = sign_up(stack), browser
    planted = f"{NAME}={attacker.cookie}"
    answer = enter(stack, victim.email, Cookie=planted, Authorization=f"Bearer {attacker.cookie}")
    assert value_of(answer) not in {attacker.cookie, victim.token}
    # What was planted is still the attacker's own, and knows nothing of the victim.
    assert attacker.call("GET", "/v1/me").json["email"] != victim.email
    made_up = value_of(answer)[:-4] + "AAAA"
    answer = enter(stack, victim.email, Cookie=f"{NAME}={made_up}")
    assert value_of(answer) != made_up
    assert request(f"{stack.api}/v1/me", headers={"Cookie": f"{NAME}={made_up}"}).status == 401

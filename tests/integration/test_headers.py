"""Every route, as everybody: what its answers set in a browser, let a browser do, and let other sites read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest

import app as front_door  # noqa: F401  # registers every route
from chalicelib.api.described import EXAMPLES
from chalicelib.api.endpoint import HEADERS, ROUTES, Route
from chalicelib.privacy import cookies
from infra.local import LocalStack
from tests.integration.client import (
    CHROME,
    PASSWORD,
    Answer,
    User,
    code_in,
    fresh_address,
    fresh_network,
    log_in,
    mail_to,
    new_code,
    request,
    sign_up,
)

SESSION = "__Host-session"
COOKIE = re.compile(
    r"(?P<name>__Host-[a-z]+)=(?P<value>[A-Za-z0-9_.-]*)"
    r"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=(?P<age>[0-9]+)"
)
"""All a cookie of ours may be: an identifier, for this host (no Domain), over HTTPS, hidden from scripts."""
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{20,86}(\.[A-Za-z0-9_-]{20,86})?")
FOREIGN = "https://evil.example"
PLACES = {"token": "x", "purpose": "tracking", "version": "2025-01-16", "position": "member"}
SAFE = {"GET", "HEAD"}
BY_COOKIE = [route for route in ROUTES if route.permission is not None and route.method not in SAFE]


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route) -> str:
    """With an id that is nobody's, and known words elsewhere."""
    return re.sub(
        r"\{(\w+)\}", lambda found: PLACES.get(found[1], "xx_00000000000000000000000000"), route.path
    )


def bodies(route: Route) -> list[Any]:
    """Nothing that fits, and what does."""
    if route.body is None:
        return [None]
    return [{}, *([EXAMPLES[route.body.__name__]] if route.body.__name__ in EXAMPLES else [])]


class Seen:
    """Answers, and who got them to what."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, Answer]] = []

    def add(self, what: str, answer: Answer) -> Answer:
        self.answers.append((what, answer))
        return answer


class Person:
    """A user, as an app and as a browser, who logs in again whenever a route has ended the session."""

    def __init__(self, stack: LocalStack, seen: Seen) -> None:
        self.stack, self.seen = stack, seen
        self.user = sign_up(stack)
        self.csrf = ""
        self.enter()

    def enter(self) -> None:
        answer = log_in(self.stack, self.user.email, headers={"X-Local-Client": self.user.address})
        self.seen.add("logging in", answer)
        session = answer.json["session"]
        self.user.token, self.csrf = session["token"], session["csrf_token"]

    def app(self, route: Route, body: Any) -> Answer:
        self.awake()
        return self.seen.add(f"an app: {name(route)}", self.user.call(route.method, path_of(route), body))

    def browser(self, route: Route, body: Any, **headers: str) -> Answer:
        self.awake()
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        own = {"Cookie": f"{SESSION}={self.user.token}", "X-Local-Client": self.user.address, **named}
        answer = request(self.stack.api + path_of(route), route.method, body, own)
        return self.seen.add(f"a browser: {name(route)}", answer)

    def awake(self) -> None:
        if self.user.call("GET", "/v1/me").status == 401:
            self.enter()


@pytest.fixture(scope="module")
def seen(stack: LocalStack) -> Iterator[Seen]:
    """Everything that any test here was answered, and what people are answered who do more than one step."""
    found = Seen()
    email, ip = fresh_address(), {"X-Local-Client": fresh_network()}
    form: dict[str, Any] = {"name": "Anna Li", "company": "Acme Export", "email": email, "password": PASSWORD}
    form |= {"is_adult": True, "policy_version": "2025-01-16"}

    def call(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return found.add(f"{method} {path}", request(stack.api + path, method, body, {**ip, **named}))

    assert call("POST", "/v1/signup", form).status == 202
    code = code_in(mail_to(stack, email))
    assert call("POST", "/v1/signup/verify", {"email": email, "code": code}).status == 201
    mails = len(stack.mails(email))
    login = {"email": email, "password": PASSWORD}
    asked = call("POST", "/v1/login", login, User_Agent=CHROME)
    assert asked.status == 202
    proof = {
        "challenge_id": asked.json["challenge"]["id"],
        "code": new_code(stack, email, mails),
    }
    assert call("POST", "/v1/login/verify", proof, User_Agent=CHROME).status == 200
    answered = {"answer": "accept_all", "revision": cookies.REVISION}
    assert call("PUT", "/v1/cookies/choices", answered).status == 200
    assert call("GET", "/v1/wechat/authorize?intent=login&flow=qr").status == 200
    yield found


@pytest.fixture(scope="module")
def person(stack: LocalStack, seen: Seen) -> Person:
    return Person(stack, seen)


# ---------------------------------------------------------------- who gets in


@pytest.mark.clause("access")
@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_stranger_gets_in_nowhere_but_where_everybody_may(
    stack: LocalStack, seen: Seen, route: Route
) -> None:
    for body in bodies(route):
        for headers in ({}, {"Origin": FOREIGN}):
            own = {"X-Local-Client": fresh_network(), **headers}
            answer = seen.add(
                f"a stranger: {name(route)}",
                request(stack.api + path_of(route), route.method, body, own),
            )
            assert answer.status < 500
            if route.public:
                continue
            assert (answer.status, answer.json["code"]) == (401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_somebody_who_is_in_is_answered_whatever_they_ask(person: Person, route: Route) -> None:
    for body in bodies(route):
        answer = person.app(route, body)
        assert answer.status < 500, answer.body
        if route.right is not None:  # a user is nobody there
            assert (answer.status, answer.json["code"]) == (401, "unauthorized")
        elif not route.public and not set(route.errors) & {401}:
            assert answer.status != 401 or answer.json["code"] != "unauthorized"


@pytest.mark.clause("cookies")
@pytest.mark.parametrize("route", BY_COOKIE, ids=name)
def test_another_site_changes_nothing_through_a_visitors_browser(person: Person, route: Route) -> None:
    for body in bodies(route):
        for headers in (
            {},
            {"Origin": person.stack.api},
            {"Origin": FOREIGN, "X_CSRF_Token": person.csrf},
            {"Origin": "null", "X_CSRF_Token": person.csrf},
            {"X_CSRF_Token": ""},
            {"X_CSRF_Token": person.user.token},
        ):
            answer = person.browser(route, body, **headers)
            assert (answer.status, answer.json["code"]) == (403, "csrf"), headers
    assert person.user.call("GET", "/v1/me").status == 200


@pytest.mark.clause("cookies")
@pytest.mark.parametrize("route", BY_COOKIE, ids=name)
def test_our_own_page_is_not_taken_for_another_site(person: Person, route: Route) -> None:
    person.awake()
    own = {"X_CSRF_Token": person.csrf, "Origin": person.stack.api}
    answer = person.browser(route, bodies(route)[0], **own)
    assert answer.status < 500
    assert answer.status == 204 or answer.json.get("code") != "csrf"


# ---------------------------------------------------------------- fixation


@pytest.mark.clause("cookies", "passwords")
def test_a_session_that_a_browser_brings_is_never_taken_over(stack: LocalStack, seen: Seen) -> None:
    attacker, victim = sign_up(stack), sign_up(stack)
    planted = {
        "Cookie": "; ".join(f"{one}={attacker.token}" for one in cookies.COOKIES),
        "X-Device-Token": attacker.token,
        "Authorization": f"Bearer {attacker.token}",
        "X-Local-Client": victim.address,
    }

    def entered(answer: Answer) -> str:
        seen.add("with a planted session", answer)
        assert answer.status in {200, 201}, answer.body
        token = answer.json["session"]["token"]
        assert token != attacker.token
        for cookie in answer.cookies:
            assert attacker.token not in cookie
        jar = SimpleCookie(answer.cookies[0])
        assert jar[SESSION].value == token
        return str(token)

    first = entered(log_in(stack, victim.email, headers=planted))
    mails = len(stack.mails(victim.email))
    asked = request(f"{stack.api}/v1/password/reset", "POST", {"email": victim.email}, planted)
    assert asked.status == 202
    mail = mail_to(stack, victim.email, mails + 1)
    new = {"email": victim.email, "code": code_in(mail), "password": "eight amber lanterns"}
    second = entered(request(f"{stack.api}/v1/password/reset/verify", "POST", new, planted))
    assert first != second
    # What was planted is still the attacker's own, and knows nothing of the victim.
    assert attacker.call("GET", "/v1/me").json["email"] == attacker.email
    for token in (first, second):
        assert token not in attacker.call("GET", "/v1/me/sessions").body.decode()


# ---------------------------------------------------------------- over all answers


def test_there_were_answers_to_look_at(seen: Seen) -> None:
    kinds = {what.partition(":")[0] for what, _ in seen.answers}
    assert {"a stranger", "an app", "a browser", "logging in"} <= kinds
    assert len(seen.answers) > 3 * len(ROUTES)
    assert {cookie.partition("=")[0] for _, answer in seen.answers for cookie in answer.cookies} == set(
        cookies.COOKIES
    ), "each cookie there is was set by somebody"


@pytest.mark.clause("cookies")
def test_every_cookie_ever_set_is_ours_listed_and_an_identifier(seen: Seen, person: Person) -> None:
    """2.2.1(j) speaks of third parties, 6 of none; the stricter reading holds: there is no cookie of a third
    party, so there is none without a consent on record.
    """
    for what, answer in seen.answers:
        for cookie in answer.cookies:
            found = COOKIE.fullmatch(cookie)
            assert found is not None, (what, cookie)
            listed = cookies.COOKIES[found["name"]]
            assert listed.category is cookies.CookieCategory.ESSENTIAL
            assert 0 <= int(found["age"]) <= cookies.max_age(listed, person.stack.now() + 1)
            if found["age"] == "0":
                assert found["value"] == ""
            else:
                assert IDENTIFIER.fullmatch(found["value"]), (what, cookie)


@pytest.mark.clause("cookies")
def test_only_what_logs_in_or_out_or_is_asked_for_sets_a_cookie(seen: Seen) -> None:
    setting = {what.rpartition(": ")[2].partition("?")[0] for what, answer in seen.answers if answer.cookies}
    assert setting <= {
        "logging in",
        "with a planted session",
        "POST /v1/signup/verify",
        "POST /v1/login/verify",
        "POST /v1/logout",
        "DELETE /v1/me/sessions",
        "PUT /v1/me/password",
        "PUT /v1/cookies/choices",
        "GET /v1/wechat/authorize",
    }


@pytest.mark.clause("cookies")
def test_nothing_says_that_a_browser_may_show_frame_guess_or_keep_an_answer(seen: Seen) -> None:
    fixed = {
        key.lower(): value
        for key, value in HEADERS.items()
        if key not in {"Cache-Control", "Content-Security-Policy"}
    }
    for what, answer in seen.answers:
        for header, value in fixed.items():
            assert answer.headers.get(header) == value, (what, header)
        assert answer.headers["cache-control"] == "no-store", what
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), what
        assert "frame-ancestors 'none'" in policy, what
        assert "unsafe" not in policy, what


@pytest.mark.clause("cookies")
def test_no_other_site_may_read_any_answer(stack: LocalStack, seen: Seen) -> None:
    for what, answer in seen.answers:
        assert not [one for one in answer.headers if one.startswith("access-control-")], what
    asking = {"Origin": FOREIGN, "Access-Control-Request-Method": "PUT"}
    for path in sorted({path_of(route) for route in ROUTES}):
        answer = request(stack.api + path, "OPTIONS", headers=asking)
        assert answer.status >= 400, path
        assert not [one for one in answer.headers if one.startswith("access-control-")], path
        assert answer.cookies == [], path


@pytest.mark.clause("cookies")
def test_no_page_names_anything_that_a_third_party_serves(stack: LocalStack, seen: Seen) -> None:
    pages = [
        (what, answer.body.decode())
        for what, answer in seen.answers
        if answer.headers.get("content-type", "").startswith("text/html")
    ]
    assert pages
    ours = urlsplit(stack.api).netloc
    for what, page in pages:
        loaded = re.findall(r"""(?:src|srcset|action|background)\s*=\s*["']([^"']+)|url\(([^)]+)\)""", page)
        for address in {one for pair in loaded for one in pair if one}:
            assert urlsplit(address).netloc in {"", ours}, (what, address)
        assert not re.search(r"<(?:iframe|img|link|object|embed|base)\b", page), what


@pytest.mark.clause("cookies")
def test_the_edge_sets_no_cookie_either(stack: LocalStack) -> None:
    for area in ("o", "c", "u"):
        for method in ("GET", "HEAD", "POST"):
            answer = request(f"{stack.edge}/{area}/nothing", method, b"" if method == "POST" else None)
            assert answer.cookies == []


def test_a_user_of_the_walk_is_still_one(person: Person) -> None:
    """Were it not, half of the walk above would have looked at refusals only."""
    person.awake()
    user: User = person.user
    assert user.call("GET", "/v1/me").json["email"] == user.email

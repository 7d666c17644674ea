"""Input nobody should send: every refusal is a problem document (RFC 9457) that names what is wrong, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

import app as front_door  # noqa: F401  # registers every route
from chalicelib.api import bodies, endpoint
from chalicelib.api.described import EXAMPLES
from chalicelib.api.endpoint import Route
from chalicelib.kernel import ids, settings
from chalicelib.privacy.personnel import MAY, StaffPosition
from infra.local import LocalStack
from tests.integration.client import (
    PASSWORD,
    POLICY,
    Answer,
    User,
    code_in,
    fresh_address,
    fresh_network,
    log_in,
    mail_to,
    request,
    sign_up,
)
from tests.integration.staff import StaffUser, member

JSON = {"Content-Type": "application/json"}
BASIS = {"basis": "consent", "source": "trade fair"}
CONTACT = {"name": "Bob Buyer", "lawful_basis": BASIS}
MAIL = {
    "to": [{"email": "bob@buyer.example", "name": "Bob"}],
    "subject": "Spring offer",
    "html": "<p>Hello</p>",
    "kind": "business",
}
UNSAFE = [route for route in endpoint.ROUTES if route.method != "GET"]
WITH_BODY = [route for route in UNSAFE if route.body is not None]


def of(routes: list[Route]) -> list[str]:
    return [f"{route.method} {route.path}" for route in routes]


def path_of(route: Route) -> str:
    plain = {"purpose": "tracking", "version": POLICY, "position": "member"}
    return re.sub(
        r"\{(\w+?)(_id)?\}",
        lambda m: plain.get(m[1]) or ids.new("msg" if m[1] == "message" else "ct"),
        route.path,
    )


def problem(answer: Answer, status: int, code: str | None = None) -> dict[str, Any]:
    """Checks the document and returns it."""
    assert answer.status == status, answer.body[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json
    assert set(document) <= {"type", "title", "status", "code", "request_id", "errors", "clause"}
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["status"] == status
    assert document["request_id"]
    assert ("errors" in document) == (status == 422)
    if code is not None:
        assert document["code"] == code
    protected(answer)
    return document


def protected(answer: Answer) -> None:
    """The headers that every answer carries."""
    headers = dict(answer.headers)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert re.fullmatch(r"max-age=\d{8,}(; includeSubDomains)?", headers["strict-transport-security"])
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers or "python" not in headers["server"].lower()


def errors(answer: Answer) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in problem(answer, 422, "invalid")["errors"]}


class Crew:
    """Whoever may use a route: a user of a company, or somebody of staff whose position has the right."""

    def __init__(self, stack: LocalStack, user: User) -> None:
        self._stack, self._user = stack, user
        self._staff: dict[StaffPosition, StaffUser] = {}

    def call(self, route: Route, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        if route.right is None:
            return self._user.call(route.method, path_of(route), body, headers)
        position = next(position for position, rights in MAY.items() if route.right in rights)
        if position not in self._staff:
            self._staff[position] = member(self._stack, position)
        return self._staff[position].call(route.method, path_of(route), body, headers)


@pytest.fixture(scope="module")
def crew(stack: LocalStack, anna: User) -> Crew:
    return Crew(stack, anna)


def nested(levels: int) -> bytes:
    return b'{"name":' + b"[" * levels + b"]" * levels + b"}"


# ---------------------------------------------------------------- bytes that are no request


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "not_json"),
        (b"   ", 400, "not_json"),
        (b"hello", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b'{"name": "Bob"} trailing', 400, "not_json"),
        (b"{'name': 'Bob'}", 400, "not_json"),
        (b'{"name": "Bob",}', 400, "not_json"),
        (b'{"name": "B\nob"}', 400, "not_json"),
        (b'{"name": "B\x00ob"}', 400, "not_json"),
        (b'{"name": NaN}', 400, "not_json"),
        (b'{"version": -Infinity}', 400, "not_json"),
        (b'{"version": ' + b"9" * 5000 + b"}", 400, "not_json"),
        (json.dumps(CONTACT).encode("utf-16"), 400, "not_json"),
        (json.dumps(CONTACT).encode("utf-32-le"), 400, "not_json"),
        (nested(1000), 400, "not_json"),
        (nested(100_000), 400, "not_json"),
        (b'{"name":' + b'{"a":' * 40_000 + b"1" + b"}" * 40_001, 400, "not_json"),
        (b"[]", 400, "not_an_object"),
        (json.dumps([CONTACT]).encode(), 400, "not_an_object"),
        (b"null", 400, "not_an_object"),
        (b"true", 400, "not_an_object"),
        (b"17", 400, "not_an_object"),
        (b'"text"', 400, "not_an_object"),
        (
            b'{"name": "a", "name": "b", "lawful_basis": {"basis": "consent", "source": "x"}}',
            400,
            "repeated_name",
        ),
        (
            b'{"name": "a", "lawful_basis": {"basis": "consent", "source": "x", "source": "y"}}',
            400,
            "repeated_name",
        ),
        (b'{"name": "a", "n\\u0061me": "b"}', 400, "repeated_name"),
        (b'{"name": "' + b"a" * 2**20 + b'"}', 413, "too_large"),
        (b" " * (settings.MAX_REQUEST_BYTES + 1), 413, "too_large"),
        (b'{"name": "' + b"a" * 5 * 2**20 + b'"}', 413, "too_large"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else str(value),
)
def test_a_body_that_cannot_be_read_is_refused(
    stack: LocalStack, anna: User, body: bytes, status: int, code: str
) -> None:
    problem(anna.call("POST", "/v1/contacts", body, JSON), status, code)
    problem(request(f"{stack.api}/v1/login", "POST", body, JSON), status, code)


@pytest.mark.parametrize("levels", [10, 100, 500, 900, 990])
def test_deep_json_is_refused_at_any_depth(anna: User, levels: int) -> None:
    for body in (nested(levels), b'{"name":' + b'{"a":' * levels + b"1" + b"}" * (levels + 1)):
        answer = anna.call("POST", "/v1/contacts", body, JSON)
        assert answer.status in {400, 422}
        problem(answer, answer.status)


def test_the_largest_body_that_is_taken(anna: User) -> None:
    rest = len(json.dumps({**MAIL, "html": ""}).encode())
    assert rest < 1000
    html = "<p>" + "x" * 185_000 + "</p>"
    assert anna.call("POST", "/v1/messages", {**MAIL, "html": html}).status == 202
    # With its text part it would not fit into one row, and a 503 would ask to try again for ever.
    rules = "<hr>" * 49_999
    for more, code in ((html + "x" * 20_000, "too_long"), (rules, "too_long_or_too_deep")):
        assert errors(anna.call("POST", "/v1/messages", {**MAIL, "html": more})) == {("html", code)}


@pytest.mark.parametrize("route", WITH_BODY, ids=of(WITH_BODY))
@pytest.mark.parametrize(
    "media",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "image/png",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "application/xml",
        "*/*",
    ],
)
def test_only_json_is_taken(crew: Crew, route: Route, media: str | None) -> None:
    assert route.body is not None
    good = json.dumps(EXAMPLES[route.body.__name__]).encode()
    answer = crew.call(route, good, {} if media is None else {"Content-Type": media})
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media", ["application/json; charset=utf-8", "APPLICATION/JSON", " application/json "]
)
def test_json_may_be_announced_in_any_spelling(anna: User, media: str) -> None:
    body = json.dumps(CONTACT).encode()
    assert anna.call("POST", "/v1/contacts", body, {"Content-Type": media}).status == 201
    assert anna.call("POST", "/v1/contacts", b"\xef\xbb\xbf" + body, {"Content-Type": media}).status == 201


# ---------------------------------------------------------------- who asks comes first


PRIVATE = [route for route in UNSAFE if not route.public]


@pytest.mark.clause("access")
@pytest.mark.parametrize("route", PRIVATE, ids=of(PRIVATE))
def test_a_stranger_is_refused_before_the_body_is_looked_at(stack: LocalStack, route: Route) -> None:
    junk = [(b"\xff\xfe{", JSON), (b"x" * 2**20, JSON), (b"{}", {"Content-Type": "text/plain"}), (None, {})]
    stack.wire.clear()
    for body, headers in junk:
        headers = {**headers, "Idempotency-Key": "\x01"}
        document = problem(
            request(stack.api + path_of(route), route.method, body, headers), 401, "unauthorized"
        )
        document.pop("request_id")
        assert document["title"] == "Please log in."
    assert not [call for call in stack.wire.calls if call.function == "okki-leads-api"]


@pytest.mark.clause("access")
def test_nothing_of_a_company_is_public(stack: LocalStack) -> None:
    """What is public is listed in tests/structure/test_routes.py."""
    for route in endpoint.ROUTES:
        if not route.public and route.method == "GET":
            answer = request(stack.api + path_of(route))
            problem(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"


# ---------------------------------------------------------------- fields


@pytest.mark.parametrize("route", WITH_BODY, ids=of(WITH_BODY))
def test_a_field_nobody_declared_is_refused_by_name(crew: Crew, route: Route) -> None:
    assert route.body is not None
    good = EXAMPLES[route.body.__name__]
    for name in {"company_id", "is_admin", "role", "expires_at", "__proto__", "名字", ""} - good.keys():
        answer = crew.call(route, {**good, name: "x"})
        if "_id}" in route.path and answer.status == 404:
            continue
        assert (name, "unknown_field") in errors(answer)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**CONTACT, "lawful_basis": {**BASIS, "more": 1}}, "lawful_basis.more"),
        (
            {**MAIL, "to": [{"email": "bob@buyer.example"}, {"email": "eve@buyer.example", "bcc": "x"}]},
            "to.1.bcc",
        ),
        ({**MAIL, "cc": [{"email": "bob@buyer.example", "pixel": False}]}, "cc.0.pixel"),
        ({**MAIL, "headers": {"Bcc": "x"}}, "headers"),
    ],
)
def test_a_field_nobody_declared_is_refused_at_every_level(
    anna: User, body: dict[str, Any], field: str
) -> None:
    path = "/v1/messages" if "subject" in body else "/v1/contacts"
    assert errors(anna.call("POST", path, body)) == {(field, "unknown_field")}


FITS = {
    "17": {"version", "months", "minutes", "days", "daily", "monthly", "companies", "per_second"},
    str(10**30): {"version"},
    "True": {
        "everywhere",
        *{"is_adult", "tracking", "inform", "admins_need_totp", "enabled", "needs_approval"},
        *{"agreed", "corrected", "release_data", "masked", "secret", "prescribed_agency", "export"},
        *{"within_only", "credentials", "significant_harm", "unreadable", "harm_avoided"},
        *{"telling_forbidden", "serves_china", "critical", "national"},
        *{"save_as_contact", "header", "informed", "understood"},
    },
    "[]": {"social", "cc", "tasks", "permissions", "items", "categories", "kinds", "company_ids"},
    "['x']": {"permissions", "categories", "kinds"},
    "{}": {"choices", "input", "columns", "people"},
    "{'x': 1}": {"choices"},
    "'\\x00'": {"password", "current_password", "token", "wechat_ticket", "version"},
}
"""Where a value may stand as far as the form can tell; what it means is looked at behind it."""


@pytest.mark.parametrize("route", WITH_BODY, ids=of(WITH_BODY))
@pytest.mark.parametrize("junk", [17, True, [], {}, ["x"], {"x": 1}, 1.5, 10**30, "\x00"], ids=repr)
def test_a_value_of_another_kind_is_refused_by_name(crew: Crew, route: Route, junk: Any) -> None:
    """One request with every field spoiled; each that does not happen to be allowed there is named."""
    assert route.body is not None
    model = route.body
    spoiled = dict.fromkeys(model.model_fields, junk)
    wrong = set(model.model_fields) - FITS.get(repr(junk), set())
    if wrong:
        answer = crew.call(route, spoiled, {"X-Local-Client": fresh_network()})
        assert {field.partition(".")[0] for field, _ in errors(answer)} >= wrong


def test_many_mistakes_give_a_short_answer(anna: User) -> None:
    answer = anna.call("POST", "/v1/contacts", {f"field{number}" * 20: 1 for number in range(1000)})
    assert len(errors(answer)) == bodies.MAX_ERRORS
    answer = anna.call("POST", "/v1/contacts", {**CONTACT, "k" * 200_000: 1})
    assert errors(answer) == {("k" * bodies.MAX_PLACE, "unknown_field")}


def test_an_answer_does_not_repeat_what_was_sent(stack: LocalStack, anna: User) -> None:
    canary = "Zanzibar-Canary-7731"
    bodies = [
        {**CONTACT, "email": f"{canary} not an address"},
        {**CONTACT, "country": canary},
        {**CONTACT, "name": f"{canary}\r\nBcc: x"},
        {**CONTACT, "lawful_basis": {"basis": canary, "source": canary}},
        {**CONTACT, "phone": canary, "social": [canary]},
    ]
    for body in bodies:
        answer = anna.call("POST", "/v1/contacts", body)
        assert errors(answer)
        assert canary not in answer.body.decode()
    assert canary not in stack.logs("APIHandler")


# ---------------------------------------------------------------- text


BREAKS = {
    "CR": "Bob\rBcc: eve@evil.example",
    "LF": "Bob\nBcc: eve@evil.example",
    "CRLF": "Bob\r\nBcc: eve@evil.example\r\n\r\nHi",
    "NUL": "Bob\x00",
    "tab": "Bob\tBuyer",
    "escape": "Bob\x1b[31m",
    "delete": "Bob\x7f",
    "next line": "Bob\x85Bcc: x",
    "line separator": "Bob\u2028Bcc: x",
    "paragraph separator": "Bob\u2029Bcc: x",
}


@pytest.mark.parametrize("label", BREAKS)
def test_nothing_can_break_out_of_a_mail_header(stack: LocalStack, anna: User, label: str) -> None:
    text = BREAKS[label]
    contact = {
        **CONTACT,
        "name": text,
        "company": text,
        "position": text,
        "lawful_basis": {**BASIS, "source": text},
    }
    fields = {"name", "company", "position", "lawful_basis.source"}
    assert errors(anna.call("POST", "/v1/contacts", contact)) == {
        (field, "control_character") for field in fields
    }
    mail = {**MAIL, "subject": text, "to": [{"email": "bob@buyer.example", "name": text}]}
    expected = {("subject", "control_character"), ("to.0.name", "control_character")}
    assert errors(anna.call("POST", "/v1/messages", mail)) == expected
    form: dict[str, Any] = {"name": text, "company": text, "email": fresh_address(), "password": PASSWORD}
    form |= {"is_adult": True, "policy_version": POLICY}
    expected = {("name", "control_character"), ("company", "control_character")}
    assert errors(request(f"{stack.api}/v1/signup", "POST", form)) == expected


@pytest.mark.parametrize("mark", ["\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c"])
def test_a_name_cannot_be_written_backwards(anna: User, mark: str) -> None:
    expected = {("name", "bidi_character")}
    assert errors(anna.call("POST", "/v1/contacts", {**CONTACT, "name": f"gpj{mark}exe"})) == expected
    answer = anna.call("POST", "/v1/messages", {**MAIL, "subject": f"Invoice {mark}fdp.exe"})
    assert errors(answer) == {("subject", "bidi_character")}


def test_half_a_character_is_refused(anna: User) -> None:
    for escape in (rb"\ud800", rb"\udfff", rb"\udc00\ud800", rb"\ud83d"):
        body = b'{"name": "Bob ' + escape + b'", "lawful_basis": {"basis": "consent", "source": "x"}}'
        assert errors(anna.call("POST", "/v1/contacts", body, JSON)) == {("name", "not_text")}
        body = json.dumps({**MAIL, "html": "PLACE"}).encode().replace(b"PLACE", escape)
        assert errors(anna.call("POST", "/v1/messages", body, JSON)) == {("html", "not_text")}


@pytest.mark.parametrize(
    "damage", [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf", b"M\xfcller"]
)
def test_text_that_is_not_utf_8_is_refused_by_name(stack: LocalStack, anna: User, damage: bytes) -> None:
    body = json.dumps({**CONTACT, "company": "PLACE"}).encode().replace(b"PLACE", damage)
    assert errors(anna.call("POST", "/v1/contacts", body, JSON)) == {("company", "not_utf8")}
    body = (
        json.dumps({**MAIL, "to": [{"email": "b@b.example", "name": "PLACE"}]})
        .encode()
        .replace(b"PLACE", damage)
    )
    assert errors(anna.call("POST", "/v1/messages", body, JSON)) == {("to.0.name", "not_utf8")}
    body = json.dumps({"email": anna.email, "password": "PLACE"}).encode().replace(b"PLACE", damage)
    assert errors(request(f"{stack.api}/v1/login", "POST", body, JSON)) == {("password", "not_utf8")}


@pytest.mark.parametrize(
    "text",
    [
        "林美玲",
        "Søren Ærø",
        "👩‍👩‍👧‍👦 🇸🇬",
        "مرحبا",
        "Ǆ ﬁ Å",
        'O\'Brien & "Söhne" <x>',
        "=?utf-8?q?x?=",
        "a" * 200,
    ],
)
def test_a_name_in_any_script_comes_back_as_it_was_written(anna: User, text: str) -> None:
    made = anna.call("POST", "/v1/contacts", {**CONTACT, "name": text, "company": text})
    assert made.status == 201, made.body
    read = anna.call("GET", f"/v1/contacts/{made.json['id']}").json
    assert (read["name"], read["company"]) == (text, text)
    escaped = json.dumps({**CONTACT, "name": text}, ensure_ascii=True).encode()
    assert anna.call("POST", "/v1/contacts", escaped, JSON).json["name"] == text
    plain = json.dumps({**CONTACT, "name": text}, ensure_ascii=False).encode()
    assert anna.call("POST", "/v1/contacts", plain, JSON).json["name"] == text


def test_a_mail_in_chinese_with_emoji_arrives_as_it_was_written(stack: LocalStack, anna: User) -> None:
    email = fresh_address("bob")
    anna.settled(anna.write(email, subject="春季报价 🌷", html="<p>您好,林女士 👋</p>", kind="business"))
    mail = mail_to(stack, email)
    assert mail["subject"] == "春季报价 🌷"
    assert "您好,林女士 👋" in mail["html"]
    assert "您好,林女士 👋" in mail["text"]


ADDRESSES = {
    "bob@bücher.example": True,
    "rob@xn--bcher-kva.example": True,
    "采购@buyer.example": False,
    "bob@公司.example": True,
    "b.o-b+tag_1@mail.buyer.example": True,
    "o'brien@buyer.example": True,
    "": False,
    "bob": False,
    "bob@": False,
    "@buyer.example": False,
    "bob@localhost": False,
    "bob@buyer..example": False,
    "bob@-buyer.example": False,
    "bob@buyer.example.": False,
    "bob@[127.0.0.1]": False,
    "bob@@buyer.example": False,
    ".bob@buyer.example": False,
    "bo..b@buyer.example": False,
    "Bob <bob@buyer.example>": False,
    "bob@buyer.example, eve@buyer.example": False,
    "bob@buyer.example\r\nBcc: eve@evil.example": False,
    "bob@buyer.example\x00": False,
    "bob\n@buyer.example": False,
    '"bob eve"@buyer.example': False,
    "bob@buyer.example\u202e": False,
    "b" * 65 + "@buyer.example": False,
    "bob@" + "b" * 64 + ".example": False,
    "bob@" + "buyer." * 50 + "example": False,
}


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda text: ascii(text)[:30])
def test_an_address_is_taken_if_mail_can_be_sent_there(stack: LocalStack, anna: User, address: str) -> None:
    made = anna.call("POST", "/v1/contacts", {**CONTACT, "email": address})
    code = "too_long" if len(address) > 254 else "not_an_address"
    if ADDRESSES[address]:
        assert made.status == 201, made.body
        assert anna.call("POST", "/v1/messages", {**MAIL, "to": [{"email": address}]}).status == 202
    else:
        assert errors(made) == {("email", code)}
        assert errors(anna.call("POST", "/v1/messages", {**MAIL, "to": [{"email": address}]})) == {
            ("to.0.email", code)
        }
        login = {"email": address, "password": "x" * 12}
        assert errors(request(f"{stack.api}/v1/login", "POST", login)) == {("email", code)}


def test_somebody_at_an_international_domain_signs_up_and_writes(stack: LocalStack) -> None:
    user = sign_up(stack, fresh_address("anna", "xn--bcher-kva.example"))
    own = {"X-Local-Client": user.address}
    answer = log_in(stack, user.email.replace("xn--bcher-kva", "BÜCHER"), PASSWORD, own)
    assert answer.status == 200
    assert answer.json["user"]["email"].endswith("@bücher.example")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "too_short"),
        ("name", "   ", "too_short"),
        ("name", "x" * 201, "too_long"),
        ("country", "Singapore", "malformed"),
        ("country", "sg", "malformed"),
        ("country", "SG\n", "malformed"),
        ("phone", "call me", "malformed"),
        ("phone", "+65\n61234567", "malformed"),
        ("phone", "+" + "1" * 40, "malformed"),
        ("social", ["javascript:alert(1)"], "not_a_web_link"),
        ("social", ["data:text/html,x"], "not_a_web_link"),
        ("social", ["https://x.example/\r\nSet-Cookie: a=b"], "control_character"),
        ("social", ["https://x.example/"] * 11, "too_many"),
        ("social", ["https://x.example/" + "a" * 500], "too_long"),
    ],
)
def test_a_field_holds_what_it_is_for(anna: User, field: str, value: Any, code: str) -> None:
    named = errors(anna.call("POST", "/v1/contacts", {**CONTACT, field: value}))
    assert {(name.partition(".")[0], why) for name, why in named} == {(field, code)}


@pytest.mark.parametrize("version", [0, -1, 2**63, 10**100])
def test_a_version_that_never_was_is_a_conflict(anna: User, version: int) -> None:
    contact = anna.contact(fresh_address("bob"))
    answer = anna.call("PATCH", f"/v1/contacts/{contact['id']}", {"version": version, "name": "x"})
    problem(answer, 409, "changed")


@pytest.mark.parametrize(
    "code", ["", "12345", "123456789", "12345a", "１２３４５６", "-12345", "1e10", "٣٣٣٣٣٣"]
)
def test_a_code_is_six_to_eight_digits(stack: LocalStack, code: str) -> None:
    answer = request(f"{stack.api}/v1/signup/verify", "POST", {"email": "a@b.example", "code": code})
    assert errors(answer) == {("code", "malformed")}


def test_a_code_may_be_pasted_with_spaces_around_it(stack: LocalStack) -> None:
    email, ip = fresh_address(), {"X-Local-Client": fresh_network()}
    form = {
        "name": "A",
        "company": "B",
        "email": email,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": POLICY,
    }
    assert request(f"{stack.api}/v1/signup", "POST", form, ip).status == 202
    body = {"email": f" {email} ", "code": f" {code_in(mail_to(stack, email))}\n"}
    assert request(f"{stack.api}/v1/signup/verify", "POST", body, ip).status == 201


# ---------------------------------------------------------------- paths, methods, headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/nothing"),
        ("GET", "/v2/contacts"),
        ("GET", "/v1/contacts/a/b/c/d"),
        ("GET", "/.env"),
        ("GET", "/v1/login"),
        ("PUT", "/v1/contacts"),
        ("DELETE", "/v1/contacts"),
        ("POST", "/healthz"),
        ("OPTIONS", "/v1/contacts"),
        ("PATCH", "/v1/messages"),
    ],
)
def test_what_does_not_exist_is_a_problem_document_too(anna: User, method: str, path: str) -> None:
    problem(anna.call(method, path), 404, "not_found")


@pytest.mark.parametrize(
    "item", ["%00", "%ff", "%F0%9F%98%80", "..%2f..%2fetc%2fpasswd", "x" * 4000, "ct_%23", "*", "%25"]
)
def test_a_strange_id_is_an_unknown_id(anna: User, item: str) -> None:
    for path in (
        f"/v1/contacts/{item}",
        f"/v1/messages/{item}",
        f"/v1/contacts/{item}/consents",
        f"/v1/policy/{item}",
    ):
        problem(anna.call("GET", path), 404, "not_found")


@pytest.mark.parametrize("purpose", ["account", "TRACKING", "everything", "%00", "tracking%20"])
def test_only_what_can_be_consented_to_is_recorded(anna: User, purpose: str) -> None:
    contact = anna.contact(fresh_address("bob"))
    problem(anna.consent(contact["id"], purpose=purpose), 404, "not_found")


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "zh" * 3000},
        {"Accept-Language": "\xff;q=x,,;;=,*;q=9"},
        {"Accept": "text/html"},
        {"Accept-Encoding": "identity;q=0"},
        {"Content-Encoding": "gzip"},
        {"Expect": ""},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Forwarded-For": "'; DROP TABLE--, 999.999.999.999"},
        {"X-Forwarded-Host": "evil.example"},
        {"Range": "bytes=0-1"},
        {"If-Match": "*"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_nobody_asked_for_change_nothing(anna: User, headers: dict[str, str]) -> None:
    coded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = anna.call("POST", "/v1/contacts", CONTACT, coded)  # type: ignore[arg-type]  # bytes
    assert answer.status == 201, answer.body
    protected(answer)


# ---------------------------------------------------------------- every answer


PAGES = {
    "/docs",
    "/v1/announcements/page",
    "/v1/companies/{company_id}/final-export",
    "/v1/notifications/stop/{token}",
    "/v1/requests/page",
    "/v1/wechat/callback",
}
"""What people open in a browser; everything else is for programs."""
FILES = {"/v1/contacts/export"}


@pytest.fixture(scope="module")
def spoilt(stack: LocalStack) -> User:
    """Somebody who may lose their session to one of the requests."""
    return sign_up(stack)


@pytest.mark.clause("cookies")
@pytest.mark.parametrize("route", endpoint.ROUTES, ids=of(endpoint.ROUTES))
def test_every_answer_carries_the_security_headers(stack: LocalStack, spoilt: User, route: Route) -> None:
    body: dict[str, Any] | None = None if route.body is None else {}
    for answer in (
        request(stack.api + path_of(route), route.method, body, {"X-Local-Client": fresh_network()}),
        spoilt.call(route.method, path_of(route), body),
    ):
        assert answer.status < 500
        protected(answer)
        policy = answer.headers["content-security-policy"]
        if answer.headers["content-type"].startswith("text/html"):
            assert route.path in PAGES
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "http" not in policy
        elif answer.status >= 400:
            problem(answer, answer.status)
        else:
            assert policy == "default-src 'none'; frame-ancestors 'none'"
            media = "text/csv; charset=utf-8; header=present" if route.path in FILES else "application/json"
            assert answer.headers["content-type"] == media

"""Two companies: what one stored, the other cannot read, change, count or guess, by any id on any route."""

from __future__ import annotations

import re
from typing import Any

import pytest

import app as front_door  # noqa: F401  # registers every route
from chalicelib.api import endpoint
from chalicelib.api.described import EXAMPLES
from chalicelib.api.endpoint import Route
from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import asking, disclosing, models, sharer, staff, stocking, ways
from tests.integration.client import Answer, User, eventually, fresh_address, log_in, sign_up
from tests.integration.people import invite, join

PREFIXES = {
    "contact_id": "ct",
    "message_id": "msg",
    "user_id": "usr",
    "department_id": "dep",
    "invitation_id": "inv",
    "device_id": "dev",
    "session_id": "ses",
    "link_id": "lnk",
    "endpoint_id": "psh",
    "notification_id": "ntf",
    "request_id": "req",
    "question_id": "qst",
    "prospect_id": "pr",
    "share_id": "shr",
    "export_id": "exp",
    "job_id": "job",
    "import_id": "imp",
}
"""Every kind of id that a path may hold; a route with another one fails here until somebody adds it."""

WITH_IDS = [
    route
    for route in endpoint.ROUTES
    if route.right is None
    and re.search(r"\{\w+_id\}", route.path)
    and not route.path.endswith("/final-export")  # anybody's, by a code: test_cancellation
]
CHANGING_HEADERS = {"date", "x-amzn-requestid", "x-amz-request-id"}


class Company:
    """A company with one thing of each kind."""

    def __init__(self, stack: LocalStack) -> None:
        self.user: User = sign_up(stack)
        self.email = fresh_address("bob", "buyer.example")
        self.contact = self.user.contact(self.email)
        assert self.user.consent(self.contact["id"]).status == 200
        message = self.user.write(self.email, subject="A secret offer")
        self.user.settled(message)
        assert log_in(stack, self.user.email).status == 200  # a second session
        ways.prove(self.user)  # some routes ask for a second proof before they look
        assert ways.link(self.user, ways.somebody()).status == 200  # and a notification about it
        token = ids.new("x") * 3
        self.ids = {
            "contact_id": self.contact["id"],
            "message_id": message,
            "user_id": join(self.user).me["id"],
            "department_id": self.made("/v1/company/departments", {"name": "Sales"}),
            "invitation_id": invite(self.user, fresh_address("ben"))["id"],
            "device_id": self.first("/v1/me/devices"),
            "session_id": self.first("/v1/me/sessions"),
            "link_id": self.first("/v1/me/wechat"),
            "endpoint_id": self.made("/v1/me/push", {"platform": "fcm", "token": token}),
            "notification_id": self.first("/v1/me/inbox"),
            "request_id": self.asked_about(),
            "question_id": self.questioned(),
            "prospect_id": self.revealed(),
            "share_id": sharer.share(sharer.accept(self.user), sharer.person())["id"],
            "export_id": self.exported(),
            "job_id": self.asked_of_ai(),
            "import_id": self.imported(),
        }

    def asked_of_ai(self) -> str:
        models.switch_on(self.user)
        made = models.ask(self.user, text="words of our own")
        models.over(self.user, made)
        return made

    def made(self, path: str, body: Any) -> str:
        answer = self.user.call("POST", path, body)
        assert answer.status == 201, answer.body
        found: str = answer.json["id"]
        return found

    def first(self, path: str) -> str:
        items = eventually(lambda: self.user.call("GET", path).json["items"])
        found: str = items[-1]["id"]
        return found

    def asked_about(self) -> str:
        """A request of somebody this company keeps: its own id of it, which nobody else knows."""
        asking.ask(self.user.stack, "access", self.email).settled()
        return self.first("/v1/company/requests")

    def imported(self) -> str:
        """A list that has been read and waits."""
        body = {"lawful_basis": {"basis": "contract", "source": "x"}, "csv": "name\nSecret Buyer\n"}
        answer = self.user.call("POST", "/v1/contacts/imports", body)
        assert answer.status == 202, answer.body
        path = f"/v1/contacts/imports/{answer.json['id']}"
        eventually(lambda: self.user.call("GET", path).json["state"] == "ready")
        found: str = answer.json["id"]
        return found

    def exported(self) -> str:
        answer = self.user.call("POST", "/v1/contacts/exports")
        assert answer.status == 202, answer.body
        found: str = answer.json["id"]
        return found

    def revealed(self) -> str:
        """A prospect that this company alone has: it is in its pool, and in the base no more."""
        prospect = stocking.one(stocking.located(self.user).stack)
        assert stocking.reveal(self.user, prospect).status == 200
        assert self.user.call("POST", f"/v1/prospects/{prospect}/claim").status == 200
        stocking.forget(self.user.stack, prospect)
        return prospect

    def questioned(self) -> str:
        """A question before the user's data is given to somebody."""
        lea = staff.member(self.user.stack, StaffPosition.LEGAL)
        who = {"user_id": self.user.me["id"]}
        case = disclosing.opened(lea, "partner", "service", self.user.company["id"], **who)
        disclosing.took(lea, case, "ask")
        return disclosing.asked(self.user, case)

    def everything(self) -> list[Any]:
        """All it can see of itself."""
        contact, message = self.ids["contact_id"], self.ids["message_id"]
        paths = [
            "/v1/contacts",
            f"/v1/contacts/{contact}",
            f"/v1/contacts/{contact}/consents",
            f"/v1/contacts/{contact}/opens",
            "/v1/messages",
            f"/v1/messages/{message}",
            "/v1/company/members",
            "/v1/company/departments",
            "/v1/company/invitations",
            "/v1/me/devices",
            "/v1/me/wechat",
            "/v1/me/notifications",
            "/v1/me/inbox",
            "/v1/me/questions",
            "/v1/company/disclosures",
            "/v1/company/requests",
            "/v1/company/credits/entries",
            "/v1/company/transfers",
            "/v1/prospects/shares",
            "/v1/contacts/imports",
        ]
        return [self.user.call("GET", path).json for path in paths]


@pytest.fixture(scope="module")
def owner(stack: LocalStack) -> Company:
    return Company(stack)


@pytest.fixture(scope="module")
def stranger(stack: LocalStack) -> Company:
    return Company(stack)


def fill(route: Route, values: dict[str, str]) -> str:
    plain = {"purpose": "tracking", "position": "member", "number": "1"}
    return re.sub(r"\{(\w+)\}", lambda m: {**plain, **values}[m[1]], route.path)


def body_for(route: Route) -> Any:
    return None if route.body is None else EXAMPLES[route.body.__name__]


def seen(answer: Answer) -> tuple[int, dict[str, str], Any]:
    body = dict(answer.json)
    body.pop("request_id", None)
    return answer.status, {k: v for k, v in answer.headers.items() if k not in CHANGING_HEADERS}, body


def fetched(stack: LocalStack, company: Company) -> list[str]:
    """Calls of any function to AWS that name the company: its rows, its keys."""
    mark = company.user.company["id"].encode()
    return [f"{call.service} {call.operation}" for call in stack.wire.calls if mark in call.request]


def of(routes: list[Route]) -> list[str]:
    return [f"{route.method} {route.path}" for route in routes]


@pytest.mark.clause("stored", "communications", "tracking", "consent")
@pytest.mark.parametrize("route", WITH_IDS, ids=of(WITH_IDS))
def test_an_id_of_another_company_is_an_unknown_id(
    stack: LocalStack, owner: Company, stranger: Company, route: Route
) -> None:
    before = owner.everything()
    unknown = {name: ids.new(prefix) for name, prefix in PREFIXES.items()}
    stack.wire.clear()
    foreign = stranger.user.call(route.method, fill(route, owner.ids), body_for(route))
    assert fetched(stack, owner) == []
    nothing = stranger.user.call(route.method, fill(route, unknown), body_for(route))
    assert foreign.status == 404
    assert seen(foreign) == seen(nothing)
    assert owner.everything() == before


@pytest.mark.clause("stored")
def test_every_kind_of_id_has_been_tried() -> None:
    assert len(WITH_IDS) >= 7
    used = {name for route in WITH_IDS for name in re.findall(r"\{(\w+_id)\}", route.path)}
    assert used == set(PREFIXES)


def test_the_record_of_calls_does_show_what_is_fetched(stack: LocalStack, owner: Company) -> None:
    stack.wire.clear()
    owner.everything()
    assert "dynamodb GetItem" in fetched(stack, owner)
    assert "dynamodb Query" in fetched(stack, owner)


@pytest.mark.clause("stored", "communications")
@pytest.mark.parametrize(
    "place", ["body", "nested body", "query", "header", "path traversal", "encoded path", "double slash"]
)
def test_a_company_cannot_be_named_by_the_client(
    stack: LocalStack, owner: Company, stranger: Company, place: str
) -> None:
    company, contact = owner.user.company["id"], owner.ids["contact_id"]
    new: dict[str, Any] = {"name": "Mallory", "lawful_basis": {"basis": "consent", "source": "x"}}
    user = stranger.user
    stack.wire.clear()
    if place == "body":
        for name in ("company_id", "tenant_id", "user_id", "role", "position_", "expires_at", "pk", "id"):
            assert user.call("POST", "/v1/contacts", {**new, name: company}).status == 422
    elif place == "nested body":
        basis = {**new["lawful_basis"], "company_id": company}
        assert user.call("POST", "/v1/contacts", {**new, "lawful_basis": basis}).status == 422
    elif place == "query":
        answer = user.call("GET", f"/v1/contacts?company_id={company}&pk={company}&filter=*")
        assert contact not in answer.body.decode()
    elif place == "header":
        headers = dict.fromkeys(("X-Company-Id", "X-Tenant", "X-User-Id", "X-Amzn-Oidc-Identity"), company)
        assert contact not in user.call("GET", "/v1/contacts", None, headers).body.decode()
    else:
        paths = {
            "path traversal": f"/v1/contacts/../{company}/contact%23{contact}",
            "encoded path": f"/v1/contacts/{company}%23contact%23{contact}",
            "double slash": f"/v1/contacts//{contact}",
        }
        assert user.call("GET", paths[place]).status in {403, 404}
    assert fetched(stack, owner) == []


@pytest.mark.clause("stored", "communications", "tracking")
@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/messages", "/v1/contacts/{contact_id}/opens"])
def test_a_forged_cursor_moves_only_in_ones_own_list(
    stack: LocalStack, owner: Company, stranger: Company, path: str
) -> None:
    own_path = path.format(**stranger.ids)
    contact, message = owner.ids["contact_id"], owner.ids["message_id"]
    own = stranger.user.call("GET", own_path).json["items"]
    cursors = [
        contact,
        message,
        "ct_" + "v" * 26,
        "msg_" + "v" * 26,
        "ct_" + "0" * 26,
        f"{message}.{'0' * 8}",
        f"{message}.zzz",
        f"{owner.user.company['id']}%23contact%23{contact}",
        "contact%23" + contact,
        "%7E",
        "%FF%FE",
        "%00",
        "-1",
        "' OR 1=1 --".replace(" ", "%20"),
        "eyJwayI6ImEifQ",
        "x" * 2000,
    ]
    stack.wire.clear()
    for cursor in cursors:
        answer = stranger.user.call("GET", f"{own_path}?cursor={cursor}")
        assert answer.status in {200, 422}, (cursor, answer.body)
        if answer.status == 422:
            assert answer.json["errors"] == [{"field": "cursor", "code": "malformed"}]
        else:
            assert all(one in own for one in answer.json["items"]), cursor
    mark = owner.user.company["id"].encode()
    partitions = [call for call in stack.wire.calls if b'"' + mark in call.request]
    assert partitions == []


@pytest.mark.clause("stored")
def test_an_idempotency_key_of_another_company_says_nothing(owner: Company, stranger: Company) -> None:
    key = {"Idempotency-Key": "order-2026-0001"}
    new = {"name": "Bob", "lawful_basis": {"basis": "consent", "source": "x"}}
    first = owner.user.call("POST", "/v1/contacts", new, key).json["id"]
    other = stranger.user.call("POST", "/v1/contacts", {**new, "name": "Another body"}, key)
    assert other.status == 201
    assert other.json["id"] != first
    assert owner.user.call("POST", "/v1/contacts", new, key).json["id"] == first


@pytest.mark.clause("consent", "tracking")
def test_what_a_buyer_told_one_company_holds_for_that_company_only(stack: LocalStack) -> None:
    email = fresh_address("bob", "buyer.example")
    one, other = sign_up(stack), sign_up(stack)
    for user in (one, other):
        user.contact(email)
    contact = {user.email: user.call("GET", "/v1/contacts").json["items"][0]["id"] for user in (one, other)}
    assert one.consent(contact[one.email]).status == 200
    assert one.consent(contact[one.email], "denied", "marketing").status == 200
    standing = other.call("GET", f"/v1/contacts/{contact[other.email]}/consents").json
    assert (standing["items"], standing["refused"], standing["history"]["items"]) == ([], [], [])

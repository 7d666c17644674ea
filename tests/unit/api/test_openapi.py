"""The description of the API is valid, complete, and says what the views really answer; its page is safe."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from openapi_spec_validator import validate

import app as front_door
from chalicelib.api import (
    accounts,
    bodies,
    browser,
    contacts,
    described,
    messages,
    meta,
    openapi,
    policy,
    reference,
    shapes,
    standing,
)
from chalicelib.api.endpoint import ROUTES, Call, Route
from chalicelib.api.forms import Form, Line
from chalicelib.kernel import ids
from chalicelib.privacy import texts
from chalicelib.privacy.consent import CompanyState, MessageKind
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.records.accounts import Member, MemberState, User
from chalicelib.records.companies import Access, Company
from chalicelib.records.contacts import Contact
from chalicelib.records.messages import Delivery, Message, OutboxState
from chalicelib.services.accounts.login import Entry
from chalicelib.services.companies.membership import Place
from chalicelib.services.mail.messages import Report
from tests.agreement import agrees

COMPANY = Company(company_id="co_1", created_at=1, name="Tan Logistics")
PLACE = Place(
    Member(
        company_id="co_1",
        user_id="usr_1",
        state=MemberState.ACTIVE,
        position=Position.ADMIN,
        policy_version="2025-01-16",
        since=1,
    ),
    Access(company_id="co_1", state=CompanyState.ACTIVE, main_user_id="usr_1"),
)
USER = User(
    company_id="co_1",
    user_id="usr_1",
    declared_adult=True,
    free_mailbox=False,
    registered_at=1,
    locale="en",
    name="Mei",
    email="mei@tan.example",
)
CONTACT = Contact(
    company_id="co_1",
    contact_id="ct_1",
    created_by="usr_1",
    created_at=1,
    updated_at=2,
    name="Lena",
    social=("https://x.example",),
    basis="consent",
    source="fair",
)
MESSAGE = Message(
    company_id="co_1",
    message_id="msg_1",
    user_id="usr_1",
    kind=MessageKind.BUSINESS,
    tracking=True,
    created_at=1,
    recipients=1,
    subject="Rates",
    sender="mei@tan.example",
    sender_name="Mei",
    links=("https://x.example",),
)


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("API_URL", "https://api.okki.example/")
    openapi.document.cache_clear()
    yield openapi.document()
    openapi.document.cache_clear()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["operationId"]: one for path in document["paths"].values() for one in path.values()}


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(json.loads(json.dumps(document)))
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "https://api.okki.example"}]
    assert openapi.document() is document


def test_every_route_of_the_front_door_is_described(document: dict[str, Any]) -> None:
    routed = {(method, path) for path, by_method in front_door.app.routes.items() for method in by_method}
    described = {(m.upper(), path) for path, by_method in document["paths"].items() for m in by_method}
    assert described == routed
    assert len(operations(document)) == len(routed), "operation ids are unique"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.view.__name__)
def test_what_a_route_declares_is_what_the_document_says(document: dict[str, Any], route: Route) -> None:
    one = document["paths"][route.path][route.method.lower()]
    assert one["operationId"] == route.view.__name__
    assert bool(one["security"]) is not route.public
    assert ("401" in one["responses"]) or route.public
    assert str(route.status) in one["responses"]
    assert [row["id"] for row in one.get("x-clauses", [])] == list(route.clauses)
    names = {(p["name"], p["in"]) for p in one.get("parameters", [])}
    assert (("Idempotency-Key", "header") in names) is route.repeatable
    assert ({("limit", "query"), ("cursor", "query")} <= names) is route.paged
    assert {name for name, place in names if place == "path"} == set(re.findall(r"\{(\w+)\}", route.path))
    assert ("requestBody" in one) is (route.body is not None)
    if route.body is not None:
        assert {"400", "413", "415", "422"} <= one["responses"].keys()
        assert one["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
            route.body.__name__
        )
    if route.right is not None:
        assert one["security"] == [{"bearer": []}], "the staff's clients carry no cookie"
    elif not route.public and route.method != "GET":
        assert {"csrf": [], "cookie": []} in one["security"]


def test_a_route_added_later_appears_with_a_body_to_start_from(document: dict[str, Any]) -> None:
    class Later(Form):
        why: Line
        often: int = 2

    def tell_later(call: Call) -> None:
        """Said `later`."""

    tell_later.__module__ = meta.__name__
    ROUTES.append(
        Route(
            "POST",
            "/v1/later/{later_id}",
            "Later",
            False,
            202,
            Later,
            False,
            True,
            (),
            tell_later,
            Permission.OWN_SETTINGS,
        )
    )
    try:
        openapi.document.cache_clear()
        later = openapi.document()
        validate(json.loads(json.dumps(later)))
        page = reference.page(later)
    finally:
        ROUTES.pop()
    assert "Later" in later["components"]["schemas"]
    assert "tell_later" in page
    assert "&quot;why&quot;: &quot;text&quot;" in page
    assert "Said <code>later</code>." in page


def test_examples_can_be_sent() -> None:
    models = {route.body.__name__: route.body for route in ROUTES if route.body is not None}
    assert described.EXAMPLES.keys() <= models.keys()
    for name, example in described.EXAMPLES.items():
        models[name].model_validate(example)
    assert described.EXAMPLES["ConsentGiven"]["text_version"] in texts.TEXTS


def test_answers_look_as_described(document: dict[str, Any]) -> None:
    delivery = Delivery(
        company_id="co_1",
        message_id="msg_1",
        number=0,
        person="hash",
        state=OutboxState.PENDING,
        email="lena@nordlicht.example",
    )
    entry = Entry("token", 1, USER, COMPANY, PLACE)
    user = accounts.user_view(USER, PLACE.member)
    company = accounts.company_view(COMPANY, PLACE.access)
    shown = {
        "User": user,
        "Company": company,
        "Session": browser.session_answer(entry),
        "SessionAnswer": json.loads(accounts.entered(entry).body),
        "Contact": contacts._contact(CONTACT, 1),
        "Message": messages._report(Report(MESSAGE, [delivery])),
        "Policy": policy._policy("2025-01-16"),
    }
    shown["ContactPage"] = {"items": [shown["Contact"]], "next_cursor": None}
    shown["MessagePage"] = {"items": [shown["Message"]], "next_cursor": MESSAGE.message_id}
    for name, value in shown.items():
        agrees(document, shapes.ref(name), value)


def test_path_parameters_take_what_the_views_take() -> None:
    assert set(openapi._PLACES["purpose"]["enum"]) == {purpose.value for purpose in standing._PURPOSES}
    assert re.search(openapi._ID["pattern"], ids.new("msg"))


def test_names_of_answers_and_of_bodies_differ() -> None:
    bodies = openapi._models(list(ROUTES))[1]
    assert not bodies.keys() & described.SHAPES.keys()
    named = {name for route in ROUTES for name in (route.answer, route.pending) if name is not None}
    assert named <= described.SHAPES.keys()


class _Page(HTMLParser):
    """Collects what matters to a browser: ids, references, places that load something."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.labels: list[str] = []
        self.inputs: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.inline: dict[str, str] = {}
        self.inside = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.inside = tag
        if tag not in {"meta", "input", "wbr"}:
            self.open.append(tag)
        self.handlers += [name for name in found if name.startswith("on") or name == "style"]
        self.loads += [str(value) for name, value in attrs if name in {"src", "srcset", "action"}]
        if "id" in found:
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.targets.append(str(found["href"]))
        if tag == "label":
            self.labels.append(str(found["for"]))
        if tag in {"input", "textarea"}:
            self.inputs.append(str(found["id"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.inside in {"style", "script"} and data.strip():
            self.inline.setdefault(self.inside, data)


def test_the_page_loads_nothing_and_is_allowed_by_its_own_policy(document: dict[str, Any]) -> None:
    page = _Page()
    page.feed(reference.page(document))
    assert not page.open
    assert not page.loads
    assert not page.handlers
    assert len(page.ids) == len(set(page.ids))
    assert {target[1:] for target in page.targets if target.startswith("#")} <= set(page.ids)
    assert {target for target in page.targets if not target.startswith("#")} == {"openapi.json"}
    assert set(page.labels) == set(page.inputs)
    assert {route.view.__name__ for route in ROUTES} <= set(page.ids)
    assert "unsafe" not in reference.CSP
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.inline[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in reference.CSP


def test_the_page_escapes_what_a_description_holds(document: dict[str, Any]) -> None:
    hostile = json.loads(json.dumps(document).replace("Store a contact", "</script><script>1</script>'"))
    page = reference.page(hostile)
    assert "<script>1" not in page
    assert page.count("</script>") == 1


def test_figures_in_the_text_come_from_the_code(document: dict[str, Any]) -> None:
    about = document["info"]["description"]
    assert f"1 to {bodies.MAX_PAGE}" in about
    assert browser.COOKIE in about
    assert "$" not in about

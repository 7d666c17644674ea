"""What the deployed stack answers is what its own description says: member by member, nothing more or less."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration import asking, models, sharer
from tests.integration.client import User, fresh_address, mail_to, request, sign_up

NOT_OURS = {
    "/docs",
    "/openapi.json",
    "/v1/announcements/page",
    "/v1/requests/page",
    "/v1/wechat/callback",
    "/v1/contacts/export",
}
"""A page, a document whose form others define, what needs a way to WeChat first, and a CSV file."""
STAFF = "/v1/staff/"
"""The operator's own people have pages of their own: see test_staff_described.py."""


@pytest.fixture(scope="module")
def document(stack: LocalStack) -> dict[str, Any]:
    answer = request(f"{stack.api}/openapi.json")
    assert answer.status == 200
    found: dict[str, Any] = answer.json
    return found


@pytest.fixture(scope="module")
def busy(stack: LocalStack) -> User:
    """Somebody with one of most things, so that lists are not empty."""
    user = sign_up(stack)
    contact = user.contact(fresh_address("bob", "buyer.example"))
    user.consent(contact["id"])
    user.settled(user.write(contact["email"]))
    invited = fresh_address("colleague")
    assert user.call("POST", "/v1/company/members", {"email": invited, "role": "member"}).status == 202
    mail_to(stack, invited)
    lists = {"lawful_basis": {"basis": "contract", "source": "orders"}, "csv": "name\nBob Buyer\n"}
    assert user.call("POST", "/v1/contacts/imports", lists).status == 202
    assert user.call("POST", "/v1/company/departments", {"name": "Sales"}).status == 201
    sharer.share(sharer.accept(user), sharer.person(), sharer.person("nobody"))
    models.switch_on(user)
    models.over(user, models.ask(user, text="we can to offer you good price"))
    asking.ask(stack, "access", contact["email"]).settled()
    return user


def described(document: dict[str, Any], method: str, path: str, status: int) -> dict[str, Any] | None:
    answer = document["paths"][path][method.lower()]["responses"][str(status)]
    content = answer.get("content", {}).get("application/json")
    return None if content is None else content["schema"]


@pytest.mark.clause("self-service")
def test_every_page_a_user_can_read_is_as_described(document: dict[str, Any], busy: User) -> None:
    seen = 0
    for path, methods in document["paths"].items():
        if "get" not in methods or "{" in path or path in NOT_OURS or path.startswith(STAFF):
            continue
        answer = busy.call("GET", path)
        if path == "/v1/wechat/authorize":
            answer = busy.call("GET", f"{path}?intent=login")
        assert answer.status == 200, (path, answer.body)
        schema = described(document, "GET", path, 200)
        assert schema is not None, path
        assert schema != {"type": "object"}, f"{path} is not described"
        agrees(document, schema, answer.json, filled=False, place=path)
        seen += 1
    assert seen >= 15


@pytest.mark.clause("self-service")
def test_every_single_thing_a_user_can_read_is_as_described(document: dict[str, Any], busy: User) -> None:
    """One thing of each list, by its own address."""
    seen = 0
    for path, methods in document["paths"].items():
        place = re.fullmatch(r"(.*)/\{\w+_id\}", path)
        if (
            "get" not in methods
            or place is None
            or "get" not in document["paths"].get(place[1], {})
            or path.startswith(STAFF)
        ):
            continue
        items = busy.call("GET", place[1]).json["items"]
        assert items, f"{place[1]} has nothing to look at"
        answer = busy.call("GET", f"{place[1]}/{items[0]['id']}")
        assert answer.status == 200, (path, answer.body)
        schema = described(document, "GET", path, 200)
        assert schema is not None, path
        agrees(document, schema, answer.json, filled=False, place=path)
        seen += 1
    assert seen >= 3

"""Adding somebody who is a contact already: they are found in every spelling, and the user chooses."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import eraser
from tests.integration.client import Answer, User, eventually, fresh_address, sign_up
from tests.integration.people import join

pytestmark = pytest.mark.clause("stored")

BASIS = {"basis": "consent", "source": "trade fair"}


@pytest.fixture
def user(stack: LocalStack) -> User:
    return sign_up(stack)


def add(user: User, email: str, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    body = {"name": "Bob", "email": email, "lawful_basis": BASIS, **more}
    return user.call("POST", "/v1/contacts", body, headers)


def count(user: User) -> int:
    return len(user.call("GET", "/v1/contacts").json["items"])


@pytest.mark.parametrize(
    "other",
    [
        "bob.buyer@münchen.example",
        "Bob.BUYER@MÜNCHEN.example",
        "bob.buyer@xn--mnchen-3ya.example",
        "bob.buyer+fair@münchen.example",
        "bob.buyer@mu\u0308nchen.example",
        " bob.buyer@ｍünchen.example ",
    ],
)
def test_a_person_is_found_again_however_the_address_is_written(user: User, other: str) -> None:
    first = user.contact("bob.buyer@münchen.example", "Bob Buyer", company="Bee Ltd")
    answer = add(user, other)
    assert (answer.status, answer.json["code"], answer.json["clause"]) == (409, "duplicate", "stored")
    assert answer.json["candidates"] == [{"id": first["id"], "name": "Bob Buyer", "company": "Bee Ltd"}]
    assert count(user) == 1


def test_others_are_not_taken_for_them(user: User) -> None:
    user.contact("bob.buyer@buyer.example")
    for other in ("bobbuyer@buyer.example", "bob.buyer@other.example", "rob.buyer@buyer.example"):
        assert add(user, other).status == 201
    for _ in range(2):
        body = {"name": "No Address", "lawful_basis": BASIS}
        assert user.call("POST", "/v1/contacts", body).status == 201


def test_the_user_may_make_another_contact_of_the_same_person(user: User) -> None:
    email = fresh_address("bob")
    first = user.contact(email)
    second = add(user, email, if_exists="create")
    assert second.status == 201
    shown = [one["id"] for one in add(user, email).json["candidates"]]
    assert shown == [second.json["id"], first["id"]], "the newest first"


def test_an_update_puts_in_what_is_given_and_keeps_the_rest(user: User) -> None:
    email = fresh_address("bob")
    first = user.contact(email, "Bob", company="Old Ltd", phone="+49 40 5550", country="DE")
    answer = add(user, email.upper(), company="New Ltd", if_exists="update", name="Robert")
    assert answer.status == 200
    assert answer.json["id"] == first["id"]
    kept = {"phone": "+49 40 5550", "country": "DE"}
    assert answer.json | kept | {"name": "Robert", "company": "New Ltd", "version": 2} == answer.json
    assert user.call("GET", f"/v1/contacts/{first['id']}").json == answer.json
    assert count(user) == 1
    nobody = add(user, fresh_address("new"), if_exists="update")
    assert nobody.status == 201, "whoever is not there is added"


def test_an_update_that_is_sent_twice_is_made_once(user: User) -> None:
    email, key = fresh_address("bob"), {"Idempotency-Key": "once-1"}
    first = user.contact(email)
    for _ in range(2):
        answer = add(user, email, key, name="Robert", if_exists="update")
        assert (answer.json["id"], answer.json["version"]) == (first["id"], 2)


def test_a_contact_that_was_deleted_or_has_another_address_now_is_no_candidate(user: User) -> None:
    email = fresh_address("bob")
    first = user.contact(email)
    changed = {"version": 1, "email": fresh_address("else")}
    assert user.call("PATCH", f"/v1/contacts/{first['id']}", changed).status == 200
    second = eventually(lambda: made if (made := add(user, email)).status == 201 else None).json
    assert user.call("DELETE", f"/v1/contacts/{second['id']}").status == 204
    assert eventually(lambda: add(user, email).status == 201)


@pytest.mark.clause("restrictions", "access")
def test_a_duplicate_is_no_way_around_the_companys_rules(stack: LocalStack, user: User) -> None:
    ben, email = join(user), fresh_address("bob")
    first = user.contact(email, "Bob")
    version = user.call("GET", "/v1/company/restrictions").json["version"]
    item = {"action": "change", "category": "stored", "roles": ["member"], "scope": "any"}
    wanted = {"version": version, "items": [item]}
    assert user.call("PUT", "/v1/company/restrictions", wanted).status == 200
    answer = add(ben, email, name="Robert", if_exists="update")
    assert (answer.status, answer.json["code"]) == (403, "restricted_by_company")
    assert user.call("GET", f"/v1/contacts/{first['id']}").json == first


@pytest.mark.clause("requests")
def test_who_was_forgotten_is_no_duplicate_but_stays_away(stack: LocalStack, user: User) -> None:
    email = fresh_address("gone")
    user.contact(email)
    eraser.erase(stack, user.company["id"], email)
    for choice in ("ask", "create", "update"):
        answer = add(user, email.upper(), if_exists=choice)
        assert (answer.status, answer.json["code"]) == (403, "person_erased")
        assert "candidates" not in answer.json


def test_a_contact_of_another_company_is_nobodys_duplicate(stack: LocalStack, user: User) -> None:
    email = fresh_address("bob")
    user.contact(email)
    assert add(sign_up(stack), email).status == 201

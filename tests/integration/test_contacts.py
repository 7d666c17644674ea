"""Contacts: nothing a user stored is lost, doubled or overwritten, whatever the network does."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy import retention
from infra.local import LocalStack
from tests.integration.client import Answer, User, fresh_address, log_in, sign_up

API = "okki-leads-api"
BASIS = {"basis": "legitimate_interest", "source": "Canton Fair 2026, hall 5"}
FULL = {
    "name": "林美玲 🌷",
    "email": "mei.ling@tan-logistics.example",
    "company": "Tan & Söhne GmbH",
    "position": "Head of Purchasing",
    "country": "SG",
    "phone": "+65 6123-4567",
    "social": ["https://social.example/in/mei", "http://social.example/王"],
    "lawful_basis": BASIS,
}
LEAST = {"name": "Bob Buyer", "lawful_basis": BASIS}


@pytest.fixture
def user(stack: LocalStack) -> User:
    """A company of its own, so that lists hold the test's contacts only."""
    return sign_up(stack)


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def refused(answer: Answer, status: int, code: str, field: str | None = None, why: str | None = None) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    if field is not None:
        assert {"field": field, "code": why} in answer.json["errors"], answer.body


def listed(user: User, **query: Any) -> list[str]:
    """All ids, over as many pages as it takes."""
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        limit = query.get("limit", 200)
        page = user.call("GET", f"/v1/contacts?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
        found += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    return found


def without_id(answer: Answer) -> tuple[int, dict[str, str], Any]:
    body = dict(answer.json)
    body.pop("request_id")
    changing = {"date", "x-amzn-requestid", "x-amz-request-id"}
    return answer.status, {k: v for k, v in answer.headers.items() if k not in changing}, body


# ---------------------------------------------------------------- the ordinary way


@pytest.mark.clause("stored", "self-service")
def test_what_was_stored_is_what_is_read_changed_and_deleted(user: User) -> None:
    answer = user.call("POST", "/v1/contacts", FULL)
    assert answer.status == 201
    made = answer.json
    assert made | FULL == made
    assert made["version"] == 1
    assert made["created_at"] == made["updated_at"]
    assert user.call("GET", f"/v1/contacts/{made['id']}").json == made
    assert user.call("GET", "/v1/contacts").json == {"items": [made], "next_cursor": None}

    answer = user.call(
        "PATCH", f"/v1/contacts/{made['id']}", {"version": 1, "position": "CEO", "phone": None}
    )
    assert answer.status == 200
    changed = answer.json
    assert changed | {"updated_at": ""} == made | {
        "version": 2,
        "position": "CEO",
        "phone": None,
        "updated_at": "",
    }
    assert user.call("GET", f"/v1/contacts/{made['id']}").json == changed

    answer = user.call("DELETE", f"/v1/contacts/{made['id']}")
    assert (answer.status, answer.body) == (204, b"")
    for method, body in (("GET", None), ("PATCH", {"version": 2, "name": "x"}), ("DELETE", None)):
        refused(user.call(method, f"/v1/contacts/{made['id']}", body), 404, "not_found")
    assert listed(user) == []


@pytest.mark.clause("stored")
def test_a_contact_needs_a_name_and_a_lawful_basis_and_no_more(user: User) -> None:
    made = user.call("POST", "/v1/contacts", LEAST).json
    empty = dict.fromkeys(("email", "company", "position", "country", "phone"))
    assert made | empty | {"social": []} == made
    answer = user.call("POST", "/v1/contacts", {})
    refused(answer, 422, "invalid", "name", "required")
    refused(answer, 422, "invalid", "lawful_basis", "required")
    for basis in ("because", "CONSENT", None, 1):
        answer = user.call("POST", "/v1/contacts", {"name": "x", "lawful_basis": {**BASIS, "basis": basis}})
        refused(answer, 422, "invalid", "lawful_basis.basis", "not_a_choice")


@pytest.mark.clause("stored", "singapore")
def test_nobody_else_reads_a_contact_out_of_the_table(stack: LocalStack, user: User) -> None:
    made = user.call("POST", "/v1/contacts", FULL, key()).json
    found = stack.client("dynamodb").query(
        TableName="okki-leads-workspace",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": user.company["id"]}},
    )["Items"]
    assert {row["kind"]["S"] for row in found} == {"contact", "idempotency"}
    assert made["id"] in repr(found)
    for value in ("林美玲", "mei.ling", "Söhne", "Purchasing", "6123-4567", "social.example", "Canton"):
        assert value.encode() not in b"".join(bytes(row["sealed"]["B"]) for row in found if "sealed" in row)
        assert value not in repr(found)
        assert value not in stack.logs("APIHandler")


@pytest.mark.clause("self-service")
def test_a_change_touches_only_what_was_sent(user: User) -> None:
    made = user.call("POST", "/v1/contacts", FULL).json
    path = f"/v1/contacts/{made['id']}"
    optional = ("email", "company", "position", "country", "phone")
    version = 1
    for field in optional:
        changed = user.call("PATCH", path, {"version": version, field: None}).json
        version += 1
        assert (changed[field], changed["version"]) == (None, version)
    changed = user.call("PATCH", path, {"version": version, "social": None}).json
    assert changed["social"] == []
    other = {"basis": "contract", "source": "order 4711"}
    changed = user.call("PATCH", path, {"version": version + 1, "lawful_basis": other}).json
    assert (changed["name"], changed["lawful_basis"]) == (FULL["name"], other)
    for field in ("name", "lawful_basis"):
        answer = user.call("PATCH", path, {"version": version + 2, field: None})
        refused(answer, 422, "invalid", field, "required")
    answer = user.call("PATCH", path, {"version": version + 2, "lawful_basis": {"basis": "contract"}})
    refused(answer, 422, "invalid", "lawful_basis.source", "required")
    refused(user.call("PATCH", path, {"name": "x"}), 422, "invalid", "version", "required")
    assert user.call("GET", path).json == changed


@pytest.mark.clause("self-service")
def test_two_who_change_a_contact_do_not_overwrite_each_other(user: User) -> None:
    made = user.contact(fresh_address("bob"))
    path = f"/v1/contacts/{made['id']}"
    assert user.call("PATCH", path, {"version": 1, "company": "first"}).status == 200
    refused(user.call("PATCH", path, {"version": 1, "company": "second"}), 409, "changed")
    refused(user.call("PATCH", path, {"version": 3, "company": "third"}), 409, "changed")
    with ThreadPoolExecutor(5) as pool:
        answers = list(
            pool.map(lambda n: user.call("PATCH", path, {"version": 2, "company": f"racer {n}"}), range(5))
        )
    won = [answer.json for answer in answers if answer.status == 200]
    assert len(won) == 1
    assert all(answer.status in {200, 409} for answer in answers)
    assert user.call("GET", path).json == won[0]
    assert won[0]["version"] == 3


@pytest.mark.clause("stored")
def test_an_unknown_a_foreign_and_a_malformed_id_get_the_very_same_answer(
    stack: LocalStack, user: User
) -> None:
    foreign = sign_up(stack).contact(fresh_address("bob"))["id"]
    mine = user.contact(fresh_address("bob"))["id"]
    message = ids.new("msg")
    others = [
        foreign,
        "ct_" + "0" * 26,
        message,
        mine.upper(),
        mine[:-1],
        mine + "%23",
        "%00",
        "~",
        "x" * 3000,
    ]
    for method, body in (("GET", None), ("PATCH", {"version": 1, "name": "x"}), ("DELETE", None)):
        unknown = without_id(user.call(method, f"/v1/contacts/{ids.new('ct')}", body))
        assert unknown[0] == 404
        for other in others:
            assert without_id(user.call(method, f"/v1/contacts/{other}", body)) == unknown, other
    assert listed(user) == [mine]


# ---------------------------------------------------------------- lists


def test_a_list_has_no_gaps_and_no_repeats_while_others_add_and_delete(user: User) -> None:
    made = [user.contact(fresh_address("bob"))["id"] for _ in range(8)]
    newest_first = made[::-1]
    assert listed(user) == newest_first

    seen: list[str] = []
    cursor, pages = "", 0
    while cursor is not None:
        page = user.call("GET", "/v1/contacts?limit=3" + (f"&cursor={cursor}" if cursor else "")).json
        assert len(page["items"]) <= 3
        seen += [one["id"] for one in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
        user.contact(fresh_address("late"))
        if pages == 1:  # the very contact the cursor stands on
            assert user.call("DELETE", f"/v1/contacts/{seen[-1]}").status == 204
    assert seen == newest_first
    assert pages >= 3
    assert len(listed(user, limit=4)) == 8 + pages - 1


def test_a_full_last_page_ends_the_list(user: User) -> None:
    for _ in range(4):
        user.contact(fresh_address("bob"))
    for limit in (1, 2, 4, 5, 200):
        assert len(listed(user, limit=limit)) == 4


@pytest.mark.parametrize(
    "limit", ["0", "-1", "201", "1e2", "", "9" * 30, "0000019999", "000001" + "9" * 5000, "٣", "all"]
)
def test_a_page_has_the_size_it_may_have(user: User, limit: str) -> None:
    from urllib.parse import quote

    refused(user.call("GET", f"/v1/contacts?limit={quote(limit)}"), 422, "invalid", "limit", "out_of_range")


# ---------------------------------------------------------------- repeating a request


def test_a_repeated_request_makes_one_contact(user: User) -> None:
    once = key()
    first = user.call("POST", "/v1/contacts", FULL, once)
    again = user.call("POST", "/v1/contacts", FULL, once)
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert listed(user) == [first.json["id"]]
    # Without a key, and with another one, it is another contact, if that is wanted.
    another = {**FULL, "if_exists": "create"}
    assert user.call("POST", "/v1/contacts", another).json["id"] != first.json["id"]
    assert user.call("POST", "/v1/contacts", another, key()).json["id"] != first.json["id"]
    # What is returned is the contact as it is now.
    user.call("PATCH", f"/v1/contacts/{first.json['id']}", {"version": 1, "position": "CEO"})
    assert user.call("POST", "/v1/contacts", FULL, once).json["version"] == 2


def test_a_key_belongs_to_one_body_one_user_and_one_day(stack: LocalStack, user: User) -> None:
    once = key()
    first = user.call("POST", "/v1/contacts", FULL, once).json
    answer = user.call("POST", "/v1/contacts", {**FULL, "name": "Somebody Else"}, once)
    refused(answer, 422, "invalid", "Idempotency-Key", "used_with_another_body")
    other = sign_up(stack)
    assert other.call("POST", "/v1/contacts", FULL, once).json["id"] != first["id"]
    third = {**FULL, "name": "Third", "if_exists": "create"}
    assert other.call("POST", "/v1/contacts", third, key()).status == 201
    # the same key elsewhere is another key
    mail = {
        "to": [{"email": fresh_address("bob")}],
        "subject": "Hello",
        "html": "<p>Hello</p>",
        "kind": "business",
    }
    assert user.call("POST", "/v1/messages", mail, once).status == 202
    stack.advance(int(retention.IDEMPOTENCY.total_seconds()) // 2 - 60)
    user.call("GET", "/v1/me")  # stays logged in
    stack.advance(int(retention.IDEMPOTENCY.total_seconds()) // 2 + 120)
    entered = log_in(stack, user.email, headers={"X-Local-Client": user.address})
    token = entered.json["session"]["token"]
    again = {**FULL, "if_exists": "create"}
    later = user.call("POST", "/v1/contacts", again, {**once, "Authorization": f"Bearer {token}"})
    assert later.status == 201
    assert later.json["id"] != first["id"]


@pytest.mark.clause("stored")
def test_a_deleted_contact_does_not_come_back_with_a_repeated_request(user: User) -> None:
    once = key()
    made = user.call("POST", "/v1/contacts", FULL, once).json
    assert user.call("DELETE", f"/v1/contacts/{made['id']}").status == 204
    refused(user.call("POST", "/v1/contacts", FULL, once), 409, "gone")
    assert listed(user) == []


def test_the_same_request_several_times_at_once_makes_one_contact(user: User) -> None:
    once = key()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: user.call("POST", "/v1/contacts", FULL, once), range(6)))
    assert [answer.status for answer in answers] == [201] * 6, [answer.body for answer in answers]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert listed(user) == [answers[0].json["id"]]


def test_different_bodies_under_one_key_at_once_make_one_contact(user: User) -> None:
    once = key()
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda n: user.call("POST", "/v1/contacts", {**LEAST, "name": f"Racer {n}"}, once), range(4)
            )
        )
    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]
    assert len(listed(user)) == 1


@pytest.mark.parametrize("bad", ["", "a\tb", "\x01", "a\x7fb", "schlüssel", "x" * 129])
def test_a_key_that_cannot_be_kept_is_refused_and_nothing_is_made(user: User, bad: str) -> None:
    header = {"Idempotency-Key": bad.encode("latin-1")}
    answer = user.call("POST", "/v1/contacts", FULL, header)  # type: ignore[arg-type]  # bytes
    refused(answer, 422, "invalid", "Idempotency-Key", "malformed")
    assert listed(user) == []


# ---------------------------------------------------------------- a network that fails

FAULTS = ["lose_reply", "lose_request", "conflict", "throttle", "fail"]


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed"])
def test_a_contact_is_stored_once_though_the_first_tries_fail(
    stack: LocalStack, user: User, kind: Any, keyed: bool
) -> None:
    operation = "TransactWriteItems" if keyed else "PutItem"
    fault = stack.wire.inject(kind=kind, operation=operation, contains="contact#", function=API, times=2)
    headers = key() if keyed else {}
    answer = user.call("POST", "/v1/contacts", FULL, headers)
    assert answer.status == 201, answer.body
    assert fault.hits == 2
    assert listed(user) == [answer.json["id"]]
    assert user.call("GET", f"/v1/contacts/{answer.json['id']}").json == answer.json
    if keyed:
        assert user.call("POST", "/v1/contacts", FULL, headers).json == answer.json


@pytest.mark.parametrize("kind", FAULTS)
def test_a_change_is_made_once_though_the_first_tries_fail(stack: LocalStack, user: User, kind: Any) -> None:
    made = user.contact(fresh_address("bob"))
    fault = stack.wire.inject(kind=kind, operation="PutItem", contains="contact#", function=API, times=2)
    answer = user.call("PATCH", f"/v1/contacts/{made['id']}", {"version": 1, "company": "Bee Ltd"})
    assert fault.hits == 2
    assert (answer.status, answer.json["version"], answer.json["company"]) == (200, 2, "Bee Ltd")
    assert user.call("GET", f"/v1/contacts/{made['id']}").json == answer.json


@pytest.mark.clause("stored")
@pytest.mark.parametrize("kind", FAULTS)
def test_a_deletion_takes_effect_though_the_first_tries_fail(
    stack: LocalStack, user: User, kind: Any
) -> None:
    made = user.contact(fresh_address("bob"))
    fault = stack.wire.inject(kind=kind, operation="DeleteItem", contains="contact#", function=API, times=2)
    assert user.call("DELETE", f"/v1/contacts/{made['id']}").status == 204
    assert fault.hits == 2
    refused(user.call("GET", f"/v1/contacts/{made['id']}"), 404, "not_found")


@pytest.mark.clause("consent")
def test_a_consent_whose_reply_was_lost_has_one_receipt(stack: LocalStack, user: User) -> None:
    made = user.contact(fresh_address("bob"))
    fault = stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API, times=2)
    answer = user.consent(made["id"])
    assert answer.status == 200
    assert fault.hits == 2
    receipts = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": user.company["id"]}},
    )["Items"]
    entries = [row for row in receipts if row["kind"]["S"] != "head"]
    about = [row["sk"]["S"] for row in entries if row["facts"]["M"]["purpose"]["S"] == "tracking"]
    assert [key.split("#")[2] for key in about] == [answer.json["receipt_id"]]


def test_when_nothing_can_be_written_the_user_is_told_and_may_repeat(stack: LocalStack, user: User) -> None:
    once = key()
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API, times=99)
    answer = user.call("POST", "/v1/contacts", FULL, once)
    assert answer.status in {201, 503}
    stack.wire.reset()
    again = user.call("POST", "/v1/contacts", FULL, once)
    assert again.status == 201
    assert listed(user) == [again.json["id"]]


def test_when_nothing_can_be_read_the_answer_is_not_that_there_is_nothing(
    stack: LocalStack, user: User
) -> None:
    made = user.contact(fresh_address("bob"))
    stack.wire.inject(kind="throttle", operation="GetItem", contains="contact#", function=API, times=99)
    refused(user.call("GET", f"/v1/contacts/{made['id']}"), 503, "unavailable")
    stack.wire.reset()
    stack.wire.inject(kind="fail", operation="Query", contains="contact#", function=API, times=99)
    refused(user.call("GET", "/v1/contacts"), 503, "unavailable")
    stack.wire.reset()
    assert listed(user) == [made["id"]]

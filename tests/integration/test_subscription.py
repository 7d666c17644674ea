"""What a company has paid for counts, once, whatever becomes of the events on the way; nothing else counts."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.api.described.subscription import SHAPES
from chalicelib.privacy.retention import add_months
from infra.local import LocalStack, billing
from tests.integration.client import Answer, User, eventually, fresh_address, sign_up
from tests.integration.letters import at_once, batch_of, drained, failed, rows, sample

pytestmark = pytest.mark.clause("automatic")

DAY = 86_400
PATH = "/v1/company/subscription"


def text(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(told: str) -> int:
    return int(datetime.fromisoformat(told).timestamp())


def fitting(end: float) -> dict[str, Any]:
    """Members of an order whose term ends at this second."""
    last = datetime.fromtimestamp(int(end), UTC)
    for months in (1, 2):  # of two months in a row, one has the day
        first = add_months(last, -months)
        if add_months(first, months) == last:
            return {"starts_at": text(first.timestamp()), "months": months}
    raise AssertionError


def order(company: str, **members: Any) -> dict[str, Any]:
    number = f"ord_{fresh_address()}".replace("@", "-").replace(".", "-")
    said = {"order_id": number, "company_id": company, "plan": "team", "months": 12, "kind": "new", **members}
    return {
        "starts_at": "2026-01-01T00:00:00Z",
        "placed_at": said.get("starts_at", "2026-01-01T00:00:00Z"),
        **said,
    }


def take(stack: LocalStack, *details: Mapping[str, Any]) -> list[int]:
    """Hand these event details to the worker in one batch; which of them must come again."""
    return failed(
        stack.invoke("TakeOrders", batch_of("billing", *(json.dumps({"detail": d}) for d in details)))
    )


def paid(stack: LocalStack, user: User, **members: Any) -> dict[str, Any]:
    """An order of billing for the user's company, taken."""
    made = order(user.company["id"], **members)
    signed = billing.signed(stack.billing_key, made)
    # Again, as the queue would bring it, should a function that is just starting have run out of patience.
    assert eventually(lambda: take(stack, signed) == [])
    return made


def shown(user: User) -> dict[str, Any]:
    answer = user.call("GET", PATH)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def contact(user: User) -> Answer:
    body = {"name": "Bob", "lawful_basis": {"basis": "consent", "source": "fair"}}
    return user.call("POST", "/v1/contacts", body)


def sweep(stack: LocalStack) -> None:
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "tasks", "notices")


def subjects(stack: LocalStack, user: User) -> list[str]:
    """About the subscription, the oldest first."""
    return [mail["subject"] for mail in stack.mails(user.email) if "subscription" in mail["subject"]][::-1]


def refusals(stack: LocalStack) -> list[str]:
    lines = [line for line in stack.logs("TakeOrders").splitlines() if '"order_refused"' in line]
    return [json.loads(line[line.index("{") :])["reason"] for line in lines]


# -- orders -------------------------------------------------------------------------------------------


def test_a_paid_order_comes_over_the_bus_and_is_shown_with_its_renewals(stack: LocalStack) -> None:
    user = sign_up(stack)
    before = shown(user)
    assert (before["state"], before["plan"], before["term_ends_at"], before["history"]["items"]) == (
        "active",
        None,
        None,
        [],
    )
    now = stack.now()
    first = order(
        user.company["id"], plan="starter", starts_at=text(now - DAY), months=1, placed_at=text(now)
    )
    stack.order(billing.signed(stack.billing_key, first))
    found = eventually(lambda: seen if (seen := shown(user))["plan"] else None)
    assert (found["plan"], found["seats"], found["state"]) == ("starter", 5, "active")
    assert found["term_starts_at"] == first["starts_at"]
    for _ in range(3):
        paid(stack, user, kind="renewal", starts_at=found["term_ends_at"], placed_at=text(now))
    found = shown(user)
    assert found["ends_in_days"] > 1100
    assert found["plan"] == "starter"  # what was renewed begins when this one ends
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = user.call("GET", f"{PATH}?limit=3{cursor and '&cursor=' + cursor}").json["history"]
        items, cursor = items + page["items"], page["next_cursor"]
    assert [one["kind"] for one in items] == ["renewal"] * 3 + ["new"]
    assert {one["category"] for one in items} == {"automatic"}
    assert items[0]["ends_at"] == found["term_ends_at"]
    assert set(found) == set(SHAPES["Subscription"]["properties"])
    assert set(items[0]) == set(SHAPES["Order"]["properties"])
    assert items[-1]["order_id"] == first["order_id"]
    assert user.call("GET", f"{PATH}?cursor=ord_of_somebody_else").status == 422
    drained(stack, "notices")
    assert len(subjects(stack, user)) == 4


@pytest.mark.clause("encryption")
def test_what_a_company_ordered_is_sealed_where_it_is_kept(stack: LocalStack) -> None:
    user = sign_up(stack)
    paid(stack, user, plan="business", months=17)
    (row,) = [
        row for row in rows(stack, "accounts", user.company["id"]) if row["sk"]["S"].startswith("order#")
    ]
    assert set(row["facts"]["M"]) == {"taken_at"}
    assert b"business" not in row["sealed"]["B"]


def test_an_order_counts_once_however_often_and_in_whatever_order_it_comes(stack: LocalStack) -> None:
    user = sign_up(stack)
    company = user.company["id"]
    first = order(company, starts_at="2026-01-31T00:00:00Z", months=1)
    second = order(
        company, starts_at="2026-02-28T00:00:00Z", months=1, kind="renewal", placed_at="2026-02-01T00:00:00Z"
    )
    third = order(
        company,
        starts_at="2026-03-31T00:00:00Z",
        months=240 // 5,
        kind="renewal",
        placed_at="2026-02-02T00:00:00Z",
    )
    signed = [billing.signed(stack.billing_key, one) for one in (first, second, third)]
    assert take(stack, signed[2], signed[1], signed[1]) == []
    assert take(stack, signed[0], signed[2], signed[0]) == []
    found = shown(user)
    assert [one["order_id"] for one in found["history"]["items"]] == [
        third["order_id"],
        second["order_id"],
        first["order_id"],
    ]
    assert found["term_ends_at"] == "2030-03-31T00:00:00Z"
    drained(stack, "notices")
    assert len(subjects(stack, user)) == 3


def test_two_orders_at_once_both_count(stack: LocalStack) -> None:
    user = sign_up(stack)
    orders = [order(user.company["id"], starts_at="2026-01-01T00:00:00Z", months=12) for _ in range(4)]
    threads = [
        threading.Thread(target=take, args=(stack, billing.signed(stack.billing_key, one))) for one in orders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in orders:  # what had to wait comes again, as from the queue
        assert take(stack, billing.signed(stack.billing_key, one)) == []
    found = shown(user)
    assert len(found["history"]["items"]) == 4
    assert found["term_ends_at"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize("operation", ["TransactWriteItems", "Query", "GetItem"])
@pytest.mark.parametrize("kind", ["lose_reply", "fail"])
def test_a_fault_while_an_order_is_taken_neither_loses_nor_doubles_it(
    stack: LocalStack, kind: Any, operation: str
) -> None:
    user = sign_up(stack)
    signed = billing.signed(
        stack.billing_key, order(user.company["id"], starts_at="2026-01-01T00:00:00Z", months=60)
    )
    fault = stack.wire.inject(
        kind=kind, service="dynamodb", operation=operation, function="okki-leads-take-orders", times=3
    )
    take(stack, signed)
    assert fault.hits
    stack.wire.reset()
    assert take(stack, signed) == []
    found = shown(user)
    assert (len(found["history"]["items"]), found["term_ends_at"]) == (1, "2031-01-01T00:00:00Z")
    drained(stack, "notices")
    assert len(subjects(stack, user)) == 1


@pytest.mark.clause("access")
def test_a_forged_order_gives_nobody_anything_and_wakes_somebody(stack: LocalStack) -> None:
    user, other = sign_up(stack), sign_up(stack)
    good = billing.signed(stack.billing_key, order(user.company["id"]))
    forged = {
        "malformed": {"order": good["order"]},
        "bad_signature": {**good, "order": good["order"].replace(user.company["id"], other.company["id"])},
    }
    dead = len(stack.messages("billing-dead"))
    before = len(refusals(stack))
    for detail in forged.values():
        assert take(stack, detail) == []  # dropped: it never becomes true
    assert eventually(
        lambda: len(told) == 2 and told if (told := refusals(stack)[before:]) else None
    ) == list(forged)
    assert [shown(one)["history"]["items"] for one in (user, other)] == [[], []]
    assert len(stack.messages("billing-dead")) == dead
    assert good["order"] not in stack.logs("TakeOrders")


def test_an_order_we_cannot_read_yet_waits_for_a_person(stack: LocalStack) -> None:
    user = sign_up(stack)
    company = user.company["id"]
    unread = [
        billing.signed(stack.billing_key, order("co_06gv7s2k81r0bo4m5p3t9d6e8g")),
        billing.signed(stack.billing_key, order(company, plan="enterprise")),
        billing.signed(stack.billing_key, order(company, coupon="SPRING")),
        {**billing.signed(stack.billing_key, order(company)), "key": "2"},
    ]
    good = billing.signed(stack.billing_key, order(company))
    assert take(stack, *unread, good) == [0, 1, 2, 3]
    assert len(shown(user)["history"]["items"]) == 1
    with at_once(stack):
        stack.order(unread[1])
        found = eventually(lambda: [one for one in stack.messages("billing-dead") if company in one], 40)
    assert json.loads(found[0])["detail"] == unread[1]


def test_the_number_of_an_order_cannot_be_used_for_another_one(stack: LocalStack) -> None:
    user = sign_up(stack)
    first = paid(stack, user, months=1)
    before = len(refusals(stack))
    assert take(stack, billing.signed(stack.billing_key, {**first, "months": 36})) == [0], "kept for a person"
    assert eventually(lambda: refusals(stack)[before:]) == ["id_used_again"]
    assert [one["months"] for one in shown(user)["history"]["items"]] == [1]


def set_state(stack: LocalStack, user: User, state: str) -> None:
    stack.client("dynamodb").update_item(
        TableName="okki-leads-accounts",
        Key={"pk": {"S": user.company["id"]}, "sk": {"S": "access"}},
        UpdateExpression="SET facts.#s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": state}},
    )


@pytest.mark.parametrize("state", ["restricted", "cancelling", "cancelled"])
@pytest.mark.clause("cancellation")
def test_paying_lifts_no_restriction_and_brings_nobody_back(stack: LocalStack, state: str) -> None:
    user = sign_up(stack)
    set_state(stack, user, state)
    before = len(refusals(stack))
    if state == "cancelled":
        one = billing.signed(stack.billing_key, order(user.company["id"]))
        assert take(stack, one) == [0], "kept for a person: somebody may have paid"
        assert eventually(lambda: refusals(stack)[before:]) == ["company_cancelled"]
        return
    paid(stack, user)
    found = shown(user)
    assert (found["state"], len(found["history"]["items"])) == (state, 1)
    assert contact(user).json["code"] == "company_not_active"


# -- the end of a term --------------------------------------------------------------------------------


@pytest.mark.clause("cancellation")
def test_a_term_that_is_over_stops_sending_and_not_reading_and_a_renewal_restores_it_at_once(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    end = int(stack.now()) + 3600
    paid(stack, user, **fitting(end))
    assert shown(user)["term_ends_at"] == text(end)
    assert contact(user).status == 201
    stack.advance(3601)
    for refused in (
        contact(user),
        user.call(
            "POST",
            "/v1/messages",
            {
                "to": [{"email": "bob@buyer.example"}],
                "subject": "x",
                "html": "x",
                "kind": "business",
                "tracking": False,
            },
        ),
    ):
        assert (refused.status, refused.json["code"], refused.json["clause"]) == (
            403,
            "company_not_active",
            "cancellation",
        )
    assert [user.call("GET", path).status for path in ("/v1/me", "/v1/contacts", "/v1/messages", PATH)] == [
        200
    ] * 4
    found = shown(user)
    assert (found["state"], found["ends_in_days"], found["plan"]) == ("expired", 0, "team")
    assert user.call("GET", "/v1/me").json["company"]["state"] == "expired"
    now = stack.now()
    paid(stack, user, kind="renewal", starts_at=text(now), placed_at=text(now), months=1)
    assert shown(user)["state"] == "active"
    assert contact(user).status == 201


@pytest.mark.clause("cancellation")
def test_a_renewal_in_the_last_seconds_leaves_no_gap(stack: LocalStack) -> None:
    user = sign_up(stack)
    end = int(stack.now()) + 3600
    paid(stack, user, **fitting(end))
    stack.advance(3600 - 300)
    paid(stack, user, kind="renewal", starts_at=text(end), placed_at=text(end - 1), months=1)
    stack.advance(340)
    assert stack.now() > end
    assert contact(user).status == 201
    found = shown(user)
    assert seconds(found["history"]["items"][0]["starts_at"]) == end


def test_admins_hear_of_the_end_of_a_term_three_times_and_never_twice(stack: LocalStack) -> None:
    user = sign_up(stack)
    end = int(stack.now()) + 31 * DAY
    paid(stack, user, **fitting(end))
    drained(stack, "notices")
    assert len(subjects(stack, user)) == 1  # the order itself
    sweep(stack)
    assert len(subjects(stack, user)) == 1
    for number, days in ((2, 30), (3, 7)):
        stack.reset_clock()
        stack.advance((31 - days) * DAY + 60)
        for _ in range(3):
            sweep(stack)
        assert len(subjects(stack, user)) == number
        assert f"in {days} days" in subjects(stack, user)[-1]
    stack.advance(7 * DAY)
    for _ in range(3):
        sweep(stack)
    assert len(subjects(stack, user)) == 4
    assert subjects(stack, user)[-1].endswith("has ended")


def test_a_sweep_that_comes_late_sends_what_still_matters_once_also_when_its_worker_dies(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    end = int(stack.now()) + 31 * DAY
    paid(stack, user, **fitting(end))
    drained(stack, "notices")
    stack.advance(29 * DAY)  # both reminders have passed; the earlier one would be wrong by now
    fault = stack.wire.inject(
        kind="lose_reply",
        service="dynamodb",
        operation="PutItem",
        function="okki-leads-run-tasks",
        contains=user.company["id"],
        times=3,
    )
    sweep(stack)
    sweep(stack)
    assert fault.hits
    found = subjects(stack, user)
    assert len(found) == 2
    assert "in 2 days" in found[-1]


def test_who_renews_is_not_reminded_of_the_end_that_was(stack: LocalStack) -> None:
    user = sign_up(stack)
    end = int(stack.now()) + 31 * DAY
    paid(stack, user, **fitting(end))
    paid(stack, user, kind="renewal", starts_at=text(end), placed_at=text(stack.now()))
    drained(stack, "notices")
    stack.advance(32 * DAY)
    sweep(stack)
    assert len(subjects(stack, user)) == 2
    access = [
        r for r in rows(stack, "accounts") if (r["pk"]["S"], r["sk"]["S"]) == (user.company["id"], "access")
    ]
    assert access[0]["due_pk"]["S"] == "terms"


def test_a_change_of_a_member_does_not_lose_the_reminder(stack: LocalStack) -> None:
    user = sign_up(stack)
    paid(stack, user, **fitting(int(stack.now()) + 40 * DAY))
    key = {"pk": {"S": user.company["id"]}, "sk": {"S": "access"}}

    def row() -> dict[str, Any]:
        found: dict[str, Any] = stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=key)[
            "Item"
        ]
        return found

    before = row()
    setup = user.call("POST", "/v1/me/totp")
    assert setup.status in {200, 201}, setup.body
    from pyotp import TOTP

    assert user.call("POST", "/v1/me/totp/confirm", {"code": TOTP(setup.json["secret"]).now()}).status in {
        200,
        201,
    }
    after = row()
    assert after["version"] != before["version"]
    assert after["due_at"] == before["due_at"]


# -- asking for one -----------------------------------------------------------------------------------


def events(stack: LocalStack) -> list[dict[str, Any]]:
    """What the API put on the bus."""
    return [
        json.loads(entry["Detail"])
        for call in list(stack.wire.calls)
        if call.operation == "PutEvents" and call.function == "okki-leads-api"
        for entry in json.loads(call.request.partition(b"\r\n\r\n")[2] or call.request)["Entries"]
    ]


def test_a_wish_goes_to_billing_with_ids_only_and_changes_nothing(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.wire.clear()
    answer = user.call("POST", PATH, {"plan": "team", "months": 12}, {"Idempotency-Key": "w1"})
    assert (answer.status, answer.json["status"]) == (202, "requested")
    (event,) = events(stack)
    asked_at = event.pop("asked_at")
    assert abs(seconds(asked_at) - stack.now()) < 60
    assert event == {
        "wish_id": answer.json["id"],
        "company_id": user.company["id"],
        "user_id": user.me["id"],
        "plan": "team",
        "months": 12,
    }
    again = user.call("POST", PATH, {"plan": "team", "months": 12}, {"Idempotency-Key": "w1"})
    assert again.json == answer.json
    assert {one["wish_id"] for one in events(stack)} == {answer.json["id"]}
    assert shown(user)["plan"] is None


def test_a_wish_that_the_bus_did_not_take_is_not_acknowledged(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.wire.inject(kind="fail", service="events", function="okki-leads-api", times=3)
    key = {"Idempotency-Key": "w2"}
    assert user.call("POST", PATH, {"plan": "team", "months": 12}, key).status == 503
    stack.wire.reset()
    answer = user.call("POST", PATH, {"plan": "team", "months": 12}, key)
    assert answer.status == 202
    assert [one["wish_id"] for one in events(stack)] == [answer.json["id"]]


def test_wishes_are_limited_and_bad_ones_reach_nobody(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.wire.clear()
    for body in (
        {"plan": "enterprise", "months": 12},
        {"plan": "team", "months": 0},
        {"plan": "team", "months": 37},
        {"plan": "team", "months": "12"},
        {"plan": "team"},
        {"plan": "team", "months": 12, "price": 0},
    ):
        assert user.call("POST", PATH, body).status == 422
    assert events(stack) == []
    answers = [user.call("POST", PATH, {"plan": "team", "months": 1}).status for _ in range(11)]
    assert answers == [202] * 10 + [429]


@pytest.mark.clause("access")
def test_another_company_learns_nothing_of_what_somebody_pays(stack: LocalStack) -> None:
    user, other = sign_up(stack), sign_up(stack)
    made = paid(stack, user)
    assert shown(other)["history"]["items"] == []
    assert other.call("GET", f"{PATH}?cursor={made['order_id']}").status == 422
    assert base64.b64encode(made["order_id"].encode()).decode() not in other.call("GET", PATH).body.decode()

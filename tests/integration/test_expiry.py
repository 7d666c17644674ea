"""What is over is seen by nobody, then gone, and its going is on record once; what is wanted longer stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.privacy.retention import (
    ASK_AGAIN,
    ASK_BEFORE,
    EMAIL_TRACKING,
    INBOX,
    LONGER,
    MESSAGE,
    add_months,
)
from infra.local import LocalStack
from tests.integration.ages import Row, end, facts, number, one, over, proofs, swept_until, task, under
from tests.integration.client import User, eventually, log_in, sign_up
from tests.integration.letters import Letter, drained, letter, sample, send
from tests.integration.people import invited, join
from tests.integration.test_consents import say, withdraw

pytestmark = pytest.mark.clause("retention")

TASKS = "okki-leads-run-tasks"
GRACE = 1
"""Within the two seconds for which readers refuse what is not over yet."""


@pytest.fixture(scope="module")
def user(stack: LocalStack) -> User:
    return sign_up(stack)


def months_after(row: Row, months: int) -> int:
    start = datetime.fromtimestamp(int(facts(row)["created_at"]), UTC)
    return int(add_months(start, months).timestamp())


def message_rows(stack: LocalStack, sent: Letter) -> dict[str, Row]:
    found = [row for row in under(stack, "workspace", sent.company) if sent.message in row["sk"]["S"]]
    return {row["kind"]["S"]: row for row in found}


def opened(stack: LocalStack, user: User) -> Letter:
    sent = letter(stack, user)
    sent.load()
    sent.load("c")
    drained(stack, "hits", "feedback")
    eventually(lambda: sent.opens() and sent.clicks())
    return sent


# -- seen by nobody -----------------------------------------------------------------------------------


def test_what_is_over_is_seen_by_no_reader_before_anything_is_deleted(stack: LocalStack) -> None:
    admin = sign_up(stack)
    colleague = join(admin)
    sent = opened(stack, admin)
    gone = admin.contact("gone@buyer.example")["id"]
    email, _ = invited(admin)
    company = admin.company["id"]

    def items(path: str) -> int:
        return len(admin.call("GET", path).json["items"])

    data = "/v1/me/data"
    readers: dict[str, tuple[str, str, Callable[[], Any], Any]] = {
        "a click": ("workspace", f"click#{sent.message}", sent.opens, sent.opens()),
        "an open": ("workspace", "open#", lambda: len(sent.opens()), 0),
        "a delivery": (
            "workspace",
            f"message#{sent.message}#00",
            lambda: admin.call("GET", f"/v1/messages/{sent.message}").json["recipients"],
            [],
        ),
        "a message": (
            "workspace",
            f"message#{sent.message}",
            lambda: (admin.call("GET", f"/v1/messages/{sent.message}").status, items("/v1/messages")),
            (404, 0),
        ),
        "a contact": (
            "workspace",
            f"contact#{gone}",
            lambda: (
                admin.call("GET", f"/v1/contacts/{gone}").status,
                admin.call("GET", f"/v1/contacts/{gone}/consents").status,
                admin.call("GET", f"/v1/contacts/{gone}/opens").status,
                admin.call("DELETE", f"/v1/contacts/{gone}").status,
                gone in admin.call("GET", "/v1/contacts").body.decode(),
            ),
            (404, 404, 404, 404, False),
        ),
        "a consent": (
            "workspace-standing",
            "",
            lambda: admin.call("GET", f"/v1/contacts/{sent.contact}/consents").json["items"],
            [],
        ),
        "an invitation": (
            "accounts",
            "invitation#",
            lambda: email in admin.call("GET", "/v1/company/invitations").body.decode(),
            False,
        ),
        "an item of the inbox": (
            "accounts",
            f"inbox#{admin.me['id']}#",
            lambda: (items("/v1/me/inbox"), admin.call("GET", "/v1/me/inbox").json["unread"]),
            (0, 0),
        ),
        "a device": ("accounts", f"device#{admin.me['id']}#", lambda: items("/v1/me/devices"), 0),
        "a colleague": (
            "accounts",
            f"user#{colleague.me['id']}",
            lambda: colleague.me["id"] in admin.call("GET", "/v1/company/members").body.decode(),
            False,
        ),
        "a session": (
            "accounts",
            f"session#{colleague.me['id']}#",
            lambda: colleague.call("GET", "/v1/me").status,
            401,
        ),
    }
    for what, (table, prefix, look, wanted) in readers.items():
        name, _, suffix = table.partition("-")
        pk = f"{company}#{suffix}" if suffix else company
        rows = [row for row in under(stack, name, pk, prefix) if row["kind"]["S"] != "nothing"]
        if what == "a message":
            rows = [row for row in rows if row["kind"]["S"] == "message"]
        for row in rows:
            end(stack, name, row, stack.now() + GRACE)
        assert look() == wanted, what
        kept = {row["sk"]["S"] for row in under(stack, name, pk, prefix)}
        assert {row["sk"]["S"] for row in rows} <= kept, f"{what} was deleted, and this test shows nothing"
    told = json.dumps(admin.call("GET", data).json["kinds"])
    shown = {kind["kind"]: len(kind["records"]) for kind in admin.call("GET", data).json["kinds"]}
    assert (shown["notification"], shown["device"]) == (0, 0), told


def test_a_key_that_is_over_repeats_nothing_and_a_mail_that_is_over_is_not_sent(
    stack: LocalStack, user: User
) -> None:
    body = {
        "name": "Bob",
        "email": "twice@buyer.example",
        "lawful_basis": {"basis": "consent", "source": "x"},
    }
    key = {"Idempotency-Key": "retention-1"}
    first = user.call("POST", "/v1/contacts", body, key).json["id"]
    assert user.call("POST", "/v1/contacts", body, key).json["id"] == first
    for row in under(stack, "workspace", user.company["id"], "done#"):
        end(stack, "workspace", row, stack.now() - 1)
    answer = user.call("POST", "/v1/contacts", body, key)
    assert (answer.status, answer.json["code"]) == (409, "duplicate"), "it is a request of its own by now"
    assert [one["id"] for one in answer.json["candidates"]] == [first]
    stack.wire.inject(kind="fail", service="sqs", function="okki-leads-api", times=3)
    message = user.write("late@buyer.example")
    stack.wire.reset()
    for row in under(stack, "workspace", user.company["id"], f"message#{message}#"):
        end(stack, "workspace", row, stack.now() + GRACE)
    assert send(stack, user.company["id"], message) == []
    assert stack.mails("late@buyer.example") == []


# -- the sweeper --------------------------------------------------------------------------------------


def test_a_message_goes_with_all_that_belongs_to_it_and_its_going_is_on_record(stack: LocalStack) -> None:
    user = sign_up(stack)
    sent, stays = opened(stack, user), opened(stack, user)
    rows = message_rows(stack, sent)
    assert rows.keys() == {"message", "delivery", "body", "open", "click"}
    assert number(rows["message"], "expires_at") == months_after(rows["message"], MESSAGE.count)
    over(stack, "workspace", *rows.values())
    assert user.call("GET", f"/v1/messages/{sent.message}").status == 404
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=TASKS)
    swept_until(stack, lambda: message_rows(stack, sent) == {})
    assert message_rows(stack, stays).keys() == rows.keys()
    (gone,) = proofs(stack, sent.company, "expired")
    assert (gone["cause"], gone["gone"]) == (
        "sweeper",
        {"body": 1, "click": 1, "delivery": 1, "message": 1, "open": 1},
    )
    assert set(gone["sections"].values()) == {"4.1.2(a)"}
    assert user.call("GET", f"/v1/contacts/{sent.contact}").status == 200


def test_what_is_known_about_readers_goes_after_its_own_period_and_the_message_stays(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    sent = opened(stack, user)
    rows = message_rows(stack, sent)
    message = rows["message"]
    assert number(message, "due_at") == months_after(message, EMAIL_TRACKING.count)
    assert str(message["due_pk"]["S"]).startswith("expiry#")
    assert not any("due_pk" in rows[kind] for kind in ("open", "click", "delivery", "body"))
    over(stack, "workspace", rows["open"], rows["click"], rows["delivery"])
    stack.client("dynamodb").update_item(
        TableName="okki-leads-workspace",
        Key={"pk": message["pk"], "sk": message["sk"]},
        UpdateExpression="SET due_at = :at",
        ExpressionAttributeValues={":at": {"N": str(int(stack.now()) - 1)}},
    )
    swept_until(stack, lambda: message_rows(stack, sent).keys() == {"message", "body"})
    left = message_rows(stack, sent)["message"]
    assert number(left, "due_at") == number(left, "expires_at") == number(message, "expires_at")
    assert user.call("GET", f"/v1/messages/{sent.message}").status == 200


def test_nothing_is_deleted_a_second_too_early(stack: LocalStack, user: User) -> None:
    sent = letter(stack, user)
    drained(stack, "feedback")
    rows = message_rows(stack, sent)
    for row in rows.values():
        end(stack, "workspace", row, stack.now() + 3600)
    body = {"company": sent.company, "table": "workspace", "keys": f"message#{sent.message}"}
    assert task(stack, task="expire", **body) == []
    assert message_rows(stack, sent).keys() == rows.keys()


def test_a_sweeper_that_fails_in_between_leaves_all_or_nothing_and_comes_again(stack: LocalStack) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    # SES tells of it a moment later, and that would write the delivery once more.
    eventually(lambda: facts(message_rows(stack, sent)["delivery"]).get("outcome") == "delivered")
    rows = message_rows(stack, sent)
    over(stack, "workspace", *rows.values())
    body = {"company": sent.company, "table": "workspace", "keys": f"message#{sent.message}"}
    stack.wire.inject(kind="fail", operation="TransactWriteItems", function=TASKS, times=20)
    assert task(stack, task="expire", **body) == [0]
    assert message_rows(stack, sent).keys() == rows.keys()
    assert proofs(stack, sent.company, "expired") == []
    stack.wire.reset()
    assert task(stack, task="expire", **body) == []
    assert task(stack, task="expire", **body) == []
    assert message_rows(stack, sent) == {}
    assert len(proofs(stack, sent.company, "expired")) == 1


# -- a consent lengthens ------------------------------------------------------------------------------


def item(stack: LocalStack, user: User) -> Row:
    return under(stack, "accounts", user.company["id"], f"inbox#{user.me['id']}#")[0]


def ordinary_end(row: Row, more: int = 0) -> int:
    start = datetime.fromtimestamp(int(facts(row)["at"]), UTC)
    return int(add_months(start, INBOX.count + more).timestamp())


@pytest.mark.clause("consent")
def test_a_yes_to_longer_retention_keeps_what_a_no_lets_go(stack: LocalStack) -> None:
    admin = sign_up(stack)
    yes, no = join(admin), join(admin)
    for who in (yes, no):
        assert admin.call("PATCH", f"/v1/company/members/{who.me['id']}", {"role": "manager"}).status == 200
    kept, lost = item(stack, yes), item(stack, no)
    ends = number(kept, "expires_at")
    assert abs((ends or 0) - ordinary_end(kept)) <= 2
    assert number(kept, "due_at") == (ends or 0) - ASK_BEFORE.total_seconds()
    assert say(yes, purpose="longer_retention").status == 201
    key = kept["sk"]["S"]
    eventually(
        lambda: (
            number(one(stack, "accounts", admin.company["id"], key), "expires_at")
            == ordinary_end(kept, LONGER.count)
        )
    )
    # A year and a day later.
    stack.advance(ordinary_end(kept) - int(stack.now()) + 86_400)
    swept_until(stack, lambda: one(stack, "accounts", admin.company["id"], lost["sk"]["S"]) is None)
    late = one(stack, "accounts", admin.company["id"], key)
    assert late is not None
    assert number(late, "expires_at") == number(late, "ttl") == ordinary_end(kept, LONGER.count)
    asked_again = (number(late, "due_at") or 0) - stack.now()
    assert 0 < asked_again <= ASK_AGAIN.total_seconds()
    # Taken back, and the word of it lost: within a week it is gone all the same.
    token = log_in(stack, yes.email).json["session"]["token"]
    back = User(stack, yes.email, token, yes.me, yes.company, yes.address)
    stack.wire.inject(kind="fail", service="sqs", function="okki-leads-api", times=20)
    assert withdraw(back, "longer_retention").status == 200
    stack.wire.reset()
    assert one(stack, "accounts", admin.company["id"], key) is not None
    stack.advance(int(ASK_AGAIN.total_seconds()) + 1)
    swept_until(stack, lambda: one(stack, "accounts", admin.company["id"], key) is None)


@pytest.mark.clause("consent")
def test_a_withdrawal_deletes_at_once_what_only_the_consent_kept(stack: LocalStack) -> None:
    admin = sign_up(stack)
    who = join(admin)
    assert admin.call("PATCH", f"/v1/company/members/{who.me['id']}", {"role": "manager"}).status == 200
    kept = item(stack, who)
    key, company = kept["sk"]["S"], admin.company["id"]
    assert say(who, purpose="longer_retention").status == 201
    eventually(
        lambda: number(one(stack, "accounts", company, key), "expires_at") != number(kept, "expires_at")
    )
    stack.advance(ordinary_end(kept) - int(stack.now()) + 86_400)
    token = log_in(stack, who.email).json["session"]["token"]
    back = User(stack, who.email, token, who.me, who.company, who.address)
    assert key.rpartition("#")[2] in back.call("GET", "/v1/me/inbox?limit=200").body.decode()
    assert withdraw(back, "longer_retention").status == 200
    eventually(lambda: one(stack, "accounts", company, key) is None)
    assert {"notification": 1} in [entry["gone"] for entry in proofs(stack, company, "expired")]


# -- DynamoDB's own deletions -------------------------------------------------------------------------


def removed(company: str, *keys: str, table: str = "workspace", run: str = "a") -> list[dict[str, Any]]:
    """Records of a table's stream: DynamoDB deleted these rows."""
    record = sample("stream-expiry")["Records"][0]
    made = []
    for number_, key in enumerate(keys):
        one_of = json.loads(json.dumps(record))
        one_of["eventID"] = f"{run}-{company}-{key}"
        one_of["eventSourceARN"] = one_of["eventSourceARN"].replace("workspace", table)
        one_of["dynamodb"]["SequenceNumber"] = f"{run}{number_}"
        one_of["dynamodb"]["Keys"] = {"pk": {"S": company}, "sk": {"S": key}}
        made.append(one_of)
    return made


def tell(stack: LocalStack, *records: dict[str, Any]) -> list[str]:
    answer = stack.invoke("RecordExpiry", {"Records": list(records)})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_what_dynamodb_deleted_is_on_record_once_however_often_it_is_told(stack: LocalStack) -> None:
    user = sign_up(stack)
    company = user.company["id"]
    contact = user.contact("ttl@buyer.example")["id"]
    keys = [f"contact#{contact}", *(f"open#{'0' * 32}#msg_{'0' * 26}#h{number}" for number in range(5))]
    first = removed(company, *keys)
    assert tell(stack, *first) == []
    assert tell(stack, *first) == []
    # The batch is cut up otherwise, and something new is among it.
    more = removed(company, "body#msg_" + "1" * 26, run="b")
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function="okki-leads-record-expiry")
    assert tell(stack, *first[3:], *more) == []
    assert tell(stack, *more, *first[:4]) == []
    assert [(entry["cause"], entry["gone"]) for entry in proofs(stack, company, "expired")] == [
        ("ttl", {"contact": 1, "open": 5}),
        ("ttl", {"body": 1}),
    ]


def test_a_row_that_expires_by_itself_leaves_its_proof_and_what_we_deleted_does_not(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    company = user.company["id"]
    ours, theirs = user.contact("ours@buyer.example")["id"], user.contact("theirs@buyer.example")["id"]
    row = one(stack, "workspace", company, f"contact#{theirs}")
    assert row is not None
    end(stack, "workspace", row, stack.now() - 1)
    assert user.call("DELETE", f"/v1/contacts/{ours}").status == 204
    stack.reap()
    eventually(lambda: proofs(stack, company, "expired"))
    assert [entry["gone"] for entry in proofs(stack, company, "expired")] == [{"contact": 1}]
    assert one(stack, "workspace", company, f"contact#{theirs}") is None


def test_what_nobody_knows_or_cannot_be_written_holds_up_nothing_else(stack: LocalStack) -> None:
    users = [sign_up(stack) for _ in range(2)]
    broken, fine = (user.company["id"] for user in users)
    records = [
        *removed(fine, "strange", "contact#a#b#c#d", "session#only"),
        *removed("nobody#1", "what", run="n"),
        *removed(broken, "contact#ct_" + "0" * 26, run="x"),
        *removed(fine, "contact#ct_" + "1" * 26, run="y"),
        *removed(fine, "done#key", run="z"),
        *removed("mailbox#" + "0" * 32, "signup#" + "0" * 32, table="accounts", run="m" + fine),
    ]
    stack.wire.inject(
        kind="fail",
        operation="TransactWriteItems",
        function="okki-leads-record-expiry",
        contains=broken,
        times=50,
    )
    assert tell(stack, *records) == ["x0"]
    stack.wire.reset()
    assert [entry["gone"] for entry in proofs(stack, fine, "expired")] == [{"contact": 1}]
    assert proofs(stack, broken, "expired") == []
    # Lambda goes on from the first that failed; only that one was missing.
    assert tell(stack, *records[4:]) == []
    for company in (broken, fine):
        assert [entry["gone"] for entry in proofs(stack, company, "expired")] == [{"contact": 1}]
    operators = [entry["gone"] for entry in proofs(stack, "co_operator", "expired")]
    assert {"signup": 1} in operators


def test_a_proof_names_nobody(stack: LocalStack, user: User) -> None:
    contact = user.contact("quiet@buyer.example")["id"]
    assert tell(stack, *removed(user.company["id"], f"contact#{contact}", run="q")) == []
    rows = under(stack, "ledger", user.company["id"], "expired#")
    assert rows and contact not in str(rows) and "buyer.example" not in str(rows)
    noted = under(stack, "accounts", user.company["id"], "noted#")
    assert noted and contact not in str(noted)
    assert all(number(row, "ttl") is not None for row in noted)

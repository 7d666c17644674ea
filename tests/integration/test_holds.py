"""What a legal matter needs is there when it is needed, seen by nobody meanwhile, and gone when it is over."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from chalicelib.api.described.holds import SHAPES
from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.privacy.retention import HOLD_KEEP, HOLD_NEAR
from chalicelib.services.keeping.holding import STRAGGLERS_SECONDS
from infra.local import LocalStack
from tests.integration.ages import end, facts, one, over, proofs, sweep, task, under
from tests.integration.client import Answer, User, eventually, sign_up
from tests.integration.letters import Letter, drained, letter
from tests.integration.people import join, sign_up_again
from tests.integration.staff import StaffUser, member

pytestmark = pytest.mark.clause("retention")

PATH = "/v1/staff/holds"
API, TASKS = "okki-leads-api", "okki-leads-run-tasks"


@pytest.fixture(scope="module")
def legal(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


def wanted(user: User, scope: str = "company", **more: Any) -> dict[str, Any]:
    return {
        "company_id": user.company["id"],
        "matter_id": ids.new("mat"),
        "scope": scope,
        "reason": "litigation",
        "law": "Evidence Act 1893 s 3",
        **more,
    }


def place(legal: StaffUser, user: User, scope: str = "company", **more: Any) -> dict[str, Any]:
    """Place a hold and wait until its job has gone through everything."""
    answer = legal.call("POST", PATH, wanted(user, scope, **more))
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    assert made.keys() == SHAPES["Hold"]["properties"].keys()
    settled(legal, user, made["id"], "held")
    return made


def settled(legal: StaffUser, user: User, hold: str, state: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        shown = legal.call("GET", f"{PATH}?company_id={user.company['id']}")
        found: list[dict[str, Any]] = [one for one in shown.json["items"] if one["id"] == hold]
        return found[0] if found[0]["state"] == state else None

    return eventually(look, 40)


def release(legal: StaffUser, user: User, hold: str) -> Answer:
    return legal.call("POST", f"{PATH}/{hold}/release", {"company_id": user.company["id"]})


def let_go(stack: LocalStack, legal: StaffUser, user: User, hold: str) -> None:
    """Release a hold, and let the schedule do what follows from it."""
    assert release(legal, user, hold).status == 200
    drained(stack, "tasks")
    stack.advance(STRAGGLERS_SECONDS + 1)
    sweep(stack)
    settled(legal, user, hold, "released")
    stack.reset_clock()


def with_ttl(stack: LocalStack, company: str, *prefixes: str) -> set[str]:
    """Sort keys of a company's rows that DynamoDB would delete one day."""
    return {
        row["sk"]["S"]
        for table in ("accounts", "workspace")
        for row in under(stack, table, company, *prefixes)
        if "ttl" in row
    }


def message_rows(stack: LocalStack, sent: Letter) -> list[dict[str, Any]]:
    return [row for row in under(stack, "workspace", sent.company) if sent.message in row["sk"]["S"]]


def test_a_hold_takes_the_date_of_deletion_from_what_it_covers_and_gives_it_back(
    stack: LocalStack, legal: StaffUser
) -> None:
    user, other = sign_up(stack), sign_up(stack)
    sent, elsewhere = letter(stack, user), letter(stack, other)
    sent.load()
    drained(stack, "hits", "feedback")
    eventually(sent.opens)
    before = with_ttl(stack, sent.company, "message#", "body#", "open#", "inbox#")
    theirs = with_ttl(stack, elsewhere.company)
    assert len(before) >= 4
    ends = {row["sk"]["S"]: row["expires_at"]["N"] for row in message_rows(stack, sent)}
    hold = place(legal, user)
    assert with_ttl(stack, sent.company, "message#", "body#", "open#", "inbox#", "device#") == set()
    assert {row["sk"]["S"]: row["expires_at"]["N"] for row in message_rows(stack, sent)} == ends
    assert with_ttl(stack, elsewhere.company) == theirs
    # Nothing is different for the people of the company.
    assert sent.tracking()["opens"] == 1
    assert user.call("GET", "/v1/me").status == 200
    # A change of a row does not bring its date back.
    sent.load("c")
    eventually(lambda: sent.clicks() == 1)
    assert "ttl" not in (one(stack, "workspace", sent.company, f"message#{sent.message}") or {})
    let_go(stack, legal, user, hold["id"])
    assert with_ttl(stack, sent.company, "message#", "body#", "open#", "inbox#") >= before
    assert {
        row["sk"]["S"]: row["expires_at"]["N"] for row in message_rows(stack, sent)
    }.items() >= ends.items()
    acts = [step["act"] for step in proofs(stack, sent.company, "hold_step")]
    assert acts == ["placed", "kept", "released", "resumed"]


def test_what_is_deleted_under_a_hold_is_gone_for_everybody_and_kept_for_the_matter(
    stack: LocalStack, legal: StaffUser
) -> None:
    user = sign_up(stack)
    contact, stays = user.contact("held@buyer.example"), user.contact("stays@buyer.example")
    company, key = user.company["id"], f"contact#{contact['id']}"
    hold = place(legal, user)
    before = one(stack, "workspace", company, key)
    stack.wire.inject(kind="lose_reply", operation="PutItem", function=API, contains=contact["id"])
    assert user.call("DELETE", f"/v1/contacts/{contact['id']}").status == 204
    assert user.call("GET", f"/v1/contacts/{contact['id']}").status == 404
    assert user.call("DELETE", f"/v1/contacts/{contact['id']}").status == 404
    shown = user.call("GET", "/v1/contacts").json["items"]
    assert [one["id"] for one in shown] == [stays["id"]]
    kept = one(stack, "workspace", company, key)
    assert before is not None and kept is not None
    assert "ttl" not in kept and "due_pk" not in kept
    assert int(kept["expires_at"]["N"]) <= stack.now()
    stack.reap()
    sweep(stack)
    assert one(stack, "workspace", company, key) == kept
    let_go(stack, legal, user, hold["id"])
    assert one(stack, "workspace", company, key) is None
    assert one(stack, "workspace", company, f"contact#{stays['id']}") is not None
    (gone,) = proofs(stack, company, "expired")
    assert (gone["cause"], gone["gone"], gone["sections"]) == (
        "hold_released",
        {"contact": 1},
        {"contact": "4.1.2(a)"},
    )


@pytest.mark.clause("authorities")
@pytest.mark.parametrize("reason", ["authority_order", "investigation"])
def test_a_company_does_not_learn_from_its_evidence_that_an_authority_asked(
    stack: LocalStack, legal: StaffUser, reason: str
) -> None:
    user = sign_up(stack)
    company, email = user.company["id"], "bob@buyer.example"
    contact = user.contact(email)["id"]
    before = user.call("GET", "/v1/company/evidence?limit=200").json["entries"]
    hold = place(legal, user, "person", email=email, reason=reason)
    assert hold["secret"] is True
    assert user.call("DELETE", f"/v1/contacts/{contact}").status == 204
    assert one(stack, "workspace", company, f"contact#{contact}") is not None
    let_go(stack, legal, user, hold["id"])
    assert one(stack, "workspace", company, f"contact#{contact}") is None
    after = user.call("GET", "/v1/company/evidence?limit=200")
    for word in (hold["id"], hold["matter_id"], reason, "hold"):
        assert word not in after.body.decode(), word
    assert len(after.json["entries"]) > len(before), "what was deleted is proven all the same"
    found = under(stack, "ledger", "co_operator", f"hold#{hold['id']}#")
    steps = [facts(row) for row in sorted(found, key=lambda row: int(row["seq"]["N"]))]
    assert [step["act"] for step in steps] == ["placed", "kept", "released", "resumed"]
    assert {(step["concerns_id"], step["reason"]) for step in steps} == {(company, reason)}


def test_legal_decides_whether_a_hold_is_open_to_the_company(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    assert place(legal, user)["secret"] is False
    assert place(legal, user, secret=True, reason="claim")["secret"] is True
    assert place(legal, user, secret=False, reason="authority_order")["secret"] is False
    steps = proofs(stack, user.company["id"], "hold_step")
    assert {step["reason"] for step in steps} == {"litigation", "authority_order"}


def test_of_two_holds_the_last_one_to_be_released_lets_go(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    both, ours = user.contact("both@buyer.example"), user.contact("ours@buyer.example")
    company = user.company["id"]
    person = place(legal, user, "person", email="both@buyer.example")
    whole = place(legal, user)
    assert (person["target"], whole["target"]) == (
        facts(one(stack, "workspace", company, f"contact#{both['id']}") or {})["person"],
        None,
    )
    for contact in (both, ours):
        assert user.call("DELETE", f"/v1/contacts/{contact['id']}").status == 204
    let_go(stack, legal, user, whole["id"])
    assert one(stack, "workspace", company, f"contact#{ours['id']}") is None
    assert one(stack, "workspace", company, f"contact#{both['id']}") is not None
    assert user.call("GET", f"/v1/contacts/{both['id']}").status == 404
    assert number_of_holds(stack, company) == 1
    let_go(stack, legal, user, person["id"])
    assert one(stack, "workspace", company, f"contact#{both['id']}") is None
    assert number_of_holds(stack, company) == 0


def number_of_holds(stack: LocalStack, company: str) -> int:
    row = one(stack, "accounts", company, "access")
    assert row is not None
    return int(facts(row)["holds"])


def test_a_hold_on_a_person_or_a_user_keeps_theirs_and_nothing_else(
    stack: LocalStack, legal: StaffUser
) -> None:
    admin = sign_up(stack)
    colleague = join(admin)
    kept, written, other = letter(stack, admin), letter(stack, colleague), letter(stack, admin)
    loose = admin.contact("loose@buyer.example")
    place(legal, admin, "person", email=kept.email)
    place(legal, admin, "user", user_id=colleague.me["id"])
    company = admin.company["id"]
    for sent in (kept, written):
        assert [row["sk"]["S"] for row in message_rows(stack, sent) if "ttl" in row] == []
    assert len([row for row in message_rows(stack, other) if "ttl" in row]) == 3
    inbox = {
        row["sk"]["S"].split("#")[1]: "ttl" in row for row in under(stack, "accounts", company, "device#")
    }
    assert inbox.get(colleague.me["id"]) in {False, None}
    assert inbox[admin.me["id"]] is True
    # Whom no hold covers may be forgotten at once.
    assert admin.call("DELETE", f"/v1/contacts/{loose['id']}").status == 204
    assert one(stack, "workspace", company, f"contact#{loose['id']}") is None
    assert admin.call("DELETE", f"/v1/contacts/{kept.contact}").status == 204
    assert one(stack, "workspace", company, f"contact#{kept.contact}") is not None


def test_what_is_over_under_a_hold_is_put_away_and_goes_by_itself_when_it_is_released(
    stack: LocalStack, legal: StaffUser
) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    hold = place(legal, user)
    # One of before the hold, and one that the job has not come to yet.
    written = letter(stack, user)
    over(stack, "workspace", *message_rows(stack, sent), *message_rows(stack, written))
    assert user.call("GET", f"/v1/messages/{sent.message}").status == 404
    sweep(stack)
    assert len(message_rows(stack, sent)) == len(message_rows(stack, written)) == 3
    for row in message_rows(stack, written):
        assert "ttl" not in row and "due_pk" not in row
    stack.reap()
    sweep(stack)
    assert len(message_rows(stack, sent)) == len(message_rows(stack, written)) == 3
    assert proofs(stack, sent.company, "expired") == []
    let_go(stack, legal, user, hold["id"])
    assert message_rows(stack, sent) == message_rows(stack, written) == []
    (gone,) = proofs(stack, sent.company, "expired")
    assert gone["gone"] == {"body": 2, "delivery": 2, "message": 2}


@pytest.mark.clause("self-service")
def test_who_leaves_under_a_hold_is_out_at_once_and_their_rows_wait_for_the_matter(
    stack: LocalStack, legal: StaffUser
) -> None:
    admin = sign_up(stack)
    colleague = join(admin)
    company, mark = admin.company["id"], colleague.me["id"]

    def kept() -> dict[str, dict[str, Any]]:
        return {row["sk"]["S"]: row for row in under(stack, "accounts", company) if mark in row["sk"]["S"]}

    hold = place(legal, admin, "user", user_id=mark)
    assert admin.call("DELETE", f"/v1/company/members/{mark}").status == 204
    assert colleague.call("GET", "/v1/me").status == 401
    drained(stack, "tasks")
    user = eventually(lambda: row if "expires_at" in (row := kept()[f"user#{mark}"]) else None)
    assert "ttl" not in user
    assert not [sk for sk in kept() if sk.startswith("session#")], "a login is no record"
    assert sign_up_again(stack, colleague.email, "Own").status == 201, "the mailbox is free"
    let_go(stack, legal, admin, hold["id"])
    stack.advance(2 * 3600)
    sweep(stack)
    eventually(lambda: kept() == {})


def test_a_message_whose_readers_are_forgotten_under_a_hold_still_goes_at_its_own_end(
    stack: LocalStack, legal: StaffUser
) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    drained(stack, "feedback")
    before = one(stack, "workspace", sent.company, f"message#{sent.message}")
    assert before is not None
    hold = place(legal, user, "person", email="somebody@else.example")
    # Written under another hold, which has not come to it yet; its first date, for its readers, is today.
    whole = place(legal, user)
    message = one(stack, "workspace", sent.company, f"message#{sent.message}")
    assert message is not None
    ends = int(message["expires_at"]["N"])
    stack.client("dynamodb").update_item(
        TableName="okki-leads-workspace",
        Key={"pk": message["pk"], "sk": message["sk"]},
        UpdateExpression="SET #t = :end, due_pk = :lane, due_at = :now",
        ExpressionAttributeNames={"#t": "ttl"},
        ExpressionAttributeValues={
            ":end": {"N": str(ends)},
            ":lane": message.get("due_pk", before["due_pk"]),
            ":now": {"N": str(int(stack.now()) - 1)},
        },
    )
    body = {"company": sent.company, "table": "workspace", "keys": f"message#{sent.message}"}
    assert task(stack, task="expire", **body) == []
    seen = one(stack, "workspace", sent.company, f"message#{sent.message}")
    assert seen is not None
    assert int(seen["due_at"]["N"]) == ends, "it will be looked at again"
    # One that lost its place in an earlier version gets it back with the release.
    stack.client("dynamodb").update_item(
        TableName="okki-leads-workspace",
        Key={"pk": message["pk"], "sk": message["sk"]},
        UpdateExpression="REMOVE due_pk, due_at",
    )
    let_go(stack, legal, user, whole["id"])
    let_go(stack, legal, user, hold["id"])
    eventually(
        lambda: int((one(stack, "workspace", sent.company, f"message#{sent.message}") or {})["due_at"]["N"])
    )
    over(stack, "workspace", *message_rows(stack, sent))
    sweep(stack)
    eventually(lambda: message_rows(stack, sent) == [])


def test_a_hold_placed_while_a_deletion_is_under_way_wins(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    over(stack, "workspace", *message_rows(stack, sent))
    # The sweeper has looked, found no hold, and is about to delete.
    slow = stack.wire.inject(kind="delay", operation="TransactWriteItems", function=TASKS, seconds=8)
    results: list[list[int]] = []
    body = {"company": sent.company, "table": "workspace", "keys": f"message#{sent.message}"}
    sweeper = threading.Thread(target=lambda: results.append(task(stack, task="expire", **body)))
    sweeper.start()
    eventually(lambda: slow.hits)
    # Its job is not told yet: the rows are as the sweeper has read them, and only the company's rules are not.
    stack.wire.inject(kind="fail", service="sqs", function="okki-leads-staff", times=20)
    hold = legal.call("POST", PATH, wanted(user)).json
    in_time = sweeper.is_alive()
    sweeper.join()
    if not in_time:
        pytest.skip("the machine was so slow that the deletion was over first")
    assert results == [[0]], "it comes again, and finds the hold"
    stack.wire.reset()
    sweep(stack)
    assert len(message_rows(stack, sent)) == 3
    settled(legal, user, hold["id"], "held")
    assert task(stack, task="expire", **body) == []
    assert len(message_rows(stack, sent)) == 3
    let_go(stack, legal, user, hold["id"])
    assert message_rows(stack, sent) == []


def test_what_is_written_after_a_hold_is_kept_before_dynamodb_would_delete_it(
    stack: LocalStack, legal: StaffUser
) -> None:
    user = sign_up(stack)
    hold = place(legal, user)
    sent = letter(stack, user)
    near, far = HOLD_NEAR.total_seconds() - 3600, HOLD_NEAR.total_seconds() + 3600 * 48
    body, message = sorted(message_rows(stack, sent), key=lambda row: row["sk"]["S"])[:2]
    end(stack, "workspace", body, stack.now() + near)
    end(stack, "workspace", message, stack.now() + far)
    sweep(stack)
    assert all("ttl" in row for row in message_rows(stack, sent)), "a round a day is enough"
    stack.advance(int(HOLD_KEEP.total_seconds()) + 1)
    sweep(stack)
    stack.reset_clock()
    eventually(lambda: "ttl" not in (one(stack, "workspace", sent.company, body["sk"]["S"]) or {}))
    assert "ttl" in (one(stack, "workspace", sent.company, message["sk"]["S"]) or {})
    shown = settled(legal, user, hold["id"], "held")
    assert shown["review_due"] is False


def test_a_job_that_dies_half_way_goes_on_and_does_nothing_twice(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    broken = stack.wire.inject(
        kind="fail", service="dynamodb", operation="PutItem", function=TASKS, contains=sent.message, times=4
    )
    lost = stack.wire.inject(
        kind="lose_reply", operation="TransactWriteItems", function=TASKS, skip=1, times=1
    )
    hold = place(legal, user)
    assert broken.hits
    assert [row for row in message_rows(stack, sent) if "ttl" in row] == []
    assert user.call("DELETE", f"/v1/contacts/{sent.contact}").status == 204
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=TASKS, times=2)
    let_go(stack, legal, user, hold["id"])
    assert one(stack, "workspace", sent.company, f"contact#{sent.contact}") is None
    gone = [entry["gone"] for entry in proofs(stack, sent.company, "expired")]
    assert gone == [{"contact": 1}]
    acts = [step["act"] for step in proofs(stack, sent.company, "hold_step")]
    assert acts == ["placed", "kept", "released", "resumed"]
    assert lost is not None


def test_a_lost_answer_places_one_hold_and_not_two(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function="okki-leads-staff")
    hold = place(legal, user)
    shown = legal.call("GET", f"{PATH}?company_id={user.company['id']}").json["items"]
    assert [one["id"] for one in shown] == [hold["id"]]
    assert number_of_holds(stack, user.company["id"]) == 1
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function="okki-leads-staff")
    assert release(legal, user, hold["id"]).status == 200
    answer = release(legal, user, hold["id"])
    assert (answer.status, answer.json["code"]) == (409, "released")
    assert number_of_holds(stack, user.company["id"]) == 0


def test_a_lost_hint_is_made_good_by_the_schedule(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    stack.wire.inject(kind="fail", service="sqs", function="okki-leads-staff", times=20)
    assert legal.call("POST", PATH, wanted(user)).status == 201
    assert any("ttl" in row for row in message_rows(stack, sent))
    stack.wire.reset()
    sweep(stack)
    eventually(lambda: not any("ttl" in row for row in message_rows(stack, sent)))


def test_a_company_without_holds_pays_nothing_for_them(stack: LocalStack, legal: StaffUser) -> None:
    user, held = sign_up(stack), sign_up(stack)
    place(legal, held)
    calls = {}
    for who in (user, held):
        contact = who.contact("price@buyer.example")["id"]
        who.call("GET", f"/v1/contacts/{contact}")
        stack.wire.clear()
        assert who.call("DELETE", f"/v1/contacts/{contact}").status == 204
        calls[who.email] = [call.operation for call in stack.wire.calls if call.function == API]
    assert [name for name in calls[user.email] if name != "Decrypt"] == [
        "BatchGetItem",
        "GetItem",
        "DeleteItem",
    ]
    assert [name for name in calls[held.email] if name != "Decrypt"] == [
        "BatchGetItem",
        "GetItem",
        "Query",
        "PutItem",
    ]


@pytest.mark.clause("access", "personnel")
def test_only_who_may_places_and_releases_and_nothing_is_guessed(stack: LocalStack, legal: StaffUser) -> None:
    user, other = sign_up(stack), sign_up(stack)
    support = member(stack, StaffPosition.SUPPORT)
    assert support.call("POST", PATH, wanted(user)).status == 403
    assert support.call("GET", PATH).status == 403
    assert user.call("POST", PATH, wanted(user)).status == 401
    hold = place(legal, user)
    assert release(support, user, hold["id"]).status == 403
    assert release(legal, other, hold["id"]).status == 404
    assert legal.call("POST", PATH, wanted(user, company_id=ids.new("co"))).status == 404
    assert legal.call("POST", PATH, wanted(user, "user", user_id=other.me["id"])).status == 404
    for wrong, where in (
        (wanted(user, "user"), "scope"),
        (wanted(user, "company", user_id=user.me["id"]), "scope"),
        (wanted(user, "person", email="x@y.example", user_id=user.me["id"]), "scope"),
        (wanted(user, company_id=user.me["id"]), "company_id"),
        (wanted(user, review_on="2020-01-01"), "review_at"),
        (wanted(user, law="see <b>Bob Buyer</b>"), "law"),
        (wanted(user, why="because"), "why"),
    ):
        answer = legal.call("POST", PATH, wrong)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, where)
    everywhere = [one["id"] for one in legal.call("GET", PATH).json["items"]]
    assert hold["id"] in everywhere
    assert number_of_holds(stack, user.company["id"]) == 1

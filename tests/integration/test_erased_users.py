"""A user is erased: by their own wish or because they were removed, in one way, with evidence, down to what waits."""

from __future__ import annotations

import json

import pytest

from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, fresh_network, log_in, new_code, request, sign_up
from tests.integration.eraser import desk, evidence, opened, plain
from tests.integration.letters import batch_of, failed, restart, rows
from tests.integration.people import at, join
from tests.integration.test_leaving import erased, second_look

stack = own_stack()

pytestmark = pytest.mark.clause("requests", "self-service", "retention")
TASKS = "okki-leads-run-tasks"


def entries_about(stack: LocalStack, user: User) -> list[dict[str, object]]:
    """The evidence of the user's erasure, in order."""
    company = user.company["id"]
    (begun,) = [
        row
        for row in rows(stack, "ledger")
        if row["kind"]["S"] == "erasure"
        and row["sk"]["S"].endswith("#0000")
        and plain(row["facts"]).get("user_id") == user.me["id"]
    ]
    return evidence(stack, company, begun["sk"]["S"].split("#")[1])


def unsent(stack: LocalStack, user: User) -> None:
    """Leave a reset, a login code and their mails waiting: nothing leaves meanwhile."""
    stack.wire.inject(kind="throttle", service="ses", times=10_000)
    header = {"X-Local-Client": fresh_network()}
    assert request(f"{stack.api}/v1/password/reset", "POST", {"email": user.email}, header).status == 202
    form = {"email": user.email, "password": "correct horse battery"}
    assert request(f"{stack.api}/v1/login", "POST", form, header).status == 202


@pytest.mark.parametrize("own_wish", [False, True], ids=["removed", "asked"])
def test_nothing_waits_for_somebody_who_is_gone_and_the_chain_knows_it(
    stack: LocalStack, own_wish: bool
) -> None:
    admin = sign_up(stack)
    member = join(admin)
    unsent(stack, member)
    kinds = {row["kind"]["S"] for row in rows(stack, "accounts")}
    assert {"reset", "challenge", "notice"} <= kinds
    if own_wish:
        assert desk(stack, "user", admin.company["id"], member.me["id"])["erasure_id"]
    else:
        assert admin.call("DELETE", at(member)).status == 204
    assert log_in(stack, member.email).status == 401
    erased(stack, member)
    text = opened(stack)
    assert member.email not in text
    stack.wire.reset()
    second_look(stack, member)
    assert member.email not in opened(stack)
    told = entries_about(stack, member)
    assert [entry["step"] for entry in told] == ["begun", "part", "done"]
    assert {entry["why"] for entry in told} == {"request" if own_wish else "removed"}
    counts = told[1]["counts"]
    assert isinstance(counts, dict)
    assert {"user", "session", "device", "user_consent", "reset", "challenge", "notice"} <= counts.keys()
    assert "counts" not in told[2] or not told[2]["counts"]
    assert desk(stack, "chain", admin.company["id"])["sound"]


def test_the_main_account_is_handed_over_before_its_owner_goes(stack: LocalStack) -> None:
    admin = sign_up(stack)
    heir = join(admin, "admin")
    where = admin.company["id"], admin.me["id"]
    assert desk(stack, "user", *where) == {"refused": "main_account"}
    assert admin.call("GET", "/v1/me").status == 200
    over = admin.call("POST", "/v1/company/handover", {"user_id": heir.me["id"]})
    assert over.status == 200, over.body
    name = admin.me["name"]
    assert desk(stack, "user", *where)["erasure_id"]
    erased(stack, admin)
    second_look(stack, admin)
    told = heir.call("GET", "/v1/me/inbox").json["items"]
    assert told
    assert name not in json.dumps(told), "what colleagues were told does not name them any more"


def test_a_company_may_let_their_name_leave_its_correspondence(stack: LocalStack) -> None:
    admin = sign_up(stack)
    kept, gone = join(admin, name="Kim Keeper"), join(admin, name="Gus Goner")
    messages = {}
    for user in (kept, gone):
        html = f"<p>Yours, {user.me['name']} &lt;{user.email}&gt;</p>"
        messages[user.email] = user.write("bob@buyer.example", html=html, subject=f"From {user.me['name']}")
        user.settled(messages[user.email])
    assert desk(stack, "user", admin.company["id"], gone.me["id"], "letters")["erasure_id"]
    erased(stack, gone)
    second_look(stack, gone)
    text = opened(stack, admin.company["id"])
    assert gone.email not in text
    assert "Gus" not in text
    assert "Kim Keeper" in text
    assert admin.message(messages[gone.email])["subject"] == "From (erased)"
    assert admin.message(messages[gone.email])["sender"] == "(erased)"


def test_what_dies_half_way_goes_on_and_a_second_delivery_counts_nothing_twice(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    broken = stack.wire.inject(
        kind="lose_reply", service="dynamodb", operation="BatchWriteItem", function=TASKS, times=3
    )
    assert admin.call("DELETE", at(member)).status == 204
    eventually(lambda: broken.hits == 3)
    erased(stack, member)
    task = {"task": "erase_member", "company": admin.company["id"], "user": member.me["id"]}
    for _ in range(2):
        assert failed(stack.invoke("RunTasks", batch_of("outbox", json.dumps(task)))) == []
    second_look(stack, member)
    told = entries_about(stack, member)
    assert [entry["step"] for entry in told] == ["begun", "part", "done"]


def test_a_new_signup_under_the_free_mailbox_is_not_theirs(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    stack.wire.inject(kind="fail", service="sqs", contains="erase_member", times=20)
    assert admin.call("DELETE", at(member)).status == 204
    stack.advance(5)
    form = {
        "name": "Somebody New",
        "company": "New Ltd",
        "email": member.email,
        "password": "correct horse battery",
        "is_adult": True,
        "policy_version": member.me["policy_version"],
    }
    before = len(stack.mails(member.email))
    header = {"X-Local-Client": fresh_network()}
    restart(stack, "RunTasks")
    assert request(f"{stack.api}/v1/signup", "POST", form, header).status == 202
    stack.wire.reset()
    second_look(stack, member)

    proof = {"email": member.email, "code": new_code(stack, member.email, before)}
    assert request(f"{stack.api}/v1/signup/verify", "POST", proof, header).status == 201

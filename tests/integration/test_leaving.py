"""Who is removed from a company: no way in from that moment, nothing of theirs left, whatever fails on the way."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.services.erasure.leavers import STRAGGLERS_SECONDS
from infra.local import LocalStack
from tests.integration.client import User, eventually, log_in, mail_to, request, sign_up
from tests.integration.letters import batch_of, failed, rows, sample
from tests.integration.people import accept, at, invite, invited, join, key_in, sign_up_again
from tests.integration.test_push import attributes, device_token, endpoint_of, register

API, TASKS = "okki-leads-api", "okki-leads-run-tasks"


def kept(stack: LocalStack, user: User) -> list[str]:
    """Sort keys of everything in `accounts` that names the user."""
    mark = user.me["id"]
    return sorted(row["sk"]["S"] for row in rows(stack, "accounts") if mark in str(row))


def erased(stack: LocalStack, user: User) -> None:
    """Wait until only the user's empty place is left."""
    eventually(lambda: kept(stack, user) == [f"member#{user.me['id']}"])


def second_look(stack: LocalStack, user: User) -> None:
    """What the schedule does a little later; afterwards nothing is left."""
    stack.advance(STRAGGLERS_SECONDS + 1)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(lambda: kept(stack, user) == [])


@pytest.mark.clause("self-service", "access", "retention")
def test_who_is_removed_is_out_with_the_next_request_and_leaves_nothing_personal(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    contact = member.contact("lena@buyer.example")
    assert log_in(stack, member.email).status == 200
    assert len(kept(stack, member)) >= 5
    before = [row for row in rows(stack, "ledger") if member.me["id"] in row["sk"]["S"]]
    assert admin.call("DELETE", at(member)).status == 204
    assert member.call("GET", "/v1/me").status == 401
    assert member.call("GET", f"/v1/contacts/{contact['id']}").status == 401
    answer = log_in(stack, member.email)
    assert (answer.status, answer.json["code"]) == (401, "login_refused")
    for method in ("GET", "DELETE"):
        assert admin.call(method, at(member)).status == 404
    assert admin.call("PATCH", at(member), {"state": "active"}).status == 404
    assert [one["id"] for one in admin.call("GET", "/v1/company/members").json["items"]] == [admin.me["id"]]
    assert admin.call("GET", "/v1/company").json["members"] == 1
    # The company's work and the proof of the consent are not the member's to take along.
    assert admin.call("GET", f"/v1/contacts/{contact['id']}").status == 200
    erased(stack, member)
    second_look(stack, member)
    assert [row for row in rows(stack, "ledger") if member.me["id"] in row["sk"]["S"]] == before
    assert len(before) == 1


@pytest.mark.clause("notification", "access")
def test_a_telephone_of_somebody_who_left_is_forgotten_where_pushes_come_from_too(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    token = device_token()
    register(member, token)
    endpoint = endpoint_of(stack, token)
    assert attributes(stack, endpoint) is not None
    assert admin.call("DELETE", at(member)).status == 204
    erased(stack, member)
    assert attributes(stack, endpoint) is None
    second_look(stack, member)
    stack.reset_clock()
    register(admin, token)


@pytest.mark.clause("self-service")
def test_the_mailbox_of_somebody_who_left_is_free_at_once(stack: LocalStack) -> None:
    admin = sign_up(stack)
    one, two = join(admin), join(admin)
    for user in (one, two):
        assert admin.call("DELETE", at(user)).status == 204
    again = sign_up_again(stack, one.email, "Ben's own").json
    before = len(stack.mails(two.email))
    invite(admin, two.email)
    assert accept(stack, key_in(mail_to(stack, two.email, before + 1))).status == 201
    for user in (one, two):
        erased(stack, user)
    second_look(stack, one)
    second_look(stack, two)
    stack.reset_clock()
    bearer = {"Authorization": f"Bearer {again['session']['token']}"}
    assert request(f"{stack.api}/v1/me", headers=bearer).json["company"]["name"] == "Ben's own"
    assert admin.call("GET", "/v1/company").json["members"] == 2


@pytest.mark.clause("access")
def test_an_older_invitation_is_no_way_back(stack: LocalStack) -> None:
    admin = sign_up(stack)
    email, key = invited(admin)
    _, spare = invited(admin, email)
    member = User(stack, email, "", accept(stack, key).json["user"], admin.company, "")
    assert admin.call("DELETE", at(member)).status == 204
    answer = accept(stack, spare)
    assert (answer.status, answer.json["code"]) == (401, "invitation_refused")
    assert admin.call("GET", "/v1/company/invitations").json["items"] == []


@pytest.mark.clause("retention")
def test_a_lost_hint_is_made_good_by_the_schedule(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    lost = stack.wire.inject(kind="fail", service="sqs", function=API, contains="erase_member", times=20)
    assert admin.call("DELETE", at(member)).status == 204
    assert lost.hits
    assert member.call("GET", "/v1/me").status == 401
    assert f"user#{member.me['id']}" in kept(stack, member)
    stack.wire.reset()
    second_look(stack, member)


@pytest.mark.clause("retention")
def test_an_erasure_that_dies_half_way_goes_on(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    broken = stack.wire.inject(
        kind="fail", service="dynamodb", operation="BatchWriteItem", function=TASKS, times=3
    )
    assert admin.call("DELETE", at(member)).status == 204
    eventually(lambda: broken.hits)
    erased(stack, member)
    second_look(stack, member)


@pytest.mark.clause("self-service")
def test_a_lost_reply_removes_once_and_a_second_click_finds_nobody(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member, other = join(admin), join(admin)
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API)
    assert admin.call("DELETE", at(member)).status == 204
    with ThreadPoolExecutor(4) as threads:
        answers = threads.map(lambda _: admin.call("DELETE", at(other)).status, range(4))
    assert sorted(answers) == [204, 404, 404, 404]
    assert admin.call("GET", "/v1/company").json["members"] == 1


@pytest.mark.clause("access")
def test_the_eraser_touches_nobody_who_has_not_left(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    before = kept(stack, member)
    task = {"task": "erase_member", "company": admin.company["id"], "user": member.me["id"]}
    assert failed(stack.invoke("RunTasks", batch_of("outbox", json.dumps(task)))) == []
    assert kept(stack, member) == before
    assert member.call("GET", "/v1/me").status == 200


@pytest.mark.clause("access")
def test_what_a_request_under_way_wrote_after_the_erasure_goes_with_the_second_look(
    stack: LocalStack,
) -> None:
    admin = sign_up(stack)
    member = join(admin)
    (late,) = [
        row for row in rows(stack, "accounts") if row["sk"]["S"].startswith(f"device#{member.me['id']}")
    ]
    assert admin.call("DELETE", at(member)).status == 204
    erased(stack, member)
    stack.client("dynamodb").put_item(TableName="okki-leads-accounts", Item=late)
    second_look(stack, member)


@pytest.mark.clause("access")
def test_a_password_that_is_changed_during_the_removal_opens_nothing(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    body = {"current_password": "correct horse battery", "password": "another horse battery"}
    with ThreadPoolExecutor(2) as threads:
        removed = threads.submit(admin.call, "DELETE", at(member))
        changed = threads.submit(member.call, "PUT", "/v1/me/password", body)
    assert removed.result().status == 204
    assert changed.result().status in {200, 401, 404, 409}
    for password in ("correct horse battery", "another horse battery"):
        assert log_in(stack, member.email, password).status == 401
    assert request(f"{stack.api}/v1/me", headers={"Authorization": f"Bearer {member.token}"}).status == 401

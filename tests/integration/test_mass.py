"""Notices to many: each is told once and nobody is left out, whatever dies, repeats itself or says no on the way."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from infra.local.wire import Kind as FaultKind
from tests.integration import masses
from tests.integration.apart import own_stack
from tests.integration.client import eventually, sign_up
from tests.integration.crowd import people
from tests.integration.letters import drained, rows, sample
from tests.integration.masses import emails
from tests.integration.staff import member

pytestmark = pytest.mark.clause("incidents", "discontinuation", "policy-updates")

stack = own_stack()
WORKER = "okki-leads-tell-people"


@pytest.fixture(scope="module")
def crowd(stack: LocalStack) -> list[dict[str, Any]]:
    """Four companies of three."""
    sign_up(stack)  # and with it the operator's key
    return people(stack, 4, 3, "mass")


def account(stack: LocalStack, act: str, key: tuple[str, str], **more: Any) -> None:
    """Do something to a row past the front door."""
    pk, sk = key
    getattr(stack.client("dynamodb"), act)(
        TableName="okki-leads-accounts", Key={"pk": {"S": pk}, "sk": {"S": sk}}, **more
    )


def to_state(stack: LocalStack, one: dict[str, Any], state: str) -> None:
    account(
        stack,
        "update_item",
        (one["company"], f"member#{one['user']}"),
        UpdateExpression="SET facts.#s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": state}},
    )


def test_each_is_told_once_however_often_the_work_comes(
    stack: LocalStack, crowd: list[dict[str, Any]]
) -> None:
    notice = masses.begin(stack, *crowd, *crowd[:3], start=False)
    assert notice.state == "listing"
    masses.sweep(stack)
    drained(stack, "mass")
    assert notice.told() == {}, "nobody is told before the list is whole"

    notice.start()
    with ThreadPoolExecutor(4) as many:
        assert list(many.map(lambda _: notice.poke(), range(4))) == [[]] * 4
    masses.sweep(stack)
    notice.settle()
    assert notice.told() == emails(crowd)
    assert notice.outcomes() == {"accepted": len(crowd)}
    assert notice.counted() == {"accepted": len(crowd)}

    for again in (notice.start, notice.poke):
        again()
    masses.sweep(stack)
    drained(stack, "mass")
    assert (notice.told(), notice.state) == (emails(crowd), "done")


@pytest.mark.parametrize(("kind", "after"), [(Kind.INCIDENT, 1), (Kind.MEMBERSHIP, 0)])
def test_whose_mail_was_lost_is_told_again_only_if_it_is_owed(
    stack: LocalStack, crowd: list[dict[str, Any]], kind: Kind, after: int
) -> None:
    fault = stack.wire.inject(kind="lose_request", service="ses", function=WORKER, skip=1)
    notice = masses.begin(stack, *crowd[:3], kind=kind)
    notice.reaches("settling")
    assert fault.hits == 1
    assert sorted(notice.outcomes().items()) == [("accepted", 2), ("claimed", 1)]
    notice.settle()
    assert sum(notice.told().values()) == 2 + after
    assert set(notice.told().values()) == {1}
    wanted = {"accepted": 3} if after else {"accepted": 2, "unknown": 1}
    assert notice.counted() == notice.outcomes() == wanted


def test_a_lost_answer_sends_nothing_twice(stack: LocalStack, crowd: list[dict[str, Any]]) -> None:
    fault = stack.wire.inject(kind="lose_reply", service="ses", function=WORKER, times=2)
    notice = masses.begin(stack, *crowd[:4])
    notice.settle()  # SES's events told that these mails had left
    assert fault.hits == 2
    assert notice.told() == emails(crowd[:4])
    assert notice.counted() == {"accepted": 4}


def test_a_worker_that_died_among_people_leaves_nobody_out(
    stack: LocalStack, crowd: list[dict[str, Any]]
) -> None:
    them = crowd[3:9]
    notice = masses.begin(stack, *them, start=False)
    lost = them[1]
    masses.wish(stack, "claim", mass=notice.id, company=lost["company"], user=lost["user"], kind="incident")
    now = int(stack.now())
    account(
        stack,
        "update_item",
        (f"mass#{notice.id}", "mass"),
        UpdateExpression="SET facts.step_id = :i, facts.step_until = :u",
        ExpressionAttributeValues={":i": {"S": "step_dead"}, ":u": {"N": str(now + 90)}},
    )
    notice.start()
    assert notice.poke() == []
    masses.sweep(stack)
    drained(stack, "mass")
    assert notice.told() == {}, "whoever has the notice may still be at work"

    stack.advance(181)
    masses.sweep(stack)
    notice.reaches("settling")
    assert notice.told() == emails([one for one in them if one is not lost])
    notice.settle()
    assert notice.told() == emails(them)
    assert notice.people()[lost["user"]]["tries"] == "2"


def test_lost_replies_of_the_table_tell_nobody_twice(stack: LocalStack, crowd: list[dict[str, Any]]) -> None:
    losses: tuple[tuple[FaultKind, int], ...] = (
        ("lose_reply", 1),
        ("fail", 6),
        ("conflict", 9),
        ("lose_reply", 12),
    )
    faults = [
        stack.wire.inject(
            kind=kind, service="dynamodb", operation="PutItem", function=WORKER, skip=skip, times=3
        )
        for kind, skip in losses
    ]
    notice = masses.begin(stack, *crowd[:6])
    eventually(lambda: sum(fault.hits for fault in faults) >= 6)
    for _ in range(3):
        drained(stack, "mass")
        stack.advance(181)
        masses.sweep(stack)
    stack.wire.reset()
    notice.settle()
    assert notice.told() == emails(crowd[:6])
    assert notice.counted() == {"accepted": 6}


def test_when_ses_has_no_room_the_rest_waits_and_nobody_is_lost(
    stack: LocalStack, crowd: list[dict[str, Any]]
) -> None:
    short = stack.wire.inject(kind="throttle", service="ses", function=WORKER, times=3)
    notice = masses.begin(stack, *crowd[:3])
    notice.settle()
    assert (short.hits, notice.told()) == (3, emails(crowd[:3]))

    long = stack.wire.inject(kind="throttle", service="ses", function=WORKER, skip=1, times=5)
    notice = masses.begin(stack, *crowd[:3])
    eventually(lambda: notice.outcomes().get("busy"))
    assert (long.hits, notice.state) == (5, "running")
    eventually(lambda: not notice.row().get("step_id"))
    notice.poke()
    notice.settle()
    assert notice.told() == emails(crowd[:3])
    assert notice.counted() == {"accepted": 3}


def test_whose_mail_comes_back_counts_as_not_reached(stack: LocalStack, crowd: list[dict[str, Any]]) -> None:
    nowhere = people(stack, 1, 2, "nowhere")
    notice = masses.begin(stack, *crowd[:2], *nowhere)
    notice.reaches("settling")
    for shape in ("event", "notification"):
        for _ in range(2):
            assert came_back(stack, notice, nowhere[shape == "event"], shape) == {"batchItemFailures": []}
    notice.settle()
    assert notice.counted() == notice.outcomes() == {"accepted": 2, "unreachable": 2}
    assert sum(notice.told().values()) == 4, "who cannot be reached is not written to again"


def came_back(stack: LocalStack, notice: masses.Notice, one: dict[str, Any], shape: str) -> Any:
    """Hand SES's report to the worker: by tags, or as identity notifications tell it, by our header."""
    event = sample(f"sqs-ses-{shape}-bounce")
    record = event["Records"][0]
    envelope = json.loads(record["body"])
    told = json.loads(envelope["Message"])
    if shape == "event":
        told["mail"]["tags"] = {"mass": [notice.id], "company": [one["company"]], "user": [one["user"]]}
    value = f"{one['company']}.{one['user']}.{notice.id}"
    told["mail"]["headers"] = [{"name": "X-Okki-Delivery", "value": value}]
    record["body"] = json.dumps({**envelope, "Message": json.dumps(told)})
    return stack.invoke("MailFeedback", event)


def test_a_company_whose_rows_cannot_be_opened_does_not_stop_the_rest(
    stack: LocalStack, crowd: list[dict[str, Any]]
) -> None:
    them = people(stack, 2, 2, "keyless")
    lost = them[0]["company"]
    keys = stack.client("dynamodb")
    for row in rows(stack, "company-keys"):
        if row["pk"]["S"] == lost:
            keys.delete_item(TableName="okki-leads-company-keys", Key={"pk": row["pk"], "sk": row["sk"]})
    notice = masses.begin(stack, *crowd[:3], *them)
    notice.settle()
    assert notice.told() == emails([*crowd[:3], *them[2:]])
    # Nobody knows more of the two than that they were on the list: they count as passed by.
    assert notice.counted() == {"accepted": 5, "unreadable_companies": 1, "passed_by": 2}


def test_who_is_erased_meanwhile_is_not_told_and_leaves_nothing(stack: LocalStack) -> None:
    them = people(stack, 1, 5, "leaver")
    notice = masses.begin(stack, *them, start=False)
    to_state(stack, them[0], "removed")
    to_state(stack, them[1], "suspended")
    account(stack, "delete_item", (them[2]["company"], f"user#{them[2]['user']}"))
    account(stack, "delete_item", (them[3]["company"], f"member#{them[3]['user']}"))
    notice.start()
    notice.settle()
    # Who is suspended cannot log in, but their data is ours, so an incident concerns them.
    assert notice.told() == emails([them[1], them[4]])
    assert set(notice.people()) == {them[1]["user"], them[4]["user"]}
    assert notice.counted() == {"accepted": 2, "passed_by": 3}


def test_who_is_added_late_is_told_and_nobody_else_again(
    stack: LocalStack, crowd: list[dict[str, Any]]
) -> None:
    notice = masses.begin(stack, *crowd[:2])
    notice.settle()
    notice.add(*crowd[:3])
    notice.settle()
    assert notice.told() == emails(crowd[:3])
    assert notice.counted() == {"accepted": 3}


def test_a_try_that_fails_takes_nothing_away_from_what_the_one_before_left(
    stack: LocalStack, crowd: list[dict[str, Any]]
) -> None:
    one = crowd[0]
    stack.wire.inject(kind="lose_request", service="ses", function=WORKER)
    notice = masses.begin(stack, one)
    notice.reaches("settling")
    # The third look at rows of the next pass is the one at the person, after the claim.
    fault = stack.wire.inject(
        kind="fail", service="dynamodb", operation="BatchGetItem", function=WORKER, skip=2, times=8
    )
    stack.advance(601)
    masses.sweep(stack)
    eventually(lambda: fault.hits >= 3)
    eventually(lambda: notice.people()[one["user"]]["outcome"] == "claimed")
    stack.wire.reset()
    drained(stack, "mass")
    stack.advance(601)
    masses.sweep(stack)
    notice.settle()
    assert notice.told() == emails([one])
    assert notice.people()[one["user"]]["tries"] == "2", "its tries are not counted from the start"


def test_a_notice_whose_words_are_gone_ends_and_tells_nobody(
    stack: LocalStack, crowd: list[dict[str, Any]]
) -> None:
    notice = masses.begin(stack, *crowd[:2], start=False)
    account(stack, "delete_item", (f"mass#{notice.id}", "text"))
    notice.start()
    assert notice.reaches("done") == "done"
    assert notice.poke() == []
    assert notice.told() == {}


def test_after_a_year_nobody_is_told_again(stack: LocalStack, crowd: list[dict[str, Any]]) -> None:
    until = int(stack.now()) + 400 * 86_400
    notice = masses.begin(stack, *crowd[:2], rounds_until=until)
    notice.settle("waiting")
    stack.advance(367 * 86_400)  # by now no row says any more who was told
    masses.sweep(stack)
    assert notice.reaches("done") == "done"
    drained(stack, "mass")
    assert notice.told() == emails(crowd[:2])
    security = member(stack, StaffPosition.SECURITY)
    answer = security.call("POST", f"/v1/staff/mass/{notice.id}/recount")
    assert (answer.status, answer.json["code"]) == (409, "too_old")
    stack.reset_clock()

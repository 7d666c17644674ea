"""Who does not renew loses everything six months later, told before; who renews in time loses nothing (5.3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.privacy import unrenewed
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack, billing
from tests.integration import machines
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, log_in, sign_up
from tests.integration.letters import drained
from tests.integration.staff import member
from tests.integration.test_holds import place
from tests.integration.test_subscription import (
    DAY,
    contact,
    fitting,
    order,
    paid,
    refusals,
    set_state,
    shown,
    sweep,
    take,
    text,
)

stack = own_stack()
pytestmark = pytest.mark.clause("cancellation")


@pytest.fixture(autouse=True)
def present(stack: LocalStack) -> Iterator[None]:
    """Each test lives in its own half year, and none in another's future."""
    stack.reset_clock()
    yield
    stack.wire.reset()
    stack.reset_clock()


def facts(stack: LocalStack, company: str) -> dict[str, Any]:
    key = {"pk": {"S": company}, "sk": {"S": "access"}}
    answer = stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=key, ConsistentRead=True)
    found = answer["Item"]["facts"]["M"]
    return {name: next(iter(value.values())) for name, value in found.items()}


def ending(stack: LocalStack, company: str) -> dict[str, Any] | None:
    """The company's cancellation as stored."""
    key = {"pk": {"S": f"cancellation#{company}"}, "sk": {"S": "cancellation"}}
    answer = stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=key, ConsistentRead=True)
    if "Item" not in answer:
        return None
    found = answer["Item"]["facts"]["M"]
    return {name: next(iter(value.values())) for name, value in found.items()}


def stands(stack: LocalStack, company: str) -> str:
    """The state of a cancellation that there is."""
    found = ending(stack, company)
    assert found is not None
    return str(found["state"])


def acts(stack: LocalStack, company: str) -> list[str]:
    """Steps of the cancellation in the company's chain."""
    found = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={":p": {"S": company}, ":s": {"S": "cancellation#"}},
        ConsistentRead=True,
    )["Items"]
    steps = sorted((one["seq"]["N"].zfill(9), one["facts"]["M"]["act"]["S"]) for one in found)
    return [act for _, act in steps]


def subjects(stack: LocalStack, user: User) -> list[str]:
    """All mails to somebody about their term, the oldest first."""
    about = ("subscription", "account ends", "keeps its")
    return [m["subject"] for m in stack.mails(user.email) if any(word in m["subject"] for word in about)][
        ::-1
    ]


def until(stack: LocalStack, moment: int) -> None:
    """Move the clock to this second."""
    stack.advance(moment - int(stack.now()))


def lapsed(stack: LocalStack) -> tuple[User, int]:
    """Somebody whose term has ended and whose admins heard what follows; and the end of the account."""
    user = sign_up(stack)
    end = int(stack.now()) + 3600
    paid(stack, user, **fitting(end))
    boundary = unrenewed.boundary(end)
    until(stack, boundary - 7 * DAY + 60)
    sweep(stack)
    return user, boundary


def begun(stack: LocalStack) -> tuple[User, int, str]:
    """Somebody whose account has begun to end; the boundary, and the workflow."""
    user, boundary = lapsed(stack)
    until(stack, boundary + 3)
    sweep(stack)
    found = eventually(lambda: ending(stack, user.company["id"]))
    assert found["why"] == "unrenewed"
    return user, boundary, found["workflow_id"]


def frozen(stack: LocalStack, workflow: str) -> None:
    """Wait until the doors are closed, nothing is deleted, and the last export is on offer."""
    machines.until_stage(stack, workflow, "erase", waiting=True, seconds=120)


def renewal(stack: LocalStack, user: User, placed: int, **more: Any) -> dict[str, Any]:
    made = order(
        user.company["id"],
        kind="renewal",
        **{"starts_at": text(placed), "placed_at": text(placed), "months": 12, **more},
    )
    return billing.signed(stack.billing_key, made)


def again(stack: LocalStack, user: User) -> None:
    """Log in once more: the doors were closed in between."""
    answer = log_in(stack, user.email)
    assert answer.status in {200, 201}, answer.body
    user.token = answer.json["session"]["token"]


# ---------------------------------------------------------------- told, then ended


def test_admins_hear_four_times_after_their_term_and_then_the_account_ends(stack: LocalStack) -> None:
    user = sign_up(stack)
    end = int(stack.now()) + 3600
    paid(stack, user, **fitting(end))
    drained(stack, "notices")
    steps = unrenewed.steps(end)
    for number, step in enumerate(steps[2:-1], 1):
        until(stack, step.at + 30)
        for _ in range(2):
            sweep(stack)
        assert len(subjects(stack, user)) == 1 + number, step.kind
    told = subjects(stack, user)
    assert told[1].endswith("has ended")
    assert [one for one in told if "account ends in" in one] == told[2:]
    assert told[-1] == "Your company's OKKI Leads AI account ends in 7 days"
    mail = next(m for m in stack.mails(user.email) if m["subject"] == told[-1])
    local = datetime.fromtimestamp(unrenewed.boundary(end) + 8 * 3600, UTC)
    assert f"{local:%Y-%m-%d %H:%M} UTC+8" in mail["text"]
    assert ending(stack, user.company["id"]) is None
    until(stack, steps[-1].at - 5)
    sweep(stack)
    assert ending(stack, user.company["id"]) is None, "not a second before"
    until(stack, steps[-1].at + 3)
    sweep(stack)
    found = eventually(lambda: ending(stack, user.company["id"]))
    assert (found["why"], "cools_until" in found) == ("unrenewed", False)
    frozen(stack, found["workflow_id"])
    assert user.call("GET", "/v1/me").status == 401
    assert acts(stack, user.company["id"])[:3] == ["asked", "frozen", "offered"]


def test_nobody_is_ended_who_was_never_told_and_a_week_follows_when_they_are(stack: LocalStack) -> None:
    user = sign_up(stack)
    end = int(stack.now()) + 3600
    paid(stack, user, **fitting(end))
    until(stack, unrenewed.boundary(end) + 30 * DAY)  # half a year without a sweep
    sweep(stack)
    assert ending(stack, user.company["id"]) is None
    assert subjects(stack, user)[-1].endswith("ends in 7 days")
    stack.advance(7 * DAY - 60)
    sweep(stack)
    assert ending(stack, user.company["id"]) is None
    stack.advance(120)
    sweep(stack)
    assert eventually(lambda: ending(stack, user.company["id"]))["why"] == "unrenewed"


def test_an_order_of_long_ago_that_reaches_us_now_ends_nobody(stack: LocalStack) -> None:
    user = sign_up(stack)
    paid(stack, user, starts_at="2024-01-01T00:00:00Z", months=1)
    sweep(stack)
    assert ending(stack, user.company["id"]) is None
    assert subjects(stack, user)[-1].endswith("ends in 7 days")


def test_who_never_ordered_is_not_ended(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.advance(800 * DAY)
    sweep(stack)
    assert ending(stack, user.company["id"]) is None


# ---------------------------------------------------------------- one second before


def test_a_renewal_one_second_before_wins_against_a_workflow_that_runs(stack: LocalStack) -> None:
    user, boundary, workflow = begun(stack)
    frozen(stack, workflow)  # frozen; the last export is on offer
    assert take(stack, renewal(stack, user, boundary - 1)) == []
    company = user.company["id"]
    assert stands(stack, company) == "taken_back"
    assert facts(stack, company)["state"] == "active"
    machines.to_the_end(stack, workflow)
    assert acts(stack, company) == ["asked", "frozen", "offered", "taken_back"]
    again(stack, user)
    assert shown(user)["state"] == "active"
    assert contact(user).status == 201
    drained(stack, "notices")
    assert "Your company keeps its OKKI Leads AI account" in subjects(stack, user)
    stack.advance(8 * DAY)  # beyond the time of the last export
    sweep(stack)
    assert facts(stack, company)["state"] == "active"


def test_an_order_at_the_very_second_or_later_is_too_late_and_waits_for_a_person(stack: LocalStack) -> None:
    user, boundary, workflow = begun(stack)
    frozen(stack, workflow)
    before = len(refusals(stack))
    for placed in (boundary, boundary + 2):
        assert take(stack, renewal(stack, user, placed)) == [0], "kept for a person: somebody has paid"
    assert eventually(lambda: told if len(told := refusals(stack)[before:]) == 2 else None) == [
        "too_late",
        "too_late",
    ]
    assert stands(stack, user.company["id"]) == "frozen"


def test_an_order_that_comes_when_data_is_being_deleted_saves_nothing_and_leaves_nothing(
    stack: LocalStack,
) -> None:
    user, boundary, workflow = begun(stack)
    frozen(stack, workflow)
    machines.hop(stack, workflow)
    eventually(lambda: (ending(stack, user.company["id"]) or {}).get("state") not in {"freezing", "frozen"})
    before = len(refusals(stack))
    assert take(stack, renewal(stack, user, boundary - 1)) == [0]
    (reason,) = eventually(lambda: refusals(stack)[before:])
    assert reason in {"company_cancelled", "unknown_company"}


def test_an_order_and_the_end_at_once_end_in_one_of_two_ways_and_never_in_between(stack: LocalStack) -> None:
    for _ in range(3):
        user, boundary = lapsed(stack)
        until(stack, boundary + 3)
        company = user.company["id"]
        signed = renewal(stack, user, boundary - 1)
        threads = [
            threading.Thread(target=take, args=(stack, signed)),
            threading.Thread(target=sweep, args=(stack,)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: take(stack, signed) == [])  # noqa: B023 - used at once
        drained(stack, "tasks")
        found = ending(stack, company)
        assert found is None or found["state"] == "taken_back"
        assert facts(stack, company)["state"] == "active"
        if found is not None:
            machines.to_the_end(stack, found["workflow_id"])
        assert facts(stack, company)["state"] == "active"


# ---------------------------------------------------------------- late, twice, out of order


def test_a_renewal_counts_once_however_often_and_in_whatever_order_it_comes(stack: LocalStack) -> None:
    user, boundary, workflow = begun(stack)
    frozen(stack, workflow)
    first = renewal(stack, user, boundary - 2 * DAY, months=1)
    second = renewal(stack, user, boundary - DAY, months=1, plan="business")
    assert take(stack, second, first, second) == []
    assert take(stack, first, second) == []
    machines.to_the_end(stack, workflow)
    assert acts(stack, user.company["id"]).count("taken_back") == 1
    again(stack, user)
    found = shown(user)
    assert (found["state"], len(found["history"]["items"])) == ("active", 3)
    drained(stack, "notices")
    assert len([one for one in subjects(stack, user) if "keeps its" in one]) == 1


@pytest.mark.parametrize("kind", ["lose_reply", "fail"])
def test_a_fault_while_a_company_is_kept_neither_loses_it_nor_keeps_it_twice(
    stack: LocalStack, kind: Any
) -> None:
    user, boundary, workflow = begun(stack)
    frozen(stack, workflow)
    signed = renewal(stack, user, boundary - 1)
    fault = stack.wire.inject(
        kind=kind,
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-take-orders",
        times=2,
    )
    take(stack, signed)
    assert fault.hits
    stack.wire.reset()
    assert take(stack, signed) == []
    assert acts(stack, user.company["id"]).count("taken_back") == 1
    assert facts(stack, user.company["id"])["state"] == "active"


def test_an_order_that_does_not_move_the_end_of_the_term_keeps_nobody(stack: LocalStack) -> None:
    user, _, workflow = begun(stack)
    frozen(stack, workflow)
    old = order(user.company["id"], starts_at="2020-01-01T00:00:00Z", months=1)
    assert take(stack, billing.signed(stack.billing_key, old)) == []
    assert stands(stack, user.company["id"]) == "frozen"
    assert facts(stack, user.company["id"])["state"] == "cancelled"


def test_who_was_kept_and_lapses_again_is_told_and_ended_again(stack: LocalStack) -> None:
    user, boundary, workflow = begun(stack)
    assert take(stack, renewal(stack, user, boundary - 1, months=1)) == []
    machines.to_the_end(stack, workflow)
    company = user.company["id"]
    term = int(facts(stack, company)["term_ends_at"])
    until(stack, unrenewed.boundary(term) - 6 * DAY - 3600)
    sweep(stack)
    until(stack, unrenewed.boundary(term) + 3)
    sweep(stack)
    found = eventually(
        lambda: one if (one := ending(stack, company)) and one["state"] != "taken_back" else None
    )
    assert (found["why"], found["workflow_id"] != workflow) == ("unrenewed", True)


# ---------------------------------------------------------------- other states of a company


def test_a_restricted_company_is_ended_like_any_other_without_a_last_export(stack: LocalStack) -> None:
    """That an order in time keeps it, and restricted: test_cancellation_overtaken."""
    user, boundary = lapsed(stack)
    company = user.company["id"]
    set_state(stack, user, "restricted")
    until(stack, boundary + 3)
    sweep(stack)
    found = eventually(lambda: ending(stack, company))
    machines.to_the_end(stack, found["workflow_id"])
    assert acts(stack, company) == ["asked", "frozen", "erasing", "erased", "certified", "address_gone"]


def test_a_company_that_is_cancelling_already_is_not_ended_a_second_time(stack: LocalStack) -> None:
    user, boundary = lapsed(stack)
    set_state(stack, user, "cancelling")
    until(stack, boundary + 3)
    sweep(stack)
    assert ending(stack, user.company["id"]) is None


def test_what_a_hold_keeps_outlives_the_end_of_a_company_that_did_not_renew(stack: LocalStack) -> None:
    user, boundary = lapsed(stack)
    company = user.company["id"]
    legal = member(stack, StaffPosition.LEGAL)
    place(legal, user)
    until(stack, boundary + 3)
    sweep(stack)
    found = eventually(lambda: ending(stack, company))
    frozen(stack, found["workflow_id"])
    machines.hop(stack, found["workflow_id"])
    row = machines.until_stage(stack, found["workflow_id"], "hold", waiting=True, seconds=180)
    assert row["why"] == "hold"
    assert stands(stack, company) == "held"
    signed = renewal(stack, user, boundary - 1)
    assert take(stack, signed) == [0], "what is gone is gone: the money goes back"


def test_a_name_of_nobody_is_in_what_the_machine_is_given(stack: LocalStack) -> None:
    user, _, workflow = begun(stack)
    found = eventually(lambda: machines.execution(stack, workflow))
    assert user.email not in str(found)
    assert user.company["id"] not in found["input"]

"""A company that was kept stays open whoever was at its doors that moment; what comes in between is not lost, nor certified too early."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local import LocalStack
from tests.integration import machines
from tests.integration.ages import one
from tests.integration.apart import own_stack
from tests.integration.cancelling import DAY, PATH, asked, row_of, state, steps, subject
from tests.integration.client import eventually, sign_up
from tests.integration.eraser import desk
from tests.integration.sharer import of_prospect, person, shared, sharer
from tests.integration.test_subscription import contact, set_state, shown, sweep, take
from tests.integration.test_unrenewed import acts, again, ending, facts, lapsed, renewal, until

stack = own_stack()
pytestmark = pytest.mark.clause("cancellation")


@pytest.fixture(autouse=True)
def today(stack: LocalStack) -> Iterator[None]:
    """Each test lives in its own time."""
    stack.reset_clock()
    yield
    stack.wire.reset()
    stack.reset_clock()


def standing_still(stack: LocalStack) -> None:
    """No step of a cancellation gets anywhere until the wire is reset."""
    stack.wire.inject(kind="lose_request", function="okki-leads-cancel-company", times=1_000_000)


def overtaken(stack: LocalStack, *arguments: str) -> bool:
    """Whether a step that somebody overtook has noticed."""
    found: bool = desk(stack, *arguments, module="tests.integration.overtaken")["overtaken"]
    return found


def test_doors_that_are_closing_while_an_order_in_time_is_taken_stay_open(stack: LocalStack) -> None:
    user, boundary = lapsed(stack)
    company = user.company["id"]
    standing_still(stack)
    until(stack, boundary + 3)
    sweep(stack)
    workflow = eventually(lambda: ending(stack, company))["workflow_id"]
    read = machines.row(stack, workflow)
    assert read["stage"] == "freeze"
    assert take(stack, renewal(stack, user, boundary - 1)) == []
    assert overtaken(stack, "deed", workflow, "freeze", str(read["version"]))
    assert facts(stack, company)["state"] == "active"
    stack.wire.reset()
    machines.to_the_end(stack, workflow)
    assert acts(stack, company) == ["asked", "taken_back"]
    again(stack, user)
    assert shown(user)["state"] == "active"
    assert contact(user).status == 201


def test_an_order_in_time_keeps_a_restricted_company_before_its_doors_are_closed_too(
    stack: LocalStack,
) -> None:
    user, boundary = lapsed(stack)
    company = user.company["id"]
    set_state(stack, user, "restricted")
    standing_still(stack)
    until(stack, boundary + 3)
    sweep(stack)
    workflow = eventually(lambda: ending(stack, company))["workflow_id"]
    assert facts(stack, company)["state"] == "restricted"
    assert take(stack, renewal(stack, user, boundary - 1, months=1)) == []
    stack.wire.reset()
    machines.to_the_end(stack, workflow)
    assert acts(stack, company) == ["asked", "taken_back"]
    assert facts(stack, company)["state"] == "restricted", "paying lifts no restriction"
    term = facts(stack, company)["term_ends_at"]
    assert take(stack, renewal(stack, user, boundary + DAY)) == [], "and the next order counts as well"
    assert int(facts(stack, company)["term_ends_at"]) > int(term)


def test_a_restricted_company_that_renews_this_moment_keeps_its_time_to_think_it_over(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    set_state(stack, user, "restricted")
    workflow = asked(user)
    machines.until_stage(stack, workflow, "cool", waiting=True)
    assert overtaken(stack, "unrenewed", user.company["id"])
    assert (state(user), row_of(user)["why"]["S"]) == ("cooling_off", "asked")
    new = sign_up(stack)
    set_state(stack, new, "restricted")
    assert overtaken(stack, "unrenewed", new.company["id"])
    assert ending(stack, new.company["id"]) is None


def test_a_restricted_company_is_promised_no_week_that_it_does_not_get(stack: LocalStack) -> None:
    user = sign_up(stack)
    open_one = user.call("GET", f"{PATH}/preview").json
    set_state(stack, user, "restricted")
    seen = user.call("GET", f"{PATH}/preview").json
    assert open_one["export_until"] > open_one["cools_until"]
    assert seen["export_until"] is None
    assert seen["unreadable_at"] < open_one["unreadable_at"]


@pytest.mark.clause("joint-duties")
def test_whom_a_company_shared_begins_to_leave_the_base_with_it_at_once(stack: LocalStack) -> None:
    user = sharer(stack)
    prospect = shared(user, person())
    workflow = asked(user)
    machines.to_the_end(stack, workflow)
    eventually(lambda: of_prospect(stack, prospect) == [])
    assert "hint_lost" not in stack.logs("okki-leads-cancel-company")


def test_what_was_left_over_is_not_certified_as_deleted_before_it_was(stack: LocalStack) -> None:
    user = sign_up(stack)
    company = user.company["id"]
    workflow = asked(user)
    machines.until_stage(stack, workflow, "cool", waiting=True)
    machines.hop(stack, workflow)
    machines.until_stage(stack, workflow, "erase", waiting=True)
    subject(stack, user.email, "last chance")
    machines.hop(stack, workflow)
    machines.until_stage(stack, workflow, "verify", waiting=True)
    first = {name: int(row_of(user)[name]["N"]) for name in ("erased_at", "unrecoverable_at")}
    late = {"pk": {"S": company}, "sk": {"S": "contact#ct_late"}, "kind": {"S": "contact"}}
    stack.client("dynamodb").put_item(TableName="okki-leads-workspace", Item=late)
    machines.to_the_end(stack, workflow)
    assert one(stack, "workspace", company, "contact#ct_late") is None
    then = {name: int(row_of(user)[name]["N"]) for name in first}
    assert then["erased_at"] >= first["erased_at"] + 120
    assert then["unrecoverable_at"] - then["erased_at"] == 35 * DAY
    assert state(user) == "done"
    assert steps(user).count("certified") == 1

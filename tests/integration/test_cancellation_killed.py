"""A company's end does not depend on who carries it: killed after any state or inside any task it ends alike."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import machines
from tests.integration.ages import one
from tests.integration.cancelling import asked, left, state, steps, subject
from tests.integration.client import User, eventually, fresh_address, sign_up
from tests.integration.eraser import desk

pytestmark = pytest.mark.clause("cancellation")

ALIKE = ["asked", "frozen", "offered", "erasing", "erased", "certified", "address_gone"]


@pytest.fixture(autouse=True)
def today(stack: LocalStack) -> Any:
    """Each test lives weeks; the next one begins at its own today."""
    yield
    stack.reset_clock()


def small(stack: LocalStack) -> User:
    """A company with little to delete."""
    user = sign_up(stack)
    user.contact(fresh_address("bob", "buyer.example"))
    return user


def ended(stack: LocalStack, user: User, workflow: str) -> None:
    """Over every wait, and over what died."""
    machines.to_the_end(stack, workflow, seconds=200, act=lambda row: offered(stack, user, row))


def offered(stack: LocalStack, user: User, row: dict[str, Any]) -> None:
    """In life a letter leaves within minutes, also one whose hint was lost; here a week goes by in a moment."""
    if row["why"] == "final_export":
        stack.advance(301)
        machines.sweep(stack)
        subject(stack, user.email, "last chance")


def check(stack: LocalStack, user: User) -> None:
    """It has ended as one that nobody disturbed."""
    company = user.company["id"]
    assert left(stack, company) == []
    assert state(user) == "done"
    assert steps(user) == ALIKE
    assert one(stack, "accounts", f"cancellation#{company}", "address") is None
    assert len([mail for mail in stack.mails(user.email) if "Certificate" in mail["subject"]]) == 1
    assert len([mail for mail in stack.mails(user.email) if "last chance" in mail["subject"]]) == 1
    assert desk(stack, "chain", company)["sound"]


@pytest.mark.parametrize("number", [2, 4, 6, 8, 11])
def test_killed_after_a_state_it_ends_alike(stack: LocalStack, number: int) -> None:
    user = small(stack)
    stack.kill_at("cancellation", number)
    try:
        workflow = asked(user)
        ended(stack, user, workflow)
    finally:
        stack.forget_kills()
    check(stack, user)


@pytest.mark.parametrize(("calls", "done"), [(3, False), (9, True), (30, False), (60, True)])
def test_killed_inside_a_task_it_ends_alike(stack: LocalStack, calls: int, *, done: bool) -> None:
    user = small(stack)
    workflow = asked(user)
    machines.until_stage(stack, workflow, "cool", waiting=True)
    with machines.cut_off(stack, "cancellation", calls, done=done):

        def broken() -> bool:
            row = machines.row(stack, workflow)
            offered(stack, user, row)
            machines.hop(stack, workflow, at=row)
            return any(call.fault for call in list(stack.wire.calls))

        eventually(broken)
    ended(stack, user, workflow)
    check(stack, user)

"""Who may end a company, and how it is taken back: nothing ends by accident, by a thief, or by one user alone."""

from __future__ import annotations

import pytest

from chalicelib.api.described.cancellation import SHAPES
from infra.local import LocalStack
from tests.integration import machines, ways
from tests.integration.cancelling import DAY, PATH, ask, asked, row_of, state, steps, subject, workflow_of
from tests.integration.client import eventually, fresh_address, log_in, sign_up
from tests.integration.people import at, join
from tests.integration.test_permissions import set_facts

pytestmark = pytest.mark.clause("cancellation")


@pytest.mark.clause("access")
def test_a_user_or_another_admin_ends_nothing_and_is_told_whom_to_ask(stack: LocalStack) -> None:
    anna = sign_up(stack)
    ben, carl = join(anna), join(anna, "admin")
    for user, method, path in (
        (ben, "POST", PATH),
        (ben, "GET", f"{PATH}/preview"),
        (ben, "DELETE", PATH),
        (carl, "POST", PATH),
    ):
        body = {"understood": True} if method == "POST" else None
        answer = user.call(method, path, body)
        assert (answer.status, answer.json["code"], answer.json["clause"]) == (
            403,
            "ask_main_account",
            "cancellation",
        )
        assert answer.json["administrator"] == {"name": "Anna Li", "email": anna.email}
    assert carl.call("GET", f"{PATH}/preview").status == 200
    seen = ben.call("GET", PATH)
    assert (seen.status, seen.json["state"], seen.json["can_be_taken_back"]) == (200, "none", False)
    assert seen.json.keys() == SHAPES["Cancellation"]["properties"].keys()
    assert anna.call("GET", "/v1/company").json["state"] == "active"


@pytest.mark.clause("passwords")
def test_a_session_somebody_found_is_not_enough_and_a_form_in_passing_neither(stack: LocalStack) -> None:
    anna = sign_up(stack)
    stack.advance(601)  # the code of the sign-up was a proof, for ten minutes
    answer = ask(anna)
    assert (answer.status, answer.json["code"]) == (403, "proof_needed")
    ways.prove(anna)
    for body in ({}, {"understood": False}, {"understood": True, "now": True}):
        assert anna.call("POST", PATH, body).status == 422
    stack.advance(601)
    assert ask(anna).json["code"] == "proof_needed"
    stack.reset_clock()
    assert anna.call("GET", "/v1/company").json["state"] == "active"


@pytest.mark.clause("access", "notification")
def test_the_admin_whose_colleagues_account_was_stolen_takes_it_back_and_nothing_is_lost(
    stack: LocalStack,
) -> None:
    anna = sign_up(stack)
    ben, carl = join(anna), join(anna, "admin")
    contact = anna.contact(fresh_address("bob", "buyer.example"))
    key = {"Idempotency-Key": "0f5c5f2e-cancel"}
    ways.prove(anna)
    first = ask(anna, **key)
    assert first.status == 202
    assert ask(anna, **key).json == first.json  # the reply was lost, and nothing else
    assert ask(anna).json["code"] == "cancelling"
    workflow = workflow_of(anna)
    machines.until_stage(stack, workflow, "cool")
    seen = carl.call("GET", PATH).json
    assert (seen["state"], seen["can_be_taken_back"], seen["asked_by"]) == (
        "cooling_off",
        True,
        anna.me["id"],
    )
    assert not ben.call("GET", PATH).json["can_be_taken_back"]
    stack.advance(13 * DAY)
    back = sign_in(stack, carl.email)
    assert back["state"] == "cancelling"
    carl.token = back["token"]
    taken = carl.call("DELETE", PATH)
    assert (taken.status, taken.json["state"]) == (200, "taken_back")
    assert carl.call("DELETE", PATH).json["code"] == "not_cancelling"
    eventually(lambda: machines.row(stack, workflow)["stage"] == "over")
    for user in (anna, ben, carl):
        assert "keeps its OKKI Leads AI account" in subject(stack, user.email, "keeps its")["subject"]
    stack.reset_clock()
    anna.token = sign_in(stack, anna.email)["token"]
    assert anna.call("GET", f"/v1/contacts/{contact['id']}").json == contact
    anna.contact(fresh_address("new", "buyer.example"))
    assert steps(anna) == ["asked", "taken_back"]
    # The address was kept for a certificate that nobody needs now.
    assert ways.stored(stack).count(f"cancellation#{anna.company['id']}") == 1
    # And whoever means it may ask again.
    assert asked(anna) != workflow


def sign_in(stack: LocalStack, email: str) -> dict[str, str]:
    """Token and company state of a fresh login."""
    answer = log_in(stack, email)
    assert answer.status == 200, answer.body
    return {"token": answer.json["session"]["token"], "state": answer.json["company"]["state"]}


@pytest.mark.parametrize("before", ["restricted", "expired"])
def test_a_company_that_was_restricted_or_over_is_so_again(stack: LocalStack, before: str) -> None:
    anna = sign_up(stack)
    ways.prove(anna)
    set_facts(anna, "access", state={"S": before})
    assert ask(anna).status == 202
    # Asking to go opens nothing that was shut.
    assert anna.call("GET", "/v1/contacts").status == (403 if before == "restricted" else 200)
    assert anna.call("DELETE", PATH).status == 200
    assert anna.call("GET", "/v1/company").json["state"] == before


def test_whoever_disagrees_with_a_new_policy_can_still_leave(stack: LocalStack) -> None:
    anna = sign_up(stack)
    set_facts(anna, f"member#{anna.me['id']}", policy_version={"S": "2020-01-01"})
    set_facts(anna, "access", people={"N": "99"})  # sessions look again
    refused = anna.call("GET", "/v1/contacts")
    assert refused.json["code"] == "consent_needed"
    ways.prove(anna)
    assert ask(anna).status == 202


def test_after_the_time_to_think_it_over_nobody_takes_it_back(stack: LocalStack) -> None:
    anna = sign_up(stack)
    carl = join(anna, "admin")
    workflow = asked(anna)
    machines.until_stage(stack, workflow, "cool")
    # Not even in the moment before the machine wakes: the row says until when, not the machine.
    until = int(row_of(anna)["cools_until"]["N"])
    stack.advance(int(until - stack.now()) - 3600)
    carl.token = sign_in(stack, carl.email)["token"]
    stack.wire.inject(kind="lose_request", function="okki-leads-cancel-company", times=1_000_000)
    try:
        stack.advance(int(until - stack.now()) + 2)
        late = carl.call("DELETE", PATH)
    finally:
        stack.wire.reset()
    assert (late.status, late.json["code"], late.json["clause"]) == (409, "too_late", "cancellation")
    stack.reset_clock()
    assert state(anna) in {"cooling_off", "frozen"}


def test_a_start_that_was_lost_is_made_good(stack: LocalStack) -> None:
    anna = sign_up(stack)
    ways.prove(anna)
    stack.wire.inject(kind="fail", service="states", function="okki-leads-api", times=20)
    try:
        answer = ask(anna)
    finally:
        stack.wire.reset()
    assert answer.status == 202, answer.body
    workflow = workflow_of(anna)
    machines.take_up(stack, workflow)
    machines.until_stage(stack, workflow, "cool")
    stack.reset_clock()
    assert subject(stack, anna.email, "closing its")
    assert at(anna)

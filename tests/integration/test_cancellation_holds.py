"""What a legal matter needs of a company that goes is kept, seen by nobody, and goes by itself when the matter is over."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.services.keeping.holding import STRAGGLERS_SECONDS
from infra.local import LocalStack
from tests.integration import machines
from tests.integration.ages import one, under
from tests.integration.cancelling import DAY, asked, left, row_of, state, steps, subject
from tests.integration.client import User, eventually, fresh_address, log_in, sign_up
from tests.integration.eraser import plain
from tests.integration.letters import drained
from tests.integration.staff import StaffUser, member
from tests.integration.test_holds import place, release

pytestmark = pytest.mark.clause("cancellation", "retention")

LAW = "Evidence Act 1893 s 3"


@pytest.fixture(autouse=True)
def today(stack: LocalStack) -> Any:
    """Each test lives weeks; the next one begins at its own today."""
    yield
    stack.reset_clock()


@pytest.fixture(scope="module")
def legal(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


def until_held(stack: LocalStack, workflow: str) -> None:
    """Over every wait until it waits for a release."""

    def there() -> bool:
        row = machines.row(stack, workflow)
        if row["stage"] == "hold":
            return True
        machines.hop(stack, workflow)
        return False

    eventually(there, 90)


def one_step(stack: LocalStack, user: User, act: str) -> dict[str, Any]:
    """The only step of this kind in the company's chain."""
    rows = under(stack, "ledger", user.company["id"], "cancellation#")
    (found,) = [row for row in rows if row["facts"]["M"]["act"]["S"] == act]
    facts: dict[str, Any] = plain(found["facts"])
    return facts


def ends(stack: LocalStack, workflow: str) -> None:
    """What follows from the release, day by day, to the end."""
    drained(stack, "tasks")
    stack.advance(STRAGGLERS_SECONDS + 1)
    machines.sweep(stack)  # the hold's job has a second look
    drained(stack, "tasks")
    machines.to_the_end(stack, workflow, hop_more=200)


@pytest.mark.clause("encryption")
def test_what_is_held_stays_restricted_is_certified_with_its_law_and_goes_when_the_hold_ends(
    stack: LocalStack,
) -> None:
    legal = member(stack, StaffPosition.LEGAL)
    anna = sign_up(stack)
    company = anna.company["id"]
    anna.contact(fresh_address("bob", "buyer.example"))
    hold = place(legal, anna, law=LAW)
    workflow = asked(anna)
    until_held(stack, workflow)
    assert state(anna) == "held"
    first = subject(stack, anna.email, "first part")
    assert LAW in first["text"]
    assert "stored contacts: 1" in first["text"].partition("Kept")[2]
    assert "stored contacts" not in first["text"].partition("Kept")[0]
    assert any("contact#" in place for place in left(stack, company))
    assert log_in(stack, anna.email).status in {401, 403}
    assert one(stack, "accounts", f"cancellation#{company}", "address") is not None
    assert any("company-keys" in place for place in left(stack, company))
    again = member(stack, StaffPosition.LEGAL)  # weeks later nobody is logged in any more
    assert release(again, anna, hold["id"]).status == 200
    ends(stack, workflow)
    assert left(stack, company) == []
    second = subject(stack, anna.email, f"Certificate of deletion: {anna.company['name']}")
    assert "stored contacts: 1" in second["text"]
    assert one(stack, "accounts", f"cancellation#{company}", "address") is None
    assert steps(anna)[-5:] == ["certified", "released", "erased", "certified", "address_gone"]


def test_a_hold_that_must_not_be_told_of_shows_in_no_certificate_and_no_chain_of_the_company(
    stack: LocalStack,
) -> None:
    legal = member(stack, StaffPosition.LEGAL)
    anna = sign_up(stack)
    anna.contact(fresh_address("bob", "buyer.example"))
    hold = place(legal, anna, reason="investigation", law="Criminal Procedure Code s 20")
    workflow = asked(anna)
    until_held(stack, workflow)
    certificate = subject(stack, anna.email, "Certificate of deletion")
    assert "first part" not in certificate["subject"]
    assert "Criminal" not in certificate["text"]
    assert "stored contacts" not in certificate["text"]  # of what is still there, nothing is said to be gone
    assert steps(anna)[-2:] == ["erased", "certified"]
    assert row_of(anna)["laws"].get("L", []) == []
    stack.advance(2 * DAY)
    eventually(lambda: one(stack, "accounts", f"cancellation#{anna.company['id']}", "address") is None)
    # Now its chain reads like that of a company of which nothing is left, and is not added to any more.
    assert steps(anna)[-3:] == ["erased", "certified", "address_gone"]
    known = steps(anna)
    letters = len(stack.mails(anna.email))
    again = member(stack, StaffPosition.LEGAL)  # weeks later nobody is logged in any more
    assert release(again, anna, hold["id"]).status == 200
    ends(stack, workflow)
    assert left(stack, anna.company["id"]) == []
    assert steps(anna) == known
    assert steps(anna, ids.OPERATOR) == ["released", "erased"]
    assert state(anna) == "done"
    assert len(stack.mails(anna.email)) == letters


def test_a_hold_placed_while_the_company_thinks_it_over_counts(stack: LocalStack, legal: StaffUser) -> None:
    anna: User = sign_up(stack)
    workflow = asked(anna)
    machines.until_stage(stack, workflow, "cool")
    place(legal, anna, law=LAW)
    until_held(stack, workflow)
    assert LAW in subject(stack, anna.email, "first part")["text"]


def test_beside_an_open_hold_a_secret_one_shows_in_no_number(stack: LocalStack) -> None:
    legal = member(stack, StaffPosition.LEGAL)
    anna = sign_up(stack)
    bob = fresh_address("bob", "buyer.example")
    for email in (bob, fresh_address("carl", "buyer.example"), fresh_address("dora", "buyer.example")):
        anna.contact(email)
    told = place(legal, anna, "person", email=bob, law=LAW)
    secret = place(legal, anna, reason="investigation", law="Criminal Procedure Code s 20")
    workflow = asked(anna)
    until_held(stack, workflow)
    first = subject(stack, anna.email, "first part")["text"]
    assert LAW in first
    assert "Criminal" not in first
    gone, _, kept = first.partition("Kept")
    assert "stored contacts: 1" in kept, "bob, and neither of the two that only the other hold keeps"
    assert "stored contacts" not in gone
    chain = one_step(stack, anna, "certified")
    assert (chain["held"]["contact"], chain["laws"]) == (1, [LAW])
    assert "hold" not in chain["held"]
    again = member(stack, StaffPosition.LEGAL)
    for hold in (told, secret):
        assert release(again, anna, hold["id"]).status == 200
    ends(stack, workflow)
    assert left(stack, anna.company["id"]) == []
    second = subject(stack, anna.email, f"Certificate of deletion: {anna.company['name']}")
    assert "stored contacts: 1" in second["text"]
    assert steps(anna)[-5:] == ["certified", "released", "erased", "certified", "address_gone"]
    assert steps(anna, ids.OPERATOR) == ["released"]


def test_while_a_hold_is_being_released_nothing_is_certified_and_then_once(stack: LocalStack) -> None:
    legal = member(stack, StaffPosition.LEGAL)
    anna = sign_up(stack)
    anna.contact(fresh_address("bob", "buyer.example"))
    hold = place(legal, anna, law=LAW)
    workflow = asked(anna)
    machines.until_stage(stack, workflow, "cool", waiting=True)
    machines.hop(stack, workflow)
    machines.until_stage(stack, workflow, "erase", waiting=True)
    subject(stack, anna.email, "last chance")
    again = member(stack, StaffPosition.LEGAL)
    stack.wire.inject(kind="lose_request", function="okki-leads-run-tasks", times=1_000_000)
    try:
        assert release(again, anna, hold["id"]).status == 200
        machines.hop(stack, workflow)
        found = eventually(
            lambda: row if (row := machines.row(stack, workflow))["why"] == "hold" else None, 60
        )
        assert (found["stage"], state(anna)) == ("verify", "erasing")
        assert not [mail for mail in stack.mails(anna.email) if "Certificate" in mail["subject"]]
    finally:
        stack.wire.reset()
    machines.sweep(stack)
    ends(stack, workflow)
    assert left(stack, anna.company["id"]) == []
    assert len([mail for mail in stack.mails(anna.email) if "Certificate" in mail["subject"]]) == 1
    assert steps(anna)[-3:] == ["erased", "certified", "address_gone"]
    assert steps(anna).count("erased") == 1

"""Erasing somebody destroys nothing that is kept for a matter about somebody else, and goes on when that is over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.services.erasure.leavers import HELD_SECONDS
from infra.local import LocalStack
from tests.integration.ages import one as row_of
from tests.integration.ages import under
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, fresh_address, sign_up
from tests.integration.eraser import desk, erase, erasing, evidence, looked_again, opened, plain
from tests.integration.letters import drained, rows, sample
from tests.integration.people import join
from tests.integration.test_erasure import NAME, TASKS, check_gone, known
from tests.integration.test_leaving import kept

stack = own_stack()

pytestmark = pytest.mark.clause("requests", "retention")


def states(stack: LocalStack, company: str) -> list[str]:
    return [row["facts"]["M"]["state"]["S"] for row in erasing(stack, company)]


def held(stack: LocalStack, company: str, email: str) -> str:
    """Erase somebody of whom something is kept; the erasure's id once all else is gone."""
    begun: str = desk(stack, "person", company, email)["erasure_id"]
    eventually(lambda: states(stack, company) == ["held"], 40)
    return begun


def over(stack: LocalStack, company: str, hold: str) -> None:
    """Release a hold, and let time and the schedule do the rest."""
    assert desk(stack, "release", company, hold)
    drained(stack, "tasks")
    stack.advance(HELD_SECONDS + 1)
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "tasks")


def erased_after(stack: LocalStack, company: str, hold: str) -> None:
    over(stack, company, hold)
    eventually(lambda: states(stack, company) in (["waiting"], []), 40)
    looked_again(stack, company)


def family(stack: LocalStack, company: str, message: str) -> dict[str, Any]:
    """A message's rows by key, with what is sealed in them; in deliveries it changes with what the mail meets."""
    return {
        row["sk"]["S"]: None if row["kind"]["S"] == "delivery" else row.get("sealed")
        for row in under(stack, "workspace", company)
        if message in row["sk"]["S"]
    }


def test_what_a_held_user_wrote_to_who_is_erased_is_kept_for_the_matter(stack: LocalStack) -> None:
    one = known(stack)
    alone, shared = (family(stack, one.company, message) for message in (one.alone.message, one.shared))
    assert {sk.partition("#")[0] for sk in alone} == {"message", "body", "open", "click"}
    item = desk(stack, "tell", one.company, one.user.me["id"], one.email)
    told = row_of(stack, "accounts", one.company, f"inbox#{one.user.me['id']}#{item}")
    hold = desk(stack, "hold", one.company, one.user.me["id"])
    drained(stack, "tasks")
    erasure = held(stack, one.company, one.email)
    assert family(stack, one.company, one.alone.message) == alone
    assert family(stack, one.company, one.shared) == shared
    after = row_of(stack, "accounts", one.company, f"inbox#{one.user.me['id']}#{item}")
    assert told is not None and after is not None and after["sealed"] == told["sealed"]
    assert one.user.call("GET", f"/v1/messages/{one.alone.message}").status == 404, "out of sight"
    assert row_of(stack, "workspace", one.company, f"contact#{one.contact}") is None, "no hold is on them"
    last = evidence(stack, one.company, erasure)[-1]
    assert (last["step"], last["holds"]) == ("held", [hold])
    assert last["held"] == {
        "delivery": 2,
        "message": 1,
        "body": 1,
        "open": 2,
        "click": 1,
        "redacted": 1,
        "inbox": 1,
    }
    erased_after(stack, one.company, hold)
    check_gone(stack, one)


def test_a_message_is_not_rewritten_while_one_of_its_recipients_is_held(stack: LocalStack) -> None:
    one = known(stack)
    shared = family(stack, one.company, one.shared)
    hold = desk(stack, "hold", one.company, one.other)
    drained(stack, "tasks")
    held(stack, one.company, one.email)
    assert family(stack, one.company, one.shared) == shared
    assert family(stack, one.company, one.alone.message) == {}, "what no hold covers is gone"
    erased_after(stack, one.company, hold)
    check_gone(stack, one)


def test_a_held_inbox_is_not_rewritten_and_everybody_elses_is(stack: LocalStack) -> None:
    one = known(stack)
    colleague = join(one.user)
    users = (one.user, colleague)
    places = [
        f"inbox#{user.me['id']}#{desk(stack, 'tell', one.company, user.me['id'], f'to {one.email}')}"
        for user in users
    ]
    hold = desk(stack, "hold", one.company, colleague.me["id"])
    drained(stack, "tasks")
    held(stack, one.company, one.email)
    text = {line.split(" ")[1]: line for line in opened(stack, one.company).splitlines() if " inbox#" in line}
    assert one.email not in text[places[0]]
    assert one.email in text[places[1]]
    erased_after(stack, one.company, hold)
    check_gone(stack, one)


def test_a_hold_placed_while_an_erasure_goes_on_keeps_what_is_left(stack: LocalStack) -> None:
    one = known(stack)
    slow = stack.wire.inject(kind="delay", operation="TransactWriteItems", function=TASKS, seconds=8)
    desk(stack, "person", one.company, one.email)
    eventually(lambda: slow.hits)
    hold = desk(stack, "hold", one.company, one.email)
    eventually(lambda: states(stack, one.company) == ["held"], 40)
    assert row_of(stack, "workspace", one.company, f"contact#{one.contact}") is not None
    erased_after(stack, one.company, hold)
    check_gone(stack, one)


def test_of_two_holds_the_first_release_takes_nothing_from_the_second(stack: LocalStack) -> None:
    one = known(stack)
    sender, other = (desk(stack, "hold", one.company, who) for who in (one.user.me["id"], one.other))
    drained(stack, "tasks")
    alone, shared = (family(stack, one.company, message) for message in (one.alone.message, one.shared))
    held(stack, one.company, one.email)
    over(stack, one.company, sender)
    eventually(lambda: family(stack, one.company, one.alone.message) == {}, 40)
    eventually(lambda: states(stack, one.company) == ["held"], 40)
    assert alone
    assert family(stack, one.company, one.shared) == shared
    erased_after(stack, one.company, other)
    check_gone(stack, one)


def test_whoever_was_written_to_without_being_a_contact_leaves_the_inboxes_too(stack: LocalStack) -> None:
    user = sign_up(stack)
    company, email = user.company["id"], fresh_address("stranger", "buyer.example")
    tagged = email.replace("@", "+Fair@")
    message = user.write(tagged)
    user.settled(message)
    for text in (tagged, email):
        desk(stack, "tell", company, user.me["id"], f"written to {text}")
    erase(stack, company, email)
    looked_again(stack, company)
    text = opened(stack, company)
    assert "stranger" not in text
    assert text.count("written to (erased)") == 2


# -- users --------------------------------------------------------------------------------------------


def correspondence(stack: LocalStack, admin: User, user: User) -> dict[str, str]:
    """A message of a user to each of two people; ids by address."""
    found = {}
    for name in ("ann", "bob"):
        email = fresh_address(name, "buyer.example")
        html = f"<p>Yours, {user.me['name']} &lt;{user.email}&gt;</p>"
        found[email] = user.write(email, html=html, subject=f"From {user.me['name']}")
        user.settled(found[email])
    drained(stack, "outbox")
    return found


def asked_again(stack: LocalStack, user: User) -> None:
    """Wait until nothing is left of a user but that there was a hold on them."""
    eventually(lambda: {sk.partition("#")[0] for sk in kept(stack, user)} <= {"hold"}, 40)


def test_a_colleagues_held_inbox_keeps_the_name_of_who_left_until_it_is_released(stack: LocalStack) -> None:
    admin = sign_up(stack)
    colleague, gone = join(admin, name="Kim Keeper"), join(admin, name="Gus Goner")
    company = admin.company["id"]
    for user in (admin, colleague):
        desk(stack, "tell", company, user.me["id"], "Gus Goner")
    hold = desk(stack, "hold", company, colleague.me["id"])
    drained(stack, "tasks")
    desk(stack, "user", company, gone.me["id"])
    place, mine = f"user#{gone.me['id']}", f"inbox#{colleague.me['id']}#"
    eventually(lambda: kept(stack, gone) == [f"member#{gone.me['id']}", place], 40)
    named = [line.split(" ")[1] for line in opened(stack, company).splitlines() if "Gus Goner" in line]
    assert place in named
    assert {sk for sk in named if sk != place and not sk.startswith(mine)} == set()
    assert any(sk.startswith(mine) for sk in named)
    row = row_of(stack, "accounts", company, place)
    assert row is not None and "ttl" not in row and "expires_at" in row, "out of sight"
    over(stack, company, hold)
    asked_again(stack, gone)
    assert "Gus" not in opened(stack, company)


def test_a_held_recipients_letters_keep_the_name_of_who_wrote_them(stack: LocalStack) -> None:
    admin = sign_up(stack)
    gone, company = join(admin, name="Gus Goner"), admin.company["id"]
    written = correspondence(stack, admin, gone)
    (ann, kept_one), (_, other) = written.items()
    hold = desk(stack, "hold", company, ann)
    drained(stack, "tasks")
    before = family(stack, company, kept_one)
    desk(stack, "user", company, gone.me["id"], "letters")
    eventually(lambda: admin.message(other)["subject"] == "From (erased)", 40)
    eventually(lambda: kept(stack, gone) == [f"member#{gone.me['id']}", f"user#{gone.me['id']}"], 40)
    assert family(stack, company, kept_one) == before
    over(stack, company, hold)
    asked_again(stack, gone)
    assert admin.message(kept_one)["subject"] == "From (erased)"
    text = opened(stack, company)
    assert gone.email not in text
    assert "Gus" not in text


@pytest.mark.parametrize("fails", [False, True], ids=["at once", "after a failure"])
def test_who_was_held_is_forgotten_by_colleagues_and_letters_too_once_released(
    stack: LocalStack, *, fails: bool
) -> None:
    admin = sign_up(stack)
    gone, company = join(admin, name="Gus Goner"), admin.company["id"]
    written = correspondence(stack, admin, gone)
    desk(stack, "tell", company, admin.me["id"], "Gus Goner")
    desk(stack, "tell", company, admin.me["id"], f"wrote as {gone.email}")
    hold = desk(stack, "hold", company, gone.me["id"])
    drained(stack, "tasks")
    desk(stack, "user", company, gone.me["id"], "letters")
    place = f"user#{gone.me['id']}"
    eventually(lambda: "expires_at" in (row_of(stack, "accounts", company, place) or {}), 40)
    # The hold's own job is through with everything before anybody asks for the user again.
    assert desk(stack, "release", company, hold)
    drained(stack, "tasks")
    stack.advance(121)
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "tasks")
    assert row_of(stack, "accounts", company, place) is not None, "it says what they are called"
    if fails:
        stack.wire.inject(kind="fail", operation="BatchWriteItem", function=TASKS, times=2)
    stack.advance(HELD_SECONDS)
    stack.invoke("Sweep", sample("schedule-sweep"))
    asked_again(stack, gone)
    text = opened(stack, company)
    assert "Gus" not in text
    assert gone.email not in text
    for message in written.values():
        assert admin.message(message)["sender"] == "(erased)"
    (begun,) = [
        row
        for row in rows(stack, "ledger")
        if row["kind"]["S"] == "erasure"
        and plain(row["facts"]).get("user_id") == gone.me["id"]
        and row["sk"]["S"].endswith("#0000")
    ]
    entries = evidence(stack, company, begun["sk"]["S"].split("#")[1])
    assert [entry["step"] for entry in entries] == ["begun", "held", "part", "done"]
    assert entries[2]["counts"]["redacted"] == 2
    assert json.dumps(entries).count("Gus") == 0


# -- what outlived its deliveries ---------------------------------------------------------------------


def test_a_hold_on_a_person_reaches_messages_that_outlived_their_deliveries(stack: LocalStack) -> None:
    one = known(stack)
    for row in rows(stack, "workspace"):
        if row["pk"]["S"] == one.company and row["kind"]["S"] in {"delivery", "open"}:
            key = {"pk": row["pk"], "sk": row["sk"]}
            stack.client("dynamodb").delete_item(TableName="okki-leads-workspace", Key=key)
    stack.advance(430 * 86_400)
    hold = desk(stack, "hold", one.company, one.other)
    drained(stack, "tasks")

    def dated(message: str) -> set[bool]:
        found = under(stack, "workspace", one.company, f"message#{message}", f"body#{message}")
        return {"ttl" in row for row in found}

    eventually(lambda: dated(one.shared) == {False}, 40)
    assert dated(one.alone.message) == {True}
    shared = family(stack, one.company, one.shared)
    held(stack, one.company, one.email)
    assert family(stack, one.company, one.shared) == shared
    erased_after(stack, one.company, hold)
    text = opened(stack, one.company)
    for value in (one.email, NAME, "Léna"):
        assert value not in text.replace(f"x{one.email}", "")

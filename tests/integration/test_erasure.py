"""Who is erased is gone from everything a company holds, whatever fails on the way, and nothing brings them back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from chalicelib.services.erasure.erasure import LEASE_SECONDS
from chalicelib.services.erasure.leavers import HELD_SECONDS
from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, fresh_address, links_in, mail_to, sign_up
from tests.integration.eraser import (
    counted,
    desk,
    erase,
    erasing,
    evidence,
    finished,
    looked_again,
    opened,
)
from tests.integration.letters import (
    Letter,
    batch_of,
    drained,
    failed,
    record,
    refusals,
    rows,
    sample,
    send,
)

stack = own_stack()

pytestmark = pytest.mark.clause("requests")

TASKS = "okki-leads-run-tasks"
BASIS = {"basis": "consent", "source": "fair"}
NAME = "Léna O'Fischer"


class Known(NamedTuple):
    """Somebody a company knows well: a contact who reads its mail, and was written to with somebody else."""

    user: User
    email: str
    contact: str
    alone: Letter
    shared: str
    other: str

    @property
    def company(self) -> str:
        return str(self.user.company["id"])


def known(stack: LocalStack, user: User | None = None) -> Known:
    user = user or sign_up(stack)
    email, other = fresh_address("lena", "buyer.example"), fresh_address("otto", "buyer.example")
    contact = user.contact(email, NAME)["id"]
    assert user.consent(contact).status == 200
    message = user.write(email)
    alone = Letter(stack, user, email, contact, message, *_mail(stack, email))
    record(stack, alone.hit(), alone.hit(), alone.hit(kind="click"))
    shared = user.write(
        other,
        to=[{"email": other, "name": "Otto"}, {"email": email, "name": NAME}],
        subject=f"For {NAME} and Otto",
        html=f"<p>Dear Léna, dear Otto: write to {email}, not to x{email}."
        f' <a href="https://acme.example/?for={email.replace("@", "%40")}">here</a></p>',
        text=f"{NAME.upper()} <{email.upper()}>",
        kind="business",
    )
    user.settled(shared)
    user.settled(message)
    drained(stack, "outbox")
    return Known(user, email, contact, alone, shared, other)


def _mail(stack: LocalStack, email: str) -> tuple[Any, Any]:
    mail = mail_to(stack, email)
    return mail, links_in(mail)


def left(stack: LocalStack, one: Known) -> list[str]:
    """Sort keys in the company's partitions that still lead to the person or their mail."""
    marks = (one.contact, one.alone.message, "#consent#", "open#", "click#", "erasing")
    return sorted(
        row["sk"]["S"]
        for row in rows(stack, "workspace")
        if row["pk"]["S"].startswith(one.company) and any(mark in row["sk"]["S"] for mark in marks)
    )


def check_gone(stack: LocalStack, one: Known) -> None:
    """Nothing is left of them but the hash that keeps them away; their neighbour has lost nothing else."""
    assert left(stack, one) == []
    text = opened(stack, one.company)
    for value in (one.email, one.email.upper(), one.email.replace("@", "%40"), NAME, NAME.upper(), "Léna"):
        assert value not in text.replace(f"x{one.email}", "")
    assert one.other in text
    seen = one.user.message(one.shared)
    assert [recipient["email"] for recipient in seen["recipients"]] == [one.other]
    assert seen["subject"] == "For (erased) and Otto"
    assert [link["url"] for link in seen["links"]] == ["https://acme.example/?for=(erased)"]
    stops = [row["sk"]["S"] for row in refusals(stack, one.company)]
    assert [sk.rpartition("#")[2] for sk in stops] == ["erased"]
    verdict = desk(stack, "chain", one.company)
    assert verdict["sound"], verdict


WANTED = {
    "contact": 1,
    "delivery": 2,
    "message": 1,
    "body": 1,
    "open": 2,
    "click": 1,
    "consent": 1,
    "redacted": 1,
}


@pytest.mark.clause("retention", "encryption")
def test_what_a_company_held_of_somebody_is_gone_and_the_chain_says_how_much_it_was(
    stack: LocalStack,
) -> None:
    one = known(stack)
    assert desk(stack, "holds-anything", one.company, one.email)
    erasure = erase(stack, one.company, one.email)
    assert one.user.call("GET", f"/v1/contacts/{one.contact}").status == 404
    looked_again(stack, one.company)
    check_gone(stack, one)
    assert not desk(stack, "holds-anything", one.company, one.email)
    entries = evidence(stack, one.company, erasure)
    assert [entry["step"] for entry in entries] == ["begun", *["part"] * (len(entries) - 2), "done"]
    assert counted(entries) == WANTED == entries[-1]["counts"]
    named = {
        kind: [one for entry in entries for one in entry.get(kind, [])]
        for kind in ("contacts", "messages", "redacted")
    }
    assert named == {
        "contacts": [one.contact],
        "messages": [one.alone.message],
        "redacted": [one.shared],
    }
    found = desk(stack, "find", one.company, erasure)
    assert (found["done"], found["counts"]) == (True, WANTED)


def test_asking_twice_is_one_erasure_and_asking_again_later_finds_nothing(stack: LocalStack) -> None:
    one = known(stack)
    with ThreadPoolExecutor(3) as threads:
        begun = list(threads.map(lambda _: desk(stack, "person", one.company, one.email), range(3)))
    assert len({answer["erasure_id"] for answer in begun}) == 1
    finished(stack, one.company)
    looked_again(stack, one.company)
    stack.reset_clock()
    again = erase(stack, one.company, one.email)
    assert counted(evidence(stack, one.company, again)) == {}
    looked_again(stack, one.company)
    check_gone(stack, one)


def test_nobody_can_bring_them_back_by_typing(stack: LocalStack) -> None:
    one = known(stack)
    form = {"name": NAME, "email": one.email, "lawful_basis": BASIS, "if_exists": "create"}
    key = {"Idempotency-Key": "once"}
    twin = one.user.call("POST", "/v1/contacts", form, key)
    assert twin.status == 201
    erase(stack, one.company, one.email)
    tagged = one.email.replace("@", "+news@")
    for email in (one.email, one.email.upper(), tagged):
        answer = one.user.call("POST", "/v1/contacts", {**form, "email": email})
        assert (answer.status, answer.json["code"], answer.json["clause"]) == (
            403,
            "person_erased",
            "requests",
        )
    assert one.user.call("POST", "/v1/contacts", form, key).status == 403, "the old key is forgotten as well"
    body = {
        "to": [{"email": one.other}, {"email": tagged}],
        "subject": "x",
        "html": "<p>x</p>",
        "kind": "business",
        "tracking": False,
    }
    answer = one.user.call("POST", "/v1/messages", body)
    assert (answer.status, answer.json["code"]) == (403, "person_erased")
    assert [one["field"] for one in answer.json["errors"]] == ["to.1.email"]
    mine = one.user.contact(one.other)
    change = {"email": tagged, "version": mine["version"]}
    assert one.user.call("PATCH", f"/v1/contacts/{mine['id']}", change).status == 403
    # Another company never heard of it: they are its controller, not we.
    assert sign_up(stack).contact(one.email)["email"] == one.email
    looked_again(stack, one.company)
    check_gone(stack, one)


def test_nothing_that_arrives_late_brings_them_back(stack: LocalStack) -> None:
    one = known(stack)
    hits = [one.alone.hit(), one.alone.hit(kind="click"), one.alone.hit(message_id=one.shared, number=1)]
    events = [sample(name, one.alone) for name in ("sqs-ses-event-bounce", "sqs-ses-notification-complaint")]
    erase(stack, one.company, one.email)
    before = opened(stack, one.company)
    assert record(stack, *hits) == []
    for number, message in ((0, one.alone.message), (1, one.shared)):
        assert send(stack, one.company, message, number) == []
    for event in events:
        assert stack.invoke("MailFeedback", event) == {"batchItemFailures": []}
    one.alone.load("o")
    one.alone.load("c")
    drained(stack, "hits")
    task = json.dumps({"task": "erase_person", "company": one.company, "person": "0" * 32})
    assert failed(stack.invoke("RunTasks", batch_of("outbox", task))) == []
    assert sorted(opened(stack, one.company).splitlines()) == sorted(before.splitlines())
    looked_again(stack, one.company)
    check_gone(stack, one)


def test_what_was_under_way_goes_with_the_second_look(stack: LocalStack) -> None:
    one = known(stack)
    late = [
        row
        for row in rows(stack, "workspace", one.company)
        if (row["sk"]["S"].startswith("open#") or row["sk"]["S"] == f"contact#{one.contact}")
    ]
    assert len(late) == 3
    erasure = erase(stack, one.company, one.email)
    for row in late:
        stack.client("dynamodb").put_item(TableName="okki-leads-workspace", Item=row)
    looked_again(stack, one.company)
    check_gone(stack, one)
    sums = counted(evidence(stack, one.company, erasure))
    assert sums == {**WANTED, "open": 4, "contact": 2}


@pytest.mark.clause("retention")
@pytest.mark.parametrize(
    ("operation", "skip"),
    [(operation, skip) for operation in ("BatchWriteItem", "TransactWriteItems") for skip in (0, 1, 2)]
    + [("PutItem", 0), ("DeleteItem", 0), ("BatchGetItem", 0), ("Query", 3)],
)
@pytest.mark.parametrize("kind", ["fail", "lose_reply"])
def test_an_erasure_that_dies_ends_as_if_it_had_not(
    stack: LocalStack, operation: str, skip: int, kind: Any
) -> None:
    one = known(stack)
    broken = stack.wire.inject(
        kind=kind, service="dynamodb", operation=operation, function=TASKS, skip=skip, times=3
    )
    erasure = desk(stack, "person", one.company, one.email)["erasure_id"]
    eventually(lambda: "done" in [entry["step"] for entry in evidence(stack, one.company, erasure)], 40)
    assert broken.hits or (operation, skip) in {("BatchWriteItem", 2), ("DeleteItem", 0), ("PutItem", 0)}
    stack.wire.reset()
    looked_again(stack, one.company)
    check_gone(stack, one)
    assert counted(evidence(stack, one.company, erasure)) == WANTED


def test_rows_that_dynamodb_leaves_over_are_not_left_over(stack: LocalStack) -> None:
    one = known(stack)
    busy = stack.wire.inject(kind="leave_over", operation="BatchWriteItem", function=TASKS, times=3)
    slow = stack.wire.inject(kind="throttle", operation="BatchWriteItem", function=TASKS, skip=3)
    erase(stack, one.company, one.email)
    assert (busy.hits, slow.hits) == (3, 1)
    looked_again(stack, one.company)
    check_gone(stack, one)


def test_a_lost_hint_is_made_good_by_the_schedule(stack: LocalStack) -> None:
    one = known(stack)
    lost = stack.wire.inject(kind="fail", service="sqs", contains="erase_person", times=3)
    desk(stack, "person", one.company, one.email)
    assert lost.hits == 3
    assert len(erasing(stack, one.company)) == 1
    answer = one.user.call("POST", "/v1/contacts", {"name": NAME, "email": one.email, "lawful_basis": BASIS})
    assert answer.status == 403, "they are kept away from the first moment on"
    stack.advance(LEASE_SECONDS + 1)
    stack.invoke("Sweep", sample("schedule-sweep"))
    finished(stack, one.company)
    looked_again(stack, one.company)
    check_gone(stack, one)


def test_of_two_who_were_written_to_together_the_last_one_takes_the_message_along(stack: LocalStack) -> None:
    one = known(stack)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda email: desk(stack, "person", one.company, email), (one.email, one.other)))
    finished(stack, one.company)
    looked_again(stack, one.company)
    assert one.user.call("GET", f"/v1/messages/{one.shared}").status == 404
    text = opened(stack, one.company)
    for value in (one.email, one.other, NAME):
        assert value not in text.replace(f"x{one.email}", "")


def test_a_message_that_outlived_its_deliveries_is_found_all_the_same(stack: LocalStack) -> None:
    one = known(stack)
    for row in rows(stack, "workspace"):
        if row["pk"]["S"] == one.company and row["kind"]["S"] in {"delivery", "open"}:
            key = {"pk": row["pk"], "sk": row["sk"]}
            stack.client("dynamodb").delete_item(TableName="okki-leads-workspace", Key=key)
    stack.advance(430 * 86_400)
    assert desk(stack, "holds-anything", one.company, one.email)
    erase(stack, one.company, one.email)
    looked_again(stack, one.company)
    assert not desk(stack, "holds-anything", one.company, one.email)
    text = opened(stack, one.company)
    for value in (one.email, NAME, "Léna"):
        assert value not in text.replace(f"x{one.email}", "")
    assert one.other in text, "the other's copy stays"


@pytest.mark.clause("retention")
def test_what_a_matter_needs_is_out_of_sight_and_goes_when_it_is_over(stack: LocalStack) -> None:
    one = known(stack)
    hold = desk(stack, "hold", one.company, one.email)
    erasure = desk(stack, "person", one.company, one.email)["erasure_id"]
    eventually(lambda: [row["facts"]["M"]["state"]["S"] for row in erasing(stack, one.company)] == ["held"])
    assert one.user.call("GET", f"/v1/contacts/{one.contact}").status == 404
    assert one.user.call("GET", f"/v1/messages/{one.alone.message}").status == 404
    assert NAME in opened(stack, one.company)
    entries = evidence(stack, one.company, erasure)
    assert entries[-1]["step"] == "held"
    assert entries[-1]["holds"] == [hold]
    assert {kind: entries[-1]["held"][kind] for kind in ("contact", "delivery", "message", "open")} == {
        "contact": 1,
        "delivery": 2,
        "message": 1,
        "open": 2,
    }
    assert desk(stack, "release", one.company, hold)
    stack.advance(HELD_SECONDS + 1)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(
        lambda: [row["facts"]["M"]["state"]["S"] for row in erasing(stack, one.company)] == ["waiting"]
    )
    looked_again(stack, one.company)
    check_gone(stack, one)

"""Lost replies, dead services and dying workers at every step of the main job: nothing lost, nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration.client import (
    CHROME,
    User,
    eventually,
    fresh_address,
    fresh_network,
    links_in,
    mail_to,
    request,
    sign_up,
)
from tests.integration.letters import (
    LATER,
    READER,
    drained,
    restart,
    rows,
    sample,
)

WRITES = {
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "TransactWriteItems",
    "SendMessage",
    "SendMessageBatch",
    "SendEmail",
    "GenerateDataKeyWithoutPlaintext",
}


def writes(stack: LocalStack, act: Callable[[], object]) -> list[tuple[str, str, str, int]]:
    """Every write of an undisturbed run: function, service, operation, the how-manieth of these."""
    drained(stack, "hits", "outbox", "notices", "feedback")
    stack.wire.clear()
    act()
    drained(stack, "hits", "outbox", "notices", "feedback")
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for call in list(stack.wire.calls):
        if call.operation in WRITES:
            place = (call.function, call.service, call.operation)
            found.append((*place, seen[place]))
            seen[place] += 1
    return found


def _entries(stack: LocalStack, user: User) -> int:
    """How much evidence there is of the user's company; others go on meanwhile."""
    return sum(row["pk"]["S"] == user.company["id"] for row in rows(stack, "ledger"))


def journey(stack: LocalStack, user: User) -> None:
    """From the contact to the unsubscribing, looking at every result."""
    email = fresh_address("journey", "buyer.example")
    ledger = _entries(stack, user)
    contact = user.call(
        "POST",
        "/v1/contacts",
        {"name": "Bob", "email": email, "lawful_basis": {"basis": "consent", "source": "fair"}},
        {"Idempotency-Key": email},
    )
    assert contact.status == 201, contact.body
    assert user.consent(contact.json["id"]).status == 200
    body = {
        "to": [{"email": email}],
        "subject": "Hi",
        "html": '<p><a href="https://acme.example/">x</a></p>',
        "kind": "marketing",
        "tracking": True,
    }
    answer = user.call("POST", "/v1/messages", body, {"Idempotency-Key": email})
    assert answer.status == 202, answer.body
    links = links_in(mail_to(stack, email))
    message = answer.json["id"]

    def seen() -> dict[str, Any]:
        return user.message(message)

    eventually(lambda: seen()["recipients"][0]["delivery"] == "delivered")
    stack.advance(LATER)
    for kind, status in (("o", 200), ("c", 302)):
        assert request(links[kind], headers={"User-Agent": CHROME, "X-Local-Client": READER}).status == status
    eventually(lambda: seen()["recipients"][0]["tracking"]["opens"] and seen()["links"][0]["clicks"])
    drained(stack, "hits", "outbox", "feedback")
    assert request(links["u"], "POST", b"").status == 200
    stack.reset_clock()
    # Once each, and nothing lost.
    assert (seen()["status"], seen()["recipients"][0]["tracking"]["opens"], seen()["links"][0]["clicks"]) == (
        "sent",
        1,
        1,
    )
    assert len(stack.mails(email)) == 1
    assert _entries(stack, user) == ledger + 3  # one consent, two refusals
    contacts = user.call("GET", "/v1/contacts?limit=200").json["items"]
    assert sum(one["email"] == email for one in contacts) == 1
    assert sum(email in str(one["recipients"]) for one in user.call("GET", "/v1/messages").json["items"]) == 1


@pytest.mark.clause("communications", "tracking", "consent", "stored")
def test_a_reply_lost_at_any_write_of_the_journey_loses_nothing_and_does_nothing_twice(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    journey(stack, user)  # warm
    planned = writes(stack, lambda: journey(stack, user))
    assert len(planned) >= 12
    for function, service, operation, place in planned:
        fault = stack.wire.inject(
            kind="lose_reply", service=service, operation=operation, function=function, skip=place
        )
        journey(stack, user)
        assert fault.hits == 1, (function, operation, place)
        stack.wire.reset()
    for queue in ("hits", "outbox", "notices", "feedback"):
        assert stack.messages(f"{queue}-dead") == []


@pytest.mark.clause("signup")
def test_a_reply_lost_at_any_write_of_signing_up_still_opens_one_account(stack: LocalStack) -> None:
    planned = writes(stack, lambda: sign_up(stack))
    assert len(planned) >= 5
    for function, service, operation, place in planned:
        stack.wire.inject(
            kind="lose_reply", service=service, operation=operation, function=function, skip=place
        )
        user = sign_up(stack)
        assert user.call("GET", "/v1/me").status == 200
        stack.wire.reset()


@pytest.mark.clause("communications", "stored")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/contacts", {"name": "Bob", "lawful_basis": {"basis": "consent", "source": "fair"}}),
        ("/v1/messages", {"subject": "Hi", "html": "<p>Hi</p>", "kind": "business"}),
    ],
    ids=["contact", "message"],
)
def test_a_request_that_failed_is_done_once_when_it_is_repeated(
    stack: LocalStack, anna: User, path: str, body: dict[str, Any]
) -> None:
    email = fresh_address("again", "buyer.example")
    body = {**body, **({"email": email} if path.endswith("contacts") else {"to": [{"email": email}]})}
    key = {"Idempotency-Key": email}
    for kind in ("fail", "lose_reply"):
        # All three tries of the client library fail; with lose_reply the thing is made all the same.
        stack.wire.inject(
            kind=kind,
            service="dynamodb",
            operation="TransactWriteItems",
            function="okki-leads-api",
            times=3,
        )
        answer = anna.call("POST", path, body, key)
        assert answer.status == 503
        assert email not in answer.body.decode()
        stack.wire.reset()
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        answer = anna.call("POST", path, body, key)
        answers.append((answer.status, answer.json["id"]))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert answers[0][0] in {201, 202}
    if path.endswith("messages"):
        stack.advance(301)  # the worker never got its hint: the sweeper sees to it
        sweep(stack)
        assert anna.message(answers[0][1])["status"] == "sent"
        assert len(stack.mails(email)) == 1


@pytest.mark.clause("communications")
@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize("kind", ["fail", "lose_reply", "lose_request"])
def test_a_database_that_goes_away_while_a_mail_is_sent_sends_no_second_one(
    stack: LocalStack, anna: User, kind: Any, skip: int
) -> None:
    # The sending worker writes twice: its claim, and what SES said. From then on nothing is stored for a while.
    email = fresh_address("away", "buyer.example")
    fault = stack.wire.inject(
        kind=kind,
        service="dynamodb",
        operation="PutItem",
        function="okki-leads-send-messages",
        skip=skip,
        times=4,
    )
    message = anna.write(email)
    eventually(lambda: fault.hits >= 3)
    if (kind, skip) == ("lose_reply", 0):
        # The claim was stored and nobody learned so: it runs out, and the mail is rather not sent than twice.
        drained(stack, "outbox")
        stack.advance(121)
        sweep(stack)
        assert (anna.message(message)["status"], stack.mails(email)) == ("unknown", [])
        return
    eventually(lambda: anna.message(message)["recipients"][0]["delivery"] == "delivered", 30)
    drained(stack, "outbox")
    assert len(stack.mails(email)) == 1


@pytest.mark.clause("communications")
@pytest.mark.parametrize("service", ["secretsmanager", "kms", "dynamodb"])
def test_a_mail_waits_for_whatever_is_down(stack: LocalStack, service: str) -> None:
    owner = sign_up(stack)  # its key is in no process yet
    email = fresh_address("down", "buyer.example")
    if service == "secretsmanager":
        restart(stack, "SendMessages")
    fault = stack.wire.inject(kind="fail", service=service, function="okki-leads-send-messages", times=4)
    message = owner.write(email)
    mail_to(stack, email)
    assert fault.hits >= 3
    owner.settled(message)
    assert len(stack.mails(email)) == 1


def sweep(stack: LocalStack) -> None:
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "outbox")


@pytest.mark.parametrize(
    ("function", "event", "answer"),
    [
        (
            "RecordHits",
            "sqs-hits",
            {"batchItemFailures": [{"itemIdentifier": "19dd0b57-b21e-4ac1-bd88-01bbb068cb00"}]},
        ),
        ("SendMessages", "sqs-outbox", {"batchItemFailures": []}),
        ("SendNotices", "sqs-notices", {"batchItemFailures": []}),
        ("MailFeedback", "sqs-ses-event-delivery", {"batchItemFailures": []}),
        ("MailFeedback", "sqs-ses-notification-bounce", {"batchItemFailures": []}),
        ("Sweep", "schedule-sweep", None),
    ],
)
def test_sample_events_about_nothing_are_harmless(
    stack: LocalStack, function: str, event: str, answer: Any
) -> None:
    dead = len(stack.messages("feedback-dead"))
    assert stack.invoke(function, sample(event)) == answer
    drained(stack, "feedback")
    assert len(stack.messages("feedback-dead")) == dead


@pytest.mark.parametrize(
    ("function", "event", "status"),
    [
        ("APIHandler", "rest-login", 401),
        ("Edge", "edge-pixel", 200),
        ("Edge", "edge-click", 404),
        ("Edge", "edge-unsubscribe-page", 404),
        ("Edge", "edge-unsubscribe-one-click", 404),
    ],
)
def test_sample_requests_by_a_stranger_are_answered(
    stack: LocalStack, function: str, event: str, status: int
) -> None:
    asked = sample(event)
    if function == "APIHandler":  # from a network whose attempts no other test uses up
        asked["requestContext"]["identity"]["sourceIp"] = fresh_network()
    assert stack.invoke(function, asked)["statusCode"] == status

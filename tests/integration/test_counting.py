"""An opening counts once, whatever is repeated, reordered, lost on the way or dies in between."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration.client import User, eventually, fresh_address, mail_to
from tests.integration.letters import LATER, at_once, letter, record


@pytest.mark.clause("tracking")
def test_an_opening_delivered_five_times_counts_once(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    hit, click = mail.hit(), mail.hit(kind="click")
    record(stack, hit)
    record(stack, hit, click, hit)
    record(stack, click)
    record(stack, click, hit)
    assert (mail.tracking()["opens"], len(mail.opens()), mail.clicks()) == (1, 1, 1)


@pytest.mark.clause("tracking")
def test_openings_that_come_in_any_order_make_the_same_history(stack: LocalStack, anna: User) -> None:
    first, second = letter(stack, anna), letter(stack, anna)
    now = int(stack.now()) + LATER
    times = [now + step for step in (50, 10, 40, 20, 30)]
    for mail, order in ((first, times), (second, sorted(times, reverse=True))):
        for at in order:
            record(stack, mail.hit(at=at, ip=f"203.0.113.{at - now}"))
    assert first.tracking() == second.tracking()
    assert first.tracking()["ip"] == "203.0.113.50"


@pytest.mark.clause("tracking")
def test_the_same_openings_in_many_workers_at_once_count_right(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    hits = [mail.hit() for _ in range(6)]
    clicks = [mail.hit(kind="click") for _ in range(4)]
    left: list[str] = []

    def work(*bodies: str) -> None:
        left.extend(bodies[place] for place in record(stack, *bodies))

    batches = [
        hits[:4] + clicks[:2],
        hits[2:] + clicks[1:],
        [*hits[::-1], *clicks],
        [hits[0], clicks[3], hits[5]],
    ]
    threads = [threading.Thread(target=work, args=tuple(batch)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert record(stack, *left) == []
    assert (mail.tracking()["opens"], len(mail.opens()), mail.clicks()) == (6, 6, 4)


@pytest.mark.clause("tracking")
def test_a_hundred_openings_in_one_batch_are_a_hundred(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    stack.wire.clear()
    assert record(stack, *(mail.hit(at=int(stack.now()) + LATER + n) for n in range(100))) == []
    units = sum(call.write_units for call in stack.wire.calls if call.function == "okki-leads-record-hits")
    assert units <= 130
    assert mail.tracking()["opens"] == 100
    assert len(mail.opens()) == 100


@pytest.mark.clause("tracking")
def test_one_broken_record_does_not_hold_up_the_others_and_its_remains_say_nothing(
    stack: LocalStack, anna: User
) -> None:
    one, two = letter(stack, anna), letter(stack, anna)
    sealed = one.hit(ip="203.0.113.250")
    broken = [
        sealed[:-8] + "AAAAAAA=",  # changed on the way
        one.hit(number="nought"),  # of another version
        one.hit(extra=1),
        "2." + sealed[2:],
        "{}",
        "",
    ]
    bodies = [one.hit(), broken[0], two.hit(), *broken[1:], one.hit(kind="click"), two.hit(kind="click")]
    assert record(stack, *bodies) == [1, 3, 4, 5, 6, 7]
    assert (one.tracking()["opens"], two.tracking()["opens"], one.clicks(), two.clicks()) == (1, 1, 1, 1)
    # Through the real queue it ends in the dead letters, closed.
    sqs = stack.client("sqs")
    with at_once(stack):
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName="okki-leads-hits")["QueueUrl"], MessageBody=broken[1]
        )
        dead = eventually(lambda: stack.messages("hits-dead"), 40)
    assert dead == [broken[1]]
    for value in ("203.0.113", "Chrome", "nought", one.company, one.message):
        assert value not in dead[0]
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName="okki-leads-hits-dead")["QueueUrl"])


@pytest.mark.clause("tracking")
def test_two_readers_of_one_message_are_counted_apart(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    emails = [fresh_address("pair", "buyer.example") for _ in range(2)]
    for email in emails:
        anna.consent(anna.contact(email)["id"])
    message = anna.write(*emails)
    for email in emails:
        mail_to(stack, email)
    anna.settled(message)
    hits = {"message_id": message}
    record(stack, mail.hit(**hits, number=1), mail.hit(**hits, number=1), mail.hit(**hits, number=0))
    counts = {one["email"]: one["tracking"]["opens"] for one in anna.message(message)["recipients"]}
    assert counts == {emails[0]: 1, emails[1]: 2}


@pytest.mark.clause("tracking")
def test_a_page_that_loads_the_image_for_ever_fills_no_table(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    for _ in range(11):
        record(stack, *(mail.hit() for _ in range(100)))
    assert mail.tracking()["opens"] == 1000


# ---------------------------------------------------------------- faults


@pytest.mark.clause("tracking")
@pytest.mark.parametrize("kind", ["lose_reply", "lose_request", "throttle", "fail", "conflict"])
@pytest.mark.parametrize("skip", [0, 1, 2, 3])
def test_a_fault_at_any_write_of_an_opening_changes_no_count(
    stack: LocalStack, anna: User, kind: Any, skip: int
) -> None:
    # Writes of this batch: the open, the delivery's count, the click, the message's count.
    mail = letter(stack, anna)
    hits = [mail.hit(), mail.hit(kind="click")]
    fault = stack.wire.inject(
        kind=kind, service="dynamodb", operation="PutItem", function="okki-leads-record-hits", skip=skip
    )
    again = record(stack, *hits)
    assert fault.hits == 1
    if again:
        assert record(stack, *(hits[place] for place in again)) == []
    assert record(stack, *hits) == []  # and once more, as SQS may
    assert (mail.tracking()["opens"], len(mail.opens()), mail.clicks()) == (1, 1, 1)


@pytest.mark.clause("tracking")
@pytest.mark.parametrize("skip", [0, 1, 2, 3])
def test_dying_between_any_two_writes_of_an_opening_changes_no_count(
    stack: LocalStack, anna: User, skip: int
) -> None:
    mail = letter(stack, anna)
    hits = [mail.hit(), mail.hit(), mail.hit(kind="click")]
    writes: dict[str, Any] = {
        "service": "dynamodb",
        "operation": "PutItem",
        "function": "okki-leads-record-hits",
    }
    # From this write on the database is gone, for longer than any retry lasts.
    fault = stack.wire.inject(kind="fail", skip=skip, times=50, **writes)
    again = record(stack, *hits)
    assert fault.hits
    assert again
    stack.wire.reset()
    assert record(stack, *hits) == []
    assert (mail.tracking()["opens"], len(mail.opens()), mail.clicks()) == (2, 2, 1)


@pytest.mark.clause("tracking")
def test_a_lost_read_brings_the_hits_back(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    hit = mail.hit()
    for operation in ("GetItem", "Query"):
        stack.wire.inject(
            kind="fail", service="dynamodb", operation=operation, function="okki-leads-record-hits", times=20
        )
        assert record(stack, hit) == [0]
        stack.wire.reset()
    assert record(stack, hit) == []
    assert mail.tracking()["opens"] == 1


@pytest.mark.clause("tracking")
def test_one_failing_mail_does_not_hold_up_the_others(stack: LocalStack, anna: User) -> None:
    one, two = letter(stack, anna), letter(stack, anna)
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        contains=f"message#{one.message}#00",
        function="okki-leads-record-hits",
        times=20,
    )
    hits = [one.hit(), two.hit(), one.hit()]
    assert record(stack, *hits) == [0, 2]
    assert two.tracking()["opens"] == 1
    stack.wire.reset()
    assert record(stack, *hits) == []
    assert (one.tracking()["opens"], two.tracking()["opens"]) == (2, 1)

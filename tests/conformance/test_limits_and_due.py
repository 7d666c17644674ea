"""Rate limits that cannot be outrun, and the index of what still has to happen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import TooManyRequestsError, UnavailableError
from chalicelib.privacy.register import Purpose
from chalicelib.store import accounts, due, limits, messages
from chalicelib.store.items import AccountsRow
from chalicelib.store.table import new_op
from tests.conformance import samples
from tests.conformance.engine import Engine

WINDOW = 900


def whom() -> str:
    return f"{ids.new('us')}@example.org"


def begin_window(engine: Engine) -> None:
    """Windows begin at multiples of their length: stand at the beginning of one."""
    engine.advance(WINDOW - clock.now() % WINDOW)


def test_the_attempt_over_the_limit_is_refused_until_the_window_ends(engine: Engine) -> None:
    begin_window(engine)
    who = whom()
    for _ in range(3):
        limits.take("login", who, 3, WINDOW)
    with pytest.raises(TooManyRequestsError) as refused:
        limits.take("login", who, 3, WINDOW)
    assert refused.value.retry_after is not None
    assert WINDOW - 5 <= refused.value.retry_after <= WINDOW
    limits.take("login", whom(), 3, WINDOW)
    limits.take("code", who, 3, WINDOW)
    engine.advance(refused.value.retry_after)
    limits.take("login", who, 3, WINDOW)


def test_many_at_once_do_not_slip_through(engine: Engine) -> None:
    begin_window(engine)
    who = whom()
    limits.take("login", who, 5, WINDOW)  # also warms what the threads share

    def attempt(_: int) -> bool:
        try:
            limits.take("login", who, 5, WINDOW)
        except TooManyRequestsError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(attempt, range(24))) == 4


def test_one_attempt_repeated_at_once_counts_once(engine: Engine) -> None:
    begin_window(engine)
    who = whom()
    limits.take_once("invited", who, "first", 2, WINDOW)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: limits.take_once("invited", who, "again", 2, WINDOW), range(24)))
    with pytest.raises(TooManyRequestsError):
        limits.take_once("invited", who, "third", 2, WINDOW)
    limits.take_once("invited", who, "first", 2, WINDOW)


def test_an_attempt_is_stored_without_its_person_and_goes_with_its_window(engine: Engine) -> None:
    who = whom()
    limits.take("login", who, 5, WINDOW)
    began = clock.now() - clock.now() % WINDOW
    hashed = accounts.operator_hash("limit", who)
    item = engine.item(AccountsRow, f"limit#login#{hashed}", str(began))
    assert item is not None
    assert item["expires_at"] == {"N": str(began + WINDOW)}
    assert who not in repr(item)


def test_while_attempts_cannot_be_counted_none_is_allowed(engine: Engine) -> None:
    if engine.wire is None:
        pytest.fail("this engine has no wire to cut: choose emulator or dynamodb-local")
    who = whom()
    limits.take("login", who, 5, WINDOW)
    engine.wire.inject(kind="fail", operation="UpdateItem", times=99)
    with pytest.raises(UnavailableError):
        limits.take("login", who, 5, WINDOW)


def test_a_lost_answer_never_counts_an_attempt_less(engine: Engine) -> None:
    if engine.wire is None:
        pytest.fail("this engine has no wire to cut: choose emulator or dynamodb-local")
    begin_window(engine)
    who = whom()
    engine.wire.inject(kind="lose_reply", operation="UpdateItem")
    limits.take("login", who, 3, WINDOW)  # counted twice: refusing early is the safe side
    limits.take("login", who, 3, WINDOW)
    with pytest.raises(TooManyRequestsError):
        limits.take("login", who, 3, WINDOW)


def test_what_is_due_is_found_in_order_of_time_and_nothing_before_it_is(company: str) -> None:
    message, now = samples.message(company), clock.now()
    for number, wait in enumerate((50, 10, 30)):
        delivery = samples.delivery(message, number, due_at=now + wait)
        messages.DELIVERIES.put_new(delivery, op=new_op(), due=messages.due(delivery))

    def mine(until: int) -> list[int]:
        found = [key for key in due.deliveries(until, 9999) if key["company_id"] == company]
        assert all(key["message_id"] == message.message_id for key in found)
        return [int(key["number"]) for key in found]

    assert mine(now + 9) == []
    assert mine(now + 10) == [1]
    assert mine(now + 60) == [1, 2, 0]
    assert len(list(due.deliveries(now + 60, 2))) == 2


def test_a_finished_delivery_is_not_due_any_more_and_a_postponed_one_later(company: str) -> None:
    message, now = samples.message(company), clock.now()
    delivery = samples.delivery(message, 0, due_at=now)
    messages.add(message, samples.body(message), [delivery], None)
    known = messages.delivery(company, message.message_id, 0)
    assert known is not None

    def mine(until: int) -> int:
        return sum(key["company_id"] == company for key in due.deliveries(until, 9999))

    assert mine(now) == 1
    known = messages.change_delivery(known, replace(delivery, due_at=now + 300))
    assert (mine(now), mine(now + 300)) == (0, 1)
    messages.change_delivery(known, replace(delivery, **samples.finished(delivery)))
    assert mine(now + 10**6) == 0


def test_an_account_mail_that_did_not_leave_is_found_again(engine: Engine) -> None:
    accounts.mailbox_hash("makes the operator's key")
    notice = samples.notice(clock.now())
    accounts.add_notice(notice)
    assert {"notice_id": notice.notice_id} in list(due.notices(clock.now(), 9999))
    known = accounts.NOTICES.get(notice_id=notice.notice_id, use=Purpose.CREATE_AND_LOGIN)
    assert known is not None
    accounts.NOTICES.delete(known)
    assert {"notice_id": notice.notice_id} not in list(due.notices(clock.now(), 9999))

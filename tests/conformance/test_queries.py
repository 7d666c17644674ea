"""Lists: in order, complete, nobody else's rows, nothing expired, page by page."""

from __future__ import annotations

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.privacy.register import Purpose
from chalicelib.privacy.retention import EMAIL_TRACKING, after
from chalicelib.store import contacts, messages, tracking
from chalicelib.store.contacts import CONTACTS
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.messages import BODIES, DELIVERIES, MESSAGES
from chalicelib.store.table import new_op
from tests.conformance import samples
from tests.conformance.engine import Engine

USE = Purpose.PROVIDE_FUNCTIONS


def some(company: str, count: int) -> list[str]:
    made = [samples.contact(company) for _ in range(count)]
    for contact in made:
        CONTACTS.put_new(contact, op=new_op())
    return [contact.contact_id for contact in made]


def test_contacts_are_listed_newest_first_and_no_page_repeats_or_loses_one(company: str) -> None:
    made = sorted(some(company, 7), reverse=True)
    seen: list[str] = []
    before: str | None = None
    for _ in range(4):
        page = [one.value.contact_id for one in contacts.newest(company, 2, before)]
        seen += page
        if len(page) < 2:
            break
        before = page[-1]
    assert seen == made


def test_a_cursor_stays_good_when_its_contact_is_deleted(company: str) -> None:
    made = sorted(some(company, 3), reverse=True)
    known = contacts.get(company, made[1])
    assert known is not None
    contacts.delete(known)
    assert [one.value.contact_id for one in contacts.newest(company, 5, made[1])] == [made[2]]
    assert contacts.newest(company, 5, made[2]) == []


def test_rows_of_another_company_or_kind_do_not_show_up(engine: Engine, company: str) -> None:
    from chalicelib.store import vault

    other = ids.new("co")
    vault.create_key(other)
    mine = some(company, 1)
    some(other, 1)
    BODIES.put_new(samples.body(samples.message(company)), op=new_op())
    assert [one.value.contact_id for one in contacts.newest(company, 9, None)] == mine
    assert {item["kind"]["S"] for item in engine.items(WorkspaceRow, company)} == {"contact", "body"}


def test_oldest_first_and_every_page_size_give_the_same_rows(company: str) -> None:
    made = sorted(some(company, 5))
    for size in (None, 1, 2, 5, 50):
        found = CONTACTS.query(company, "contact#", use=USE, page_size=size)
        assert [one.value.contact_id for one in found] == made


def test_an_answer_larger_than_a_megabyte_is_read_to_its_end(company: str) -> None:
    # DynamoDB ends a page at 1 MB whatever the caller asked for.
    made = []
    for number in range(5):
        contact = samples.contact(company, name=f"{number}" * 300_000)
        CONTACTS.put_new(contact, op=new_op())
        made.append(contact)
    found = list(CONTACTS.query(company, "contact#", use=USE))
    assert [one.value.name[0] for one in found] == ["0", "1", "2", "3", "4"]


@pytest.mark.clause("retention", "tracking")
def test_an_open_past_its_time_is_in_no_list(engine: Engine, company: str) -> None:
    message, who = samples.message(company), "d" * 32
    tracking.add_open(samples.opened(message, who))
    assert len(tracking.history(company, who, 9, None)) == 1
    from datetime import UTC, datetime

    start = datetime.fromtimestamp(clock.now(), UTC)
    engine.advance(int((after(start, EMAIL_TRACKING) - start).total_seconds()) + 1)
    assert tracking.history(company, who, 9, None) == []
    assert list(tracking.opens_of(company, who, message.message_id)) == []


@pytest.mark.clause("tracking")
def test_the_same_event_is_kept_once(company: str) -> None:
    message, who = samples.message(company), "e" * 32
    event = samples.opened(message, who)
    assert tracking.add_open(event)
    assert not tracking.add_open(event)
    assert tracking.add_open(samples.opened(message, who))
    assert len(list(tracking.opens_of(company, who, message.message_id))) == 2


def test_a_persons_history_is_newest_message_first_and_only_theirs(company: str) -> None:
    who = "f" * 32
    old, new = samples.message(company), samples.message(company)
    for message in (new, old):
        tracking.add_open(samples.opened(message, who))
    tracking.add_open(samples.opened(new, "0" * 32))
    assert [one.message_id for one in tracking.history(company, who, 9, None)] == sorted(
        [new.message_id, old.message_id], reverse=True
    )
    newest = max(new.message_id, old.message_id)
    assert [one.message_id for one in tracking.history(company, who, 9, newest)] == [
        min(new.message_id, old.message_id)
    ]


def test_a_message_comes_with_its_own_deliveries_in_the_order_of_its_recipients(company: str) -> None:
    made = [samples.message(company) for _ in range(3)]
    for message in made:
        MESSAGES.put_new(message, op=new_op())
        for number in range(12):
            DELIVERIES.put_new(samples.delivery(message, number), op=new_op())
    found = messages.newest(company, 2, None)
    newest = sorted((one.message_id for one in made), reverse=True)
    assert [one.message.value.message_id for one in found] == newest[:2]
    for one in found:
        assert [d.value.number for d in one.deliveries] == list(range(12))
        assert {d.value.message_id for d in one.deliveries} == {one.message.value.message_id}
    last = messages.newest(company, 5, newest[1])
    assert [one.message.value.message_id for one in last] == newest[2:]
    alone = messages.get(company, newest[0])
    assert alone is not None
    assert len(alone.deliveries) == 12
    assert messages.get(company, ids.new("msg")) is None

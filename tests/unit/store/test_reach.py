"""A hold reaches all it is about and nothing else, and its job can stop and go on anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import store
from chalicelib.kernel import ids
from chalicelib.privacy.consent import MessageKind
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Position
from chalicelib.records.accounts import Session
from chalicelib.records.contacts import Contact
from chalicelib.records.holds import HoldScope
from chalicelib.records.messages import Body, Delivery, Message, OutboxState
from chalicelib.records.notifications import Notification
from chalicelib.records.tracking import Click, Open
from tests.conformance.engine import Engine

pytestmark = pytest.mark.clause("retention")

PERSONS = ["a" * 32, "b" * 32, "c" * 32]
Places = set[tuple[str, str]]


def put(rows: Any, record: Any) -> tuple[str, str]:
    rows.put_new(record, op=store.table.new_op())
    values = {name: getattr(record, name) for name in rows._keyed}
    place: tuple[str, str] = rows.place(**values)
    return place


def message(company: str, user: str, persons: list[str]) -> Places:
    """A message with its text, deliveries, opens and a click; where they lie."""
    message_id = ids.new("msg")
    made = Message(
        company_id=company,
        message_id=message_id,
        user_id=user,
        kind=MessageKind.BUSINESS,
        tracking=True,
        created_at=1,
        recipients=len(persons),
        subject="s",
        sender="a@b.example",
        sender_name="A",
    )
    places = {put(store.messages.MESSAGES, made)}
    body = Body(company_id=company, message_id=message_id, locale="en", html="h", text="t")
    places.add(put(store.messages.BODIES, body))
    places.add(put(store.tracking.CLICKS, Click(company_id=company, message_id=message_id, link=0, hit="h1")))
    for number, person in enumerate(persons):
        delivery = Delivery(
            company_id=company,
            message_id=message_id,
            number=number,
            person=person,
            state=OutboxState.SENT,
            email="x@y.example",
        )
        places.add(put(store.messages.DELIVERIES, delivery))
        opened = Open(
            company_id=company,
            person=person,
            message_id=message_id,
            number=number,
            hit="h2",
            verdict="person",
            opened_at=2,
        )
        places.add(put(store.tracking.OPENS, opened))
    return places


def contact(company: str, user: str, person: str | None) -> tuple[str, str]:
    made = Contact(
        company_id=company,
        contact_id=ids.new("ct"),
        created_by=user,
        person=person,
        created_at=1,
        updated_at=1,
        name="B",
        basis="consent",
        source="fair",
    )
    return put(store.contacts.CONTACTS, made)


def item(company: str, user: str) -> tuple[str, str]:
    made = Notification(
        company_id=company,
        user_id=user,
        notification_id=ids.new("ntf"),
        about=Kind.MEMBERSHIP,
        at=1,
        template="t",
        values={},
    )
    return put(store.notifications.INBOX, made)


def session(company: str, user: str) -> tuple[str, str]:
    made = Session(
        company_id=company,
        user_id=user,
        token_hash="0" * 64,
        session_id=ids.new("ses"),
        device_id=ids.new("dev"),
        created_at=1,
        used_at=1,
        people=1,
        generation=1,
        position=Position.MEMBER,
        second_factor=False,
        policy_version="1",
    )
    return put(store.accounts.SESSIONS, made)


def places(company: str, scope: HoldScope, target: str | None, *start: Any) -> list[tuple[str, str]]:
    return [
        (row.pk, row.sk) for group in store.reach.walk(company, scope, target, *start) for row in group.rows
    ]


def test_each_scope_reaches_what_it_is_about_and_can_be_continued_anywhere(
    engine: Engine, company: str
) -> None:
    one, two = ids.new("usr"), ids.new("usr")
    a, b, c = PERSONS
    first = message(company, one, [a, b])
    second = message(company, two, [b, c])
    third = message(company, one, [c])
    contacts = {person: contact(company, one, person) for person in PERSONS}
    nobody = contact(company, two, None)
    own = {user: {item(company, user), item(company, user), session(company, user)} for user in (one, two)}
    everything = {*first, *second, *third, *contacts.values(), nobody, *own[one], *own[two]}
    elsewhere = ids.new("co")
    store.vault.create_key(elsewhere)
    contact(elsewhere, one, a)
    wanted: dict[tuple[HoldScope, str | None], Places] = {
        (HoldScope.COMPANY, None): everything,
        (HoldScope.USER, one): {*own[one], *first, *third},
        (HoldScope.USER, two): {*own[two], *second},
        (HoldScope.PERSON, a): {contacts[a], *first},
        (HoldScope.PERSON, b): {contacts[b], *first, *second},
        (HoldScope.PERSON, "d" * 32): set(),
    }
    for (scope, target), reached in wanted.items():
        assert set(places(company, scope, target)) == reached, (scope, target)
        walked = list(store.reach.walk(company, scope, target))
        for number, group in enumerate(walked):
            rest = {(row.pk, row.sk) for later in walked[number + 1 :] for row in later.rows}
            assert set(places(company, scope, target, group.stretch, group.after)) == rest, group.after


def test_a_row_says_whom_it_is_about(engine: Engine, company: str) -> None:
    user = ids.new("usr")
    message(company, user, PERSONS[:1])
    contact(company, user, PERSONS[1])
    item(company, user)
    found = {
        row.kind: store.reach.about(row)
        for group in store.reach.walk(company, HoldScope.COMPANY, None)
        for row in group.rows
    }
    assert found == {
        "message": (user, None),
        "body": (None, None),
        "click": (None, None),
        "delivery": (None, PERSONS[0]),
        "open": (None, PERSONS[0]),
        "contact": (None, PERSONS[1]),
        "notification": (user, None),
    }


def test_what_is_put_away_keeps_its_text_and_comes_back_to_nobody(engine: Engine, company: str) -> None:
    _, sk = contact(company, ids.new("usr"), PERSONS[0])
    rows = store.contacts.CONTACTS
    contact_id = sk.partition("#")[2]
    known = store.contacts.get(company, contact_id)
    assert known is not None
    (row,) = store.table.query_rows(rows.model, company, sk)
    sealed = row.sealed
    store.holds.restrict(row)
    assert store.contacts.get(company, contact_id) is None
    (kept,) = store.table.query_rows(rows.model, company, sk)
    assert (kept.sealed, kept.ttl, kept.version) == (sealed, None, known.version + 1)
    with pytest.raises(Exception, match="changed"):
        store.contacts.change(known, replace(known.value, name="C"))
    (again,) = store.table.query_rows(rows.model, company, sk)
    assert again.sealed == sealed


def test_a_key_of_any_shape_is_known_or_passed_over(engine: Engine, company: str) -> None:
    cases = {
        ("okki-leads-workspace", company, "contact#ct_1"): "contact",
        ("okki-leads-workspace", company, "message#msg_1"): "message",
        ("okki-leads-workspace", company, "message#msg_1#00"): "delivery",
        ("okki-leads-workspace", f"{company}#standing", "abc#refusal#bounced"): "refusal",
        ("okki-leads-accounts", company, "wechat#u#i"): "wechat_link",
        ("okki-leads-accounts", company, "wechat#u#i#nickname"): "wechat_nickname",
        ("okki-leads-accounts", "mailbox#x", "login"): "login",
        ("okki-leads-accounts", company, "contact#ct_1"): None,
        ("okki-leads-workspace", company, "contact#"): None,
        ("okki-leads-workspace", "", ""): None,
        ("elsewhere", company, "contact#ct_1"): None,
    }
    assert {key: store.expiry.kind_of(*key) for key in cases} == cases

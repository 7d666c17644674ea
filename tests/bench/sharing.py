"""What sharing costs for each person, and what a withdrawal costs for each company that holds somebody.

Companies are put into the tables as they lie there, each with a key, an admin, a contact and a reveal of its own;
the withdrawal runs in the deployed functions, as many at once as the queue lets.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local import LocalStack
from infra.local.wire import Call
from tests.bench.report import Line, Section
from tests.bench.vault import act_as_owner
from tests.integration import sharer
from tests.integration.client import User

PEOPLE = 100
HOLDERS = 1_000
LONGEST_SECONDS = 600
TASKS = "okki-leads-run-tasks"


def measure(stack: LocalStack, holders: int = HOLDERS) -> list[Section]:
    """Share a hundred people, share them again, and withdraw one from a thousand companies."""
    act_as_owner(stack)
    first, second = sharer.sharer(stack), sharer.sharer(stack)
    sharer.shared(first, sharer.person())
    people = [sharer.person(f"bench{number}@pohjola.example") for number in range(PEOPLE)]
    lines = [
        _shared(stack, first, f"share {PEOPLE} people nobody had shared", people, 35.0),
        _shared(stack, second, f"share the same {PEOPLE} from another company", people, 20.0, "a share"),
        _shared(stack, second, "send that request once more", people, 0.0, "a share"),
        _shared(stack, second, f"vouch for the same {PEOPLE} under a new share", people, 20.0),
    ]
    notes = [
        "Each person in a transaction of their own: record, share, what finds them. It depends on there being no",
        "objection and on the share's own row, whose list of 100 costs it 8 of its units (2 for a list of a few).",
    ]
    return [Section("Sharing", lines, notes), _withdrawn(stack, first, holders)]


def _shared(
    stack: LocalStack,
    user: User,
    name: str,
    people: list[dict[str, object]],
    units: float,
    key: str | None = None,
) -> Line:
    stack.wire.clear()
    began = time.monotonic()
    found = sharer.share(user, *people, key=key)
    seconds = time.monotonic() - began
    assert found["accepted"] == len(people)
    calls = [call for call in stack.wire.calls if call.function == "okki-leads-api"]
    return Line(
        name,
        {**_each(calls, len(people)), "seconds": seconds},
        {"write units each": units, "calls each": 2.5},
    )


def _each(calls: list[Call], number: int) -> dict[str, float]:
    by = Counter(call.operation for call in calls)
    return {
        "calls each": len(calls) / number,
        "transactions each": by["TransactWriteItems"] / number,
        "read units each": sum(call.read_units for call in calls) / number,
        "write units each": sum(call.write_units for call in calls) / number,
    }


def _withdrawn(stack: LocalStack, user: User, holders: int) -> Section:
    from chalicelib.kernel import ids

    prospect = sharer.shared(user, sharer.person("everywhere@pohjola.example"))
    companies = [ids.new("co") for _ in range(holders)]
    with ThreadPoolExecutor(4) as crew:
        list(crew.map(lambda company: _plant(company, prospect), companies))
    stack.wire.clear()
    began = time.monotonic()
    assert sharer.complain(user, prospect).status == 202
    invisible = time.monotonic() - began
    while "done_at" not in sharer.of_prospect(stack, prospect, "accounts")[0]["facts"]["M"]:
        if time.monotonic() - began > LONGEST_SECONDS:
            raise TimeoutError("the withdrawal did not end")
        time.sleep(0.2)
    seconds = time.monotonic() - began
    calls = [call for call in stack.wire.calls if call.function == TASKS]
    assert sharer.kinds(stack, prospect) == []
    line = Line(
        f"withdraw somebody from {holders:,} companies",
        {**_each(calls, holders), "gone for readers, s": invisible, "done, s": seconds},
        {"calls each": 26.0, "write units each": 60.0},
    )
    notes = [
        "Each with one admin to be told (a transaction of its own), a contact, a reveal and a credit to give back.",
        "Seconds are this machine's. At 8 ms a call on AWS and 5 pieces at once: calls each x companies x 8 ms / 5.",
    ]
    return Section("Withdrawing", [line], notes)


def _plant(company: str, prospect: str) -> None:
    """A company that received the prospect and made a contact of it."""
    from chalicelib import store
    from chalicelib.kernel import clock, ids
    from chalicelib.privacy.permissions import Position
    from chalicelib.records.accounts import Member, MemberState, User
    from chalicelib.records.contacts import Contact
    from chalicelib.records.credit import Balance, Entry, Why
    from chalicelib.records.prospects import Holder, Reveal

    now, user, contact, entry = clock.now(), ids.new("usr"), ids.new("ct"), ids.new("crd")
    store.vault.create_key(company)
    op = store.table.new_op()
    store.accounts.MEMBERS.put_new(
        Member(
            company_id=company,
            user_id=user,
            state=MemberState.ACTIVE,
            position=Position.ADMIN,
            policy_version="2025-01-16",
            since=now,
        ),
        op=op,
    )
    store.accounts.USERS.put_new(
        User(
            company_id=company,
            user_id=user,
            declared_adult=True,
            free_mailbox=False,
            registered_at=now,
            locale="en",
            name="A",
            email="success@simulator.amazonses.com",
        ),
        op=op,
    )
    person = store.standing.person(company, "everywhere@pohjola.example")
    store.contacts.CONTACTS.put_new(
        Contact(
            company_id=company,
            contact_id=contact,
            created_by=user,
            person=person,
            prospect_id=prospect,
            created_at=now,
            updated_at=now,
            name="Mika Laine",
            email="everywhere@pohjola.example",
            basis="legitimate_interest",
            source="base",
        ),
        op=op,
    )
    spent = Entry(company_id=company, entry_id=entry, amount=-1, why=Why.REVEAL, by=user, at=now)
    store.credit.ENTRIES.put_new(spent, op=op)
    balance = Balance(company_id=company, month="2026-11", day="2026-11-23", changed_at=now)
    store.credit.BALANCES.put_new(balance, op=op)
    reveal: dict[str, Any] = {"company_id": company, "prospect_id": prospect}
    store.prospects.REVEALS.put_new(
        Reveal(**reveal, revealed_by=user, revealed_at=now, entry_id=entry, contact_id=contact), op=op
    )
    store.prospects.HOLDERS.put_new(
        Holder(**reveal, since=now, transfer="adequacy", stocked=False, added=True, contact_id=contact), op=op
    )

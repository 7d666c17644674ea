"""Contacts: `workspace`, in the company's partition, newest first because ids are ordered by time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, settings
from chalicelib.privacy import retention
from chalicelib.privacy.register import Purpose
from chalicelib.records.contacts import Contact
from chalicelib.store import batches, idempotency
from chalicelib.store.failures import translate
from chalicelib.store.items import PersonIndex, WorkspaceRow
from chalicelib.store.table import Rows, Stored, expiry_of, get_together, new_op, person_key, policy_now
from chalicelib.store.transaction import Transaction

_USE = Purpose.PROVIDE_FUNCTIONS
CONTACTS = Rows(Contact, pk="{company_id}", sk="contact#{contact_id}", findable=True)


def add(contact: Contact, once: idempotency.Once | None) -> None:
    """Store a new contact: 1 write unit, with an idempotency key 4 (two rows in a transaction)."""
    op = new_op()
    if once is None:
        CONTACTS.put_new(contact, op=op)
        return
    transaction = Transaction(op)
    transaction.put_new(CONTACTS, contact)
    once.add_to(transaction, contact.contact_id)
    transaction.commit()


def get(company_id: str, contact_id: str) -> Stored[Contact] | None:
    """One contact; one read."""
    return CONTACTS.get(company_id=company_id, contact_id=contact_id, use=_USE)


def newest(company_id: str, limit: int, before: str | None) -> list[Stored[Contact]]:
    """Up to ``limit`` contacts, newest first, created before the contact with id ``before``. One query."""
    rows = CONTACTS.query(
        company_id,
        "contact#",
        use=_USE,
        before=None if before is None else f"contact#{before}",
        newest_first=True,
        page_size=limit,
    )
    return list(islice(rows, limit))


def of_person(company_id: str, person: str, limit: int) -> list[Stored[Contact]]:
    """Contacts of one person by the index, newest first: half a read unit when there are none.

    The index is behind by moments, so each is read and asked whose it is: one call more.
    """
    ids = of_person_by_index(company_id, person, limit)
    return [one for one in several(company_id, ids) if one is not None and one.value.person == person]


def of_person_by_index(company_id: str, person: str, limit: int) -> list[str]:
    """The same, as the index has them: ids alone, one query."""
    where = PersonIndex.sk.startswith("contact#")
    try:
        found: list[Any] = list(
            WorkspaceRow.person.query(
                person_key(company_id, person), where, scan_index_forward=False, limit=limit
            )
        )
    except PynamoDBException as error:
        raise translate(error) from None
    return [str(row.sk).removeprefix("contact#") for row in found]


def several(company_id: str, contact_ids: Sequence[str]) -> list[Stored[Contact] | None]:
    """Contacts by id, in that order, None for what is not there. A call for each hundred, a unit each."""
    wanted = [(CONTACTS, {"company_id": company_id, "contact_id": one}) for one in contact_ids]
    return get_together(*wanted, use=_USE) if wanted else []


def persons(company_id: str, most: int) -> dict[str, str] | None:
    """Who of the company's contacts is who: keyed hash -> the newest contact's id. Nothing is opened.

    A query for each MB of contacts, about a thousand of them, read a moment late; None when there are more
    than ``most``.
    """
    found: dict[str, str] = {}
    for seen, row in enumerate(_persons(company_id)):
        if seen == most:
            return None
        person = row.get("facts", {}).get("M", {}).get("person", {}).get("S")
        until = row.get("expires_at", {}).get("N")
        if person is not None and not retention.expired_epoch(until and int(until), clock.now()):
            found[person] = row["sk"]["S"].removeprefix("contact#")
    return found


def _persons(company_id: str) -> Iterator[dict[str, Any]]:
    wanted: dict[str, Any] = {
        "TableName": settings.TABLE_WORKSPACE,
        "KeyConditionExpression": "pk = :p AND begins_with(sk, :c)",
        "ExpressionAttributeValues": {":p": {"S": company_id}, ":c": {"S": "contact#"}},
        "ProjectionExpression": "sk, expires_at, facts.person",
    }
    while True:
        answer = batches.call("query", **wanted)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        wanted["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def add_all(contacts: Sequence[Contact], op: str) -> None:
    """Store contacts over whatever lies under their ids, 25 a call: only while nobody can know these ids."""
    until, policy = expiry_of(Contact), policy_now()
    rows = [
        CONTACTS.encode(one, op=op, version=1, expires_at=until, due=None, policy=policy) for one in contacts
    ]
    batches.put(settings.TABLE_WORKSPACE, rows)


def change(known: Stored[Contact], contact: Contact, once: idempotency.Once | None = None) -> Stored[Contact]:
    """Replace the version that was read; ConflictError when somebody was faster."""
    op = new_op()
    if once is None:
        return CONTACTS.replace(known, contact, op=op)
    transaction = Transaction(op)
    transaction.replace(CONTACTS, known, contact)
    once.add_to(transaction, contact.contact_id)
    transaction.commit()
    return known._replace(value=contact, version=known.version + 1)


def delete(known: Stored[Contact]) -> None:
    """Remove it. How the person stands (consents, refusals) stays, under a keyed hash."""
    CONTACTS.delete(known)

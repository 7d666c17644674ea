"""Contacts: `workspace`, in the company's partition, newest first because ids are ordered by time."""

from __future__ import annotations

from itertools import islice

from chalicelib.privacy.register import Purpose
from chalicelib.records.contacts import Contact
from chalicelib.store import idempotency
from chalicelib.store.table import Rows, Stored, new_op
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


def change(known: Stored[Contact], contact: Contact) -> Stored[Contact]:
    """Replace the version that was read; ConflictError when somebody was faster."""
    return CONTACTS.replace(known, contact, op=new_op())


def delete(known: Stored[Contact]) -> None:
    """Remove it. How the person stands (consents, refusals) stays, under a keyed hash."""
    CONTACTS.delete(known)

"""A company's contacts (clause `stored`): create, read, list, change, delete. Also how a contact stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.records.contacts import Contact
from chalicelib.records.tracking import Open
from chalicelib.services.repeats import Repeat
from chalicelib.services.sessions import Principal


def create(who: Principal, fields: Mapping[str, Any], repeat: Repeat | None) -> tuple[Contact, int]:
    """Store a contact and return it with its version. Repeating with the same key returns the first.

    Raises:
        ConflictError: ``gone``, when the contact an earlier request made has been deleted since.
    """
    once = repeat.once(who) if repeat is not None else None
    made = once.made() if once is not None else None
    if made is not None:
        return _again(who, made)
    now = clock.now()
    contact = Contact(
        company_id=who.company_id,
        contact_id=ids.new("ct"),
        created_by=who.user_id,
        created_at=now,
        updated_at=now,
        **fields,
    )
    try:
        store.contacts.add(contact, once)
    except ConflictError:
        # The same key twice at once: the other request won.
        made = once.made() if once is not None else None
        if made is None:
            raise
        return _again(who, made)
    return contact, 1


def _again(who: Principal, contact_id: str) -> tuple[Contact, int]:
    known = store.contacts.get(who.company_id, contact_id)
    if known is None:
        raise ConflictError("gone", "What this key made has been deleted since.")
    return known.value, known.version


def read(who: Principal, contact_id: str) -> tuple[Contact, int]:
    """A contact and its version; NotFoundError for an unknown or a foreign id alike."""
    known = store.contacts.get(who.company_id, contact_id)
    if known is None:
        raise NotFoundError
    return known.value, known.version


def page(who: Principal, limit: int, before: str | None) -> list[tuple[Contact, int]]:
    """Contacts, newest first, created before the one with id ``before``."""
    found = store.contacts.newest(who.company_id, limit, before)
    return [(known.value, known.version) for known in found]


def change(who: Principal, contact_id: str, version: int, fields: Mapping[str, Any]) -> tuple[Contact, int]:
    """Change the given fields of exactly this version.

    Raises:
        NotFoundError, ConflictError: ``changed``, when somebody else changed it first.
    """
    known = store.contacts.get(who.company_id, contact_id)
    if known is None:
        raise NotFoundError
    if known.version != version:
        raise ConflictError("changed")
    changed = replace(known.value, **fields, updated_at=clock.now())
    return changed, store.contacts.change(known, changed).version


def delete(who: Principal, contact_id: str) -> None:
    """Delete a contact. What the person consented to or refused stays known, as a keyed hash."""
    for _ in range(3):
        known = store.contacts.get(who.company_id, contact_id)
        if known is None:
            raise NotFoundError
        try:
            store.contacts.delete(known)
        except ConflictError:
            continue  # changed between the two calls: the wish to delete it stands
        return
    raise ConflictError


def person_of(who: Principal, contact_id: str) -> str:
    """The keyed hash of the contact's address.

    Raises:
        NotFoundError: no such contact.
        ConflictError: ``no_address``, it has none.
    """
    contact, _ = read(who, contact_id)
    if contact.email is None:
        raise ConflictError("no_address", "This contact has no mail address.")
    return store.standing.person(who.company_id, addresses.parse(contact.email).person)


def opens(who: Principal, contact_id: str, limit: int, before: str | None) -> list[Open]:
    """Everything kept about when this person opened the company's mail; one query after the contact."""
    return store.tracking.history(who.company_id, person_of(who, contact_id), limit, before)

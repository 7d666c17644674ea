"""A company's contacts (clause `stored`): create, read, list, change, delete. Also how a contact stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.register import Category
from chalicelib.privacy.restrictions import Action
from chalicelib.records.contacts import Contact
from chalicelib.records.tracking import Open
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import rules
from chalicelib.services.erasure import suppression
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once


def create(who: Principal, fields: Mapping[str, Any], repeat: Repeat | None) -> tuple[Contact, int]:
    """Store a contact and return it with its version. Repeating with the same key returns the first.

    Raises:
        ConflictError: ``gone``, when the contact an earlier request made has been deleted since.
        RefusedError: ``person_erased``, they asked to be forgotten here (`requests`).
    """

    def make(once: Once | None) -> tuple[Contact, int]:
        now = clock.now()
        contact = _found_by_person(
            Contact(
                company_id=who.company_id,
                contact_id=ids.new("ct"),
                created_by=who.user_id,
                created_at=now,
                updated_at=now,
                **fields,
            )
        )
        _refuse_erased(contact)
        store.contacts.add(contact, once)
        return contact, 1

    return repeats.once(who, repeat, lambda contact_id: _again(who, contact_id), make)


def _found_by_person(contact: Contact) -> Contact:
    """The contact under the keyed hash of its address, by which requests and erasures find it."""
    if contact.email is None:
        return replace(contact, person=None)
    who = store.standing.person(contact.company_id, addresses.parse(contact.email).person)
    return replace(contact, person=who)


def _refuse_erased(contact: Contact) -> None:
    if contact.person is not None:
        suppression.check(contact.company_id, [(contact.person, "email")])


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
        RefusedError: the company does not let this user change it (`restrictions`), or the new address is of
            somebody who asked to be forgotten here (`requests`).
    """
    known = store.contacts.get(who.company_id, contact_id)
    if known is None:
        raise NotFoundError
    _ask(who, Action.CHANGE, known.value)
    if known.version != version:
        raise ConflictError("changed")
    changed = _found_by_person(replace(known.value, **fields, updated_at=clock.now()))
    if changed.person != known.value.person:
        _refuse_erased(changed)
    return changed, store.contacts.change(known, changed).version


def delete(who: Principal, contact_id: str) -> None:
    """Delete a contact. What the person consented to or refused stays known, as a keyed hash.

    Raises:
        NotFoundError.
        RefusedError: the company does not let this user delete it (`restrictions`).
    """
    for _ in range(3):
        known = store.contacts.get(who.company_id, contact_id)
        if known is None:
            raise NotFoundError
        _ask(who, Action.DELETE, known.value)
        try:
            store.contacts.delete(known)
        except ConflictError:
            continue  # changed between the two calls: the wish to delete it stands
        return
    raise ConflictError


def _ask(who: Principal, action: Action, contact: Contact) -> None:
    """Whether the company lets the user do this to a contact (5.2)."""
    own = contact.created_by == who.user_id
    rules.check(who, action, Category.STORED, made_at=contact.created_at, own=own)


def person_of(who: Principal, contact_id: str) -> str:
    """The keyed hash of the contact's address.

    Raises:
        NotFoundError: no such contact.
        ConflictError: ``no_address``, it has none.
    """
    contact, _ = read(who, contact_id)
    if contact.person is None:
        raise ConflictError("no_address", "This contact has no mail address.")
    return contact.person


def opens(who: Principal, contact_id: str, limit: int, before: str | None) -> list[Open]:
    """Everything kept about when this person opened the company's mail; one query after the contact."""
    return store.tracking.history(who.company_id, person_of(who, contact_id), limit, before)

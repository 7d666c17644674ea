"""A company's contacts (clause `stored`): create, read, list, change, delete. Also how a contact stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

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
from chalicelib.services.contacts import matching
from chalicelib.services.contacts.matching import IfExists
from chalicelib.services.erasure import suppression
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored


class Created(NamedTuple):
    """A contact, its version, and whether it is new; otherwise one that was there has been updated."""

    contact: Contact
    version: int
    new: bool = True


def create(who: Principal, fields: Mapping[str, Any], if_exists: IfExists, repeat: Repeat | None) -> Created:
    """Store a contact. Repeating with the same key returns what the first request made.

    A person who is a contact already is asked about, unless the request says what to do: another contact, or
    the given fields into the newest one. 1 write unit and the index's; a read for the suppression, half a
    one to look for the person.

    Raises:
        ConflictError: ``gone``, when the contact an earlier request made has been deleted since;
            ``duplicate``, with the candidates.
        RefusedError: ``person_erased``, they asked to be forgotten here (`requests`); or the company does
            not let this user change the contact that is there (`restrictions`).
    """

    def make(once: Once | None) -> Created:
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
        if contact.person is not None and if_exists is not IfExists.CREATE:
            found = matching.candidates(who.company_id, contact.person)
            if found and if_exists is IfExists.ASK:
                matching.ask(who, found)
            if found:
                return _update(who, found[0], fields, once)
        store.contacts.add(contact, once)
        return Created(contact, 1)

    return repeats.once(who, repeat, lambda contact_id: _again(who, contact_id), make)


def _update(who: Principal, known: Stored[Contact], fields: Mapping[str, Any], once: Once | None) -> Created:
    _ask(who, Action.CHANGE, known.value)
    changed = _found_by_person(matching.merged(known.value, fields, clock.now()))
    return Created(changed, store.contacts.change(known, changed, once).version, new=False)


def _found_by_person(contact: Contact) -> Contact:
    """The contact under the keyed hash of its address, by which requests and erasures find it."""
    if contact.email is None:
        return replace(contact, person=None)
    who = store.standing.person(contact.company_id, addresses.parse(contact.email).person)
    return replace(contact, person=who)


def _refuse_erased(contact: Contact) -> None:
    if contact.person is not None:
        suppression.check(contact.company_id, [(contact.person, "email")])


def _again(who: Principal, contact_id: str) -> Created:
    known = store.contacts.get(who.company_id, contact_id)
    if known is None:
        raise ConflictError("gone", "What this key made has been deleted since.")
    return Created(known.value, known.version)


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

"""Whether a person is a contact already (clause `stored`): what somebody sees who adds them again, and what a
second entry changes. Who a person is says their address (``kernel.addresses``), however it is spelled.

The index of persons is behind by moments: two who add the same person in the same second both do. That makes
two contacts of one person, whose refusals count for both; nobody is written to who said no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.contacts import Contact
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

CANDIDATES: Final = 5
"""So many contacts of one person are shown; an address that is there more often is nobody's own."""


class IfExists(StrEnum):
    """What to do with a person who is a contact already."""

    ASK = "ask"
    CREATE = "create"
    UPDATE = "update"


def candidates(company_id: str, person: str) -> list[Stored[Contact]]:
    """Contacts that are this person, newest first; one query, and one call more where there are some."""
    return store.contacts.of_person(company_id, person, CANDIDATES)


def ask(who: Principal, found: list[Stored[Contact]]) -> None:
    """Let the user choose.

    Raises:
        ConflictError: ``duplicate``, with the candidates; by id alone for whoever may not read contacts.
    """
    may_read = Permission.CONTACTS_READ in who.permissions
    shown = [
        {
            "id": one.value.contact_id,
            "name": one.value.name if may_read else None,
            "company": one.value.company if may_read else None,
        }
        for one in found
    ]
    raise ConflictError(
        "duplicate",
        "This person is a contact already: update it, or create another one.",
        clause="stored",
        more={"candidates": shown},
    )


def merged(contact: Contact, fields: Mapping[str, Any], now: int) -> Contact:
    """The contact with what is given; what is not given, or empty, stays as it is."""
    given = {name: value for name, value in fields.items() if value not in (None, "", ())}
    return replace(contact, **given, updated_at=now)

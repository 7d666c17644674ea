"""What is in the files that a closed company takes along (5.3): its contacts, and the mail its people sent.

Read page by page when a file is fetched; nothing is stored for it. Contacts the company kept from some of its
users (5.2) are in it: this is the company itself taking what is its own. Not in it: who read what, which is
about the readers, and what AI wrote and nobody sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Position
from chalicelib.records.companies import Access
from chalicelib.records.contacts import Contact
from chalicelib.records.messages import Body, Message
from chalicelib.services.contacts.csv_files import CsvFile, Limits, Sheet

T = TypeVar("T")

PAGE: Final = 500
"""Contacts read in one query."""
LETTERS: Final = 100
"""Messages read in one query, which takes more for each MB of text."""
PER_FILE: Final = 5000
"""Of which so many are opened while somebody waits for an answer."""
MESSAGE_COLUMNS: Final = ("id", "created_at", "sender_name", "sender", "to", "cc", "subject", "text")
"""The first row of files of messages; times are RFC 3339, addresses as mail programs write them."""


class What(StrEnum):
    """What a file holds."""

    CONTACTS = "contacts"
    MESSAGES = "messages"


PREFIX: Final = {What.CONTACTS: "ct", What.MESSAGES: "msg"}
"""Of the ids that the next file begins behind."""


class Part(NamedTuple):
    """One file: its text, how many rows are in it, and behind which one the next file begins (None: that was
    all).
    """

    text: str
    rows: int
    after: str | None


class _Everything(Limits):
    """The company takes all of it, whatever it kept from its users."""

    def allow(self, contact: Contact) -> bool:  # noqa: ARG002 - an export asks about each contact
        """Always."""
        return True


def made(access: Access, what: What, after: str | None) -> Part:
    """The file behind a contact or a message, the newest first; None for the first file. A query or two for
    each page, and for messages a call for each hundred.
    """
    company_id = access.company_id
    if what is What.MESSAGES:
        sheet = Sheet(MESSAGE_COLUMNS)
        return _filled(
            sheet,
            lambda last: store.messages.letters(company_id, LETTERS, last),
            lambda one: one[1] is None or sheet.take(_letter(one[0], one[1])),
            lambda one: one[0].message_id,
            after,
        )
    contacts = CsvFile(_Everything(access, Position.ADMIN, access.main_user_id))
    return _filled(
        contacts,
        lambda last: [known.value for known in store.contacts.newest(company_id, PAGE, last)],
        contacts.add,
        lambda one: one.contact_id,
        after,
    )


def _filled(
    sheet: Sheet,
    page: Callable[[str | None], Sequence[T]],
    take: Callable[[T], bool],
    id_of: Callable[[T], str],
    after: str | None,
) -> Part:
    while sheet.rows < PER_FILE:
        found = page(after)
        if not found:
            return Part(sheet.text(), sheet.rows, None)
        for one in found:
            if not take(one):
                return Part(sheet.text(), sheet.rows, after)
            after = id_of(one)
    return Part(sheet.text(), sheet.rows, after)


def _letter(body: Body, message: Message) -> Iterator[str | None]:
    yield from (message.message_id, clock.rfc3339(message.created_at), message.sender_name, message.sender)
    for people in (body.to, body.cc):
        yield "; ".join(f"{name} <{address}>" if name else address for name, address in people)
    yield from (message.subject, body.text)

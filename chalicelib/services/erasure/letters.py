"""Taking one person out of what stays: messages to several people, and what users were told (clause
`requests`).

Who is meant is decided by the keyed hash of each address a message names, so no address has to be kept for
it. What the person is called is read where it still stands: in the message itself, and in their contacts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, ids
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy.register import Duty
from chalicelib.records.contacts import Contact
from chalicelib.records.messages import Body, Message
from chalicelib.records.notifications import Notification
from chalicelib.services.erasure.redaction import WORD, Redactor

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

USE: Final = Duty.ERASE
TRIES: Final = 8
CONTACTS_READ: Final = 50
"""Contacts of one person that are asked what they are called; further ones hardly know another name."""
MOST_CALLED: Final = 100

Pairs = tuple[tuple[str, str], ...]


class Called(NamedTuple):
    """Addresses and names of one person, as far as they are known."""

    mailboxes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def and_also(self, mailboxes: Iterable[str], names: Iterable[str] = ()) -> Called:
        """These and more; beyond ``MOST_CALLED`` of a kind no further ones."""
        return Called(_some(self.mailboxes, mailboxes), _some(self.names, names))


def _some(known: frozenset[str], more: Iterable[str]) -> frozenset[str]:
    room = MOST_CALLED - len(known)
    return known | frozenset(sorted(frozenset(more) - known - {""})[: max(0, room)])


NOBODY: Final = Called()


def first_id(moment: datetime) -> str:
    """What ids of messages made at or after a moment are not below."""
    return ids.from_raw("msg", int(moment.timestamp() * 1000).to_bytes(6) + bytes(10))


def is_person(company_id: str, email: str, person: str) -> bool:
    """Whether an address is this person's."""
    try:
        return store.standing.person(company_id, addresses.parse(email).person) == person
    except ValueError:
        return False


def names(body: Body, person: str) -> bool:
    """Whether a message was written to this person."""
    return any(is_person(body.company_id, email, person) for _, email in (*body.to, *body.cc))


def redactor(company_id: str, person: str, pairs: Pairs = (), called: Called = NOBODY) -> Redactor:
    """What finds the person in a text: by the names and addresses of the pairs, of their contacts, and by
    what else they are known to be called.
    """
    whole = known_as(company_id, person).and_also((email for _, email in pairs), (name for name, _ in pairs))
    return Redactor(sorted(whole.mailboxes | called.mailboxes), sorted(whole.names | called.names))


def address_redactor(company_id: str, person: str, called: Called = NOBODY) -> Redactor:
    """What finds the person by their addresses alone, where a name may be anybody's."""
    return Redactor(sorted(known_as(company_id, person).mailboxes | called.mailboxes), ())


def known_as(company_id: str, person: str) -> Called:
    """What the person's contacts say they are called. One query, and a read for each contact."""
    mailboxes: set[str] = set()
    called: set[str] = set()
    keys = store.erasure.of_person(company_id, person, "contact#", limit=CONTACTS_READ)
    for sk in keys:
        known = store.contacts.CONTACTS.get(
            company_id=company_id, contact_id=sk.removeprefix("contact#"), use=USE
        )
        if known is not None and known.value.person == person and known.value.email is not None:
            mailboxes.add(known.value.email)
            called.add(known.value.name)
    return NOBODY.and_also(mailboxes, called)


def others_read(company_id: str, message_id: str, person: str) -> bool:
    """Whether a message is anybody else's as well, by what is left of its lists. When in doubt it is. One
    read.
    """
    body = store.messages.BODIES.get(company_id=company_id, message_id=message_id, use=USE)
    everybody = () if body is None else (*body.value.to, *body.value.cc)
    return body is None or any(not is_person(company_id, email, person) for _, email in everybody)


def redact(company_id: str, message_id: str, person: str, called: Called = NOBODY) -> None:
    """Take a recipient out of a message to several people: out of its lists, and out of what it says. Body
    and message change together; repeating it finds nothing to do. Four write units and more, by size.

    How many it was written to stays as it was: that it went to several is what a repetition goes by.

    Raises:
        RetryLaterError: its links were followed all the while; to be done again.
    """

    def without(message: Message, body: Body | None) -> tuple[Message, Body | None]:
        everybody = () if body is None else (*body.to, *body.cc)
        pairs = tuple(pair for pair in everybody if is_person(company_id, pair[1], person))
        if body is not None and not pairs:
            return message, body
        clean = redactor(company_id, person, pairs, called)
        if body is not None:
            body = replace(
                body,
                to=tuple(pair for pair in body.to if pair not in pairs),
                cc=tuple(pair for pair in body.cc if pair not in pairs),
                html=clean(body.html),
                text=clean(body.text),
            )
        left = tuple(one for one in message.persons if one != person)
        return replace(_said(message, clean), persons=left), body

    _rewrite(company_id, message_id, without)
    if not others_read(company_id, message_id, person):
        # The others were taken out at this moment too, so that none of us saw the last one go.
        whole = [(company_id, f"{kind}#{message_id}") for kind in ("body", "message")]
        store.erasure.delete(store.erasure.WORKSPACE, whole)


def forget_sender(company_id: str, message_id: str, clean: Redactor) -> None:
    """Take the name of the user who wrote a message out of it; the company's correspondence stays.

    Raises:
        RetryLaterError: as ``redact``.
    """

    def without(message: Message, body: Body | None) -> tuple[Message, Body | None]:
        if body is not None:
            body = replace(body, html=clean(body.html), text=clean(body.text))
        return replace(_said(message, clean), sender=WORD, sender_name=WORD), body

    _rewrite(company_id, message_id, without)


def _said(message: Message, clean: Redactor) -> Message:
    return replace(
        message, subject=clean(message.subject), links=tuple(clean(link) for link in message.links)
    )


def _rewrite(
    company_id: str,
    message_id: str,
    change: Callable[[Message, Body | None], tuple[Message, Body | None]],
) -> None:
    messages, bodies = store.messages.MESSAGES, store.messages.BODIES
    for attempt in range(TRIES):
        message = messages.get(company_id=company_id, message_id=message_id, use=USE)
        if message is None:
            return  # deleted meanwhile
        body = bodies.get(company_id=company_id, message_id=message_id, use=USE)
        made, text = change(message.value, None if body is None else body.value)
        if made == message.value and (body is None or text == body.value):
            return
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(messages, message, made)
        if body is not None and text is not None:
            transaction.replace(bodies, body, text)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
            continue
        return
    raise RetryLaterError


def delete_contact(known: Stored[Contact]) -> None:
    """Delete a contact as it was read; one that has changed is left for the second look."""
    try:
        store.contacts.CONTACTS.delete(known)
    except ConflictError:
        return


def quotes(item: Notification, clean: Redactor) -> bool:
    """Whether what a user was told names the person."""
    return any(clean(value) != value for value in item.values.values())


def redact_inbox(known: Stored[Notification], clean: Redactor) -> None:
    """Take the person out of what a user was told."""
    values = {name: clean(value) for name, value in known.value.values.items()}
    rows: Any = store.notifications.INBOX
    try:
        rows.replace(known, replace(known.value, values=values), op=store.table.new_op())
    except ConflictError:
        return  # read or deleted this moment: the second look finds it

"""Writing a message and reading what became of it (clauses `communications`, `tracking`).

Writing stores the message and one outbox entry per recipient, in one transaction; whether a recipient may be
written to is decided when it leaves (`services/mail/sending.py`), because that is when it matters.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import addresses, clock, ids, settings
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError
from chalicelib.privacy.consent import MessageKind
from chalicelib.records.messages import Body, Delivery, Message, OutboxState
from chalicelib.services import repeats
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.mail import addressees, content
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once

MAX_RECIPIENTS: Final = 25
"""Per message. Each gets a copy of their own; a campaign is many messages."""

MAX_LINKS: Final = 50
"""Tracked links per message; further ones stay as written."""

MAX_MESSAGE_BYTES: Final = 380_000
"""HTML and text together, as they are sealed; DynamoDB takes items of 400 KB, recipients included."""

MESSAGES_PER_HOUR: Final = 1000
"""Per company. A stolen session must not be able to burn the reputation of everybody's sending domain."""

RETRY_SECONDS: Final = 300
"""When the sweeper looks after a delivery whose queue message was lost."""


class Draft(NamedTuple):
    """What a user wrote. Addresses are (name, address) pairs, parsed already."""

    to: Sequence[tuple[str, addresses.Address]]
    cc: Sequence[tuple[str, addresses.Address]]
    subject: str
    html: str
    text: str | None
    kind: MessageKind
    tracking: bool
    locale: str
    inform: bool = False
    """Whether it carries the notice to those who have yet to be told where their data came from."""


def write(who: Principal, draft: Draft, repeat: Repeat | None) -> str:
    """Accept a message for sending and return its id.

    Raises:
        InvalidError: too many recipients, the same person twice, nothing left after sanitising.
        RefusedError: ``person_erased``, a recipient asked to be forgotten here (`requests`); ``notice_due``,
            one came from the base of prospects and has not been told (`joint-duties`).
        TooManyRequestsError: the company wrote too much within the hour.
    """

    def again(message_id: str) -> str:
        _hint(who.company_id, message_id, len(draft.to) + len(draft.cc))
        return message_id

    return repeats.once(who, repeat, again, lambda once: _write(who, draft, once))


def _write(who: Principal, draft: Draft, once: Once | None) -> str:
    store.limits.take("messages", who.company_id, MESSAGES_PER_HOUR, clock.HOUR)
    user, _ = sessions.profile(who.company_id, who.user_id)
    try:
        html = content.sanitise(draft.html)
    except content.UnusableBody:
        raise InvalidError(errors=[FieldError("html", "too_long_or_too_deep")]) from None
    text = draft.text if draft.text is not None else content.plain_text(html)
    if len(json.dumps([html, text], ensure_ascii=False).encode()) > MAX_MESSAGE_BYTES:
        raise InvalidError(errors=[FieldError("html", "too_long_or_too_deep")])
    if not text.strip() and "<img" not in html:
        raise InvalidError(errors=[FieldError("html", "empty")])
    links = content.links(html, own=settings.edge_url())[:MAX_LINKS] if draft.tracking else []
    now, message_id = clock.now(), ids.new("msg")
    message = Message(
        company_id=who.company_id,
        message_id=message_id,
        user_id=who.user_id,
        kind=draft.kind,
        tracking=draft.tracking,
        created_at=now,
        recipients=len(draft.to) + len(draft.cc),
        subject=draft.subject,
        sender=user.email,
        sender_name=user.name,
        links=tuple(links),
        inform=draft.inform,
    )
    body = Body(
        company_id=who.company_id,
        message_id=message_id,
        locale=draft.locale,
        html=html,
        text=text,
        to=tuple((name, address.written) for name, address in draft.to),
        cc=tuple((name, address.written) for name, address in draft.cc),
    )
    deliveries = _deliveries(message, draft)
    message = replace(message, persons=tuple(dict.fromkeys(one.person for one in deliveries)))
    named = [(delivery.person, _field(draft, delivery.number)) for delivery in deliveries]
    addressees.check(who.company_id, named, inform=draft.inform)
    store.messages.add(message, body, deliveries, once)
    _hint(who.company_id, message_id, len(deliveries))
    return message_id


def _hint(company_id: str, message_id: str, recipients: int) -> None:
    """Tell the outbox; also when a request is repeated, whose first hint may never have been sent."""
    bodies: list[dict[str, str | int]] = [
        {"company": company_id, "message": message_id, "number": number} for number in range(recipients)
    ]
    queues.hint(settings.QUEUE_OUTBOX, bodies)


def _deliveries(message: Message, draft: Draft) -> list[Delivery]:
    everybody = [*draft.to, *draft.cc]
    if len(everybody) > MAX_RECIPIENTS:
        raise InvalidError(errors=[FieldError("to", "too_many")])
    people = [store.standing.person(message.company_id, a.person) for _, a in everybody]
    for number, person in enumerate(people):
        if person in people[:number]:
            raise InvalidError(errors=[FieldError(_field(draft, number), "twice")])
    return [
        Delivery(
            company_id=message.company_id,
            message_id=message.message_id,
            number=number,
            person=person,
            state=OutboxState.PENDING,
            due_at=message.created_at + RETRY_SECONDS,
            email=address.written,
        )
        for number, (person, (_, address)) in enumerate(zip(people, everybody, strict=True))
    ]


def _field(draft: Draft, number: int) -> str:
    """Where the request named a recipient."""
    field = f"to.{number}" if number < len(draft.to) else f"cc.{number - len(draft.to)}"
    return f"{field}.email"


class Report(NamedTuple):
    """A message and its deliveries."""

    message: Message
    deliveries: list[Delivery]

    @property
    def status(self) -> str:
        """The whole message in one word: ``queued``, ``sending``, ``sent``, ``partly_sent``, ``unknown``,
        ``refused``, or ``expired`` when the deliveries have passed their retention.
        """
        if not self.deliveries:
            return "expired"
        states = {delivery.state for delivery in self.deliveries}
        if states <= {OutboxState.PENDING}:
            return "queued"
        if states & {OutboxState.PENDING, OutboxState.SENDING}:
            return "sending"
        if len(states) == 1:
            return str(states.pop().value)
        return "partly_sent" if OutboxState.SENT in states else "unknown"


def read(who: Principal, message_id: str) -> Report:
    """One message with everything known about its readers; one query. NotFoundError otherwise."""
    found = store.messages.get(who.company_id, message_id)
    if found is None:
        raise NotFoundError
    return Report(found.message.value, [known.value for known in found.deliveries])


def page(who: Principal, limit: int, before: str | None) -> list[Report]:
    """Messages, newest first, older than the one with id ``before``."""
    return [
        Report(found.message.value, [known.value for known in found.deliveries])
        for found in store.messages.newest(who.company_id, limit, before)
    ]

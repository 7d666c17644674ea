"""Messages, their bodies and their deliveries: `workspace`, in the company's partition.

A message and its deliveries are neighbours (``message#<id>``, ``message#<id>#<number>``), so a message with
everything known about its readers is one query, and so is a page of messages, newest first. Bodies lie apart
and are read only by the sender.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from chalicelib.privacy.register import Purpose
from chalicelib.privacy.retention import EMAIL_TRACKING, after
from chalicelib.records.messages import Body, Delivery, Message
from chalicelib.store import idempotency
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.table import Due, Rows, Stored, get_together, new_op, query_rows
from chalicelib.store.transaction import Transaction

USE = Purpose.PROVIDE_FUNCTIONS
MESSAGES = Rows(
    Message,
    pk="{company_id}",
    sk="message#{message_id}",
    swept=lambda message, until: min(tracking_ends(message.created_at), until),
)
DELIVERIES = Rows(Delivery, pk="{company_id}", sk="message#{message_id}#{number:02d}", findable=True)
BODIES = Rows(Body, pk="{company_id}", sk="body#{message_id}")

OUTBOX_DUE = "outbox"
"""The index partition of deliveries that are not finished."""


def tracking_ends(created_at: int) -> int:
    """When what is known about the readers of a message of then is over, for the greater part."""
    return int(after(datetime.fromtimestamp(created_at, UTC), EMAIL_TRACKING).timestamp())


class Sent(NamedTuple):
    """A message with its deliveries, in the order of its recipients."""

    message: Stored[Message]
    deliveries: list[Stored[Delivery]]


def add(message: Message, body: Body, deliveries: Sequence[Delivery], once: idempotency.Once | None) -> None:
    """Store a message and its outbox entries together, or nothing."""
    transaction = Transaction(new_op())
    transaction.put_new(MESSAGES, message)
    transaction.put_new(BODIES, body)
    for delivery in deliveries:
        transaction.put_new(DELIVERIES, delivery, due=due(delivery))
    if once is not None:
        once.add_to(transaction, message.message_id)
    transaction.commit()


def due(delivery: Delivery) -> Due | None:
    """When the sweeper has to look at a delivery again."""
    return None if delivery.due_at is None else Due(OUTBOX_DUE, delivery.due_at)


def get(company_id: str, message_id: str) -> Sent | None:
    """One message with its deliveries; one query."""
    return next(_grouped(_rows(company_id, f"message#{message_id}", None, None)), None)


def newest(company_id: str, limit: int, before: str | None) -> list[Sent]:
    """Up to ``limit`` messages with deliveries, newest first, older than ``before``. One query per MB."""
    below = None if before is None else f"message#{before}"
    found = _grouped(_rows(company_id, "message#", below, 4 * limit))
    return [sent for _, sent in zip(range(limit), found, strict=False)]


def letters(company_id: str, limit: int, before: str | None) -> list[tuple[Body, Message | None]]:
    """Up to ``limit`` texts with what their recipients have in common, the newest first, older than
    ``before``; nothing about who read them. A query for each MB and a call for each hundred.
    """
    below = None if before is None else f"body#{before}"
    found = BODIES.query(company_id, "body#", use=USE, before=below, newest_first=True, page_size=limit)
    bodies = [known.value for known in islice(found, limit)]
    keys = [(MESSAGES, {"company_id": company_id, "message_id": one.message_id}) for one in bodies]
    messages = get_together(*keys, use=USE) if keys else []
    return [(one, None if of is None else of.value) for one, of in zip(bodies, messages, strict=True)]


def body(company_id: str, message_id: str) -> Stored[Body] | None:
    """The text of a message; one read."""
    return BODIES.get(company_id=company_id, message_id=message_id, use=USE)


def delivery(company_id: str, message_id: str, number: int) -> Stored[Delivery] | None:
    """One delivery; one read."""
    return DELIVERIES.get(company_id=company_id, message_id=message_id, number=number, use=USE)


def change_delivery(known: Stored[Delivery], changed: Delivery) -> Stored[Delivery]:
    """Move a delivery on; ConflictError when somebody was faster.

    One write unit, 2 when it leaves the index, 3 when its due time moves.
    """
    return DELIVERIES.replace(known, changed, op=new_op(), due=due(changed))


def _rows(
    company_id: str, prefix: str, before: str | None, page_size: int | None
) -> Iterator[Stored[Message] | Stored[Delivery]]:
    for row in query_rows(
        WorkspaceRow, company_id, prefix, before=before, newest_first=True, page_size=page_size
    ):
        rows: Rows[Message] | Rows[Delivery] = MESSAGES if row.kind == MESSAGES.kind else DELIVERIES
        if (found := rows.live(row, USE)) is not None:
            yield found


def _grouped(rows: Iterator[Stored[Message] | Stored[Delivery]]) -> Iterator[Sent]:
    """Read backwards, a message follows its own deliveries."""
    deliveries: list[Stored[Delivery]] = []
    for stored in rows:
        if isinstance(stored.value, Delivery):
            deliveries.append(
                Stored(stored.value, stored.version, stored.expires_at, stored.policy, stored.held)
            )
        else:
            own = [d for d in deliveries if d.value.message_id == stored.value.message_id]
            message = Stored(stored.value, stored.version, stored.expires_at, stored.policy, stored.held)
            yield Sent(message, own[::-1])
            deliveries = []

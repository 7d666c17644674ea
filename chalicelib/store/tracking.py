"""Opens and clicks: one row per event, keyed by the event's own id, so that counting is safe to repeat.

Opens are keyed by person, so a recipient's whole history with a company is one query. The counts people see
live in the delivery (opens) and the message (clicks); they are derived from these rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.register import Purpose
from chalicelib.records.messages import Message
from chalicelib.records.tracking import Click, Open
from chalicelib.store.messages import MESSAGES
from chalicelib.store.table import Rows, Stored, new_op

R = TypeVar("R")
_USE = Purpose.PROVIDE_FUNCTIONS
OPENS = Rows(Open, pk="{company_id}", sk="open#{person}#{message_id}#{hit}")
CLICKS = Rows(Click, pk="{company_id}", sk="click#{message_id}#{link:02d}#{hit}")


def add_open(opened: Open) -> bool:
    """Store an open; False when this very event is stored already. One write unit."""
    return _add(OPENS, opened)


def add_click(click: Click) -> bool:
    """Store a click; False when this very event is stored already. One write unit."""
    return _add(CLICKS, click)


def _add(rows: Rows[R], record: R) -> bool:
    try:
        # A fresh operation id on purpose: a repeated event must be seen as a repetition.
        rows.put_new(record, op=new_op())
    except ConflictError:
        return False
    return True


def opens_of(company_id: str, person: str, message_id: str) -> Iterator[Open]:
    """Every stored open of one message by one person."""
    prefix = f"open#{person}#{message_id}#"
    return (stored.value for stored in OPENS.query(company_id, prefix, use=_USE))


def history(company_id: str, person: str, limit: int, before: str | None) -> list[Open]:
    """Up to ``limit`` opens of one person over all messages, newest message first. One query."""
    prefix = f"open#{person}#"
    below = None if before is None else prefix + before
    rows = OPENS.query(company_id, prefix, use=_USE, before=below, newest_first=True, page_size=limit)
    return [stored.value for stored in islice(rows, limit)]


def clicks_of(company_id: str, message_id: str, link: int) -> int:
    """How often one link of a message was followed, counted from the rows."""
    return sum(1 for _ in CLICKS.query(company_id, f"click#{message_id}#{link:02d}#"))


def message(company_id: str, message_id: str) -> Stored[Message] | None:
    """The message alone, for its click counts."""
    return MESSAGES.get(company_id=company_id, message_id=message_id, use=_USE)


def change_message(known: Stored[Message], changed: Message) -> None:
    """Write new click counts; ConflictError when somebody was faster."""
    MESSAGES.replace(known, changed, op=new_op())

"""Notifications: choices, inbox and devices for pushes in `accounts`, receipts in the ledger. A user's rows
lie in the company's partition, so each question here is one read or one query.
"""

from __future__ import annotations

from itertools import islice

from chalicelib.kernel import clock, ids
from chalicelib.privacy import retention
from chalicelib.privacy.register import Purpose
from chalicelib.records.notifications import (
    Notification,
    NotificationChoices,
    NotificationReceipt,
    PushDevice,
    PushOwner,
)
from chalicelib.store.accounts import leads_to
from chalicelib.store.receipts import Placed, placed
from chalicelib.store.table import Due, Rows, Stored, query_rows

CHOICES = Rows(NotificationChoices, pk="{company_id}", sk="choices#{user_id}")
RECEIPTS = Rows(NotificationReceipt, pk="{company_id}", sk="notification#{user_id}#{receipt_id}")
INBOX = Rows(
    Notification,
    pk="{company_id}",
    sk="inbox#{user_id}#{notification_id}",
    swept=lambda _, until: until - int(retention.ASK_BEFORE.total_seconds()),
)
DEVICES = Rows(PushDevice, pk="{company_id}", sk="push#{user_id}#{endpoint_id}")
OWNERS = Rows(
    PushOwner,
    pk="push#{token_hash}",
    sk="push",
    owner=ids.OPERATOR,
    due=lambda one: Due(leads_to(one.company_id), 0),
)

USE = Purpose.USAGE_INFORMATION
"""What all of this is opened for: the one purpose of 2.3 that names the category."""


def choices(company_id: str, user_id: str) -> Stored[NotificationChoices] | None:
    """What a user switched; one read."""
    return CHOICES.get(company_id=company_id, user_id=user_id, use=USE)


def receipts(company_id: str, user_id: str, limit: int) -> list[Placed[NotificationReceipt]]:
    """Up to ``limit`` receipts of a user's changes, newest first; one query."""
    return placed(RECEIPTS, company_id, f"notification#{user_id}#", limit)


def newest(
    company_id: str, user_id: str, limit: int, before: str | None = None
) -> list[Stored[Notification]]:
    """Up to ``limit`` items of an inbox, newest first, older than the one with id ``before``. One query."""
    place = f"inbox#{user_id}#"
    rows = INBOX.query(
        company_id,
        place,
        use=USE,
        before=None if before is None else place + before,
        newest_first=True,
        page_size=limit,
    )
    return list(islice(rows, limit))


def unread(company_id: str, user_id: str, limit: int) -> list[str]:
    """The ids of those among the newest ``limit`` items that nobody has read; opens nothing. One query."""
    rows = query_rows(INBOX.model, company_id, f"inbox#{user_id}#", newest_first=True, page_size=limit)
    now = clock.now()
    return [
        INBOX.key_of(row)["notification_id"]
        for row in islice(rows, limit)
        if row.plain.get("read_at") is None and not retention.expired_epoch(row.expires_at, now)
    ]


def devices(company_id: str, user_id: str) -> list[Stored[PushDevice]]:
    """A user's devices for pushes, the last registered first; one query."""
    found = DEVICES.query(company_id, f"push#{user_id}#", use=USE)
    return sorted(found, key=lambda one: one.value.registered_at, reverse=True)

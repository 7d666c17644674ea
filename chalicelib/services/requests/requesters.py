"""Writing to who asked: that there is something to read, and nothing of what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import settings
from chalicelib.records.requests import Request
from chalicelib.services.companies import reminders
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


def tell(transaction: Transaction, request: Request, template: str) -> str:
    """Let a transaction write to the requester: that there is something to read, and nothing of it."""
    url = f"{settings.api_url()}/v1/requests/{request.request_id}"
    values = {"url": url, "due_at": reminders.day_and_time(request.term().due_at)}
    notice = notify.letter(template, email=request.email, locale=request.locale, values=values)
    transaction.put_new(store.accounts.NOTICES, notice)
    return notice.notice_id

"""What is overdue: the sparse index `due`, keys only, in order of time. Nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel.errors import UnavailableError
from chalicelib.store.accounts import NOTICES, NOTICES_DUE
from chalicelib.store.items import AccountsRow, DueIndex, WorkspaceRow
from chalicelib.store.messages import DELIVERIES, OUTBOX_DUE


def deliveries(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, message_id, number) of deliveries due by ``until``, at most ``limit``."""
    rows = _overdue(WorkspaceRow, OUTBOX_DUE, until, limit)
    return (DELIVERIES.key_of(row) for row in rows)


def notices(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (notice_id) of account mails due by ``until``, at most ``limit``."""
    return (NOTICES.key_of(row) for row in _overdue(AccountsRow, NOTICES_DUE, until, limit))


def _overdue(
    model: type[WorkspaceRow | AccountsRow], partition: str, until: int, limit: int
) -> Iterator[WorkspaceRow | AccountsRow]:
    try:
        yield from model.due.query(partition, DueIndex.due_at <= until, limit=limit)  # type: ignore[misc]  # a union's index
    except PynamoDBException as error:
        raise UnavailableError from error

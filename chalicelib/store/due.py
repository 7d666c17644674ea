"""What is overdue: the sparse index `due`, keys only, in order of time. Nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel.errors import UnavailableError
from chalicelib.store.accounts import (
    ACCESS,
    COMPANIES,
    COMPANIES_DUE,
    MEMBERS,
    NOTICES,
    NOTICES_DUE,
    TERMS_DUE,
)
from chalicelib.store.announcements import ANNOUNCEMENTS, ANNOUNCEMENTS_DUE
from chalicelib.store.items import AccountsRow, DueIndex, WorkspaceRow
from chalicelib.store.leaving import LEAVING_DUE
from chalicelib.store.messages import DELIVERIES, OUTBOX_DUE


def deliveries(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, message_id, number) of deliveries due by ``until``, at most ``limit``."""
    rows = _overdue(WorkspaceRow, OUTBOX_DUE, until, limit)
    return (DELIVERIES.key_of(row) for row in rows)


def notices(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (notice_id) of account mails due by ``until``, at most ``limit``."""
    return (NOTICES.key_of(row) for row in _overdue(AccountsRow, NOTICES_DUE, until, limit))


def leaving(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, user_id) of members who left and are not forgotten yet, due by ``until``."""
    return (MEMBERS.key_of(row) for row in _overdue(AccountsRow, LEAVING_DUE, until, limit))


def terms(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id) of companies whose admins must hear of the end of their term by ``until``."""
    return (ACCESS.key_of(row) for row in _overdue(AccountsRow, TERMS_DUE, until, limit))


def announcements() -> dict[str, int]:
    """When each announcement there ever was has to go on, by version; epoch seconds."""
    try:
        rows: list[Any] = list(AccountsRow.due.query(ANNOUNCEMENTS_DUE))
    except PynamoDBException as error:
        raise UnavailableError from error
    return {ANNOUNCEMENTS.key_of(row)["version"]: int(row.due_at) for row in rows}


def companies(after: tuple[str, int] | None, limit: int) -> list[tuple[str, int]]:
    """Ids of companies and when they came, in that order, after the given one; one query, read a moment late.

    A company that came a moment ago may not be in the index yet.
    """
    start = None
    if after is not None:
        pk, sk = COMPANIES.place(company_id=after[0])
        place = {"pk": pk, "sk": sk, "due_pk": COMPANIES_DUE}
        start = {**{name: {"S": text} for name, text in place.items()}, "due_at": {"N": str(after[1])}}
    try:
        rows: list[Any] = list(AccountsRow.due.query(COMPANIES_DUE, limit=limit, last_evaluated_key=start))
    except PynamoDBException as error:
        raise UnavailableError from error
    return [(COMPANIES.key_of(row)["company_id"], int(row.due_at)) for row in rows]


def _overdue(
    model: type[WorkspaceRow | AccountsRow], partition: str, until: int, limit: int
) -> Iterator[WorkspaceRow | AccountsRow]:
    try:
        yield from model.due.query(partition, DueIndex.due_at <= until, limit=limit)  # type: ignore[misc]  # a union's index
    except PynamoDBException as error:
        raise UnavailableError from error

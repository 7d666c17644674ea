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
    waits_for,
)
from chalicelib.store.agreements import WITHDRAWALS, WITHDRAWALS_DUE
from chalicelib.store.ai import AI_DUE, JOBS
from chalicelib.store.announcements import ANNOUNCEMENTS, ANNOUNCEMENTS_DUE
from chalicelib.store.consents import CONSENTS, SAMPLES_DUE
from chalicelib.store.disclosures import DISCLOSED, SILENCE_DUE
from chalicelib.store.erasure import ERASING, ERASING_DUE
from chalicelib.store.exports import EXPORTS, EXPORTS_DUE
from chalicelib.store.holds import HOLDS, HOLDS_DUE
from chalicelib.store.imports import IMPORTS, IMPORTS_DUE
from chalicelib.store.items import AccountsRow, DueIndex, WorkspaceRow
from chalicelib.store.leaving import LEAVING_DUE
from chalicelib.store.loads import LOADS, LOADS_DUE
from chalicelib.store.mass import MASS_DUE, MASSES
from chalicelib.store.mergers import SUCCESSIONS, SUCCESSIONS_DUE
from chalicelib.store.messages import DELIVERIES, OUTBOX_DUE
from chalicelib.store.requests import REQUESTS, REQUESTS_DUE
from chalicelib.store.standing import INFORMING_DUE, TO_INFORM
from chalicelib.store.table import EXPIRY, LANES
from chalicelib.store.workflows import WORKFLOWS, WORKFLOWS_DUE

FAR = 253_402_300_800
"""The year 10000."""

MANY = 1000


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


def erasing(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, person) of people being erased whose work is due by ``until``."""
    return (ERASING.key_of(row) for row in _overdue(WorkspaceRow, ERASING_DUE, until, limit))


def waiting_for(company_id: str, user_id: str) -> Iterator[tuple[str, str]]:
    """Keys of a user's second proofs and ways to WeChat that are under way."""
    return ((row.pk, row.sk) for row in _overdue(AccountsRow, waits_for(company_id, user_id), FAR, MANY))


def terms(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id) of companies whose admins must hear of the end of their term by ``until``."""
    return (ACCESS.key_of(row) for row in _overdue(AccountsRow, TERMS_DUE, until, limit))


def holds(until: int | None, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, hold_id) of holds whose job is due by ``until``; None: of all that are not over."""
    rows = _overdue(AccountsRow, HOLDS_DUE, FAR if until is None else until, limit)
    return (HOLDS.key_of(row) for row in rows)


def expired(until: int, limit: int) -> Iterator[tuple[str, str, str]]:
    """Table, company and sort key of roots whose end the sweeper must see about by ``until``, at most
    ``limit`` in each lane of each table. As many queries as there are lanes and tables.
    """
    models: tuple[tuple[str, type[WorkspaceRow | AccountsRow]], ...] = (
        ("workspace", WorkspaceRow),
        ("accounts", AccountsRow),
    )
    for name, model in models:
        for lane in range(LANES):
            for row in _overdue(model, f"{EXPIRY}{lane}", until, limit):
                yield name, row.pk, row.sk


def requests(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (request_id) of requests about personal data that must go on, or be reminded of, by ``until``."""
    return (REQUESTS.key_of(row) for row in _overdue(AccountsRow, REQUESTS_DUE, until, limit))


def withdrawn(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, user_id) of users who took back a yes to improving AI, whose samples are not known to
    be gone by ``until``.
    """
    return (CONSENTS.key_of(row) for row in _overdue(AccountsRow, SAMPLES_DUE, until, limit))


def importing(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, import_id) of imports with work that nobody has moved on, due by ``until``."""
    return (IMPORTS.key_of(row) for row in _overdue(WorkspaceRow, IMPORTS_DUE, until, limit))


def exporting(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, export_id) of exports that must go on, or whose files must go, by ``until``."""
    return (EXPORTS.key_of(row) for row in _overdue(WorkspaceRow, EXPORTS_DUE, until, limit))


def loading(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (load_id) of loads of the base that nobody has moved on, due by ``until``."""
    return (LOADS.key_of(row) for row in _overdue(AccountsRow, LOADS_DUE, until, limit))


def ai_jobs(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, user_id, job_id) of AI jobs to be done, or told of, by ``until``."""
    return (JOBS.key_of(row) for row in _overdue(WorkspaceRow, AI_DUE, until, limit))


def silenced(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, disclosure_id) of disclosures of which those concerned may hear by ``until``."""
    return (DISCLOSED.key_of(row) for row in _overdue(AccountsRow, SILENCE_DUE, until, limit))


def informing(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (company_id, place, prospect_id) of people who ought to have been told by ``until``."""
    return (TO_INFORM.key_of(row) for row in _overdue(WorkspaceRow, INFORMING_DUE, until, limit))


def withdrawals(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (prospect_id) of people on their way out of the base whose work is due by ``until``."""
    return (WITHDRAWALS.key_of(row) for row in _overdue(AccountsRow, WITHDRAWALS_DUE, until, limit))


def workflows(until: int | None, limit: int) -> Iterator[dict[str, str]]:
    """Keys (workflow_id) of workflows that nobody has moved on by ``until``; None: of all under way."""
    rows = _overdue(AccountsRow, WORKFLOWS_DUE, FAR if until is None else until, limit)
    return (WORKFLOWS.key_of(row) for row in rows)


def successions(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (succession_id) of successors about whom people are being told or asked, due by ``until``."""
    return (SUCCESSIONS.key_of(row) for row in _overdue(AccountsRow, SUCCESSIONS_DUE, until, limit))


def masses(until: int, limit: int) -> Iterator[dict[str, str]]:
    """Keys (mass_id) of notices to many that nobody has moved on by ``until``, at most ``limit``."""
    return (MASSES.key_of(row) for row in _overdue(AccountsRow, MASS_DUE, until, limit))


def announcements() -> frozenset[str]:
    """The versions whose announcement has begun."""
    try:
        rows: list[Any] = list(AccountsRow.due.query(ANNOUNCEMENTS_DUE))
    except PynamoDBException as error:
        raise UnavailableError from error
    return frozenset(ANNOUNCEMENTS.key_of(row)["version"] for row in rows)


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

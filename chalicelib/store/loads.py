"""Loads of the base of prospects: in a partition of their own in `accounts`, because that table's index says
what is overdue; the refused rows in `prospects`, with what a load fills.

There are a few a month; listing them is one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import ids, settings
from chalicelib.privacy import fields
from chalicelib.privacy.register import Purpose
from chalicelib.records.loads import Load, LoadEvidence, LoadState, RefusedRow
from chalicelib.records.prospects import Posting, StockedProspect
from chalicelib.store import batches
from chalicelib.store.failures import translate
from chalicelib.store.items import Row
from chalicelib.store.prospects import POSTINGS, STOCKED, posting_keys
from chalicelib.store.table import Due, Rows, Stored, expiry_of, get_together, new_op, policy_now

_OWNER = ids.OPERATOR
LOADS_DUE: Final = "loads"
"""The index partition of loads that run."""


def _due(load: Load) -> Due | None:
    running = load.state is LoadState.RUNNING and load.due_at is not None
    return Due(LOADS_DUE, load.due_at or 0) if running else None


LOADS = Rows(Load, pk="loads", sk="load#{load_id}", owner=_OWNER, due=_due)
REFUSED = Rows(RefusedRow, pk="load#{load_id}", sk="row#{number:09d}", owner=_OWNER)
EVIDENCE = Rows(LoadEvidence, pk="{company_id}", sk="load#{load_id}#{act_id}")


class Taken(NamedTuple):
    """What it is to have: the record, all that finds it, and what there was before."""

    record: StockedProspect
    postings: Sequence[Posting]
    before: Stored[StockedProspect] | None


def page(limit: int, before: str | None) -> list[Load]:
    """Loads, the newest first."""
    start = None if before is None else f"load#{before}"
    found = LOADS.query("loads", "load#", before=start, newest_first=True, page_size=limit)
    return [one.value for one in islice(found, limit)]


def refused(load_id: str, limit: int, after: int) -> list[RefusedRow]:
    """Refused rows in the order of the file, those behind number ``after``."""
    behind = REFUSED.model.sk > f"row#{after:09d}"
    try:
        rows: list[Any] = list(
            REFUSED.model.query(f"load#{load_id}", behind, limit=limit, consistent_read=True)
        )
    except PynamoDBException as error:
        raise translate(error) from None
    found = (REFUSED.live(row, None) for row in rows)
    return [one.value for one in found if one is not None]


def before(prospect_ids: Sequence[str]) -> dict[str, Stored[StockedProspect] | None]:
    """What the base stocks of these. A call for each hundred, one read unit for each."""
    if not prospect_ids:
        return {}
    wanted = [(STOCKED, {"prospect_id": one}) for one in prospect_ids]
    found = get_together(*wanted, use=Purpose.MAINTAIN_PROSPECT_BASE)
    return dict(zip(prospect_ids, found, strict=True))


def take(some: Iterable[Taken]) -> None:
    """Write records and what finds them, each at most once. Repeatable, whatever of it was done before.

    In this order: new postings, then the old ones go, then the records. A posting without its record finds
    nothing; a record is written last because it alone knows which postings are old. A refreshed record ends
    when it would have ended, and so does what finds it: retention is never renewed.

    Raises:
        UnavailableError: to be repeated.
    """
    op, now = new_op(), policy_now()
    fresh: list[Row] = []
    stale: list[str] = []
    records: list[Row] = []
    for one in some:
        stocked = one.before
        ends = _ends(one.record) if stocked is None else stocked.expires_at
        had = set() if stocked is None else set(stocked.value.postings)
        moved = stocked is None or _classes(stocked.value) != _classes(one.record)
        for posting, key in zip(one.postings, posting_keys(one.postings), strict=True):
            if moved or key not in had:
                fresh.append(
                    POSTINGS.encode(posting, op=op, version=1, expires_at=ends, due=None, policy=now)
                )
        stale += had - {*one.record.postings}
        version = 1 if stocked is None else stocked.version + 1
        policy = now if stocked is None else stocked.policy
        records.append(
            STOCKED.encode(one.record, op=op, version=version, expires_at=ends, due=None, policy=policy)
        )
    batches.put(settings.TABLE_PROSPECTS, fresh)
    batches.delete(settings.TABLE_PROSPECTS, [_place(key) for key in stale])
    batches.put(settings.TABLE_PROSPECTS, records)


def untake(records: Iterable[StockedProspect]) -> None:
    """Take records out again, and all that finds them. Raises UnavailableError: to be repeated."""
    keys = []
    for one in records:
        keys += [_place(key) for key in one.postings]
        keys.append(STOCKED.place(prospect_id=one.prospect_id))
    batches.delete(settings.TABLE_PROSPECTS, keys)


def note_refused(rows: Iterable[RefusedRow]) -> None:
    """Write which rows were refused; the same again writes the same. Raises UnavailableError."""
    op, now, until = new_op(), policy_now(), expiry_of(RefusedRow)
    batches.put(
        settings.TABLE_PROSPECTS,
        [REFUSED.encode(one, op=op, version=1, expires_at=until, due=None, policy=now) for one in rows],
    )


def _ends(record: StockedProspect) -> int | None:
    """When it is over, counted from when it was first taken in and not from when it is written."""
    until = fields.expires_at(StockedProspect, datetime.fromtimestamp(record.first_at, UTC))
    return None if until is None else int(until.timestamp())


def _classes(one: StockedProspect) -> tuple[str, str, str]:
    return one.sector, one.country, one.level


def _place(key: str) -> tuple[str, str]:
    pk, _, sk = key.partition("\0")
    return pk, sk

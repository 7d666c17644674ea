"""What is over is deleted, and proved to be (4.1.1): the sweeper's part, and DynamoDB's.

The sweeper is given the roots whose end has come (messages, items of an inbox) and takes what belongs to them
along; DynamoDB's TTL takes the rest and is the safety net, a stream says what it took. Nothing is deleted
before its `expires_at`. What a hold covers is put away instead. A user's live consent to longer retention is
asked for a day before the end, and again every week after it; taking it back deletes what it kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy import retention
from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.retention import KeptUntil, Retention
from chalicelib.records.holds import Cause, Hold
from chalicelib.services.consent import consents

if TYPE_CHECKING:
    from chalicelib.kernel.batch import Change
    from chalicelib.records.companies import Access
    from chalicelib.store.items import AccountsRow
    from chalicelib.store.reach import Found
    from chalicelib.store.table import Stored

ROOTS_PER_TASK: Final = 20
STEP_SECONDS: Final = 20

_ASK_BEFORE: Final = int(retention.ASK_BEFORE.total_seconds())
_ASK_AGAIN: Final = int(retention.ASK_AGAIN.total_seconds())
_INBOX: Final = "inbox#"
_ROUNDING: Final = 60
"""A row is stored a moment after what it tells of happened; its end may be so much later, seconds."""


def due_tasks(now: int, limit: int) -> list[dict[str, str | int]]:
    """Tasks for everything whose end has come: some roots of one company each."""
    found = sorted(store.due.expired(now, limit))
    tasks: list[dict[str, str | int]] = []
    for (table, company_id), group in groupby(found, key=lambda one: one[:2]):
        keys = [sk for _, _, sk in group]
        for start in range(0, len(keys), ROOTS_PER_TASK):
            some = " ".join(keys[start : start + ROOTS_PER_TASK])
            tasks.append({"task": "expire", "company": company_id, "table": table, "keys": some})
    return tasks


class _Look(NamedTuple):
    """A company at one moment, and what is to become of its rows: deleted, put away for a hold, or looked at
    again later.
    """

    company_id: str
    now: int
    access: Stored[Access] | None
    holds: Sequence[Hold]
    over: list[Found]
    away: list[Found]
    later: list[Found]

    def kept(self, rows: Iterable[Found]) -> bool:
        """Whether a hold covers one of these rows, which belong together."""
        together = list(rows)
        return any(store.reach.covers(hold, together) for hold in self.holds)


def expire(company_id: str, table: str, keys: Sequence[str]) -> None:
    """See about the end of some roots of a company. Repeatable: what is not over (any more) stays.

    Raises:
        RetryLaterError: something changed under it, or a hold was placed; what is left comes again.
        UnavailableError: to be continued.
    """
    look = _look(company_id)
    wishes: dict[str, bool] = {}
    for key in keys:
        if key.startswith(_INBOX):
            user_id = key.split("#")[1]
            if user_id not in wishes:
                wishes[user_id] = _wants_longer(company_id, user_id)
            for row in store.table.query_rows(store.notifications.INBOX.model, company_id, key):
                _see_item(look, row, wishes[user_id])
        else:
            _see_root(look, table, key)
    gone = _carry_out(look)
    telemetry.event("expired", company_id=company_id, gone=gone, away=len(look.away), later=len(look.later))


def keep_as_wanted(company_id: str, user_id: str) -> None:
    """Let what is kept of a user longer, or no longer, follow their consent of now (4.1.2(c)). Repeatable.

    Raises:
        RetryLaterError: something changed under it; done again, it finds what is left.
    """
    until = clock.elapsed() + STEP_SECONDS
    look, wish = _look(company_id), _wants_longer(company_id, user_id)
    rows = store.table.query_rows(store.notifications.INBOX.model, company_id, f"{_INBOX}{user_id}#")
    for row in rows:
        _see_item(look, row, wish)
        if clock.elapsed() > until:
            task: dict[str, str | int] = {"task": "keep_as_wanted", "company": company_id, "user": user_id}
            queues.hint(settings.QUEUE_TASKS, [task])
            break
    _carry_out(look)


def record(changes: Sequence[Change]) -> list[str]:
    """Put on record what DynamoDB deleted by itself; the ids of changes that could not be. Exactly once,
    however often and in whichever company they are delivered.

    What is under a key of no shape of ours, and what was personal in no way, is passed over.
    """
    of_company: dict[str, list[tuple[str, str]]] = {}
    unknown = 0
    for change in changes:
        if not change.by_expiry:
            continue
        kind = store.expiry.kind_of(change.table, change.pk, change.sk)
        if kind is None:
            unknown += 1
        elif store.expiry.is_personal(kind):
            of_company.setdefault(_chain_of(change.pk), []).append((change.id, kind))
    failed: list[str] = []
    noted = 0
    for company_id, events in of_company.items():
        try:
            noted += store.expiry.note_removals(company_id, events)
        except Exception as error:
            # One chain that cannot be written must not keep the others waiting.
            telemetry.event("removals_error", error=error, company_id=company_id)
            failed += [event_id for event_id, _ in events]
    telemetry.event("removed_by_ttl", noted=noted, failed=len(failed), unknown=unknown)
    return failed


def _look(company_id: str) -> _Look:
    access = store.accounts.ACCESS.get(company_id=company_id)  # before the holds: see `store.expiry.delete`
    holds = store.holds.open_ones(company_id) if access is not None and access.value.holds else []
    return _Look(company_id, clock.now(), access, holds, [], [], [])


def _see_root(look: _Look, table: str, key: str) -> None:
    if table == "workspace" and key.startswith("message#"):
        family: list[Found] = list(store.reach.family(look.company_id, key.removeprefix("message#")))
    else:
        found = store.table.query_rows(store.items.TABLES[table], look.company_id, key)
        family = [row for row in found if row.sk == key]
    now, kept = look.now, look.kept(family)
    over = [row for row in family if row.ttl is not None and retention.deletable_epoch(row.expires_at, now)]
    (look.away if kept else look.over).extend(over)
    root = next((row for row in family if row.sk == key), None)
    if root is not None and root not in over and root.due_at is not None and root.due_at <= now:
        if root.ttl is None:
            root.due_pk = root.due_at = None  # a hold has taken its date: its release brings both back
        else:
            root.due_at = root.expires_at  # what belongs to it is over, it is not yet
        look.later.append(root)


def _see_item(look: _Look, row: AccountsRow, longer: bool) -> None:
    """An item of an inbox: kept as long as its rule says, or as its owner wants."""
    if row.ttl is None or row.expires_at is None:
        return  # put away, or held: neither is for a wish to change
    if look.kept([row]):
        if retention.deletable_epoch(row.expires_at, look.now):
            look.away.append(row)
        return
    before = (row.expires_at, row.due_at)
    if not _settled(row, longer, look.now):
        look.over.append(row)
    elif (row.expires_at, row.due_at) != before:
        look.later.append(row)


def _settled(row: AccountsRow, longer: bool, now: int) -> bool:
    """Set the end of an item; False when it is over. An end is never put before the ordinary one."""
    start = datetime.fromtimestamp(int(row.plain["at"]), UTC)
    ordinary = _seconds(retention.keep_until(start, Retention.INBOX.rule))
    wanted = _seconds(
        retention.keep_until(
            start, Retention.INBOX.rule, *(retention.consented(start, Retention.INBOX) if longer else ())
        )
    )
    stored = int(row.expires_at or 0)
    if longer or stored - ordinary <= _ROUNDING:
        wanted = max(wanted, stored)
    if retention.deletable_epoch(wanted, now):
        return False
    ask_at = ordinary - _ASK_BEFORE
    if now >= ask_at:
        ask_at = min(now + _ASK_AGAIN, wanted) if longer else wanted
    row.expires_at = row.ttl = wanted
    row.due_pk, row.due_at = store.table.expiry_lane(row.pk), ask_at
    return True


def _carry_out(look: _Look) -> int:
    try:
        gone = store.expiry.delete(look.company_id, look.over, Cause.SWEEPER, look.access)
    except ConflictError:
        raise RetryLaterError from None
    for row in look.away:
        store.holds.put_away(row)
    store.holds.rewritten([*look.away, *look.later])
    return gone


def _wants_longer(company_id: str, user_id: str) -> bool:
    """Whether a yes to longer retention is live. Closed: a yes to another text than today's keeps nothing."""
    return consents.live(company_id, user_id, ConsentPurpose.LONGER_RETENTION) is not None


def _seconds(kept: KeptUntil) -> int:
    if kept.at is None:
        raise ValueError("an inbox has an end")
    return int(kept.at.timestamp())


def _chain_of(pk: str) -> str:
    """Whose evidence it is: the company's; the operator's for what lies before or beside any company."""
    return pk if ids.is_id(pk, "co") else ids.OPERATOR

"""Why is this still here: for each kind of record held of somebody, until when and by which criterion.

Counts, ids and dates only; nothing is opened, so the answer can be shown to whoever may ask at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError
from chalicelib.privacy import fields, retention
from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.processing import period_text
from chalicelib.privacy.retention import Criterion, Retention
from chalicelib.records.holds import Hold, HoldScope
from chalicelib.services.consent import consents

if TYPE_CHECKING:
    from chalicelib.privacy.gate import Consented

MAX_ROWS: Final = 5000
"""Rows looked at for one answer; it says when there are more."""


@dataclass(slots=True)
class _Kind:
    """What was counted of one kind."""

    kind: str
    rows: int = 0
    waiting: int = 0
    put_away: int = 0
    without_end: int = 0
    ends: list[int] = field(default_factory=list)
    holds: set[str] = field(default_factory=set)

    def add(self, row: Any, holds: Iterable[Hold], now: int) -> None:
        """One row more."""
        self.rows += 1
        held = {hold.hold_id for hold in holds if store.reach.covers(hold, [row])}
        self.holds |= held if store.suspended.holdable(row.kind) else set()
        if row.expires_at is None:
            self.without_end += 1
            return
        self.ends.append(int(row.expires_at))
        if retention.expired_epoch(row.expires_at, now):
            if row.ttl is None:
                self.put_away += 1
            else:
                self.waiting += 1


def explain(
    company_id: str, *, user_id: str | None = None, person: str | None = None, record_id: str | None = None
) -> dict[str, Any]:
    """Why what is held of a company, of one of its users, of one person it writes to, or one record of it
    (a contact, a message) is still there; ready for JSON.

    Raises:
        InvalidError: more than one was asked for, or a record of a kind that is not found by its id.
        NotFoundError: nothing of it is here.
    """
    if sum(one is not None for one in (user_id, person, record_id)) > 1:
        raise InvalidError(errors=[FieldError("record", "ask_for_one")])
    now = clock.now()
    holds = store.holds.open_ones(company_id)
    found = list(islice(_rows(company_id, user_id, person, record_id), MAX_ROWS + 1))
    if not found:
        raise NotFoundError
    if record_id is not None:  # what belongs together is kept together
        covering = [h for h in holds if store.reach.covers(h, found)]
    else:
        covering = [h for h in holds if h.covers(user_id, person)]
    wish = None
    if user_id is not None:
        wish = consents.live(company_id, user_id, ConsentPurpose.LONGER_RETENTION)
    kinds: dict[str, _Kind] = {}
    for row in found[:MAX_ROWS]:
        kinds.setdefault(row.kind, _Kind(row.kind)).add(row, covering, now)
    return {
        "company_id": company_id,
        "user_id": user_id,
        "person": person,
        "record": record_id,
        "at": clock.rfc3339(now),
        "complete": len(found) <= MAX_ROWS,
        "kinds": [_view(one, wish, covering) for _, one in sorted(kinds.items())],
        "holds": [hold.hold_id for hold in covering],
    }


def _rows(company_id: str, user_id: str | None, person: str | None, record_id: str | None) -> Iterator[Any]:
    """Every row it is about, and each once."""
    seen = set()
    for row in _found(company_id, user_id, person, record_id):
        key = (type(row), row.pk, row.sk)
        if key not in seen:
            seen.add(key)
            yield row


def _found(company_id: str, user_id: str | None, person: str | None, record_id: str | None) -> Iterator[Any]:
    tables = store.items.TABLES
    if record_id is not None:
        if ids.is_id(record_id, "ct"):
            yield from store.table.query_rows(tables["workspace"], company_id, f"contact#{record_id}")
        elif ids.is_id(record_id, "msg"):
            yield from store.reach.family(company_id, record_id)
        else:
            raise InvalidError(errors=[FieldError("record", "not_found_by_id")])
        return
    scope = HoldScope.COMPANY
    if user_id is not None:
        scope = HoldScope.USER
    elif person is not None:
        scope = HoldScope.PERSON
    for group in store.reach.walk(company_id, scope, user_id or person):
        yield from group.rows
    if user_id is not None:
        for begins in ("user", "notification"):
            yield from store.table.query_rows(tables["ledger"], company_id, f"{begins}#{user_id}#")
    if person is not None:
        yield from _of_person(company_id, person)


def _of_person(company_id: str, person: str) -> Iterator[Any]:
    """How somebody stands towards the company, and the evidence of that."""
    tables = store.items.TABLES
    yield from store.table.query_rows(tables["workspace"], f"{company_id}#standing", f"{person}#")
    for begins in ("receipt", "informing"):
        yield from store.table.query_rows(tables["ledger"], company_id, f"{begins}#{person}#")


def _view(one: _Kind, wish: Consented | None, holds: Iterable[Hold]) -> dict[str, Any]:
    made = fields.RECORDS.get(one.kind)
    name = Retention.SERVICE_TERM if made is None else fields.declaration(made).retention
    criterion, period = next(iter(name.rule.criteria.items()))
    longer = wish is not None and name in retention.LENGTHENED
    why = [_why(criterion, name.rule.reason)]
    if longer:
        why.append(_why(Criterion.CONSENTED_LONGER, "the user asked for it to be kept longer"))
    if one.holds:
        why.append(_why(Criterion.LAW_OR_AGREEMENT, "a legal matter needs it"))
    return {
        "kind": one.kind,
        "rows": one.rows,
        "waiting": one.waiting,
        "put_away": one.put_away,
        "period": period_text(period),
        "kept_until_first": clock.rfc3339(min(one.ends, default=None)),
        "kept_until_last": None if one.without_end else clock.rfc3339(max(one.ends, default=None)),
        "why": why,
        "consent_receipt": wish.receipt_id if longer and wish is not None else None,
        "holds": [hold.hold_id for hold in holds if hold.hold_id in one.holds],
    }


def _why(criterion: Criterion, reason: str) -> dict[str, str]:
    return {"section": retention.section(criterion), "criterion": criterion.value, "reason": reason}

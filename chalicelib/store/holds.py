"""Holds: in `accounts`, in their company's partition; each step is proved in the company's chain, or of a
secret hold in the operator's.

How many are open stands in the company's rules (``Access.holds``), which every request reads anyway and which
every deletion of what is over depends on: so a hold that is placed meanwhile stops it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock
from chalicelib.records.holds import Hold, HoldStep
from chalicelib.store import suspended
from chalicelib.store.failures import call, translate
from chalicelib.store.table import Due, Rows, Stored, new_op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.store.items import AccountsRow, WorkspaceRow

HOLDS_DUE: Final = "holds"
"""The index partition of holds whose job has something to do."""

HOLDS = Rows(
    Hold,
    pk="{company_id}",
    sk="hold#{hold_id}",
    due=lambda hold: None if hold.due_at is None else Due(HOLDS_DUE, hold.due_at),
)
STEPS = Rows(HoldStep, pk="{company_id}", sk="hold#{hold_id}#{step_id}")


def of_company(company_id: str) -> list[Stored[Hold]]:
    """All holds there ever were for a company, the oldest first; one query."""
    return list(HOLDS.query(company_id, "hold#"))


def open_ones(company_id: str) -> list[Hold]:
    """Those that keep something now; one consistent query."""
    return [known.value for known in of_company(company_id) if known.value.open]


def watch(company_id: str, holds: int) -> None:
    """Let whatever this request or job deletes of the company ask the company's holds first, if it has any.

    They are looked up when the first deletion asks: one query.
    """
    if holds == 0:
        suspended.begin(company_id, None)
        return
    found: list[list[Hold]] = []

    def covers(user_id: str | None, person: str | None) -> bool:
        if not found:
            found.append(open_ones(company_id))
        return any(hold.covers(user_id, person) for hold in found[0])

    suspended.begin(company_id, covers)


def restrict(*rows: AccountsRow | WorkspaceRow) -> None:
    """Put rows away for a hold, as they were read: over for every reader, and for nobody to delete. A write
    of the row's size each. Repeatable.

    Raises:
        ConflictError: one has changed since it was read; those before it are put away.
    """
    for row in rows:
        put_away(row)
        rewrite(row)


def put_away(row: AccountsRow | WorkspaceRow) -> None:
    """Change a row that was read so that it is kept and seen by nobody; nothing is written yet."""
    now = clock.now()
    row.expires_at = now if row.expires_at is None else min(int(row.expires_at), now)
    row.ttl = row.due_pk = row.due_at = None


def rewrite(row: AccountsRow | WorkspaceRow) -> None:
    """Write a row back whose envelope was changed; what is in it stays sealed.

    Raises:
        ConflictError: it has changed since it was read.
    """
    known, row.version = row.version, int(row.version) + 1
    row.op = new_op()
    try:
        call(lambda: row.save(condition=type(row).version == known))
    except PynamoDBException as error:
        raise translate(error) from None


def rewritten(rows: Iterable[AccountsRow | WorkspaceRow]) -> int:
    """``rewrite`` all of them; those that have changed since are passed over, for the next round. How many
    were written.
    """
    from chalicelib.kernel.errors import ConflictError

    done = 0
    for row in rows:
        try:
            rewrite(row)
        except ConflictError:
            continue
        done += 1
    return done

"""Credits: `prospects`, in a partition of the company's own: its balance, and the entries by time."""

from __future__ import annotations

from itertools import islice

from chalicelib.records.credit import Balance, Entry
from chalicelib.store.table import Rows, Stored

BALANCES = Rows(Balance, pk="{company_id}#credit", sk="balance")
ENTRIES = Rows(Entry, pk="{company_id}#credit", sk="entry#{entry_id}")


def newest(company_id: str, limit: int, before: str | None) -> list[Stored[Entry]]:
    """Up to ``limit`` entries, newest first, from before the one with id ``before``. One query."""
    rows = ENTRIES.query(
        f"{company_id}#credit",
        "entry#",
        before=None if before is None else f"entry#{before}",
        newest_first=True,
        page_size=limit,
    )
    return list(islice(rows, limit))

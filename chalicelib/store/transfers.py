"""Transfers of prospects to companies, and the clauses these accepted: `ledger`, links of their chains."""

from __future__ import annotations

from itertools import islice

from chalicelib.records.transfers import ClausesAccepted, Transfer
from chalicelib.store.table import Rows, Stored

TRANSFERS = Rows(Transfer, pk="{company_id}", sk="transfer#{transfer_id}")
CLAUSES = Rows(ClausesAccepted, pk="{company_id}", sk="clauses#{clauses_version}")


def newest(company_id: str, limit: int, before: str | None) -> list[Stored[Transfer]]:
    """Up to ``limit`` transfers, newest first, from before the one with id ``before``. One query."""
    rows = TRANSFERS.query(
        company_id,
        "transfer#",
        before=None if before is None else f"transfer#{before}",
        newest_first=True,
        page_size=limit,
    )
    return list(islice(rows, limit))

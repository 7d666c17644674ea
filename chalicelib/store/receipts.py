"""Receipts with their place in the chain of evidence, as they are read to prove something."""

from __future__ import annotations

from itertools import islice
from typing import Generic, NamedTuple, TypeVar

from chalicelib.privacy.evidence import Entry
from chalicelib.privacy.register import Duty
from chalicelib.store import chain
from chalicelib.store.items import LedgerRow
from chalicelib.store.table import Rows, query_rows

R = TypeVar("R")


class Placed(NamedTuple, Generic[R]):
    """A receipt, the entry that the chain covers, and that entry's hash."""

    value: R
    entry: Entry
    link: str


def placed(
    rows: Rows[R], company_id: str, prefix: str, limit: int, before: str | None = None
) -> list[Placed[R]]:
    """Up to ``limit`` receipts of one kind under a prefix, newest first, from before the one with id
    ``before``; one query.
    """
    found = query_rows(
        LedgerRow,
        company_id,
        prefix,
        before=None if before is None else f"{prefix}{before}",
        newest_first=True,
        page_size=limit,
    )
    live = (
        Placed(known.value, chain.entry_of(row), str(row.link))
        for row in found
        if row.kind == rows.kind and (known := rows.live(row, Duty.PROVE_CONSENT)) is not None
    )
    return list(islice(live, limit))

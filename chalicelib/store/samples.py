"""What users let us improve AI with: a partition for each user, so that a withdrawal is a query and a batch.

Sealed under the operator's key, because the operator is its controller (2.3.1): no company's key opens it,
and no company can read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.kernel import ids
from chalicelib.privacy.gate import Consented
from chalicelib.privacy.register import Use
from chalicelib.records.samples import AiSample
from chalicelib.store import batches
from chalicelib.store.table import Rows, Stored, query_rows

SAMPLES: Final = Rows(AiSample, pk="{company_id}#{user_id}", sk="sample#{sample_id}", owner=ids.OPERATOR)
PREFIX: Final = "sample#"


def partition(company_id: str, user_id: str) -> str:
    """Where a user's samples lie."""
    return f"{company_id}#{user_id}"


def of_user(
    company_id: str, user_id: str, use: Use, *, consent: Consented | None = None
) -> Iterator[Stored[AiSample]]:
    """A user's samples, the newest first; a query for each MB. Improving with them takes their live yes.

    Raises:
        RefusedError: there is none.
    """
    return SAMPLES.query(
        partition(company_id, user_id), PREFIX, use=use, consent=consent, newest_first=True, page_size=100
    )


def count(company_id: str, user_id: str) -> int:
    """How many rows there are of a user, expired ones included; nothing is opened. A query for each MB."""
    return sum(1 for _ in query_rows(SAMPLES.model, partition(company_id, user_id), PREFIX))


def forget(company_id: str, user_id: str, *, but: str | None = None) -> int:
    """Delete a user's samples, expired ones included, ``but`` those kept under the receipt of that id;
    nothing is opened. Returns how many went. A query for each MB and a batch for each 25. Repeatable.

    Raises:
        UnavailableError: what is gone stays gone.
    """
    rows = query_rows(SAMPLES.model, partition(company_id, user_id), PREFIX)
    over = [(row.pk, row.sk) for row in rows if but is None or row.plain["receipt_id"] != but]
    return batches.delete(SAMPLES.model.Meta.table_name, over)

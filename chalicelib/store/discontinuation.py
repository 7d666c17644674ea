"""The end of the service, with the operator: `accounts`; its proof in the ledger. And what empties the base
of prospects: list by list, because every record stands in one list of levels and in one of branches, so
nothing has to be scanned, and the second list shows what the first one missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import ids, settings
from chalicelib.records.discontinuation import Ending, EndingCompany, EndingEvidence, EndingNow
from chalicelib.store import batches
from chalicelib.store.failures import translate
from chalicelib.store.prospects import POSTINGS
from chalicelib.store.table import Rows, Stored, get_together

_OWNER: Final = ids.OPERATOR

ENDINGS = Rows(Ending, pk="endings", sk="ending#{ending_id}", owner=_OWNER)
NOW = Rows(EndingNow, pk="endings", sk="now", owner=_OWNER)
COMPANIES = Rows(EndingCompany, pk="ending#{ending_id}", sk="company#{company_id}", owner=_OWNER)
EVIDENCE = Rows(EndingEvidence, pk="{company_id}", sk="ending#{ending_id}#{act_id}")


def page(limit: int, before: str | None) -> list[Ending]:
    """Ends of the service that were ever proposed, the newest first."""
    start = None if before is None else f"ending#{before}"
    found = ENDINGS.query("endings", "ending#", before=start, newest_first=True, page_size=limit)
    return [one.value for one in islice(found, limit)]


def noted(ending_id: str, company_ids: list[str]) -> frozenset[str]:
    """Which of these companies are noted as ending with the service; up to a hundred, one call."""
    if not company_ids:
        return frozenset()
    wanted = ((COMPANIES, {"ending_id": ending_id, "company_id": one}) for one in company_ids)
    return frozenset(one.value.company_id for one in get_together(*wanted) if one is not None)


def companies(ending_id: str, after: str | None, limit: int) -> list[Stored[EndingCompany]]:
    """Companies that end with the service, in the order of their ids, behind one of them. One query."""
    row = COMPANIES.model
    where = row.sk.between(f"company#{after or '!'}", "company#~")
    try:
        rows: list[Any] = list(row.query(f"ending#{ending_id}", where, limit=limit + 1, consistent_read=True))
    except PynamoDBException as error:
        raise translate(error) from None
    behind = [one for one in rows if one.sk != f"company#{after}"]
    found = (COMPANIES.live(one, None) for one in behind[:limit])
    return [one for one in found if one is not None]


def empty(shelf: str, limit: int) -> int:
    """Delete up to so many prospects of a list, with everything under their ids and all that finds them; how
    many rows went. A query for each prospect, a batch for each 25 rows. Nothing is opened. Repeatable: what
    leads to a prospect goes last, so one that was interrupted is found again.

    Raises:
        UnavailableError: what is gone stays gone.
    """
    lines = list(_rows(f"find#{shelf}", limit))
    keys: list[tuple[str, str]] = []
    for prospect_id in dict.fromkeys(POSTINGS.key_of(one)["prospect_id"] for one in lines):
        for row in _rows(prospect_id, None):
            keys.append((row.pk, row.sk))
            keys += [_place(key) for key in row.plain.get("postings", ())]
    last = [(one.pk, one.sk) for one in lines]
    rest = dict.fromkeys(key for key in keys if key not in set(last))
    gone = batches.delete(settings.TABLE_PROSPECTS, rest)
    return gone + batches.delete(settings.TABLE_PROSPECTS, last)


def _rows(pk: str, limit: int | None) -> Iterator[Any]:
    """Rows of a partition of the base, unopened, those whose time is over included."""
    try:
        yield from POSTINGS.model.query(pk, limit=limit, consistent_read=True)
    except PynamoDBException as error:
        raise translate(error) from None


def _place(key: str) -> tuple[str, str]:
    pk, _, sk = key.partition("\0")
    return pk, sk

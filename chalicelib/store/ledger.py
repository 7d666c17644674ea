"""Reading chains of evidence as chains: pages of entries to be checked, and the heads that moved.

Nothing is opened here: of a sealed message the chain knows the digest. What a single entry means is read
through the rows of its subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock
from chalicelib.privacy import evidence, retention
from chalicelib.privacy.evidence import Entry
from chalicelib.store.chain import entry_of
from chalicelib.store.failures import translate
from chalicelib.store.items import DueIndex, LedgerRow

_TOGETHER: Final = 100
"""Rows of one BatchGetItem, by DynamoDB's limit."""


class Moved(NamedTuple):
    """A chain and how far it has come."""

    chain: str
    seq: int
    link: str


class Page(NamedTuple):
    """Some entries with their hashes, and the sort key to go on after; None at the end."""

    entries: list[tuple[Entry, str]]
    after: str | None


def page(chain: str, limit: int, after: str | None, upto: int) -> Page:
    """Up to ``limit`` rows of a chain in order of their keys, without what came after number ``upto``. One
    query; half the read units of a table's rows, consistent twice that.

    By key and not by number, which no index knows: whoever checks a chain puts it in order.

    Raises:
        UnavailableError: DynamoDB could not say.
    """
    where = None if after is None else LedgerRow.sk > after
    try:
        rows: list[Any] = list(LedgerRow.query(chain, where, limit=limit, consistent_read=True))
    except PynamoDBException as error:
        raise translate(error) from None
    now = clock.now()
    found = [
        (entry_of(row), str(row.link or ""))
        for row in rows
        if row.sk != evidence.HEAD
        and int(row.seq or 0) <= upto
        and not retention.expired_epoch(row.expires_at, now)
    ]
    return Page(found, rows[-1].sk if len(rows) == limit else None)


def moved(since: int) -> Iterator[Moved]:
    """Every chain that has moved since then (epoch seconds, full hours), as it is now. A query for each of
    the 16 partitions of the index, and a read unit for each chain. The index is a moment late.

    Raises:
        UnavailableError: DynamoDB could not say.
    """
    try:
        for lane in evidence.LANES:
            rows: Iterator[Any] = iter(LedgerRow.due.query(f"heads#{lane}", DueIndex.due_at >= since))
            while some := [(row.pk, row.sk) for row in islice(rows, _TOGETHER)]:
                for head in LedgerRow.batch_get(some, consistent_read=True):
                    yield Moved(head.pk, int(head.seq), str(head.link))
    except PynamoDBException as error:
        raise translate(error) from None

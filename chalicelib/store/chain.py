"""Linking ledger rows into their chain, inside the transaction that writes them (see ``privacy.evidence``).

The head of a chain is read, every new entry gets its number and names the one before, and the head moves on
under the condition that nobody else moved it. Costs a read unit, and 2 write units for each chain of a
transaction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pynamodb.exceptions import DoesNotExist, PynamoDBException

from chalicelib.kernel import clock
from chalicelib.privacy import evidence
from chalicelib.privacy.evidence import Entry, Link
from chalicelib.store.failures import call, translate
from chalicelib.store.items import LedgerRow


class Head(NamedTuple):
    """A head row to be written, and the condition that says it is still where it was read."""

    row: LedgerRow
    condition: Any


def read(chain: str) -> Link:
    """How far a chain has come; one consistent read.

    Raises:
        UnavailableError: DynamoDB could not say.
    """
    try:
        row = call(lambda: LedgerRow.get(chain, evidence.HEAD, consistent_read=True))
    except DoesNotExist:
        return evidence.START
    except PynamoDBException as error:
        raise translate(error) from None
    return Link(int(row.seq), str(row.link))


def entry_of(row: LedgerRow) -> Entry:
    """The row as far as the chain covers it; a row that nobody linked has number 0, which no chain has."""
    return Entry(
        pk=row.pk,
        sk=row.sk,
        kind=row.kind,
        policy=row.policy,
        facts=row.facts.as_dict() if hasattr(row.facts, "as_dict") else dict(row.facts or {}),
        expires_at=None if row.expires_at is None else int(row.expires_at),
        sealed=evidence.digest(row.sealed),
        seq=int(row.seq or 0),
        prev=str(row.prev or ""),
    )


def link(rows: list[LedgerRow], op: str) -> list[Head]:
    """Number and link the rows of one transaction, and say what their chains' heads become.

    Raises:
        UnavailableError: a head could not be read; nothing was changed.
    """
    heads = []
    for chain in dict.fromkeys(row.pk for row in rows):
        before = known = read(chain)
        for row in rows:
            if row.pk == chain:
                row.seq, row.prev = before.seq + 1, before.link
                row.link = evidence.link(entry_of(row))
                before = Link(before.seq + 1, row.link)
        heads.append(_moved(chain, known, before, op))
    return heads


def _moved(chain: str, known: Link, after: Link, op: str) -> Head:
    now = clock.now()
    row = LedgerRow(
        chain,
        evidence.HEAD,
        kind=evidence.HEAD,
        op=op,
        version=after.seq,
        seq=after.seq,
        link=after.link,
        due_pk=evidence.lane(chain),
        due_at=now - now % evidence.ANCHOR_SECONDS,
    )
    new = LedgerRow.pk.does_not_exist()
    return Head(row, new if known.seq == 0 else LedgerRow.seq == known.seq)

"""What is over: finding it, deleting it, and the proof of that, written in the transaction of the deletion.

Nothing is opened here. A row is deleted only as the version that was read, so a renewal just in time wins;
and only while the company's rules are as they were read, so a hold placed just in time wins as well. Costs 2
write units a row and 6 for each piece of up to 90 (proof, head of the chain, check).
"""

from __future__ import annotations

import hashlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy import fields
from chalicelib.privacy.retention import Retention, section
from chalicelib.records.companies import Access
from chalicelib.records.holds import Cause, Expired, NotedRemoval
from chalicelib.store.accounts import ACCESS
from chalicelib.store.table import Rows, Stored, new_op
from chalicelib.store.transaction import Transaction

if TYPE_CHECKING:
    from chalicelib.store.reach import Found

T = TypeVar("T")

PIECE: Final = 90
"""Rows in one transaction; DynamoDB takes 100."""
PIECE_BYTES: Final = 3_000_000
"""And so many bytes of them; DynamoDB takes 4 MB, and a message may have 380 KB of text."""
ROW_BYTES: Final = 1_000
"""What keys and envelope of a row take at most."""

EXPIRED = Rows(Expired, pk="{company_id}", sk="expired#{expired_id}")
NOTED = Rows(NotedRemoval, pk="{company_id}", sk="noted#{event}")


def delete(company_id: str, rows: Iterable[Found], cause: Cause, access: Stored[Access] | None) -> int:
    """Delete rows as they were read, with proof; how many. ``access`` is what the company's holds were looked
    up by; None: the company has no rules (any more).

    Raises:
        ConflictError: a row, or the rules, have changed since they were read; this piece stays as it is.
    """
    gone = 0
    for piece in pieces(rows, _size):
        transaction = Transaction(new_op())
        for row in piece:
            transaction.remove(row)
        if access is not None:
            transaction.check(ACCESS, access)
        transaction.put_new(EXPIRED, _proof(company_id, cause, [row.kind for row in piece]))
        transaction.commit()
        gone += len(piece)
    return gone


def note_removals(company_id: str, events: Sequence[tuple[str, str]]) -> int:
    """Put on record what DynamoDB deleted by itself: ids of its events, with the kinds of the rows. How many
    were new; an event that was told before changes nothing. 2 write units an event, 4 for each piece.

    Raises:
        ConflictError: somebody puts the same events on record at this moment.
    """
    noted = 0
    for piece in pieces(events, lambda _: 0):
        left = piece
        for _ in range(2):
            if not left:
                break
            try:
                _note(company_id, left)
            except ConflictError:
                left = [one for one in left if not _is_noted(company_id, one[0])]
            else:
                noted += len(left)
                break
        else:
            raise ConflictError
    return noted


def kind_of(table: str, pk: str, sk: str) -> str | None:
    """The kind of row that lies under a key; None for a key of no shape of ours."""
    for rows in keepers():
        if rows.model.Meta.table_name == table and rows.fits(pk, sk):
            return rows.kind
    return None


def swept(kind: str) -> bool:
    """Whether the sweeper looks after rows of this kind."""
    return any(rows.kind == kind and rows.swept is not None for rows in keepers())


def is_personal(kind: str) -> bool:
    """Whether rows of this kind hold anything about a person."""
    made = fields.RECORDS.get(kind)
    return made is not None and bool(fields.declaration(made).personal)


def section_of(kind: str) -> str:
    """The criterion of 4.1.2 by which rows of a kind are kept."""
    made = fields.RECORDS.get(kind)
    name = Retention.SERVICE_TERM if made is None else fields.declaration(made).retention
    return section(next(iter(name.rule.criteria)))


def _proof(company_id: str, cause: Cause, kinds: Iterable[str]) -> Expired:
    gone = Counter(kinds)
    return Expired(
        company_id=company_id,
        expired_id=ids.new("exp"),
        cause=cause,
        gone=dict(sorted(gone.items())),
        sections={kind: section_of(kind) for kind in sorted(gone)},
        at=clock.now(),
    )


def _note(company_id: str, events: Sequence[tuple[str, str]]) -> None:
    transaction = Transaction(new_op())
    proof = _proof(company_id, Cause.TTL, [kind for _, kind in events])
    for event_id, _ in events:
        noted = NotedRemoval(company_id=company_id, event=_digest(event_id), expired_id=proof.expired_id)
        transaction.put_new(NOTED, noted)
    transaction.put_new(EXPIRED, proof)
    transaction.commit()


def _is_noted(company_id: str, event_id: str) -> bool:
    return NOTED.get(company_id=company_id, event=_digest(event_id)) is not None


def _digest(event_id: str) -> str:
    return hashlib.sha256(event_id.encode()).hexdigest()[:32]


def pieces(things: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """What fits into one transaction at a time: by number, and by bytes as ``size`` gives them."""
    piece: list[T] = []
    held = 0
    for thing in things:
        weight = size(thing)
        if piece and (len(piece) == PIECE or held + weight > PIECE_BYTES):
            yield piece
            piece, held = [], 0
        piece.append(thing)
        held += weight
    if piece:
        yield piece


def _size(row: Found) -> int:
    """About how many bytes a row takes, not too few."""
    return len(row.sealed or b"") + 2 * len(str(row.plain).encode()) + ROW_BYTES


@cache
def keepers() -> tuple[Rows[Any], ...]:
    """All rows there are, of every module of this floor."""
    return tuple(_all())


def _all() -> Iterator[Rows[Any]]:
    seen = set()
    for one in pkgutil.iter_modules(store.__path__):
        for value in vars(getattr(store, one.name)).values():
            if isinstance(value, Rows) and id(value) not in seen:
                seen.add(id(value))
                yield value

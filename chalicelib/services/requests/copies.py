"""Copies of what access was refused to, for whoever reviews the refusal (PDPA s22A): kept, read, kept longer.

Thirty days by themselves, and as much longer as somebody of the staff says, so that a copy lasts until a
review has ended. Closed: nobody reads one without leaving that on record first.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy.register import Duty
from chalicelib.records.requests import RefusedCopy, Request, RequestAct
from chalicelib.services.requests import answers, steps

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

PIECE: Final = 60_000
"""Characters of a copy in one row: at four bytes each it stays below DynamoDB's 400 KB."""
_USE: Final = Duty.ANSWER_REQUEST


class Copy(NamedTuple):
    """What was refused, as it was then, and until when it is kept (epoch seconds)."""

    request_id: str
    kept_until: int
    data: dict[str, Any]


def keep(request: Request) -> None:
    """Before the refusal: without a copy there is none. Doing it again writes the same rows, and takes away
    what a longer one left behind.
    """
    held: dict[str, Any] = answers.data(replace(request, data_open=True))
    text = json.dumps(held, ensure_ascii=False)
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    for number, piece in enumerate(pieces):
        copy = RefusedCopy(request_id=request.request_id, number=number, piece=piece)
        store.requests.COPIES.put(copy, op=store.table.new_op())
    for known in _pieces(request.request_id)[len(pieces) :]:
        store.requests.COPIES.delete(known)


def read(request_id: str, *, by: str) -> Copy:
    """A copy, for its review. That it was read is on record before it is.

    Raises:
        NotFoundError: no such request, or no copy (any more).
    """
    pieces = _all(request_id)
    _note(request_id, RequestAct.COPY_READ, by)
    data: dict[str, Any] = json.loads("".join(known.value.piece for known in pieces))
    return Copy(request_id, _until(pieces), data)


def prolong(request_id: str, days: int, *, by: str) -> int:
    """Keep a copy at least so many days from now, for a review that goes on; never less than it is kept
    already. Until when, epoch seconds.

    Raises:
        NotFoundError: no such request, or no copy (any more).
        ConflictError, UnavailableError: some of it may be kept longer; asking again is safe.
    """
    pieces = _all(request_id)
    until = clock.now() + int(timedelta(days=days).total_seconds())
    _note(request_id, RequestAct.COPY_KEPT, by, due_at=until)
    for known in pieces:
        if known.expires_at is not None and known.expires_at < until:
            longer = known._replace(expires_at=until)
            store.requests.COPIES.replace(longer, known.value, op=store.table.new_op())
    return max(until, _until(pieces))


def _all(request_id: str) -> list[Stored[RefusedCopy]]:
    pieces = _pieces(request_id)
    if [known.value.number for known in pieces] != list(range(len(pieces))):
        raise NotFoundError  # its end has come piece by piece, a second apart
    if not pieces:
        raise NotFoundError
    return pieces


def _pieces(request_id: str) -> list[Stored[RefusedCopy]]:
    return list(store.requests.COPIES.query(f"request#{request_id}", "copy#", use=_USE))


def _until(pieces: list[Stored[RefusedCopy]]) -> int:
    return min(known.expires_at or 0 for known in pieces)


def _note(request_id: str, act: RequestAct, by: str, **facts: Any) -> None:
    known = store.requests.REQUESTS.get(request_id=request_id, use=_USE)
    if known is None:
        raise NotFoundError
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.check(store.requests.REQUESTS, known)
    steps.note(transaction, known.value, act, staff_id=by, **facts)
    transaction.commit()

"""What belongs to a request lives as long as it does: its period counts from what happened to it last.

Open where it fails: the pointer of a mailbox, or a client named in an answer, is gone a few months before the
request itself; the next thing that happens makes it good while it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.register import Duty
from chalicelib.records.requests import Request

if TYPE_CHECKING:
    from chalicelib.store.table import Rows, Stored

_USE: Final = Duty.ANSWER_REQUEST


def follow(known: Stored[Request]) -> None:
    """Let the way from the mailbox, and the clients named in the answer, end no sooner than the request. An
    objection has no end. One read, one query, and a write unit for each row that would end first.

    Raises:
        UnavailableError: to be done again.
    """
    request = known.value
    way = store.requests.OF_MAILBOX.get(mailbox=request.mailbox, request_id=request.request_id)
    if way is not None:
        _renew(store.requests.OF_MAILBOX, way, known.expires_at)
    for passed in store.requests.passed_on(request.request_id):
        _renew(store.requests.PASSED_ON, passed, known.expires_at)


def _renew(rows: Rows[Any], known: Stored[Any], until: int | None) -> None:
    if known.expires_at is None or until is None or known.expires_at >= until:
        return
    try:
        rows.replace(known, known.value, op=store.table.new_op(), used_again=True)
    except ConflictError:
        return  # it was written this moment, which renews it

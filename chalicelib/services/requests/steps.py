"""The evidence of a request: one entry for each step, in the transaction that takes the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.privacy.requests import RequestKind
from chalicelib.records.requests import PendingRequest, Request, RequestAct, RequestEvidence

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


KEPT_OUT: Final = frozenset({RequestKind.OBJECT, RequestKind.ERASE})
"""What is also an objection to our own use of the address."""


def note(
    transaction: Transaction,
    request: Request | PendingRequest,
    act: RequestAct,
    *,
    chain: str = ids.OPERATOR,
    at: int | None = None,
    **facts: Any,
) -> None:
    """Let a transaction prove that this was done. 2 write units, and 2 for the chain's head.

    ``chain`` is the operator's, or that of the client whose request it is: there without the mailbox's hash,
    and under the client's own id of the request.
    """
    entry = RequestEvidence(
        company_id=chain,
        request_id=facts.pop("request_id", request.request_id),
        act_id=ids.new("act"),
        act=act,
        wish=request.wish,
        at=clock.now() if at is None else at,
        mailbox=request.mailbox if chain == ids.OPERATOR else None,
        **facts,
    )
    transaction.put_new(store.requests.EVIDENCE, entry)

"""Answers about cookies: the latest in `accounts`, each with its receipt in the ledger, with the operator.

Sixteen partitions of the ledger take the receipts, each a chain: visitors must not queue up behind each
other.
"""

from __future__ import annotations

from chalicelib.kernel import ids
from chalicelib.privacy.register import Duty
from chalicelib.records.cookies import CookieChoice, CookieReceipt
from chalicelib.store.table import Rows, Stored, expiry_of, new_op
from chalicelib.store.transaction import Transaction

CHOICES = Rows(CookieChoice, pk="visitor#{visitor}", sk="cookies", owner=ids.OPERATOR)
RECEIPTS = Rows(CookieReceipt, pk="{company_id}#cookies#{lane}", sk="cookies#{receipt_id}")

_USE = Duty.PROVE_CONSENT


def choice(visitor: str) -> Stored[CookieChoice] | None:
    """A visitor's latest answer, while it counts; one read."""
    return CHOICES.get(visitor=visitor, use=_USE)


def record(answer: CookieChoice, receipt: CookieReceipt) -> int:
    """Write the answer, over an earlier one, with its receipt: 4 write units. Returns when both expire, epoch
    seconds.
    """
    transaction = Transaction(new_op())
    transaction.put(CHOICES, answer)
    transaction.put_new(RECEIPTS, receipt)
    transaction.commit()
    return int(expiry_of(CookieChoice) or 0)

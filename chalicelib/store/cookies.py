"""Answers about cookies: the latest in `accounts`, each with its receipt in the ledger, with the operator.

One partition of the ledger takes all receipts: 500 answers a second, far above what the rate limits let in.
"""

from __future__ import annotations

from chalicelib.kernel import ids
from chalicelib.privacy.register import Purpose
from chalicelib.records.cookies import CookieChoice, CookieReceipt
from chalicelib.store.table import Rows, Stored, expiry_of, new_op
from chalicelib.store.transaction import Transaction

CHOICES = Rows(CookieChoice, pk="visitor#{visitor}", sk="cookies", owner=ids.OPERATOR)
RECEIPTS = Rows(CookieReceipt, pk="{company_id}", sk="cookies#{receipt_id}")

_USE = Purpose.IMPROVE_PRODUCTS
"""The one purpose of 2.3 that names the category."""


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

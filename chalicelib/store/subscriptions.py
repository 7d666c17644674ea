"""Orders: `accounts`, in the company's partition, one row each, so a repeated one finds itself there.

A company's orders are read together: when each of them runs follows from all of them. One query of less
than a kilobyte an order; ten years of monthly renewals are 120.
"""

from __future__ import annotations

from chalicelib.privacy.register import Purpose
from chalicelib.records.companies import Access
from chalicelib.records.subscriptions import Order
from chalicelib.store.accounts import ACCESS
from chalicelib.store.table import Rows, Stored
from chalicelib.store.transaction import Transaction

USE = Purpose.MAINTAIN_ACCOUNT
ORDERS = Rows(Order, pk="{company_id}", sk="order#{order_id}")


def of_company(company_id: str) -> list[Order]:
    """All orders of a company, in no order that means anything. One consistent query."""
    return [known.value for known in ORDERS.query(company_id, "order#", use=USE)]


def add(transaction: Transaction, order: Order, known: Stored[Access], access: Access) -> None:
    """Let a transaction keep an order and what it does to the company's term: 4 write units. It fails when
    the order is there already, or the company's rules have changed since they were read.
    """
    transaction.put_new(ORDERS, order)
    transaction.replace(ACCESS, known, access)

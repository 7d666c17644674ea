"""Users' consents: the latest word in `accounts`, the proof of each in the ledger."""

from __future__ import annotations

from chalicelib.records.consents import UserConsent, UserReceipt
from chalicelib.store.table import Rows
from chalicelib.store.transaction import Transaction

CONSENTS = Rows(UserConsent, pk="{company_id}", sk="consent#{user_id}#{purpose}")
RECEIPTS = Rows(UserReceipt, pk="{company_id}", sk="user#{user_id}#{receipt_id}")


def record(consent: UserConsent, policy_version: str, transaction: Transaction) -> None:
    """Let a transaction write the latest word and its receipt: 4 write units."""
    transaction.put(CONSENTS, consent)
    transaction.put_new(
        RECEIPTS,
        UserReceipt(
            company_id=consent.company_id,
            user_id=consent.user_id,
            receipt_id=consent.receipt_id,
            purpose=consent.purpose,
            state=consent.state,
            text_version=consent.text_version,
            policy_version=policy_version,
            method=consent.method,
            at=consent.at,
        ),
    )

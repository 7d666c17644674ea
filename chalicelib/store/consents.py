"""Users' consents: the latest word in `accounts`, the proof of each in the ledger."""

from __future__ import annotations

from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.records.consents import UserConsent, UserReceipt
from chalicelib.store.receipts import Placed, placed
from chalicelib.store.table import Due, Rows, Stored
from chalicelib.store.transaction import Transaction

SAMPLES_DUE = "samples"
"""The index partition of words that took a yes to improving AI back, until what it covered is gone."""
PATIENCE = 300
"""Seconds after which the sweeper takes it up, if the hint was lost."""


def _samples_due(word: UserConsent) -> Due | None:
    if word.purpose is not ConsentPurpose.AI_IMPROVEMENT or word.state is ConsentState.GRANTED:
        return None
    return None if word.forgotten_at is not None else Due(SAMPLES_DUE, word.at + PATIENCE)


CONSENTS = Rows(UserConsent, pk="{company_id}", sk="consent#{user_id}#{purpose}", due=_samples_due)
RECEIPTS = Rows(UserReceipt, pk="{company_id}", sk="user#{user_id}#{receipt_id}")


def record(
    consent: UserConsent,
    policy_version: str,
    transaction: Transaction,
    *,
    known: Stored[UserConsent] | None = None,
    first: bool = False,
) -> UserReceipt:
    """Let a transaction write the latest word and its receipt: 4 write units.

    ``known`` is the word it must follow, ``first`` that there must be none yet; with neither, the latest word
    counts whatever was there.
    """
    receipt = UserReceipt(
        company_id=consent.company_id,
        user_id=consent.user_id,
        receipt_id=consent.receipt_id,
        purpose=consent.purpose,
        state=consent.state,
        text_version=consent.text_version,
        locale=consent.locale,
        text_sha256=consent.text_sha256,
        policy_version=policy_version,
        method=consent.method,
        at=consent.at,
    )
    if known is not None:
        transaction.replace(CONSENTS, known, consent)
    elif first:
        transaction.put_new(CONSENTS, consent)
    else:
        transaction.put(CONSENTS, consent)
    transaction.put_new(RECEIPTS, receipt)
    return receipt


def words(company_id: str, user_id: str) -> dict[ConsentPurpose, UserConsent]:
    """A user's latest words by purpose; one query."""
    found = CONSENTS.query(company_id, f"consent#{user_id}#")
    return {one.value.purpose: one.value for one in found}


def receipts(company_id: str, user_id: str, limit: int, before: str | None) -> list[Placed[UserReceipt]]:
    """Up to ``limit`` receipts, newest first, from before the one with id ``before``; one query."""
    return placed(RECEIPTS, company_id, f"user#{user_id}#", limit, before)


def receipt(company_id: str, user_id: str, receipt_id: str) -> UserReceipt | None:
    """One receipt; a query, because the front door may query the ledger and do no other reading there."""
    found = RECEIPTS.query(company_id, f"user#{user_id}#{receipt_id}")
    return next((one.value for one in found), None)

"""What is kept: rows, queries and the vault. Returns domain values, never PynamoDB models.

Modules load on first use (``store.contacts`` imports PynamoDB only then), so the front door and every
route that touches no table start without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.store import accounts as accounts
    from chalicelib.store import agreements as agreements
    from chalicelib.store import ai as ai
    from chalicelib.store import announcements as announcements
    from chalicelib.store import cancellation as cancellation
    from chalicelib.store import chain as chain
    from chalicelib.store import consents as consents
    from chalicelib.store import contacts as contacts
    from chalicelib.store import cookies as cookies
    from chalicelib.store import credit as credit
    from chalicelib.store import disclosures as disclosures
    from chalicelib.store import discontinuation as discontinuation
    from chalicelib.store import due as due
    from chalicelib.store import erasure as erasure
    from chalicelib.store import expiry as expiry
    from chalicelib.store import exports as exports
    from chalicelib.store import failures as failures
    from chalicelib.store import holds as holds
    from chalicelib.store import idempotency as idempotency
    from chalicelib.store import imports as imports
    from chalicelib.store import incident_work as incident_work
    from chalicelib.store import incidents as incidents
    from chalicelib.store import items as items
    from chalicelib.store import leaving as leaving
    from chalicelib.store import ledger as ledger
    from chalicelib.store import limits as limits
    from chalicelib.store import loads as loads
    from chalicelib.store import mass as mass
    from chalicelib.store import mergers as mergers
    from chalicelib.store import messages as messages
    from chalicelib.store import notifications as notifications
    from chalicelib.store import outside as outside
    from chalicelib.store import partitions as partitions
    from chalicelib.store import prospects as prospects
    from chalicelib.store import public_notices as public_notices
    from chalicelib.store import reach as reach
    from chalicelib.store import receipts as receipts
    from chalicelib.store import requests as requests
    from chalicelib.store import samples as samples
    from chalicelib.store import staff as staff
    from chalicelib.store import standing as standing
    from chalicelib.store import subscriptions as subscriptions
    from chalicelib.store import suspended as suspended
    from chalicelib.store import table as table
    from chalicelib.store import tracking as tracking
    from chalicelib.store import transaction as transaction
    from chalicelib.store import transfers as transfers
    from chalicelib.store import vault as vault
    from chalicelib.store import watching as watching
    from chalicelib.store import wechat as wechat
    from chalicelib.store import workflows as workflows


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return import_module(f"{__name__}.{name}")

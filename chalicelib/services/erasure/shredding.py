"""Destroying a company's keys (clauses `encryption`, `retention`): everything it sealed is unreadable at
once.

Whatever the company holds, a few calls do it, and no row has to be found. The certificate states both moments
that count: from when no process of ours can open anything, and from when no backup of the keys is left. It
lies in the company's own chain, which needs no key to be checked. What is sealed with the operator's key
(logins, letters not sent yet) is not covered: that goes with its users.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.records.erasures import KeyDestruction

LONGEST_FUNCTION: Final = timedelta(seconds=180)
"""What was opened just before may be in use for as long as the longest function runs."""
BACKUPS: Final = timedelta(days=35)
"""Point-in-time recovery of the table of keys reaches so far back, and nothing else backs it up."""


def destroy(company_id: str) -> KeyDestruction:
    """Delete a company's keys and certify it. Cannot be undone. Repeating it changes nothing, unless keys
    have come back with a backup: then it is done and certified once more. About half a dozen calls.

    Raises:
        ValueError: the operator's own keys are destroyed by nobody.
        UnavailableError: to be repeated; the keys may be gone already.
    """
    if company_id == ids.OPERATOR:
        raise ValueError("not a company")
    known = certificate(company_id)
    versions = store.vault.destroy(company_id)
    if known is not None and versions == 0:
        return known
    now = clock.now()
    made = KeyDestruction(
        company_id=company_id,
        certificate_id=ids.new("crt"),
        versions=versions,
        at=now,
        unreadable_at=now + store.vault.KEY_SECONDS + int(LONGEST_FUNCTION.total_seconds()),
        unrecoverable_at=now + int(BACKUPS.total_seconds()),
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.erasure.CERTIFICATES, made)
    transaction.commit()
    return made


def certificate(company_id: str) -> KeyDestruction | None:
    """The newest certificate of a company whose keys are gone; one query."""
    found = store.erasure.CERTIFICATES.query(company_id, "key-destruction#", newest_first=True, page_size=1)
    return next((known.value for known in found), None)

"""Every record type of the product in one place: who needs all of them goes by this, and none is missing.

The record of processing, the structure tests and the documentation do; a test compares it with the files that
lie here.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from chalicelib.privacy import fields
from chalicelib.records import (
    accounts,
    agreements,
    ai,
    announcements,
    cancellation,
    companies,
    consents,
    contacts,
    cookies,
    credit,
    disclosures,
    discontinuation,
    erasures,
    exports,
    grants,
    holds,
    idempotency,
    imports,
    incident_work,
    incidents,
    loads,
    mass,
    mergers,
    messages,
    notifications,
    proofs,
    prospects,
    public_notices,
    requests,
    samples,
    staff,
    standing,
    subscriptions,
    tracking,
    transfers,
    watching,
    wechat,
    workflows,
)

MODULES: Final[tuple[ModuleType, ...]] = (
    accounts,
    agreements,
    ai,
    announcements,
    cancellation,
    companies,
    consents,
    contacts,
    cookies,
    credit,
    disclosures,
    discontinuation,
    erasures,
    exports,
    grants,
    holds,
    idempotency,
    imports,
    incident_work,
    incidents,
    loads,
    mass,
    mergers,
    messages,
    notifications,
    proofs,
    prospects,
    public_notices,
    requests,
    samples,
    staff,
    standing,
    subscriptions,
    tracking,
    transfers,
    watching,
    wechat,
    workflows,
)
"""Every file that declares records."""


def every() -> tuple[type[Any], ...]:
    """All record types declared in these files, by kind; types that a test declares are not among them."""
    ours = {module.__name__ for module in MODULES}
    return tuple(made for _, made in sorted(fields.RECORDS.items()) if made.__module__ in ours)

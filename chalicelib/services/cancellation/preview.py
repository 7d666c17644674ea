"""What would go, what would stay and why, before anybody cancels anything (5.3).

Counted now, from keys alone: nothing is opened. Categories are the policy's own (2.2), taken from the
declarations of the records, so that a new kind of record cannot be left out of the picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy import fields, retention
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.register import Category
from chalicelib.privacy.retention import Retention
from chalicelib.services.erasure import company, shredding

OTHER: Final = "other"
"""Records of the service that are about nobody: settings, jobs, orders, counters."""
GROUPS: Final = (*(category.value for category in Category), OTHER)


class Stay(NamedTuple):
    """Something that does not go with the account. ``until`` in epoch seconds; None: no day can be named."""

    what: str
    why: str
    clause: str
    until: int | None


class Preview(NamedTuple):
    """What a cancellation that began now would mean. Times in epoch seconds, the later ones at the
    earliest. ``export_until`` None: nothing is offered to a company whose data is stored only.
    """

    goes: Mapping[str, int]
    rows: int
    stays: tuple[Stay, ...]
    cools_until: int
    export_until: int | None
    unreadable_at: int
    unrecoverable_at: int


def preview(company_id: str, state: CompanyState) -> Preview:
    """What goes, what stays and why. Queries of keys, as many as the company has megabytes. Who waits for no
    final export (a ``restricted`` company) is erased that much earlier, and reads so.

    Raises:
        UnavailableError.
    """
    now = clock.now()
    goes = by_category(company.counts(company_id))
    cools_until = now + int(retention.COOLING_OFF.total_seconds())
    offered = state is not CompanyState.RESTRICTED
    erased_at = cools_until + (int(retention.FINAL_EXPORT.total_seconds()) if offered else 0)
    unreadable_at, unrecoverable_at = lost_at(erased_at)
    return Preview(
        goes=goes,
        rows=sum(goes.values()),
        stays=_stays(company_id, unrecoverable_at),
        cools_until=cools_until,
        export_until=erased_at if offered else None,
        unreadable_at=unreadable_at,
        unrecoverable_at=unrecoverable_at,
    )


def by_category(counts: Mapping[str, int]) -> dict[str, int]:
    """Rows by the policy's category, from rows by kind; what holds no personal field is ``other``."""
    found: Counter[str] = Counter()
    for kind, rows in counts.items():
        found[_group(kind)] += rows
    return {group: found[group] for group in GROUPS if found[group]}


def lost_at(erased_at: int) -> tuple[int, int]:
    """From when nothing erased at a moment can be read by a process of ours, and from when no backup brings
    it back; epoch seconds.
    """
    slowest = store.vault.KEY_SECONDS + int(shredding.LONGEST_FUNCTION.total_seconds())
    return erased_at + slowest, erased_at + int(shredding.BACKUPS.total_seconds())


def _group(kind: str) -> str:
    made = fields.RECORDS.get(kind)
    if made is None:
        return OTHER
    personal = fields.declaration(made).personal.values()
    return next((one.category.value for one in personal), OTHER)


def _stays(company_id: str, unrecoverable_at: int) -> tuple[Stay, ...]:
    """Each with its reason. Of holds only those that the company may know of: an order may forbid to tell."""
    rule = Retention.EVIDENCE.rule
    kept = retention.keep_until(datetime.fromtimestamp(clock.now(), UTC), rule).at
    always = (
        Stay(
            "evidence",
            f"proof of consents, refusals, disclosures and deletions: ids, numbers and hashes; {rule.reason}",
            "retention",
            None if kept is None else int(kept.timestamp()),
        ),
        Stay(
            "shared_prospects",
            "people your users shared stay under the joint controller agreement, without the company, for as"
            " long as another company vouches for them",
            "joint-duties",
            None,
        ),
        Stay(
            "stocked_prospects", "the operator's own base was never the company's", "stocked-prospects", None
        ),
        Stay(
            "backups",
            "backups reach back 35 days; without the company's key what is sealed in them cannot be read",
            "encryption",
            unrecoverable_at,
        ),
    )
    holds = tuple(
        Stay("legal_hold", f"kept, and used for nothing else, under {hold.law}", "retention", hold.review_at)
        for hold in store.holds.open_ones(company_id)
        if not hold.secret
    )
    return (*always, *holds)

"""The operator's own people: positions, what each may do, and what must be on record before it (4.3.2).

Promise: one table, asked in one place (``services.staff.entry.permit``), closed for everything it does not
name. A right without a confidentiality agreement and current training on record is no right. Cost: a route of
staff without a right does not start, and a training that lapses stops somebody in the middle of their work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.retention import Months, after


class StaffPosition(StrEnum):
    """What somebody is employed for. Nobody holds all of it."""

    SUPPORT = "support"
    PRIVACY = "privacy"
    LEGAL = "legal"
    SECURITY = "security"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Right(StrEnum):
    """One kind of act of staff."""

    OWN = "own"
    """One's own session and record: it needs nothing on record."""
    REQUESTS = "requests"
    DISCLOSURES = "disclosures"
    HOLDS = "holds"
    RETENTION = "retention"
    PROCESSING = "processing"
    EVIDENCE = "evidence"
    PROSPECTS = "prospects"
    """The operator's own base: what is taken in, and on which ground."""
    SECURITY = "security"
    WORKFLOWS = "workflows"
    """Seeing what runs and where it waits."""
    INCIDENTS = "incidents"
    ENDINGS = "endings"
    """The end of a product, and what a merger asks of everybody."""
    MASS_NOTICES = "mass_notices"
    GRANTS_ASK = "grants.ask"
    GRANTS_APPROVE = "grants.approve"
    STAFF_MANAGE = "staff.manage"
    DATA_READ = "data.read"
    """Opens nothing by itself: see ``grants``."""
    DATA_EXPORT = "data.export"


_R: Final = Right
MAY: Final[Mapping[StaffPosition, frozenset[Right]]] = MappingProxyType(
    {
        StaffPosition.SUPPORT: frozenset({_R.OWN, _R.WORKFLOWS, _R.GRANTS_ASK, _R.DATA_READ}),
        StaffPosition.PRIVACY: frozenset(
            {_R.OWN, _R.REQUESTS, _R.DISCLOSURES, _R.RETENTION, _R.PROCESSING, _R.EVIDENCE, _R.GRANTS_ASK}
            | {_R.GRANTS_APPROVE, _R.DATA_READ, _R.DATA_EXPORT, _R.PROSPECTS}
            | {_R.WORKFLOWS, _R.INCIDENTS, _R.ENDINGS, _R.MASS_NOTICES}
        ),
        StaffPosition.LEGAL: frozenset(
            {_R.OWN, _R.DISCLOSURES, _R.HOLDS, _R.RETENTION, _R.PROCESSING, _R.EVIDENCE, _R.PROSPECTS}
            | {_R.WORKFLOWS, _R.INCIDENTS, _R.ENDINGS}
        ),
        StaffPosition.SECURITY: frozenset(
            {_R.OWN, _R.SECURITY, _R.EVIDENCE, _R.GRANTS_ASK, _R.GRANTS_APPROVE, _R.DATA_READ}
            | {_R.WORKFLOWS, _R.INCIDENTS, _R.MASS_NOTICES}
        ),
        StaffPosition.ADMIN: frozenset({_R.OWN, _R.STAFF_MANAGE}),
        StaffPosition.AUDITOR: frozenset({_R.OWN, _R.WORKFLOWS, _R.PROCESSING, _R.RETENTION, _R.EVIDENCE}),
    }
)
"""Who runs the personnel record decides nothing about data, and who opens data decides nothing about people:
an admin who invents two colleagues would otherwise need nobody else.
"""


class Paper(StrEnum):
    """What is on record about somebody."""

    AGREEMENT = "agreement"
    TRAINING = "training"


AGREEMENT: Final = "2026-01"
"""The version of the confidentiality agreement that must be signed; an earlier one does not do any more."""
COURSE: Final = "security-and-privacy"
"""The training of 4.3.1 and 4.3.2."""
ACCEPTED: Final[Mapping[Paper, str]] = MappingProxyType({Paper.AGREEMENT: AGREEMENT, Paper.TRAINING: COURSE})
TRAINING_VALID: Final = Months(12)
"""For how long a completed training counts; our choice, the policy gives none."""
NEWCOMER: Final = timedelta(hours=24)
"""For so long after their set-up, or a change of position, nobody approves anything: an admin who invents
colleagues has to wait until the real ones have seen them in the list. The desk vouches for its own.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules need to know of somebody of the staff. Times are epoch seconds."""

    staff_id: str
    position: StaffPosition
    active: bool
    agreement: str | None
    course: str | None
    trained_at: int | None
    approves_from: int | None
    """None: never set up."""


def training_ends(trained_at: int) -> int:
    """Until when a training of then counts, epoch seconds; from that second on it does not."""
    return int(after(datetime.fromtimestamp(trained_at, UTC), TRAINING_VALID).timestamp())


def papers_in_order(who: Standing, now: int) -> Decision:
    """Whether agreement and training are on record and current (4.3.2). Closed for what is missing."""
    if who.agreement != AGREEMENT:
        return Refused("personnel", "agreement_missing")
    if who.course != COURSE or who.trained_at is None:
        return Refused("personnel", "training_missing")
    if not who.trained_at <= now < training_ends(who.trained_at):
        return Refused("personnel", "training_expired")
    return Allowed()


def may(who: Standing, right: Right, now: int) -> Decision:
    """Whether somebody of the staff may act so now. One's own session stays reachable without papers: how
    else would they learn what is missing?
    """
    if not who.active:
        return Refused("personnel", "not_active")
    if right not in MAY.get(who.position, frozenset()):
        return Refused("access", "not_permitted")
    if right is Right.OWN:
        return Allowed()
    decision = papers_in_order(who, now)
    if isinstance(decision, Refused) or right is not Right.GRANTS_APPROVE:
        return decision
    if who.approves_from is None or now < who.approves_from:
        return Refused("personnel", "too_new")
    return decision


def newcomer_until(now: int) -> int:
    """From when somebody who was set up or moved now may approve, epoch seconds."""
    return now + int(NEWCOMER.total_seconds())

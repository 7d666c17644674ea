"""What the rules of disclosures look at: a case, the evidence of its steps, how long each of them carries.

Promise: plain facts, no personal values, nothing decided here but periods and silence. Cost: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from chalicelib.privacy.disclosure_kinds import (
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    TransferBasis,
    Verdict,
)
from chalicelib.privacy.retention import Months, after

ANSWER_WITHIN: Final = timedelta(days=7)
"""How long whoever was complained of has to answer before anything is decided; our choice, to confirm."""
AUTHORISATION_VALID: Final = Months(12)
"""How long a yes to one recipient and one purpose holds; our choice, the policy gives no period."""
SECRET_AT_MOST: Final = Months(24)
"""How far ahead an order may forbid telling before it has to be looked at again; our choice, to confirm."""


APPROVAL_VALID: Final = timedelta(days=7)
"""How long an approval carries: a file must have left by then; our choice. What was right last month may not
be now, and whoever approved looked at last month's case.
"""
HOME: Final = "SG"


@dataclass(frozen=True, slots=True)
class Authorised:
    """What somebody said to a question, as it stands now. `agreed` None: nothing yet; `current`: what they
    read is the text in force.
    """

    purpose: DisclosurePurpose
    recipient: str
    fields: frozenset[str]
    agreed: bool | None
    at: int | None
    by_company: bool
    current: bool = True


@dataclass(frozen=True, slots=True)
class Contract:
    """What binds a vendor: the document, the purpose it names, from when until when."""

    reference: str
    purpose: DisclosurePurpose
    signed_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Ground:
    """The law and the document that give somebody a right to the data; whether telling is forbidden, and by
    what; for an authority, whether it is a prescribed law enforcement agency (PDPA s21(4)).
    """

    law: str
    reference: str
    prescribed: bool | None = None
    secret_until: int | None = None
    secret_ground: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """What binds a successor to the policy: the document, the version it names, the version of now."""

    reference: str
    policy_version: str
    in_force: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a step is taken on; each step looks at its own part. ``able`` are those of the staff who may act
    now; ``compared`` is the hash of the recipient's key as whoever approves has found it elsewhere.
    """

    authorised: Authorised | None = None
    contract: Contract | None = None
    ground: Ground | None = None
    binding: Binding | None = None
    necessary: tuple[str, ...] | None = None
    key: str | None = None
    verdict: Verdict | None = None
    answered: bool = False
    able: frozenset[str] = frozenset()
    compared: str | None = None
    transfer: TransferBasis | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at. `recipient` is a keyed hash, ``country`` where it is (ISO 3166), ``key`` the
    SHA-256 of its public key; `by` and `at` say who took a step, and when.
    """

    kind: DisclosureKind
    purpose: DisclosurePurpose
    concerns: Concerns
    recipient: str
    wanted: tuple[str, ...]
    opened_by: str
    by: Mapping[Step, str]
    at: Mapping[Step, int]
    ending: Ending | None = None
    contract_ends_at: int | None = None
    country: str = HOME
    key: str | None = None
    prescribed: bool = False
    secret_until: int | None = None


def may_be_told(now: int, secret_until: int | None, *, withheld: bool) -> bool:
    """Whether those concerned may hear of it: no order forbids it any more, and it was not given to a
    prescribed law enforcement agency without their consent. That one has no end of its own (PDPA s21(1)(b)
    and (4), to confirm by counsel): somebody releases it. Closed, for what the law forbids to tell.
    """
    return not withheld and (secret_until is None or now >= secret_until)


def authorisation_ends(at: int) -> int:
    """Until when a yes of then holds, epoch seconds; from that second on it does not."""
    return int(after(datetime.fromtimestamp(at, UTC), AUTHORISATION_VALID).timestamp())


def approval_ends(at: int) -> int:
    """Until when an approval of then carries, epoch seconds; from that second on it does not."""
    return at + int(APPROVAL_VALID.total_seconds())


def answer_ends(told_at: int) -> int:
    """When the time to answer a complaint is over, epoch seconds; in that second it is."""
    return told_at + int(ANSWER_WITHIN.total_seconds())

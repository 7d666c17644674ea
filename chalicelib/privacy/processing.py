"""The record of processing activities (GDPR Art. 30), computed from the register and the record
types.

Promise: nothing in it is written twice, so it cannot fall behind the code: purposes come from the
policy's tables, fields, tables and periods from the declarations. Cost: it knows only the record
types that have been imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from chalicelib.privacy.fields import Declaration, declaration
from chalicelib.privacy.register import (
    DUTY_SECTIONS,
    PURPOSES,
    Category,
    Duty,
    LegalBasis,
    Purpose,
    Role,
    Row,
    Source,
    Subject,
    Use,
)
from chalicelib.privacy.retention import Months, Period

CONTACT: Final = "Dataprivacy@okki.ai"
REGION: Final = "ap-southeast-1 (Singapore)"
MEASURES: Final = (
    "sealed per company under a key of its own, bound to the record's ids (4.3.1)",
    "companies kept apart by partition and by key (4.3.1)",
    "each function may do only what it needs; staff access is limited to the task (4.3.1, 4.3.2)",
    "no personal value in logs, traces or metrics (4.3.1)",
)

_RECIPIENTS: Final = {
    Role.CONTROLLER: "the hosting provider, in Singapore",
    Role.PROCESSOR: "the hosting and mail providers, in Singapore; whom the client writes to",
    Role.JOINT_CONTROLLER: "the hosting provider, in Singapore; other clients, under the agreement",
}
_ABOUT_BOTH: Final = frozenset(
    {
        Category.EMAIL_TRACKING,
        Category.COMMUNICATIONS,
        Category.INTEGRATION,
        Category.AI,
        Category.STORED,
    }
)
_ABOUT_PROSPECTS: Final = frozenset({Category.ADDED_PROSPECT, Category.STOCKED_PROSPECT})


@dataclass(frozen=True, slots=True)
class Held:
    """Where data of an activity lives: record kind, table, personal fields, how long, and what the record is
    collected for.
    """

    kind: str
    table: str
    fields: tuple[str, ...]
    kept: str
    collected_for: Use | None


@dataclass(frozen=True, slots=True)
class Activity:
    """One row of the record: Art. 30(1) where we are controller, 30(2) where we are processor."""

    purpose: Purpose
    section: str
    role: Role
    subjects: tuple[Subject, ...]
    categories: tuple[Category, ...]
    bases: tuple[LegalBasis, ...]
    sources: tuple[Source, ...]
    recipients: str
    transfers: str
    held: tuple[Held, ...]


def period_text(period: Period | None) -> str:
    """A period in words."""
    match period:
        case None:
            return "while the company is served"
        case Months(count=count):
            return f"{count} months"
        case timedelta():
            minutes = int(period.total_seconds()) // 60
            for size, unit in ((1440, "days"), (60, "hours")):
                if minutes % size == 0 and minutes > size:
                    return f"{minutes // size} {unit}"
            return f"{minutes} minutes"


def _kept(made: Declaration) -> str:
    rule = made.retention.rule
    longest = ", ".join(period_text(period) for period in rule.criteria.values())
    return f"{longest}: {rule.reason}"


def _held(row: Row, records: Iterable[type[Any]]) -> tuple[Held, ...]:
    found = []
    for made in sorted((declaration(cls) for cls in records), key=lambda made: made.kind):
        fields = tuple(n for n, said in made.personal.items() if said.category in row.categories)
        if made.role is row.role and fields and not isinstance(made.collected_for, Duty):
            found.append(Held(made.kind, made.table, fields, _kept(made), made.collected_for))
    return tuple(found)


def duties(records: Iterable[type[Any]]) -> tuple[tuple[Duty, str, tuple[Held, ...]], ...]:
    """What is held to keep a promise that no table lists: the duty, its section, the records kept for it."""
    known = sorted((declaration(cls) for cls in records), key=lambda made: made.kind)
    return tuple(
        (
            duty,
            section,
            tuple(
                Held(made.kind, made.table, tuple(made.personal), _kept(made), duty)
                for made in known
                if made.collected_for is duty and made.personal
            ),
        )
        for duty, section in DUTY_SECTIONS.items()
    )


def _subjects(row: Row) -> tuple[Subject, ...]:
    prospects = any(c in _ABOUT_BOTH | _ABOUT_PROSPECTS for c in row.categories)
    users = any(c not in _ABOUT_PROSPECTS for c in row.categories)
    pairs = ((Subject.USER, users), (Subject.PROSPECT, prospects))
    return tuple(subject for subject, concerned in pairs if concerned)


def activities(records: Iterable[type[Any]]) -> tuple[Activity, ...]:
    """The record, in the order of the policy's tables, over the given record types; at the end what only the
    text of the policy names.
    """
    known = tuple(records)
    return tuple(
        Activity(
            purpose=row.purpose,
            section=row.section,
            role=row.role,
            subjects=_subjects(row),
            categories=row.categories,
            bases=row.bases,
            sources=row.sources,
            recipients=_RECIPIENTS[row.role],
            transfers=("with a recorded basis only (4.2)" if Subject.PROSPECT in _subjects(row) else "none"),
            held=_held(row, known),
        )
        for row in PURPOSES.values()
    )


def unplaced(records: Iterable[type[Any]]) -> tuple[tuple[str, Category, Role], ...]:
    """What is held in a role for which no row names its category: (kind, category, role).

    Each needs a word from counsel or another declaration; the register itself has such gaps (see
    findings).
    """
    named = {(row.role, category) for row in PURPOSES.values() for category in row.categories}
    return tuple(
        sorted(
            {
                (made.kind, said.category, made.role)
                for made in map(declaration, records)
                for said in made.personal.values()
                if (made.role, said.category) not in named
            }
        )
    )

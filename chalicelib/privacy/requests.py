"""Requests and complaints about personal data, from anyone (8; GDPR 12, 15-22; PDPA s21-22A): the rules.

Promise: what a request may ask, when its answer is due, when that may be stretched, and on which grounds it
may be refused are tables here; the services ask and do not know better. Cost: a ground that is in no table
cannot be used, however good it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy import clocks
from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.retention import Months

_DAY: Final = 86_400


class RequestKind(StrEnum):
    """What somebody wants."""

    ACCESS = "access"
    CORRECT = "correct"
    ERASE = "erase"
    RESTRICT = "restrict"
    OBJECT = "object"
    PORTABILITY = "portability"
    COMPLAINT = "complaint"


SOURCES: Final[Mapping[RequestKind, str]] = MappingProxyType(
    {
        RequestKind.ACCESS: "GDPR 15; PDPA s21",
        RequestKind.CORRECT: "GDPR 16, 19; PDPA s22",
        RequestKind.ERASE: "GDPR 17, 19; PDPA s25",
        RequestKind.RESTRICT: "GDPR 18",
        RequestKind.OBJECT: "GDPR 21; PDPA s16",
        RequestKind.PORTABILITY: "GDPR 20",
        RequestKind.COMPLAINT: "policy 8; PDPA s12(b)",
    }
)
OPENS_DATA: Final = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})
"""What is answered with the data itself."""
PASSED_ON: Final = frozenset(RequestKind) - {RequestKind.COMPLAINT}
"""What the clients are told whose data it is about (2.3.2). A complaint may be about them, or about us: its
words go to nobody before somebody has read them. Closed, for the sake of who complains.
"""


class RequestState(StrEnum):
    """Where a request stands, for those who may know."""

    UNVERIFIED = "unverified"
    OPEN = "open"
    WITH_STAFF = "with_staff"
    ANSWERED = "answered"
    REFUSED = "refused"


CLOSED: Final = frozenset({RequestState.ANSWERED, RequestState.REFUSED})


class Outcome(StrEnum):
    """One thing an answer says; the texts are templates of these names."""

    NOTHING = "nothing"
    ACCOUNT_DATA = "account_data"
    ACCOUNT_ERASED = "account_erased"
    ACCOUNT_HELD = "account_held"
    ACCOUNT_MAIN = "account_main"
    ACCOUNT_CORRECT = "account_correct"
    ACCOUNT_PROOF = "account_proof"
    MARKETING_STOPPED = "marketing_stopped"
    OPTIONAL_STOPPED = "optional_stopped"
    BASE_SHOWN = "base_shown"
    BASE_WITHDRAWN = "base_withdrawn"
    BASE_KEPT = "base_kept"
    """In the base of prospects, and somebody has to look before anything is changed there."""
    OBJECTION_NOTED = "objection_noted"
    COMPANIES = "companies"
    COMPANIES_NAMED = "companies_named"
    WITH_STAFF = "with_staff"
    ATTACHED = "attached"
    """The same was asked before and is not answered yet: that answer is this one's as well."""


class Ground(StrEnum):
    """Why a request may be refused."""

    IDENTITY = "identity"
    UNFOUNDED = "unfounded"
    EXCESSIVE = "excessive"
    RIGHTS_OF_OTHERS = "rights_of_others"
    LEGAL_DUTY = "legal_duty"
    LEGAL_CLAIMS = "legal_claims"
    NOT_THE_CASE = "not_the_case"


@dataclass(frozen=True, slots=True)
class GroundRow:
    """A ground: where it is written, and for which requests it can be one."""

    source: str
    kinds: frozenset[RequestKind]


_K: Final = RequestKind
_ALL: Final = frozenset(RequestKind)
_RIGHTS: Final = _ALL - {_K.COMPLAINT}
GROUNDS: Final[Mapping[Ground, GroundRow]] = MappingProxyType(
    {
        Ground.IDENTITY: GroundRow("GDPR 12(2), 12(6)", _RIGHTS),
        Ground.UNFOUNDED: GroundRow("GDPR 12(5)(b); PDPA Fifth Schedule 1(j)(v), to confirm", _ALL),
        Ground.EXCESSIVE: GroundRow("GDPR 12(5)(b); PDPA Fifth Schedule 1(j)(i), to confirm", _ALL),
        # Nothing below fits an objection or a complaint: no interest of ours outweighs either (GDPR 21(3)).
        # Who complains uses no right of GDPR 15-22 and need not be the person it is about: of the three above
        # the two of 12(5) alone are left, taken over by our own choice.
        Ground.RIGHTS_OF_OTHERS: GroundRow(
            "GDPR 15(4), 20(4); PDPA s21(3)", frozenset({_K.ACCESS, _K.PORTABILITY})
        ),
        Ground.LEGAL_DUTY: GroundRow("GDPR 17(3)(b)", frozenset({_K.ERASE})),
        Ground.LEGAL_CLAIMS: GroundRow("GDPR 17(3)(e)", frozenset({_K.ERASE})),
        # Of a restriction neither: 18(2) says what may still be done under one, not when there is none.
        Ground.NOT_THE_CASE: GroundRow(
            "GDPR 16, 18(1); PDPA s22(6): the data is right, or no case of the law applies",
            frozenset({_K.CORRECT, _K.RESTRICT}),
        ),
    }
)


class Extension(StrEnum):
    """Why an answer takes longer; the only reasons the law names."""

    COMPLEX = "complex"
    MANY_REQUESTS = "many_requests"


UNVERIFIED_DAYS: Final = 7
"""How long a request waits for its code; our choice."""
TOKEN_LIFE: Final = timedelta(days=30)
"""How long a token opens an answer; a new code gives a new one. Our choice."""
REMIND_BEFORE: Final = (7 * _DAY, 2 * _DAY)
"""Seconds before an answer is due at which somebody hears of it; our choice."""
OVERDUE_EVERY: Final = _DAY


@dataclass(frozen=True, slots=True)
class Term:
    """How long a request has been given. Times are epoch seconds."""

    received_at: int
    verified_at: int | None
    extended_to: int | None = None

    @property
    def first_due_at(self) -> int:
        """When the answer is due if nothing is stretched: the earliest of all clocks."""
        return clocks.first(clocks.deadlines(self.received_at, self.verified_at)).ends_at

    @property
    def due_at(self) -> int:
        """When the answer is due."""
        return self.first_due_at if self.extended_to is None else self.extended_to

    @property
    def limit(self) -> int:
        """What no extension goes beyond: one month and two more, from receipt (GDPR 12(3))."""
        return clocks.stretched(clocks.GDPR_REQUEST, self.received_at) or self.first_due_at

    def by(self, months: int) -> int:
        """When it would be due with so many months more, counted from receipt in one go."""
        return clocks.moved(self.received_at, Months(1 + months), clocks.GDPR_REQUEST.calendar)


def may_extend(term: Term, to: int, now: int) -> Decision:
    """Whether an answer may be given until ``to``. Closed once the first time has run out: who was not told
    by then was not told in time.
    """
    if now >= term.first_due_at:
        return Refused("requests", "too_late_to_extend")
    if to <= term.due_at:
        return Refused("requests", "not_later")
    if to > term.limit:
        return Refused("requests", "beyond_the_law")
    return Allowed()


def may_refuse(kind: RequestKind, ground: Ground) -> Decision:
    """Whether a request of this kind may be refused on this ground. Closed for what is not in the table."""
    row = GROUNDS.get(ground)
    if row is None or kind not in row.kinds:
        return Refused("requests", "no_ground_for_this")
    return Allowed()


def next_look(due_at: int, now: int) -> int:
    """When somebody has to be reminded next: a week and two days before, at the end, and then every day."""
    for before in REMIND_BEFORE:
        if now < due_at - before:
            return due_at - before
    return due_at if now < due_at else now + OVERDUE_EVERY

"""How long a record is kept, and why: the longest criterion that applies (4.1.1, 4.1.2).

Promise: every period is a named constant here, every expiry can say "kept until X because Y", and
expired data is refused to readers two seconds early rather than one second late. A consent lengthens,
a hold suspends, nothing shortens by itself. Cost: the periods are our choice where the policy gives
none; those marked "to confirm" need a lawyer's word. At its end everything is deleted: no field is
declared to be made anonymous, because nothing here would pass a test for re-identification yet.
Deleting is the sweeper's work, not this file's.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

Day = TypeVar("Day", bound=date)


class Criterion(StrEnum):
    """The four criteria of 4.1.2, in the policy's order."""

    SERVICE_AND_RECORDS = "service_and_records"
    SECURITY_AND_QUALITY = "security_and_quality"
    CONSENTED_LONGER = "consented_longer"
    LAW_OR_AGREEMENT = "law_or_agreement"


@dataclass(frozen=True, slots=True)
class Months:
    """A period in calendar months, which no timedelta can express."""

    count: int


Period = timedelta | Months

MAIL_CODE: Final = timedelta(minutes=15)
SIGNUP_PENDING: Final = timedelta(hours=24)
SESSION_IDLE: Final = timedelta(hours=12)
SESSION_ABSOLUTE: Final = timedelta(days=7)
STAFF_SESSION_IDLE: Final = timedelta(minutes=30)
STAFF_SESSION_ABSOLUTE: Final = timedelta(hours=8)
"""One working day; shorter than a user's, because more can be reached."""
STAFF_SETUP: Final = timedelta(hours=24)
STAFF_NETWORKS: Final = timedelta(days=30)
"""For how long a network from which somebody of the staff logged in is known as theirs."""
PROOF: Final = timedelta(minutes=10)
"""How long a second proof counts as fresh, and how long one may be waited for."""
INVITATION: Final = timedelta(days=7)
DEVICE: Final = timedelta(days=180)
ABSENCE: Final = timedelta(days=30)
"""After this long without a login a known device proves itself again."""
WECHAT_STATE: Final = timedelta(minutes=10)
WECHAT_TICKET: Final = timedelta(minutes=30)
WECHAT_NICKNAME: Final = timedelta(days=30)
INBOX: Final = Months(12)
COOKIE_CHOICE: Final = Months(6)
IDEMPOTENCY: Final = timedelta(hours=24)
RATE_WINDOW: Final = timedelta(hours=1)
NOTICE: Final = timedelta(days=7)
DEAD_LETTER: Final = timedelta(days=14)
LOGS: Final = timedelta(days=30)
READING: Final = timedelta(days=35)
MESSAGE: Final = Months(36)
EMAIL_TRACKING: Final = Months(13)
EVIDENCE: Final = Months(72)
HANDOVER: Final = timedelta(days=7)
STOCKED_PROSPECT: Final = Months(24)
"""From the day a person's data was first taken into the base: a refresh never renews it (CNIL 2024-020)."""
ADDED_PROSPECT: Final = Months(24)
"""From the first share; sharing the same person again does not renew it. Our choice."""
AI_TEXT: Final = timedelta(days=90)
AI_SAMPLE: Final = Months(12)
FILE_JOB: Final = timedelta(days=7)
"""What an import or an export remembers: long enough to look at it and to take it back."""
FILE: Final = timedelta(days=1)
CLAIM: Final = timedelta(days=30)
"""After so long without being taken up again a claimed prospect is everybody's in the company."""
WORKFLOW: Final = Months(24)
"""After the last thing that happened to a workflow; our choice."""
STREAM: Final = timedelta(days=2)
"""A table's stream keeps an event for a day: after two, nobody can deliver one again."""

LONGER: Final = Months(12)
"""What a consent to longer retention adds, as its text says (4.1.2(c))."""
ASK_BEFORE: Final = timedelta(days=1)
"""So long before its end the sweeper asks whether something is to be kept longer: what somebody wants to keep
must not vanish in between.
"""
ASK_AGAIN: Final = timedelta(days=7)
"""How often that is asked of what is kept longer: a withdrawal works at once, and within a week even if the
word of it was lost.
"""
HOLD_KEEP: Final = timedelta(days=1)
"""How often a hold goes through what has been written since it was placed."""
HOLD_NEAR: Final = timedelta(days=8)
"""Rows that such a round looks at: DynamoDB deletes them before this many days are over. A week in which
nothing runs loses nothing.
"""
HOLD_REVIEW: Final = Months(6)
"""After this long without another date somebody has to say whether a hold is still needed; our choice."""
REQUEST_UNVERIFIED: Final = timedelta(days=7)
REQUEST: Final = Months(36)
"""After the last thing that happened to a request (8)."""
REFUSED_COPY: Final = timedelta(days=30)
"""PDPA s22A, to confirm."""

UNRENEWED: Final = Months(6)
"""5.3: this long after an unrenewed term, the company may be cancelled and its data deleted."""
COOLING_OFF: Final = timedelta(days=14)
"""A company that asked to be cancelled may take it back for so long; our choice."""
FINAL_EXPORT: Final = timedelta(days=7)
"""How long a company whose accounts are closed can still fetch its contacts, before anything is deleted; our
choice. With the time to think it over it stays within the thirty days that 5.3's "as soon as possible" is
taken for here, to confirm.
"""
DISCONTINUATION_NOTICE: Final = timedelta(days=30)
"""4.1.3: at least this long between telling the users and stopping the service."""
GRACE: Final = timedelta(seconds=2)
"""A reader's clock may run behind the writer's: this much is taken from access, never given to
it.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one kind of record is kept, by criterion. None means: as long as the company is
    served.
    """

    name: str
    criteria: Mapping[Criterion, Period | None]
    reason: str
    clause: str = "retention"


class Retention(StrEnum):
    """The rule a record type declares."""

    SERVICE_TERM = "service_term"
    SUPPRESSION = "suppression"
    SIGNUP_PENDING = "signup_pending"
    MAIL_CODE = "mail_code"
    SESSION = "session"
    STAFF_SESSION = "staff_session"
    STAFF_SETUP = "staff_setup"
    PROOF = "proof"
    INVITATION = "invitation"
    DEVICE = "device"
    WECHAT_STATE = "wechat_state"
    WECHAT_TICKET = "wechat_ticket"
    WECHAT_NICKNAME = "wechat_nickname"
    INBOX = "inbox"
    COOKIE_CHOICE = "cookie_choice"
    IDEMPOTENCY = "idempotency"
    RATE = "rate"
    NOTICE = "notice"
    DEAD_LETTER = "dead_letter"
    LOGS = "logs"
    READING = "reading"
    MESSAGE = "message"
    EMAIL_TRACKING = "email_tracking"
    EVIDENCE = "evidence"
    HANDOVER = "handover"
    STREAM = "stream"
    WORKFLOW = "workflow"
    REQUEST_UNVERIFIED = "request_unverified"
    REQUEST = "request"
    REFUSED_COPY = "refused_copy"
    STOCKED_PROSPECT = "stocked_prospect"
    ADDED_PROSPECT = "added_prospect"
    CLAIM = "claim"
    AI_TEXT = "ai_text"
    AI_SAMPLE = "ai_sample"
    FILE_JOB = "file_job"
    FILE = "file"
    INFORMING = "informing"

    @property
    def rule(self) -> Rule:
        """The rule of this name."""
        return RULES[self]


def _rule(name: Retention, criterion: Criterion, period: Period | None, reason: str) -> Rule:
    return Rule(name, MappingProxyType({criterion: period}), reason)


_SERVICE: Final = Criterion.SERVICE_AND_RECORDS
_SECURITY: Final = Criterion.SECURITY_AND_QUALITY

RULES: Final = MappingProxyType(
    {
        Retention(rule.name): rule
        for rule in (
            _rule(Retention.SERVICE_TERM, _SERVICE, None, "the service and its records need it"),
            _rule(
                Retention.SUPPRESSION,
                Criterion.LAW_OR_AGREEMENT,
                None,
                "a refusal must be remembered as long as anybody here could write (GDPR 21(3))",
            ),
            _rule(
                Retention.INFORMING,
                Criterion.LAW_OR_AGREEMENT,
                None,
                "whether a person was told must be known as long as the company may write to them (GDPR"
                " 14(3), 5(2))",
            ),
            _rule(Retention.SIGNUP_PENDING, _SERVICE, SIGNUP_PENDING, "a signup nobody has confirmed"),
            _rule(Retention.MAIL_CODE, _SECURITY, MAIL_CODE, "a mailed code works for minutes"),
            _rule(Retention.SESSION, _SECURITY, SESSION_ABSOLUTE, "a login ends by itself"),
            _rule(
                Retention.STAFF_SESSION,
                _SECURITY,
                STAFF_SESSION_ABSOLUTE,
                "a login of the staff ends within a working day",
            ),
            _rule(Retention.STAFF_SETUP, _SECURITY, STAFF_SETUP, "a way in that is being set up"),
            _rule(Retention.PROOF, _SECURITY, PROOF, "a second proof is given within minutes or not at all"),
            _rule(Retention.INVITATION, _SERVICE, INVITATION, "an invitation nobody took up"),
            _rule(Retention.DEVICE, _SECURITY, DEVICE, "a device not used for so long is a stranger again"),
            _rule(Retention.WECHAT_STATE, _SECURITY, WECHAT_STATE, "a sign-in through WeChat takes minutes"),
            _rule(Retention.WECHAT_TICKET, _SECURITY, WECHAT_TICKET, "a signup that started in WeChat"),
            _rule(
                Retention.WECHAT_NICKNAME,
                _SERVICE,
                WECHAT_NICKNAME,
                "for display; 30 days after the last login through WeChat it is nobody's name; our choice",
            ),
            _rule(
                Retention.STOCKED_PROSPECT,
                _SERVICE,
                STOCKED_PROSPECT,
                "the base keeps a person this long after it first took them in; our choice",
            ),
            _rule(
                Retention.ADDED_PROSPECT,
                _SERVICE,
                ADDED_PROSPECT,
                "a shared prospect stays this long after it was first shared; our choice",
            ),
            _rule(Retention.CLAIM, _SERVICE, CLAIM, "a claim that nobody takes up again ends; our choice"),
            _rule(Retention.AI_TEXT, _SERVICE, AI_TEXT, "what AI was given and wrote; our choice"),
            _rule(
                Retention.AI_SAMPLE,
                _SERVICE,
                AI_SAMPLE,
                "kept to improve the product while its user agrees; our choice",
            ),
            _rule(Retention.FILE_JOB, _SERVICE, FILE_JOB, "an import can be looked at and taken back"),
            _rule(Retention.FILE, _SERVICE, FILE, "a file waits a day to be fetched"),
            _rule(Retention.INBOX, _SERVICE, INBOX, "what was told stays to be read again; our choice"),
            _rule(
                Retention.COOKIE_CHOICE,
                _SERVICE,
                COOKIE_CHOICE,
                "a choice about cookies is asked again (CNIL: six months); our choice, to confirm",
            ),
            _rule(Retention.IDEMPOTENCY, _SECURITY, IDEMPOTENCY, "a repeated request is told apart"),
            _rule(Retention.RATE, _SECURITY, RATE_WINDOW, "attempts are counted to slow guessing"),
            _rule(Retention.NOTICE, _SERVICE, NOTICE, "a notice may have to be sent once more"),
            _rule(Retention.DEAD_LETTER, _SECURITY, DEAD_LETTER, "a failed event may be replayed"),
            _rule(Retention.LOGS, _SECURITY, LOGS, "faults and attacks are found in the logs"),
            _rule(Retention.READING, _SECURITY, READING, "unusual reading shows against a month's ordinary"),
            _rule(
                Retention.MESSAGE,
                _SERVICE,
                MESSAGE,
                "business correspondence and questions about it; our choice, to confirm",
            ),
            _rule(
                Retention.EMAIL_TRACKING,
                _SERVICE,
                EMAIL_TRACKING,
                "one season compared with the last; our choice, to confirm",
            ),
            _rule(
                Retention.EVIDENCE,
                Criterion.LAW_OR_AGREEMENT,
                EVIDENCE,
                "contract claims lapse after six years (Limitation Act 1959 s 6, to confirm)",
            ),
            _rule(
                Retention.HANDOVER,
                _SECURITY,
                HANDOVER,
                "a file sealed for its recipient waits to be handed over; our choice",
            ),
            _rule(Retention.WORKFLOW, _SERVICE, WORKFLOW, "what ran, and when, can be shown; our choice"),
            _rule(Retention.STREAM, _SECURITY, STREAM, "an event told twice is put on record once"),
            _rule(
                Retention.REQUEST_UNVERIFIED,
                _SERVICE,
                REQUEST_UNVERIFIED,
                "a request nobody has proved theirs",
            ),
            _rule(
                Retention.REQUEST,
                _SERVICE,
                REQUEST,
                "what was asked and answered can be shown to who asked and to a regulator; our choice, to"
                " confirm",
            ),
            _rule(
                Retention.REFUSED_COPY,
                Criterion.LAW_OR_AGREEMENT,
                REFUSED_COPY,
                "a copy of what access was refused to is kept for its review (PDPA s22A, to confirm)",
            ),
        )
    }
)


LENGTHENED: Final = frozenset({Retention.INBOX})
"""What a user's consent to longer retention lengthens: the account data that serves the user and has a period
at all. Periods for the user's security (a known device) are not made longer by it.
"""

SUSPENDED: Final = frozenset(
    {
        Retention.SERVICE_TERM,
        Retention.SUPPRESSION,
        Retention.INFORMING,
        Retention.INVITATION,
        Retention.DEVICE,
        Retention.WECHAT_NICKNAME,
        Retention.INBOX,
        Retention.MESSAGE,
        Retention.EMAIL_TRACKING,
        Retention.EVIDENCE,
        Retention.REQUEST,
        Retention.AI_TEXT,
    }
)
"""What a hold suspends: records. The others are keys, codes and counters that live for minutes or days."""

_LETTERS: Final = MappingProxyType(dict(zip(Criterion, "abcd", strict=True)))


@dataclass(frozen=True, slots=True)
class KeptUntil:
    """Until when, by which criterion, and why. `at` None: as long as the company is served."""

    at: datetime | None
    criterion: Criterion
    reason: str


def add_months(day: Day, months: int) -> Day:
    """The same day `months` later, or the last day of a shorter month: 31 Aug + 6 is 28 or 29
    Feb.

    Works on dates and datetimes; the time of day and the zone stay. Always count from the first
    day: adding one month twice is not adding two.
    """
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return day.replace(year=year, month=month0 + 1, day=min(day.day, last))


def after(start: datetime, period: Period) -> datetime:
    """The moment `period` after `start`. Raises ValueError for a time without a zone."""
    if start.tzinfo is None:
        raise ValueError("a retention period starts at a time with a zone")
    if isinstance(period, Months):
        return add_months(start, period.count)
    return start + period


def keep_until(start: datetime, rule: Rule, *others: KeptUntil) -> KeptUntil:
    """The longest of the rule's criteria and `others` (a consent to keep longer, a law, an
    agreement): 4.1.2.

    Nothing shortens: a criterion that ends sooner changes nothing. Of two that end together, the
    one the policy lists first gives the reason.
    """
    claims = [
        KeptUntil(None if period is None else after(start, period), criterion, rule.reason)
        for criterion, period in rule.criteria.items()
    ]
    claims.extend(others)
    order = list(Criterion)
    longest = min(claims, key=lambda claim: order.index(claim.criterion))
    for claim in sorted(claims, key=lambda claim: order.index(claim.criterion)):
        if longest.at is not None and (claim.at is None or claim.at > longest.at):
            longest = claim
    return longest


def section(criterion: Criterion) -> str:
    """Where the policy names a criterion: ``4.1.2(a)``."""
    return f"4.1.2({_LETTERS[criterion]})"


def consented(start: datetime, name: Retention) -> tuple[KeptUntil, ...]:
    """What a live consent to longer retention adds to `keep_until`; nothing where it does not apply.

    Counted from the ordinary end, so that the answer does not depend on when somebody said yes.
    """
    ordinary = keep_until(start, name.rule).at
    if name not in LENGTHENED or ordinary is None:
        return ()
    return (KeptUntil(after(ordinary, LONGER), Criterion.CONSENTED_LONGER, "asked to be kept longer"),)


def expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a reader must no longer see it: from two seconds before `expires_at` on. Fails
    closed.
    """
    return expires_at is not None and now >= expires_at - GRACE


def expired_epoch(expires_at: float | None, now: float) -> bool:
    """`expired` for epoch seconds, as the tables keep them."""
    return expires_at is not None and now >= expires_at - GRACE.total_seconds()


def deletable(expires_at: datetime | None, now: datetime) -> bool:
    """Whether it may be deleted for good: not before `expires_at`, so that a renewal just in
    time wins.
    """
    return expires_at is not None and now >= expires_at


def deletable_epoch(expires_at: float | None, now: float) -> bool:
    """`deletable` for epoch seconds, as the tables keep them."""
    return expires_at is not None and now >= expires_at


def session_ends(created_at: datetime, used_at: datetime) -> datetime:
    """When a session ends: unused for the idle limit, and in any case at the absolute one.

    A security limit on access, so the shorter holds; 4.1.2's longest is about keeping.
    """
    return min(used_at + SESSION_IDLE, created_at + SESSION_ABSOLUTE)

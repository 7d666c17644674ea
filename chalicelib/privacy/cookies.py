"""Cookies: which there are, what a person's answer grants, and when they are asked again (2.2.1(j), 6).

Promise: only a cookie that is listed here can be set, an essential one holds an identifier and no more, and
nothing else is set before a yes. The server derives what an answer grants; a browser never says so itself.
The two sections disagree about third parties, so the stricter reading holds: our cookies are read by us
alone, and a third party takes part only in a category marked so, after consent, and never against Global
Privacy Control. Cost: a new cookie is a line here, a new revision, and everybody is asked again. Sources:
ePrivacy 5(3), EDPB 2/2023, WP 194 (what needs no consent), CNIL 2020-091 and 2020-092.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy import retention
from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.retention import Months, Period


class CookieCategory(StrEnum):
    """What a person decides about, one by one."""

    ESSENTIAL = "essential"
    PREFERENCES = "preferences"
    ANALYTICS = "analytics"
    MARKETING = "marketing"


class CookieAnswer(StrEnum):
    """How a person answered. Refusing everything is one act, as accepting everything is (CNIL 2020-092)."""

    ACCEPT_ALL = "accept_all"
    REJECT_ALL = "reject_all"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """What a category is for, and whether somebody else than us may take part in it."""

    purpose: str
    third_party: bool


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie: what it is for and how long a browser keeps it at most. `lifetime` in UTC."""

    name: str
    category: CookieCategory
    purpose: str
    lifetime: Period


CATEGORIES: Final = MappingProxyType(
    {
        CookieCategory.ESSENTIAL: CategoryRow("logging in, its security, and remembering this choice", False),
        CookieCategory.PREFERENCES: CategoryRow("remembering how the pages were set up", False),
        # Counted by ourselves: handing measurements to somebody else would make it a third party's category.
        CookieCategory.ANALYTICS: CategoryRow("counting how the pages are used, by us alone", False),
        CookieCategory.MARKETING: CategoryRow(
            "measuring and showing campaigns, also with third parties", True
        ),
    }
)

_LISTED: Final = (
    Cookie(
        "__Host-session",
        CookieCategory.ESSENTIAL,
        "names the session after logging in; an identifier and nothing else",
        retention.SESSION_ABSOLUTE,
    ),
    Cookie(
        "__Host-device",
        CookieCategory.ESSENTIAL,
        "recognises a device that proved itself, so that a stranger's is noticed (2.2.1(c), 6)",
        retention.DEVICE,
    ),
    Cookie(
        "__Host-wechat",
        CookieCategory.ESSENTIAL,
        "ties a sign-in through WeChat to the browser that began it; only while that takes",
        retention.WECHAT_STATE,
    ),
    Cookie(
        "__Host-choices",
        CookieCategory.ESSENTIAL,
        "finds the answer about cookies again, so that nobody is asked on every page",
        retention.COOKIE_CHOICE,
    ),
)

COOKIES: Final = MappingProxyType({cookie.name: cookie for cookie in _LISTED})
"""Every cookie that may be set. All are ours; the prefix keeps them on one host and on HTTPS (RFC 6265bis).
"""

REVISION: Final = "cookies-2026-01"
"""Of these tables. An answer to another revision was about something else, so people are asked again."""
REVISED: Final = "305c5691"
"""The first characters of `fingerprint` under this revision; a test compares them, so that nobody changes
what was agreed to under the revision that people agreed to.
"""

THIRD_PARTY: Final = frozenset(category for category, row in CATEGORIES.items() if row.third_party)
"""What Global Privacy Control denies."""

_ESSENTIAL: Final = frozenset({CookieCategory.ESSENTIAL})


class UnknownCategoryError(ValueError):
    """An answer names a category that does not exist. Carries no value: a stranger wrote it."""


def fingerprint() -> str:
    """A digest over categories and cookies: names, purposes, lifetimes, third parties. Hex."""
    lines = [f"{category}|{row.purpose}|{row.third_party}" for category, row in CATEGORIES.items()]
    lines += [f"{one.name}|{one.category}|{one.purpose}|{one.lifetime}" for one in _LISTED]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def derive(answer: CookieAnswer, chosen: Collection[str], *, gpc: bool) -> frozenset[CookieCategory]:
    """What an answer grants. `gpc`: the browser sent `Sec-GPC: 1` with it.

    Essential cookies are always among it: there is nothing to agree to. The signal beats every answer, a
    category picked by hand included: a click on a banner is weaker evidence of a wish than a standing
    setting, and the law that knows the signal treats it as a refusal (CCPA regulations 7025; elsewhere our
    choice, to confirm). So somebody who wants a third party's category switches the signal off for us
    first. `chosen` counts for a custom answer only; essential may be among it and changes nothing.

    Raises UnknownCategoryError, whatever the answer: a choice that is half understood is none.
    """
    try:
        named = frozenset(CookieCategory(name) for name in chosen)
    except ValueError:
        raise UnknownCategoryError("unknown_category") from None
    granted = {
        CookieAnswer.ACCEPT_ALL: frozenset(CookieCategory),
        CookieAnswer.REJECT_ALL: _ESSENTIAL,
        CookieAnswer.CUSTOM: named | _ESSENTIAL,
    }[answer]
    return granted - THIRD_PARTY if gpc else granted


def in_effect(granted: Collection[CookieCategory], *, gpc: bool) -> frozenset[CookieCategory]:
    """What an earlier answer still grants on a request that carries the signal, or does not: a signal
    switched on later counts from that request on.
    """
    return (frozenset(granted) | _ESSENTIAL) - (THIRD_PARTY if gpc else frozenset())


def must_ask(stored_revision: str | None, stored_at: float | None, now: float) -> bool:
    """Whether a person has to be asked (again): no answer, one to another revision, or one older than
    `retention.COOKIE_CHOICE`. Times in epoch seconds.

    Closed in doubt, which here means asking: an answer from the future was not given yet. Until it is given
    anew, only essential cookies are set.
    """
    if stored_revision != REVISION or stored_at is None:
        return True
    given = datetime.fromtimestamp(stored_at, UTC)
    asked = datetime.fromtimestamp(now, UTC)
    return given > asked + retention.GRACE or retention.expired(
        retention.after(given, retention.COOKIE_CHOICE), asked
    )


def may_set(cookie: str, granted: Collection[CookieCategory]) -> Decision:
    """Whether a cookie may be set. Closed: one that is not listed is refused, whoever wants it."""
    listed = COOKIES.get(cookie)
    if listed is None:
        return Refused("cookies", "cookie_not_listed")
    return may_use(listed.category, granted)


def may_use(category: CookieCategory, granted: Collection[CookieCategory]) -> Decision:
    """Whether anything of a category may be stored on or read from a device: scripts and pixels as well as
    cookies (EDPB 2/2023).
    """
    if category in _ESSENTIAL or category in granted:
        return Allowed()
    return Refused("cookies", "category_not_granted")


def max_age(cookie: Cookie, now: float) -> int:
    """The `Max-Age` of a cookie set now, in seconds."""
    match cookie.lifetime:
        case timedelta():
            return int(cookie.lifetime.total_seconds())
        case Months():
            start = datetime.fromtimestamp(now, UTC)
            return int((retention.after(start, cookie.lifetime) - start).total_seconds())

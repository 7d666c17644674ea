"""Answering about cookies (clause `cookies`): what an answer grants is derived here, never sent by a browser.

A visitor is known by the cookie they got with their answer. One who brings another value than we gave out is
new: nobody chooses what stands in our cookie.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, networks
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError
from chalicelib.privacy import clocks, cookies, policies, texts
from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.cookies import CookieAnswer, CookieCategory, UnknownCategoryError
from chalicelib.privacy.texts import NOTHING, ConsentText
from chalicelib.records.cookies import CookieChoice, CookieReceipt

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

NAME: Final = "__Host-choices"
ANSWERS_PER_NETWORK: Final = 120
"""In an hour; a whole office may sit behind one address."""

_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Standing(NamedTuple):
    """What a visitor's answer grants now; `ask` when there is none that counts, and nothing is granted."""

    granted: frozenset[CookieCategory]
    ask: bool
    gpc: bool
    expires_at: int | None = None
    receipt_id: str | None = None


def standing(value: str | None, *, gpc: bool) -> Standing:
    """How the visitor with this cookie stands. Reads at most one row, and none for what is no value of ours.

    Closed: an answer that cannot be found, has expired or was about other cookies grants nothing.
    """
    known = _known(value)
    if known is None or cookies.must_ask(known.value.revision, known.value.at, clock.now()):
        return Standing(cookies.in_effect((), gpc=gpc), ask=True, gpc=gpc)
    granted = [CookieCategory(name) for name in known.value.granted]
    return Standing(cookies.in_effect(granted, gpc=gpc), False, gpc, known.expires_at, known.value.receipt_id)


def answer(
    value: str | None,
    said: CookieAnswer,
    chosen: Collection[str],
    revision: str,
    *,
    gpc: bool,
    ip: str,
    locale: str,
) -> tuple[str, Standing]:
    """Take an answer; returns the cookie's value and how the visitor stands now. It replaces an earlier one.

    Raises:
        ConflictError: ``stale_revision``, the answer is about other cookies than there are; says which.
        InvalidError: a category that does not exist.
        TooManyRequestsError: too many answers from this network.
    """
    if revision != cookies.REVISION:
        raise ConflictError(
            "stale_revision",
            "The cookies have changed since they were shown. Please look at them again.",
            clause="cookies",
            more={"revision": cookies.REVISION},
        )
    try:
        granted = cookies.derive(said, chosen, gpc=gpc)
    except UnknownCategoryError:
        raise InvalidError(errors=[FieldError("categories", "unknown_category")]) from None
    store.limits.take("cookies", networks.prefix(ip), ANSWERS_PER_NETWORK, clock.HOUR)
    if value is None or _known(value) is None:
        value = ids.secret()
    now, receipt_id = clock.now(), ids.new("rc")
    who, names = visitor(value), sorted(category.value for category in granted)
    current = current_text(now)
    text = NOTHING if current is None else current.shown(locale)
    until = store.cookies.record(
        CookieChoice(visitor=who, revision=revision, at=now, receipt_id=receipt_id, granted=names),
        CookieReceipt(
            company_id=ids.OPERATOR,
            lane=who[0],
            receipt_id=receipt_id,
            visitor=who,
            revision=revision,
            text_version=text.version,
            locale=text.locale,
            text_sha256=text.sha256,
            policy_version=policies.current(now).version,
            answer=said,
            gpc=gpc,
            at=now,
            granted=names,
        ),
    )
    return value, Standing(granted, False, gpc, until, receipt_id)


def current_text(now: int) -> ConsentText | None:
    """What is agreed to today."""
    return texts.current_text(ConsentPurpose.COOKIES, clocks.day(now))


def max_age() -> int:
    """How long a browser keeps the cookie of an answer given now, seconds."""
    return cookies.max_age(cookies.COOKIES[NAME], clock.now())


def _known(value: str | None) -> Stored[CookieChoice] | None:
    if value is None or not _SHAPE.fullmatch(value):
        return None
    return store.cookies.choice(visitor(value))


def visitor(value: str) -> str:
    """The keyed hash that the visitor with this cookie is known by."""
    return store.accounts.operator_hash("visitor", value)

"""Telling those whose data it is: the user, or the admins of the company, each in their own language.

In the transaction of what they are told of: nobody hears of what did not happen, and what cannot be told does
not happen. Closed, for the sake of the person concerned (3.1(d)). A company with more admins than fit into
one transaction has the others told right after it; every occasion has a key, so that nobody hears it twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import MemberState, User
from chalicelib.records.disclosures import Disclosed, Disclosure
from chalicelib.services import wording
from chalicelib.services.disclosures import disclosure_words, payload
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

ROWS: Final = 70
"""After so many rows of one transaction nobody more is told in it: 13 for the last, and the step's own."""

_USE = Duty.DISCLOSE
_About = Disclosure | Disclosed


class Occasion(NamedTuple):
    """What is told; ``key`` names it among everything these people are ever told."""

    kind: Kind
    template: str
    key: str
    until: int | None = None


class Telling(NamedTuple):
    """What a transaction tells: notices to hint when it is through, how many hear, whether any are left."""

    notices: list[str]
    number: int
    unfinished: bool


def add(transaction: Transaction, about: _About, occasion: Occasion) -> Telling:
    """Let a transaction tell everybody concerned, as far as they fit."""
    notices: list[str] = []
    number = rows = 0
    for user in _concerned(about):
        if rows >= ROWS:
            return Telling(notices, number, True)
        kind, template, key, until = occasion
        told = notify.add(transaction, user, kind, template, _values(about, user.locale, until), key=key)
        notices += told or []
        rows += 2 + len(told or [])
        number += 1
    return Telling(notices, number, False)


def finish(about: _About, occasion: Occasion) -> None:
    """Tell whoever has not been told of it yet.

    Raises:
        UnavailableError: some may not have been told; doing it again is safe.
    """
    kind, template, key, until = occasion
    for user in _concerned(about):
        notify.tell(user, kind, template, _values(about, user.locale, until), key=key)


def _concerned(about: _About) -> Iterator[User]:
    """The user whose data it is; of what is the company's, its active admins (the client: 2.3.2)."""
    if about.user_id is not None:
        known = store.accounts.USERS.get(company_id=about.company_id, user_id=about.user_id, use=_USE)
        if known is not None:
            yield known.value
        return
    for place in store.accounts.MEMBERS.query(about.company_id, "member#"):
        member = place.value
        if member.position is Position.ADMIN and member.state is MemberState.ACTIVE:
            known = store.accounts.USERS.get(company_id=about.company_id, user_id=member.user_id, use=_USE)
            if known is not None:
                yield known.value


def _values(about: _About, language: str, until: int | None) -> dict[str, str]:
    locale = wording.locale_of(language)
    names = payload.categories(about.concerns, about.wanted)
    values = {
        "recipient": about.recipient_name,
        "purpose": disclosure_words.of_purpose(about.purpose, locale),
        "data": disclosure_words.of_categories(names, locale),
    }
    if until is not None:
        values["until"] = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M")
    return values

"""Telling those whose data it is: the user, or the admins of the company, each in their own language.

Told before the step is on record, never after: nobody hears it twice, for every occasion has a key, and a
step that cannot be told does not happen. Closed, for the sake of the person concerned (3.1(d)).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib import store
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import MemberState, User
from chalicelib.records.disclosures import Disclosure
from chalicelib.services import notify, wording
from chalicelib.services.rights import disclosure_words, payload

_USE = Duty.DISCLOSE


def tell(case: Disclosure, kind: Kind, template: str, *, key: str, until: int | None = None) -> int:
    """Tell everybody concerned, once for each ``key``; returns how many there are.

    Raises:
        ConflictError: ``nobody_to_tell``: there is none left.
        UnavailableError: some may not have been told; doing it again is safe.
    """
    number = 0
    for user in _concerned(case):
        number += 1
        notify.tell(user, kind, template, _values(case, user.locale, until), key=key)
    if not number:
        raise ConflictError("nobody_to_tell")
    return number


def _concerned(case: Disclosure) -> Iterator[User]:
    """The user whose data it is; of what is the company's, its active admins (the client: 2.3.2)."""
    if case.user_id is not None:
        known = store.accounts.USERS.get(company_id=case.company_id, user_id=case.user_id, use=_USE)
        if known is not None:
            yield known.value
        return
    for place in store.accounts.MEMBERS.query(case.company_id, "member#"):
        member = place.value
        if member.position is Position.ADMIN and member.state is MemberState.ACTIVE:
            known = store.accounts.USERS.get(company_id=case.company_id, user_id=member.user_id, use=_USE)
            if known is not None:
                yield known.value


def _values(case: Disclosure, language: str, until: int | None) -> dict[str, str]:
    locale = wording.locale_of(language)
    names = payload.categories(case.concerns, case.wanted)
    values = {
        "recipient": case.recipient_name,
        "purpose": disclosure_words.of_purpose(case.purpose, locale),
        "data": disclosure_words.of_categories(names, locale),
    }
    if until is not None:
        values["until"] = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M")
    return values

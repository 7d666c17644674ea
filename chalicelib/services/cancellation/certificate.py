"""The certificate: what was deleted, from when nobody can read it, from when no backup holds it, and what is
still kept under which law (5.3).

It says nothing that a secret hold would make untrue: it speaks of what was deleted, and says each time that a
law may oblige us to keep something without naming it. It goes by mail to the address kept for it; its facts
are also in the company's chain, which needs no key to be checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.records.cancellation import Cancellation
from chalicelib.services import wording
from chalicelib.services.cancellation import preview
from chalicelib.services.companies.reminders import day_and_time
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.records.accounts import Notice
    from chalicelib.services.wording import Locale


def letter(one: Cancellation, gone: Mapping[str, int]) -> Notice | None:
    """The certificate of what is gone since the last one, in rows by kind, as a mail that is not stored yet;
    None when the address is gone.
    """
    address = store.cancellation.address(one.company_id)
    if address is None:
        return None
    locale = wording.locale_of(address.value.locale)
    told = bool(one.laws)
    template = "cancellation_certificate_held" if told else "cancellation_certificate"
    values = {
        "company": address.value.name,
        "number": one.cancellation_id,
        "deleted": counted(preview.by_category(gone), locale),
        "erased_at": day_and_time(one.erased_at or 0),
        "unreadable_at": day_and_time(one.unreadable_at or 0),
        "unrecoverable_at": day_and_time(one.unrecoverable_at or 0),
    }
    if told:
        values |= {
            "held": counted(preview.by_category(one.held), locale),
            "laws": "; ".join(one.laws),
            "review_at": day_and_time(one.review_at or 0),
        }
    return notify.letter(template, email=address.value.email, locale=locale, values=values)


def counted(groups: Mapping[str, int], locale: Locale) -> str:
    """Numbers by category in a reader's language, on one line, in the policy's order."""
    words = dict(
        zip(preview.GROUPS, wording.source("certificate_words.txt", locale).splitlines(), strict=True)
    )
    said = [f"{words[group]}: {rows}" for group, rows in groups.items()]
    return "; ".join(said) or words[preview.OTHER] + ": 0"

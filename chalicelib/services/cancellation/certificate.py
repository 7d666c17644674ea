"""The certificate: what was deleted, from when nobody can read it, from when no backup holds it, and what is
still kept under which law (5.3).

It says nothing that a secret hold would make untrue, and nothing that betrays one: it speaks of what was
deleted, counts what is kept as if there were only the holds that may be told of, and says each time that a
law may oblige us to keep something without naming it. It goes by mail to the address kept for it; its facts
are also in the company's chain, which needs no key to be checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy.register import Purpose
from chalicelib.records.cancellation import Act, Cancellation, CancellationState, CancellationStep
from chalicelib.services import wording
from chalicelib.services.cancellation import begin, preview
from chalicelib.services.companies.reminders import day_and_time
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.records.accounts import Notice
    from chalicelib.services.wording import Locale


RENEW_SECONDS: Final = 60 * 86_400
"""So long before it would go by itself the address is kept on, as long as a hold lasts."""


def letter(one: Cancellation) -> Notice | None:
    """The certificate of what is gone since the last one, as a mail that is not stored yet; None when the
    address is gone, or the last certificate was, for all that may be told, the last.
    """
    address = store.cancellation.address(one.company_id)
    if address is None or one.silent:
        return None
    locale = wording.locale_of(address.value.locale)
    told = bool(one.laws)
    template = "cancellation_certificate_held" if told else "cancellation_certificate"
    values = {
        "company": address.value.name,
        "number": one.cancellation_id,
        "deleted": counted(preview.by_category(gone(one)), locale),
        "erased_at": day_and_time(one.erased_at or 0),
        "unreadable_at": day_and_time(one.unreadable_at or 0),
        "unrecoverable_at": day_and_time(one.unrecoverable_at or 0),
    }
    if told:
        values |= {
            "held": counted(preview.by_category(one.told), locale),
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


def gone(one: Cancellation) -> dict[str, int]:
    """Rows that a certificate is about, by kind: first what the eraser's evidence counts, later what a hold
    had kept, whoever deleted it then (the hold's own job takes what was over, the eraser the rest).
    """
    if not one.released:
        return {kind: rows for kind, rows in one.counts.items() if rows > 0}
    since = {kind: rows - one.held.get(kind, 0) for kind, rows in one.released.items()}
    return {kind: rows for kind, rows in since.items() if rows > 0}


def waits(one: Cancellation) -> bool:
    """Whether the last mail to the address has not left yet; a read."""
    if one.notice_id is None:
        return False
    found = store.accounts.NOTICES.get(notice_id=one.notice_id, use=Purpose.CREATE_AND_LOGIN)
    return found is not None


def keep_address(company_id: str) -> bool:
    """A hold may outlive what a row is kept for: the address stays until the second certificate. Whether
    there is one; a read, and a write every 22 months.

    Raises:
        ConflictError: another execution keeps it this moment.
    """
    known = store.cancellation.address(company_id)
    if known is not None and (known.expires_at or 0) < clock.now() + RENEW_SECONDS:
        op = store.table.new_op()
        store.cancellation.ADDRESSES.replace(known, known.value, op=op, used_again=True)
    return known is not None


def released(one: Cancellation) -> tuple[Cancellation, list[CancellationStep]]:
    """The cancellation when no hold is left, and the proof of that, not stored yet: in the company's chain of
    what it was told of, in the operator's of the rest. A company whose chain has told that all is over is
    told no more.
    """
    silent = one.silent or not one.laws
    made = replace(
        one,
        state=CancellationState.ERASING,
        released=one.held if silent else one.told,
        silent=silent,
        held={},
        told={},
        laws=(),
        cursor=None,
        secret=False,
    )
    proofs = [] if silent else [begin.step(made, Act.RELEASED)]
    if silent or one.secret:
        proofs.append(begin.step(made, Act.RELEASED, counts=one.held, secretly=True))
    return made, proofs

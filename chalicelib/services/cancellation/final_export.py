"""The last chance to take the contacts along, when every account of the company is closed (5.3, clause
`stored`).

A mail to the main account's mailbox brings a page's address and a code; both are needed, no login is. The
code is a secret of 256 bits, known here by its hash alone, and dies when the erasing begins. Nothing is
stored for it: each file is read when it is fetched, in pages, and put on record in the company's chain. What
the company kept from some of its users (5.2) is in it: this is the company itself taking what is its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from hmac import compare_digest
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, openings, settings
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError, UnauthorizedError
from chalicelib.privacy import retention
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import Position
from chalicelib.records.cancellation import Act, Cancellation, CancellationState
from chalicelib.records.contacts import Contact
from chalicelib.services.cancellation import begin
from chalicelib.services.companies.reminders import day_and_time
from chalicelib.services.contacts.csv_files import CsvFile, Limits
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.records.accounts import Notice
    from chalicelib.store.table import Stored

PAGE: Final = 500
"""Contacts read in one query."""
PER_FILE: Final = 5000
"""Of which so many are opened while somebody waits for an answer."""
FETCHES: Final = 100
"""Of one company in an hour; only who has the code uses them up."""
_SECONDS: Final = int(retention.FINAL_EXPORT.total_seconds())


class Part(NamedTuple):
    """One file: its text, how many contacts are in it, and behind which one the next file begins (None: that
    was all).
    """

    text: str
    rows: int
    after: str | None


class _Everything(Limits):
    """The company takes all of it, whatever it kept from its users."""

    def allow(self, contact: Contact) -> bool:  # noqa: ARG002 - an export asks about each contact
        """Always."""
        return True


def offer(one: Cancellation) -> tuple[Cancellation, Notice | None]:
    """A fresh code, and the letter that brings it; neither is stored yet. No letter where nobody can be
    written to, and for a company whose data was stored only (4.1.1): then nothing waits for anybody either.
    """
    address = store.cancellation.address(one.company_id)
    if address is None or one.before is CompanyState.RESTRICTED:
        return replace(one, export_until=None, code_hash=None), None
    code, until = ids.secret(), clock.now() + _SECONDS
    letter = notify.letter(
        "cancellation_export",
        email=address.value.email,
        locale=address.value.locale,
        values={
            "company": address.value.name,
            "page_url": f"{settings.api_url()}/v1/companies/{one.company_id}/final-export",
            "code": code,
            "until": day_and_time(until),
        },
    )
    return replace(one, code_hash=_hash(code), export_until=until, notice_id=letter.notice_id), letter


def fetch(company_id: str, code: str, after: str | None) -> Part:
    """The file behind a contact, newest contacts first; None for the first file.

    Raises:
        UnauthorizedError: ``code_refused``, for a wrong and a late code and an unknown company alike.
        InvalidError: ``after`` is no contact's id.
        TooManyRequestsError.
    """
    known = store.cancellation.of_company(company_id)
    if known is None or not _opens(known, code):
        raise UnauthorizedError("code_refused", "This code is not valid (any more).")
    if after is not None and not ids.is_id(after, "ct"):
        raise InvalidError(errors=[FieldError("after", "malformed")])
    store.limits.take("final_export", company_id, FETCHES, clock.HOUR)
    access = store.accounts.ACCESS.get(company_id=company_id)
    if access is None:
        raise NotFoundError
    made, last = CsvFile(_Everything(access.value, Position.ADMIN, access.value.main_user_id)), after
    more = True
    while more and made.rows < PER_FILE:
        page = store.contacts.newest(company_id, PAGE, last)
        taken = [contact.value.contact_id for contact in takewhile(lambda one: made.add(one.value), page)]
        last = taken[-1] if taken else last
        if len(taken) < len(page):
            break
        more = len(page) == PAGE
    transaction = store.transaction.Transaction(store.table.new_op())
    fetched = begin.step(known.value, Act.FETCHED, counts={"contact": made.rows})
    transaction.put_new(store.cancellation.STEPS, fetched)
    transaction.check(store.cancellation.CANCELLATIONS, known)  # nothing leaves of what is being erased
    transaction.commit()
    # To whoever watches over unusual reading this is so many contacts opened.
    openings.note("contact", company_id, made.rows)
    return Part(made.text(), made.rows, last if more else None)


def _opens(known: Stored[Cancellation], code: str) -> bool:
    one = known.value
    alive = one.state is CancellationState.FROZEN and clock.now() < (one.export_until or 0)
    return compare_digest(one.code_hash or "", _hash(code)) and alive


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()

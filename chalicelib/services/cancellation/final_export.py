"""The last chance to take contacts and mail along, when every account of the company is closed (5.3, clause
`stored`).

A mail to the main account's mailbox brings a page's address and a code; both are needed, no login is. The
code is a secret of 256 bits, known here by its hash alone, and dies when the erasing begins. Nothing is
stored for it: each file is read when it is fetched (``final_files``) and put on record in the company's
chain.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError, UnauthorizedError
from chalicelib.privacy import retention
from chalicelib.privacy.consent import CompanyState
from chalicelib.records.cancellation import Act, Cancellation, CancellationState
from chalicelib.services.cancellation import begin, final_files
from chalicelib.services.cancellation.final_files import PREFIX, Part, What
from chalicelib.services.companies.reminders import day_and_time
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.records.accounts import Notice
    from chalicelib.store.table import Stored

FETCHES: Final = 1000
"""Of one company in an hour; only who has the code uses them up."""
_SECONDS: Final = int(retention.FINAL_EXPORT.total_seconds())


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


def fetch(company_id: str, code: str, what: What, after: str | None) -> Part:
    """The file behind a contact or a message, the newest first; None for the first file.

    Raises:
        UnauthorizedError: ``code_refused``, for a wrong and a late code and an unknown company alike.
        InvalidError: ``after`` is no id of such a thing.
        TooManyRequestsError.
    """
    known = store.cancellation.of_company(company_id)
    if known is None or not _opens(known, code):
        raise UnauthorizedError("code_refused", "This code is not valid (any more).")
    if after is not None and not ids.is_id(after, PREFIX[what]):
        raise InvalidError(errors=[FieldError("after", "malformed")])
    store.limits.take("final_export", company_id, FETCHES, clock.HOUR)
    access = store.accounts.ACCESS.get(company_id=company_id)
    if access is None:
        raise NotFoundError
    part = final_files.made(access.value, what, after)
    transaction = store.transaction.Transaction(store.table.new_op())
    fetched = begin.step(known.value, Act.FETCHED, counts={what.value: part.rows})
    transaction.put_new(store.cancellation.STEPS, fetched)
    transaction.check(store.cancellation.CANCELLATIONS, known)  # nothing leaves of what is being erased
    transaction.commit()
    return part


def _opens(known: Stored[Cancellation], code: str) -> bool:
    one = known.value
    alive = one.state is CancellationState.FROZEN and clock.now() < (one.export_until or 0)
    return compare_digest(one.code_hash or "", _hash(code)) and alive


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()

"""Telling those who received data that it has been corrected or erased since (GDPR 19; PDPA s22(2)).

Who received it is in the register of disclosures, for a year back. The letter names the disclosure and what
happened, and neither the person nor a value: whoever has the file knows whom it is about. What an order keeps
secret from the person is no secret from who received it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses
from chalicelib.records.requests import Request, RequestAct
from chalicelib.services.notifications import notify
from chalicelib.services.requests import answers, steps

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

MAX_TOLD: Final = 20
"""Recipients told in one transaction; there are a handful a year of one person."""

What = Literal["corrected", "erased"]


class Recipient(NamedTuple):
    """Somebody who received it, and whether a letter is on its way: else somebody has to tell them."""

    disclosure_id: str
    name: str
    contact: str
    told: bool


def of(request: Request) -> list[Recipient]:
    """Who received data of the account in the year before the request, each disclosure once."""
    if request.company_id is None or request.user_id is None:
        return []
    since = answers.year_before(request)
    found = [one.value for one in store.disclosures.of_subject(request.company_id, request.user_id, since)]
    return [
        Recipient(
            one.disclosure_id,
            one.recipient_name,
            one.recipient_contact,
            number < MAX_TOLD and _is_address(one.recipient_contact),
        )
        for number, one in enumerate(found)
    ]


def tell(
    transaction: Transaction,
    request: Request,
    found: list[Recipient],
    what: What,
    staff_id: str | None = None,
) -> list[str]:
    """Let a transaction write to them; the notices to be hinted once it is through."""
    notices = []
    for one in found:
        if not one.told:
            continue
        values = {"disclosure": one.disclosure_id}
        notice = notify.letter(f"recipient_{what}", email=one.contact, locale="en", values=values)
        transaction.put_new(store.accounts.NOTICES, notice)
        notices.append(notice.notice_id)
        steps.note(
            transaction,
            request,
            RequestAct.RECIPIENT_TOLD,
            staff_id=staff_id,
            concerns_id=one.disclosure_id,
        )
    return notices


def _is_address(contact: str) -> bool:
    try:
        addresses.parse(contact)
    except ValueError:
        return False
    return True

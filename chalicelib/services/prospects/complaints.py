"""A company passes on what a person said about being shared (appendix 2.1.3), and the withdrawal begins.

Only a company that shared or received the person can: for anybody else there is no such prospect. The record
of the complaint is written first, so that none is lost when what follows fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.register import Duty
from chalicelib.records.agreements import (
    ProspectComplaint,
    ProspectEvidence,
    ProspectStep,
    WithdrawalWhy,
)
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.prospects import withdrawal
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once

_USE = Duty.ANSWER_REQUEST


def pass_on(
    who: Principal,
    prospect_id: str,
    why: WithdrawalWhy,
    *,
    received_at: int | None,
    details: str | None,
    repeat: Repeat | None,
) -> ProspectComplaint:
    """Put it on record, in the company's own chain as well, and withdraw the person everywhere. Repeating it
    with the same key goes on where it was interrupted.

    Raises:
        NotFoundError: this company neither shared nor received them.
        UnavailableError: nobody knows whether it has begun; sending it again is safe.
    """

    def make(once: Once | None) -> ProspectComplaint:
        email = _address(who, prospect_id)
        now = clock.now()
        made = ProspectComplaint(
            company_id=who.company_id,
            complaint_id=ids.new("cmp"),
            prospect_id=prospect_id,
            wish=why,
            passed_on_by=who.user_id,
            passed_on_at=now,
            came_at=now if received_at is None else received_at,
            details=details,
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.agreements.COMPLAINTS, made)
        transaction.put_new(store.agreements.EVIDENCE, _evidence(made))
        if once is not None:
            once.add_to(transaction, made.complaint_id)
        transaction.commit()
        return _withdraw(made, email)

    def again(complaint_id: str) -> ProspectComplaint:
        known = store.agreements.COMPLAINTS.get(
            company_id=who.company_id, complaint_id=complaint_id, use=_USE
        )
        if known is None:
            raise ConflictError("gone", "What this key made has been deleted since.")
        return _withdraw(known.value, None)

    return repeats.once(who, repeat, again, make)


def _withdraw(made: ProspectComplaint, email: str | None) -> ProspectComplaint:
    withdrawal.begin(made.prospect_id, made.wish, email=email, by=made.passed_on_by, matter=made.complaint_id)
    return made


def _address(who: Principal, prospect_id: str) -> str | None:
    """The person's address as the company's own contact has it that was made of the prospect: the shared
    record may be over already. Two reads in one call, and one where there is such a contact.

    Raises:
        NotFoundError: this company has nothing to do with them.
    """
    key: dict[str, Any] = {"prospect_id": prospect_id, "company_id": who.company_id}
    found: list[Any] = store.table.get_together((store.prospects.SHARES, key), (store.prospects.HOLDERS, key))
    share, holder = found
    if share is None and holder is None:
        raise NotFoundError
    if holder is None or holder.value.contact_id is None:
        return None
    contact = store.contacts.get(who.company_id, holder.value.contact_id)
    if contact is None or contact.value.email is None:
        return None
    address: str = contact.value.email
    # A company can change its contact: only the address that leads to this very person says who it is.
    same = store.prospects.prospect_id(addresses.parse(address).person) == prospect_id
    return address if same else None


def _evidence(made: ProspectComplaint) -> ProspectEvidence:
    return ProspectEvidence(
        company_id=made.company_id,
        entry_id=ids.new("evd"),
        act=ProspectStep.COMPLAINED,
        at=made.passed_on_at,
        matter_id=made.complaint_id,
        by_id=made.passed_on_by,
        prospect_id=made.prospect_id,
        why=made.wish,
        received_at=made.came_at,
    )

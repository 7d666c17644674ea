"""A company passes on what a person said about being shared (appendix 2.1.3), and the withdrawal begins;
staff read it and close it (8).

Only a company that shared or received the person can: for anybody else there is no such prospect. The record
of the complaint is written first, so that none is lost when what follows fails. What a company says is taken
for true at once, for the person's sake; so that nobody empties the base with it, there is a limit of a day,
no credit comes back for it, and staff see who said it of how many.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.register import Duty
from chalicelib.records.agreements import (
    OpenProspectComplaint,
    ProspectComplaint,
    ProspectEvidence,
    ProspectStep,
    WithdrawalWhy,
)
from chalicelib.records.prospects import Holder
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.prospects import withdrawal
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored

PER_DAY: Final = 20
"""Complaints of a company. Who has more to pass on writes to the address of section 11."""
CONTACTS_LOOKED_AT: Final = 10
"""Contacts of one person among which the one made of the prospect is looked for."""
_DAY: Final = 24 * clock.HOUR
_USE = Duty.ANSWER_REQUEST


class _Party:
    """How a company is concerned: what it has left of the person."""

    def __init__(self, email: str | None, lost: Holder | None) -> None:
        self.email = email
        self.lost = lost
        """A note of having received them, to be written anew so that the withdrawal comes to what is left."""


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
        TooManyRequestsError: it has passed on too many today.
        UnavailableError: nobody knows whether it has begun; sending it again is safe.
    """

    def make(once: Once | None) -> ProspectComplaint:
        store.limits.take("prospect-complaints", who.company_id, PER_DAY, _DAY)
        party = _party(who, prospect_id)
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
        transaction.put_new(store.agreements.OPEN_COMPLAINTS, _line(made))
        transaction.put_new(store.agreements.EVIDENCE, _evidence(made))
        if party.lost is not None:
            transaction.put_new(store.prospects.HOLDERS, party.lost)
        if once is not None:
            once.add_to(transaction, made.complaint_id)
        transaction.commit()
        return _withdraw(made, party.email)

    def again(complaint_id: str) -> ProspectComplaint:
        known = store.agreements.COMPLAINTS.get(complaint_id=complaint_id, use=_USE)
        if known is None or known.value.company_id != who.company_id:
            raise ConflictError("gone", "What this key made has been deleted since.")
        return _withdraw(known.value, None)

    return repeats.once(who, repeat, again, make)


def _withdraw(made: ProspectComplaint, email: str | None) -> ProspectComplaint:
    withdrawal.begin(
        made.prospect_id,
        made.wish,
        email=email,
        by=made.passed_on_by,
        matter=made.complaint_id,
        company_id=made.company_id,
    )
    return made


def _party(who: Principal, prospect_id: str) -> _Party:
    """The company's part in it, with the person's address as its own contact has it that was made of the
    prospect: the shared record may be over already. A read or two where it shares or holds them; else whether
    it once did: what a reveal or a notice left, then its own list of shares, a query for each MB.

    Raises:
        NotFoundError: this company has nothing to do with them.
    """
    key: dict[str, Any] = {"prospect_id": prospect_id, "company_id": who.company_id}
    found: list[Any] = store.table.get_together(
        (store.prospects.SHARES, key), (store.prospects.HOLDERS, key), (store.prospects.REVEALS, key)
    )
    share, holder, reveal = found
    if holder is not None:
        return _Party(_address(who, prospect_id, holder.value.contact_id), None)
    person = store.standing.informed_person(who.company_id, prospect_id)
    if reveal is None and person is None:
        if share is None and not _has_shared(who, prospect_id):
            raise NotFoundError
        return _Party(None, None)
    contact_id = None if reveal is None else reveal.value.contact_id
    if contact_id is None and person is not None:
        contact_id = _made_of(who.company_id, person, prospect_id)
    lost = Holder(
        prospect_id=prospect_id,
        company_id=who.company_id,
        since=clock.now(),
        transfer="",
        stocked=False,
        added=False,
        contact_id=contact_id,
    )
    return _Party(_address(who, prospect_id, contact_id), lost)


def _made_of(company_id: str, person: str, prospect_id: str) -> str | None:
    """The contact made of a prospect whose note of being held is over. One query of the index."""
    mine = store.contacts.of_person(company_id, person, CONTACTS_LOOKED_AT)
    return next((one.value.contact_id for one in mine if one.value.prospect_id == prospect_id), None)


def _has_shared(who: Principal, prospect_id: str) -> bool:
    """Whether a share of the company's names them, also one that it took back."""
    shares = store.agreements.SHARINGS.query(f"{who.company_id}#shares", "shr_", newest_first=True)
    return any(one.partition(":")[2] == prospect_id for known in shares for one in known.value.prospects)


def _address(who: Principal, prospect_id: str, contact_id: str | None) -> str | None:
    contact = None if contact_id is None else store.contacts.get(who.company_id, contact_id)
    if contact is None or contact.value.email is None:
        return None
    address: str = contact.value.email
    # A company can change its contact: only the address that leads to this very person says who it is.
    same = store.prospects.prospect_id(addresses.parse(address).person) == prospect_id
    return address if same else None


def _line(made: ProspectComplaint) -> OpenProspectComplaint:
    return OpenProspectComplaint(
        due_at=max(made.due_at, 0),
        complaint_id=made.complaint_id,
        company_id=made.company_id,
        prospect_id=made.prospect_id,
        wish=made.wish,
        passed_on_at=made.passed_on_at,
        came_at=made.came_at,
    )


def _evidence(made: ProspectComplaint) -> ProspectEvidence:
    return ProspectEvidence(
        company_id=made.company_id,
        entry_id=ids.new("evd"),
        act=ProspectStep.COMPLAINED,
        at=made.passed_on_at,
        matter_id=made.complaint_id,
        by_id=made.passed_on_by,
        prospect_id=made.prospect_id,
        person=made.prospect_id,
        why=made.wish,
        wish=withdrawal.WISH[made.wish],
        received_at=made.came_at,
    )


# -- the desk -----------------------------------------------------------------------------------------


def page(limit: int, after: tuple[int, str] | None) -> list[OpenProspectComplaint]:
    """What waits for staff, the first due first; nothing personal. One query."""
    return store.agreements.open_complaints(limit, after)


def read(complaint_id: str, *, by: str) -> ProspectComplaint:
    """What the person said, to answer for it: that somebody of the staff read it is on record.

    Raises:
        NotFoundError: no such complaint.
    """
    known = _known(complaint_id)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.check(store.agreements.COMPLAINTS, known)
    transaction.put_new(store.agreements.EVIDENCE, _step(known.value, ProspectStep.COMPLAINT_READ, by))
    transaction.commit()
    return known.value


def close(complaint_id: str, note: str, *, by: str) -> ProspectComplaint:
    """Note what was done about it, which takes it off the list. The withdrawal does not depend on it.

    Raises:
        NotFoundError: no such complaint.
        ConflictError: ``not_open``, somebody has closed it.
    """
    known = _known(complaint_id)
    if known.value.closed_at is not None:
        raise ConflictError("not_open", "This complaint is closed.")
    closed = replace(known.value, closed_at=clock.now(), closed_by=by, note=note)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.agreements.COMPLAINTS, known, closed, used_again=True)
    line = store.agreements.OPEN_COMPLAINTS.get(due_at=_line(known.value).due_at, complaint_id=complaint_id)
    if line is not None:
        transaction.delete(store.agreements.OPEN_COMPLAINTS, line)
    transaction.put_new(store.agreements.EVIDENCE, _step(closed, ProspectStep.COMPLAINT_CLOSED, by))
    transaction.commit()
    return closed


def _known(complaint_id: str) -> Stored[ProspectComplaint]:
    known = store.agreements.COMPLAINTS.get(complaint_id=complaint_id, use=_USE)
    if known is None:
        raise NotFoundError
    return known


def _step(one: ProspectComplaint, act: ProspectStep, by: str) -> ProspectEvidence:
    """In our own chain: it is our work. Without the reason, which would make it a withdrawal's."""
    return ProspectEvidence(
        company_id=ids.OPERATOR,
        entry_id=ids.new("evd"),
        act=act,
        at=clock.now(),
        matter_id=one.complaint_id,
        by_id=by,
        prospect_id=one.prospect_id,
    )

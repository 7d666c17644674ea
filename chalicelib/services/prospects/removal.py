"""What a withdrawal does in one company (appendix 2.1.3; 2.3.2): what came through the base goes, what is the
company's own stays, and its admins hear of it once.

In one transaction: the contact that was made of the prospect, the note of having received them, what the
reveal left, the stop that keeps the address from being imported again, and the evidence. So a company is done
or not begun. Before it the admins are told, a credit is given back, what AI was asked about them and files of
contacts go, each of which happens once by itself. A contact that was not made of the prospect is the
company's own copy: it is its controller, and judges. So is one that has become somebody else: another address
and another name. Another address alone is the same person with a new one, and goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Duty
from chalicelib.records.agreements import ProspectEvidence, ProspectStep, Withdrawal, WithdrawalWhy
from chalicelib.services.companies import admins
from chalicelib.services.contacts import export_work
from chalicelib.services.erasure import pages, suppression
from chalicelib.services.erasure import prospects as traces
from chalicelib.services.erasure.pages import Range
from chalicelib.services.keeping.keeping import Keeping
from chalicelib.services.prospects import informing, reveals, withdrawal

if TYPE_CHECKING:
    from chalicelib.records.prospects import Holder, Share
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

OWN_NAMED: Final = 5
"""Contacts of its own that a company is told of; there is one, or a handful."""

_WHY: Final = MappingProxyType(
    {
        WithdrawalWhy.OBJECTION: ("objected to being in it", "反对被收录"),
        WithdrawalWhy.COMPLAINT: ("complained about it", "提出了投诉"),
        WithdrawalWhy.ERASURE: ("asked to be erased", "要求删除其数据"),
    }
)
_NONE: Final = ("none that we know of", "未发现")


@dataclass(slots=True)
class Party:
    """A company that shared somebody, received them, or both."""

    company_id: str
    share: Stored[Share] | None = None
    holder: Stored[Holder] | None = None


def take_from(work: Withdrawal, party: Party) -> None:
    """Take the person away from one company and tell its admins. A dozen reads, one transaction, and a
    transaction for each admin. Repeatable: the telling is keyed, and the rest is done once.

    Raises:
        RetryLaterError, UnavailableError: this company is to be done again.
    """
    try:
        person = _person(work, party.company_id)
    except store.vault.KeyMissingError:
        # Its keys were destroyed, so nobody can read what it had, or be told: only what leads there is left.
        transaction = store.transaction.Transaction(store.table.new_op())
        _leave(transaction, work, party)
        _commit(transaction)
        return
    contact = _contact_of(work, party)
    person = person or store.standing.informed_person(party.company_id, work.prospect_id)
    person = person or (None if contact is None else contact.plain.get("person"))
    own = [] if person is None else _own(party, person, contact)
    other = [] if contact is None or not _is_another(work, contact, person) else [contact]
    contact = None if other else contact
    _tell(work, party, [*own, *(one.sk.removeprefix("contact#") for one in other)])
    # Whoever complained has no credit back: complaining would be a way to reveal for nothing.
    owed = party.holder is not None and party.company_id not in work.complained
    refunded = owed and _refund(party.company_id, work.prospect_id)
    keeping = Keeping(party.company_id)
    if party.holder is not None and not own:
        _drop_texts(party.company_id, person, keeping)
        if party.holder.value.contact_id is not None:
            export_work.drop_all(party.company_id)  # whoever asked for a file asks again
    held = contact is not None and keeping.about(None, contact.plain.get("person"))
    if contact is not None and held:
        _put_away(contact)
    now = clock.now()
    transaction = store.transaction.Transaction(store.table.new_op())
    counts = {
        "shared": int(party.share is not None),
        "received": int(party.holder is not None),
        "contact": int(contact is not None and not held),
        "held": int(held),
        "own_copies": len(own),
        "others": len(other),
        "refunded": int(refunded),
    }
    counts |= _leave(transaction, work, party)
    if contact is not None and not held:
        transaction.remove(contact)
    if party.holder is not None and person is not None and not own:
        suppression.add(transaction, party.company_id, person, now)
    entry = ProspectEvidence(
        company_id=party.company_id,
        entry_id=ids.new("evd"),
        act=ProspectStep.WITHDRAWN,
        at=now,
        matter_id=work.withdrawal_id,
        prospect_id=work.prospect_id,
        why=work.why,
        counts=counts,
    )
    transaction.put_new(store.agreements.EVIDENCE, entry)
    _commit(transaction)


def _person(work: Withdrawal, company_id: str) -> str | None:
    """The person as this company's rows know them. Raises KeyMissingError."""
    canonical = "" if work.email is None else addresses.parse(work.email).person
    found = store.standing.person(company_id, canonical)
    return found if canonical else None


def _contact_of(work: Withdrawal, party: Party) -> Any:
    """The contact that was made of the prospect, unopened; None when there is none any more."""
    if party.holder is None or party.holder.value.contact_id is None:
        return None
    rows = store.contacts.CONTACTS
    pk, sk = rows.place(company_id=party.company_id, contact_id=party.holder.value.contact_id)
    found = [row for row in store.erasure.under(rows.model, pk, sk, limit=1) if row.sk == sk]
    made = [row for row in found if row.plain.get("prospect_id") == work.prospect_id]
    return made[0] if made else None


def _own(party: Party, person: str, made: Any) -> list[str]:
    """Contacts of this person that the company has from elsewhere. One query of the index, keys only."""
    places = store.erasure.of_person(party.company_id, person, "contact#", limit=OWN_NAMED + 1)
    return [one.removeprefix("contact#") for one in places if made is None or one != made.sk][:OWN_NAMED]


def _is_another(work: Withdrawal, contact: Any, person: str | None) -> bool:
    """Whether a contact was written over with somebody else since. Closed for who leaves: where nobody can
    say what they were called, it is them.
    """
    theirs = contact.plain.get("person")
    if person is None or theirs is None or theirs == person or not work.called:
        return False
    known = store.contacts.CONTACTS.decode(contact, Duty.ERASE)
    return withdrawal.name_hash(known.value.name) not in work.called


def _drop_texts(company_id: str, person: str | None, keeping: Keeping) -> None:
    """What AI was asked about them and answered. Where the company has its own copy of the person it may be
    of that, and stays.
    """
    where = None if person is None else Range(company_id, person, "", None, keeping)
    try:
        while where is not None and (page := traces.ai_jobs(where)) is not None:
            pages.take(page)
            where = replace(where, after=page.until)
    except ConflictError:
        raise RetryLaterError from None


def _refund(company_id: str, prospect_id: str) -> bool:
    """Before what was revealed goes, which names what paid for it; the entry itself says that it is back."""
    try:
        return reveals.refund(company_id, prospect_id)
    except ConflictError:
        raise RetryLaterError from None


def _put_away(contact: Any) -> None:
    """Out of everybody's sight, for the hold alone (4.1.2(d))."""
    try:
        store.erasure.put_aside(store.erasure.WORKSPACE, [(contact.pk, contact.sk)])
    except ConflictError:
        raise RetryLaterError from None


def _leave(transaction: Transaction, work: Withdrawal, party: Party) -> dict[str, int]:
    """Let the transaction end that the company shared, received or works on them."""
    if party.share is not None:
        transaction.delete(store.prospects.SHARES, party.share)
    if party.holder is None:
        return {}
    transaction.delete(store.prospects.HOLDERS, party.holder)
    informing.leave(transaction, party.company_id, work.prospect_id)
    revealed = store.prospects.REVEALS.get(company_id=party.company_id, prospect_id=work.prospect_id)
    if revealed is None:
        return {"revealed": 0}
    transaction.delete(store.prospects.REVEALS, revealed)
    if revealed.value.claimed_by is not None:
        claim = {"company_id": party.company_id, "user_id": revealed.value.claimed_by}
        store.erasure.delete(
            store.prospects.CLAIMS.model,
            [store.prospects.CLAIMS.place(**claim, prospect_id=work.prospect_id)],
        )
    return {"revealed": 1}


def _commit(transaction: Transaction) -> None:
    try:
        transaction.commit()
    except ConflictError:
        raise RetryLaterError from None


def _tell(work: Withdrawal, party: Party, own: list[str]) -> None:
    """Before anything goes: told twice is prevented by the key, told never by the order."""
    template = "prospect_withdrawn" if party.holder is not None else "prospect_withdrawn_sharer"

    def values(locale: str) -> dict[str, str]:
        language = int(locale.startswith("zh"))
        return {
            "prospect": work.prospect_id,
            "why": _WHY[work.why][language],
            "own": ", ".join(own) or _NONE[language],
        }

    admins.tell(party.company_id, Kind.REQUEST, template, values, key=f"withdrawn-{work.withdrawal_id}")


def tell_taken_back(work: Withdrawal, company_id: str) -> None:
    """Tell a company's admins that nobody vouches any more for somebody whom it received; once.

    Raises:
        UnavailableError: to be done again.
    """
    try:
        admins.tell(
            company_id,
            Kind.REQUEST,
            "prospect_taken_back",
            {"prospect": work.prospect_id},
            key=f"taken-back-{work.withdrawal_id}",
        )
    except store.vault.KeyMissingError:
        return  # nobody is left there to be told

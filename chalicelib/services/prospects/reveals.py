"""Revealing a prospect to a company: once for a credit, from then on for nothing.

Everything that follows from it is one transaction: the credit, the note that the company has the prospect,
the transfer and its ground, the notice that it owes the person. It depends on the records that are shown, so
nobody pays for somebody who was withdrawn that moment, and nobody who was withdrawn is given away. Closed:
whatever cannot be read or written reveals nothing and costs nothing; twenty clicks at once are one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.transfer_texts import TransferText
from chalicelib.records.prospects import Holder, Reveal, Share
from chalicelib.records.standing import Informed
from chalicelib.services import repeats
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.erasure import suppression
from chalicelib.services.prospects import credit, informing, known, saving, transfers
from chalicelib.services.prospects.known import Known
from chalicelib.services.prospects.transfers import Passage
from chalicelib.services.repeats import Repeat
from chalicelib.services.requests import objections

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 20
"""A company's credits are spent one after the other: so many of its people at once still get through."""
_LONGEST: Final = 5
"""Waits between tries grow up to here: 0.6 s."""


class Revealed(NamedTuple):
    """A prospect as a company has it."""

    prospect: Known
    reveal: Reveal
    holder: Holder
    charged: bool
    """Whether this very request took the credit."""
    share: Share | None
    """The first share, where users shared the prospect."""
    advice: TransferText
    notice_due_at: int | None
    """Until when the company must have told the person; None: it has, or there is nobody to tell."""
    contact_id: str | None = None


class _Held(NamedTuple):
    """What a company's own rows say about a prospect."""

    reveal: Stored[Reveal] | None
    holder: Stored[Holder] | None


def reveal(who: Principal, prospect_id: str, repeat: Repeat | None, *, save: bool = False) -> Revealed:
    """Show a prospect to the company, for one credit the first time; ``save`` makes a contact of it.

    Raises:
        NotFoundError: unknown, expired or withdrawn, or they objected or had themselves erased here, all
            alike.
        RefusedError: no ground for the transfer (`cross-border`); contacts may not be written.
        PaymentRequiredError, TooManyRequestsError: as `credit.spend`.
        UnavailableError: nothing was charged, or repeating shows it for nothing.
    """
    if save:
        sessions.permit(who, Permission.CONTACTS_WRITE)
    found = repeats.once(
        who, repeat, lambda made: _reveal(who, made, None), lambda once: _reveal(who, prospect_id, once)
    )
    if not save:
        return found
    return found._replace(contact_id=saving.save(who, found.prospect))


def refund(company_id: str, prospect_id: str) -> bool:
    """Give back the credit for a prospect that is withdrawn within 30 days of having been paid for; whether
    this call did it. To be called before the company's `Reveal` is deleted: it names the entry. Repeatable.

    Raises:
        ConflictError, UnavailableError: to be repeated.
    """
    found = store.prospects.REVEALS.get(company_id=company_id, prospect_id=prospect_id)
    if found is None:
        return False
    until = found.value.revealed_at + int(credit.REFUND_WITHIN.total_seconds())
    return clock.now() < until and credit.give_back(company_id, found.value.entry_id)


def _reveal(who: Principal, prospect_id: str, once: Once | None) -> Revealed:
    for attempt in range(TRIES):
        prospect = known.read(prospect_id)
        if not prospect.found:
            raise NotFoundError
        held = _held(who.company_id, prospect_id)
        try:
            if held.reveal is None:
                return _buy(who, prospect, held, once)
            return _again(who, prospect, held.reveal, held.holder)
        except ConflictError:
            # A colleague spent a credit, clicked first, or the prospect changed: look at all of it anew.
            store.failures.backoff(min(attempt, _LONGEST))
    raise UnavailableError


def _buy(who: Principal, prospect: Known, held: _Held, once: Once | None) -> Revealed:
    """The first time: everything or nothing."""
    passage = transfers.passage(who.company_id)
    ground = transfers.require(passage, prospect.origin)
    _refuse(who.company_id, prospect)
    account, now = credit.account(who.company_id), clock.now()
    transaction = store.transaction.Transaction(store.table.new_op())
    made = Reveal(
        company_id=who.company_id,
        prospect_id=prospect.prospect_id,
        revealed_by=who.user_id,
        revealed_at=now,
        entry_id=credit.spend(transaction, account, who.user_id),
    )
    transaction.put_new(store.prospects.REVEALS, made)
    holder = _receive(transaction, passage, prospect, held.holder)
    transfers.prove(transaction, passage, prospect.prospect_id, prospect.origin, ground)
    due = None
    if (canonical := prospect.canonical) is not None:
        due = informing.begin(
            transaction,
            who.company_id,
            canonical,
            prospect.prospect_id,
            now,
            stocked=holder.stocked,
            added=holder.added,
        )
    prospect.check(transaction)
    if once is not None:
        once.add_to(transaction, prospect.prospect_id)
    transaction.commit()
    return Revealed(prospect, made, holder, True, _share(prospect), transfers.advice(), due)


def _again(
    who: Principal, prospect: Known, reveal: Stored[Reveal], holder: Stored[Holder] | None
) -> Revealed:
    """Once more, for nothing. What has come to the prospect since, or a ground that has changed because the
    company moved, is a transfer of its own and goes on record.
    """
    passage = transfers.passage(who.company_id)
    ground = transfers.require(passage, prospect.origin)
    _refuse(who.company_id, prospect)
    now = _as_held(passage, prospect, None if holder is None else holder.value)
    if holder is None or now != holder.value:
        transaction = store.transaction.Transaction(store.table.new_op())
        _receive(transaction, passage, prospect, holder)
        transfers.prove(transaction, passage, prospect.prospect_id, prospect.origin, ground)
        prospect.check(transaction)
        transaction.commit()
    return Revealed(
        prospect,
        reveal.value,
        now,
        False,
        _share(prospect),
        transfers.advice(),
        _due(who.company_id, prospect),
        reveal.value.contact_id,
    )


def _held(company_id: str, prospect_id: str) -> _Held:
    """The company's own rows; one call, two reads."""
    key = {"company_id": company_id, "prospect_id": prospect_id}
    return _Held(*store.table.get_together((store.prospects.REVEALS, key), (store.prospects.HOLDERS, key)))


def _receive(
    transaction: Transaction, passage: Passage, prospect: Known, holder: Stored[Holder] | None
) -> Holder:
    """Let a transaction note that the company has the prospect, and which records of it."""
    now = _as_held(passage, prospect, None if holder is None else holder.value)
    if holder is None:
        transaction.put_new(store.prospects.HOLDERS, now)
    else:
        transaction.replace(store.prospects.HOLDERS, holder, now)
    return now


def _as_held(passage: Passage, prospect: Known, before: Holder | None) -> Holder:
    stocked, added = prospect.stocked is not None, prospect.added is not None
    ground = transfers.require(passage, prospect.origin).value
    if before is None:
        return Holder(
            prospect_id=prospect.prospect_id,
            company_id=passage.company_id,
            since=clock.now(),
            transfer=ground,
            stocked=stocked,
            added=added,
        )
    return replace(before, transfer=ground, stocked=before.stocked or stocked, added=before.added or added)


def _refuse(company_id: str, prospect: Known) -> None:
    """Nobody is given who objected to our using them, nor to a company that had to forget them.

    The withdrawal of the first takes them out of the base; this is for the moment before it has. Both are
    answered as somebody who is not there: a masked line must not say that its person had themselves erased.
    """
    if prospect.email is None or prospect.canonical is None:
        return
    if objections.stands(prospect.email):
        raise NotFoundError
    person = store.standing.person(company_id, prospect.canonical)
    if suppression.suppressed(company_id, [person]):
        raise NotFoundError


def _share(prospect: Known) -> Share | None:
    return None if prospect.added is None else known.first_share(prospect.prospect_id)


def _due(company_id: str, prospect: Known) -> int | None:
    if prospect.canonical is None:
        return None
    person = store.standing.person(company_id, prospect.canonical)
    owed = store.standing.INFORMING.get(company_id=company_id, person=person)
    return None if owed is None or owed.value.state is not Informed.DUE else owed.value.due_at

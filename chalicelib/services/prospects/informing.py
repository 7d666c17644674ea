"""Telling people that a company has received their data from the base (GDPR 14; clause `joint-duties`).

Whoever receives a prospect owes them a notice: within a month, and with the first message at the latest
(14(3)(a), (b)). Until it is given, or one of the law's exemptions is on record, no message of the company to
them is taken (`services.mail.messages`) and none leaves (`services.mail.sending`), but one that carries the
notice itself. Closed, for the prospect's sake: what cannot be read counts as not told, and when nobody knows
whether a mail left they may be told twice. A mail that came back has told nobody.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError, RetryLaterError
from chalicelib.privacy import clocks
from chalicelib.privacy.clocks import Calendar
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.retention import Months
from chalicelib.records.messages import Delivery
from chalicelib.records.standing import (
    Exemption,
    Informed,
    InformedHow,
    Informing,
    InformingLine,
    InformingProof,
)
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import admins, reminders

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

WITHIN: Final = Months(1)
"""14(3)(a): within a reasonable period, at the latest within one month."""
TRIES: Final = 5
_AHEAD: Final = timedelta(minutes=5)
"""A client's clock may be ahead of ours by this much."""


def begin(
    transaction: Transaction,
    company_id: str,
    canonical_address: str,
    prospect_id: str,
    at: int,
    *,
    stocked: bool = True,
    added: bool = True,
) -> int | None:
    """Let a transaction note that the company owes this person a notice, unless it is on record already; by
    when, epoch seconds, None when they have been told or need not be. ``stocked`` and ``added`` say where
    they came from, for the notice's own words; who does not know says both. A read unit; 6 write units.

    The transaction fails with `ConflictError` when another one notes the same this moment.

    Raises:
        UnavailableError: nobody could say.
    """
    person = store.standing.person(company_id, canonical_address)
    known = store.standing.INFORMING.get(company_id=company_id, person=person)
    if known is not None:
        return known.value.due_at if known.value.state is Informed.DUE else None
    due_at = clocks.moved(at, WITHIN, Calendar.UTC)
    row = Informing(
        company_id=company_id,
        person=person,
        prospect_id=prospect_id,
        due_at=due_at,
        stocked=stocked,
        added=added,
        state=Informed.DUE,
    )
    line = InformingLine(
        company_id=company_id,
        place=store.standing.DUE,
        prospect_id=prospect_id,
        person=person,
        due_at=due_at,
    )
    transaction.put_new(store.standing.INFORMING, row)
    transaction.put_new(store.standing.TO_INFORM, line)
    return due_at


class Told(NamedTuple):
    """What a company says about a person that it has told itself, or need not tell."""

    how: InformedHow
    ground: Exemption | None
    at: int | None
    """When they were told, epoch seconds; None: now."""


def record(who: Principal, prospect_id: str, told: Told) -> Informing:
    """Note that the company has told a person by other means, or which exemption of 14(5) it relies on. The
    evidence joins the company's chain. Repeating it changes nothing, and nobody is untold again.

    Raises:
        NotFoundError: the company has not received this prospect.
        InvalidError: a moment to come, an exemption without its ground, a ground without an exemption.
    """
    now = clock.now()
    exempt = told.how is InformedHow.EXEMPT
    if exempt and told.ground is None:
        raise InvalidError(errors=[FieldError("ground", "missing")])
    if not exempt and told.ground is not None:
        raise InvalidError(errors=[FieldError("ground", "only_for_exempt")])
    if told.at is not None and told.at > now + int(_AHEAD.total_seconds()):
        raise InvalidError(errors=[FieldError("at", "in_the_future")])
    line = _line(who.company_id, prospect_id)
    if line is None:
        raise NotFoundError
    at = now if told.at is None else min(told.at, now)
    after = _settle(who.company_id, line.value.person, told.how, by=who.user_id, at=at, ground=told.ground)
    if after is None:
        raise NotFoundError
    return after


def by_message(delivery: Delivery) -> None:
    """Note that a mail with the notice has left: SES took it, or says so later. Repeatable, and once; whose
    message it was the message says.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    _settle(
        delivery.company_id,
        delivery.person,
        InformedHow.IN_MESSAGE,
        by=None,
        at=delivery.sent_at or clock.now(),
        message_id=delivery.message_id,
    )


def came_back(delivery: Delivery) -> None:
    """Note that the mail which had told a person reached nobody: they are owed the notice again, by the same
    date, and a second entry of the chain says why. Repeatable, and once; what told them another way stays.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    company_id, person = delivery.company_id, delivery.person
    for _ in range(TRIES):
        known = store.standing.INFORMING.get(company_id=company_id, person=person)
        if known is None or known.value.state is not Informed.GIVEN or known.value.receipt is None:
            return
        owed = known.value
        told = store.standing.INFORMING_PROOFS.get(company_id=company_id, who=person, entry_id=owed.receipt)
        if told is None or told.value.message_id != delivery.message_id:
            return
        entry_id = ids.new("inf")
        proof = replace(told.value, entry_id=entry_id, how=InformedHow.BOUNCED, at=clock.now())
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.standing.INFORMING_PROOFS, proof)
        line = _in_list(store.standing.DONE, company_id, owed.prospect_id)
        if line is None:
            # Withdrawn since: the company holds nothing to tell of, as in `leave`.
            transaction.delete(store.standing.INFORMING, known)
        else:
            due = replace(owed, state=Informed.DUE, how=None, at=None, receipt=entry_id)
            transaction.replace(store.standing.INFORMING, known, due)
            transaction.delete(store.standing.TO_INFORM, line)
            again = replace(line.value, place=store.standing.DUE, reminded=False)
            transaction.put_new(store.standing.TO_INFORM, again)
        try:
            transaction.commit()
        except ConflictError:
            continue
        return
    raise RetryLaterError


def _settle(
    company_id: str,
    person: str,
    how: InformedHow,
    *,
    by: str | None,
    at: int,
    ground: Exemption | None = None,
    message_id: str | None = None,
) -> Informing | None:
    for _ in range(TRIES):
        known = store.standing.INFORMING.get(company_id=company_id, person=person)
        if known is None:
            return None  # erased since: nobody is left to be told
        owed = known.value
        exempt = how is InformedHow.EXEMPT
        same = owed.how is how and owed.ground is ground
        if owed.state is Informed.GIVEN or (exempt and owed.state is Informed.EXEMPT and same):
            return owed
        entry_id = ids.new("inf")
        after = replace(
            owed,
            state=Informed.EXEMPT if exempt else Informed.GIVEN,
            how=how,
            ground=ground,
            by=by,
            at=at,
            receipt=entry_id,
        )
        proof = InformingProof(
            company_id=company_id,
            entry_id=entry_id,
            who=person,
            prospect_id=owed.prospect_id,
            due_at=owed.due_at,
            how=how,
            ground=ground,
            by=by,
            message_id=message_id,
            told_at=at,
            at=clock.now(),
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.standing.INFORMING_PROOFS, proof)
        transaction.replace(store.standing.INFORMING, known, after)
        line = _in_list(store.standing.DUE, company_id, owed.prospect_id)
        if line is not None:
            transaction.delete(store.standing.TO_INFORM, line)
            transaction.put_new(store.standing.TO_INFORM, replace(line.value, place=store.standing.DONE))
        try:
            transaction.commit()
        except ConflictError:
            continue  # somebody else said so this moment, or the reminder moved the line
        return after
    raise RetryLaterError


def remind(company_id: str, prospect_id: str) -> None:
    """Tell the admins that somebody's month is over: once for each, and one mail for all of a day. Of a
    prospect that was withdrawn since the company holds nothing to tell of: the line goes.

    Raises:
        UnavailableError: to be done again; nobody is told twice.
    """
    known = _in_list(store.standing.DUE, company_id, prospect_id)
    if known is None or known.value.reminded or clock.now() < known.value.due_at:
        return
    try:
        if store.prospects.REVEALS.get(company_id=company_id, prospect_id=prospect_id) is None:
            forget(company_id, prospect_id)
            return
        day = (clock.rfc3339(known.value.due_at) or "")[:10]
        values = {"due_at": reminders.day_and_time(known.value.due_at)}
        admins.tell(company_id, Kind.REQUEST, "informing_overdue", values, key=f"informing-{day}")
        reminded = replace(known.value, reminded=True)
        store.standing.TO_INFORM.replace(known, reminded, op=store.table.new_op())
    except ConflictError:
        return  # told this moment, or another job reminds
    telemetry.event("informing_overdue", late=clock.now() - known.value.due_at)


def forget(company_id: str, prospect_id: str) -> None:
    """Take away what a company owed a person of whom it holds nothing any more. Repeatable.

    Raises:
        ConflictError: it is being changed this moment.
    """
    transaction = store.transaction.Transaction(store.table.new_op())
    if leave(transaction, company_id, prospect_id):
        transaction.commit()


def leave(transaction: Transaction, company_id: str, prospect_id: str) -> bool:
    """Let a transaction take that away, as the one of a withdrawal; whether there was anything. A notice that
    was given stays noted: it was, and whoever it went to need not get it twice. Two reads.
    """
    line = _line(company_id, prospect_id)
    if line is None:
        return False
    owed = store.standing.INFORMING.get(company_id=company_id, person=line.value.person)
    transaction.delete(store.standing.TO_INFORM, line)
    if owed is not None and owed.value.prospect_id == prospect_id and owed.value.state is Informed.DUE:
        transaction.delete(store.standing.INFORMING, owed)
    return True


def _in_list(place: str, company_id: str, prospect_id: str) -> Stored[InformingLine] | None:
    """A prospect's line in one of the lists. A read unit; whoever sends mail may read no more."""
    return store.standing.TO_INFORM.get(company_id=company_id, place=place, prospect_id=prospect_id)


def _line(company_id: str, prospect_id: str) -> Stored[InformingLine] | None:
    """The line of a prospect, in whichever list it is. One call, two read units."""
    rows, key = store.standing.TO_INFORM, {"company_id": company_id, "prospect_id": prospect_id}
    due, done = store.table.get_together(
        (rows, {**key, "place": store.standing.DUE}), (rows, {**key, "place": store.standing.DONE})
    )
    found: Stored[InformingLine] | None = due or done
    return found

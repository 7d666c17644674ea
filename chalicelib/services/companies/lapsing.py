"""What follows from a paid term that nobody renews: reminders, and six months later the end of the account
(5.3); and what becomes of an order that reaches us when that end has begun.

The company's own row says what is due next, so a sweep that comes late finds it all the same. Which came
first, the order or the end, is not decided by who is faster here: an order that billing noted before the
boundary wins for as long as nothing has been deleted, also against a workflow that runs. Both change the same
rows, so one of the two transactions fails and looks again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, RefusedError
from chalicelib.privacy import unrenewed
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Allowed
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.unrenewed import StepKind
from chalicelib.records.cancellation import CancellationState, Why
from chalicelib.services.cancellation import begin
from chalicelib.services.companies import admins, reminders
from chalicelib.services.companies.orders import OrderRefusedError, Refusal

if TYPE_CHECKING:
    from chalicelib.records.cancellation import Cancellation
    from chalicelib.records.companies import Access
    from chalicelib.records.subscriptions import Order
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction


_LEAVING: Final = frozenset({CompanyState.CANCELLING, CompanyState.CANCELLED, CompanyState.RESTRICTED})
"""States in which an end may be under way: a restricted company stays restricted until its doors close."""
_OPEN: Final = frozenset({CancellationState.COOLING_OFF, CancellationState.TAKEN_BACK})
"""An end of another kind that somebody may take back, or has: what is ordered meanwhile is noted."""
_JUST_NOW: Final = 30 * 86_400
"""Seconds for which whoever was kept may still have to be told so."""


def go_on(company_id: str) -> None:
    """Do what is due of a company's term; nothing for one that has renewed, or is on its way out.

    Raises:
        UnavailableError: to be repeated.
    """
    known = store.accounts.ACCESS.get(company_id=company_id)
    if known is None:
        return
    access, now = known.value, clock.now()
    ends, step = access.term_ends_at, access.next_term_step()
    if ends is None or step is None or now < step.at:
        return
    if step.kind is not StepKind.OVER:
        reminders.remind(known, ends, unrenewed.past(ends, now), now)
    elif access.warned_at is None:
        reminders.remind(known, ends, access.term_steps, now)  # nobody ends who has not been told
    elif isinstance(access.may_end_unrenewed(now), Allowed):
        _end(company_id)


def _end(company_id: str) -> None:
    """Begin the end, which judges the term once more, by the very row that it changes."""
    try:
        begin.begin(company_id, Why.UNRENEWED, judge=lambda access: access.may_end_unrenewed(clock.now()))
    except (ConflictError, RefusedError):
        return  # renewed, or ended otherwise, this moment: the next sweep looks again
    telemetry.event("unrenewed", company_id=company_id)


def ending(access: Access, order: Order) -> Stored[Cancellation] | None:
    """The end under way that an order meets; None for a company that is not on its way out.

    Raises:
        OrderRefusedError: the order is not taken, and waits for a person, because somebody may have paid:
            data is being deleted, or the order was placed too late to keep the company. Closed: an order
            among rows that are being deleted would be the one that is left.
    """
    if access.state not in _LEAVING:
        return None
    known = store.cancellation.of_company(access.company_id)
    if known is None:
        if access.state is CompanyState.CANCELLED:
            raise OrderRefusedError(Refusal.COMPANY_CANCELLED, access.company_id)
        return None
    one = known.value
    if access.state is CompanyState.RESTRICTED and not one.under_way:
        return None  # it was kept: an end that begins now writes the company's row, as this order does
    unrenewed_one = one.why is Why.UNRENEWED
    if not (one.can_be_undone if unrenewed_one else one.state in _OPEN):
        raise OrderRefusedError(Refusal.COMPANY_CANCELLED, access.company_id)
    if unrenewed_one and access.term_ends_at is not None:
        in_time = unrenewed.reordered_in_time(order.placed_at, access.term_ends_at, access.warned_at)
        if not in_time:
            raise OrderRefusedError(Refusal.TOO_LATE, access.company_id)
    return known


def tell_kept(company_id: str) -> None:
    """Tell the admins of a company that was ended as unrenewed, and kept by an order, that nothing is lost:
    they may have read that all accounts are closed. Once, however often this is done; a read.

    Raises:
        UnavailableError: some may not have been told; telling again is safe.
    """
    known = store.cancellation.of_company(company_id)
    if known is None:
        return
    one = known.value
    taken_back = one.why is Why.UNRENEWED and one.state is CancellationState.TAKEN_BACK
    if taken_back and clock.now() < one.asked_at + _JUST_NOW:
        admins.tell(company_id, Kind.CANCELLATION, "subscription_kept", {}, key=f"kept-{one.cancellation_id}")


def renewed(access: Access, ends: int) -> Access:
    """The company's rules with a new end of its term. Paying lifts no restriction and ends no cancellation
    that was asked for. The steps of the new term that have passed are not told of any more; but a new end
    that has long passed as well must be warned of before anything follows from it.
    """
    state = CompanyState.ACTIVE if access.state is CompanyState.EXPIRED else access.state
    moved = ends != access.term_ends_at
    return replace(
        access,
        state=state,
        term_ends_at=ends,
        term_steps=unrenewed.past(ends, clock.now()),
        warned_at=None if moved else access.warned_at,
    )


def keep(
    transaction: Transaction, known: Stored[Cancellation] | None, before: Access, after: Access
) -> Access:
    """Let the transaction of an order take back the end of a company that was ended because nobody had
    renewed; what its rules become. Any other end stays as it is, and must be where it was read.
    """
    if known is None:
        return after
    if known.value.why is not Why.UNRENEWED or after.term_ends_at == before.term_ends_at:
        transaction.check(store.cancellation.CANCELLATIONS, known)
        return after
    begin.undo(transaction, known, by=None)
    state = known.value.before
    return replace(after, state=CompanyState.ACTIVE if state is CompanyState.EXPIRED else state)

"""Subscriptions: taking orders from billing, showing what is paid for, asking billing for more (2.2.1(c)).

Only billing's signed orders change a term; what a client asks for is passed on and changes nothing here. A
term ends by the clock alone (``Access.state_at``): nobody has to be awake for it, and a renewal that is
taken before that second leaves no gap. What follows from one that is not renewed: ``lapsing``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import bus
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.notifications import Kind
from chalicelib.records.companies import Access
from chalicelib.records.subscriptions import SEATS, Order, Plan
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import admins, lapsing, orders, terms
from chalicelib.services.companies.orders import OrderRefusedError, Refusal
from chalicelib.services.companies.reminders import day_and_time, days_left
from chalicelib.services.companies.terms import Span
from chalicelib.services.repeats import Repeat
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.cancellation import Cancellation
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored

TRIES: Final = 5
WISHES_PER_DAY: Final = 10
_DAY: Final = 86_400


class Subscription(NamedTuple):
    """What a company has, now. Times in epoch seconds; None: nothing was ever ordered."""

    state: CompanyState
    plan: Plan | None
    seats: int | None
    began_at: int | None
    ends_at: int | None
    days_left: int | None
    history: list[Span]
    """Every order, the one that runs last first."""


def take(detail: Any) -> None:
    """Take one order, the detail of its event: once, however often it comes.

    A forged one is dropped and alarmed: it never becomes true, and a stranger's text is not worth keeping.
    One under a key we do not know, or that we do not understand, may be money somebody paid: it goes back,
    and after five times to the dead letters, for a person.

    Raises:
        RetryLaterError: not taken yet.
    """
    try:
        order = orders.read(detail)
        found = _keep(order)
    except OrderRefusedError as error:
        telemetry.event("order_refused", reason=error.refusal, company_id=error.company_id)
        if error.refusal.may_be_cured:
            raise RetryLaterError from None
        return
    values = {"plan": order.plan.value.capitalize(), "ends_at": day_and_time(found[-1].ends)}
    key = f"order-{order.order_id}"
    admins.tell(order.company_id, Kind.SUBSCRIPTION, "subscription_order", values, key=key)
    lapsing.tell_kept(order.company_id)


def _keep(order: Order) -> list[Span]:
    """Store an order and the term that all orders give together.

    The company's row is read first and must be the same at the end: of two orders at once the second one
    counts again, with the first among the others.
    """
    company = order.company_id
    for _ in range(TRIES):
        known = store.accounts.ACCESS.get(company_id=company)
        if known is None:
            raise OrderRefusedError(Refusal.UNKNOWN_COMPANY, company)
        taken = store.subscriptions.of_company(company)
        same = next((one for one in taken if one.order_id == order.order_id), None)
        if same is not None:
            if replace(order, taken_at=same.taken_at) != same:
                raise OrderRefusedError(Refusal.ID_USED_AGAIN, company)
            return terms.spans(taken)
        ending = lapsing.ending(known.value, order)
        found = terms.spans([*taken, order])
        made = lapsing.renewed(known.value, found[-1].ends)
        try:
            _add(order, known, made, ending)
        except ConflictError:
            continue
        return found
    raise RetryLaterError


def _add(order: Order, known: Stored[Access], made: Access, ending: Stored[Cancellation] | None) -> None:
    """Keep an order, what it does to the company's term and to its end under way: all or nothing."""
    transaction = store.transaction.Transaction(store.table.new_op())
    kept = lapsing.keep(transaction, ending, known.value, made)
    store.subscriptions.add(transaction, order, known, kept)
    transaction.commit()
    if ending is not None and kept.state is not CompanyState.CANCELLING:
        engine.wake(ending.value.workflow_id)


def view(who: Principal) -> Subscription:
    """What the company has and had; one query."""
    now, ends = clock.now(), who.access.term_ends_at
    found = terms.spans(store.subscriptions.of_company(who.company_id))
    span = terms.running(found, now)
    return Subscription(
        state=who.state,
        plan=None if span is None else span.order.plan,
        seats=None if span is None else SEATS[span.order.plan],
        began_at=None if span is None else terms.began(found, span),
        ends_at=ends,
        days_left=None if ends is None else days_left(ends, now),
        history=found[::-1],
    )


def ask(who: Principal, plan: Plan, months: int, repeat: Repeat | None) -> str:
    """Ask billing for an order and return the wish's id. Nothing changes until billing sends its order.

    A repeated request puts the same wish on the bus again, under the same id: it may have been lost after
    it was noted.

    Raises:
        TooManyRequestsError: per company and day; each wish is a bill that somebody writes.
        UnavailableError: the bus did not take it.
    """

    def tell_billing(wish_id: str) -> str:
        store.limits.take("wish", who.company_id, WISHES_PER_DAY, _DAY)
        bus.publish(
            "order_wanted",
            {
                "wish_id": wish_id,
                "company_id": who.company_id,
                "user_id": who.user_id,
                "plan": plan.value,
                "months": months,
                "asked_at": clock.rfc3339(clock.now()) or "",
            },
        )
        return wish_id

    def make(once: Once | None) -> str:
        wish_id = ids.new("wish")
        if once is not None:
            transaction = store.transaction.Transaction(store.table.new_op())
            once.add_to(transaction, wish_id)
            transaction.commit()
        return tell_billing(wish_id)

    return repeats.once(who, repeat, tell_billing, make)

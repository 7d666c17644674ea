"""Credits: what a company may still reveal, what it spent, and giving one back (issue: reveal and credits).

A plan gives so many credits a month; what is left of them lapses with the month, what was given back does
not. Admins may set a limit for each day and month. Days and months are Singapore's, and are counted by the
clock when somebody spends: no job has to run at midnight. Closed: what cannot be read is not spent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, PaymentRequiredError, TooManyRequestsError
from chalicelib.privacy import clocks
from chalicelib.records.credit import Balance, Entry, Why
from chalicelib.records.subscriptions import Plan
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import terms

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIAL: Final = 50
"""Credits a month for a company that has not ordered anything yet. Our choice, to confirm by sales."""
ALLOWANCE: Final = MappingProxyType({Plan.STARTER: 500, Plan.TEAM: 2_000, Plan.BUSINESS: 10_000})
"""Credits a month by plan. Our choice, to confirm by sales."""
REFUND_WITHIN: Final = timedelta(days=30)
"""A prospect withdrawn so soon after they were paid for was of no use: the credit comes back."""
TRIES: Final = 10


class Credits(NamedTuple):
    """A company's credits now. Limits: None, the admins set none."""

    allowance: int
    left_of_plan: int
    extra: int
    spent_today: int
    spent_this_month: int
    daily_limit: int | None
    monthly_limit: int | None
    day_ends: int
    """Epoch seconds, as the month's end."""
    month_ends: int

    @property
    def left(self) -> int:
        """How many prospects can still be revealed, limits aside."""
        return self.left_of_plan + self.extra


class Account(NamedTuple):
    """A company's balance as it was read, None before its first act, and what its plan gives."""

    company_id: str
    known: Stored[Balance] | None
    allowance: int

    @property
    def balance(self) -> Balance:
        """The balance as it counts now: what was spent on another day or in another month is over."""
        today = clocks.day(clock.now())
        month, day = today.isoformat()[:7], today.isoformat()
        if self.known is None:
            return Balance(company_id=self.company_id, month=month, day=day, changed_at=clock.now())
        found = self.known.value
        if found.month != month:
            found = replace(found, month=month, spent_in_month=0, from_plan=0)
        return found if found.day == day else replace(found, day=day, spent_in_day=0)


def account(company_id: str) -> Account:
    """What a company has; a read, and one query of its orders.

    Raises:
        UnavailableError: nobody could say.
    """
    known = store.credit.BALANCES.get(company_id=company_id)
    span = terms.running(terms.spans(store.subscriptions.of_company(company_id)), clock.now())
    return Account(company_id, known, TRIAL if span is None else ALLOWANCE[span.order.plan])


def view(company_id: str) -> Credits:
    """What a company has, for its people to see."""
    return _view(account(company_id))


def limit(who: Principal, daily: int | None, monthly: int | None) -> Credits:
    """Set how many credits may be spent in a day and in a month; None lifts a limit. In force at once.

    Raises:
        ConflictError: others spent all the while; nothing was set.
    """
    for attempt in range(TRIES):
        found = account(who.company_id)
        after = replace(found.balance, daily_limit=daily, monthly_limit=monthly, changed_at=clock.now())
        transaction = store.transaction.Transaction(store.table.new_op())
        _write(transaction, found, after)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
            continue
        return _view(account(who.company_id))
    raise ConflictError


def page(who: Principal, number: int, before: str | None) -> list[Entry]:
    """What was spent and given back, newest first."""
    return [known.value for known in store.credit.newest(who.company_id, number, before)]


def spend(transaction: Transaction, found: Account, by: str) -> str:
    """Let a transaction take one credit, and note who spent it; the entry's id.

    The transaction fails with ConflictError if anybody spent one since the account was read.

    Raises:
        PaymentRequiredError: ``no_credits``.
        TooManyRequestsError: ``daily_limit`` or ``monthly_limit``, with the seconds until the next day or
            month.
    """
    now, balance, seen = clock.now(), found.balance, _view(found)
    if balance.daily_limit is not None and balance.spent_in_day >= balance.daily_limit:
        raise TooManyRequestsError(
            "daily_limit", "Your company's limit for today is reached.", retry_after=seen.day_ends - now
        )
    if balance.monthly_limit is not None and balance.spent_in_month >= balance.monthly_limit:
        raise TooManyRequestsError(
            "monthly_limit",
            "Your company's limit for the month is reached.",
            retry_after=seen.month_ends - now,
        )
    if seen.left < 1:
        raise PaymentRequiredError
    of_plan = seen.left_of_plan > 0
    after = replace(
        balance,
        spent_in_day=balance.spent_in_day + 1,
        spent_in_month=balance.spent_in_month + 1,
        from_plan=balance.from_plan + of_plan,
        extra=balance.extra - (not of_plan),
        changed_at=now,
    )
    entry = Entry(
        company_id=found.company_id, entry_id=ids.new("crd"), amount=-1, why=Why.REVEAL, by=by, at=now
    )
    _write(transaction, found, after)
    transaction.put_new(store.credit.ENTRIES, entry)
    return entry.entry_id


def give_back(company_id: str, entry_id: str) -> bool:
    """Give back the credit that an entry took, as one that does not lapse; whether this call did it.

    Repeatable: the entry itself says that it was given back, so it comes back once, whatever is delivered
    twice. What was spent in the day and month still counts against the limits.

    Raises:
        ConflictError, UnavailableError: not given back yet; to be repeated.
    """
    for attempt in range(TRIES):
        spent = store.credit.ENTRIES.get(company_id=company_id, entry_id=entry_id)
        if spent is None or spent.value.amount >= 0 or spent.value.refunded_by is not None:
            return False
        known = store.credit.BALANCES.get(company_id=company_id)
        if known is None:
            return False
        now = clock.now()
        back = Entry(company_id=company_id, entry_id=ids.new("crd"), amount=1, why=Why.REFUND, at=now)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.credit.ENTRIES, back)
        transaction.replace(store.credit.ENTRIES, spent, replace(spent.value, refunded_by=back.entry_id))
        after = replace(known.value, extra=known.value.extra + 1, changed_at=now)
        transaction.replace(store.credit.BALANCES, known, after)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
            continue
        return True
    raise ConflictError


def _write(transaction: Transaction, found: Account, after: Balance) -> None:
    if found.known is None:
        transaction.put_new(store.credit.BALANCES, after)
    else:
        transaction.replace(store.credit.BALANCES, found.known, after)


def _view(found: Account) -> Credits:
    balance = found.balance
    day = date.fromisoformat(balance.day)
    month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Credits(
        allowance=found.allowance,
        left_of_plan=max(0, found.allowance - balance.from_plan),
        extra=balance.extra,
        spent_today=balance.spent_in_day,
        spent_this_month=balance.spent_in_month,
        daily_limit=balance.daily_limit,
        monthly_limit=balance.monthly_limit,
        day_ends=clocks.begins(day + timedelta(days=1)),
        month_ends=clocks.begins(month),
    )

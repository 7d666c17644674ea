"""Credits on a real table: each is spent once and comes back once, whatever is repeated or at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, PaymentRequiredError, TooManyRequestsError
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.records.credit import Balance, Why
from chalicelib.records.prospects import Reveal
from chalicelib.records.subscriptions import Order, OrderKind, Plan
from chalicelib.services.prospects import credit, reveals
from chalicelib.store import credit as rows
from chalicelib.store import prospects, subscriptions
from chalicelib.store.table import new_op
from chalicelib.store.transaction import Transaction

DAY = 86_400
NOON = int(datetime(2026, 11, 23, 12, tzinfo=SINGAPORE).timestamp())
pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.clause("stocked-prospects")]


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def at(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def spend(company: str) -> str:
    transaction = Transaction(new_op())
    entry = credit.spend(transaction, credit.account(company), "usr_1")
    transaction.commit()
    return entry


def balance(company: str, **more: Any) -> None:
    found = Balance(company_id=company, month="2026-11", day="2026-11-23", changed_at=NOON)
    rows.BALANCES.put_new(replace(found, **more), op=new_op())


def bought(company: str) -> tuple[str, str]:
    """A prospect that was revealed now, and the entry that paid."""
    prospect, entry = ids.new("pr"), spend(company)
    made = Reveal(
        company_id=company,
        prospect_id=prospect,
        revealed_by="usr_1",
        revealed_at=clock.now(),
        entry_id=entry,
    )
    prospects.REVEALS.put_new(made, op=new_op())
    return prospect, entry


def test_the_allowance_is_the_plans_and_a_trial_has_its_own(company: str) -> None:
    assert credit.view(company).left == credit.TRIAL
    order = Order(
        company_id=company,
        order_id="o-1",
        taken_at=NOON,
        plan=Plan.TEAM,
        months=12,
        starts_at=NOON - DAY,
        placed_at=NOON - DAY,
        order_kind=OrderKind.NEW,
    )
    subscriptions.ORDERS.put_new(order, op=new_op())
    assert credit.view(company).left == credit.ALLOWANCE[Plan.TEAM]


def test_the_last_credit_can_be_spent_and_no_more(company: str) -> None:
    balance(company, from_plan=credit.TRIAL - 1, spent_in_month=credit.TRIAL - 1)
    spend(company)
    with pytest.raises(PaymentRequiredError) as refused:
        spend(company)
    assert refused.value.code == "no_credits"
    assert credit.view(company).left == 0


def test_extra_credits_are_spent_after_the_plans_and_do_not_lapse(
    company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    balance(company, from_plan=credit.TRIAL - 1, extra=2)
    spend(company)
    assert (credit.view(company).left_of_plan, credit.view(company).extra) == (0, 2)
    spend(company)
    assert credit.view(company).extra == 1
    at(monkeypatch, NOON + 31 * DAY)
    assert credit.view(company).left == credit.TRIAL + 1


@pytest.mark.parametrize("limit", ["daily", "monthly"])
def test_a_limit_lets_the_last_one_through_and_says_when_it_ends(
    company: str, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    name = {"daily": "daily_limit", "monthly": "monthly_limit"}[limit]
    balance(company, **{name: 2})
    spend(company)
    spend(company)
    with pytest.raises(TooManyRequestsError) as refused:
        spend(company)
    assert refused.value.code == name
    wait = refused.value.retry_after
    assert wait == (DAY // 2 if limit == "daily" else DAY // 2 + 7 * DAY)  # from noon on 23 November
    at(monkeypatch, NOON + wait - 1)
    with pytest.raises(TooManyRequestsError):
        spend(company)
    at(monkeypatch, NOON + wait)
    spend(company)


@pytest.mark.parametrize("first", [False, True], ids=["known", "first of all"])
def test_of_two_who_spend_the_same_credit_one_has_to_look_again(company: str, first: bool) -> None:
    """Both have read the account before either wrote; on a table that serialises, threads end like this."""
    if not first:
        balance(company, from_plan=credit.TRIAL - 1)
    both = [(Transaction(new_op()), credit.account(company)) for _ in range(2)]
    for transaction, account in both:
        credit.spend(transaction, account, "usr_1")
    both[0][0].commit()
    with pytest.raises(ConflictError):
        both[1][0].commit()
    assert len(credit_entries(company)) == 1
    assert credit.view(company).spent_today == 1


def credit_entries(company: str) -> list[tuple[int, Why, bool]]:
    found = [known.value for known in rows.newest(company, 50, None)]
    return [(one.amount, one.why, one.refunded_by is not None) for one in found]


def test_a_credit_comes_back_once_however_often_it_is_asked_for(company: str) -> None:
    prospect, _ = bought(company)
    before = credit.view(company)
    assert [reveals.refund(company, prospect) for _ in range(3)] == [True, False, False]
    after = credit.view(company)
    assert (after.left, after.extra) == (before.left + 1, 1)
    assert after.spent_today == before.spent_today, "the limits count what was looked at"
    assert sorted(credit_entries(company)) == [(-1, Why.REVEAL, True), (1, Why.REFUND, False)]


@pytest.mark.parametrize(("days", "wanted"), [(30 * DAY - 1, True), (30 * DAY, False)])
def test_a_credit_comes_back_within_thirty_days_and_not_later(
    company: str, monkeypatch: pytest.MonkeyPatch, days: int, wanted: bool
) -> None:
    prospect, _ = bought(company)
    at(monkeypatch, NOON + days)
    assert reveals.refund(company, prospect) is wanted
    assert credit.view(company).extra == wanted


def test_a_credit_given_back_does_not_lapse_with_its_month(
    company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prospect, _ = bought(company)
    at(monkeypatch, NOON + 10 * DAY)
    assert reveals.refund(company, prospect)
    assert credit.view(company).left == credit.TRIAL + 1


def test_nothing_comes_back_for_what_was_never_bought_or_for_a_refund(company: str) -> None:
    assert not reveals.refund(company, ids.new("pr"))
    prospect, entry = bought(company)
    assert reveals.refund(company, prospect)
    spent = rows.ENTRIES.get(company_id=company, entry_id=entry)
    assert spent is not None
    assert not credit.give_back(company, str(spent.value.refunded_by))
    assert not credit.give_back(company, ids.new("crd"))
    assert credit.view(company).extra == 1

"""What a company pays for is what it used: no call is lost, none is counted twice, none goes over the limit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.gateways.model import MODELS
from chalicelib.kernel import clock
from chalicelib.records.ai import AiMonth
from chalicelib.services.ai import limits

pytestmark = pytest.mark.clause("ai")
MONTH = AiMonth(company_id="co_" + "0" * 26, month="2026-11")
HAIKU = next(iter(MODELS))


def totals(month: AiMonth) -> tuple[int, int, int, int]:
    return month.jobs, month.tokens_in, month.tokens_out, month.cost


def held(month: AiMonth, name: str, most: list[int], limit: int = 10**9) -> AiMonth:
    made = limits.reserved(month, name, most, limit)
    assert made is not None
    return made


def test_a_call_is_reserved_at_its_most_and_settled_at_what_it_used() -> None:
    month = held(MONTH, "a", [100, 50, 9])
    assert totals(month) == (0, 0, 0, 0)
    assert totals(limits.settled(month, "a", [80, 20, 5])) == (1, 80, 20, 5)


def test_a_call_is_counted_once_however_often_it_is_settled() -> None:
    month = limits.settled(held(MONTH, "a", [100, 50, 9]), "a", [80, 20, 5])
    assert limits.settled(month, "a", [80, 20, 5]) == month


def test_a_call_whose_end_nobody_saw_counts_as_reserved() -> None:
    assert totals(limits.settled(held(MONTH, "a", [100, 50, 9]), "a", None)) == (1, 100, 50, 9)


def test_a_call_the_model_never_took_up_costs_nothing() -> None:
    assert limits.released(held(MONTH, "a", [100, 50, 9]), "a") == MONTH


def test_the_last_token_can_be_used_and_not_one_more() -> None:
    month = held(MONTH, "a", [60, 20, 1], 100)
    assert limits.reserved(month, "b", [15, 5, 1], 100) is not None
    assert limits.reserved(month, "b", [15, 6, 1], 100) is None


def test_a_call_that_died_is_counted_once_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    month = held(MONTH, "a", [100, 50, 9])
    began = clock.now()
    monkeypatch.setattr(clock, "now", lambda: began + limits.WAIT_SECONDS)
    again = held(month, "b", [1, 1, 1])
    assert totals(again) == (1, 100, 50, 9)
    assert set(again.reserved) == {"b"}
    assert limits.settled(again, "a", [1, 1, 1]) == again  # it comes back after all: counted already


CALLS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=12)


@given(CALLS, st.integers(0, 300))
def test_calls_side_by_side_never_use_more_than_the_limit(calls: Any, limit: int) -> None:
    month, running = MONTH, []
    for number, (tokens_in, tokens_out, ends) in enumerate(calls):
        made = limits.reserved(month, str(number), [tokens_in, tokens_out, 1], limit)
        if made is not None:
            month = made
            running.append((str(number), tokens_in, tokens_out))
        if ends and running:
            name, used_in, used_out = running.pop(0)
            month = limits.settled(month, name, [used_in // 2, used_out, 1])
    for name, _, _ in running:
        month = limits.settled(month, name, None)
    assert month.tokens_in + month.tokens_out <= limit
    assert month.reserved == {}


@given(st.text(max_size=400))
def test_no_text_has_more_tokens_than_are_reserved_for_it(text: str) -> None:
    tokens_in, _, _ = limits.estimate(len(text.encode()), 10, HAIKU)
    assert tokens_in >= len(text) / 4  # the usual count; and half its bytes, for scripts with a token a sign
    assert tokens_in >= sum(ord(sign) > 0x2E7F for sign in text)

"""Erasing a company is stopped anywhere, repeated, done twice at once: it ends the same, and counts nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from chalicelib.store import outside
from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.eraser import plain
from tests.integration.letters import rows
from tests.integration.test_company_erasure import erase, planted, remains

stack = own_stack()

pytestmark = pytest.mark.clause("cancellation", "retention")


@pytest.fixture(autouse=True)
def many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company of some seventy rows is several pages here."""
    monkeypatch.setenv("PLANTER_PAGE", "12")


def check_gone(stack: LocalStack, one: dict[str, Any]) -> None:
    """Nothing is left, and every row was counted once."""
    assert remains(stack, one["company"], *one["users"], one["mark"]) == []
    counted: Counter[str] = Counter()
    for row in rows(stack, "ledger"):
        if row["kind"]["S"] == "company_erasure" and row["pk"]["S"] == one["company"]:
            counted.update(plain(row["facts"]).get("counts", {}))
    beside = {*outside.STAYS, "share", "holder"}  # what leads to those two is counted
    assert dict(counted) == {kind: n for kind, n in one["planted"].items() if kind not in beside}


def written(stack: LocalStack) -> Counter[str]:
    """How many calls of each sort have written."""
    return Counter(
        call.operation
        for call in stack.wire.calls
        if call.function == "test" and call.operation in {"BatchWriteItem", "TransactWriteItems"}
    )


def test_stopped_before_any_write_it_goes_on_where_it_was(stack: LocalStack) -> None:
    one = planted(stack)
    stack.wire.clear()
    assert erase(stack, one["company"]) == {"cursor": None}
    check_gone(stack, one)
    planned = written(stack)
    assert planned["BatchWriteItem"] >= 6
    assert planned["TransactWriteItems"] >= 7
    for operation in planned:
        for skip in {0, planned[operation] // 2, planned[operation] - 1}:
            one = planted(stack)
            fault = stack.wire.inject(
                kind="fail", service="dynamodb", operation=operation, skip=skip, times=1000
            )
            assert "again" in erase(stack, one["company"]), (operation, skip)
            assert fault.hits > 0
            stack.wire.reset()
            assert erase(stack, one["company"]) == {"cursor": None}
            check_gone(stack, one)


@pytest.mark.parametrize("kind", ["lose_reply", "throttle", "leave_over", "conflict"])
def test_a_database_that_answers_badly_costs_time_and_nothing_else(stack: LocalStack, kind: Any) -> None:
    one = planted(stack)
    for operation in ("BatchWriteItem", "TransactWriteItems"):
        stack.wire.inject(kind=kind, service="dynamodb", operation=operation, skip=1, times=2)
    said: Any = {"again": "?"}
    for _ in range(4):
        said = erase(stack, one["company"])
        if "again" not in said:
            break
    stack.wire.reset()
    assert said == {"cursor": None}
    check_gone(stack, one)


def test_piece_by_piece_from_a_cursor_or_from_the_beginning_is_the_same(stack: LocalStack) -> None:
    one = planted(stack)
    first = erase(stack, one["company"], "2")
    assert first["cursor"]
    assert remains(stack, one["mark"])
    again = erase(stack, one["company"], "1")  # whoever forgot how far it was
    assert again["cursor"]
    assert erase(stack, one["company"]) == {"cursor": None}
    check_gone(stack, one)
    assert erase(stack, one["company"]) == {"cursor": None}, "and once more takes nothing"


def test_a_piece_whose_time_is_over_ends_with_the_row_it_is_at(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTER_PAGE", "1000")
    one = planted(stack)
    assert erase(stack, one["company"], "1")["cursor"]
    assert remains(stack, one["mark"]), "whatever takes long ends it, and not the page"
    assert erase(stack, one["company"], "1000") == {"cursor": None}
    check_gone(stack, one)


def test_two_at_once_get_in_nobodys_way(stack: LocalStack) -> None:
    one = planted(stack)
    said: list[Any] = []
    at_once = [threading.Thread(target=lambda: said.append(erase(stack, one["company"]))) for _ in range(3)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    assert len(said) == 3
    assert erase(stack, one["company"]) == {"cursor": None}
    check_gone(stack, one)

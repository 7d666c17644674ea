"""Rows that DynamoDB leaves over are asked for again, and never taken for gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.kernel import aws, clock
from chalicelib.kernel.errors import UnavailableError
from chalicelib.store import batches
from tests.conformance.engine import Engine

pytestmark = pytest.mark.clause("retention")
TABLE = "okki-leads-workspace"


@pytest.fixture
def busy(engine: Engine) -> Iterator[list[int]]:
    """How many rows of each coming call DynamoDB has no time for; empty: it takes all."""
    left: list[int] = []
    client = aws.client("dynamodb")

    def leave(parsed: dict[str, Any], **_: Any) -> None:
        if left and (number := left.pop(0)):
            parsed["UnprocessedItems"] = {TABLE: asked[-1][:number]}

    asked: list[list[Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(json.loads(params["body"])["RequestItems"][TABLE])

    events = client.meta.events
    events.register("before-call.dynamodb.BatchWriteItem", note)
    events.register("after-call.dynamodb.BatchWriteItem", leave)
    yield left
    events.unregister("before-call.dynamodb.BatchWriteItem", note)
    events.unregister("after-call.dynamodb.BatchWriteItem", leave)


def planted(number: int) -> list[batches.Key]:
    keys = [("co_1", f"open#{one:03d}") for one in range(number)]
    for pk, sk in keys:
        aws.client("dynamodb").put_item(TableName=TABLE, Item={"pk": {"S": pk}, "sk": {"S": sk}})
    return keys


def kept() -> int:
    return int(aws.client("dynamodb").scan(TableName=TABLE, Select="COUNT")["Count"])


@pytest.mark.parametrize("number", [0, 1, 24, 25, 26, 60])
def test_all_go_twenty_five_at_a_time(engine: Engine, number: int) -> None:
    before = kept()
    keys = planted(number)
    assert batches.delete(TABLE, [*keys, *keys]) == number, "the same row twice is one row"
    assert kept() == before


def test_what_is_left_over_travels_with_the_next(busy: list[int]) -> None:
    before = kept()
    keys = planted(30)
    busy.extend([25, 3, 1])
    assert batches.delete(TABLE, keys) == 30
    assert kept() == before
    assert busy == []


def test_what_never_goes_is_not_taken_for_gone(busy: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    keys = planted(2)
    busy.extend([1] * batches.TRIES)
    with pytest.raises(UnavailableError):
        batches.delete(TABLE, keys)
    assert batches.delete(TABLE, keys) == 2

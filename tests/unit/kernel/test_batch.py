"""The guard of queue handlers: what failed comes back, what went well does not, and no content reaches a log."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.kernel import batch, telemetry
from chalicelib.kernel import settings as app
from chalicelib.kernel.errors import RetryLaterError

CANARY = "canary-4711@buyer.example"


@pytest.fixture(autouse=True)
def lines() -> Iterator[io.StringIO]:
    """What the handlers log."""
    telemetry._logger()
    handlers = [one for one in logging.getLogger(app.APP).handlers if isinstance(one, logging.StreamHandler)]
    written = io.StringIO()
    for handler in handlers:
        handler.setStream(written)
    yield written
    for handler in handlers:
        handler.setStream(sys.__stdout__)


def event(bodies: Sequence[str]) -> Any:
    """What Chalice hands to a handler of a queue."""
    records = [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
    return SimpleNamespace(
        context=SimpleNamespace(aws_request_id="00000000-0000-4000-8000-000000000000"),
        to_dict=lambda: {"Records": records},
    )


def returned(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    assert set(answer) == {"batchItemFailures"}
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.sampled_from(["good", "bad", "later", "poison"]), max_size=10))
def test_only_what_failed_comes_back(lines: io.StringIO, kinds: list[str]) -> None:
    done: list[str] = []

    @batch.each
    def handle(entry: batch.Entry) -> None:
        content = entry.json()
        if content["kind"] == "bad":
            raise ValueError(CANARY)
        if content["kind"] == "later":
            raise RetryLaterError
        done.append(entry.id)

    bodies = [
        f"{CANARY} is not JSON" if kind == "poison" else json.dumps({"kind": kind, "email": CANARY})
        for kind in kinds
    ]
    failed = returned(handle(event(bodies)))
    assert failed == [f"m{number}" for number, kind in enumerate(kinds) if kind != "good"]
    assert done == [f"m{number}" for number, kind in enumerate(kinds) if kind == "good"]
    assert CANARY not in lines.getvalue()
    if {"bad", "poison"} & set(kinds):
        assert "handle_error" in lines.getvalue()


def test_a_batch_that_breaks_comes_back_as_a_whole() -> None:
    @batch.together
    def handle(entries: Sequence[batch.Entry]) -> list[str]:
        raise RuntimeError(CANARY)

    assert returned(handle(event(["1", "2", "3"]))) == ["m0", "m1", "m2"]


def test_a_batch_says_which_of_it_failed() -> None:
    @batch.together
    def handle(entries: Sequence[batch.Entry]) -> list[str]:
        return [entry.id for entry in entries if entry.body == "2"]

    assert returned(handle(event(["1", "2", "3"]))) == ["m1"]
    assert returned(handle(event([]))) == []


@pytest.mark.parametrize("body", ["", "[]", "1", "null", '"text"', "{", "{'a': 1}"])
def test_a_body_that_is_no_object_is_poison(body: str) -> None:
    with pytest.raises(ValueError):
        batch.Entry("m0", body).json()

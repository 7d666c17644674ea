"""The guard of handlers of queues and streams: what failed comes back, what went well does not, and no content reaches a log."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
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


def sample(name: str) -> list[dict[str, Any]]:
    """Records of a stream as AWS writes them."""
    text = (Path(__file__).parents[3] / "events" / f"stream-{name}.json").read_text()
    records: list[dict[str, Any]] = json.loads(text)["Records"]
    return records


def stream_event(records: Sequence[dict[str, Any]]) -> Any:
    return SimpleNamespace(
        context=SimpleNamespace(aws_request_id="00000000-0000-4000-8000-000000000000"),
        to_dict=lambda: {"Records": records},
    )


def noting(seen: list[batch.Change]) -> Callable[[Sequence[batch.Change]], list[str]]:
    """A handler that notes what it is given, and fails at nothing."""

    def handle(changes: Sequence[batch.Change]) -> list[str]:
        seen.extend(changes)
        return []

    return handle


def test_a_handler_that_breaks_down_gets_all_of_its_changes_again(lines: io.StringIO) -> None:
    @batch.changes
    def handle(changes: Sequence[batch.Change]) -> list[str]:
        raise ValueError(CANARY)

    records = sample("expiry")
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert returned(handle(stream_event(records))) == numbers
    assert CANARY not in lines.getvalue()


@pytest.mark.clause("retention")
def test_a_deletion_by_dynamodb_itself_is_told_from_one_by_somebody() -> None:
    seen: list[batch.Change] = []
    records = [*sample("expiry"), *sample("deletion")]
    assert returned(batch.changes(noting(seen))(stream_event(records))) == []
    assert [change.by_expiry for change in seen] == [True, True, False]
    assert [change.table for change in seen] == [
        "okki-leads-workspace",
        "okki-leads-accounts",
        "okki-leads-workspace",
    ]
    first = seen[0]
    assert (first.id, first.at) == (records[0]["eventID"], 1795334400)
    assert (first.pk, first.sk) == tuple(records[0]["dynamodb"]["Keys"][name]["S"] for name in ("pk", "sk"))


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("INSERT", {"type": "Service", "principalId": "dynamodb.amazonaws.com"}),
        ("MODIFY", {"type": "Service", "principalId": "dynamodb.amazonaws.com"}),
        ("REMOVE", {"type": "AssumedRole", "principalId": "dynamodb.amazonaws.com"}),
        ("REMOVE", {"type": "Service", "principalId": "backup.amazonaws.com"}),
        ("REMOVE", {}),
        ("REMOVE", None),
    ],
)
def test_nothing_else_counts_as_a_deletion_by_dynamodb(name: str, identity: dict[str, str] | None) -> None:
    """A wrong entry in the ledger could never be taken back."""
    seen: list[batch.Change] = []
    record = {**sample("expiry")[0], "eventName": name, "userIdentity": identity}
    batch.changes(noting(seen))(stream_event([record]))
    assert [change.by_expiry for change in seen] == [False]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.sampled_from(["good", "bad", "poison"]), max_size=10))
def test_what_stands_behind_a_failing_record_is_not_lost_with_it(
    lines: io.StringIO, kinds: list[str]
) -> None:
    """Lambda gives up a batch from its first failure on, so all that can be done is done before."""
    done: list[str] = []

    @batch.changes
    def handle(changes: Sequence[batch.Change]) -> list[str]:
        done.extend(change.id for change in changes if change.sk != "bad")
        return [change.id for change in changes if change.sk == "bad"]

    records = []
    for number, kind in enumerate(kinds):
        keys = {} if kind == "poison" else {"pk": {"S": CANARY}, "sk": {"S": kind}}
        record = json.loads(json.dumps(sample("expiry")[0]))
        record |= {"eventID": f"e{number}"}
        record["dynamodb"] |= {"SequenceNumber": f"s{number}", "Keys": keys}
        records.append(record)
    failed = returned(handle(stream_event(records)))
    assert failed == [f"s{number}" for number, kind in enumerate(kinds) if kind != "good"]
    assert done == [f"e{number}" for number, kind in enumerate(kinds) if kind == "good"]
    assert CANARY not in lines.getvalue()


@pytest.mark.parametrize("body", ["", "[]", "1", "null", '"text"', "{", "{'a': 1}"])
def test_a_body_that_is_no_object_is_poison(body: str) -> None:
    with pytest.raises(ValueError):
        batch.Entry("m0", body).json()

"""Our own log, read back: all pages, the lines asked for, the time asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.gateways import logs
from chalicelib.kernel import aws, clock, settings

pytestmark = pytest.mark.clause("access")

GROUP = f"/aws/lambda/{settings.APP}-api"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        aws.client.cache_clear()
        made = boto3.client("logs", settings.REGION)
        made.create_log_group(logGroupName=GROUP)
        made.create_log_stream(logGroupName=GROUP, logStreamName="one")
        yield made
    aws.client.cache_clear()


def write(client: Any, *lines: tuple[int, str]) -> None:
    events = [{"timestamp": at * 1000, "message": text} for at, text in lines]
    for start in range(0, len(events), 5000):
        client.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events[start : start + 5000])


def line(number: int, message: str = "opened") -> str:
    return json.dumps({"message": message, "n_contact": number})


def test_every_line_is_read_however_many_pages_there_are(client: Any) -> None:
    began = clock.now() - 3600
    write(client, *((began, line(number)) for number in range(10_050)))
    found = [one["n_contact"] for one in logs.lines("api", "opened", began, began + 1)]
    assert sorted(found) == list(range(10_050))


def test_other_lines_and_other_hours_are_not_read(client: Any) -> None:
    began = clock.now() - 3600
    write(
        client,
        (began - 1, line(1)),
        (began, line(2)),
        (began + 5, line(3, "sent")),
        (began + 6, "START RequestId: 1"),
        (began + 7, '["opened"]'),
        (began + 8, '{"message": "opened"'),
        (began + 59, line(4)),
        (began + 60, line(5)),
    )
    assert [one["n_contact"] for one in logs.lines("api", "opened", began, began + 60)] == [2, 4]


def test_a_log_that_is_not_there_is_no_empty_log(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        list(logs.lines("staff", "opened", 0, 1))

"""An event counts as told only when the bus has taken it: PutEvents answers 200 also for what it did not take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from chalicelib.gateways import bus
from chalicelib.kernel import aws, settings
from chalicelib.kernel.errors import UnavailableError


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    aws.client.cache_clear()
    with Stubber(aws.client("events")) as stub:
        yield stub
    aws.client.cache_clear()


def expected() -> dict[str, Any]:
    entry = {
        "EventBusName": settings.BUS,
        "Source": settings.EVENT_SOURCE,
        "DetailType": "told",
        "Detail": ANY,
    }
    return {"Entries": [entry]}


def test_an_event_that_was_taken_is_told(events: Stubber) -> None:
    events.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, expected())
    bus.publish("told", {"number": 1})
    events.assert_no_pending_responses()


def test_an_event_that_was_not_taken_is_an_error_although_the_call_went_through(events: Stubber) -> None:
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
    events.add_response("put_events", answer, expected())
    with pytest.raises(UnavailableError):
        bus.publish("told", {})


def test_a_bus_that_is_down_is_an_error(events: Stubber) -> None:
    events.add_client_error("put_events", "InternalException", http_status_code=500)
    with pytest.raises(UnavailableError):
        bus.publish("told", {})

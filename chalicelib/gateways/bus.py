"""Telling other systems something over the event bus. Details carry ids only, nobody in person."""

from __future__ import annotations

import json
from collections.abc import Mapping

from chalicelib.kernel import aws, settings, telemetry
from chalicelib.kernel.errors import UnavailableError


def publish(detail_type: str, detail: Mapping[str, str | int]) -> None:
    """Put one event on the bus, as from us.

    A repeated call may put it there twice, so the detail names what it is about and whoever listens counts it
    once.

    Raises:
        UnavailableError: the bus did not take it, or nobody knows.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    entry = {
        "EventBusName": settings.BUS,
        "Source": settings.EVENT_SOURCE,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
    }
    try:
        answer = aws.client("events").put_events(Entries=[entry])
    except (BotoCoreError, ClientError) as error:
        telemetry.event("bus_error", error=error)
        raise UnavailableError from None
    # PutEvents answers 200 also for what it did not take.
    if answer.get("FailedEntryCount"):
        telemetry.event("event_not_taken", failed=int(answer["FailedEntryCount"]))
        raise UnavailableError

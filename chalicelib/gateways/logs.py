"""Reading our own log back from CloudWatch Logs: lines of one name, in one span of time.

Lines are ids and numbers (``kernel.telemetry`` lets nothing else through). Costs a call for each page;
CloudWatch may answer with empty pages while it searches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.kernel import aws, settings


def lines(function: str, message: str, start: int, end: int) -> Iterator[dict[str, Any]]:
    """Lines of a function (``api``, ``staff``) called ``message``, from ``start`` up to but not including
    ``end``, epoch seconds by the clock of the writer's machine.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: the log cannot be read, or not all of it.
    """
    wanted: dict[str, Any] = {
        "logGroupName": f"/aws/lambda/{settings.APP}-{function}",
        "startTime": start * 1000,
        "endTime": end * 1000 - 1,
        "filterPattern": f'{{ $.message = "{message}" }}',
    }
    while True:
        answer = aws.client("logs").filter_log_events(**wanted)
        for event in answer["events"]:
            line = _read(event["message"])
            if line.get("message") == message:
                yield line
        if "nextToken" not in answer:
            return
        wanted["nextToken"] = answer["nextToken"]


def _read(text: str) -> dict[str, Any]:
    """A line of ours; Lambda's own and broken ones say nothing."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

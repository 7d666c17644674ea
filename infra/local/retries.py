# ruff: noqa: SLF001 - reaching into the emulator's modules is what this file is for
"""Brings failed queue messages back sooner than the template says, without shortening their visibility
timeout.

A shorter timeout would hand a message out a second time while its first batch is still at work, which AWS
never does within the timeout: on a busy machine mails would then go out twice, and a test would blame the
product.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any, Final

TAG: Final = "okki-retry-seconds"
"""A queue that carries this tag gives failed messages back so many seconds after their first failure, twice
as many after their second, and so on: a machine too busy to start a function in time uses up no tries.
"""


def bring_failures_back_sooner() -> None:
    """After each batch, what the function did not take becomes visible again when the queue's tag says."""
    events: Any = import_module("ministack.services.lambda_svc")
    sqs: Any = import_module("ministack.services.sqs")
    run = events._run_sqs_batch

    def run_then_bring_back(
        mapping: Any, function: Any, event: Any, batch: list[Any], url: str, name: str
    ) -> None:
        run(mapping, function, event, batch, url, name)
        queue = sqs._queues.get(url) or {}
        seconds = queue.get("tags", {}).get(TAG)
        if seconds is None:
            return
        left = [id(message) for message in queue.get("messages", [])]
        for message in batch:
            if id(message) in left:
                message["visible_at"] = time.time() + int(seconds) * int(message["receive_count"])

    events._run_sqs_batch = run_then_bring_back

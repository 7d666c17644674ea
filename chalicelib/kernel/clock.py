"""Time, in one place: whole UTC seconds inside, RFC 3339 text outside.

Nobody else reads the machine's clock (a lint rule says so). Tests move it through a file that only the local
stack names in the environment; on AWS that variable does not exist.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chalicelib.kernel import settings

QUARTER_HOUR: Final = 900
HOUR: Final = 3600
"""Windows of the rate limits, seconds."""


def _offset() -> float:
    path = settings.clock_file()
    if not path:
        return 0
    try:
        return float(Path(path).read_text(encoding="ascii") or 0)
    except OSError:
        return 0


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return int((time.time() + _offset()) * 1000)


def now() -> int:
    """Whole seconds since 1970, UTC: what DynamoDB's TTL counts in."""
    return now_ms() // 1000


def rfc3339(seconds: int | None) -> str | None:
    """``2026-11-22T08:00:00Z`` for epoch seconds; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def elapsed() -> float:
    """Seconds on a clock that never jumps; for cache ages inside one process. Tests move it as well."""
    return time.monotonic() + _offset()


def sleep(seconds: float) -> None:
    """Pause between retries."""
    time.sleep(seconds)

"""WeChat's answers, as they come over the wire: GET calls, odd JSON, and a secret in the query string.

Promises: an answer is an object whose `errcode` says what happened; no call raises, because the text of
nearly every exception of the HTTP library holds the address, and the address our app secret. One try takes at
most two seconds to connect, four until the answer begins and eight until it ends; usually it is six or none
at all. urllib3 is loaded with the first call.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from chalicelib.kernel import clock, settings, telemetry

if TYPE_CHECKING:
    from urllib3 import PoolManager

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 4.0
MAX_ANSWER: Final = 64 * 1024

OK: Final = 0
BUSY: Final = -1
BUSY_CODES: Final = frozenset({BUSY, 45009, 45011})
"""WeChat's own word for "system error", and its two limits. A silence counts as the first."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")


def ask(path: str, query: dict[str, str], waits: tuple[float, ...], until: float) -> dict[str, Any]:
    """WeChat's answer, asked for again after each of ``waits`` (seconds, plus up to as much again) while it
    is busy or silent; no try starts after ``until`` (``clock.elapsed``). No answer is errcode -1.
    """
    answer: dict[str, Any] = {"errcode": BUSY}
    for wait in (0.0, *waits):
        if clock.elapsed() + wait >= until:
            break
        clock.sleep(wait * (1 + os.urandom(1)[0] / 256))
        answer = _fetch(path, query)
        if errcode_of(answer) not in BUSY_CODES:
            break
    return answer


def _fetch(path: str, query: dict[str, str]) -> dict[str, Any]:
    """One call. Whatever goes wrong is noted by its class or status only: the text of nearly every exception
    of the HTTP library holds the address, and the address our secret.
    """
    try:
        status, body = _get(f"{settings.wechat_api_url()}{path}?{urlencode(query)}")
        answer = _read(body) if status == 200 else None
    except Exception as error:
        telemetry.event("wechat_silent", error=error)
        return {"errcode": BUSY}
    if answer is None:
        telemetry.event("wechat_unreadable", status=status)
        return {"errcode": BUSY}
    return answer


def _get(url: str) -> tuple[int, bytes]:
    """Status and body, of which no more than one byte over ``MAX_ANSWER`` is read."""
    from urllib3 import Timeout

    timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    headers = {"Accept": "application/json", "User-Agent": settings.APP}
    with _pool().request(
        "GET", url, headers=headers, timeout=timeout, preload_content=False, redirect=False, retries=False
    ) as response:
        until = clock.elapsed() + READ_SECONDS  # the timeout is per packet; a trickle must end as well
        body = bytearray()
        while len(body) <= MAX_ANSWER and clock.elapsed() < until:
            piece = response.read1(MAX_ANSWER + 1 - len(body))
            if not piece:
                return response.status, bytes(body)
            body += piece
    raise TimeoutError("too long, or too slow")


@cache
def _pool() -> PoolManager:
    """Connections to WeChat, certificates checked. Redirects are not followed: they lead the secret away."""
    from urllib3 import PoolManager

    telemetry.silence("urllib3")
    return PoolManager(num_pools=2, maxsize=2, cert_reqs="CERT_REQUIRED")


def _read(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, or None. UTF-8 whatever the Content-Type says, which is often wrong; strings
    may hold raw control characters, which WeChat does not escape.
    """
    try:
        found = json.loads(body.decode("utf-8", "replace").removeprefix("\ufeff"), strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def errcode_of(answer: dict[str, Any]) -> int:
    """The errcode of an answer, 0 where there is none; one that is no number counts as busy."""
    value = answer.get("errcode", OK)
    text = value.strip() if isinstance(value, str) else str(value)
    return int(text) if _NUMBER.fullmatch(text) else BUSY

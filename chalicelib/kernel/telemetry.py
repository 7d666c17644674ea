"""Logs, as an allow-list: a fact is logged only if its value cannot be personal.

Numbers, booleans, enum members and our own ids pass; any other text is replaced before it reaches a
formatter, whatever its key is called (clause `access`). Powertools' logger does the writing and is
imported at the first line, so a quiet request pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from enum import Enum
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final

from chalicelib.kernel import ids, settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

Fact = str | int | float | bool | Enum | None
WITHHELD: Final = "[withheld]"

_correlation: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(request_id: str) -> None:
    """Name the request or batch that all following lines belong to; replaces whatever was there before."""
    _correlation.set(request_id)


def request_id() -> str:
    """Id of the current request, ``unknown`` outside one."""
    return _correlation.get() or "unknown"


def event(name: str, *, error: BaseException | None = None, **facts: Fact) -> None:
    """Write one line. ``error`` adds the class name only: messages of foreign exceptions hold values."""
    line: dict[str, object] = {key: _safe(value) for key, value in facts.items()}
    if error is not None:
        line["error"] = type(error).__name__
        line["at"] = _place(error)
        line["aws"] = _aws_code(error)
    writer = _logger()
    (writer.info if error is None else writer.error)(name, extra={**line, "request_id": request_id()})


def numbers(name: str, counts: Mapping[str, int], **facts: Fact) -> None:
    """Write one line of numbers, each under ``n_<name>``: names of record types, never what they hold."""
    line = {f"n_{key}": number for key, number in counts.items()}
    event(name, **{**line, **facts})  # type: ignore[arg-type]  # no count is called `error`


def silence(library: str) -> None:
    """Keep a library's own lines out of the log, whatever the level of all others.

    urllib3 writes the whole address of a call at WARNING when an answer's headers are odd; in a call to
    WeChat that address holds our app secret.
    """
    import logging

    logging.getLogger(library).setLevel(logging.CRITICAL + 1)


def guard(handle: Callable[[Any], None]) -> Callable[[Any], None]:
    """The guard of handlers that are neither HTTP nor a queue: names the run, tells failures, re-raises them
    without their message (Lambda logs what is raised).
    """

    @wraps(handle)
    def guarded(trigger: Any) -> None:
        begin(trigger.context.aws_request_id)
        try:
            handle(trigger)
        except Exception as error:
            event(f"{handle.__name__}_error", error=error)
            raise RuntimeError(type(error).__name__) from None

    guarded.guarded = True  # type: ignore[attr-defined]  # a structure test looks for it
    return guarded


def _safe(value: Fact) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value if ids.is_id(value) else WITHHELD
    return value


def _aws_code(error: BaseException) -> str | None:
    """The code AWS gave (``AccessDenied``); its message quotes what was sent, so that stays out."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    code = code or getattr(error, "cause_response_code", None) or ""  # PynamoDB keeps it there
    return code if code.isalpha() else None


def _place(error: BaseException) -> str:
    """File and line where it was raised: enough to find the fault, and nothing a person typed."""
    trace = error.__traceback__
    if trace is None:
        return "?"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"


@cache
def _logger() -> Logger:
    from aws_lambda_powertools import Logger

    return Logger(service=settings.APP, utc=True, use_rfc3339=True, log_uncaught_exceptions=False)

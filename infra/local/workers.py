# ruff: noqa: SLF001 - reaching into the emulator's modules is what this file is for
"""How the emulator's functions are run, where that differs from Lambda in what a test would notice."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def answer_without_delay() -> None:
    """Do not hold every answer back 50 ms to wait for log lines of a function that wrote none.

    Lines reach the reader within a millisecond; a straggler is collected with the next call of the same
    worker.
    """
    runtime: Any = import_module("ministack.core.lambda_runtime")
    drain = runtime.Worker._drain_stderr_bounded

    def quick_drain(worker: Any) -> str:
        return str(drain(worker, first_line_wait=0.008, idle_confirm=0.004))

    runtime.Worker._drain_stderr_bounded = quick_drain


def keep_functions_that_raise() -> None:
    """A handler that raises fails its invocation, and its process serves the next. The emulator ends it."""
    runtime: Any = import_module("ministack.core.lambda_runtime")
    invoke, script = runtime.Worker.invoke, runtime._PYTHON_WORKER_SCRIPT
    raised = '{"status": "error", "error": str(e), "trace"'
    assert script.count(raised) == 1
    runtime._PYTHON_WORKER_SCRIPT = script.replace(
        raised, '{"status": "ok", "raised": True, "error": str(e), "trace"'
    )

    def invoke_and_keep(worker: Any, *args: Any, **kwargs: Any) -> Any:
        answer = invoke(worker, *args, **kwargs)
        return {**answer, "status": "error"} if answer.pop("raised", False) else answer

    runtime.Worker.invoke = invoke_and_keep

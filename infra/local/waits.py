# ruff: noqa: SLF001 - reaching into the emulator's modules is what this file is for
"""Lets the waits of state machines follow the functions' clock, so that a test which moves it by 30 days
wakes whoever waits for them; shrinks the pauses between retries; tells a step's errors apart; and kills.

The emulator sleeps by the machine's own clock, in one piece, calls whatever a function raises the same, and
lets an execution that was stopped go on trying.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

LOOK_SECONDS: Final = 0.1
"""How often the moved clock is read, however many executions wait."""
RETRY_SCALE: Final = 0.02
"""Of the pauses between retries: what takes minutes on AWS takes seconds here."""


_kills: Final[list[tuple[str, int]]] = []
_here: Final = threading.local()
"""The execution that a thread carries."""


class _Clock:
    """The functions' clock, read by all who wait together."""

    def __init__(self, file: str | None) -> None:
        self._file = None if file is None else Path(file)
        self._lock = threading.Lock()
        self._read_at, self._offset = 0.0, 0.0

    def now(self) -> float:
        with self._lock:
            if self._file is not None and time.monotonic() - self._read_at > LOOK_SECONDS:
                try:
                    self._offset = float(self._file.read_text() or 0)
                except OSError:
                    self._offset = 0.0
                self._read_at = time.monotonic()
            return time.time() + self._offset


def kill_at(of: str, states: int) -> None:
    """Let the next execution of a machine (`incident`) or a workflow (its id) die as it enters its n-th
    state, once: before a task's function is called, before a wait begins.
    """
    _kills.append((of, states))


def forget_kills() -> None:
    """Kill nobody any more."""
    _kills.clear()


def die_when_stopped() -> None:
    """End an execution's thread where AWS would end the execution: it calls no function and waits for nothing
    once it was stopped, and what a function still answers is not on record.
    """
    machines: Any = import_module("ministack.services.stepfunctions")
    run, add, call = machines._run_execution, machines._add_event, machines._call_lambda

    def run_here(arn: str) -> None:
        _here.execution = machines._executions.get(arn)
        run(arn)

    def add_and_kill(execution: Any, kind: str, details: Any = None) -> Any:
        event = add(execution, kind, details)
        if kind.endswith("StateEntered"):
            entered = sum(one["type"].endswith("StateEntered") for one in execution["events"])
            names = {execution["stateMachineArn"].rpartition("okki-leads-")[2]}
            names.add(execution["name"].rpartition("-")[0])
            for kill in [one for one in _kills if one[0] in names and entered >= one[1]][:1]:
                _kills.remove(kill)
                machines._stop_execution({"executionArn": execution["executionArn"], "error": "Killed"})
        _end_if_stopped()
        return event

    def call_while_running(function: str, event: Any) -> Any:
        _end_if_stopped()
        try:
            return call(function, event)
        finally:
            _end_if_stopped()

    machines._run_execution, machines._add_event = run_here, add_and_kill
    machines._call_lambda = call_while_running


def _end_if_stopped() -> None:
    execution = getattr(_here, "execution", None)
    if execution is not None and execution["status"] == "ABORTED":
        raise SystemExit  # ends this thread, quietly


def follow_the_clock(file: str | None) -> None:
    """Wait by the functions' clock; ``file`` holds what is added to the machine's, None: nothing is."""
    machines: Any = import_module("ministack.services.stepfunctions")
    clock = _Clock(file)

    def sleep_until(text: str) -> None:
        until = datetime.fromisoformat(text).timestamp()
        while (left := until - clock.now()) > 0:
            time.sleep(min(left, 2 * LOOK_SECONDS))
            _end_if_stopped()

    call = machines._call_lambda

    def call_and_name_errors(function: str, event: Any) -> Any:
        # AWS names the class that was raised; here is its text alone, and steps raise nothing but names.
        try:
            return call(function, event)
        except machines._ExecutionError as error:
            name = json.loads(error.cause).get("errorMessage", "") if error.cause.startswith("{") else ""
            if name == "AgainError":
                raise machines._ExecutionError(name, error.cause) from None
            raise

    machines._call_lambda = call_and_name_errors
    machines._sleep_until = sleep_until
    machines._SFN_WAIT_SCALE = RETRY_SCALE

"""Counts what the functions of a running stack ask of AWS while something happens."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.kernel import settings
from infra.local import LocalStack
from infra.local.wire import Call

QUIET_SECONDS = 0.5
LONGEST_SECONDS = 30.0


def peak_mb() -> float:
    """The most memory this process ever held, in MB. Not what `getrusage` says: that begins with what its
    parent held, and a bench holds much.
    """
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


@dataclass
class Usage:
    """The calls of a stretch of time, by function name; empty until the stretch is over."""

    calls: list[Call] = field(default_factory=list)

    def of(self, *functions: str) -> Usage:
        """Only what these functions asked (names less the stack's prefix)."""
        names = {f"okki-leads-{name}" for name in functions}
        return Usage([call for call in self.calls if call.function in names])

    @property
    def warm(self) -> Usage:
        """Without the loading of keys, which a process does once in five minutes or an hour: how many processes
        share the work is the platform's choice, so these calls would differ from run to run.
        """
        return Usage([call for call in self.calls if not _loads_keys(call)])

    def service(self, service: str) -> list[Call]:
        return [call for call in self.calls if call.service == service]

    @property
    def reads(self) -> int:
        """Calls that ask a table for rows."""
        return sum(call.operation in {"GetItem", "BatchGetItem", "Query", "Scan"} for call in self.calls)

    @property
    def read_units(self) -> float:
        return sum(call.read_units for call in self.calls)

    @property
    def write_units(self) -> float:
        return sum(call.write_units for call in self.calls)

    def figures(self, per: int = 1) -> dict[str, float]:
        """The columns of the table, divided by how often the thing was done."""
        return {
            "calls": len(self.calls) / per,
            "KMS": len(self.service("kms")) / per,
            "reads": self.reads / per,
            "read units": self.read_units / per,
            "write units": self.write_units / per,
            "bytes sent": round(sum(len(call.request) for call in self.calls) / per),
        }


@contextmanager
def metered(stack: LocalStack) -> Iterator[Usage]:
    """Collect calls from here until the stack has been quiet for half a second after the block."""
    _until_quiet(stack)
    stack.wire.clear()
    usage = Usage()
    yield usage
    _until_quiet(stack)
    usage.calls = _known(stack.wire.calls)


def _loads_keys(call: Call) -> bool:
    table = any(table == settings.TABLE_COMPANY_KEYS for table, _ in call.capacity)
    return table or call.service in {"kms", "secretsmanager"}


def _known(calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if call.function.startswith("okki-leads-")]


def _until_quiet(stack: LocalStack) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    seen, since = len(stack.wire.calls), time.monotonic()
    while time.monotonic() < end and time.monotonic() - since < QUIET_SECONDS:
        time.sleep(0.05)
        if len(stack.wire.calls) != seen:
            seen, since = len(stack.wire.calls), time.monotonic()

"""What erasing a whole company costs, by how much it holds: calls and units a row, and memory.

The rows are put into the table as they lie there after sending and reading mail; the eraser runs in a process
of its own, through the counting proxy, called as the workflow calls it. `python -m tests.bench.cancellation 100000`
measures other sizes.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence

from infra.local import LocalStack
from infra.local.wire import Call
from tests.bench import report
from tests.bench.erasure import PER_LETTER, plant
from tests.bench.report import Line, Section
from tests.bench.vault import act_as_owner
from tests.integration.client import sign_up
from tests.integration.eraser import desk

SIZES = (1_000, 10_000)
FLOOR = 1.1
"""Calls that write, for each 25 rows, at most."""
FLAT = 1.1
"""A row of the largest company costs at most so much more than one of the smallest."""
HELD_MB = 2.5
"""At any size: the keys of one page, a thousand rows. A company without a full page needs less."""
READS = {"Query", "BatchGetItem", "GetItem"}


def measure(stack: LocalStack, sizes: Sequence[int] = SIZES) -> Section:
    """Erase companies of so many rows, one after the other."""
    act_as_owner(stack)
    found = [_erase(stack, size) for size in sizes]
    lines = [
        Line(f"erase a company of {size:,} rows", figures, {"x N/25": FLOOR, "MB": HELD_MB})
        for size, figures in zip(sizes, found, strict=True)
    ]
    small, large = found[0], found[-1]
    ratios = {f"{name}, ratio": large[name] / small[name] for name in ("calls/row", "WU/row", "RU/row")}
    budgets = dict.fromkeys(ratios, FLAT)
    lines.append(Line(f"{sizes[-1]:,} rows against {sizes[0]:,}", ratios, budgets))
    notes = [
        "N counts every row that went, logins and the company's own among them; N/25 is what batch writes alone would take.",
        "Writing calls are batches and the entries of evidence, one for each thousand rows. MB is the most Python held at once.",
    ]
    return Section("Erasing a company (5.3)", lines, notes)


def _erase(stack: LocalStack, size: int) -> dict[str, float]:
    from chalicelib.store import standing

    company = sign_up(stack).company["id"]
    plant(stack, company, standing.person(company, "everywhere@buyer.example"), size // PER_LETTER)
    stack.wire.clear()
    told = desk(stack, "weigh", company, module="tests.integration.planter")
    ours = [call for call in stack.wire.calls if not call.function.startswith("okki-leads")]
    calls = [call for call in ours if told["warm"].encode() not in call.request]
    rows = sum(told["erased"].values())
    assert rows >= size // PER_LETTER * PER_LETTER, "not every row was found"
    return _figures(calls, rows) | {"pieces": told["pieces"], "MB": told["bytes"] / 2**20}


def _figures(calls: Sequence[Call], rows: int) -> dict[str, float]:
    by = Counter(call.operation for call in calls)
    writing = by["BatchWriteItem"] + by["TransactWriteItems"]
    return {
        "batch writes": by["BatchWriteItem"],
        "transactions": by["TransactWriteItems"],
        "reads": sum(by[one] for one in READS),
        "x N/25": writing / (rows / 25),
        "calls/row": len(calls) / rows,
        "WU/row": sum(call.write_units for call in calls) / rows,
        "RU/row": sum(call.read_units for call in calls) / rows,
    }


def main(arguments: Sequence[str]) -> int:
    """Measure these sizes on a stack of its own."""
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    with LocalStack(proxy=True, clock=False, quiet=True) as stack:
        section = measure(stack, [int(one) for one in arguments] or SIZES)
    print(report.table(section))
    return 1 if any(line.broken for line in section.lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

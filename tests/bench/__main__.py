"""`make bench`: the budgets of this project, counted. Ends with 1 when one is broken.

Counts come from a stack of its own with a counting proxy before AWS; CPU is given as a ratio against
something plain measured in turns, so both say the same on a busy machine.
"""

from __future__ import annotations

import sys
import time

from infra.local import LocalStack
from infra.local.package import ROOT
from tests.bench import (
    ai,
    cancellation,
    counts,
    edge_cpu,
    erasure,
    evidence,
    exports,
    identity,
    imports,
    imports_csv,
    mass,
    prices,
    prospects,
    report,
    retention,
    reveals,
    sharing,
    vault,
)
from tests.bench.report import Line, Section

EDGE_RATIO = 1.15


def main() -> int:
    began = time.monotonic()
    sections: list[Section] = []

    def show(*found: Section) -> None:
        for section in found:
            sections.append(section)
            print(report.table(section), end="\n\n", flush=True)

    show(_edge(), imports.measure())
    with LocalStack(proxy=True, clock=False, quiet=True) as stack:
        counted = counts.count(stack)
        show(*counted.sections)
        show(*identity.measure(stack), vault.measure(stack), evidence.measure(stack))
        show(*retention.measure(stack), exports.measure(stack))
        show(erasure.measure(stack), cancellation.measure(stack), ai.measure(stack))
        show(reveals.measure(stack))
        show(*sharing.measure(stack))
        show(*prospects.measure(stack))
        show(imports_csv.measure(stack), mass.measure(stack))
    show(prices.measure(counted.usage))

    file = ROOT / ".local" / "bench.json"
    report.write(sections, file)
    broken = [
        f"{section.title}: {line.name}" for section in sections for line in section.lines if line.broken
    ]
    kept = sum(1 for section in sections for line in section.lines if line.budgets and not line.broken)
    print(
        f"{kept} budgets kept, {len(broken)} broken; figures in {file.relative_to(ROOT)}; {time.monotonic() - began:.0f} s"
    )
    for name in broken:
        print(f"  over budget: {name}")
    return 1 if broken else 0


def _edge() -> Section:
    found = edge_cpu.measure()
    loaded = ", ".join(found["loaded"])
    figures = {
        "x bare handler": found["ratio"],
        "ms": found["edge_ms"],
        "bare, ms": found["bare_ms"],
        "forbidden modules": len(found["loaded"]),
    }
    line = Line("one pixel, warm", figures, {"x bare handler": EDGE_RATIO, "forbidden modules": 0.0})
    notes = [
        "Both make the same SQS SendMessage with the same client; median of 30 rounds of 20 requests in turns."
    ]
    return Section("CPU of the pixel", [line], [*notes, *([f"loaded: {loaded}"] if loaded else [])])


if __name__ == "__main__":
    sys.exit(main())

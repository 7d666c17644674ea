"""What each handler string loads, in a fresh interpreter: modules, CPU against an empty Chalice app, memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any, Final

from infra.local.package import ROOT
from tests.bench.report import Line, Section

ROUNDS: Final = 3
EMPTY: Final = "an empty Chalice app"
HANDLERS: Final = (
    "app.app",
    "chalicelib.workers.edge.edge",
    "chalicelib.workers.hits.record_hits",
    "chalicelib.workers.outbox.send_messages",
    "chalicelib.workers.notices.send_notices",
    "chalicelib.workers.feedback.mail_feedback",
    "chalicelib.workers.sweep.sweep",
)
FORBIDDEN: Final = {
    "app.app": ("pynamodb", "boto3", "aws_encryption_sdk"),
    "chalicelib.workers.edge.edge": ("pynamodb", "boto3", "pydantic", "aws_encryption_sdk"),
}

# VmHWM and not getrusage: the latter starts from what the parent used.
_PROBE: Final = """
import sys, time
began = time.process_time()
{load}
spent = time.process_time() - began
import json
try:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    peak = int(status["VmHWM"].split()[0]) / 1024
except OSError:
    peak = 0
print(json.dumps({{"cpu": spent, "peak": peak, "modules": sorted(sys.modules)}}))
"""


def measure() -> Section:
    """Each handler against the empty app, in turns."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in (EMPTY, *HANDLERS)}
    for turn in range(ROUNDS + 1):
        for name, runs in found.items():
            run = _probe(name)
            if turn:  # the first one writes the byte code
                runs.append(run)
    empty = statistics.median(run["cpu"] for run in found[EMPTY])
    lines = []
    for name, runs in found.items():
        loaded = {module.partition(".")[0] for module in runs[0]["modules"]}
        unwanted = sorted(loaded & set(FORBIDDEN.get(name, ())))
        figures: dict[str, float | str] = {
            "modules": len(runs[0]["modules"]),
            "import CPU, x empty": statistics.median(run["cpu"] for run in runs) / empty,
            "peak MB": round(statistics.median(run["peak"] for run in runs)),
        }
        budgets = {}
        if name in FORBIDDEN:
            figures["forbidden"] = len(unwanted)
            budgets["forbidden"] = 0.0
        lines.append(Line(name, figures, budgets))
    notes = [f"forbidden in {name}: {', '.join(modules)}" for name, modules in FORBIDDEN.items()]
    return Section("Loading a handler (fresh interpreter)", lines, notes)


def _probe(handler: str) -> dict[str, Any]:
    module, _, name = handler.rpartition(".")
    load = (
        "from chalice import Chalice; Chalice(app_name='empty')"
        if handler == EMPTY
        else f"import {module}; {module}.{name}"
    )
    command = [sys.executable, "-c", _PROBE.format(load=load)]
    run = subprocess.run(
        command, cwd=ROOT, env={"AWS_DEFAULT_REGION": "ap-southeast-1"}, check=True, capture_output=True
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found

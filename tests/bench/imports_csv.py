"""What importing contacts costs: calls and units for each row, rows a second, and how much memory a long list
needs. A list of 5,000 goes through the deployed functions; a long one is read by the job alone, in a process
of its own (`python -m tests.bench.imports_csv COMPANY USER ROWS`), so that its peak is seen.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from infra.local import LocalStack
from infra.local.package import ROOT
from tests.bench.meter import Usage, metered, peak_mb
from tests.bench.report import Line, Section
from tests.integration.client import User, eventually, sign_up
from tests.integration.desks import surroundings

ROWS, LONG = 3_000, 100_000
"""As many as an import takes: about a minute."""
LONGEST_SECONDS = 240


def measure(stack: LocalStack, *, rows: int = ROWS, long: int = LONG) -> Section:
    """Preview, commit and revert of a list; then reading a long one."""
    user = sign_up(stack)
    user.contact("warm@buyer.example")
    lines = []
    steps: list[tuple[str, Usage, float]] = []
    with metered(stack) as usage:
        began = time.monotonic()
        import_id = _begun(user, rows)
        steps.append(("preview", usage, time.monotonic() - began))
    for name, state in (("commit", "done"), ("revert", "reverted")):
        with metered(stack) as usage:
            began = time.monotonic()
            assert user.call("POST", f"/v1/contacts/imports/{import_id}/{name}", {}).status == 202
            _until(user, import_id, state)
            steps.append((name, usage, time.monotonic() - began))
    budgets = {
        "preview": {"calls a 1,000": 30.0, "write units a row": 0.3},
        "commit": {"calls a 1,000": 75.0, "write units a row": 2.2},
        "revert": {"calls a 1,000": 1_035.0, "write units a row": 2.6},
    }
    for name, usage, seconds in steps:
        figures = _figures(usage, rows, seconds)
        lines.append(Line(f"{name} of {rows:,} rows", figures, budgets[name]))
    found = _alone(stack, user, long)
    budget = {"peak, MB": 300.0}
    lines.append(Line(f"reading {long:,} rows, alone", found, budget))
    notes = [
        "A contact is 1 write unit and 1 for the index of persons; a piece of 200 rows is about 30.",
        "Each piece reads afresh whether its user may still do this; a revert deletes contacts one by one, if unchanged.",
        "Rows a second are of an emulated database on this machine, and are shown, not held to anything.",
    ]
    return Section("Importing contacts", lines, notes)


def _figures(usage: Usage, rows: int, seconds: float) -> dict[str, float]:
    made = usage.of("run-files").warm
    return {
        "calls a 1,000": len(made.calls) / rows * 1000,
        "read units a row": round(made.read_units / rows, 2),
        "write units a row": round(made.write_units / rows, 2),
        "rows a second": round(rows / seconds),
    }


def _text(rows: int) -> str:
    head = "Name;E-Mail;Company;Position;Country;Phone\n"
    line = "Buyer Number {0};buyer.{0}@company{1}.example;Company {1} Trading GmbH;Head of Purchasing;DE;+49 40 555{1}\n"
    return head + "".join(line.format(at, at % 997) for at in range(rows))


def _begun(user: User, rows: int) -> str:
    text = _text(rows)
    basis = {"basis": "legitimate_interest", "source": "a fair"}
    begun = user.call("POST", "/v1/contacts/imports", {"lawful_basis": basis}).json
    import_id: str = begun["id"]
    _put(user.stack, user.company["id"], import_id, text.encode())
    assert user.call("POST", f"/v1/contacts/imports/{import_id}/start", {}).status == 202
    _until(user, import_id, "ready")
    return import_id


def _put(stack: LocalStack, company_id: str, import_id: str, content: bytes) -> None:
    bucket = "okki-leads-files-000000000000"
    stack.client("s3").put_object(Bucket=bucket, Key=f"imports/{company_id}/{import_id}", Body=content)


def _until(user: User, import_id: str, state: str) -> None:
    path = f"/v1/contacts/imports/{import_id}"
    eventually(lambda: user.call("GET", path).json["state"] == state, LONGEST_SECONDS)


def _alone(stack: LocalStack, user: User, rows: int) -> dict[str, Any]:
    command = [sys.executable, "-m", __spec__.name, user.company["id"], user.me["id"], str(rows)]
    run = subprocess.run(
        command,
        env=surroundings(stack),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=True,
    )
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def main(company_id: str, user_id: str, number: str) -> None:
    """Read a list to its end, step by step as the queue would, and tell what it took."""
    from chalicelib.gateways import files
    from chalicelib.kernel import clock, ids
    from chalicelib.records.imports import IfExists, Import, ImportState
    from chalicelib.services.contacts import import_files, import_undoing, importing
    from chalicelib.store import imports

    now = clock.now()
    job = Import(
        company_id=company_id,
        import_id=ids.new("imp"),
        user_id=user_id,
        state=ImportState.READING,
        if_exists=IfExists.SKIP,
        created_at=now,
        due_at=now + importing.LEASE_SECONDS,
        basis="contract",
        source="a fair",
    )
    content = _text(int(number)).encode()
    files.put(import_files.key_of(job), content)
    del content
    imports.add(job)
    before = peak_mb()
    began = time.monotonic()
    while True:
        import_undoing.go_on(company_id, job.import_id)
        known = imports.get(company_id, job.import_id)
        assert known is not None
        if known.value.state is not ImportState.READING:
            break
    seconds = time.monotonic() - began
    assert known.value.counts == {"new": int(number)}, known.value.failure
    peak = peak_mb()
    figures = {
        "rows a second": round(int(number) / seconds),
        "peak, MB": round(peak),
        "before, MB": round(before),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])

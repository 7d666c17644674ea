"""Asks the vulnerability service about every locked dependency, and says plainly when it could not.

A registry mirror without the service makes pip-audit report "not found" and succeed: that must not read as
clean. There is no copy of the advisories to fall back to offline; what holds without them is that every
file is pinned by hash.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TIMEOUT_SECONDS = 180


def audit(requirements: Path) -> int:
    """Print findings; 1 if a dependency is known to be vulnerable, else 0."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner=off",
    ]
    run = subprocess.run(
        [*command, "--format=json", "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    try:
        dependencies = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = run.stderr.strip().splitlines()[-1:] or ["no answer"]
        print(
            f"NOT AUDITED: {requirements.name}: the vulnerability service did not answer ({reason[0][:120]})"
        )
        return 0
    asked = [entry for entry in dependencies if "vulns" in entry]
    skipped = len(dependencies) - len(asked)
    found = [(entry, vulnerability) for entry in asked for vulnerability in entry["vulns"]]
    for entry, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "none yet"
        print(f"{entry['name']} {entry['version']}: {vulnerability['id']} (fixed in: {fixed})")
    if skipped:
        unknown = f"{skipped} of {len(dependencies)} packages"
        print(f"NOT AUDITED: {requirements.name}: the service knew nothing of {unknown}")
    print(f"{requirements.name}: {len(asked)} packages audited, {len(found)} known vulnerabilities")
    return 1 if found else 0

"""Runs `chalice package --merge-template`, adds the staff's function (`staff_function`) and leaves a template
that CloudFormation takes as it is.

Works on a copy of what belongs in the zip, so that caches and local files never travel. With dependencies
it builds the artefact for a real account (about a minute); without, a zip of a few kilobytes that the local
functions run against the launcher's own site-packages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from infra.local import staff_function

ROOT = Path(__file__).resolve().parents[2]
STAGE = "prod"
TEMPLATE = "sam.yaml"
ARCHIVE = "deployment.zip"
_TRAVELS = ("app.py", "chalicelib", ".chalice/config.json", "infra/policies", "infra/template.yaml")
_DEFINITIONS = "AWS::StepFunctions::StateMachine"


class PackagingError(Exception):
    """`chalice package` failed; the message is its output."""


class _PlainDumper(yaml.SafeDumper):
    """CloudFormation takes no YAML aliases."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def package(out: Path, project: Path = ROOT, *, dependencies: bool) -> dict[str, Any]:
    """Write `sam.yaml` and `deployment.zip` into ``out``; returns the template. Raises PackagingError."""
    with tempfile.TemporaryDirectory(prefix="okki-package-") as folder:
        copy = Path(folder) / "project"
        for name in _TRAVELS:
            source, target = project / name, copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(
                    source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
                )
            else:
                shutil.copy(source, target)
        requirements = copy / "requirements.txt"
        requirements.write_text(
            without_tool((project / "requirements.txt").read_text()) if dependencies else ""
        )
        _chalice(copy, out.resolve())
    return _finish(out / TEMPLATE, project)


def without_tool(requirements: str, tool: str = "chalice") -> str:
    """A hashed requirements file less Chalice and what only its command line needs (pip, setuptools,
    prompts).

    Chalice's packager copies its small runtime into the zip by itself; the rest would be 15 MB of tools
    that a function never imports. Reads pip-compile's `# via` notes.
    """
    entries = [entry for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", requirements) if "==" in entry]
    names = [entry.split("==")[0] for entry in entries]
    wanted_by = {
        name: {line.strip() for line in re.findall(r"#(?: via|  )(.*)", entry)}
        - {"", "-c requirements-dev.txt"}
        for name, entry in zip(names, entries, strict=True)
    }
    dropped = {tool}
    while more := {name for name in names if name not in dropped and wanted_by[name] <= dropped}:
        dropped |= more
    return "".join(entry for name, entry in zip(names, entries, strict=True) if name not in dropped)


def _chalice(project: Path, out: Path) -> None:
    arguments = ["package", "--stage", STAGE, "--merge-template", "infra/template.yaml", str(out)]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "ap-southeast-1", "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, "-c", "from chalice.cli import main; raise SystemExit(main())", *arguments],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode:
        raise PackagingError(run.stdout)


def _finish(file: Path, project: Path) -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load(file.read_text())
    config = project / ".chalice/config.json"
    functions = json.loads(config.read_text())["stages"][STAGE]["lambda_functions"]
    policy = config.parent / functions[staff_function.ENTRY]["iam_policy_file"]
    staff_function.add_staff_function(template, json.loads(policy.read_text()))
    for resource in template["Resources"].values():
        if resource["Type"] == _DEFINITIONS:
            named = resource["Properties"]["DefinitionString"]
            definition = json.loads((project / "infra" / named).read_text())
            resource["Properties"]["DefinitionString"] = json.dumps(definition, separators=(",", ":"))
    file.write_text(yaml.dump(template, Dumper=_PlainDumper, allow_unicode=True, width=120))
    return template

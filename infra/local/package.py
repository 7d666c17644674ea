"""Runs `chalice package --merge-template`, adds the staff's function (`staff_function`) and leaves a template
that CloudFormation takes as it is.

Works on a copy of what belongs in the zip, so that caches and local files never travel. With dependencies
it builds the artefact for a real account (about a minute); without, a zip of a few kilobytes that the local
functions run against the launcher's own site-packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from infra.local import staff_function

ROOT = Path(__file__).resolve().parents[2]
STAGE = "prod"
TEMPLATE = "sam.yaml"
ARCHIVE = "deployment.zip"
KEPT = ROOT / ".local/packages"
OLD_SECONDS = 86_400
_TRAVELS = ("app.py", "chalicelib", ".chalice/config.json", "infra/policies", "infra/template.yaml")
_PARSED = "template.json"
_DEFINITIONS = "AWS::StepFunctions::StateMachine"


class PackagingError(Exception):
    """`chalice package` failed; the message is its output."""


class _PlainDumper(yaml.SafeDumper):
    """CloudFormation takes no YAML aliases."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def packaged(out: Path, project: Path = ROOT) -> dict[str, Any]:
    """``package`` without dependencies, of what was packaged before if nothing has changed since: many stacks
    are made of one state of the project.
    """
    kept = KEPT / _state_of(project)
    if not kept.is_dir():
        forget_old(KEPT)
        KEPT.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="packaging-", dir=KEPT))
        template = package(scratch, project, dependencies=False)
        (scratch / _PARSED).write_text(json.dumps(template))
        try:
            scratch.rename(kept)
        except OSError:
            shutil.rmtree(scratch)  # somebody else was first
    os.utime(kept)
    shutil.copytree(kept, out, dirs_exist_ok=True)
    found: dict[str, Any] = json.loads((out / _PARSED).read_text())
    return found


def forget_old(folder: Path) -> None:
    """Delete what nobody has used in this folder for a day."""
    for one in folder.iterdir() if folder.is_dir() else ():
        if one.stat().st_mtime < time.time() - OLD_SECONDS:
            shutil.rmtree(one, ignore_errors=True)


def _state_of(project: Path) -> str:
    """A hash of whatever a package is made of, and of what makes it."""
    found = hashlib.sha256(sys.version.encode())
    makers = [Path(__file__), Path(staff_function.__file__), ROOT / "requirements-dev.txt"]
    named = [project / name for name in (*_TRAVELS, "infra/statemachines")]
    files = [file for one in named for file in (sorted(one.rglob("*")) if one.is_dir() else [one])]
    for file in [*makers, *files]:
        if file.is_file() and "__pycache__" not in file.parts:
            found.update(f"{file.name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return found.hexdigest()[:32]


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

"""`python -m infra.local run | package | lint | audit`: what the Makefile calls."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zipfile
from pathlib import Path
from types import FrameType

from infra.local.audit import audit
from infra.local.deploy import DeploymentError
from infra.local.package import ARCHIVE, ROOT, TEMPLATE, PackagingError, package
from infra.local.stack import REGION, LocalStack, StackError

STATE = ROOT / ".local"
LOOK_SECONDS = 1.0


def run() -> int:
    """Serve until Ctrl-C; state stays in `.local/`."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    port = int(os.environ.get("PORT") or "8000")
    card = STATE / "stack.json"
    stack = LocalStack(state=STATE, port=port)
    try:
        stack.start()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, ask_to_stop)
        urls = {
            "api": stack.api,
            "edge": stack.edge,
            "mailbox": stack.mailbox,
            "aws": stack.aws,
            "region": stack.region,
        }
        welcome = _welcome(stack)
        card.write_text(json.dumps(urls, indent=2) + "\n")
        print(welcome, flush=True)
        while not stop.wait(LOOK_SECONDS):
            stack.check()
    finally:
        card.unlink(missing_ok=True)
        print("  stopping, the state is kept in .local/ ...", file=sys.stderr, flush=True)
        stack.stop()
    return 0


def _welcome(stack: LocalStack) -> str:
    text = (Path(__file__).parent / "welcome.txt").read_text()
    with urllib.request.urlopen(
        f"{stack.api}/v1/policy", timeout=30
    ) as answer:  # also the first proof of life
        version = json.load(answer)["version"]
    return text.replace("@API@", stack.api).replace("@MAILBOX@", stack.mailbox).replace("@POLICY@", version)


def build(out: Path) -> int:
    """The artefact for a real account, checked: every handler must import from the archive alone."""
    print("  packaging with all dependencies ...", file=sys.stderr, flush=True)
    template = package(out, dependencies=True)
    handlers = sorted(
        resource["Properties"]["Handler"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    )
    print("  importing every handler from the archive alone ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="okki-archive-") as folder:
        with zipfile.ZipFile(out / ARCHIVE) as archive:
            archive.extractall(folder)
        for handler in handlers:
            module, _, name = handler.rpartition(".")
            code = f"import sys; sys.path.insert(0, {folder!r}); import {module}; {module}.{name}"
            # Isolated and without site-packages: nothing of this machine's may help out.
            subprocess.run(
                [sys.executable, "-I", "-S", "-c", code], check=True, env={"AWS_DEFAULT_REGION": REGION}
            )
    size = (out / ARCHIVE).stat().st_size / 1_000_000
    print(
        f"{out / TEMPLATE} and {out / ARCHIVE} ({size:.1f} MB) are ready; how to deploy them: docs/deploy.md"
    )
    return 0


def lint() -> int:
    """cfn-lint over the packaged template."""
    with tempfile.TemporaryDirectory(prefix="okki-lint-") as folder:
        package(Path(folder), dependencies=False)
        arguments = ["--regions", REGION, "--template", str(Path(folder) / TEMPLATE)]
        command = [
            sys.executable,
            "-c",
            "from cfnlint.runner import main; raise SystemExit(main())",
            *arguments,
        ]
        return subprocess.run(command, check=False).returncode


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m infra.local")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve until Ctrl-C, state in .local/")
    commands.add_parser("package", help="template and archive for a real account").add_argument(
        "out", type=Path
    )
    commands.add_parser("lint", help="cfn-lint the packaged template")
    commands.add_parser("audit", help="known vulnerabilities of a lock file").add_argument(
        "files", type=Path, nargs="+"
    )
    options = parser.parse_args()
    try:
        if options.command == "run":
            return run()
        if options.command == "package":
            return build(options.out)
        if options.command == "lint":
            return lint()
        return max(audit(file) for file in options.files)
    except (StackError, DeploymentError, PackagingError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())

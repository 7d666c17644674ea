"""Lets functions start in a tenth of the time: by forking a process that has loaded what they load.

Most of the time of a run of all tests went into cold starts: each loaded and compiled the same libraries and
the same archive once more. A fork finds everything loaded, from one unpacked archive. What a start costs is
therefore not to be measured here: `make bench` and `make run` start functions the slow way.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from zipfile import ZipFile

LIBRARIES: Final = (
    "boto3.session",
    "botocore.client",
    "botocore.endpoint",
    "botocore.handlers",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.signers",
    "botocore.waiter",
    "concurrent.futures.thread",
    "pydantic",
    "pydantic.main",
    "pynamodb.models",
    "aws_encryption_sdk",
    "cryptography.hazmat.primitives.ciphers.aead",
    "email.parser",
    "email.policy",
    "http.client",
    "uuid",
)
"""What several functions load. Nothing that decides by its environment while it is loaded."""
SERVICES: Final = (
    "dynamodb",
    "kms",
    "lambda",
    "s3",
    "secretsmanager",
    "sesv2",
    "sns",
    "sqs",
    "stepfunctions",
)
"""What functions call; how each is called is megabytes of JSON."""
LARGEST: Final = 1 << 20
"""Bytes of one request, which is an environment."""


class Forked:
    """A forked function, as far as the emulator uses a ``subprocess.Popen``."""

    def __init__(self, pid: int, streams: list[TextIOWrapper]) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = streams
        self.returncode: int | None = None
        try:
            self._fd: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._fd, self.returncode = None, 1

    def poll(self) -> int | None:
        """None while it lives. Who forked it reaps it, so nobody knows how it ended."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("function", timeout or 0)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self._fd is not None:
            poll = select.poll()
            poll.register(self._fd, select.POLLIN)
            if poll.poll(None if timeout is None else timeout * 1000):
                os.close(self._fd)
                self._fd, self.returncode = None, 1
        return self.returncode

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None and self._fd is not None:
            signal.pidfd_send_signal(self._fd, number)


class Client:
    """The emulator's end. One request at a time."""

    def __init__(self, root: str, *modules: str) -> None:
        """A server for what runs the code in the folder ``root``, of which ``modules`` are loaded, whole."""
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno()), root, *modules],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(self, command: list[str], folder: str, environment: Mapping[str, str]) -> Forked:
        """Run Python in a folder, in an environment and none else: ``[FILE]`` or ``["-m", MODULE, ...]``."""
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        asked = json.dumps({"command": command, "folder": folder, "environment": dict(environment)}).encode()
        with self._lock:
            socket.send_fds(self._socket, [asked], theirs)
            pid = int(self._socket.recv(32))
        for number in theirs:
            os.close(number)
        streams = [
            os.fdopen(pipes[0][1], "w", encoding="utf-8", buffering=1),
            os.fdopen(pipes[1][0], encoding="utf-8"),
            os.fdopen(pipes[2][0], encoding="utf-8"),
        ]
        return Forked(pid, streams)


def serve() -> None:
    """Load the libraries and fork whatever is asked for, until nobody can ask any more."""
    asking = socket.socket(fileno=int(sys.argv[1]))
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGEST)
    for name in LIBRARIES:
        import_module(name)
    _read_descriptions_once()
    sys.path.insert(0, sys.argv[2])
    for name in sys.argv[3:]:
        _load(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended
    while True:
        asked, streams, _, _ = socket.recv_fds(asking, LARGEST, 3)
        if not asked:
            return
        pid = os.fork()
        if pid == 0:
            asking.close()
            _be(json.loads(asked), streams)
        for number in streams:
            os.close(number)
        asking.send(str(pid).encode())


def _load(name: str) -> None:
    """A module, and whatever is in it."""
    module = import_module(name)
    for one in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
        import_module(one.name)


def _read_descriptions_once() -> None:
    """What botocore knows of AWS, which it parses for each session anew."""
    loaders: Any = import_module("botocore.loaders")
    read: Any = loaders.JSONFileLoader.load_file
    known: dict[str, Any] = {}

    def read_once(loader: Any, path: str) -> Any:
        if path not in known:
            known[path] = read(loader, path)
        return known[path]

    loaders.JSONFileLoader.load_file = read_once
    session: Any = import_module("botocore.session").Session()
    for service in SERVICES:
        session.create_client(service, "ap-southeast-1", aws_access_key_id="-", aws_secret_access_key="-")


def _be(asked: Mapping[str, Any], streams: list[int]) -> None:
    """Become the process that `python` with this command would have been."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    first, *rest = asked["command"]
    module = first == "-m"
    sys.argv[:] = rest if module else [first, *rest]
    sys.path.insert(0, "" if module else str(Path(first).parent))
    code = 1
    try:
        if module:
            runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(first, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # as the interpreter would
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def start_functions_by_forking(folder: Path) -> None:
    """Replace how the emulator unpacks an archive and how it starts a Python function. ``folder`` is where
    unpacked archives are kept.
    """
    package: Any = import_module("infra.local.package")  # here: the server runs this file alone
    runtime: Any = import_module("ministack.core.lambda_runtime")
    package.forget_old(folder)
    clients: dict[str, Client] = {}
    lock = threading.Lock()

    def popen(command: list[str], **options: Any) -> Any:
        if command[0] != sys.executable or not command[1].endswith("_worker.py"):
            return subprocess.Popen(command, **options)
        code = os.path.realpath(options["cwd"])
        with lock:
            if code not in clients:
                clients[code] = Client(code, "app", "chalicelib")
        return clients[code].start(command[1:], options["cwd"], options["env"])

    class Archive(ZipFile):
        """Unpacked once; where it is to go becomes a link to it."""

        def extractall(self, path: Any = None, *args: Any, **kwargs: Any) -> None:
            digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()[:32]
            kept = folder / digest
            if not kept.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                scratch = Path(tempfile.mkdtemp(prefix="unpacking-", dir=folder))
                super().extractall(scratch, *args, **kwargs)
                try:
                    scratch.rename(kept)
                except OSError:
                    shutil.rmtree(scratch)  # somebody else was first
            os.utime(kept)
            Path(path).rmdir()
            Path(path).symlink_to(kept, target_is_directory=True)

    runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": popen})
    runtime.zipfile = SimpleNamespace(**{**vars(import_module("zipfile")), "ZipFile": Archive})


if __name__ == "__main__":
    serve()

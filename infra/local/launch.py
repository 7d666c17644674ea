"""Starts and ends the process that holds the local AWS; nothing of this machine leaks into it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from infra.local.package import ROOT

REGION = "ap-southeast-1"
ACCOUNT = "000000000000"
UNPACKED = ROOT / ".local/unpacked"
"""Where archives lie unpacked for functions that are forked."""
STOP_SECONDS = 15.0

_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from infra.local.aws import main; main()"


class StackError(Exception):
    """The local stack could not start, or died."""


def listen(port: int) -> tuple[socket.socket, socket.socket]:
    """Bind the door and AWS now, so that nobody else can take a port between choosing and using it."""
    sockets = []
    for number in (port, port + 1 if port else 0):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", number))
        except OSError as error:
            raise StackError(f"port {number} is taken; choose another with PORT=...") from error
        sock.listen(128)
        sockets.append(sock)
    return sockets[0], sockets[1]


def environment(folder: Path, scratch: Path, aws_port: int, *, keep: bool) -> dict[str, str]:
    """What the emulator and, through it, the functions find in their environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    return {
        **kept,
        "GATEWAY_PORT": str(aws_port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_WARM_TTL_SECONDS": "3600",  # a start costs a second of one of few cores
        "PERSIST_STATE": "1" if keep else "0",
        "STATE_DIR": str(folder / "aws"),
        "S3_PERSIST": "1" if keep else "0",
        "S3_DATA_DIR": str(folder / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "TMPDIR": str(scratch / "tmp"),
        "DOCKER_HOST": "unix:///nonexistent",
        # Nobody's own credentials or settings reach the functions.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
    }


def spawn(
    sockets: tuple[socket.socket, socket.socket],
    variables: dict[str, str],
    folder: Path,
    scratch: Path,
    *,
    count_capacity: bool,
    forked: bool,
) -> subprocess.Popen[bytes]:
    """Start the emulator on two listening sockets (door, AWS); its output goes to `aws.log` in ``folder``.
    ``forked``: functions are started as `infra.local.forkserver` does.
    """
    door, aws = (sock.fileno() for sock in sockets)
    command = [sys.executable, "-P", "-c", _BOOT, str(ROOT), f"--door-fd={door}", f"--aws-fd={aws}"]
    command += [f"--door-port={sockets[0].getsockname()[1]}", f"--folder={folder}", f"--scratch={scratch}"]
    command += ["--count-capacity"] if count_capacity else []
    command += [f"--forked={UNPACKED}"] if forked else []
    with (folder / "aws.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(door, aws),
            start_new_session=True,
            cwd=folder,
        )
    for sock in sockets:
        sock.close()  # the emulator has them now: a connection must fail once it is gone
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the emulator to end (it writes its state), then make sure that its whole session is gone."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()

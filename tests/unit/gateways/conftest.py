"""A WeChat that answers what a test tells it to, over real sockets, and a secret store (moto's)."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from moto import mock_aws

from chalicelib.gateways import secrets, wechat, wechat_wire
from chalicelib.kernel import aws, settings, telemetry

SECRET = "5ec2e7canary5ec2e7canary5ec2e7ca"
APPS = {
    "qr": {"app_id": "wx00000000000000a1", "app_secret": SECRET},
    "in_app": {"app_id": "wx00000000000000b2", "app_secret": SECRET[::-1]},
}
TOKEN = "/sns/oauth2/access_token"
PROFILE = "/sns/userinfo"


@dataclass(frozen=True)
class Said:
    """One answer. `raw` replaces everything; `wait` holds the answer back until the test is over."""

    body: bytes = b""
    content_type: str = "text/plain"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    wait: bool = False
    trickle: bool = False


def said(value: object, content_type: str = "text/plain") -> Said:
    """An object as WeChat would say it."""
    return Said(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), content_type)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: defaultdict[str, deque[Said]] = defaultdict(deque)
        self.asked: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str, *answers: Said) -> None:
        """What to say to the next calls; the last one is said again."""
        self.answers[path] = deque(answers)

    def calls(self, path: str) -> int:
        return sum(one == path for _, one, _ in self.asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what half of these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, or each answer waits 40 ms for the client's ACK
    server: Server

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.server.asked.append((self.command, address.path, parse_qsl(address.query, True)))
        queue = self.server.answers[address.path]
        found = (queue.popleft() if len(queue) > 1 else queue[0]) if queue else Said(status=404)
        if found.wait:
            self.server.over.wait(30)
        if found.raw is not None:
            self.wfile.write(found.raw)
            self.close_connection = True
            return
        self.send_response(found.status)
        self.send_header("Content-Type", found.content_type)
        self.send_header("Content-Length", str(len(found.body)))
        for name, value in found.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if found.trickle:
            for number in range(len(found.body)):
                self.wfile.write(found.body[number : number + 1])
                self.wfile.flush()
                if self.server.over.wait(0.02):
                    return
        else:
            self.wfile.write(found.body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """WeChat, at the address that the gateway finds in its environment; retries do not wait."""
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("WECHAT_API_URL", running.url)
    monkeypatch.setenv("WECHAT_OPEN_URL", "https://open.weixin.example")
    monkeypatch.setattr(wechat, "WAITS", (0.0, 0.0))
    yield running
    running.over.set()
    running.shutdown()
    running.server_close()
    thread.join()
    wechat_wire._pool().clear()
    wechat_wire._pool.cache_clear()


class Store:
    """The secret as the operator sees it."""

    def __init__(self, client: Any, clock: Path) -> None:
        self._client, self._clock = client, clock
        client.create_secret(Name=settings.WECHAT_SECRET, SecretString=json.dumps(APPS))

    def enter(self, content: object) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        self._client.put_secret_value(SecretId=settings.WECHAT_SECRET, SecretString=text)

    def lose(self) -> None:
        self._client.delete_secret(SecretId=settings.WECHAT_SECRET, ForceDeleteWithoutRecovery=True)

    def advance(self, seconds: int) -> None:
        self._clock.write_text(str(int(self._clock.read_text()) + seconds))


@pytest.fixture(scope="package")
def _aws() -> Iterator[Any]:
    """Moto's Secrets Manager, and a process of ours that has just started."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
            patch.delenv(name)
        aws.light_client.cache_clear()
        yield boto3.client("secretsmanager", settings.REGION)
    aws.light_client.cache_clear()


@pytest.fixture
def store(_aws: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """A secret store with both apps, that nobody has looked into yet, and a clock to move."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    with monkeypatch.context() as patch:
        patch.setenv("OKKI_CLOCK_FILE", str(clock))
        secrets._wechat.forget()
        made = Store(_aws, clock)
        yield made
        made.lose()
    secrets._wechat.forget()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged by us, and by libraries with a root logger that lets all through."""
    telemetry._logger()
    written = io.StringIO()
    ours = [one for one in logging.getLogger(settings.APP).handlers if isinstance(one, logging.StreamHandler)]
    for handler in ours:
        handler.setStream(written)
    root, all_of_it = logging.getLogger(), logging.StreamHandler(written)
    aws_own = logging.getLogger("botocore")  # at DEBUG it writes every answer; at no other level
    levels = root.level, aws_own.level
    root.addHandler(all_of_it)
    root.setLevel(logging.DEBUG)
    aws_own.setLevel(logging.INFO)
    yield written
    root.setLevel(levels[0])
    aws_own.setLevel(levels[1])
    root.removeHandler(all_of_it)
    for handler in ours:
        handler.setStream(sys.__stdout__)

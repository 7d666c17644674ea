"""A journey that shows itself: each request as a command to paste, each answer, each mail.

Only HTTP, as any client would.
"""

from __future__ import annotations

import html
import json
import re
import shlex
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

T = TypeVar("T")

WAIT_SECONDS: Final = 60.0
WIDTH: Final = 100


class NotAsPromisedError(Exception):
    """A step did something else; the message says what was promised."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Journey:
    """The stack, the user's session, and how far we have come."""

    api: str
    colours: bool
    token: str = ""
    number: int = 0
    names: dict[str, str] = field(default_factory=dict)

    # ------------------------------------------------------------ showing

    def step(self, title: str) -> None:
        self.number += 1
        print(f"\n{self._paint('1', f'{self.number:>2}  {title}')}")

    def say(self, text: str, *, colour: str = "") -> None:
        print("    " + self._paint(colour, text))

    def name(self, name: str, value: str, *, show: bool = True) -> None:
        """From here on commands say $NAME instead of the value."""
        self.names[name] = value
        if show:
            self.say(f"{name}='{value}'", colour="2")

    def mail(self, mail: Mapping[str, Any]) -> None:
        """A mail as its recipient gets it."""
        headers = mail["headers"]
        shown = [
            f"{name}: {headers[name]}"
            for name in ("From", "To", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post")
            if name in headers
        ]
        lines = [*shown, "", *mail["text"].strip().splitlines()]
        for line in lines:
            for part in textwrap.wrap(self._named(line), WIDTH - 8, break_on_hyphens=False) or [""]:
                self.say(f"| {part}".rstrip(), colour="36")

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours and code else text

    def _named(self, text: str) -> str:
        for name, value in sorted(self.names.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(value, f"${name}")
        return text

    def _curl(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> list[str]:
        """The request as a command to paste, one option a line; what has a name goes by it."""
        lines = [f'curl {"" if method == "GET" else f"-X {method} "}"{self._named(url)}"']
        lines += [f'-H "{self._named(f"{name}: {value}")}"' for name, value in headers.items()]
        if isinstance(body, str):
            lines.append(f"-d {shlex.quote(body)}")
        elif body is not None:
            lines.append(f"--json {shlex.quote(json.dumps(body, ensure_ascii=False))}")
        if len(lines) > 1 and len(lines[0] + lines[1]) < WIDTH - 10:
            lines[:2] = [f"{lines[0]} {lines[1]}"]
        return [line + (" \\" if number < len(lines) - 1 else "") for number, line in enumerate(lines)]

    # ------------------------------------------------------------ asking

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        address: str = "",
        expect: int = 200,
        keys: Sequence[str] = (),
    ) -> Answer:
        """One request, shown with its answer (only ``keys`` of it).

        Raises:
            NotAsPromisedError: another status came back.
        """
        own = dict(headers or {})
        if path.startswith("/v1/") and self.token:
            own["Authorization"] = f"Bearer {self.token}"
        url = path if path.startswith("http") else self.api + path
        for number, line in enumerate(self._curl(method, url, body, own)):
            self.say(f"{'  ' if number else '$ '}{'  ' if number else ''}{line}", colour="33")
        answer = send(method, url, body, {**own, **({"X-Local-Client": address} if address else {})})
        self.say(
            f"{answer.status} {_brief(answer, keys)}".rstrip(),
            colour="32" if answer.status == expect else "31",
        )
        if answer.status != expect:
            raise NotAsPromisedError(f"promised was {expect}")
        return answer

    def quietly(self, path: str) -> Any:
        """A look that is not part of the story."""
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return send("GET", self.api + path, None, own).json

    def mails(self, to: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.quietly(f"/_local/mailbox/messages?to={quote(to)}")
        return found


def send(method: str, url: str, body: Any, headers: Mapping[str, str]) -> Answer:
    """One request with just these headers: some mail clients send no Accept, and libraries would add one."""
    parts = urlsplit(url)
    data, own = b"", dict(headers)
    if isinstance(body, str):
        data = body.encode()
        own.setdefault("Content-Type", "application/x-www-form-urlencoded")
    elif body is not None:
        data = json.dumps(body).encode()
        own.setdefault("Content-Type", "application/json")
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.putrequest(
            method, parts.path + (f"?{parts.query}" if parts.query else ""), skip_accept_encoding=True
        )
        for name, value in {**own, **({"Content-Length": str(len(data))} if method != "GET" else {})}.items():
            connection.putheader(name, value)
        connection.endheaders(data or None)
        reply = connection.getresponse()
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def _brief(answer: Answer, keys: Sequence[str]) -> str:
    kind = answer.headers.get("content-type", "")
    if "location" in answer.headers:
        return f"to {answer.headers['location']}"
    if kind.startswith("image/"):
        return (
            f"{kind}, {len(answer.body)} bytes, {answer.headers.get('cache-control', '').partition(',')[0]}"
        )
    if "json" in kind and answer.body:
        shown = {key: answer.json[key] for key in keys if key in answer.json} if keys else answer.json
        return json.dumps(_short(shown), ensure_ascii=False)
    title = re.search(rb"<h1[^>]*>([^<]*)</h1>", answer.body)
    return f"a page: {html.unescape(title[1].decode())}" if title else kind


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    return value[:28] + "..." if isinstance(value, str) and len(value) > 40 else value


def eventually(look: Callable[[], T], promise: str) -> T:
    """The first true thing seen. Raises NotAsPromisedError when there is none in time."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise NotAsPromisedError(promise)


def promised(true: bool, promise: str) -> None:
    """Raises NotAsPromisedError unless it is so."""
    if not true:
        raise NotAsPromisedError(promise)

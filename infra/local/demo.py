"""`make demo`: the main journey, step by step, each checked against what is promised.

Talks to the stack that `make run` started, or else starts a throw-away one; only HTTP, as any client would.
Ends with 1 at the first step that is not as promised. Takes about ten seconds.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import secrets
import shlex
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from infra.local.deploy import DeploymentError
from infra.local.package import ROOT, PackagingError
from infra.local.stack import LocalStack, StackError

T = TypeVar("T")

PASSWORD: Final = "correct horse battery staple"
GIVEN: Final = {"state": "granted", "text_version": "tracking-2026-01", "method": "web_form"}
READER: Final = "203.0.113.9"
READING_SECONDS: Final = 2.2
"""What is loaded sooner after sending may be a gateway's scan, so nobody's address is noted."""

WAIT_SECONDS: Final = 20.0
WIDTH: Final = 100

# What these clients send, recorded from real ones.
CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36"
)
GMAIL: Final = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
READERS: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("Apple's relay, read or not", "17.58.0.10", {"User-Agent": "Mozilla/5.0", "Accept": "*/*"}),
    ("Gmail's image proxy (no Accept)", "66.249.84.10", {"User-Agent": GMAIL}),
    ("Chrome, the reader's own", READER, {"User-Agent": CHROME, "Accept": "image/avif,image/webp,*/*;q=0.8"}),
)


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


# ------------------------------------------------------------------ the journey


def walk(on: Journey) -> None:
    """From signing up to being left alone."""
    once = secrets.token_hex(2)
    user, reader = f"li.wei.{once}@lanhai.example", f"bob.{once}@buyer.example"
    on.name("API", on.api)
    _sign_up(on, user)
    contact = _contact(on, reader)
    message, links = _write(on, reader)
    before = _read(on, message, links)
    _stop(on, contact, reader, message, links, before)


def _sign_up(on: Journey, user: str) -> None:
    on.step("Li Wei signs up; a code goes to the work mailbox")
    policy = on.quietly("/v1/policy")["version"]
    form = {
        "name": "Li Wei",
        "company": "Lanhai Trading",
        "email": user,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": policy,
    }
    on.ask("POST", "/v1/signup", form, expect=202)
    mail = eventually(lambda: on.mails(user), "a mail with a code")[0]
    on.mail(mail)
    code = re.search(r"\b\d{8}\b", mail["text"])
    if code is None:
        raise NotAsPromisedError("a code of eight digits in the mail")
    on.step("The code opens a session")
    answer = on.ask(
        "POST", "/v1/signup/verify", {"email": user, "code": code.group()}, expect=201, keys=("session",)
    )
    on.token = answer.json["session"]["token"]
    on.name("TOKEN", on.token)


def _contact(on: Journey, reader: str) -> str:
    on.step("Li Wei stores a contact, and that he agreed to be tracked")
    form = {
        "name": "Bob Buyer",
        "email": reader,
        "lawful_basis": {"basis": "consent", "source": "Canton Fair"},
    }
    contact: str = on.ask("POST", "/v1/contacts", form, expect=201, keys=("id", "name", "email")).json["id"]
    on.name("CONTACT", contact)
    on.ask("PUT", f"/v1/contacts/{contact}/consents/tracking", GIVEN, keys=("purpose", "state", "receipt_id"))
    return contact


def _write(on: Journey, reader: str) -> tuple[str, dict[str, str]]:
    on.step("Li Wei writes to Bob; this is what Bob gets")
    draft = _draft(reader, "Spring catalogue")
    message: str = on.ask("POST", "/v1/messages", draft, expect=202).json["id"]
    on.name("MESSAGE", message)
    mail = eventually(lambda: on.mails(reader), "the mail")[0]
    found = re.findall(r'(?:src|href)="([^"]+/([ocu])/[^"]+)"', mail["html"])
    links = {kind: html.unescape(link) for link, kind in reversed(found)}
    promised(set(links) == {"o", "c", "u"}, "a pixel, a tracked link and a way out in the mail")
    promised("List-Unsubscribe" in mail["headers"], "one-click unsubscribe in the mail's header")
    for kind, name in (("o", "PIXEL"), ("c", "LINK"), ("u", "STOP")):
        on.name(name, links[kind])
    on.mail(mail)
    eventually(lambda: on.quietly(f"/v1/messages/{message}")["status"] == "sent", "the message is sent")
    return message, links


def _read(on: Journey, message: str, links: dict[str, str]) -> dict[str, Any]:
    on.step("Mail clients load the pixel; Bob follows the link")
    time.sleep(READING_SECONDS)
    for who, address, headers in READERS:
        on.say(who, colour="2")
        on.ask("GET", links["o"], headers=headers, address=address)
    on.ask("GET", links["c"], headers={"User-Agent": CHROME}, address=READER, expect=302)

    on.step("What Li Wei reads about it")

    def seen() -> dict[str, Any] | None:
        found: dict[str, Any] = on.quietly(f"/v1/messages/{message}")
        tracking = found["recipients"][0]["tracking"]
        whole = tracking["opens"] == 2 and tracking["machine_opens"] == 1 and found["links"][0]["clicks"] == 1
        return found if whole else None

    eventually(seen, "two opens by a person, one by a machine, one click")
    found = on.ask("GET", f"/v1/messages/{message}", keys=("subject", "status")).json
    tracking: dict[str, Any] = found["recipients"][0]["tracking"]
    on.say(f"read          {'yes' if tracking['read'] else 'no'}, {tracking['opens']} times")
    on.say(f"first, last   {tracking['first_opened_at']}, {tracking['last_opened_at']}")
    on.say(f"from          {tracking['ip']} (Chrome; a proxy's address is nobody's, so it is not kept)")
    on.say(f"machines      {tracking['machine_opens']} load (Apple's relay), counted apart")
    on.say(f"clicks        {found['links'][0]['clicks']} on {found['links'][0]['url']}")
    promised(tracking["ip"] == READER, f"the address of the person, {READER}")
    return tracking


def _stop(
    on: Journey, contact: str, reader: str, message: str, links: dict[str, str], before: dict[str, Any]
) -> None:
    on.step("Bob has had enough: one click in his mail client")
    on.ask("POST", links["u"], "List-Unsubscribe=One-Click")

    on.step("His mail still shows its pictures, but nothing more is recorded")
    on.ask("GET", links["o"], headers=READERS[-1][2], address=READER)
    loaded = time.monotonic()

    on.step("The next mail to him is not sent")
    second = on.ask("POST", "/v1/messages", _draft(reader, "Summer catalogue"), expect=202).json["id"]
    eventually(
        lambda: on.quietly(f"/v1/messages/{second}")["status"] == "refused", "the second message is refused"
    )
    on.name("SECOND", second)
    on.ask("GET", f"/v1/messages/{second}", keys=("subject", "status"))
    why = on.quietly(f"/v1/messages/{second}")["recipients"][0]["reason"]
    on.say(f"reason        {why}")
    promised(why == "recipient_unsubscribed", "the recipient's own choice is the reason")

    on.step("Nor can Li Wei overrule him")
    on.ask("PUT", f"/v1/contacts/{contact}/consents/tracking", GIVEN, expect=403, keys=("code", "clause"))

    time.sleep(max(0.0, loaded + READING_SECONDS - time.monotonic()))  # time enough to record it, had it been
    after = on.quietly(f"/v1/messages/{message}")["recipients"][0]["tracking"]
    promised(after["opens"] == before["opens"], f"opens stay at {before['opens']}")
    promised(after["last_opened_at"] == before["last_opened_at"], "the last open stays the same")
    promised(len(on.mails(reader)) == 1, "Bob got one mail and no more")
    print()
    on.say(
        f"Opens are still {after['opens']}, Bob's mailbox still holds 1 mail. Everything was as promised.",
        colour="1",
    )


def _draft(reader: str, subject: str) -> dict[str, Any]:
    return {
        "to": [{"email": reader, "name": "Bob Buyer"}],
        "subject": subject,
        "html": '<p>Dear Bob, here is <a href="https://lanhai.example/spring?page=2">page 2</a>.</p>',
        "kind": "marketing",
        "tracking": True,
    }


# ------------------------------------------------------------------ starting


def running() -> str | None:
    """The address of the stack that `make run` holds, if there is one and it answers."""
    try:
        api: str = json.loads((ROOT / ".local" / "stack.json").read_text())["api"]
        return api if send("GET", f"{api}/v1/policy", None, {}).status == 200 else None
    except (OSError, ValueError, KeyError, HTTPException):
        return None


def main(argv: Sequence[str] = ()) -> int:
    """Walk the journey; 0 when all was as promised."""
    parser = argparse.ArgumentParser(
        prog="make demo", description="Walk the main journey and show each step."
    )
    parser.add_argument("--own", action="store_true", help="start a throw-away stack even if one is running")
    options = parser.parse_args(argv)
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    try:
        return _run(own=options.own, colours=colours)
    except NotAsPromisedError as error:
        print(f"\n    NOT AS PROMISED: {error}", flush=True)
    except (StackError, DeploymentError, PackagingError, OSError, HTTPException) as error:
        print(f"\n{error or type(error).__name__}", file=sys.stderr)
    return 1


def _run(*, own: bool, colours: bool) -> int:
    with ExitStack() as end:
        api = None if own else running()
        if api is None:
            api = end.enter_context(LocalStack()).api
        else:
            print(f"Using the stack at {api}; its mailbox is {api}/_local/mailbox/", file=sys.stderr)
        walk(Journey(api, colours))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

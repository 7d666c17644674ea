"""A small HTTP client, and the people of the tests: a user who signs up as anybody would."""

from __future__ import annotations

import html
import itertools
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import urlsplit

from infra.local import LocalStack

T = TypeVar("T")
PASSWORD = "correct horse battery"
POLICY = "2025-01-16"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
AGENT = CHROME.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64")
"""What the tests' people use unless they say otherwise; a client without a name is never a known device."""
CODE = re.compile(r"\b\d{8}\b")
PATIENCE = 4
"""How much slower a busy machine may be before a test takes what is late for lost."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower-case names; Set-Cookie as a list under `cookies`) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: list[str] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def request(
    url: str,
    method: str = "GET",
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request exactly as given: no header is added but Host and Content-Length; no redirect is followed.

    A dict or list becomes JSON with its content type; bytes and text go as they are.
    """
    parts = urlsplit(url)
    sent = dict(headers or {})
    data: bytes | None = None
    if isinstance(body, bytes):
        data = body
    elif isinstance(body, str):
        data = body.encode()
    elif body is not None:
        data = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=40)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(method, path, skip_accept_encoding=True)
        if data is not None or method in {"POST", "PUT", "PATCH"}:
            sent.setdefault("Content-Length", str(len(data or b"")))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        reply = connection.getresponse()
        content = reply.read()
    finally:
        connection.close()
    names = {name.lower(): value for name, value in reply.getheaders()}
    cookies = [value for name, value in reply.getheaders() if name.lower() == "set-cookie"]
    return Answer(reply.status, names, content, cookies)


def eventually(look: Callable[[], T | None], seconds: float = 60) -> T:
    """Wait until a look at the world gives something; fails the test otherwise. ``seconds`` are those of a
    machine with nothing else to do.
    """
    end, pause = time.monotonic() + PATIENCE * seconds, 0.02
    while time.monotonic() < end:
        if seen := look():
            return seen
        time.sleep(pause)
        pause = min(1.4 * pause, 0.4)  # who looks all the time takes the machine from what is looked for
    raise AssertionError("it did not happen in time")


@dataclass
class User:
    """Somebody with a session, as an app holds it."""

    stack: LocalStack
    email: str
    token: str
    me: dict[str, Any]
    company: dict[str, Any]
    address: str

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        own = {"Authorization": f"Bearer {self.token}", "X-Local-Client": self.address, "User-Agent": AGENT}
        return request(self.stack.api + path, method, body, {**own, **(headers or {})})

    def contact(self, email: str, name: str = "Bob Buyer", **more: Any) -> dict[str, Any]:
        body = {
            "name": name,
            "email": email,
            "lawful_basis": {"basis": "consent", "source": "trade fair"},
            **more,
        }
        answer = self.call("POST", "/v1/contacts", body)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json
        return made

    def consent(self, contact_id: str, state: str = "granted", purpose: str = "tracking") -> Answer:
        body = {"state": state, "text_version": "tracking-2026-01", "method": "web_form"}
        return self.call("PUT", f"/v1/contacts/{contact_id}/consents/{purpose}", body)

    def write(self, *emails: str, **more: Any) -> str:
        body = {
            "to": [{"email": email} for email in emails],
            "subject": "Spring offer",
            "html": '<p>Hello <a href="https://acme.example/catalogue?a=1&amp;b=2">see here</a></p>',
            "kind": "marketing",
            "tracking": True,
            **more,
        }
        answer = self.call("POST", "/v1/messages", body)
        assert answer.status == 202, answer.body
        made: str = answer.json["id"]
        return made

    def message(self, message_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/v1/messages/{message_id}").json
        return found

    def settled(self, message_id: str) -> dict[str, Any]:
        """The message once nothing of it is queued or being sent."""
        return eventually(
            lambda: (
                seen if (seen := self.message(message_id))["status"] not in {"queued", "sending"} else None
            )
        )


def fresh_address(name: str = "anna", domain: str = "acme.example") -> str:
    """A mailbox nobody used before in this run."""
    return f"{name}{next(_numbers)}@{domain}"


def fresh_network() -> str:
    """A client address in a network of its own, so that rate limits of other tests do not matter."""
    number = next(_numbers)
    return f"10.{number // 250 % 250}.{number % 250}.7"


def mail_to(stack: LocalStack, email: str, count: int = 1) -> dict[str, Any]:
    """The newest mail to an address once `count` have come."""
    found = eventually(lambda: mails if len(mails := stack.mails(email)) >= count else None)
    newest: dict[str, Any] = found[0]
    return newest


def code_in(mail: Mapping[str, Any]) -> str:
    found = CODE.search(mail["text"])
    assert found is not None
    return found.group()


def new_code(stack: LocalStack, email: str, before: int) -> str:
    """The code in the newest mail that has one, of those that came after ``before`` mails: others may come
    meanwhile.
    """

    def found() -> str | None:
        mails = stack.mails(email)
        codes = (CODE.search(mail["text"]) for mail in mails[: len(mails) - before])
        return next((code.group() for code in codes if code), None)

    code = eventually(found)
    assert code is not None
    return code


def log_in(
    stack: LocalStack, email: str, password: str = PASSWORD, headers: Mapping[str, str] | None = None
) -> Answer:
    """Logs in as a person does: with the code from the mailbox where one is asked for."""
    own = {"X-Local-Client": fresh_network(), "User-Agent": AGENT, **(headers or {})}
    mailbox = email.strip()
    before = len(stack.mails(mailbox))
    answer = request(f"{stack.api}/v1/login", "POST", {"email": email, "password": password}, own)
    if answer.status != 202:
        return answer
    proof = {
        "challenge_id": answer.json["challenge"]["id"],
        "code": new_code(stack, mailbox, before),
    }
    return request(f"{stack.api}/v1/login/verify", "POST", proof, own)


def links_in(mail: Mapping[str, Any]) -> dict[str, str]:
    """Our own links in a mail by kind: o, c (the first), u."""
    found: dict[str, str] = {}
    for text in re.findall(r'(?:src|href)="([^"]+)"', mail["html"]):
        parts = urlsplit(html.unescape(text)).path.split("/")
        if len(parts) == 3 and parts[1] in {"o", "c", "u"}:
            found.setdefault(parts[1], html.unescape(text))
    return found


def sign_up(stack: LocalStack, email: str | None = None, **more: Any) -> User:
    """Everything a newcomer does, through the front door and their mailbox."""
    email = email or fresh_address()
    address = fresh_network()
    form = {
        "name": "Anna Li",
        "company": "Acme Export",
        "email": email,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": POLICY,
        **more,
    }
    headers = {"X-Local-Client": address, "User-Agent": AGENT}
    answer = request(f"{stack.api}/v1/signup", "POST", form, headers)
    assert answer.status == 202, answer.body
    code = code_in(mail_to(stack, email))
    answer = request(f"{stack.api}/v1/signup/verify", "POST", {"email": email, "code": code}, headers)
    assert answer.status == 201, answer.body
    found = answer.json
    return User(stack, email, found["session"]["token"], found["user"], found["company"], address)

"""Letters of the tests and what lies behind them: sample events, tokens, hits, rows as they are stored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.kernel import tokens
from chalicelib.kernel.tokens import Kind, Token
from infra.local import LocalStack
from tests.integration.apart import PACE
from tests.integration.client import (
    CHROME,
    Answer,
    User,
    eventually,
    fresh_address,
    links_in,
    mail_to,
    request,
)

EVENTS = Path(__file__).parents[2] / "events"
CLIENTS: list[dict[str, Any]] = json.loads((EVENTS / "edge-requests.json").read_text())
"""What real mail clients send."""

READER = "203.0.113.9"
TABLES = ("accounts", "workspace", "ledger", "operator", "company-keys", "prospects")
LATER = 600
"""Seconds after sending: long enough that nobody takes a load for a gateway's scan."""

_COMPANY, _MESSAGE = "co_06gv7s2k81r0bo4m5p3t9d6e8g", "msg_06gv7s3n41u2cq6o7r5v1f8h0c"
_TOKEN = "AQGiBOtBhnzehmhKDblcKqwBogTrRE9yi5Raxv9cBxIZALNX4Q7qG5FzVvxS3ePdZjg"


def sample(name: str, letter: Letter | None = None, *, token: str = _TOKEN) -> Any:
    """A file of `events/`; about this letter, if one is given."""
    text = (EVENTS / f"{name}.json").read_text().replace(_TOKEN, token)
    if letter is not None:
        text = text.replace(_COMPANY, letter.company).replace(_MESSAGE, letter.message)
        text = text.replace("bob@buyer.example", letter.email)
    return json.loads(text)


@dataclass(frozen=True)
class Letter:
    """One message to one person, sent."""

    stack: LocalStack
    user: User
    email: str
    contact: str
    message: str
    mail: Mapping[str, Any]
    links: Mapping[str, str]

    @property
    def company(self) -> str:
        return str(self.user.company["id"])

    def token(self, kind: str) -> str:
        return self.links[kind].rpartition("/")[2]

    def recipient(self) -> dict[str, Any]:
        found: dict[str, Any] = self.user.message(self.message)["recipients"][0]
        return found

    def tracking(self) -> dict[str, Any]:
        found: dict[str, Any] = self.recipient()["tracking"]
        return found

    def clicks(self) -> int:
        return int(self.user.message(self.message)["links"][0]["clicks"])

    def opens(self) -> list[dict[str, Any]]:
        """The contact's history, of this message."""
        items = self.user.call("GET", f"/v1/contacts/{self.contact}/opens?limit=200").json["items"]
        return [item for item in items if item["message_id"] == self.message]

    def stops(self) -> list[str]:
        found: list[str] = self.user.call("GET", f"/v1/contacts/{self.contact}/consents").json["refused"]
        return found

    def load(self, kind: str = "o", ip: str = READER, **headers: str) -> Answer:
        """Fetch a link of the mail as a browser at this address would."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(self.links[kind], headers={"User-Agent": CHROME, "X-Local-Client": ip, **named})

    def choose(self, body: bytes = b"List-Unsubscribe=One-Click") -> Answer:
        """Press a button of the unsubscribe page (or let the mail program do it)."""
        return request(self.links["u"], "POST", body, {"Content-Type": "application/x-www-form-urlencoded"})

    def hit(self, **changes: Any) -> str:
        """A queue message as the edge puts it there; by default the recipient reading after a while."""
        hit = {
            "kind": "open",
            "company_id": self.company,
            "message_id": self.message,
            "number": 0,
            "link": 0,
            "hit": os.urandom(9).hex(),
            "at": int(self.stack.now()) + LATER,
            "ip": READER,
            "user_agent": CHROME,
            "signals": {},
            **changes,
        }
        return tokens.seal_hit(keys(self.stack), json.dumps(hit).encode())

    def key(self, number: int = 0) -> dict[str, Any]:
        """Where the delivery lies."""
        return {"pk": {"S": self.company}, "sk": {"S": f"message#{self.message}#{number:02d}"}}


def letter(stack: LocalStack, user: User, consent: str | None = "granted", **more: Any) -> Letter:
    """Write to somebody new, who said yes or no to tracking or was never asked, and wait until it came."""
    email = more.pop("email", None) or fresh_address("reader", "buyer.example")
    contact = user.contact(email)["id"]
    if consent is not None:
        assert user.consent(contact, consent).status == 200
    message = user.write(email, **more)
    local, _, domain = email.partition("@")
    mail = mail_to(stack, f"{local}@{domain.encode('idna').decode()}")
    user.settled(message)
    return Letter(stack, user, email, contact, message, mail, links_in(mail))


def keys(stack: LocalStack) -> dict[str, str]:
    """The signing keys."""
    answer = stack.client("secretsmanager").get_secret_value(SecretId="okki-leads/tracking")
    found: dict[str, str] = json.loads(answer["SecretString"])
    return found


def read_token(stack: LocalStack, kind: str, text: str) -> Token | None:
    return tokens.read(keys(stack), Kind(kind), text)


def batch_of(queue: str, *bodies: str) -> dict[str, Any]:
    """An event of these queue messages; ids "0", "1", ... unlike in any batch before."""
    event = sample(f"sqs-{queue}")
    record = event["Records"][0]
    run = os.urandom(4).hex()
    event["Records"] = [
        {**record, "messageId": f"{run}-{number}", "body": body} for number, body in enumerate(bodies)
    ]
    return dict(event)


def failed(answer: Mapping[str, Any]) -> list[int]:
    """The places in the batch that must come again."""
    return sorted(int(one["itemIdentifier"].rpartition("-")[2]) for one in answer["batchItemFailures"])


def record(stack: LocalStack, *bodies: str) -> list[int]:
    """Hand hits to the worker in one batch; which of them must come again."""
    return failed(stack.invoke("RecordHits", batch_of("hits", *bodies)))


def send(stack: LocalStack, company: str, message: str, number: int = 0) -> list[int]:
    """Hand one delivery to the sending worker."""
    body = json.dumps({"company": company, "message": message, "number": number})
    return failed(stack.invoke("SendMessages", batch_of("outbox", body)))


def drained(stack: LocalStack, *queues: str) -> None:
    """Wait until nothing waits or is in flight, nor is to come from SES where it reports to one of them."""
    if "feedback" in queues:
        eventually(lambda: not stack.unreported())
    for queue in queues or ("hits",):
        eventually(lambda queue=queue: not stack.messages(queue), 90)  # type: ignore[misc]  # bound now, not later


def rows(stack: LocalStack, table: str, pk: str | None = None) -> list[dict[str, Any]]:
    """Every record in a table (in one partition), as DynamoDB stores it; of the ledger its entries, not the
    heads of its chains.
    """
    wanted: dict[str, Any] = {"TableName": f"okki-leads-{table}", "ConsistentRead": True}
    if pk is not None:
        wanted |= {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": pk}}}
    pages = stack.client("dynamodb").get_paginator("scan" if pk is None else "query").paginate(**wanted)
    return [item for page in pages for item in page["Items"] if item.get("kind") != {"S": "head"}]


def refusals(stack: LocalStack, company: str) -> list[dict[str, Any]]:
    """What recipients of this company stopped, as stored."""
    return [row for row in rows(stack, "workspace", f"{company}#standing") if "#refusal#" in row["sk"]["S"]]


def redelivery_after(seconds: int) -> Any:
    """A fixture of a module: failed queue messages come back after this long instead of ``apart.PACE``."""

    @pytest.fixture(scope="module", autouse=True)
    def pace(stack: LocalStack) -> Iterator[None]:
        stack.retry_after(seconds)
        yield
        stack.retry_after(PACE)

    return pace


@contextmanager
def at_once(stack: LocalStack) -> Iterator[None]:
    """Failed messages come back at once: what can never be done is soon among the dead letters."""
    stack.retry_after(0)
    try:
        yield
    finally:
        stack.retry_after(PACE)


def restart(stack: LocalStack, function: str) -> None:
    """Make the function's next call a cold one, as after a deployment."""
    client, name = stack.client("lambda"), stack.functions()[function]
    known = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    fresh = {**known, "RESTARTED": os.urandom(4).hex()}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": fresh})

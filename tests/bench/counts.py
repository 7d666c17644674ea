"""The journey through the deployed stack, every AWS call counted.

Counts are what IAM-checked functions really asked for, so they are the same on every machine; only the first
call of a function may find it cold.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from chalicelib.kernel import tokens
from infra.local import LocalStack
from tests.bench.meter import Usage, metered
from tests.bench.report import Line, Section
from tests.integration.client import CHROME, User, links_in, mail_to, request, sign_up

READER = "203.0.113.9"
OPENS = 100
READERS = 25
KEYS = "Workers without the loading of keys, which each process does once in five minutes (an hour for the signing keys)."


@dataclass(frozen=True)
class Counted:
    """The sections to show, and the stretches that the prices are made of."""

    sections: list[Section]
    usage: dict[str, Usage]


def count(stack: LocalStack) -> Counted:
    """Walk the journey once; some figures of the write-up are means over 25 recipients."""
    usage: dict[str, Usage] = {}
    anna = _accounts(stack, usage)
    contacts = _contacts(stack, anna, usage)
    _messages(stack, anna, contacts, usage)
    sections = [
        Section("The pixel, as the edge function answers it", _pixel_lines(usage)),
        Section("Accounting for what the edge passed on", _tracking_lines(usage), [KEYS]),
        Section(
            "Authenticated reads, warm",
            _read_lines(usage),
            [f"Three things to read, so not budgeted: {', '.join(sorted(_THREE_READS))}"],
        ),
        Section("Everything else, by function", _other_lines(usage), [KEYS]),
    ]
    return Counted(sections, usage)


def _accounts(stack: LocalStack, usage: dict[str, Usage]) -> User:
    with metered(stack) as usage["sign up, cold"]:
        anna = sign_up(stack)
    with metered(stack) as usage["sign up"]:
        sign_up(stack)
    return anna


def _contacts(stack: LocalStack, anna: User, usage: dict[str, Usage]) -> list[dict[str, Any]]:
    form = {"name": "Bob Buyer", "lawful_basis": {"basis": "consent", "source": "trade fair"}}
    anna.contact("first@buyer.example")
    with metered(stack) as usage["contact"]:
        anna.contact("plain@buyer.example")
    with metered(stack) as usage["contact, with key"]:
        body = {**form, "email": "keyed@buyer.example"}
        answer = anna.call("POST", "/v1/contacts", body, {"Idempotency-Key": "bench-1"})
        assert answer.status == 201, answer.body
    made = [anna.contact(f"reader{number}@buyer.example") for number in range(READERS)]
    anna.consent(made[0]["id"])
    with metered(stack) as usage["consent"]:
        anna.consent(made[1]["id"])
    for contact in made[2:]:
        anna.consent(contact["id"])
    return made


def _messages(stack: LocalStack, anna: User, contacts: list[dict[str, Any]], usage: dict[str, Usage]) -> None:
    emails = [contact["email"] for contact in contacts]
    anna.settled(anna.write("warm@buyer.example"))
    with metered(stack) as usage["message"]:
        one = anna.write(emails[0])
        mail = mail_to(stack, emails[0])
    with metered(stack) as usage["message, with key"]:
        keyed = _send(anna, "keyed@buyer.example", {"Idempotency-Key": "bench-2"})
        quiet = mail_to(stack, "keyed@buyer.example")
    with metered(stack) as usage["message to 25"]:
        many = anna.write(*emails)
    for message in (one, keyed, many):
        assert anna.settled(message)["status"] == "sent"

    for name in ("pixel, cold", "pixel"):
        with metered(stack) as usage[name]:
            _load(links_in(mail)["o"])
    with metered(stack) as usage["one open"]:
        _load(links_in(mail)["o"])
    with metered(stack) as usage["hygiene open"]:
        _load(links_in(quiet)["o"])
    with metered(stack) as usage["click"]:
        _load(links_in(mail)["c"], 302)
    with metered(stack) as usage["unsubscribe"]:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = request(links_in(quiet)["u"], "POST", b"List-Unsubscribe=One-Click", form)
        assert answer.status == 200
    for name, message, readers in (("one reader", one, 1), ("25 readers", many, READERS)):
        with metered(stack) as usage[f"{OPENS} opens, {name}"]:
            _batch(stack, anna, message, readers)
        seen = anna.message(message)["recipients"]
        counted = sum(recipient["tracking"]["opens"] for recipient in seen)
        assert counted >= OPENS, f"{counted} of {OPENS} opens were counted"

    reads = {
        "GET /v1/contacts/{id}": f"/v1/contacts/{contacts[0]['id']}",
        "GET /v1/contacts (28)": "/v1/contacts",
        "GET /v1/messages/{id}": f"/v1/messages/{one}",
        "GET /v1/messages/{id}, 25 recipients": f"/v1/messages/{many}",
        "GET /v1/messages": "/v1/messages",
        "GET /v1/contacts/{id}/opens": f"/v1/contacts/{contacts[0]['id']}/opens",
    }
    for name, path in reads.items():
        assert anna.call("GET", path).status == 200
        with metered(stack) as usage[name]:
            anna.call("GET", path)


def _send(anna: User, email: str, headers: dict[str, str]) -> str:
    body = {
        "to": [{"email": email}],
        "subject": "Spring offer",
        "html": '<p>Hello <a href="https://acme.example/catalogue?a=1&amp;b=2">see here</a></p>',
        "kind": "marketing",
        "tracking": True,
    }
    answer = anna.call("POST", "/v1/messages", body, headers)
    assert answer.status == 202, answer.body
    made: str = answer.json["id"]
    return made


def _load(url: str, status: int = 200) -> None:
    answer = request(url, headers={"User-Agent": CHROME, "X-Local-Client": READER})
    assert answer.status == status


def _batch(stack: LocalStack, anna: User, message: str, readers: int) -> None:
    """A full batch as SQS would hand it over; handed over here because locally it rarely fills up."""
    secret = stack.client("secretsmanager").get_secret_value(SecretId="okki-leads/tracking")
    keys = json.loads(secret["SecretString"])
    records = []
    for number in range(OPENS):
        hit = {
            "kind": "open",
            "company_id": anna.company["id"],
            "message_id": message,
            "number": number % readers,
            "link": 0,
            "hit": uuid.uuid4().hex[:18],
            "at": int(stack.now()) + 600 + number,
            "ip": READER,
            "user_agent": CHROME,
            "signals": {},
        }
        body = tokens.seal_hit(keys, json.dumps(hit).encode())
        records.append({"messageId": str(uuid.uuid4()), "body": body, "eventSource": "aws:sqs"})
    answer = stack.invoke("RecordHits", {"Records": records})
    assert answer == {"batchItemFailures": []}, answer


# ---------------------------------------------------------------- what is shown

_READ_BUDGET = {"reads": 2.0, "KMS": 0.0}
_THREE_READS = {"GET /v1/contacts/{id}/opens"}
"""Session with rules, contact, history. Shown, not budgeted: none of the three can be left out."""


def _pixel_lines(usage: dict[str, Usage]) -> list[Line]:
    cold = usage["pixel, cold"].of("edge")
    keys = len(cold.service("secretsmanager"))
    return [
        Line("warm", usage["pixel"].of("edge").figures(), {"calls": 1.0, "reads": 0.0, "KMS": 0.0}),
        Line(
            f"first of a process (+{keys} for the signing keys, kept an hour)",
            cold.figures(),
            {"calls": 2.0, "reads": 0.0, "KMS": 0.0},
        ),
    ]


def _tracking_lines(usage: dict[str, Usage]) -> list[Line]:
    def counted(name: str) -> dict[str, float]:
        return usage[name].of("record-hits").warm.figures()

    return [
        Line("one open", counted("one open"), {"write units": 3.0}),
        *(
            Line(f"{name}, one batch", counted(name), {"write units": 130.0})
            for name in (f"{OPENS} opens, one reader", f"{OPENS} opens, 25 readers")
        ),
        Line("open without an answer from the reader", counted("hygiene open")),
        Line("one click", counted("click")),
        Line("unsubscribing (edge)", usage["unsubscribe"].of("edge").warm.figures()),
    ]


def _read_lines(usage: dict[str, Usage]) -> list[Line]:
    return [
        Line(name, found.of("api").figures(), {} if name in _THREE_READS else _READ_BUDGET)
        for name, found in usage.items()
        if name.startswith("GET ")
    ]


def _other_lines(usage: dict[str, Usage]) -> list[Line]:
    api = (
        ("sign up and verify", "sign up"),
        ("create a contact", "contact"),
        ("create a contact, with Idempotency-Key", "contact, with key"),
        ("record a consent", "consent"),
        ("write a message", "message"),
        ("write a message, with Idempotency-Key", "message, with key"),
        ("write a message to 25", "message to 25"),
    )
    many = usage["message to 25"]
    return [
        Line("sign up and verify, first of a process", usage["sign up, cold"].of("api").figures()),
        *(Line(shown, usage[name].of("api").figures()) for shown, name in api),
        Line("mail a sign-up code", usage["sign up"].of("send-notices").warm.figures()),
        Line("send one delivery", usage["message"].of("send-messages").warm.figures()),
        Line("send one delivery, mean of 25", many.of("send-messages").warm.figures(READERS)),
        Line("note SES' answer (delivered), mean of 25", many.of("mail-feedback").warm.figures(READERS)),
    ]

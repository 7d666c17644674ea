"""Records with every field filled, of invented people."""

from __future__ import annotations

from typing import Any

from chalicelib.kernel import clock, ids
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, MessageKind, TrackingMode
from chalicelib.records.accounts import Notice
from chalicelib.records.contacts import Contact
from chalicelib.records.messages import Body, Delivery, Message, OutboxState, Outcome
from chalicelib.records.standing import Consent
from chalicelib.records.tracking import Open

NAME = "Zoë Müller-李 🦊"
EMAIL = "zoë.müller@bücher.example"


def contact(company: str, **changes: Any) -> Contact:
    now = clock.now()
    known: dict[str, Any] = {
        "company_id": company,
        "contact_id": ids.new("ct"),
        "created_by": ids.new("us"),
        "created_at": now,
        "updated_at": now,
        "name": NAME,
        "email": EMAIL,
        "company": "Bücher & Söhne",
        "position": "Einkauf",
        "country": "DE",
        "phone": "+49 30 1234567",
        "social": ("https://social.example/@zoe", "linkedin:zoë"),
        "basis": "consent",
        "source": "fair",
    }
    return Contact(**{**known, **changes})


def message(company: str, **changes: Any) -> Message:
    known: dict[str, Any] = {
        "company_id": company,
        "message_id": ids.new("msg"),
        "user_id": ids.new("us"),
        "kind": MessageKind.MARKETING,
        "tracking": True,
        "created_at": clock.now(),
        "recipients": 2,
        "clicks": {"0": 3, "1": 1},
        "subject": "Grüße aus 上海",
        "sender": "anna@lanhai.example",
        "sender_name": "Anna 安娜",
        "links": ("https://shop.example/?a=1&b=ü", "https://shop.example/2"),
    }
    return Message(**{**known, **changes})


def body(of: Message) -> Body:
    return Body(
        company_id=of.company_id,
        message_id=of.message_id,
        locale="zh",
        html="<p>你好 {{name}}</p>",
        text="你好",
        to=((NAME, EMAIL), ("", "b@example.org")),
        cc=(("C", "c@example.org"),),
    )


def delivery(of: Message, number: int, **changes: Any) -> Delivery:
    known: dict[str, Any] = {
        "company_id": of.company_id,
        "message_id": of.message_id,
        "number": number,
        "person": f"{number:032x}",
        "state": OutboxState.PENDING,
        "due_at": clock.now() + 60,
        "email": EMAIL,
    }
    return Delivery(**{**known, **changes})


def opened(of: Message, person: str, **changes: Any) -> Open:
    known: dict[str, Any] = {
        "company_id": of.company_id,
        "person": person,
        "message_id": of.message_id,
        "number": 0,
        "hit": ids.new("hit")[-18:],
        "verdict": "person",
        "opened_at": clock.now(),
        "ip": "203.0.113.9",
    }
    return Open(**{**known, **changes})


def consent(company: str, person: str, state: ConsentState = ConsentState.GRANTED) -> Consent:
    return Consent(
        company_id=company,
        person=person,
        purpose=ConsentPurpose.TRACKING,
        state=state,
        text_version="tracking-2026-01",
        method="form",
        at=clock.now(),
        receipt_id=ids.new("rc"),
    )


def notice(due_at: int) -> Notice:
    return Notice(
        notice_id=ids.new("nt"),
        template="signup_code",
        due_at=due_at,
        locale="zh",
        email=EMAIL,
        values={"code": "12345678", "minutes": "15"},
    )


def finished(of: Delivery) -> dict[str, Any]:
    """What changes when a delivery has left and was read."""
    return {
        "state": OutboxState.SENT,
        "due_at": None,
        "mail_id": "0100-mail",
        "outcome": Outcome.DELIVERED,
        "sent_at": clock.now(),
        "mode": TrackingMode.FULL,
        "opens": 12,
        "machine_opens": 3,
        "first_opened_at": clock.now(),
        "last_opened_at": clock.now(),
        "opened_on": "2026-11-22",
        "ip": "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
    }

"""What answers look like, as JSON schemas for ``openapi``: one per shape, and which view answers which.

The functions that make the answers are the truth; a test compares their keys with these. An answer may get
more members, so none of the schemas is closed. A view that is not listed answers "a JSON object".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from chalicelib.privacy.consent import (
    CompanyState,
    ConsentPurpose,
    ConsentState,
    MessageKind,
    Stop,
    TrackingMode,
)
from chalicelib.records.accounts import Position
from chalicelib.records.messages import OutboxState, Outcome
from chalicelib.services.verdict import Verdict

OF_VIEW: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sign_up": "CodeSent",
        "verify": "SessionAnswer",
        "log_in": "SessionAnswer",
        "me": "Me",
        "create_contact": "Contact",
        "list_contacts": "ContactPage",
        "read_contact": "Contact",
        "change_contact": "Contact",
        "record_consent": "ConsentReceipt",
        "read_consents": "Standing",
        "list_opens": "OpenPage",
        "write_message": "Accepted",
        "list_messages": "MessagePage",
        "read_message": "Message",
        "healthz": "Health",
        "current_policy": "Policy",
        "policy_version": "Policy",
    }
)
"""View name to the name of its answer in ``SHAPES``."""

_TEXT: Final = {"type": "string"}
_TIME: Final = {"type": "string", "format": "date-time"}
_COUNT: Final = {"type": "integer", "minimum": 0}


def _choice(*enums: Iterable[StrEnum]) -> dict[str, Any]:
    return {"type": "string", "enum": [one.value for values in enums for one in values]}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def ref(name: str) -> dict[str, Any]:
    """A reference to one of the schemas of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _thing(description: str, /, **properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def _page(of: str) -> dict[str, Any]:
    cursor = {**_or_null(_TEXT), "description": "Send it as `cursor`; null at the end."}
    return _thing("One page of a list.", items=_list(ref(of)), next_cursor=cursor)


_STATUS_WORDS: Final = ["queued", "sending", "sent", "partly_sent", "unknown", "refused", "expired"]
_USER: Final = {
    "id": _TEXT,
    "name": _TEXT,
    "email": {**_TEXT, "format": "email"},
    "role": _choice(Position),
    "locale": _TEXT,
    "registered_at": _TIME,
    "policy_version": _TEXT,
}
_CONSENT: Final = {
    "purpose": _choice([ConsentPurpose.MARKETING, ConsentPurpose.TRACKING]),
    "state": _choice(ConsentState),
    "text_version": _TEXT,
    "method": _TEXT,
    "at": _TIME,
}
_TRACKING: Final = _thing(
    "What this person's consent lets the sender know. `hygiene` keeps the day of the last opening only.",
    mode=_choice(TrackingMode),
    read={"type": "boolean"},
    first_opened_at=_or_null(_TIME),
    last_opened_at=_or_null(_TIME),
    last_opened_on=_or_null({"type": "string", "format": "date"}),
    opens=_COUNT,
    machine_opens={**_COUNT, "description": "Loaded by a scanner or a proxy, not by a person."},
    ip=_or_null(_TEXT),
)
_DELIVERY: Final = _thing(
    "One recipient.",
    email=_TEXT,
    delivery=_choice(OutboxState, Outcome),
    reason={**_or_null(_TEXT), "description": "Why it was not sent."},
    sent_at=_or_null(_TIME),
    tracking=_TRACKING,
)

SHAPES: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "Problem": {
            **_thing(
                "What went wrong (RFC 9457).",
                type=_TEXT,
                title=_TEXT,
                status={"type": "integer"},
                code=_TEXT,
                request_id=_TEXT,
                errors=_list(_thing("One field that cannot be taken.", field=_TEXT, code=_TEXT)),
                clause={**_TEXT, "description": "The promise of the policy that says no."},
            ),
            "required": ["type", "title", "status", "code", "request_id"],
        },
        "Health": _thing("The front door is open.", status={"const": "ok"}),
        "CodeSent": _thing("A code is on its way, if need be.", status={"const": "code_sent"}),
        "Session": _thing(
            "The only time the token is shown.", token=_TEXT, expires_at=_TIME, csrf_token=_TEXT
        ),
        "User": _thing("A person who logs in.", **_USER),
        "Company": _thing("The client.", id=_TEXT, name=_TEXT, state=_choice(CompanyState)),
        "SessionAnswer": _thing(
            "A new session; the cookie is set as well.",
            session=ref("Session"),
            user=ref("User"),
            company=ref("Company"),
        ),
        "Me": _thing("Who I am.", **_USER, company=ref("Company"), csrf_token=_TEXT),
        "Contact": _thing(
            "A person the company writes to.",
            id=_TEXT,
            version={"type": "integer", "description": "Name it when changing the contact."},
            name=_TEXT,
            email=_or_null(_TEXT),
            company=_or_null(_TEXT),
            position=_or_null(_TEXT),
            country=_or_null(_TEXT),
            phone=_or_null(_TEXT),
            social=_list(_TEXT),
            lawful_basis=_thing("Why this person may be kept.", basis=_TEXT, source=_TEXT),
            created_at=_TIME,
            updated_at=_TIME,
        ),
        "ContactPage": _page("Contact"),
        "Consent": _thing("The last word on one purpose.", **_CONSENT),
        "ConsentReceipt": _thing("Recorded, in force at once.", **_CONSENT, receipt_id=_TEXT),
        "Standing": _thing(
            "Consents, and what the person stopped or what bounced.",
            items=_list(ref("Consent")),
            refused=_list(_choice(Stop)),
        ),
        "Open": _thing(
            "A mail was displayed.",
            message_id=_TEXT,
            opened_at=_TIME,
            ip=_or_null(_TEXT),
            verdict=_choice(Verdict),
        ),
        "OpenPage": _page("Open"),
        "Accepted": _thing("Taken, not sent yet.", id=_TEXT, status={"const": "queued"}),
        "Message": _thing(
            "A mail and what became of it.",
            id=_TEXT,
            subject=_TEXT,
            sender=_TEXT,
            kind=_choice(MessageKind),
            status={"type": "string", "enum": _STATUS_WORDS},
            created_at=_TIME,
            recipients=_list(_DELIVERY),
            links=_list(_thing("Clicks, of all recipients together.", url=_TEXT, clicks=_COUNT)),
        ),
        "MessagePage": _page("Message"),
        "Policy": _thing(
            "A version of the privacy policy.",
            version=_TEXT,
            effective_on={"type": "string", "format": "date"},
            url={"type": "string", "format": "uri"},
        ),
    }
)
"""What answers look like."""

"""Messages and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, DAY, TEXT, TIME, YES_NO, choice, many, or_null, page, thing
from chalicelib.privacy.consent import MessageKind, TrackingMode
from chalicelib.records.messages import OutboxState, Outcome

_STATUS_WORDS: Final = ["queued", "sending", "sent", "partly_sent", "unknown", "refused", "expired"]
_TRACKING: Final = thing(
    "What this person's consent lets the sender know. `hygiene` keeps the day of the last opening only.",
    mode=choice(TrackingMode),
    read=YES_NO,
    first_opened_at=or_null(TIME),
    last_opened_at=or_null(TIME),
    last_opened_on=or_null(DAY),
    opens=COUNT,
    machine_opens={**COUNT, "description": "Loaded by a scanner or a proxy, not by a person."},
    ip=or_null(TEXT),
)
_DELIVERY: Final = thing(
    "One recipient.",
    email=TEXT,
    delivery=choice(OutboxState, Outcome),
    reason={**or_null(TEXT), "description": "Why it was not sent."},
    sent_at=or_null(TIME),
    informed={**YES_NO, "description": "It went out with the notice where this person's data came from."},
    tracking=_TRACKING,
)

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Accepted": thing("Taken, not sent yet.", id=TEXT, status={"const": "queued"}),
    "Message": thing(
        "A mail and what became of it.",
        id=TEXT,
        subject=TEXT,
        sender=TEXT,
        kind=choice(MessageKind),
        status={"type": "string", "enum": _STATUS_WORDS},
        created_at=TIME,
        inform=YES_NO,
        recipients=many(_DELIVERY),
        links=many(thing("Clicks, of all recipients together.", url=TEXT, clicks=COUNT)),
    ),
    "MessagePage": page("Message"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewMessage": {
        "to": [{"email": "lena.vogel@nordlicht-handel.example", "name": "Lena Vogel"}],
        "subject": "Freight rates for spring",
        "html": "<p>Dear Ms Vogel,</p><p>our spring rates are"
        ' <a href="https://tan-logistics.example/spring">here</a>.</p>',
        "kind": "business",
        "tracking": True,
    },
}

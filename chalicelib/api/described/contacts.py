"""Contacts and how they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.described.consents import TEXT_READ
from chalicelib.api.shapes import TEXT, TIME, choice, many, or_null, page, ref, thing
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.services.mail.verdict import Verdict

_CONSENT: Final = {
    "purpose": choice([ConsentPurpose.MARKETING, ConsentPurpose.TRACKING]),
    "state": choice(ConsentState),
    **TEXT_READ,
    "method": TEXT,
    "at": TIME,
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Contact": thing(
        "A person the company writes to.",
        id=TEXT,
        version={"type": "integer", "description": "Name it when changing the contact."},
        name=TEXT,
        email=or_null(TEXT),
        company=or_null(TEXT),
        position=or_null(TEXT),
        country=or_null(TEXT),
        phone=or_null(TEXT),
        social=many(TEXT),
        lawful_basis=thing("Why this person may be kept.", basis=TEXT, source=TEXT),
        created_at=TIME,
        updated_at=TIME,
    ),
    "ContactPage": page("Contact"),
    "Consent": thing("The last word on one purpose.", **_CONSENT),
    "ConsentReceipt": thing("Recorded, in force at once.", **_CONSENT, receipt_id=TEXT),
    "Standing": thing(
        "Consents, and what the person stopped or what bounced.",
        items=many(ref("Consent")),
        refused=many(choice(Stop)),
        history=ref("ContactReceiptPage"),
        texts=many(ref("PublishedText")),
    ),
    "ContactReceipt": thing(
        "Proof of one consent or refusal, and where it is on record.",
        id=TEXT,
        **_CONSENT,
        text_kept_by={"type": "string", "enum": ["okki", "company", "nobody"]},
        recorded_by={**or_null(TEXT), "description": "The user; null where the person said it themselves."},
        evidence=ref("Evidence"),
    ),
    "ContactReceiptPage": page("ContactReceipt"),
    "Open": thing(
        "A mail was displayed.",
        message_id=TEXT,
        opened_at=TIME,
        ip=or_null(TEXT),
        verdict=choice(Verdict),
    ),
    "OpenPage": page("Open"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewContact": {
        "name": "Lena Vogel",
        "email": "lena.vogel@nordlicht-handel.example",
        "company": "Nordlicht Handel GmbH",
        "position": "Head of Purchasing",
        "country": "DE",
        "lawful_basis": {"basis": "consent", "source": "asked at the Hamburg trade fair"},
    },
    "ChangedContact": {"version": 1, "position": "Managing Director"},
    "ConsentGiven": {
        "state": "granted",
        "text_version": "tracking-2026-01",
        "method": "trade-fair-form",
    },
}

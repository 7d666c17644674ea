"""Disclosures: the staff's register, the company's view of it, the questions that come before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.disclosure_kinds import (
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Ending,
    Step,
    TransferBasis,
)
from chalicelib.privacy.register import Category
from chalicelib.records.disclosures import Asked

_FIELDS: Final = {**many(TEXT), "description": "Names of fields, such as `user.email`; never values."}
_HASH: Final = {**TEXT, "description": "SHA-256, hex."}
_ENDING: Final = {"type": ["string", "null"], "enum": [*(one.value for one in Ending), None]}
_BASIS: Final = {
    "type": ["string", "null"],
    "enum": [*(one.value for one in TransferBasis), None],
    "description": "On what it leaves Singapore; null: it does not.",
}
_COUNTRY: Final = {**or_null(TEXT), "description": "Where they are, ISO 3166 alpha-2."}
_YES_NO_OR_NULL: Final = {"type": ["boolean", "null"]}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "DisclosedTo": thing(
        "Who receives, how they are reached, and where they are.", name=TEXT, contact=TEXT, country=_COUNTRY
    ),
    "DisclosureTaken": thing("A step that was taken.", step=choice(Step), by=TEXT, at=TIME),
    "DisclosureCase": thing(
        "One case of the register.",
        id=TEXT,
        kind=choice(DisclosureKind),
        purpose=choice(DisclosurePurpose),
        concerns=choice(Concerns),
        company_id=TEXT,
        user_id=or_null(TEXT),
        contact_id=or_null(TEXT),
        message_id=or_null(TEXT),
        recipient=ref("DisclosedTo"),
        fields=_FIELDS,
        opened_by=TEXT,
        opened_at=TIME,
        steps=many(ref("DisclosureTaken")),
        ending={**_ENDING, "description": "Null: it goes on."},
        question_id={**or_null(TEXT), "description": "The question on whose yes it rests."},
        law=or_null(TEXT),
        reference=or_null(TEXT),
        secret_until={**or_null(TIME), "description": "Until then an order forbids telling."},
        prescribed_agency={**YES_NO, "description": "Nobody is told before it is released."},
        may_be_told={**YES_NO, "description": "Whether those concerned may hear of it now."},
        release_reason=or_null(TEXT),
        transfer_basis=_BASIS,
        policy_version={**or_null(TEXT), "description": "That a successor is bound to."},
        contract_ends_at=or_null(TIME),
        recipient_key={**or_null(TEXT), "description": "SHA-256 of the recipient's raw public key, hex."},
        payload_sha256=or_null(_HASH),
        records={**or_null(COUNT), "description": "How many were given."},
    ),
    "DisclosureCasePage": page("DisclosureCase"),
    "DisclosureFile": thing(
        "The sealed file, as it is to be handed over.",
        disclosure_id=TEXT,
        file={**TEXT, "description": "Write exactly these characters into a file."},
        sha256=_HASH,
        payload_sha256={**_HASH, "description": "Of what the recipient finds in it, SHA-256, hex."},
    ),
    "Disclosed": thing(
        "Data that was given away.",
        id=TEXT,
        kind=choice(DisclosureKind),
        purpose=choice(DisclosurePurpose),
        concerns=choice(Concerns),
        user_id={**or_null(TEXT), "description": "Whose data, if it was a user's."},
        recipient=ref("DisclosedTo"),
        fields=_FIELDS,
        categories=many(choice(Category)),
        at=TIME,
        not_handed_over_at={**or_null(TIME), "description": "It was deleted before it left."},
        transfer_basis=_BASIS,
        payload_sha256=_HASH,
    ),
    "DisclosedPage": page("Disclosed"),
    "Question": thing(
        "Asked before data is given away.",
        id=TEXT,
        asked=choice(Asked),
        of_company={**YES_NO, "description": "Asked of the company; its admins answer."},
        kind=choice(DisclosureKind),
        purpose=choice(DisclosurePurpose),
        text_version=or_null(TEXT),
        text={**or_null(TEXT), "description": "What a yes to it means; null where it asks for no consent."},
        recipient_name=TEXT,
        recipient_country=_COUNTRY,
        fields=_FIELDS,
        asked_at=TIME,
        answer_until={**or_null(TIME), "description": "Of a complaint: after that it is decided."},
        agreed=_YES_NO_OR_NULL,
        answered_at=or_null(TIME),
        words=or_null(TEXT),
    ),
    "QuestionPage": page("Question"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewDisclosure": {
        "kind": "partner",
        "purpose": "service",
        "company_id": "co_06gv7s2k81r0bo4m5p3t9d6e8g",
        "user_id": "usr_06gv7s2k81r0bo4m5p3t9d6e8g",
        "recipient": {
            "name": "Harbour Logistics Pte Ltd",
            "contact": "privacy@harbour.example",
            "country": "SG",
        },
        "fields": ["user.name", "user.email"],
    },
    "DisclosureStep": {"step": "ask"},
    "Answered": {"agreed": False},
}
"""Bodies by the name of their model."""

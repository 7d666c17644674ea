"""Signing up, logging in, who one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import TEXT, TIME, choice, or_null, ref, thing
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import Position
from chalicelib.records.proofs import Channel

USER: Final = {
    "id": TEXT,
    "name": TEXT,
    "email": {**TEXT, "format": "email"},
    "role": choice(Position),
    "locale": TEXT,
    "registered_at": TIME,
    "policy_version": TEXT,
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "CodeSent": thing("A code is on its way, if need be.", status={"const": "code_sent"}),
    "Session": thing("The only time the token is shown.", token=TEXT, expires_at=TIME, csrf_token=TEXT),
    "User": thing("A person who logs in.", **USER),
    "Company": thing("The client.", id=TEXT, name=TEXT, state=choice(CompanyState)),
    "SessionAnswer": thing(
        "A new session; the cookie is set as well.",
        session=ref("Session"),
        user=ref("User"),
        company=ref("Company"),
        device_token={
            **or_null(TEXT),
            "description": "Of a new device; apps send it as X-Device-Token, browsers have a cookie.",
        },
    ),
    "Challenge": thing(
        "A second proof is needed.",
        challenge=thing(
            "Where its code comes from; POST /v1/login/verify takes it.",
            id=TEXT,
            channel=choice(Channel),
            expires_at=TIME,
        ),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "SignUp": {
        "name": "Tan Mei Ling",
        "company": "Tan Logistics Pte. Ltd.",
        "email": "mei.ling@tan-logistics.example",
        "password": "seven green lanterns",
        "is_adult": True,
        "policy_version": "2025-01-16",
        "locale": "en",
    },
    "Verify": {"email": "mei.ling@tan-logistics.example", "code": "12345678"},
    "LogIn": {
        "email": "mei.ling@tan-logistics.example",
        "password": "seven green lanterns",
    },
}

"""Passwords, second proofs, one-time codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, many, or_null, ref, thing

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Proven": thing("This session counts as proven.", proven_until=TIME),
    "SecondFactor": thing("One-time codes.", enabled=YES_NO, recovery_codes_left=COUNT),
    "TotpSetup": thing(
        "For an authenticator app.",
        secret={**TEXT, "description": "Base32, to be typed."},
        uri={**TEXT, "description": "The same, to be shown as a QR code."},
    ),
    "TotpOn": thing(
        "One-time codes are on; a new session, since every one before it is over.",
        session=ref("Session"),
        user=ref("User"),
        company=ref("Company"),
        device_token=or_null(TEXT),
        recovery_codes=many(TEXT),
    ),
    "RecoveryCodes": thing("Each works once, should the app be lost.", recovery_codes=many(TEXT)),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "Proof": {"challenge_id": "chl_06c8q1m2v5s7d3f9g4h6j8k0la", "code": "12345678"},
    "ChangedPassword": {
        "current_password": "seven green lanterns",
        "password": "eight amber lanterns",
    },
    "ForgottenPassword": {"email": "mei.ling@tan-logistics.example"},
    "NewPassword": {
        "email": "mei.ling@tan-logistics.example",
        "code": "12345678",
        "password": "eight amber lanterns",
    },
    "OneTimeCode": {"code": "12345678"},
}

"""What a user agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import DAY, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.consent import ConsentPurpose, ConsentState

_VERSION: Final = thing("A version of the policy.", version=TEXT, effective_on=DAY, url=TEXT)

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "PolicyStanding": thing(
        "Where somebody stands to the policy.",
        agreed={**TEXT, "description": "The version last agreed to."},
        in_force=_VERSION,
        consent_needed={**YES_NO, "description": "Nothing but one's own settings is open until agreed."},
        next={**or_null(_VERSION), "description": "Announced, and not in force yet."},
    ),
    "OwnConsent": thing(
        "How a user stands on one question.",
        purpose=choice(ConsentPurpose),
        state=choice(ConsentState),
        text_version={**or_null(TEXT), "description": "The text the answer was given to."},
        method=or_null(TEXT),
        at=or_null(TIME),
        current_text_version={**or_null(TEXT), "description": "The text in force: name this one to answer."},
        text=or_null(TEXT),
        ask_again=YES_NO,
    ),
    "OwnReceipt": thing(
        "Proof of one answer; written once.",
        id=TEXT,
        purpose=choice(ConsentPurpose),
        state=choice(ConsentState),
        text_version=TEXT,
        policy_version=TEXT,
        method=TEXT,
        at=TIME,
    ),
    "OwnReceiptPage": page("OwnReceipt"),
    "OwnConsents": thing(
        "What a user agreed to.", consents=many(ref("OwnConsent")), history=ref("OwnReceiptPage")
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "OwnAnswer": {"purpose": "marketing", "state": "granted", "text_version": "marketing-2026-01"},
    "Agreement": {"version": "2025-01-16"},
}

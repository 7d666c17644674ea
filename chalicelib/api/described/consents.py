"""What a user agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, DAY, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.consent import ConsentPurpose, ConsentState

_EVIDENCE: Final = ref("Evidence")
_VERSION: Final = thing("A version of the policy.", version=TEXT, effective_on=DAY, url=TEXT)

_DIGEST: Final = {
    **or_null(TEXT),
    "description": "SHA-256 of the words in `locale`, in UTF-8; without one, of both languages.",
}
TEXT_READ: Final[Mapping[str, dict[str, Any]]] = {
    "text_version": {**TEXT, "description": "Empty where no text was shown."},
    "locale": {**or_null(TEXT), "description": "The language in which a text of ours was read."},
    "text_sha256": _DIGEST,
}
"""What a receipt says about the words."""

_RECEIPT: Final = {
    "id": TEXT,
    "purpose": choice(ConsentPurpose),
    "state": choice(ConsentState),
    **TEXT_READ,
    "policy_version": TEXT,
    "method": TEXT,
    "at": TIME,
}

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
        **_RECEIPT,
    ),
    "Evidence": thing(
        "An entry of a chain of evidence: `link` is the SHA-256 of the other members.",
        pk={**TEXT, "description": "The chain."},
        sk=TEXT,
        kind=TEXT,
        policy=or_null(TEXT),
        facts={"type": "object"},
        expires_at=or_null(COUNT),
        sealed={**or_null(TEXT), "description": "SHA-256 of what is sealed in it."},
        seq=COUNT,
        prev={**TEXT, "description": "The `link` of the entry before."},
        link=TEXT,
    ),
    "PublishedText": thing(
        "A text of ours.",
        version=TEXT,
        words={"type": "object", "additionalProperties": TEXT},
        sha256={"type": "object", "additionalProperties": TEXT},
    ),
    "PlacedReceipt": thing("Proof of one answer, and where it is on record.", **_RECEIPT, evidence=_EVIDENCE),
    "SwitchedReceipt": thing(
        "Proof of one change of what is told.",
        id=TEXT,
        switched={"type": "object"},
        method=TEXT,
        at=TIME,
        evidence=_EVIDENCE,
    ),
    "SharingReceipt": thing(
        "Proof of one answer about giving data away.",
        id=TEXT,
        question_id=TEXT,
        purpose=TEXT,
        fields=many(TEXT),
        agreed=YES_NO,
        **TEXT_READ,
        at=TIME,
        evidence=_EVIDENCE,
    ),
    "ConsentProof": thing(
        "Everything a user said, proved.",
        user_id=TEXT,
        at=TIME,
        complete=YES_NO,
        consents=many(ref("PlacedReceipt")),
        notifications=many(ref("SwitchedReceipt")),
        sharing=many(ref("SharingReceipt")),
        texts=many(ref("PublishedText")),
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

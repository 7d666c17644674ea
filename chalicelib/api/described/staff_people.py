"""The staff: logging in, people, what is on record about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import TEXT, TIME, choice, many, or_null, page, ref, thing
from chalicelib.privacy.personnel import Paper, Right, StaffPosition
from chalicelib.records.staff import StaffState

_PERSON: Final[Mapping[str, Mapping[str, Any]]] = {
    "id": TEXT,
    "name": TEXT,
    "email": {**TEXT, "format": "email"},
    "position": choice(StaffPosition),
    "state": choice(StaffState),
    "since": TIME,
    "agreement": {**or_null(TEXT), "description": "Version of the confidentiality agreement signed last."},
    "agreed_at": or_null(TIME),
    "trained_at": or_null(TIME),
    "approves_from": {
        **or_null(TIME),
        "description": "Newcomers approve nothing before; null: not set up yet.",
    },
    "training_ends_at": or_null(TIME),
}
_HALF: Final[Mapping[str, Any]] = {
    **TEXT,
    "description": "The half of the set-up token that is handed over in person; shown this once.",
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "StaffPerson": thing("Somebody of the staff.", **_PERSON),
    "StaffPage": page("StaffPerson"),
    "StaffInvited": thing("Somebody who is to come.", **_PERSON, second_half=_HALF),
    "StaffSecondHalf": thing("For the way back in.", second_half=_HALF),
    "StaffSession": thing(
        "Somebody is in.",
        token={**TEXT, "description": "Bearer token, shown this once."},
        expires_at={**TIME, "description": "If it is not used again."},
        staff=ref("StaffPerson"),
    ),
    "StaffMe": thing(
        "Oneself.",
        **_PERSON,
        rights=many(choice(Right)),
        missing={**or_null(TEXT), "description": "Why no right works now; null when all is on record."},
        session_ends_at=TIME,
    ),
    "StaffSecret": thing(
        "For an authenticator app; shown this once.",
        secret={**TEXT, "description": "Base32, to be typed."},
        uri={**TEXT, "description": "The same, to be shown as a QR code."},
    ),
    "StaffPaper": thing(
        "An entry of the personnel record.",
        id=TEXT,
        paper=choice(Paper),
        version=TEXT,
        at=TIME,
        entered_by={**or_null(TEXT), "description": "Null: at the operator's desk."},
        entered_at=TIME,
    ),
    "StaffRecord": thing("Everything on record about somebody.", items=many(ref("StaffPaper"))),
}

_TOKEN: Final = "k3Zq0vN8b1xR5yT7uW2eC4aF6dG9hJ0m.Q2wE4rT6yU8iO0pA1sD3fG5hJ7kL9zX"  # noqa: S105  # an example
EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "StaffLogIn": {
        "email": "noor@okki-staff.example",
        "password": "seven green lanterns",
        "code": "123456",
    },
    "StaffPassword": {
        "token": _TOKEN,
        "password": "seven green lanterns",
    },
    "StaffFirstCode": {"token": _TOKEN, "code": "123456"},
    "NewStaff": {"name": "Noor Rahman", "email": "noor@okki-staff.example", "position": "support"},
    "ChangedStaff": {"state": "suspended"},
    "NewPaper": {"paper": "training", "version": "security-and-privacy", "on": "2026-11-02"},
}

"""Members and invitations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import TEXT, TIME, YES_NO, choice, or_null, page, thing
from chalicelib.privacy.permissions import Position
from chalicelib.records.accounts import MemberState

_MAILBOX: Final = {**TEXT, "format": "email"}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Member": thing(
        "A person of the company, as its admins see them.",
        id=TEXT,
        name=TEXT,
        email=_MAILBOX,
        role=choice(Position),
        department_id=or_null(TEXT),
        state=choice([MemberState.ACTIVE, MemberState.SUSPENDED]),
        main_account=YES_NO,
        second_factor={**YES_NO, "description": "Whether one-time codes protect the account."},
        joined_at=TIME,
    ),
    "MemberPage": page("Member"),
    "Invitation": thing(
        "Somebody was asked to join.",
        id=TEXT,
        email=_MAILBOX,
        role=choice(Position),
        department_id=or_null(TEXT),
        locale=TEXT,
        invited_by=TEXT,
        created_at=TIME,
        expires_at=TIME,
    ),
    "InvitationPage": page("Invitation"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewMember": {"email": "wei.chen@tan-logistics.example", "role": "member", "locale": "zh"},
    "ChangedMember": {"role": "manager"},
    "AcceptedInvitation": {
        "token": "k3Zq0vN8b1xR5yT7uW2eC4aF6dG9hJ0mLpSsXwQzVnA",
        "name": "Chen Wei",
        "password": "nine copper lanterns",
        "is_adult": True,
        "policy_version": "2025-01-16",
    },
}

"""Notifications: choices, devices, inbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.notifications import Channel, Group, Kind
from chalicelib.records.notifications import Platform

_CLAUSE: Final = thing("The promise of the policy that it rests on.", id=TEXT, section=TEXT)
_SWITCH: Final = thing(
    "One channel.",
    on=YES_NO,
    fixed={**YES_NO, "description": "Sent whatever is chosen."},
)
_CONSENT: Final = {
    **thing(
        "What is asked besides the switch; null where nothing is.",
        purpose=choice(ConsentPurpose),
        state=choice(ConsentState),
        text_version=or_null(TEXT),
        text=or_null(TEXT),
    ),
    "type": ["object", "null"],
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "NotificationKind": thing(
        "What there is to be told about, and on which channels it goes.",
        kind=choice(Kind),
        group=choice(Group),
        clause=_CLAUSE,
        about=TEXT,
        consent=_CONSENT,
        channels=thing("By channel.", **{channel.value: _SWITCH for channel in Channel}),
    ),
    "PushDevice": thing(
        "A device that takes pushes.", id=TEXT, platform=choice(Platform), registered_at=TIME
    ),
    "NotificationSettings": thing(
        "What I am told, and on which way.",
        kinds=many(ref("NotificationKind")),
        receipt_id={**or_null(TEXT), "description": "Of the last change; null before the first."},
        push=thing(
            "Pushes.",
            offered=many(choice(Platform)),
            devices=many(ref("PushDevice")),
        ),
    ),
    "InboxItem": thing(
        "Something I was told. Without text when that was withdrawn since.",
        id=TEXT,
        kind=choice(Kind),
        group=choice(Group),
        clause=_CLAUSE,
        subject=or_null(TEXT),
        text=or_null(TEXT),
        at=TIME,
        read_at=or_null(TIME),
    ),
    "Unread": thing("What is left of the newest hundred.", unread=COUNT),
    "Inbox": thing(
        "One page of the inbox.",
        **page("InboxItem")["properties"],
        unread={**COUNT, "description": "Among the newest hundred."},
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NotificationsChosen": {"choices": {"tips": {"mail": True}, "membership": {"push": False}}},
    "NewPushDevice": {
        "platform": "apns",
        "token": "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad",
    },
}

"""Personal Settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.described.accounts import USER
from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.register import Category, LegalBasis, Purpose, Source

_LOOKS: Final = {
    "device_model": TEXT,
    "os_version": TEXT,
    "browser_type": TEXT,
    "language": TEXT,
    "ip": {**TEXT, "description": "The address of the last login."},
}
_UNTIL: Final = {**or_null(TIME), "description": "Null: there is no day yet; `why` says what it hangs on."}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Me": thing(
        "Who I am.",
        **USER,
        version={**COUNT, "description": "A change must name it."},
        department_id=or_null(TEXT),
        second_factor=YES_NO,
        main_account=YES_NO,
        permissions=many(choice(Permission)),
        policy=ref("PolicyStanding"),
        company=ref("Company"),
        csrf_token=TEXT,
    ),
    "Device": thing(
        "Something a user has logged in with.",
        id=TEXT,
        **_LOOKS,
        first_seen_at=TIME,
        last_seen_at=TIME,
        kept_until=or_null(TIME),
        current=YES_NO,
    ),
    "DevicePage": page("Device"),
    "OpenSession": thing(
        "Somewhere a user is logged in.",
        id=TEXT,
        device_id=TEXT,
        device=or_null(thing("Null: made room for a newer one.", **_LOOKS)),
        created_at=TIME,
        used_at=TIME,
        expires_at={**TIME, "description": "If it is not used again."},
        current=YES_NO,
    ),
    "SessionPage": page("OpenSession"),
    "HeldField": thing(
        "One field, and what the policy says about it.",
        field=TEXT,
        value={"description": "As it is kept; a moment as a time, null for nothing."},
        category={
            **or_null(choice(Category)),
            "enum": [*(one.value for one in Category), None],
            "description": "Null: not personal by itself.",
        },
        section=or_null(TEXT),
        source=many(choice(Source)),
        purposes=many(choice(Purpose)),
        bases=many(choice(LegalBasis)),
        kept_until=_UNTIL,
        why=TEXT,
    ),
    "HeldRecord": thing(
        "One record.",
        policy_version={
            **or_null(TEXT),
            "description": "The version of the policy in force when it was made.",
        },
        kept_until=_UNTIL,
        why=TEXT,
        fields=many(ref("HeldField")),
    ),
    "HeldKind": thing(
        "All records of one kind.",
        kind=TEXT,
        complete={
            **YES_NO,
            "description": "False: there are more than one answer takes; these are the newest.",
        },
        records=many(ref("HeldRecord")),
    ),
    "OwnData": thing(
        "Everything held about me.",
        user_id=TEXT,
        at=TIME,
        policy_version=TEXT,
        kinds=many(ref("HeldKind")),
        not_shown=many(thing("Kept about users, and not shown.", kind=TEXT, why=TEXT)),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "ChangedProfile": {"version": 1, "name": "Tan Mei Ling", "locale": "zh"},
    "NewAddress": {"email": "meiling@tan-logistics.example", "password": "seven green lanterns"},
}

"""Grants, what is seen under them, and what the company sees of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.grants import GrantPurpose, GrantState
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.records.accounts import MemberState
from chalicelib.records.grants import GrantAct, Opened

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Grant": thing(
        "Leave to look at one company.",
        id=TEXT,
        company_id=TEXT,
        purpose=choice(GrantPurpose),
        ticket=TEXT,
        minutes=COUNT,
        masked={**YES_NO, "description": "Whether names, addresses and numbers stay masked."},
        export=YES_NO,
        state=choice(GrantState),
        active={**YES_NO, "description": "Whether it may be used now, as far as the clock goes."},
        asked_by=TEXT,
        asked_at=TIME,
        approved_by=many(TEXT),
        approvals_needed=COUNT,
        starts_at=or_null(TIME),
        ends_at=or_null(TIME),
    ),
    "GrantPage": page("Grant"),
    "CompanyUnderGrant": thing(
        "A company.",
        id=TEXT,
        name=TEXT,
        country=or_null(TEXT),
        state=choice(CompanyState),
        created_at=TIME,
    ),
    "MemberUnderGrant": thing(
        "A person of a company, masked unless the grant says otherwise.",
        id=TEXT,
        name=TEXT,
        email=TEXT,
        role=choice(Position),
        state=choice(MemberState),
        joined_at=TIME,
    ),
    "MemberUnderGrantPage": page("MemberUnderGrant"),
    "ContactUnderGrant": thing(
        "A contact of a company, masked unless the grant says otherwise.",
        id=TEXT,
        name=TEXT,
        email=or_null(TEXT),
        phone=or_null(TEXT),
        company=or_null(TEXT),
        position=or_null(TEXT),
        country=or_null(TEXT),
        basis=TEXT,
        source=or_null(TEXT),
        created_at=TIME,
    ),
    "ContactUnderGrantPage": page("ContactUnderGrant"),
    "ExportUnderGrant": thing(
        "As much as fits into one answer.",
        company=ref("CompanyUnderGrant"),
        members={**many(ref("MemberUnderGrant")), "description": "With the first answer only."},
        contacts=many(ref("ContactUnderGrant")),
        next_cursor={**or_null(TEXT), "description": "Send it as `cursor`; null at the end."},
    ),
    "StaffAccess": thing(
        "One step of a grant, one look under it, or a look that takes none.",
        id=TEXT,
        at=TIME,
        act=choice(GrantAct),
        grant_id={**or_null(TEXT), "description": "Null: looking at evidence or periods takes none."},
        staff_id={**TEXT, "description": "Who did it; always the same for the same person."},
        position=choice(StaffPosition),
        purpose={**TEXT, "type": ["string", "null"], "enum": [*GrantPurpose, None]},
        export=YES_NO,
        masked=or_null(YES_NO),
        minutes=or_null(COUNT),
        starts_at=or_null(TIME),
        ends_at=or_null(TIME),
        opened={**TEXT, "type": ["string", "null"], "enum": [*Opened, None]},
        number={**or_null(COUNT), "description": "How many were shown."},
    ),
    "StaffAccessPage": page("StaffAccess"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewGrant": {
        "company_id": "co_06c8q1m2v5s7d3f9g4h6j8k0la",
        "purpose": "support",
        "ticket": "OPS-4711",
        "minutes": 30,
    },
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "export_company": ({"name": "cursor", "in": "query", "schema": TEXT},),
}

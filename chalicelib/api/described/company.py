"""The Enterprise Center: the company, departments, roles, restrictions, AI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.privacy.register import Category
from chalicelib.privacy.restrictions import Action, Scope
from chalicelib.services.companies.ai_settings import TASKS

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "CompanyProfile": thing(
        "The company as its own people see it.",
        id=TEXT,
        version={"type": "integer", "description": "Name it when changing the company."},
        name=TEXT,
        country=or_null(TEXT),
        website=or_null(TEXT),
        state=choice(CompanyState),
        main_account_id={**TEXT, "description": "The admin who answers for the company."},
        members=COUNT,
        admins_need_totp={**YES_NO, "description": "Whether admins must use one-time codes."},
        created_at=TIME,
    ),
    "Department": thing(
        "A part of the company.", id=TEXT, name=TEXT, parent_id=or_null(TEXT), created_at=TIME
    ),
    "DepartmentPage": page("Department"),
    "HandedOver": thing("Done; both were told by mail.", main_account_id=TEXT),
    "Role": thing("What a role may do.", role=choice(Position), permissions=many(choice(Permission))),
    "Roles": thing(
        "What each role may do.",
        items=many(ref("Role")),
        grantable={**many(choice(Permission)), "description": "What managers and members can be given."},
    ),
    "Restriction": thing(
        "Who may not do what to which data.",
        action=choice(Action),
        category=choice(Category),
        roles=many(choice(Position)),
        older_than_days={"type": ["integer", "null"]},
        newer_than_days={"type": ["integer", "null"]},
        scope=choice(Scope),
    ),
    "RestrictionList": thing(
        "All restrictions of the company.",
        items=many(ref("Restriction")),
        version={**TEXT, "description": "Name it when replacing them."},
    ),
    "AiSettings": thing(
        "What AI may do for the company.",
        enabled=YES_NO,
        tasks=many({**TEXT, "enum": list(TASKS)}),
        needs_approval={
            **YES_NO,
            "description": "A person looks before it is sent. AI never sends by itself.",
        },
        changed_by=or_null(TEXT),
        changed_at=or_null(TIME),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "ChangedCompany": {"version": 1, "country": "SG", "website": "https://tan-logistics.example"},
    "NewDepartment": {"name": "Sales Europe"},
    "ChangedDepartment": {"name": "Sales Europe and Africa"},
    "Handover": {"user_id": "usr_06c8q1m2v5s7d3f9g4h6j8k0la"},
    "AiAutomation": {"enabled": True, "tasks": ["draft_email", "polish"], "needs_approval": True},
    "Grants": {"permissions": ["contacts.read", "contacts.write", "messages.read", "messages.send"]},
    "Restrictions": {
        "items": [
            {
                "action": "delete",
                "category": "stored",
                "roles": ["member"],
                "older_than_days": 30,
                "scope": "others",
            }
        ],
        "version": "4f53cda18c2baa0c",
    },
}

"""Incidents: opened, scoped, worded, told."""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.register import Category, Role
from chalicelib.records.incidents import IncidentState

_INCIDENT: Final[Mapping[str, Mapping[str, Any]]] = {
    "id": TEXT,
    "workflow_id": TEXT,
    "state": choice(IncidentState),
    "summary": TEXT,
    "opened_by": TEXT,
    "opened_at": TIME,
    "aware_at": TIME,
    "assessed_at": or_null(TIME),
    "closed_at": or_null(TIME),
    "companies": COUNT,
    "people": {
        **or_null({"type": "object", "additionalProperties": COUNT}),
        "description": "Numbers by `role/subject/country`, at most; null: nobody knows yet.",
    },
    "next_due": {**or_null(TEXT), "description": "What is owed next."},
    "next_due_at": or_null(TIME),
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Incident": thing("A security incident (4.3.4), as the register shows it.", **_INCIDENT),
    "IncidentPage": page("Incident"),
    "IncidentLooked": thing(
        "Where was looked for whom it concerns.",
        number=COUNT,
        complete=YES_NO,
        from_at=TIME,
        until_at=TIME,
        actor_id=or_null(TEXT),
        session_id=or_null(TEXT),
        company_ids=many(TEXT),
        everywhere=YES_NO,
        categories=many(choice(Category)),
        kinds=many(TEXT),
    ),
    "IncidentTold": thing(
        "How far the telling is.",
        asked={**many(TEXT), "description": "Whom staff wanted told."},
        counted={**YES_NO, "description": "All of them were written to, and counted at least once."},
        under_way={"type": "object", "additionalProperties": TEXT},
        coming_back={"type": "object", "additionalProperties": TEXT},
        accepted={**COUNT, "description": "Users whose mail was accepted for delivery."},
        unreachable={**COUNT, "description": "Users who could not be told one by one."},
        without_account={**COUNT, "description": "People of the operator's base, at most."},
        clients_unreached={**COUNT, "description": "Main administrators: telephone them."},
        announcement_id=or_null(TEXT),
    ),
    "IncidentWhole": thing(
        "An incident, what is owed, how far the telling is, where its workflow stands.",
        **_INCIDENT,
        finding_id=or_null(TEXT),
        look=ref("IncidentLooked"),
        scoped_at=or_null(TIME),
        contents=or_null({"type": "object"}),
        obligations=many(ref("IncidentObligation")),
        telling=ref("IncidentTold"),
        next_follow_up_at=or_null(TIME),
        stage=TEXT,
        why=TEXT,
        until={**or_null(TIME), "description": "When it goes on by itself."},
    ),
    "IncidentConcernedCompany": thing(
        "What an incident has to do with a company; numbers are upper bounds.",
        id=TEXT,
        roles=many(choice(Role)),
        categories=many(choice(Category)),
        users=COUNT,
        records=COUNT,
        people={**COUNT, "description": "In its records."},
        unreadable={**YES_NO, "description": "It could not be looked into: find out how many there are."},
        opened={"type": "object", "additionalProperties": COUNT},
        first_at=or_null(TIME),
        last_at=or_null(TIME),
    ),
    "IncidentCompanyPage": page("IncidentConcernedCompany"),
}

_EN: Final = {
    "situation": "A copy of the member list of your company was taken. Names and mail addresses are in it.",
    "measures": "The way in is closed, and all keys that were near it have been replaced.",
    "advice": "Be wary of mail that asks for a password or a payment, and change a password you use twice.",
    "remedies": "Write to the address in section 8 of the policy; we answer questions and help to report.",
}
_ZH: Final = {
    "situation": "贵公司的成员名单被复制，其中包含姓名和邮箱地址。",
    "measures": "入侵途径已关闭，相关密钥均已更换。",
    "advice": "请警惕索要密码或付款的邮件，并更换重复使用的密码。",
    "remedies": "请按隐私政策第八条与我们联系，我们将答复疑问并协助报案。",
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewIncident": {
        "summary": "A backup was readable from outside for a night.",
        "aware_at": "2026-11-20T01:30:00Z",
        "from_at": "2026-11-19T12:00:00Z",
        "until_at": "2026-11-19T22:00:00Z",
        "everywhere": True,
        "categories": ["logon"],
    },
    "IncidentLook": {
        "from_at": "2026-11-19T12:00:00Z",
        "until_at": "2026-11-19T22:00:00Z",
        "everywhere": True,
        "categories": ["logon", "stored"],
    },
    "IncidentContents": {"en": _EN, "zh": _ZH},
    "IncidentTelling": {"whom": ["clients"]},
}

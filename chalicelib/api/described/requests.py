"""Requests about personal data: for those who ask, for companies, for staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, many, or_null, page, ref, thing
from chalicelib.privacy.requests import Extension, Outcome, RequestKind, RequestState
from chalicelib.records.requests import CompanyDecision, RequestAct

_KIND: Final = choice(RequestKind)
_LINE: Final[Mapping[str, Mapping[str, Any]]] = {
    "id": TEXT,
    "kind": _KIND,
    "received_at": TIME,
    "due_at": TIME,
    "extended": YES_NO,
    "escalated": YES_NO,
}
_FILE: Final[Mapping[str, Mapping[str, Any]]] = {
    **_LINE,
    "source": TEXT,
    "state": choice(RequestState),
    "verified_at": TIME,
    "email": TEXT,
    "details": or_null(TEXT),
    "company_id": or_null(TEXT),
    "user_id": or_null(TEXT),
    "outcomes": many(choice(Outcome)),
    "companies": COUNT,
    "answer": or_null(TEXT),
    "attached_to": {**or_null(TEXT), "description": "The request whose answer is this one's."},
    "attached": many(
        thing(
            "A later one of the same mailbox for the same.", id=TEXT, received_at=TIME, details=or_null(TEXT)
        )
    ),
    "erase_by": {**or_null(TEXT), "description": "Who of the staff wants the account erased."},
    "grounds": many(thing("A ground there is for refusing this kind.", code=TEXT, source=TEXT)),
    "steps": many(thing("What was done.", act=choice(RequestAct), at=TIME, staff_id=or_null(TEXT))),
}
_ASKED: Final = thing(
    "A client that holds something of the address: it decides about it.",
    name=TEXT,
    website=or_null(TEXT),
    told_at=or_null(TIME),
    decision=choice(CompanyDecision),
    decided_at=or_null(TIME),
    note=or_null(TEXT),
)
_IN_BASE: Final = {"company": or_null(TEXT), "website": or_null(TEXT), "at": TIME}
_BASE: Final = thing(
    "Where the base of prospects has this person from, and which companies received them from it.",
    shared_by=many(thing("A company that shared them.", **_IN_BASE, ground=TEXT, agreement_version=TEXT)),
    received_by=many(
        thing(
            "A company that received them.",
            **_IN_BASE,
            transfer={**TEXT, "description": "On which ground it crossed a border (4.2)."},
        )
    ),
)
SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "RequestTaken": thing("Taken; a code is on its way to the mailbox.", id=TEXT, state=TEXT),
    "RequestVerified": thing(
        "The mailbox is proven.",
        id=TEXT,
        state=choice(RequestState),
        due_at=TIME,
        token={**TEXT, "description": "Opens the answer for 30 days; shown this once."},
    ),
    "RequestSeen": {
        "description": "Without the token the first, with it the second.",
        "anyOf": [ref("RequestKnown"), ref("RequestAnswer")],
    },
    "RequestKnown": thing(
        "What an id alone shows: the same whatever became of the request.",
        id=TEXT,
        state={**TEXT, "enum": ["unverified", "verified"]},
        due_at=TIME,
    ),
    "RequestAnswer": thing(
        "A request as its owner sees it.",
        id=TEXT,
        kind=_KIND,
        state=choice(RequestState),
        received_at=TIME,
        verified_at=TIME,
        due_at=TIME,
        clocks=many(
            thing(
                "A deadline of the law.", id=TEXT, source=TEXT, starts_at=TIME, ends_at=TIME, followed=YES_NO
            )
        ),
        extension=or_null(thing("More time was taken.", until=TIME, reason=choice(Extension))),
        attached_to={
            **or_null(TEXT),
            "description": "The same was asked before: the answer is that request's.",
        },
        answer=or_null(
            thing(
                "As far as there is one; `final` says whether more will come.",
                at=or_null(TIME),
                final=YES_NO,
                outcomes=many(choice(Outcome)),
                words=many(TEXT),
                from_staff=or_null(TEXT),
                ground=or_null(thing("Why it was refused.", code=TEXT, source=TEXT)),
                companies=many(_ASKED),
                data={**or_null(TEXT), "description": "Where the data itself is."},
                complain={**TEXT, "description": "Where to complain."},
            )
        ),
    ),
    "RequestData": thing(
        "Everything held about the mailbox.",
        request_id=TEXT,
        at=TIME,
        account=YES_NO,
        kinds=many({"type": "object", "description": "As in GET /v1/me/data."}),
        not_shown=many(thing("A kind that is not shown, and why.", kind=TEXT, why=TEXT)),
        recipients=many(
            thing(
                "Somebody it was given to.",
                id=TEXT,
                at=TIME,
                kind=TEXT,
                purpose=TEXT,
                recipient=TEXT,
                fields=many(TEXT),
            )
        ),
        companies=many(_ASKED),
        base=or_null(_BASE),
    ),
    "CompanyRequest": thing(
        "A request about a person this company holds data of.",
        id=TEXT,
        kind=_KIND,
        source=TEXT,
        email={**or_null(TEXT), "description": "Gone once the person is erased."},
        details=or_null(TEXT),
        received_at=TIME,
        due_at=TIME,
        decision=choice(CompanyDecision),
        decided_at=or_null(TIME),
        decided_by=or_null(TEXT),
    ),
    "CompanyRequestPage": page("CompanyRequest"),
    "StaffRequestLine": thing("A request that waits. Nothing personal.", **_LINE),
    "StaffRequestPage": page("StaffRequestLine"),
    "StaffRequest": thing("A request as staff see it.", **_FILE),
    "StaffRequestCopy": thing(
        "What access was refused to, as it was then.",
        id=TEXT,
        kept_until=TIME,
        data={"type": "object", "description": "As the requester would have had it."},
    ),
    "StaffRequestCopyKept": thing("Until when the copy is kept.", id=TEXT, kept_until=TIME),
    "StaffAnswered": thing(
        "A request, answered.",
        **_FILE,
        recipients=many(
            thing(
                "Somebody who received what was corrected; told: a letter is on its way.",
                disclosure_id=TEXT,
                name=TEXT,
                contact=TEXT,
                told=YES_NO,
            )
        ),
    ),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewRequest": {
        "kind": "access",
        "email": "lena.vogel@nordlicht-handel.example",
        "details": "Where did you get my address?",
        "locale": "en",
    },
    "RequestProof": {"code": "48310752"},
    "RequestDecision": {"decision": "done", "note": "We have written to you."},
    "StaffAnswer": {"text": "We looked into it: your address came from a trade fair in Hamburg."},
    "StaffRefusal": {"ground": "unfounded", "text": "The account you name is somebody else's."},
    "StaffErasureWish": {"text": "Your account has been erased, as you asked."},
    "CopyTerm": {"days": 90},
    "StaffExtension": {"months": 1, "reason": "complex"},
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "read_request_data": (
        {
            "name": "format",
            "in": "query",
            "schema": {"type": "string", "enum": ["json", "csv"], "default": "json"},
        },
    )
}

"""Chains of evidence, and what the look at the access log found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, choice, many, or_null, page, ref, thing
from chalicelib.privacy.evidence import LANES
from chalicelib.privacy.watching import Unusual
from chalicelib.records.watching import FindingState, Outcome

_HASH: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_EPOCH: Final = {"type": "integer", "description": "Seconds since 1970."}

_ARCHIVE: Final = thing(
    "What the anchors were read from.",
    newest={**or_null(_EPOCH), "description": "When the last document was written."},
    doubts={**many(ref("EvidenceDoubt")), "description": "With any, no chain counts as sound."},
    ignored={
        **many(TEXT),
        "description": "Objects that count as not there: none of ours, or of the future.",
    },
)

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "EvidenceEntry": thing(
        "One link of a chain: `link` is the SHA-256 of everything else in it.",
        seq={**COUNT, "description": "From 1, without a gap."},
        prev={**_HASH, "description": "The `link` of the one before it; zeros for the first."},
        link=_HASH,
        pk=TEXT,
        sk=TEXT,
        kind=TEXT,
        policy={**or_null(TEXT), "description": "The version of the policy it was made under."},
        facts={"type": "object", "description": "Ids, numbers, keyed hashes."},
        expires_at={**or_null(_EPOCH), "description": "Seconds since 1970."},
        sealed={**or_null(TEXT), "description": "SHA-256 of what else it holds, which is sealed."},
    ),
    "EvidenceHead": thing("How far a chain has come.", seq=COUNT, link=_HASH),
    "EvidenceAnchor": thing(
        "How far it had come at some time, by what nobody can rewrite.", seq=COUNT, link=_HASH, at=_EPOCH
    ),
    "EvidenceDoubt": thing(
        "An object in the archive that cannot have come about as it should have.",
        key=TEXT,
        reason={
            "type": "string",
            "enum": [
                "left_out",
                "misplaced",
                "not_as_summed",
                "unlinked",
                "unreadable",
                "versions_differ",
            ],
        },
    ),
    "ChainOfEvidence": thing(
        "One page of a chain, in the order of the keys; the number says the order of writing.",
        chain=TEXT,
        exported_at=_EPOCH,
        head=ref("EvidenceHead"),
        entries=many(ref("EvidenceEntry")),
        anchors={
            **many(ref("EvidenceAnchor")),
            "description": "With the last page, and for staff only.",
        },
        archive=or_null(_ARCHIVE),
        next_cursor={**or_null(TEXT), "description": "Send it as `cursor`; null at the end."},
    ),
    "Finding": thing(
        "Something unusual about what somebody read in one hour.",
        id=TEXT,
        unusual=choice(Unusual),
        actor_id={**TEXT, "description": "A user, or somebody of the staff."},
        company_id={**or_null(TEXT), "description": "Of a user."},
        hour={**TIME, "description": "Its first second."},
        number={**COUNT, "description": "Records opened; for `breadth` companies."},
        usual={**COUNT, "description": "How many would have been usual."},
        state=choice(FindingState),
        found_at=TIME,
        outcome=or_null(choice(Outcome)),
        ticket=or_null(TEXT),
        closed_by=or_null(TEXT),
        closed_at=or_null(TIME),
    ),
    "FindingPage": page("Finding"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "FindingAnswer": {"outcome": "authorised", "ticket": "SEC-1042"},
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "operator_evidence": (
        {
            "name": "cookies",
            "in": "query",
            "description": "One of the chains of answers about cookies, instead of the operator's own.",
            "schema": {"type": "string", "enum": list(LANES)},
        },
    ),
}

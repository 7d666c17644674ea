"""The company's own chain of evidence, to take away and to check elsewhere (4.3.1, 4.3.2)."""

from __future__ import annotations

from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.endpoint import Call, route
from chalicelib.privacy.anchors import Reading
from chalicelib.privacy.permissions import Permission
from chalicelib.services.evidence import export
from chalicelib.services.evidence.export import Part

SHOWN: Final = 20
"""Objects of the bucket that are named in an answer."""

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/company/evidence",
    summary="What is proven about the company: consents, refusals, looks of the staff, disclosures, erasures",
    paged=True,
    permission=Permission.COMPANY_MANAGE,
    clauses=("access", "personnel", "consent"),
    answer="ChainOfEvidence",
)
def company_evidence(call: Call) -> dict[str, Any]:
    """A chain of hashes: `tools/verify_evidence.py` checks saved pages, one a line, without us. Ids, numbers
    and keyed hashes only. All pages end where the chain ended at the first one. `anchors` is empty here:
    they lie where this function has no right to look; ask for an export of the staff.
    """
    return evidence_view(export.page(call.who.company_id, call.limit, call.cursor, anchored=False))


def evidence_view(part: Part) -> dict[str, Any]:
    """One page, as the checking tool reads it. Times are epoch seconds: what was hashed is shown as it is."""
    return {
        "chain": part.chain,
        "exported_at": part.exported_at,
        "head": {"seq": part.head.seq, "link": part.head.link},
        "entries": part.entries,
        "anchors": [{"seq": one.seq, "link": one.link, "at": one.at} for one in part.anchors],
        "archive": None if part.archive is None else _archive(part.archive),
        "next_cursor": part.cursor,
    }


def _archive(reading: Reading) -> dict[str, Any]:
    """What is wrong with the bucket. Somebody can put there as much as they like: the first ones will do."""
    return {
        "newest": reading.newest,
        "doubts": [{"key": one.key, "reason": one.reason} for one in reading.doubts[:SHOWN]],
        "ignored": list(reading.ignored[:SHOWN]),
    }

"""Any chain of evidence with its anchors, for whoever audits it (4.3.1, 4.3.2)."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.api.endpoint import Call, route
from chalicelib.api.evidence import evidence_view
from chalicelib.kernel import ids
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError
from chalicelib.privacy import evidence
from chalicelib.privacy.personnel import Right
from chalicelib.records.grants import Opened
from chalicelib.services.evidence import export
from chalicelib.services.staff import acts

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/staff/evidence",
    summary="The operator's own chain of evidence, with its anchors",
    paged=True,
    staff=Right.EVIDENCE,
    clauses=("access", "personnel"),
    answer="ChainOfEvidence",
    errors=(422,),
)
def operator_evidence(call: Call) -> dict[str, Any]:
    """What was done about the staff and by it, and what the operator answers for. With `cookies`, one of the
    16 chains of visitors' answers about cookies.
    """
    lane = (call.request.query_params or {}).get("cookies")
    if lane is not None and not (len(lane) == 1 and lane in evidence.LANES):
        raise InvalidError(errors=[FieldError("cookies", "not_a_choice")])
    return evidence_view(export.operators(lane, call.limit, call.cursor))


@route(
    bp,
    "GET",
    "/v1/staff/evidence/{company_id}",
    summary="A company's chain of evidence, with its anchors",
    paged=True,
    staff=Right.EVIDENCE,
    clauses=("access", "personnel"),
    answer="ChainOfEvidence",
)
def chain_of_evidence(call: Call) -> dict[str, Any]:
    """One page is one line of what `tools/verify_evidence.py` takes; the anchors come with the last. An
    unknown company has an empty chain: evidence outlives the company, so nobody is asked whether it exists.
    Every page is a look that is proven first, for a cursor says nothing about who read the page before it;
    the company sees it too, unless a secret hold is in force there.
    """
    company_id = call.path["company_id"]
    if not ids.is_id(company_id, "co"):
        raise NotFoundError
    found = export.page(company_id, call.limit, call.cursor, anchored=True)
    acts.look(call.staff, company_id, Opened.EVIDENCE)
    return evidence_view(found)

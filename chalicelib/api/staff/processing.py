"""The record of processing, generated from the code that runs."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint, Response

from chalicelib.api.endpoint import HEADERS, Call, html, route
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.personnel import Right
from chalicelib.services.staff import processing

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/staff/processing-record",
    summary="The record of processing (GDPR 30)",
    staff=Right.PROCESSING,
    clauses=("purposes", "roles"),
    answer="ProcessingRecord",
    errors=(422,),
)
def show_processing_record(call: Call) -> dict[str, Any] | Response:
    """The policy's three tables by name, with every record that is held for each row; the duties beside them;
    where the policy disagrees with itself or leaves a gap. `format`: `json`, `csv` or `html`.
    """
    wanted = (call.request.query_params or {}).get("format", "json")
    match wanted:
        case "json":
            return processing.document()
        case "csv":
            return Response(
                processing.table(), headers={**HEADERS, "Content-Type": "text/csv; charset=utf-8"}
            )
        case "html":
            return html(processing.page())
    raise InvalidError(errors=[FieldError("format", "not_one_of_these")])

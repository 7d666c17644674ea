"""What the look at the access log found unusual, for the security staff (4.3.1, 4.3.2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from pydantic import StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form
from chalicelib.kernel import clock
from chalicelib.privacy.personnel import Right
from chalicelib.records.watching import Finding, Outcome
from chalicelib.services.evidence import watch

bp = Blueprint(__name__)

Ticket = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,10}-[0-9]{1,8}$")]
"""The number of a ticket: no words, so nothing about a person."""


class FindingAnswer(Form):
    """What looking into a finding has shown, and where that is written down."""

    outcome: Literal["authorised", "false_alarm", "misuse", "incident"]
    ticket: Ticket


@route(
    bp,
    "GET",
    "/v1/staff/security/findings",
    summary="Unusual reading of personal data, newest hour first",
    paged="fnd",
    staff=Right.SECURITY,
    clauses=("access", "personnel"),
    answer="FindingPage",
)
def list_findings(call: Call) -> dict[str, Any]:
    """A finding is a question, not an accusation; somebody answers it."""
    found = watch.findings(call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.finding_id, _finding)


@route(
    bp,
    "POST",
    "/v1/staff/security/findings/{finding_id}/close",
    summary="Answer a finding",
    body=FindingAnswer,
    staff=Right.SECURITY,
    clauses=("access", "personnel"),
    answer="Finding",
    errors=(409,),
)
def close_finding(call: Call) -> dict[str, Any]:
    """The answer stays, and is proven in the operator's chain. 409 `already_closed`; 403 `about_yourself`."""
    form: FindingAnswer = call.body
    outcome = Outcome(form.outcome)
    return _finding(watch.close(call.path["finding_id"], outcome, form.ticket, call.staff.staff_id))


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "id": found.finding_id,
        "unusual": found.unusual.value,
        "actor_id": found.actor_id,
        "company_id": found.company_id,
        "hour": clock.rfc3339(found.hour),
        "number": found.number,
        "usual": found.usual,
        "state": found.state.value,
        "found_at": clock.rfc3339(found.found_at),
        "outcome": None if found.outcome is None else found.outcome.value,
        "ticket": found.ticket,
        "closed_by": found.closed_by,
        "closed_at": clock.rfc3339(found.closed_at),
    }

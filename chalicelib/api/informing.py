"""Telling people where a company has their data from (GDPR Art. 14)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from chalice import Blueprint
from pydantic import StringConstraints

from chalicelib.api.endpoint import Call, route
from chalicelib.api.forms import Form
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.standing import Exemption, InformedHow, Informing
from chalicelib.services.prospects import informing, untold
from chalicelib.services.prospects.informing import Told
from chalicelib.services.prospects.untold import Owed

bp = Blueprint(__name__)

Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
"""A moment in UTC, to the second (RFC 3339)."""


class InformingNote(Form):
    """How a person was told, or on which exemption of GDPR 14(5) nobody tells them. A message that carries
    the notice needs no such word: it is noted when it has left.
    """

    how: Literal["by_company", "exempt"]
    ground: (
        Literal["already_informed", "disproportionate_effort", "legal_obligation", "confidentiality"] | None
    ) = None
    at: Moment | None = None


@route(
    bp,
    "GET",
    "/v1/prospects/informing",
    summary="Revealed prospects that have yet to be told where their data comes from",
    paged="pr",
    permission=Permission.PROSPECTS_DUTIES,
    clauses=("joint-duties",),
    answer="InformingPage",
)
def list_informing(call: Call) -> dict[str, Any]:
    """`state`: `due` (all of them, the default), or `overdue` (their month is over). A page of `overdue` may
    be short and still go on.
    """
    wanted = (call.request.query_params or {}).get("state", "due")
    if wanted not in {"due", "overdue"}:
        raise InvalidError(errors=[FieldError("state", "unknown")])
    found = untold.page(call.who, call.limit, call.cursor, overdue=wanted == "overdue")
    return {"items": [_owed(one) for one in found.items], "next_cursor": found.after}


@route(
    bp,
    "POST",
    "/v1/prospects/{prospect_id}/informing",
    summary="Note how a prospect was told, or why nobody has to tell them",
    body=InformingNote,
    permission=Permission.PROSPECTS_DUTIES,
    clauses=("joint-duties", "subjects"),
    answer="Informing",
)
def note_informing(call: Call) -> dict[str, Any]:
    """In force at once, and on record in the company's chain with who said so; repeating it changes nothing.
    What was given is never taken back.
    """
    form: InformingNote = call.body
    ground = None if form.ground is None else Exemption(form.ground)
    told = Told(InformedHow(form.how), ground, None if form.at is None else _moment(form.at))
    return _noted(informing.record(call.who, call.path["prospect_id"], told))


def _moment(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise InvalidError(errors=[FieldError("at", "no_such_moment")]) from None


def _owed(one: Owed) -> dict[str, Any]:
    return {
        "prospect_id": one.prospect_id,
        "due_at": clock.rfc3339(one.due_at),
        "state": "overdue" if one.overdue else "due",
    }


def _noted(one: Informing) -> dict[str, Any]:
    return {
        "prospect_id": one.prospect_id,
        "due_at": clock.rfc3339(one.due_at),
        "state": one.state.value,
        "how": None if one.how is None else one.how.value,
        "ground": None if one.ground is None else one.ground.value,
        "at": clock.rfc3339(one.at),
        "receipt_id": one.receipt,
    }

"""Holds: what a legal matter needs is kept until somebody releases it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from chalice import Blueprint
from pydantic import StringConstraints

from chalicelib.api.endpoint import Call, route
from chalicelib.api.forms import Form, Identifier, Mailbox
from chalicelib.api.staff.people import Day
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.clocks import begins
from chalicelib.privacy.personnel import Right
from chalicelib.records.holds import Hold, HoldReason, HoldScope
from chalicelib.services.keeping import holds

bp = Blueprint(__name__)

_HOLDS: Final = Right.HOLDS
MAX_SHOWN: Final = 500

Law = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9 .,()/-]{2,79}$")]
"""A provision, such as `Evidence Act 1893 s 3`."""


class NewHold(Form):
    """What to keep, for which matter. `user_id` for the scope user, `email` for the scope person."""

    company_id: Identifier
    matter_id: Identifier
    scope: Literal["company", "user", "person"]
    user_id: Identifier | None = None
    email: Mailbox | None = None
    reason: Literal["litigation", "investigation", "authority_order", "claim", "request_pending"]
    law: Law
    secret: bool | None = None
    review_on: Day | None = None


class ReleasedHold(Form):
    """Whose hold it is."""

    company_id: Identifier


@route(
    bp,
    "POST",
    "/v1/staff/holds",
    summary="Keep what a legal matter needs from being deleted",
    status=201,
    body=NewHold,
    staff=_HOLDS,
    clauses=("retention", "authorities"),
    answer="Hold",
    errors=(404, 409),
)
def place_hold(call: Call) -> dict[str, Any]:
    """It counts when this is answered. The address of a person is kept as a keyed hash alone. Without
    `review_on` the hold is to be reviewed after six months; it does not end by itself. A `secret` hold leaves
    no trace that the company reads; an order's and an investigation's is, unless it says otherwise.
    """
    form: NewHold = call.body
    _check_ids(company_id=form.company_id, matter_id=form.matter_id, user_id=form.user_id)
    wanted = {"company": (False, False), "user": (True, False), "person": (False, True)}
    given = (form.user_id is not None, form.email is not None)
    if given != wanted[form.scope]:
        raise InvalidError(errors=[FieldError("scope", "does_not_fit")])
    target = form.user_id
    if form.email is not None:
        target = holds.person(form.company_id, form.email)
    made = holds.place(
        call.staff.staff_id,
        form.company_id,
        matter_id=form.matter_id,
        scope=HoldScope(form.scope),
        target=target,
        reason=HoldReason(form.reason),
        law=form.law,
        secret=form.secret,
        review_at=None if form.review_on is None else _begins(form.review_on),
    )
    return _view(made)


@route(
    bp,
    "GET",
    "/v1/staff/holds",
    summary="Holds of a company, or all that are not over; which has to be reviewed first at the top",
    staff=_HOLDS,
    clauses=("retention",),
    answer="Holds",
)
def list_holds(call: Call) -> dict[str, Any]:
    """With `company_id` also those that were released."""
    company_id = (call.request.query_params or {}).get("company_id")
    if company_id is not None:
        _check_ids(company_id=company_id)
        found = holds.of_company(company_id)
    else:
        found = holds.in_force(MAX_SHOWN)
    return {"items": [_view(one) for one in sorted(found, key=lambda one: (not one.open, one.review_at))]}


@route(
    bp,
    "POST",
    "/v1/staff/holds/{hold_id}/release",
    summary="Release a hold: what nothing else keeps is deleted from now on",
    body=ReleasedHold,
    staff=_HOLDS,
    clauses=("retention",),
    answer="Hold",
    errors=(404, 409),
)
def release_hold(call: Call) -> dict[str, Any]:
    """Cannot be taken back: what was waiting to be deleted goes within minutes."""
    form: ReleasedHold = call.body
    _check_ids(company_id=form.company_id)
    return _view(holds.release(call.staff.staff_id, form.company_id, call.path["hold_id"]))


def _check_ids(**given: str | None) -> None:
    prefixes = {"company_id": "co", "matter_id": "mat", "user_id": "usr"}
    wrong = [
        name for name, value in given.items() if value is not None and not ids.is_id(value, prefixes[name])
    ]
    if wrong:
        raise InvalidError(errors=[FieldError(name, "malformed") for name in wrong])


def _begins(day: str) -> int:
    return begins(date.fromisoformat(day))


def _view(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.hold_id,
        "company_id": hold.company_id,
        "matter_id": hold.matter_id,
        "scope": hold.scope.value,
        "target": hold.target,
        "reason": hold.reason.value,
        "law": hold.law,
        "secret": hold.secret,
        "state": hold.state.value,
        "placed_by": hold.placed_by,
        "placed_at": clock.rfc3339(hold.placed_at),
        "review_at": clock.rfc3339(hold.review_at),
        "review_due": hold.open and clock.now() >= hold.review_at,
        "released_by": hold.released_by,
        "released_at": clock.rfc3339(hold.released_at),
    }

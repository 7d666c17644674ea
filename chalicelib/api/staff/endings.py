"""The end of a product (4.1.3): proposed by one of the staff, confirmed by another, taken back by either."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from chalice import Blueprint
from pydantic import AfterValidator, StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Text
from chalicelib.kernel import clock
from chalicelib.privacy.personnel import Right
from chalicelib.records.discontinuation import Ending
from chalicelib.services.discontinuation import proposals
from chalicelib.services.discontinuation.proposals import Wanted

bp = Blueprint(__name__)

_RIGHT: Final = Right.ENDINGS


def _a_day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("not_a_day") from None
    return value


Day = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]$"), AfterValidator(_a_day)]
"""ISO 8601, a day in Singapore."""
Words = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=20, max_length=2_000)]
"""Public words: why, and where to go. Nothing about anybody in particular."""


class EndingWords(Form):
    """The same in both languages."""

    en: Words
    zh: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=8, max_length=2_000)]


class NewEnding(Form):
    """The first day without the service, and what everybody is told about it."""

    ends_on: Day
    words: EndingWords


@route(
    bp,
    "POST",
    "/v1/staff/endings",
    summary="Propose the end of the service; nobody is told before somebody else confirms it",
    status=201,
    body=NewEnding,
    staff=_RIGHT,
    clauses=("discontinuation",),
    answer="Ending",
)
def propose_ending(call: Call) -> dict[str, Any]:
    """`ends_on` begins at midnight in Singapore and leaves at least 30 full days from now (`too_soon`), and
    300 days at most (`too_far`).
    """
    form: NewEnding = call.body
    wanted = Wanted(date.fromisoformat(form.ends_on), form.words.en, form.words.zh)
    return _view(proposals.propose(call.staff, wanted))


@route(
    bp,
    "GET",
    "/v1/staff/endings",
    summary="Ends of the service that were proposed, the newest first",
    staff=_RIGHT,
    paged="end",
    clauses=("discontinuation",),
    answer="Endings",
)
def list_endings(call: Call) -> dict[str, Any]:
    """Also those that were taken back; for two years."""
    found = proposals.page(call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.ending_id, _view)


@route(
    bp,
    "GET",
    "/v1/staff/endings/{ending_id}",
    summary="One end of the service: when it is, who was told, how many companies are erased",
    staff=_RIGHT,
    clauses=("discontinuation",),
    answer="Ending",
    errors=(404,),
)
def read_ending(call: Call) -> dict[str, Any]:
    """`ends_at` only ever moves later: 30 full days after the last notice was accepted for delivery."""
    return _view(proposals.find(call.path["ending_id"]).value)


@route(
    bp,
    "POST",
    "/v1/staff/endings/{ending_id}/confirm",
    summary="Confirm the end of the service that somebody else proposed: everybody is told from now on",
    staff=_RIGHT,
    clauses=("discontinuation",),
    answer="Ending",
    errors=(403, 404, 409),
)
def confirm_ending(call: Call) -> dict[str, Any]:
    """The announcement, the mails and the notices in the product begin within seconds; the days are counted
    from the last of them. Confirming again changes nothing.
    """
    return _view(proposals.confirm(call.staff, call.path["ending_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/endings/{ending_id}/take-back",
    summary="Take the end of the service back, until the moment it comes",
    staff=_RIGHT,
    clauses=("discontinuation",),
    answer="Ending",
    errors=(404, 409),
)
def take_ending_back(call: Call) -> dict[str, Any]:
    """Whoever was told is told that the service goes on. 409 `too_late` once the end has come."""
    return _view(proposals.take_back(call.staff, call.path["ending_id"]))


def _view(one: Ending) -> dict[str, Any]:
    return {
        "id": one.ending_id,
        "state": one.state.value,
        "wanted_at": clock.rfc3339(one.wanted_at),
        "ends_at": clock.rfc3339(one.ends_at),
        "words": {"en": one.words_en, "zh": one.words_zh},
        "proposed_by": one.proposed_by,
        "proposed_at": clock.rfc3339(one.proposed_at),
        "confirmed_by": one.confirmed_by,
        "confirmed_at": clock.rfc3339(one.confirmed_at),
        "workflow_id": one.workflow_id,
        "announcement_id": one.announcement_id,
        "mass_id": one.mass_id,
        "announced_at": clock.rfc3339(one.announced_at),
        "all_told_at": clock.rfc3339(one.counted_at),
        "last_accepted_at": clock.rfc3339(one.last_accepted_at),
        "people": one.people,
        "accepted": one.accepted,
        "refused": one.refused,
        "unreachable": one.unreachable,
        "taken_back_by": one.taken_back_by,
        "taken_back_at": clock.rfc3339(one.taken_back_at),
        "closed_at": clock.rfc3339(one.closed_at),
        "companies": one.companies,
        "certified": one.certified,
        "held": one.held,
        "unfinished": one.unfinished,
        "emptied": one.emptied,
        "over_at": clock.rfc3339(one.over_at),
    }

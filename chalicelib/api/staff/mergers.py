"""A successor (3.2(b)): bound to the policy, or everybody is asked again. For privacy and legal staff."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from chalice import Blueprint
from pydantic import Field, StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Country, Form, Line, Link, Name, Version
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.mergers import Occasion, Plan
from chalicelib.privacy.personnel import Right
from chalicelib.records.mergers import Succession
from chalicelib.services.disclosures import mergers, questions
from chalicelib.services.disclosures.mergers import Agreed, Wish
from chalicelib.services.notifications import mass_progress
from chalicelib.services.notifications.mass_progress import Progress

bp = Blueprint(__name__)

_RIGHT: Final = Right.ENDINGS
_CLAUSES: Final = ("merger",)

_Occasion = Literal["merger", "acquisition", "reorganisation", "liquidation", "similar"]
_Field = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}\.[a-z_]{1,40}$")]
_Moment = Annotated[int, Field(ge=1_577_836_800, lt=4_102_444_800)]


class MergerBinding(Form):
    """What binds the successor to the policy: our number of the contract, and the version that it names."""

    reference: Line
    policy_version: Version


class MergerQuestion(Form):
    """What everybody is asked, where nothing binds: until when they may answer (epoch seconds), which fields
    of users and of companies would go over, by name.
    """

    answer_until: _Moment
    fields: Annotated[list[_Field], Field(min_length=1, max_length=60)]
    company_fields: Annotated[list[_Field], Field(max_length=60)] | None = None


class MergerSuccessor(Form):
    """The enterprise that takes over, where it answers questions, and where it is (ISO 3166 alpha-2)."""

    name: Name
    url: Link
    country: Country


class NewMerger(Form):
    """Who takes over, when (epoch seconds), and either `binding` or `question`."""

    occasion: _Occasion
    successor: MergerSuccessor
    takes_over_at: _Moment
    binding: MergerBinding | None = None
    question: MergerQuestion | None = None


@route(
    bp,
    "POST",
    "/v1/staff/mergers",
    summary="State who takes over, and what binds it or what everybody is asked",
    status=201,
    body=NewMerger,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="Merger",
)
def create_merger(call: Call) -> dict[str, Any]:
    """Nobody is told before somebody else accepts it. 403 `bound_to_another_policy`, `takes_over_too_soon`
    (30 days), `takes_over_too_late` (300 days), `answer_time_too_short` (21 days), `answers_after_takeover`.
    """
    form: NewMerger = call.body
    if (form.binding is None) == (form.question is None):
        raise InvalidError(errors=[FieldError("binding", "binding_or_question")])
    plan = Plan(
        takes_over_at=form.takes_over_at,
        reference=None if form.binding is None else form.binding.reference,
        policy_version=None if form.binding is None else form.binding.policy_version,
        answer_until=None if form.question is None else form.question.answer_until,
    )
    wish = Wish(
        occasion=Occasion(form.occasion),
        successor=form.successor.name,
        successor_url=form.successor.url,
        country=form.successor.country,
        plan=plan,
        wanted=() if form.question is None else tuple(form.question.fields),
        wanted_of_company=() if form.question is None else tuple(form.question.company_fields or ()),
    )
    return _merger(mergers.state(call.staff, wish))


@route(
    bp,
    "GET",
    "/v1/staff/mergers",
    summary="Successors that were stated, the newest first",
    paged="suc",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="MergerPage",
)
def list_mergers(call: Call) -> dict[str, Any]:
    """With how far telling or asking everybody is."""
    found = mergers.page(call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.succession_id, _merger)


@route(
    bp,
    "GET",
    "/v1/staff/mergers/{merger_id}",
    summary="One successor, and how far telling or asking everybody is",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="Merger",
)
def read_merger(call: Call) -> dict[str, Any]:
    """`answers` are counted when the time to answer is over."""
    return _merger(mergers.find(call.path["merger_id"]).value)


@route(
    bp,
    "POST",
    "/v1/staff/mergers/{merger_id}/acceptance",
    summary="Accept what somebody else stated, and let everybody be told or asked",
    status=202,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="Merger",
)
def accept_merger(call: Call) -> dict[str, Any]:
    """It cannot be unsaid. 403 `same_person` for whoever stated it, and as when it is stated: the times must
    still be long enough. 409 `not_waiting`.
    """
    return _merger(mergers.accept(call.staff, call.path["merger_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/mergers/{merger_id}/withdrawal",
    summary="End it where it is: nobody takes over",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="Merger",
)
def withdraw_merger(call: Call) -> dict[str, Any]:
    """Notices that have not left stay here; the list of who agreed is closed, and everybody is told that
    nobody takes over. 409 `succession_over`, also when it is withdrawn already.
    """
    return _merger(mergers.withdraw(call.staff, call.path["merger_id"]))


@route(
    bp,
    "GET",
    "/v1/staff/mergers/{merger_id}/people",
    summary="Who goes over because they agreed",
    paged=True,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="MergerPeople",
)
def list_merger_people(call: Call) -> dict[str, Any]:
    """Ids, as the answers stand now: a yes that was taken back is not in it. `limit` counts companies; a page
    may be empty and not the last. 409 `nobody_was_asked`, `withdrawn`.
    """
    found = mergers.people(call.path["merger_id"], call.limit, _after(call.cursor))
    cursor = None if found.after is None else f"{found.after[1]}.{found.after[0]}"
    return {"items": [_line(one) for one in found.lines], "next_cursor": cursor}


def _after(cursor: str | None) -> tuple[str, int] | None:
    if cursor is None:
        return None
    came_at, _, company_id = cursor.partition(".")
    if not (came_at.isascii() and came_at.isdecimal() and len(came_at) < 13 and ids.is_id(company_id, "co")):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return company_id, int(came_at)


def _line(one: Agreed) -> dict[str, Any]:
    return {
        "company_id": one.company_id,
        "user_id": one.user_id,
        "answered_at": clock.rfc3339(one.answered_at),
    }


def _merger(one: Succession) -> dict[str, Any]:
    bound = one.plan().bound
    return {
        "id": one.succession_id,
        "state": one.state.value,
        "occasion": one.occasion.value,
        "successor": {
            "name": one.successor,
            "url": one.successor_url,
            "country": one.recipient_country,
        },
        "takes_over_at": clock.rfc3339(one.takes_over_at),
        "binding": {"reference": one.reference, "policy_version": one.policy_version} if bound else None,
        "question": None if bound else _question(one),
        "stated_by": one.stated_by,
        "stated_at": clock.rfc3339(one.stated_at),
        "accepted_by": one.accepted_by,
        "accepted_at": clock.rfc3339(one.accepted_at),
        "ended_at": clock.rfc3339(one.ended_at),
        "notices": None if one.mass_id is None else _notices(mass_progress.find(one.mass_id)),
    }


def _question(one: Succession) -> dict[str, Any]:
    to_people, to_companies = questions.numbers_of(one.succession_id)
    return {
        "id": to_people,
        "company_question_id": to_companies,
        "answer_until": clock.rfc3339(one.answer_until),
        "fields": list(one.wanted),
        "company_fields": list(one.wanted_of_company),
        "rounds": one.rounds,
        "asked": one.asked,
        "agreed": one.agreed,
        "refused": one.refused,
        "silent": one.silent,
        "companies_asked": one.companies_asked,
        "companies_agreed": one.companies_agreed,
        "unreadable": one.unreadable,
        "list_hash": one.list_hash,
    }


def _notices(one: Progress | None) -> dict[str, Any] | None:
    """None also when they are not on record any more: after two years, of the six that a succession is."""
    return (
        None
        if one is None
        else {
            "id": one.mass_id,
            "state": one.state.value,
            "people": one.people,
            "accepted": one.accepted,
            "refused": one.refused,
            "unreachable": one.unreachable,
            "all_told_at": clock.rfc3339(one.all_told_at),
        }
    )

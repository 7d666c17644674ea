"""Sharing prospects under the joint controller agreement, and complaints about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from chalice import Blueprint, Response
from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.api.endpoint import Call, page, respond, route
from chalicelib.api.forms import Form, Line, Text, Version
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.agreement import REGULATORS, SHARED_ITEMS, Warranty
from chalicelib.privacy.permissions import Permission
from chalicelib.records.agreements import Sharing, WithdrawalWhy
from chalicelib.services.prospects import agreement, complaints, sharing, taking_back
from chalicelib.services.prospects.agreement import Standing

bp = Blueprint(__name__)

MOST: Final = 100
"""People in one request: what one answer can wait for."""


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("malformed") from None
    if at.tzinfo is None:
        raise ValueError("malformed")
    return text


class AgreementAccepted(Form):
    """The version that was read and is accepted for the company."""

    version: Version


class ShareWarranty(Form):
    """What the sharer vouches for (appendix 2.1.1): the people were told, and there is a ground."""

    informed: Literal[True]
    basis: Literal[
        "consent",
        "contract",
        "legal_obligation",
        "vital_interests",
        "public_task",
        "legitimate_interest",
    ]


class SharedProspect(Form):
    """A person, in the agreement's fields and no other (appendix 1.2)."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
    first_name: Line
    last_name: Line
    industry: Line | None = None
    current_position: Line | None = None
    previous_positions: Annotated[list[Line], Field(max_length=20)] = Field(default_factory=list)
    location: Line | None = None
    social: Annotated[list[Line], Field(max_length=10)] = Field(default_factory=list)


class NewShare(Form):
    """People to share, the agreement this is done under, and the warranty for all of them."""

    agreement_version: Version
    warranty: ShareWarranty
    prospects: Annotated[list[SharedProspect], Field(min_length=1, max_length=MOST)]


class NewComplaint(Form):
    """What a person said to the company; ``received_at`` is when, RFC 3339."""

    kind: Literal["objection", "complaint", "erasure"]
    received_at: Annotated[str, StringConstraints(max_length=40), AfterValidator(_moment)] | None = None
    details: Annotated[Text, Field(max_length=4000)] | None = None


@route(
    bp,
    "GET",
    "/v1/prospects/agreement",
    summary="The joint controller agreement in force, and whether this company has accepted it",
    permission=Permission.PROSPECTS_READ,
    clauses=("joint-duties",),
    answer="ProspectAgreement",
)
def read_agreement(call: Call) -> dict[str, Any]:
    """In the language the client prefers; the digest is that of these very words."""
    return _agreement(agreement.standing(call.who.company_id), _locale(call))


@route(
    bp,
    "POST",
    "/v1/prospects/agreement",
    summary="Accept the agreement for the company",
    body=AgreementAccepted,
    permission=Permission.COMPANY_MANAGE,
    clauses=("joint-duties",),
    answer="ProspectAgreement",
)
def accept_agreement(call: Call) -> dict[str, Any]:
    """Only the version in force can be accepted. Accepting it again changes nothing."""
    locale = _locale(call)
    return _agreement(agreement.accept(call.who, call.body.version, locale), locale)


@route(
    bp,
    "POST",
    "/v1/prospects/shares",
    summary="Share people with other companies, under the agreement",
    status=201,
    body=NewShare,
    repeatable=True,
    permission=Permission.PROSPECTS_SHARE,
    clauses=("added-prospects", "joint-duties"),
    answer="ProspectShare",
    errors=(429,),
)
def share_prospects(call: Call) -> dict[str, Any]:
    """Whom the company vouches for from now on. Who does not want to be in the base is answered like
    everybody else, and not taken in. The first version of a person stays; what it did not say is filled in.
    429 after 100 within an hour.
    """
    form: NewShare = call.body
    people = [_fields(one) for one in form.prospects]
    ground = Warranty(form.warranty.basis)
    return _share(sharing.share(call.who, form.agreement_version, ground, people, call.repeat))


@route(
    bp,
    "GET",
    "/v1/prospects/shares",
    summary="What this company has shared, newest first",
    paged="shr",
    permission=Permission.PROSPECTS_DUTIES,
    clauses=("added-prospects", "joint-duties"),
    answer="ProspectSharePage",
)
def list_shares(call: Call) -> dict[str, Any]:
    """With the id of each person in the base, which a complaint names."""
    found = sharing.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.share_id, _share)


@route(
    bp,
    "DELETE",
    "/v1/prospects/shares/{share_id}",
    summary="Take a share back",
    status=204,
    permission=Permission.PROSPECTS_DUTIES,
    clauses=("added-prospects", "joint-duties"),
)
def take_share_back(call: Call) -> Response:
    """Whoever nobody else vouches for leaves the shared base, and companies that received them are told."""
    taking_back.take_back(call.who, call.path["share_id"])
    return respond(204, None)


@route(
    bp,
    "GET",
    "/v1/prospects/{prospect_id}/provenance",
    summary="Where a person came from, for a company that shared or received them",
    permission=Permission.PROSPECTS_READ,
    clauses=("added-prospects", "joint-duties"),
    answer="ProspectProvenance",
)
def read_provenance(call: Call) -> dict[str, Any]:
    """Kinds, grounds and dates; which other companies are concerned is the person's to know."""
    found = sharing.seen_by(call.who.company_id, call.path["prospect_id"])
    own = found.own_share
    return {
        "prospect_id": call.path["prospect_id"],
        "received_at": clock.rfc3339(found.since),
        "stocked": found.stocked,
        "own_share": None
        if own is None
        else {
            "share_id": own.share_id,
            "shared_at": clock.rfc3339(own.shared_at),
            "basis": own.ground,
            "agreement_version": own.agreement_version,
        },
        "shared_by_others": [
            {"shared_at": clock.rfc3339(at), "basis": ground, "agreement_version": version}
            for at, ground, version in found.others
        ],
    }


@route(
    bp,
    "POST",
    "/v1/prospects/{prospect_id}/complaints",
    summary="Pass on what a person said about being shared; they are withdrawn everywhere",
    status=202,
    body=NewComplaint,
    repeatable=True,
    permission=Permission.PROSPECTS_COMPLAIN,
    clauses=("joint-duties", "added-prospects"),
    answer="ProspectComplaint",
    errors=(404, 429),
)
def pass_complaint_on(call: Call) -> dict[str, Any]:
    """From the answer on nobody finds, reads or reveals them; every company that received them loses what it
    received, and is told. It brings this company no credit back. 429 after 20 within a day: write to us.
    """
    form: NewComplaint = call.body
    said = None if form.received_at is None else int(datetime.fromisoformat(form.received_at).timestamp())
    if said is not None and said > clock.now():
        raise InvalidError(errors=[FieldError("received_at", "in_the_future")])
    made = complaints.pass_on(
        call.who,
        call.path["prospect_id"],
        WithdrawalWhy(form.kind),
        received_at=said,
        details=form.details,
        repeat=call.repeat,
    )
    return {
        "id": made.complaint_id,
        "prospect_id": made.prospect_id,
        "kind": made.wish.value,
        "received_at": clock.rfc3339(made.came_at),
        "passed_on_at": clock.rfc3339(made.passed_on_at),
        "state": "withdrawing",
        "what_happens": [
            "gone_from_the_base",
            "kept_out_of_shares_loads_and_imports",
            "removed_from_companies_that_received_them",
            "companies_told",
            "own_copies_left_to_their_companies",
        ],
        "regulators": [{"for": place, "authority": named} for place, named in REGULATORS.items()],
    }


def _fields(one: SharedProspect) -> dict[str, Any]:
    sent = {name: getattr(one, name) for name in SHARED_ITEMS}
    return sent | {"previous_positions": tuple(one.previous_positions), "social": tuple(one.social)}


def _locale(call: Call) -> str:
    preferred = (call.accept_language or "").strip().lower()
    return "zh" if preferred.startswith("zh") else "en"


def _agreement(found: Standing, locale: str) -> dict[str, Any]:
    language, words, sha256 = found.current.shown(locale)
    accepted = found.acceptance if found.accepted else None
    return {
        "version": found.current.version,
        "effective_on": found.current.effective_on.isoformat(),
        "locale": language,
        "text": words,
        "sha256": sha256,
        "accepted": accepted is not None,
        "accepted_at": None if accepted is None else clock.rfc3339(accepted.accepted_at),
        "accepted_by": None if accepted is None else accepted.accepted_by,
        "shared_fields": list(SHARED_ITEMS),
    }


def _share(one: Sharing) -> dict[str, Any]:
    return {
        "id": one.share_id,
        "shared_at": clock.rfc3339(one.shared_at),
        "shared_by": one.shared_by,
        "agreement_version": one.agreement_version,
        "basis": one.ground,
        "accepted": len(one.prospects),
        "prospects": [
            {"index": int(i), "id": name} for i, _, name in (p.partition(":") for p in one.prospects)
        ],
        "rejected": [
            {"index": int(i), "code": code} for i, _, code in (r.partition(":") for r in one.rejected)
        ],
        "taken_back_at": clock.rfc3339(one.taken_back_at),
    }

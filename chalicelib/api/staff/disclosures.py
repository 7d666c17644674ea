"""The register of disclosures: who gets which data for what, step by step. For privacy and legal staff."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from chalice import Blueprint
from pydantic import Field, StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Country, Form, Identifier, Line, Text, Version
from chalicelib.api.staff.people import Day
from chalicelib.kernel import clock
from chalicelib.privacy.clocks import begins
from chalicelib.privacy.disclosure_kinds import (
    DisclosureKind,
    DisclosurePurpose,
    Step,
    TransferBasis,
    Verdict,
)
from chalicelib.privacy.personnel import Right
from chalicelib.records.disclosures import Disclosure
from chalicelib.services.disclosures import disclosure_cases, disclosure_handover, disclosures
from chalicelib.services.disclosures.disclosure_cases import Wish
from chalicelib.services.disclosures.disclosure_steps import Given

bp = Blueprint(__name__)

_RIGHT: Final = Right.DISCLOSURES
_CLAUSES: Final = ("partners", "email-vendors", "complainant", "authorities", "merger", "public")

_Kind = Literal["partner", "vendor", "complainant", "authority", "successor", "public"]
_Purpose = Literal[
    "sales",
    "service",
    "assess_delivery",
    "complaint_handling",
    "legal_duty",
    "legal_claim",
    "vital_interests",
    "advice",
    "succession",
    "consented_publication",
    "ordered_publication",
]
_Step = Literal[
    "ask",
    "authorise",
    "contract",
    "ground",
    "bind",
    "assess",
    "tell",
    "decide",
    "approve",
    "confirm",
    "disclose",
    "decline",
    "withdraw",
    "release",
]
_Basis = Literal[
    "adequacy",
    "scc",
    "bcr",
    "consent",
    "contract",
    "legal_claim",
    "public_interest",
    "vital_interests",
]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}\.[a-z_]{1,40}$")]
_Fields = Annotated[list[_Name], Field(min_length=1, max_length=60)]
_Words = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
_Pem = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class DisclosureRecipient(Form):
    """Who is to receive it, how they are reached, and where they are (ISO 3166 alpha-2). Of a publication:
    where it appears.
    """

    name: Line
    contact: Line
    country: Country


class NewDisclosure(Form):
    """What somebody outside wants. At most one of `user_id`, `contact_id`, `message_id`; with none of them it
    is about the company.
    """

    kind: _Kind
    purpose: _Purpose
    company_id: Identifier
    user_id: Identifier | None = None
    contact_id: Identifier | None = None
    message_id: Identifier | None = None
    recipient: DisclosureRecipient
    fields: _Fields


class DisclosureStep(Form):
    """A step, and the evidence that it takes; anything else beside it is refused. Days are Singapore's."""

    step: _Step
    question_id: Identifier | None = None
    reference: _Words | None = None
    prescribed_agency: bool | None = None
    purpose: _Purpose | None = None
    signed_on: Day | None = None
    ends_on: Day | None = None
    law: _Words | None = None
    secret_until: Day | None = None
    secret_ground: _Words | None = None
    policy_version: Version | None = None
    fields: _Fields | None = None
    recipient_key: _Pem | None = None
    transfer_basis: _Basis | None = None
    recipient_key_sha256: _Sha256 | None = None
    decision: Literal["disclose", "decline"] | None = None
    reason: _Words | None = None


@route(
    bp,
    "POST",
    "/v1/staff/disclosures",
    summary="Open a case",
    status=201,
    body=NewDisclosure,
    staff=_RIGHT,
    repeatable=True,
    clauses=_CLAUSES,
    answer="DisclosureCase",
    errors=(403, 404),
)
def open_disclosure(call: Call) -> dict[str, Any]:
    """Nothing is given yet, and nobody told. 403 with its clause for a purpose, a subject or a field that the
    policy does not name for this kind of recipient.
    """
    form: NewDisclosure = call.body
    wish = Wish(
        kind=DisclosureKind(form.kind),
        purpose=DisclosurePurpose(form.purpose),
        company_id=form.company_id,
        recipient_name=form.recipient.name,
        recipient_contact=form.recipient.contact,
        recipient_country=form.recipient.country,
        fields=tuple(form.fields),
        user_id=form.user_id,
        contact_id=form.contact_id,
        message_id=form.message_id,
    )
    return _view(disclosure_cases.open_case(call.staff.staff_id, wish, call.repeat))


@route(
    bp,
    "GET",
    "/v1/staff/disclosures",
    summary="All cases, the newest first",
    staff=_RIGHT,
    paged="dis",
    clauses=_CLAUSES,
    answer="DisclosureCasePage",
)
def list_disclosures(call: Call) -> dict[str, Any]:
    """The register reaches back six years. The cursor is the id of the last case seen."""
    found = disclosures.newest(call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.disclosure_id, _view)


@route(
    bp,
    "GET",
    "/v1/staff/disclosures/{disclosure_id}",
    summary="One case",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="DisclosureCase",
)
def read_disclosure(call: Call) -> dict[str, Any]:
    """With every step that was taken."""
    return _view(disclosures.read(call.path["disclosure_id"]))


@route(
    bp,
    "POST",
    "/v1/staff/disclosures/{disclosure_id}/steps",
    summary="Take a step",
    body=DisclosureStep,
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="DisclosureCase",
    errors=(403, 413),
)
def take_disclosure_step(call: Call) -> dict[str, Any]:
    """In the order of its kind (docs/runbooks/disclosures.md), each on its evidence: 403 with the clause
    otherwise. The same step, sent again by the same person, changes nothing.
    """
    form: DisclosureStep = call.body
    given = Given(
        question_id=form.question_id,
        reference=form.reference,
        contract_purpose=None if form.purpose is None else DisclosurePurpose(form.purpose),
        signed_at=_midnight(form.signed_on),
        ends_at=_midnight(form.ends_on),
        law=form.law,
        secret_until=_midnight(form.secret_until),
        secret_ground=form.secret_ground,
        policy_version=form.policy_version,
        fields=None if form.fields is None else tuple(form.fields),
        recipient_key=form.recipient_key,
        verdict=None if form.decision is None else Verdict(form.decision),
        prescribed_agency=form.prescribed_agency,
        transfer_basis=None if form.transfer_basis is None else TransferBasis(form.transfer_basis),
        recipient_key_sha256=form.recipient_key_sha256,
        reason=form.reason,
    )
    return _view(disclosures.take(call.staff.staff_id, call.path["disclosure_id"], Step(form.step), given))


@route(
    bp,
    "POST",
    "/v1/staff/disclosures/{disclosure_id}/file",
    summary="Take the sealed file out",
    staff=_RIGHT,
    clauses=_CLAUSES,
    answer="DisclosureFile",
    errors=(403,),
)
def take_disclosure_file(call: Call) -> dict[str, Any]:
    """Whoever disclosed it, once: for ten minutes from the first time on, within a week. Only the recipient's
    private key opens it (`tools/open_disclosure.py`). What the case rests on is judged again the first time:
    403 with the clause when it does not hold any more, and the file is deleted.
    """
    sealed, case = disclosure_handover.hand_over(call.staff.staff_id, call.path["disclosure_id"])
    return {
        "disclosure_id": case.disclosure_id,
        "file": sealed.decode(),
        "sha256": case.sealed_hash,
        "payload_sha256": case.payload_hash,
    }


def _midnight(day: str | None) -> int | None:
    return None if day is None else begins(date.fromisoformat(day))


def _view(case: Disclosure) -> dict[str, Any]:
    return {
        "id": case.disclosure_id,
        "kind": case.kind.value,
        "purpose": case.purpose.value,
        "concerns": case.concerns.value,
        "company_id": case.company_id,
        "user_id": case.user_id,
        "contact_id": case.contact_id,
        "message_id": case.message_id,
        "recipient": {
            "name": case.recipient_name,
            "contact": case.recipient_contact,
            "country": case.recipient_country,
        },
        "fields": list(case.wanted),
        "opened_by": case.opened_by,
        "opened_at": clock.rfc3339(case.started_at),
        "steps": [
            {"step": step, "by": case.by[step], "at": clock.rfc3339(int(at))}
            for step, at in sorted(case.at.items(), key=lambda item: int(item[1]))
        ],
        "ending": None if case.ending is None else case.ending.value,
        "question_id": case.question_id,
        "law": case.law,
        "reference": case.reference,
        "secret_until": clock.rfc3339(case.secret_until),
        "prescribed_agency": case.prescribed,
        "may_be_told": case.may_be_told(clock.now()),
        "release_reason": case.release_reason,
        "transfer_basis": None if case.transfer_basis is None else case.transfer_basis.value,
        "policy_version": case.policy_version,
        "contract_ends_at": clock.rfc3339(case.contract_ends_at),
        "recipient_key": case.key_hash(),
        "payload_sha256": case.payload_hash,
        "records": case.n_records,
    }

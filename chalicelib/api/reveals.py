"""Revealing prospects, the company's pool of them, its credits, and transfers across borders."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast

from chalice import Blueprint, Response
from pydantic import Field

from chalicelib.api import revealed
from chalicelib.api.endpoint import Call, page, respond, route
from chalicelib.api.forms import Form, Version
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.services.prospects import credit, pool, reveals, transfers
from chalicelib.services.prospects.pool import Whose

bp = Blueprint(__name__)

_READ: Final = Permission.PROSPECTS_READ
_REVEAL: Final = Permission.PROSPECTS_REVEAL
_RUN: Final = Permission.COMPANY_MANAGE
Limit = Annotated[int, Field(ge=0, le=1_000_000)]


class WantedReveal(Form):
    """What becomes of a prospect that is revealed."""

    save_as_contact: bool = False


class CreditLimits(Form):
    """How many credits may be spent in a day and in a month; null for no limit."""

    daily: Limit | None
    monthly: Limit | None


class AcceptedClauses(Form):
    """The version of the clauses that the company concludes."""

    version: Version


@route(
    bp,
    "POST",
    "/v1/prospects/{prospect_id}/reveal",
    summary="Reveal a prospect",
    body=WantedReveal,
    repeatable=True,
    permission=_REVEAL,
    clauses=("added-prospects", "stocked-prospects", "cross-border", "joint-duties"),
    answer="RevealedProspect",
    errors=(402, 429),
)
def reveal_prospect(call: Call) -> dict[str, Any]:
    """A credit the first time, nothing from then on, whoever of the company asks and however often at once.
    Nothing is charged when nothing is shown. Needs a ground for the transfer (403 `cross-border`). With
    `save_as_contact` the company's own contact is made of it, once.
    """
    form: WantedReveal = call.body
    found = reveals.reveal(call.who, call.path["prospect_id"], call.repeat, save=form.save_as_contact)
    return revealed.answer(found)


@route(
    bp,
    "GET",
    "/v1/prospects/revealed",
    summary="The company's pool: what it has revealed, and who works on it",
    paged="pr",
    permission=_READ,
    clauses=("added-prospects", "stocked-prospects", "cross-border"),
    answer="PooledPage",
)
def list_revealed(call: Call) -> dict[str, Any]:
    """`claimed_by`: `any` (the default), `me`, `nobody`. A page of `nobody` may be short and still go on."""
    whose = (call.request.query_params or {}).get("claimed_by", "any")
    if whose not in {"any", "me", "nobody"}:
        raise InvalidError(errors=[FieldError("claimed_by", "unknown")])
    found = pool.page(call.who, cast("Whose", whose), call.limit, call.cursor)
    return {"items": [revealed.pooled(one) for one in found.items], "next_cursor": found.after}


@route(
    bp,
    "POST",
    "/v1/prospects/{prospect_id}/claim",
    summary="Take a revealed prospect to work on",
    permission=_REVEAL,
    clauses=("self-service",),
    answer="Claimed",
)
def claim_prospect(call: Call) -> dict[str, Any]:
    """For 30 days; claiming again starts them anew. 409 `claimed` names the colleague who works on it."""
    return {"claimed_until": clock.rfc3339(pool.claim(call.who, call.path["prospect_id"]))}


@route(
    bp,
    "POST",
    "/v1/prospects/{prospect_id}/release",
    summary="Put a prospect back into the pool",
    status=204,
    permission=_REVEAL,
    clauses=("self-service",),
)
def release_prospect(call: Call) -> Response:
    """One's own; managers and admins also release their colleagues'."""
    pool.release(call.who, call.path["prospect_id"])
    return respond(204, None)


@route(
    bp,
    "GET",
    "/v1/company/credits",
    summary="The company's credits",
    permission=Permission.COMPANY_READ,
    clauses=("self-service",),
    answer="Credits",
)
def read_credits(call: Call) -> dict[str, Any]:
    """What is left now. Days and months begin at midnight in Singapore."""
    return revealed.balance(credit.view(call.who.company_id))


@route(
    bp,
    "PUT",
    "/v1/company/credits",
    summary="Limit what may be spent in a day and in a month",
    body=CreditLimits,
    permission=_RUN,
    clauses=("self-service",),
    answer="Credits",
    errors=(409,),
)
def put_credits(call: Call) -> dict[str, Any]:
    """In force with the next reveal; what was spent already counts."""
    form: CreditLimits = call.body
    return revealed.balance(credit.limit(call.who, form.daily, form.monthly))


@route(
    bp,
    "GET",
    "/v1/company/credits/entries",
    summary="What was spent and given back, newest first",
    paged="crd",
    permission=_RUN,
    clauses=("self-service",),
    answer="CreditEntryPage",
)
def list_credit_entries(call: Call) -> dict[str, Any]:
    """Who spent when. Which prospect it was for is not on record here."""
    found = credit.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.entry_id, revealed.entry)


@route(
    bp,
    "GET",
    "/v1/company/transfers",
    summary="The register of prospects that the company received, newest first",
    paged="tfr",
    permission=_RUN,
    clauses=("cross-border",),
    answer="TransferPage",
)
def list_transfers(call: Call) -> dict[str, Any]:
    """From where to where, under which law and on which ground; each is a link of the company's chain."""
    found = transfers.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.transfer_id, revealed.transfer)


@route(
    bp,
    "GET",
    "/v1/company/transfers/clauses",
    summary="The standard contractual clauses in force, and whether the company accepted them",
    permission=Permission.COMPANY_READ,
    clauses=("cross-border",),
    answer="TransferClauses",
)
def read_clauses(call: Call) -> dict[str, Any]:
    """With their whole text in both languages."""
    return revealed.clauses(transfers.clauses(), transfers.accepted(call.who.company_id))


@route(
    bp,
    "POST",
    "/v1/company/transfers/clauses",
    summary="Accept the standard contractual clauses for the company",
    body=AcceptedClauses,
    permission=_RUN,
    clauses=("cross-border",),
    answer="TransferClauses",
    errors=(409,),
)
def accept_clauses(call: Call) -> dict[str, Any]:
    """Only those in force (409 `not_the_current_clauses`). Repeating it changes nothing."""
    form: AcceptedClauses = call.body
    return revealed.clauses(transfers.clauses(), transfers.accept(call.who, form.version))

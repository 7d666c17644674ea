"""How a contact stands towards the company: what they consented to and refused, and what proves it."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint

from chalicelib.api import proof
from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Language, Version
from chalicelib.kernel import clock
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.permissions import Permission
from chalicelib.services.consent import consent_proof
from chalicelib.services.mail import standing

bp = Blueprint(__name__)

_PURPOSES = {ConsentPurpose.TRACKING, ConsentPurpose.MARKETING}
"""What a company may record about its contacts; the other purposes are between a user and us."""


class ConsentGiven(Form):
    """What the person said, to which text, and how."""

    state: Literal["granted", "denied"]
    text_version: Version
    method: Version
    locale: Language | None = None


@route(
    bp,
    "PUT",
    "/v1/contacts/{contact_id}/consents/{purpose}",
    summary="Record what a contact consented to",
    body=ConsentGiven,
    clauses=("consent", "tracking"),
    permission=Permission.CONTACTS_WRITE,
    answer="ConsentReceipt",
)
def record_consent(call: Call) -> dict[str, Any]:
    """Refused (403) when the person withdrew it themselves: only they can change that. `text_version` is one
    of our texts, then `locale` says in which language they read it, or your own label for a text you keep.
    """
    purpose = _purpose(call.path["purpose"])
    form: ConsentGiven = call.body
    given = standing.record(
        call.who,
        call.path["contact_id"],
        purpose,
        ConsentState(form.state),
        text_version=form.text_version,
        locale=form.locale,
        method=form.method,
    )
    return {
        "purpose": purpose.value,
        "state": given.state.value,
        "text_version": given.text_version,
        "locale": given.locale,
        "text_sha256": given.text_sha256,
        "method": given.method,
        "at": clock.rfc3339(given.at),
        "receipt_id": given.receipt_id,
    }


@route(
    bp,
    "GET",
    "/v1/contacts/{contact_id}/consents",
    summary="How a contact stands: consents and refusals, and the receipts that prove them",
    paged="rc",
    clauses=("consent",),
    permission=Permission.CONTACTS_READ,
    answer="Standing",
    errors=(409,),
)
def read_consents(call: Call) -> dict[str, Any]:
    """`refused` lists what the person stopped, or what bounced. `limit` and `cursor` are about `history`,
    newest first: each receipt with its place in the chain of evidence, and `texts` with the words of ours
    that they name. A text of your own you keep yourself.
    """
    found = standing.of_contact(call.who, call.path["contact_id"], call.limit + 1, call.cursor)
    known, history = found
    return {
        "items": [
            {
                "purpose": consent.purpose.value,
                "state": consent.state.value,
                "text_version": consent.text_version,
                "locale": consent.locale,
                "text_sha256": consent.text_sha256,
                "method": consent.method,
                "at": clock.rfc3339(consent.at),
            }
            for consent in known.consents.values()
        ],
        "refused": sorted(stop.value for stop in known.stops),
        "history": page(call, history, lambda one: one.value.receipt_id, proof.of_contact),
        "texts": consent_proof.words_of(one.value.text_version for one in history if one.value.text_sha256),
    }


def _purpose(text: str) -> ConsentPurpose:
    for purpose in _PURPOSES:
        if purpose.value == text:
            return purpose
    raise NotFoundError

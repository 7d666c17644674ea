"""What I agreed to: the policy, and the questions a user may answer either way (2.3, 7)."""

from __future__ import annotations

from typing import Any, Literal

from chalice import Blueprint

from chalicelib.api import proof
from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Language, Version
from chalicelib.kernel import clock, settings
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.policies import Policy
from chalicelib.services import wording
from chalicelib.services.accounts import agreements
from chalicelib.services.accounts.agreements import Standing
from chalicelib.services.consent import consent_proof, consents
from chalicelib.services.consent.consents import Word
from chalicelib.services.wording import Locale

bp = Blueprint(__name__)

_OWN = Permission.OWN_SETTINGS


class OwnAnswer(Form):
    """A yes or a no to the text that was shown."""

    purpose: Literal["ai_improvement", "longer_retention", "marketing"]
    state: Literal["granted", "denied"]
    text_version: Version
    locale: Language | None = None


class Agreement(Form):
    """The version of the policy that was read."""

    version: Version


@route(
    bp,
    "GET",
    "/v1/consents",
    summary="What I agreed to, and every receipt of it",
    paged="rc",
    permission=_OWN,
    clauses=("consent",),
    answer="OwnConsents",
)
def own_consents(call: Call) -> dict[str, Any]:
    """Texts in English or Chinese by `Accept-Language`. `limit` and `cursor` are about `history`, newest
    first. `ask_again`: the question has changed since, and nothing is done on the old answer until then.
    """
    locale = wording.locale_of(call.accept_language)
    found = consents.history(call.who, call.limit + 1, call.cursor)
    return {
        "consents": [_word(word, locale) for word in consents.words(call.who)],
        "history": page(call, found, lambda one: one.value.receipt_id, lambda one: proof.own(one.value)),
    }


@route(
    bp,
    "GET",
    "/v1/consents/proof",
    summary="Every receipt of mine, with the words it is about and its place in the chain of evidence",
    permission=_OWN,
    clauses=("consent",),
    answer="ConsentProof",
)
def prove_consents(call: Call) -> dict[str, Any]:
    """Checked without us: `text_sha256` is the SHA-256 of the words in that language, `link` that of the
    other members of `evidence`, as JSON with keys in order and no spaces, in UTF-8.
    """
    found = consent_proof.of_user(call.who)
    return {
        "user_id": call.who.user_id,
        "at": clock.rfc3339(clock.now()),
        "complete": found.complete,
        "consents": [proof.own_placed(one) for one in found.consents],
        "notifications": [proof.switched(one) for one in found.notifications],
        "sharing": [proof.shared(one) for one in found.questions],
        "texts": consent_proof.words_of(found.versions),
    }


@route(
    bp,
    "POST",
    "/v1/consents",
    summary="Say yes or no to one question",
    status=201,
    body=OwnAnswer,
    repeatable=True,
    permission=_OWN,
    clauses=("consent",),
    answer="OwnReceipt",
    errors=(429,),
)
def give_consent(call: Call) -> dict[str, Any]:
    """To the text in force: 422 `stale_text` for any other. `locale` is the language it was read in; without,
    the one `Accept-Language` asks for. Answers with the receipt.
    """
    form: OwnAnswer = call.body
    purpose, state = ConsentPurpose(form.purpose), ConsentState(form.state)
    locale = form.locale or wording.locale_of(call.accept_language)
    return proof.own(consents.give(call.who, purpose, state, form.text_version, call.repeat, locale=locale))


@route(
    bp,
    "DELETE",
    "/v1/consents",
    summary="Take a consent back, named by ?purpose=",
    permission=_OWN,
    clauses=("consent",),
    answer="OwnReceipt",
    errors=(409, 422),
)
def withdraw_consent(call: Call) -> dict[str, Any]:
    """Holds at once, as easily as it was given; answers with the receipt. 409 `ends_the_account` for
    `account`: that is cancelling, and says where to.
    """
    named = (call.request.query_params or {}).get("purpose")
    for purpose in consents.SHOWN:
        if purpose.value == named:
            return proof.own(consents.withdraw(call.who, purpose))
    raise InvalidError(errors=[FieldError("purpose", "required" if named is None else "not_a_choice")])


@route(
    bp,
    "POST",
    "/v1/policy/agreements",
    summary="Agree to a version of the policy",
    status=201,
    body=Agreement,
    permission=_OWN,
    clauses=("policy-updates", "consent"),
    answer="PolicyStanding",
    errors=(409,),
)
def agree_to_policy(call: Call) -> dict[str, Any]:
    """To the one in force, or to the next one as soon as it is announced. Saying it again changes nothing."""
    locale = wording.locale_of(call.accept_language)
    return standing_view(agreements.agree(call.who, call.body.version, locale))


def standing_view(standing: Standing) -> dict[str, Any]:
    """Where a user stands to the policy."""
    return {
        "agreed": standing.agreed,
        "in_force": _named(standing.in_force),
        "consent_needed": standing.consent_needed,
        "next": None if standing.next is None else _named(standing.next),
    }


def _named(policy: Policy) -> dict[str, str]:
    return {
        "version": policy.version,
        "effective_on": policy.effective_on.isoformat(),
        "url": f"{settings.api_url()}/v1/policy/{policy.version}",
    }


def _word(word: Word, locale: Locale) -> dict[str, Any]:
    said, current = word.said, word.current
    return {
        "purpose": word.purpose.value,
        "state": (ConsentState.UNKNOWN if said is None else said.state).value,
        "text_version": None if said is None else said.text_version,
        "method": None if said is None else said.method,
        "at": None if said is None else clock.rfc3339(said.at),
        "current_text_version": None if current is None else current.id,
        "text": None if current is None else current.in_language(locale),
        "ask_again": word.ask_again,
    }

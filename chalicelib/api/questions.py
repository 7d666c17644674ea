"""What was given to somebody outside, for the company; and the questions that come before it."""

from __future__ import annotations

from typing import Annotated, Any

from chalice import Blueprint
from pydantic import StringConstraints

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Text
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Permission
from chalicelib.records.disclosures import Disclosed, DisclosureQuestion
from chalicelib.services import wording
from chalicelib.services.disclosures import disclosures, payload, questions

bp = Blueprint(__name__)


class Answered(Form):
    """Yes or no, and a word about it if wanted. To a complaint, yes means: give them what is necessary."""

    agreed: bool
    words: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)] | None = (
        None
    )


@route(
    bp,
    "GET",
    "/v1/company/disclosures",
    summary="What was given to whom",
    permission=Permission.COMPANY_MANAGE,
    paged="dis",
    clauses=("authorities", "partners"),
    answer="DisclosedPage",
)
def list_disclosed(call: Call) -> dict[str, Any]:
    """Data of the company and its people, the newest first. What an order of law forbids telling appears when
    that is over. With `not_handed_over_at` it was to be given, and was not.
    """
    found = disclosures.of_company(call.who.company_id, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.disclosure_id, _disclosed)


@route(
    bp,
    "GET",
    "/v1/me/questions",
    summary="What I am asked before data is given away",
    permission=Permission.OWN_SETTINGS,
    paged="qst",
    clauses=("partners", "complainant", "public", "merger"),
    answer="QuestionPage",
)
def list_questions(call: Call) -> dict[str, Any]:
    """The newest first; admins also see what their company is asked."""
    found = questions.mine(call.who, call.limit + 1, call.cursor)
    locale = wording.locale_of(call.accept_language)
    return page(call, found, lambda one: one.question_id, lambda one: _question(one, locale))


@route(
    bp,
    "PUT",
    "/v1/me/questions/{question_id}",
    summary="Answer, or take an answer back",
    body=Answered,
    permission=Permission.OWN_SETTINGS,
    clauses=("partners", "complainant", "public", "merger"),
    answer="Question",
    errors=(409, 429),
)
def answer_question(call: Call) -> dict[str, Any]:
    """Holds at once. A no after a yes takes it back: from then on nothing more is given on it, and a file
    that has not left does not leave any more. A yes said again a day later, or to changed words, is renewed.
    409 `withdrawn` for a yes to a successor who does not take over any more.
    """
    form: Answered = call.body
    locale = wording.locale_of(call.accept_language)
    made = questions.answer(
        call.who, call.path["question_id"], agreed=form.agreed, words=form.words, locale=locale
    )
    return _question(made, locale)


def _disclosed(one: Disclosed) -> dict[str, Any]:
    return {
        "id": one.disclosure_id,
        "kind": one.kind.value,
        "purpose": one.purpose.value,
        "concerns": one.concerns.value,
        "user_id": one.user_id,
        "recipient": {
            "name": one.recipient_name,
            "contact": one.recipient_contact,
            "country": one.recipient_country,
        },
        "fields": list(one.wanted),
        "categories": payload.categories(one.concerns, one.wanted),
        "at": clock.rfc3339(one.at),
        "not_handed_over_at": clock.rfc3339(one.not_handed_over_at),
        "transfer_basis": None if one.transfer_basis is None else one.transfer_basis.value,
        "payload_sha256": one.payload_hash,
    }


def _question(one: DisclosureQuestion, locale: wording.Locale) -> dict[str, Any]:
    text = questions.text_of(one.asked)
    return {
        "id": one.question_id,
        "asked": one.asked.value,
        "of_company": one.user_id == one.company_id,
        "kind": one.kind.value,
        "purpose": one.purpose.value,
        "text_version": None if text is None else text.id,
        "text": None if text is None else text.in_language(locale),
        "recipient_name": one.recipient_name,
        "recipient_country": one.recipient_country,
        "fields": list(one.wanted),
        "asked_at": clock.rfc3339(one.asked_at),
        "answer_until": clock.rfc3339(one.answer_until),
        "agreed": one.agreed,
        "answered_at": clock.rfc3339(one.answered_at),
        "words": one.words,
    }

"""Cookies: which there are, what a visitor answered, and answering anew; with an account or without."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint, Response
from pydantic import Field, StringConstraints

from chalicelib.api import browser
from chalicelib.api.endpoint import Call, respond, route
from chalicelib.api.forms import Form, Version
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.cookies import CATEGORIES, COOKIES, REVISION, CookieAnswer, CookieCategory, max_age
from chalicelib.services import wording
from chalicelib.services.consent import cookie_words, cookies
from chalicelib.services.consent.cookies import Standing

bp = Blueprint(__name__)


class CookiesAnswered(Form):
    """An answer: everything, nothing but the essential, or categories picked by hand."""

    answer: Literal["accept_all", "reject_all", "custom"]
    revision: Version
    categories: (
        Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=20)] | None
    ) = None


@route(
    bp,
    "GET",
    "/v1/cookies/choices",
    summary="Which cookies there are, and what this browser's visitor answered",
    public=True,
    clauses=("cookies",),
    answer="CookieChoices",
)
def read_cookie_choices(call: Call) -> dict[str, Any]:
    """`ask` says that there is no answer that counts: then only essential cookies are set. Sets no cookie."""
    standing = cookies.standing(browser.cookie_of(call.request, cookies.NAME), gpc=_gpc(call))
    return _choices(standing, wording.locale_of(call.accept_language))


@route(
    bp,
    "PUT",
    "/v1/cookies/choices",
    summary="Answer about cookies; a new answer replaces the one before",
    body=CookiesAnswered,
    public=True,
    clauses=("cookies", "consent"),
    answer="CookieChoices",
    errors=(403, 409),
)
def answer_cookies(call: Call) -> Response:
    """What the answer grants follows here; `Sec-GPC: 1` refuses what third parties take part in, whatever was
    picked. 409 `stale_revision` when the cookies have changed since they were shown. The answer and its
    receipt expire after six months.
    """
    browser.require_own_page(call.request)
    form: CookiesAnswered = call.body
    said = CookieAnswer(form.answer)
    if said is CookieAnswer.CUSTOM and form.categories is None:
        raise InvalidError(errors=[FieldError("categories", "required")])
    locale = wording.locale_of(call.accept_language)
    value, standing = cookies.answer(
        browser.cookie_of(call.request, cookies.NAME),
        said,
        form.categories or (),
        form.revision,
        gpc=_gpc(call),
        ip=call.ip,
        locale=locale,
    )
    made = browser.cookie(cookies.NAME, value, cookies.max_age())
    content = _choices(standing, locale)
    return respond(200, content, {"Set-Cookie": made})


def _gpc(call: Call) -> bool:
    """Global Privacy Control: the header has one value and no other."""
    return str(call.request.headers.get("sec-gpc", "")).strip() == "1"


def _choices(standing: Standing, locale: wording.Locale) -> dict[str, Any]:
    now = clock.now()
    text = cookies.current_text(now)
    return {
        "revision": REVISION,
        "ask": standing.ask,
        "gpc": standing.gpc,
        "expires_at": clock.rfc3339(standing.expires_at),
        "receipt_id": standing.receipt_id,
        "text": None if text is None else text.in_language(locale),
        "categories": [
            {
                "name": category.value,
                "purpose": cookie_words.of_category(category, locale),
                "essential": category is CookieCategory.ESSENTIAL,
                "third_party": row.third_party,
                "granted": category in standing.granted,
            }
            for category, row in CATEGORIES.items()
        ],
        "cookies": [
            {
                "name": cookie.name,
                "category": cookie.category.value,
                "purpose": cookie_words.of_cookie(cookie.name, locale),
                "max_age": max_age(cookie, now),
            }
            for cookie in COOKIES.values()
        ],
    }

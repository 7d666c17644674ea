"""The question before data is given away: put to whose data it is, answered in their own session (3.1, 3.2).

An answer and its receipt are written together; taking back a yes is one request and holds at once, for the
disclosure itself depends on the very version of the answer that was read. A case has one question, known by
the case's own number, so that asking twice is asking once. When somebody takes over from us (3.2), everybody
is asked by one question of the succession's number (``mergers``), and answers it here.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy import disclosure_facts as facts
from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.disclosure_facts import Authorised
from chalicelib.privacy.disclosure_kinds import DisclosureKind
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.texts import NOTHING, ConsentText
from chalicelib.records.disclosures import Asked, Disclosure, DisclosureQuestion, QuestionReceipt
from chalicelib.records.mergers import SuccessionState
from chalicelib.services.consent import consents
from chalicelib.services.disclosures.telling import Occasion

if TYPE_CHECKING:
    from chalicelib.services.accounts.sessions import Principal
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 5
MOST_SUCCESSIONS: Final = 100
"""On record at once, at most."""
RENEW_SECONDS: Final = clock.HOUR * 24
"""A yes that is said again sooner is the same request once more."""
GRANTS_PER_USER: Final = 60
"""In an hour. Only the yes is counted: nobody is told to wait with a no."""


def number_of(disclosure_id: str) -> str:
    """The id of a case's question."""
    return ids.from_raw("qst", ids.raw(disclosure_id))


def numbers_of(succession_id: str) -> tuple[str, str]:
    """The ids of a succession's question to people and of that to companies, the same for all: to ask twice
    is to ask once. Two, because an admin answers both.
    """
    raw = ids.raw(succession_id)
    return ids.from_raw("qst", raw), ids.from_raw("qst", hashlib.sha256(raw).digest()[:16])


def add(transaction: Transaction, case: Disclosure, asked: Asked, at: int) -> None:
    """Let the transaction of a step put the question; who it is for is told in the same."""
    made = DisclosureQuestion(
        company_id=case.company_id,
        user_id=asked_of(case),
        question_id=number_of(case.disclosure_id),
        asked=asked,
        kind=case.kind,
        purpose=case.purpose,
        wanted=case.wanted,
        recipient=case.recipient,
        asked_at=at,
        answer_until=facts.answer_ends(at) if asked is Asked.COMPLAINT else None,
        recipient_country=case.recipient_country,
        recipient_name=case.recipient_name,
    )
    transaction.put_new(store.disclosures.QUESTIONS, made)


def occasion(case: Disclosure, asked: Asked, at: int) -> Occasion:
    """How whoever is asked hears of it."""
    key = f"question-{number_of(case.disclosure_id)}"
    if asked is Asked.AUTHORISATION:
        return Occasion(Kind.DISCLOSURE, "disclosure_question", key)
    return Occasion(Kind.COMPLAINT, "disclosure_complaint", key, facts.answer_ends(at))


def asked_of(case: Disclosure) -> str:
    """Whom a case's question is for: the user, or the company's admins under the company's id."""
    return case.user_id or case.company_id


def find(case: Disclosure, question_id: str) -> Stored[DisclosureQuestion] | None:
    """A question that was put to whom this case is about; None for anybody else's, and for that of a
    succession that was withdrawn: a yes to it leads nowhere.
    """
    known = store.disclosures.question(case.company_id, asked_of(case), question_id)
    return None if known is not None and _withdrawn(known.value) else known


def said(known: Stored[DisclosureQuestion] | None) -> Authorised | None:
    """What the rules look at of an answer."""
    if known is None or known.value.asked is not Asked.AUTHORISATION:
        return None
    one, text = known.value, text_of(known.value.asked)
    return Authorised(
        purpose=one.purpose,
        recipient=one.recipient,
        fields=frozenset(one.wanted),
        agreed=one.agreed,
        at=one.answered_at,
        by_company=one.user_id == one.company_id,
        current=text is not None and text.id == one.text_version,
    )


def mine(who: Principal, limit: int, before: str | None) -> list[DisclosureQuestion]:
    """What somebody was asked, and an admin's company with them: up to ``limit``, newest first. One query,
    for an admin two.
    """
    found = [one for asked in _asked(who) for one in _questions(who, asked, limit, before)]
    return sorted(found, key=lambda one: one.question_id, reverse=True)[:limit]


def text_of(asked: Asked) -> ConsentText | None:
    """The words above a question that asks for a consent; a complaint asks for none."""
    if asked is not Asked.AUTHORISATION:
        return None
    return consents.current_text(ConsentPurpose.SHARING, clock.now())


def answer(
    who: Principal, question_id: str, *, agreed: bool, words: str | None, locale: str
) -> DisclosureQuestion:
    """Say yes or no, or something else than before. The same answer once more changes nothing, but a yes of
    more than a day ago, or to words that have changed since, is given anew by it: from then on it holds for
    its whole period. ``locale`` is the language in which the question was read.

    Raises:
        NotFoundError: not asked of them.
        ConflictError: ``withdrawn``: a yes to a succession that is off. A no is always taken.
        TooManyRequestsError: sixty times yes in an hour.
    """
    if agreed:
        store.limits.take("question", who.user_id, GRANTS_PER_USER, clock.HOUR)
    for _ in range(TRIES):
        known = _mine(who, question_id)
        if known is None:
            raise NotFoundError
        one = known.value
        if agreed and _withdrawn(one):
            raise ConflictError("withdrawn", "Nobody takes over any more.")
        text, now = text_of(one.asked), clock.now()
        version = None if text is None else text.id
        if (one.agreed, one.words) == (agreed, words) and not _renews(one, version, now):
            return one
        made = replace(
            one,
            agreed=agreed,
            words=words,
            answered_at=now,
            answered_by=who.user_id,
            text_version=version,
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.disclosures.QUESTIONS, known, made)
        transaction.put_new(store.disclosures.RECEIPTS, _receipt(who, made, agreed, locale))
        try:
            transaction.commit()
        except ConflictError:
            continue  # another answer came in between: look again
        return made
    raise ConflictError


def _withdrawn(one: DisclosureQuestion) -> bool:
    """Whether a question is that of a succession that was withdrawn. Of others nothing is read; of these one
    query: there are a few successions in ten years.
    """
    if one.kind is not DisclosureKind.SUCCESSOR:
        return False
    return any(
        found.state is SuccessionState.WITHDRAWN and one.question_id in numbers_of(found.succession_id)
        for found in store.mergers.page(MOST_SUCCESSIONS, None)
    )


def _renews(one: DisclosureQuestion, version: str | None, now: int) -> bool:
    """Whether the same yes once more is a new one, and not a request that was sent twice."""
    if one.asked is not Asked.AUTHORISATION or not one.agreed or one.answered_at is None:
        return False
    return one.text_version != version or now >= one.answered_at + RENEW_SECONDS


def _receipt(who: Principal, made: DisclosureQuestion, agreed: bool, locale: str) -> QuestionReceipt:
    current = text_of(made.asked)
    text = NOTHING if current is None else current.shown(locale)
    return QuestionReceipt(
        company_id=who.company_id,
        user_id=who.user_id,
        receipt_id=ids.new("rc"),
        question_id=made.question_id,
        asked=made.asked,
        kind=made.kind,
        purpose=made.purpose,
        recipient=made.recipient,
        wanted=made.wanted,
        agreed=agreed,
        text_version=text.version,
        locale=text.locale,
        text_sha256=text.sha256,
        at=made.answered_at or 0,
    )


def _asked(who: Principal) -> tuple[str, ...]:
    return (who.user_id, who.company_id) if who.position is Position.ADMIN else (who.user_id,)


def _mine(who: Principal, question_id: str) -> Stored[DisclosureQuestion] | None:
    for asked in _asked(who):
        known = store.disclosures.question(who.company_id, asked, question_id)
        if known is not None:
            return known
    return None


def _questions(who: Principal, asked: str, limit: int, before: str | None) -> list[DisclosureQuestion]:
    return store.disclosures.questions(who.company_id, asked, limit, before)

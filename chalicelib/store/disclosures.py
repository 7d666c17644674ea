"""Disclosures: cases and payloads in `operator`, where the companies' function has no right; questions and
what is left for access answers in `accounts`, under the company's key; proof in both chains of the ledger.

All cases lie in one partition: there are a few a day, and a list of them is one query.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from chalicelib.kernel import ids
from chalicelib.privacy.disclosure_kinds import Concerns
from chalicelib.privacy.register import Duty
from chalicelib.records.disclosures import (
    Disclosed,
    Disclosure,
    DisclosureAct,
    DisclosurePayload,
    DisclosureQuestion,
    QuestionReceipt,
)
from chalicelib.store.receipts import Placed, placed
from chalicelib.store.table import Due, Rows, Stored

_USE = Duty.DISCLOSE

SILENCE_DUE: Final = "silence"
"""The index partition of what may be told when an order's silence is over."""


def _silence(told: Disclosed) -> Due | None:
    at = told.due_at()
    return None if at is None else Due(SILENCE_DUE, at)


CASES = Rows(Disclosure, pk="disclosures", sk="case#{disclosure_id}", owner=ids.OPERATOR)
PAYLOADS = Rows(DisclosurePayload, pk="disclosures", sk="payload#{disclosure_id}", owner=ids.OPERATOR)
QUESTIONS = Rows(DisclosureQuestion, pk="{company_id}", sk="question#{user_id}#{question_id}")
DISCLOSED = Rows(Disclosed, pk="{company_id}", sk="disclosed#{disclosure_id}", due=_silence)
RECEIPTS = Rows(QuestionReceipt, pk="{company_id}", sk="question#{user_id}#{receipt_id}")
ACTS = Rows(DisclosureAct, pk="{company_id}", sk="disclosure#{act_id}")


def case(disclosure_id: str) -> Stored[Disclosure] | None:
    """One case; one read unit."""
    return CASES.get(disclosure_id=disclosure_id, use=_USE)


def newest(limit: int, before: str | None) -> list[Stored[Disclosure]]:
    """Up to ``limit`` cases, newest first, opened before the one with id ``before``. One query."""
    found = CASES.query(
        "disclosures",
        "case#",
        use=_USE,
        before=None if before is None else f"case#{before}",
        newest_first=True,
        page_size=limit,
    )
    return list(islice(found, limit))


def payload(disclosure_id: str) -> Stored[DisclosurePayload] | None:
    """The sealed file of a case, as long as it waits; up to 100 read units."""
    return PAYLOADS.get(disclosure_id=disclosure_id, use=_USE)


def disclosed(company_id: str, disclosure_id: str) -> Stored[Disclosed] | None:
    """What is left of one disclosure for those whose data it was; one read unit."""
    return DISCLOSED.get(company_id=company_id, disclosure_id=disclosure_id, use=_USE)


def question(company_id: str, user_id: str, question_id: str) -> Stored[DisclosureQuestion] | None:
    """One question and what was said to it; ``user_id`` is the company's id where its admins were asked."""
    return QUESTIONS.get(company_id=company_id, user_id=user_id, question_id=question_id, use=_USE)


def questions(company_id: str, user_id: str, limit: int, before: str | None) -> list[DisclosureQuestion]:
    """What somebody was asked, newest first, before the question with id ``before``. One query."""
    prefix = f"question#{user_id}#"
    found = QUESTIONS.query(
        company_id,
        prefix,
        use=_USE,
        before=None if before is None else f"{prefix}{before}",
        newest_first=True,
        page_size=limit,
    )
    return [one.value for one in islice(found, limit)]


def asked(company_id: str, *question_ids: str) -> list[Stored[DisclosureQuestion]]:
    """What everybody of a company was asked by these questions, in the order of their ids, and the company
    under its own. One query over all its questions.
    """
    found = QUESTIONS.query(company_id, "question#", use=_USE)
    return [known for known in found if known.value.question_id in question_ids]


def receipts(company_id: str, user_id: str, limit: int) -> list[Placed[QuestionReceipt]]:
    """Up to ``limit`` receipts of what somebody answered, newest first; one query."""
    return placed(RECEIPTS, company_id, f"question#{user_id}#", limit)


def of_company(company_id: str, before: str | None = None) -> Iterator[Stored[Disclosed]]:
    """Everything that was given away of a company and its people, newest first, what may not be told too:
    callers decide. One query, read as far as it is consumed.
    """
    return DISCLOSED.query(
        company_id,
        "disclosed#",
        use=_USE,
        before=None if before is None else f"disclosed#{before}",
        newest_first=True,
        page_size=100,
    )


def of_subject(company_id: str, subject: str, since: int) -> list[Stored[Disclosed]]:
    """What was given away about one person since then, newest first: a user by id, anybody else by the keyed
    hash of their address (``store.standing.person``). With everything that was given of the whole company and
    held such data. What may not be told is in it: see ``Disclosed.may_be_told``. One query.
    """
    kind = "user" if ids.is_id(subject, "usr") else "contact"
    found = []
    for one in of_company(company_id):
        told = one.value
        whole = told.concerns is Concerns.COMPANY and kind in told.records
        if told.at >= since and (whole or subject in {told.user_id, told.person}):
            found.append(one)
    return found

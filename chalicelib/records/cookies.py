"""What visitors answered about cookies (2.2.1(j), 6). A visitor is known by a cookie of theirs and nothing
else: no account, no address, no browser is noted with the answer.
"""

from __future__ import annotations

from chalicelib.privacy.cookies import CookieAnswer
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Duty, Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="cookie_choice",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.COOKIE_CHOICE,
    collected_for=Duty.PROVE_CONSENT,
)
class CookieChoice:
    """A visitor's latest answer."""

    visitor: str = opaque(why="keyed hash of the cookie's value")
    revision: str = opaque()
    at: int = opaque()
    receipt_id: str = opaque()
    granted: list[str] = personal(Category.COOKIES, "choice")


@record(
    kind="cookie_receipt",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.COOKIE_CHOICE,
    collected_for=Duty.PROVE_CONSENT,
)
class CookieReceipt:
    """Proof of one answer: to which text and revision, given how, and what followed from it. It expires with
    the answer: a proof kept longer than what it proves would only be a trace of somebody.
    """

    company_id: str = opaque(why="the operator; a visitor has no company")
    lane: str = opaque(
        why="first digit of `visitor`: one chain of evidence would be too narrow for everybody"
    )
    receipt_id: str = opaque()
    visitor: str = opaque(why="keyed hash of the cookie's value")
    revision: str = opaque()
    text_version: str = opaque()
    locale: str | None = opaque(why="the language in which the text was read", default=None)
    text_sha256: str | None = opaque(why="of the words that were shown", default=None)
    policy_version: str = opaque()
    answer: CookieAnswer = opaque()
    gpc: bool = opaque(why="the browser sent Global Privacy Control with it")
    at: int = opaque()
    granted: list[str] = personal(Category.COOKIES, "choice")

"""What proves that somebody agreed or refused (clause `consent`): receipts, their places in the chain of
evidence, and the very words they were given to.

Whoever holds the answer needs nothing of ours to check it: hash the words, hash the entry, look up its number
in the exported chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.privacy.texts import TEXTS, UNSUBSCRIBE_PAGE, digest, sha256
from chalicelib.records.consents import UserReceipt
from chalicelib.records.disclosures import QuestionReceipt
from chalicelib.records.notifications import NotificationReceipt
from chalicelib.services import wording
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.receipts import Placed

MAX_OF_A_KIND: Final = 1000
"""Receipts of one kind in one answer, the newest: it must fit into 6 MB."""

_PAGE: Final = "page_unsubscribe.html"


class Proof(NamedTuple):
    """A user's receipts, newest first. `complete` is false where there are more of a kind than are shown."""

    consents: list[Placed[UserReceipt]]
    notifications: list[Placed[NotificationReceipt]]
    questions: list[Placed[QuestionReceipt]]
    complete: bool

    @property
    def versions(self) -> set[str]:
        """The texts that the receipts name."""
        return {one.value.text_version for one in self.consents} | {
            one.value.text_version for one in self.questions
        }


def of_user(who: Principal) -> Proof:
    """Everything the user ever said to us; three queries."""
    consents = store.consents.receipts(who.company_id, who.user_id, MAX_OF_A_KIND + 1, None)
    notifications = store.notifications.receipts(who.company_id, who.user_id, MAX_OF_A_KIND + 1)
    questions = store.disclosures.receipts(who.company_id, who.user_id, MAX_OF_A_KIND + 1)
    complete = max(len(consents), len(notifications), len(questions)) <= MAX_OF_A_KIND
    return Proof(consents[:MAX_OF_A_KIND], notifications[:MAX_OF_A_KIND], questions[:MAX_OF_A_KIND], complete)


def words_of(versions: Iterable[str]) -> list[dict[str, Any]]:
    """The words of those of our texts that are named, by language, with their digests; `both` is that of a
    receipt that notes no language. A company's own text is not among them: the company keeps it.
    """
    return [
        {
            "version": version,
            "words": words,
            "sha256": {"both": digest(**words), **{name: sha256(text) for name, text in words.items()}},
        }
        for version in sorted(set(versions))
        if (words := _words(version))
    ]


def _words(version: str) -> dict[str, str]:
    if version in TEXTS:
        text = TEXTS[version]
        return {"en": text.en, "zh": text.zh}
    if version in {shown.version for shown in UNSUBSCRIBE_PAGE.values()}:
        return {locale: wording.source(_PAGE, locale) for locale in wording.LANGUAGE_TAG}
    return {}

"""What we say in public (4.1.3, 4.3.4, 7): to those whom no mail reaches, and to whoever thinks of joining.

Words and their proof are one transaction of the caller's: nothing is on the page that is not in the
operator's chain, and nothing that was said can be unsaid there. Nothing about one person belongs in it: who
publishes sees to that, for everybody reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy import clocks, policies
from chalicelib.privacy.notifications import KINDS, Group, Kind
from chalicelib.records.public_notices import PublicAct, PublicNotice, PublicNoticeAct
from chalicelib.services import wording
from chalicelib.services.wording import LANGUAGE_TAG, Locale

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

MAX_SHOWN: Final = 50
"""Notices in one answer, the newest; there are a few a year."""
MAX_TITLE: Final = 200
MAX_TEXT: Final = 5_000
"""Characters in one language."""
WORDS: Final = frozenset({"title", "text"})
"""What each language has to say."""


class Shown(NamedTuple):
    """A notice as everybody reads it, in one language. Times are epoch seconds."""

    announcement_id: str
    kind: Kind
    title: str
    text: str
    published_at: int
    changed_at: int | None


def publish(transaction: Transaction, kind: Kind, texts: Mapping[str, Mapping[str, str]], about: str) -> str:
    """Let a transaction of the caller's say something in public (4 write units, 2 for the chain's head); the
    id of the announcement. ``texts``: for each of `en` and `zh` a ``title`` and a ``text``, plain; ``about``:
    id of what it is about, which nobody is shown.

    Raises:
        ValueError: a kind that is not for the public, or words that are missing or too long. Closed: half an
            announcement leaves out whoever reads the other language.
    """
    if KINDS[kind].group is not Group.LEGAL:
        raise ValueError("only what the law or the policy asks for is announced in public")
    words = _checked(texts)
    made = PublicNotice(
        announcement_id=ids.new("ann"),
        about=kind,
        cause_id=about,
        title_en=words["en"]["title"],
        text_en=words["en"]["text"],
        title_zh=words["zh"]["title"],
        text_zh=words["zh"]["text"],
        published_at=clock.now(),
    )
    transaction.put_new(store.public_notices.NOTICES, made)
    _prove(transaction, made, PublicAct.PUBLISHED)
    return made.announcement_id


def change(transaction: Transaction, announcement_id: str, texts: Mapping[str, Mapping[str, str]]) -> None:
    """Let a transaction say it in other words (a day that moved); what was said before stays in the chain.

    Raises:
        NotFoundError: there is no such notice, or it was withdrawn.
        ValueError: as `publish`.
    """
    known = _live(announcement_id)
    words = _checked(texts)
    made = replace(
        known.value,
        changed_at=clock.now(),
        title_en=words["en"]["title"],
        text_en=words["en"]["text"],
        title_zh=words["zh"]["title"],
        text_zh=words["zh"]["text"],
    )
    transaction.replace(store.public_notices.NOTICES, known, made)
    _prove(transaction, made, PublicAct.CHANGED)


def withdraw(transaction: Transaction, announcement_id: str) -> None:
    """Let a transaction take a notice off the page; that it was there stays on record.

    Raises:
        NotFoundError: as `change`.
    """
    known = _live(announcement_id)
    made = replace(known.value, withdrawn_at=clock.now())
    transaction.replace(store.public_notices.NOTICES, known, made)
    _prove(transaction, made, PublicAct.WITHDRAWN)


def worded(template: str, values: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Texts as `publish` takes them, from a template in both languages, each filled with its own values.

    Raises:
        KeyError: there is no such template, or a value is missing.
    """
    return {locale: _worded(template, locale, values[locale]) for locale in LANGUAGE_TAG}


def shown(locale: Locale) -> list[Shown]:
    """What we say in public at this moment, the newest first; versions of the policy that are announced or
    have replaced another one stand among the rest (7).

    Raises:
        UnavailableError: nobody could say; an empty page would say that there is nothing.
    """
    found = [_in(one, locale) for one in store.public_notices.newest(MAX_SHOWN)]
    return sorted([*found, *_policies(locale)], key=lambda one: -one.published_at)[:MAX_SHOWN]


def _worded(template: str, locale: Locale, values: Mapping[str, str]) -> dict[str, str]:
    title, _, text = wording.fill_text(f"{template}.txt", locale, values).partition("\n")
    return {"title": title.removeprefix("Subject: ").strip(), "text": text.strip()}


def _live(announcement_id: str) -> Stored[PublicNotice]:
    known = store.public_notices.NOTICES.get(announcement_id=announcement_id)
    if known is None or known.value.withdrawn_at is not None:
        raise NotFoundError
    return known


def _checked(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    made: dict[str, dict[str, str]] = {}
    for locale in LANGUAGE_TAG:
        said = texts.get(locale, {})
        if said.keys() != WORDS or not all(one.strip() for one in said.values()):
            raise ValueError("a public notice has a title and a text in English and in Chinese")
        if len(said["title"]) > MAX_TITLE or len(said["text"]) > MAX_TEXT:
            raise ValueError("a public notice is short enough to be read")
        made[locale] = {name: one.strip() for name, one in said.items()}
    return made


def _in(one: PublicNotice, locale: Locale) -> Shown:
    title, text = (one.title_zh, one.text_zh) if locale == "zh" else (one.title_en, one.text_en)
    return Shown(one.announcement_id, one.about, title, text, one.published_at, one.changed_at)


def _policies(locale: Locale) -> list[Shown]:
    """Versions after the first, as their own files announce them: no row, and nothing that could be late."""
    today = clocks.day(clock.now())
    first = policies.versions().all[0]
    there = [one for one in (*policies.announced(today), policies.in_force(today)) if one is not first]
    made = []
    for one in there:
        at = clocks.begins(one.published_on)
        values = {
            "version": one.version,
            "effective_on": one.effective_on.isoformat(),
            "changes": " ".join(one.changes[locale]),
        }
        said = _worded("public_policy", locale, values)
        made.append(Shown(f"policy-{one.version}", Kind.POLICY, said["title"], said["text"], at, None))
    return made


def _prove(transaction: Transaction, one: PublicNotice, act: PublicAct) -> None:
    made = PublicNoticeAct(
        company_id=ids.OPERATOR,
        act_id=ids.new("act"),
        act=act,
        announcement_id=one.announcement_id,
        about=one.about,
        cause_id=one.cause_id,
        at=clock.now(),
        title_en=one.title_en,
        text_en=one.text_en,
        title_zh=one.title_zh,
        text_zh=one.text_zh,
    )
    transaction.put_new(store.public_notices.ACTS, made)

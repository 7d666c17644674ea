"""Where a text mentions somebody: what is known of a person, and what looks like a person in free text.

Promise: a value that is known (of a record, a user, a company) is found however it is cased, spaced, accented
or widened, in parts and with an ending; of free text that which has a form: addresses of all kinds, numbers
of telephones, accounts and papers, profiles, names where a name is announced (a salutation, a signature, a
title, a header of a mail, a role) and common first names. Cost: a rare name in the middle of a sentence has
no form and is not found, nor is a business without its legal form; and much that names nobody is taken for a
mention, which costs the model a word and nobody a name: it comes back. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final, NamedTuple

from chalicelib.privacy import mention_forms as forms
from chalicelib.privacy import mention_words


class Kind(StrEnum):
    """What a placeholder stands for."""

    PERSON = "PERSON"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    URL = "URL"
    HANDLE = "HANDLE"
    ADDRESS = "ADDRESS"
    COMPANY = "COMPANY"
    ACCOUNT = "ACCOUNT"
    SIGN = "SIGN"
    """Text that could be taken for a placeholder."""


class Known(NamedTuple):
    """A value that is somebody's."""

    kind: Kind
    value: str


class Mention(NamedTuple):
    """A stretch of a text. ``root`` names what it is a form of: the same for all spellings of one value."""

    start: int
    end: int
    kind: Kind
    root: str


class Folded(NamedTuple):
    """A text as it is compared, and for each of its characters the place in the text it came from."""

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of it in the text it came from."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str, *, case: bool = True) -> Folded:
    """Compatibility forms, no accents, nothing invisible; in lower case unless told otherwise."""
    signs, places = [], []
    for place, sign in enumerate(text):
        plain = unicodedata.normalize("NFKC", sign)
        for part in unicodedata.normalize("NFD", plain.casefold() if case else plain):
            if unicodedata.category(part) not in {"Mn", "Cf"}:
                signs.append(part)
                places.append(place)
    return Folded("".join(signs), tuple(places))


def known_in(text: str, known: Iterable[Known]) -> list[Mention]:
    """Where a text has something of what is known."""
    folded, plain = fold(text), None
    found = []
    for one in known:
        root = f"{one.kind}:{fold(one.value).text}"
        for pattern in _patterns(one):
            if pattern.flags & re.IGNORECASE:
                view = folded
            else:  # short parts of names count where they are written like names
                view = plain = plain or fold(text, case=False)
            for match in pattern.finditer(view.text):
                if match.end() > match.start():
                    found.append(Mention(*view.span(match.start(), match.end()), one.kind, root))
    return found


def mailboxes_in(text: str, most: int) -> list[str]:
    """The first different mail addresses in a text, however they are written out, folded."""
    view = fold(text, case=False).text
    found: dict[str, None] = {}
    for name, pattern in _forms():
        if name == Kind.EMAIL:
            found |= {_mailbox(match[0]): None for match in pattern.finditer(view)}
    return list(found)[:most]


def _mailbox(written: str) -> str:
    return forms.WRITTEN_DOT.sub(".", forms.WRITTEN_AT.sub("@", written, count=1)).replace(" ", "").lower()


def formed_in(text: str) -> list[Mention]:
    """Where a text has what looks like somebody, whoever it is."""
    view = fold(text, case=False)
    found = []
    for kind, start, end in _formed(view.text):
        first, last = view.span(start, end)
        found.append(Mention(first, last, kind, f"{kind}:{fold(text[first:last]).text}"))
    return found


def _formed(text: str) -> Iterator[tuple[Kind, int, int]]:
    for name, pattern in _forms():
        for match in pattern.finditer(text):
            start, end = match.span(1) if pattern.groups else match.span()
            if name == "PHONE" and not pattern.groups and not _is_number(match[0]):
                continue
            if end > start:
                yield Kind(name), start, end
    for pattern in _lists():
        for match in pattern.finditer(text):
            for item in forms.ITEM.finditer(text, *match.span(1)):
                yield Kind.PERSON, *item.span()


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in forms.FORMS)


@cache
def _lists() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in forms.LISTS)


def _is_number(text: str) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    return 7 <= digits <= 19 and forms.DATE.fullmatch(text.strip()) is None


# -- what is looked for, of a value that is known -----------------------------------------------

_GAP: Final = r"[\s\-_.,;:'\u2019·/|+*]{0,4}"
_WIDE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u1100-\u11ff]")
_DIGITS: Final = r"[\s().\-/]{0,3}"
SHORT: Final = 2
"""Parts of names with so few letters count only where they have a capital: `An` is not `an`."""
LOOSE: Final = 4
"""Words with so many letters are found with any ending: Vogels, vogelsche."""
LONG: Final = 7
"""And with so many wherever they stand; shorter ones stand in words that name nobody (Chen, `freundlichen`).
"""
_AHEAD: Final = r"(?<![^\W\d_\u3040-\u30ff\u3400-\u9fff\u1100-\u11ff])"
_BEHIND: Final = r"(?![^\W\d_\u3040-\u30ff\u3400-\u9fff\u1100-\u11ff])"
"""No letter comes before, or after, other than signs that are written without spaces."""


@lru_cache(maxsize=512)
def _patterns(known: Known) -> tuple[re.Pattern[str], ...]:
    """What finds it: in folded text if the pattern says ``IGNORECASE``; short parts as they are written."""
    value = known.value.strip()
    folded = fold(value).text.strip()
    if not folded:
        return ()
    match known.kind:
        case Kind.PERSON:
            made = _of_person(value)
        case Kind.EMAIL:
            made = _of_mailbox(folded)
        case Kind.PHONE:
            made = _of_number(folded)
        case Kind.URL | Kind.HANDLE:
            made = _of_place(folded)
        case Kind.COMPANY:
            made = _of_company(folded)
        case _:
            made = [_loosely(folded)] + [
                _loosely(part) for part in folded.split(",") if len(part.strip()) >= 6 and _WORD.search(part)
            ]
    return tuple(one for one in made if one is not None)


_WORD: Final = re.compile(r"\w+")


def _of_person(value: str) -> list[re.Pattern[str] | None]:
    made = [_loosely(form) for form in _spellings(value)]
    for form in _spellings(value):
        for part in _WORD.findall(form):
            if part in mention_words.PARTICLES:
                continue
            if _WIDE.search(part):
                made += _of_wide_name(part)
            elif len(part) >= LOOSE:
                ahead = "" if len(part) >= LONG else _AHEAD
                made.append(re.compile(rf"{ahead}{re.escape(part)}", re.IGNORECASE))
            elif len(part) > SHORT:
                made.append(re.compile(rf"{_AHEAD}{re.escape(part)}{_BEHIND}", re.IGNORECASE))
            elif len(part) == SHORT:
                as_name = f"{part.upper()}|{part.capitalize()}"
                made.append(re.compile(rf"{_AHEAD}(?:{as_name}){_BEHIND}"))
    return made


def _spellings(value: str) -> list[str]:
    """Folded, and with ä, ö, ü written out as Germans do where there is no such key."""
    written_out = value.casefold().translate({0xE4: "ae", 0xF6: "oe", 0xFC: "ue", 0xF8: "oe", 0xE5: "aa"})
    return list(dict.fromkeys((fold(value).text, fold(written_out).text)))


def _of_wide_name(part: str) -> list[re.Pattern[str] | None]:
    """A name in Chinese, Japanese or Korean: whole, and without its surname if more than one sign is left."""
    given = [part[1:]] if len(part) >= 3 else []
    return [re.compile(_GAP_WIDE.join(map(re.escape, name)), re.IGNORECASE) for name in (part, *given)]


_GAP_WIDE: Final = r"\s{0,2}"


def _of_mailbox(folded: str) -> list[re.Pattern[str] | None]:
    local, _, domain = folded.rpartition("@")
    made = [_loosely(folded)]
    if len(local) >= LOOSE and local not in mention_words.SHARED_MAILBOXES:
        made.append(_bounded(local))
    if domain and domain not in mention_words.FREE_MAIL:
        made.append(_bounded(domain))
    return made


def _of_number(folded: str) -> list[re.Pattern[str] | None]:
    digits = [sign for sign in folded if sign.isdigit()]
    if len(digits) < 5:
        return [_loosely(folded)]
    # Whatever the prefix is (00, +, a zero in brackets): the end of a number is what tells whose it is.
    own = _DIGITS.join(digits[-8:])
    return [re.compile(rf"(?:[+(]{{0,2}}\d[\d\s().\-/]{{0,14}})?{own}", re.IGNORECASE)]


def _of_place(folded: str) -> list[re.Pattern[str] | None]:
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", folded).rstrip("/")
    last = bare.rpartition("/")[2].lstrip("@").partition("?")[0]
    made = [_loosely(bare)]
    if len(last) >= LOOSE:
        made.append(_bounded(last))
    host = bare.partition("/")[0]
    if "." in host and host not in mention_words.NETWORKS:
        made.append(_bounded(host))
    return made


def _of_company(folded: str) -> list[re.Pattern[str] | None]:
    """Whole, without its legal form, and the word that tells it from others."""
    words = [word for word in re.split(r"[\s,.&/()\-]+", folded) if word]
    own = [word for word in words if word not in mention_words.LEGAL_FORMS]
    made = [_loosely(folded), _loosely(" ".join(own)) if own else None]
    for word in own[:1] if not _WIDE.search(folded) else ():
        if len(word) >= LOOSE and word not in mention_words.COMMON_IN_NAMES:
            made.append(_bounded(word))
    if _WIDE.search(folded) and len(stem := forms.WIDE_LEGAL.sub("", folded)) >= SHORT:
        made.append(_loosely(stem))
    return made


def _bounded(word: str) -> re.Pattern[str]:
    return re.compile(rf"{_AHEAD}{re.escape(word)}", re.IGNORECASE)


def _loosely(value: str) -> re.Pattern[str] | None:
    """Its words one after the other, whatever is between them; short ones alone count only as whole words."""
    words = _WORD.findall(value)
    if not words:
        return None
    joined = _GAP.join(re.escape(word) for word in words)
    if len(words) == 1 and len(words[0]) < LOOSE and not _WIDE.search(words[0]):
        if len(words[0]) <= SHORT:
            word = words[0]
            return re.compile(rf"{_AHEAD}(?:{word.upper()}|{word.capitalize()}){_BEHIND}")
        return re.compile(rf"{_AHEAD}{joined}{_BEHIND}", re.IGNORECASE)
    if len(words) == 1 and len(words[0]) < LONG and not _WIDE.search(words[0]) and words[0].isalpha():
        return re.compile(rf"{_AHEAD}{joined}", re.IGNORECASE)
    return re.compile(joined, re.IGNORECASE)

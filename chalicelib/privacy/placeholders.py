"""Text with no name that we know or can tell: placeholders go in before a text leaves for a model, and come
out of its answer.

Promise: ``Masked`` is made here and nowhere else, and a prompt is made of it alone, so no other text can
reach a model. Each value gets one placeholder for all texts of a job (⟦PERSON_1⟧), each further spelling one
that says whose it is (⟦PERSON_1_2⟧). What they stand for stays in the process (``Key``) and is never stored:
who reads a prompt reads no person. Cost: see ``mentions``, which finds what is replaced. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from chalicelib.privacy import mentions
from chalicelib.privacy.mentions import Kind, Known, Mention

__all__ = ["Key", "Kind", "Known", "Masked", "Restored", "mask", "only", "own_words", "restore", "within"]

_OURS: Final = object()
_KINDS: Final = "|".join(Kind)
_STRICT: Final = re.compile(rf"⟦(?:{_KINDS})_\d+(?:_\d+)?⟧")
_TOLERANT: Final = re.compile(
    rf"⟦\s*({_KINDS})[\s_\-]*(\d+)(?:[\s_\-]+(\d+))?\s*⟧?"
    rf"|\[\[\s*({_KINDS})[\s_\-]*(\d+)(?:[\s_\-]+(\d+))?\s*\]\]"
    rf"|\[\s*({_KINDS})[\s_\-]*(\d+)(?:[\s_\-]+(\d+))?\s*\]"
    rf"|(?<![A-Za-z0-9_])({_KINDS})[_\-](\d+)(?:[_\-](\d+))?(?![A-Za-z0-9_])⟧?",
    re.IGNORECASE,
)
"""As models write them back: with spaces, in lower case, in other brackets or none."""
_ROUNDS: Final = 8


class Masked:
    """Text that names nobody. It cannot be made from a string outside this module, only joined."""

    __slots__ = ("_text",)
    _text: str

    def __init__(self, made_by: object, text: str) -> None:
        if made_by is not _OURS:
            raise TypeError("masked text is made by mask() and own_words()")
        object.__setattr__(self, "_text", text)

    def __init_subclass__(cls, **_: Any) -> None:
        raise TypeError("masked text has no other kinds")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("masked text does not change")

    @property
    def text(self) -> str:
        """It as a string."""
        return self._text

    def __add__(self, other: Masked) -> Masked:
        if not isinstance(other, Masked):
            return NotImplemented
        return Masked(_OURS, self._text + other.text)

    def join(self, parts: Iterable[Masked]) -> Masked:
        """As ``str.join``. Raises TypeError for anything that is not masked."""
        texts = []
        for part in parts:
            if not isinstance(part, Masked):
                raise TypeError("only masked text is joined to masked text")
            texts.append(part.text)
        return Masked(_OURS, self._text.join(texts))

    def without(self, unwanted: re.Pattern[str], instead: Masked) -> Masked:
        """It with other masked text in place of what a pattern finds. Placeholders stay whole."""
        pieces, end = [], 0
        for found in _STRICT.finditer(self._text):
            pieces += [unwanted.sub(lambda _: instead.text, self._text[end : found.start()]), found[0]]
            end = found.end()
        return Masked(_OURS, "".join((*pieces, unwanted.sub(lambda _: instead.text, self._text[end:]))))

    def __len__(self) -> int:
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Masked) and other.text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Masked({len(self._text)} characters)"

    __str__ = __repr__


class Key:
    """What the placeholders of one job stand for. It is not stored, and shows nothing of itself."""

    __slots__ = ("_counts", "_forms", "_known", "_roots", "_values")

    def __init__(self, known: Iterable[Known]) -> None:
        self._known = tuple(dict.fromkeys(one for one in known if one.value.strip()))
        self._values: dict[str, str] = {}
        self._forms: dict[tuple[str, str], str] = {}
        self._roots: dict[str, tuple[str, int]] = {}
        self._counts: Counter[Kind] = Counter()
        for one in self._known:  # the form in the record is what a placeholder without a form stands for
            value = unicodedata.normalize("NFC", one.value.strip())
            self._placeholder(one.kind, f"{one.kind}:{mentions.fold(one.value).text}", value)

    def __repr__(self) -> str:
        return f"Key({len(self._values)} placeholders)"

    def names_somebody(self, text: Masked) -> bool:
        """Whether something that is known is still in a text. The last look before it leaves: closed, for
        the sake of whoever it is about.
        """
        return any(mentions.known_in(piece, self._known) for piece in _STRICT.split(text.text))

    def value(self, placeholder: str) -> str | None:
        """What a placeholder stands for; None for one of somebody else's making."""
        return self._values.get(placeholder)

    def _placeholder(self, kind: Kind, root: str, form: str) -> str:
        if (made := self._forms.get((root, form))) is not None:
            return made
        if root not in self._roots:
            self._counts[kind] += 1
            self._roots[root] = f"{kind}_{self._counts[kind]}", 0
        name, forms = self._roots[root]
        self._roots[root] = name, forms + 1
        made = f"⟦{name}⟧" if forms == 0 else f"⟦{name}_{forms + 1}⟧"
        self._forms[root, form] = made
        self._values[made] = form
        return made

    def masked(self, text: str) -> str:
        """A text with placeholders: looked through again between them until nothing is found, for mentions
        overlap.
        """
        done = self._mask_plain(text)  # whatever a text calls itself, none of it is a placeholder yet
        for _ in range(_ROUNDS):
            pieces, end = [], 0
            for placeholder in _STRICT.finditer(done):
                pieces += [self._mask_plain(done[end : placeholder.start()]), placeholder[0]]
                end = placeholder.end()
            again = "".join((*pieces, self._mask_plain(done[end:])))
            if again == done:
                break
            done = again
        return done

    def _mask_plain(self, text: str) -> str:
        if not text.strip():
            return text
        known = mentions.known_in(text, self._known)
        formed = mentions.formed_in(text)
        return "".join(self._replaced(text, _apart([*known, *formed])))

    def _replaced(self, text: str, found: Iterable[Mention]) -> Iterable[str]:
        end = 0
        for one in found:
            yield text[end : one.start]
            yield self._placeholder(one.kind, one.root, text[one.start : one.end])
            end = one.end
        yield text[end:]


class Restored(NamedTuple):
    """A text with its values back. ``unknown``: placeholders the model invented; they are left out."""

    text: str
    unknown: int


def mask(texts: Mapping[str, str], known: Iterable[Known]) -> tuple[dict[str, Masked], Key]:
    """Texts by name with placeholders for whoever they mention, and what those stand for.

    The texts are taken in Unicode's composed form (NFC), and come back so. What stands for a text that could
    be taken for a placeholder is one itself, so nobody can write a name into an answer by guessing one.
    """
    key = Key(known)
    masked = {
        name: Masked(_OURS, key.masked(unicodedata.normalize("NFC", text))) for name, text in texts.items()
    }
    return masked, key


def own_words(text: str) -> Masked:
    """Our own instructions, from a file or the code. Never what somebody wrote: this looks for mentions by
    their form only, and is no check of a stranger's text. What is known of a job is looked for in what stands
    behind the fence, not in these words: people are called Mark, Will and Price.

    Raises:
        ValueError: it mentions somebody.
    """
    if any(mentions.formed_in(piece) for piece in _STRICT.split(text)):
        raise ValueError("our own words mention somebody")
    return Masked(_OURS, text)


def restore(text: str, key: Key) -> Restored:
    """A model's answer with the values back in. What no value belongs to is left out and counted."""
    unknown = 0

    def value(found: re.Match[str]) -> str:
        nonlocal unknown
        known = key.value(_strict(found))
        unknown += known is None
        return known or ""

    return Restored(_TOLERANT.sub(value, text), unknown)


def only(text: str, wanted: Callable[[str], bool], otherwise: str = "") -> str:
    """A model's answer with the placeholders that are wanted, as we write them; ``otherwise`` for others."""
    return _TOLERANT.sub(lambda found: name if wanted(name := _strict(found)) else otherwise, text)


def within(*texts: Masked) -> frozenset[str]:
    """The placeholders in some texts."""
    return frozenset(one for text in texts for one in _STRICT.findall(text.text))


def _strict(found: re.Match[str]) -> str:
    """A placeholder as we write it, from one as a model does."""
    kind, number, form = (*(part for part in found.groups() if part is not None), None)[:3]
    return f"⟦{str(kind).upper()}_{_number(number)}" + (f"_{_number(form)}⟧" if form else "⟧")


def _number(digits: str | None) -> str:
    """Without zeros in front; a model's number may be as long as it likes."""
    return str(digits).lstrip("0") or "0"


def _apart(found: list[Mention]) -> list[Mention]:
    """Mentions that do not overlap: the longer one counts, and of two the one that was found first, so what
    is known before what has a form. As many steps as the text has signs: whatever is taken is as long as what
    comes after it or longer, so that two can overlap only where the later one begins or ends.
    """
    taken = bytearray(max((one.end for one in found), default=0))
    kept = []
    for one in sorted(found, key=lambda m: m.start - m.end):
        if not (taken[one.start] or taken[one.end - 1]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            kept.append(one)
    return sorted(kept)

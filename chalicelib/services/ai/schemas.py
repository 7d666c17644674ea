"""What an answer of a model may look like, checked field by field (clause `ai`).

An answer is data. It has exactly the fields its task asks for, of the kinds and sizes it asks for, or it is
no answer: the job fails as `unusable_answer`, and the model is not asked again at the company's cost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from chalicelib.services.ai.shapes import UnusableAnswerError

MAX_ANSWER: Final = 40_000
"""Characters of an answer that are looked at; a longer one has run away."""
_FENCED: Final = re.compile(r"```[a-zA-Z]{0,10}[ \t]*\n(.*?)```", re.DOTALL)


def read(text: str, fields: Iterable[str]) -> dict[str, Any]:
    """The one JSON object in an answer, with exactly these fields. Fences of code and words around it are
    what models add, and are passed over.

    Raises:
        UnusableAnswerError: there is none, or it has other fields.
    """
    if len(text) > MAX_ANSWER:
        raise UnusableAnswerError
    fenced = _FENCED.search(text)
    body = text if fenced is None or "{" in text[: fenced.start()] else fenced[1]
    start, end = body.find("{"), body.rfind("}")
    if start < 0 or end < start:
        raise UnusableAnswerError
    try:
        found = json.loads(body[start : end + 1], object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise UnusableAnswerError from None
    if not isinstance(found, dict) or found.keys() != set(fields):
        raise UnusableAnswerError
    return found


def words(value: Any, most: int) -> str:
    """A text of 1 to ``most`` characters. Raises UnusableAnswerError."""
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise UnusableAnswerError
    return value.strip()


def several(value: Any, most: int, each: int) -> list[str]:
    """One to ``most`` texts of 1 to ``each`` characters. Raises UnusableAnswerError."""
    return [words(one, each) for one in things(value, most)]


def things(value: Any, most: int) -> list[Any]:
    """A list of one to ``most`` things. Raises UnusableAnswerError."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise UnusableAnswerError
    return value


def number(value: Any, least: int, most: int) -> int:
    """A whole number between two others; a yes is none. Raises UnusableAnswerError."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UnusableAnswerError
    return value


def member(value: Any, fields: Iterable[str]) -> Mapping[str, Any]:
    """An object with exactly these fields. Raises UnusableAnswerError."""
    if not isinstance(value, dict) or value.keys() != set(fields):
        raise UnusableAnswerError
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Closed: of two fields of one name nobody knows which was meant."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a field twice")
    return made


def _refuse(_: str) -> NoReturn:
    raise ValueError("not a number")

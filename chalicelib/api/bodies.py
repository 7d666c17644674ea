"""What a request carries, from bytes to checked values: its body, the page it asks for, its repeat key. What
a client sent is never repeated in an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from chalice.app import Request
from pydantic import BaseModel, ValidationError

from chalicelib.kernel import ids, settings
from chalicelib.kernel.errors import (
    BadRequestError,
    FieldError,
    InvalidError,
    TooLargeError,
    UnsupportedMediaTypeError,
)
from chalicelib.services.repeats import Repeat

B = TypeVar("B", bound=BaseModel)

MAX_KEY: Final = 128
DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 200
MAX_ERRORS: Final = 20
MAX_PLACE: Final = 100
"""Fields named in one answer, and characters of a name: a client chooses both, and should not choose how
large an answer gets.
"""


def read(request: Request) -> bytes:
    """The bytes of a request's body.

    Raises:
        UnsupportedMediaTypeError, TooLargeError.
    """
    media = str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if media != "application/json":
        raise UnsupportedMediaTypeError
    raw = request.raw_body
    raw = raw.encode() if isinstance(raw, str) else raw
    if len(raw) > settings.MAX_REQUEST_BYTES:
        raise TooLargeError
    return raw


def parse(model: type[B], raw: bytes) -> B:
    """The body as an instance of its model.

    Raises:
        BadRequestError: not one JSON object in UTF-8.
        InvalidError: fields that cannot be taken, each named.
    """
    try:
        content = json.loads(
            raw.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once_each
        )
    except (ValueError, RecursionError):
        # RecursionError: a thousand open brackets are no request of ours either.
        raise BadRequestError("not_json", "The body is not JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise BadRequestError("not_an_object", "The body is not a JSON object.")
    try:
        form = model.model_validate(content)
    except ValidationError as error:
        raise InvalidError(errors=_named(error)) from None
    except RecursionError:
        raise BadRequestError("too_deep", "The body is nested too deeply.") from None
    if damaged := list(_damaged(content, "")):
        raise InvalidError(errors=damaged[:MAX_ERRORS])
    return form


def _no_constant(_: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are unique (RFC 7493): of two values, nobody could say which one was checked."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadRequestError("repeated_name", "A name occurs twice in one JSON object.")
    return made


def _damaged(value: Any, place: str) -> Iterator[FieldError]:
    """Texts that lost characters: API Gateway puts U+FFFD in the place of bytes that are not UTF-8. As deep
    as the model, no deeper.
    """
    if isinstance(value, str):
        if "\ufffd" in value:
            yield FieldError(place, "not_utf8")
        return
    parts: Iterable[tuple[object, Any]] = value.items() if isinstance(value, dict) else ()
    for name, part in enumerate(value) if isinstance(value, list) else parts:
        yield from _damaged(part, f"{place}.{name}" if place else str(name))


def _named(error: ValidationError) -> list[FieldError]:
    """The fields that cannot be taken. Pydantic's messages are left behind: they quote the input."""
    named = []
    found = error.errors(include_url=False, include_context=True, include_input=False)
    for one in found[:MAX_ERRORS]:
        place = ".".join(str(part) for part in one["loc"])[:MAX_PLACE]
        code = _CODES.get(one["type"], "invalid")
        if one["type"] == "value_error":
            code = str(one["ctx"]["error"]) if "ctx" in one else code
        named.append(FieldError(place, code))
    return named


_CODES: Final = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_few",
    "too_long": "too_many",
    "string_type": "not_text",
    "bool_type": "not_a_boolean",
    "int_type": "not_a_number",
    "list_type": "not_a_list",
    "dict_type": "not_an_object",
    "model_type": "not_an_object",
    "enum": "not_a_choice",
    "literal_error": "not_a_choice",
    "string_pattern_mismatch": "malformed",
    "string_unicode": "not_text",
}


def page_asked(request: Request, prefix: str | None) -> tuple[int, str | None]:
    """``limit`` and ``cursor`` of a list; InvalidError for a limit out of range, or a cursor that is no id
    with this prefix.
    """
    asked = request.query_params or {}
    text = asked.get("limit", str(DEFAULT_PAGE))
    # The length first: leading zeros must not carry a large number past the check.
    if not (len(text) <= 6 and text.isascii() and text.isdecimal() and 1 <= int(text) <= MAX_PAGE):
        raise InvalidError(errors=[FieldError("limit", "out_of_range")])
    cursor = asked.get("cursor")
    if prefix is not None and cursor is not None and not ids.is_id(cursor, prefix):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return int(text), cursor


def repeat(method: str, request: Request, raw: bytes) -> Repeat | None:
    """The ``Idempotency-Key`` of a request with what it is for, None without one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise InvalidError(errors=[FieldError("Idempotency-Key", "malformed")])
    return Repeat(f"{method} {request.context['path']}", str(key), raw.decode())

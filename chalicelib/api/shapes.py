"""The pieces that descriptions of answers are made of: JSON schemas, as OpenAPI 3.1 takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

TEXT: Final = {"type": "string"}
TIME: Final = {"type": "string", "format": "date-time"}
DAY: Final = {"type": "string", "format": "date"}
COUNT: Final = {"type": "integer", "minimum": 0}
YES_NO: Final = {"type": "boolean"}


def choice(*enums: Iterable[StrEnum]) -> dict[str, Any]:
    """One of the values of some enumerations."""
    return {"type": "string", "enum": [one.value for values in enums for one in values]}


def or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same, or nothing."""
    return {**schema, "type": [schema["type"], "null"]}


def ref(name: str) -> dict[str, Any]:
    """A reference to one of the schemas of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(of: Mapping[str, Any]) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "items": of}


def thing(description: str, /, **properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object that always has these members. It may get more, so it is not closed."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def page(of: str) -> dict[str, Any]:
    """One page of a list."""
    cursor = {**or_null(TEXT), "description": "Send it as `cursor`; null at the end."}
    return thing("One page of a list.", items=many(ref(of)), next_cursor=cursor)

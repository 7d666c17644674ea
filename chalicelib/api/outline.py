"""JSON schemas as rows a person can read: field, type, limits; and a body of the right shape to start from.

Pure functions over an OpenAPI document; texts come out unescaped, code in backticks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_DEEPEST: Final = 6
"""Levels of a body that are shown; ours have three."""


class Field(NamedTuple):
    """One row. ``limits`` and ``words`` may hold code in backticks."""

    name: str
    kind: str
    limits: str
    required: bool
    words: str


def resolve(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference inside the document; look through "or null"."""
    while True:
        if "$ref" in schema:
            found: Any = document
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                found = found[part]
            schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
        elif len(choices := [one for one in schema.get("anyOf", []) if one.get("type") != "null"]) == 1:
            rest = {key: value for key, value in schema.items() if key != "anyOf"}
            schema = {**rest, **choices[0], "nullable": len(schema["anyOf"]) > 1}
        else:
            return schema


def fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[Field]:
    """The fields of an object and of what is in it, outermost first (``to[].email``)."""
    whole = resolve(document, schema)
    for name, given in whole.get("properties", {}).items():
        one = resolve(document, given)
        yield Field(
            prefix + name,
            kind(one),
            limits(one),
            name in whole.get("required", []),
            "" if "$ref" in given else one.get("description", ""),
        )
        inner = resolve(document, one.get("items", one))
        if depth < _DEEPEST and "properties" in inner:
            step = "[]." if "items" in one else "."
            yield from fields(document, inner, f"{prefix}{name}{step}", depth + 1)


def kind(schema: Mapping[str, Any]) -> str:
    """The type in words: its format and null included."""
    types = schema.get("type", "const" if "const" in schema else "anything")
    kinds = list(types) if isinstance(types, list) else [types]
    if schema.get("nullable") and "null" not in kinds:
        kinds.append("null")
    if "format" in schema:
        kinds[0] = f"{kinds[0]} ({schema['format']})"
    return " or ".join(str(kind) for kind in kinds)


def limits(schema: Mapping[str, Any]) -> str:
    """Sizes, choices, pattern and default."""
    found = []
    for low, high, unit in (
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minimum", "maximum", ""),
    ):
        low_end, high_end = schema.get(low, 0), schema.get(high)
        if high_end is not None:
            found.append(f"{low_end} to {high_end:,}{unit}" if low_end else f"at most {high_end:,}{unit}")
        elif low_end:
            found.append(f"at least {low_end}{unit}")
    if "pattern" in schema:
        found.append(f"`{schema['pattern']}`")
    choices = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if choices:
        found.append(" ".join(f"`{one}`" for one in choices))
    if schema.get("default") not in (None, []):
        found.append(f"otherwise `{json.dumps(schema['default'])}`")
    return ", ".join(found)


def sample(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """Something of the right shape, for a body without an example: its required fields."""
    one = resolve(document, schema)
    if one.get("enum") or "const" in one or "default" in one:
        return one.get("const", (one.get("enum") or [one.get("default")])[0])
    if one.get("type") == "object":
        fields = one.get("properties", {})
        return {name: sample(document, fields[name]) for name in one.get("required", [])}
    if one.get("type") == "array":
        return [sample(document, one["items"])] if one.get("minItems") else []
    return {"boolean": True, "integer": 1, "number": 1}.get(str(one.get("type")), "text")

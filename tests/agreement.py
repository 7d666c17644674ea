"""Whether an answer is what the description of the API says."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator


def agrees(
    document: dict[str, Any], schema: dict[str, Any], value: Any, *, filled: bool = True, place: str = ""
) -> None:
    """The value has exactly the members that the schema names, all the way down.

    ``filled``: nothing is empty or left open, because the caller has put one of everything into it.
    """
    Draft202012Validator({**document, **schema}).validate(value)
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, dict) and (filled or "properties" in schema):
        assert value.keys() == schema["properties"].keys(), place
        for name, inner in value.items():
            agrees(document, schema["properties"][name], inner, filled=filled, place=f"{place}.{name}")
    if isinstance(value, list) and (filled or "items" in schema):
        assert value or not filled, place
        for inner in value:
            agrees(document, schema["items"], inner, filled=filled, place=f"{place}[]")

# ruff: noqa: SLF001 - reaching into the emulator's modules is what this file is for
"""Lets the emulator read each expression and each policy once, instead of once for every row and every call.

What it answers stays the same; a query over a few hundred rows, and a test run, take half the time.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

REMEMBERED: Final = 4096
"""Expressions and policies; there are a few hundred of either."""


def read_expressions_once() -> None:
    """Remember what a condition's text is made of, and that it is well formed."""
    tables: Any = import_module("ministack.services.dynamodb")
    tables._tokenize = lru_cache(REMEMBERED)(tables._tokenize)
    tables._condition_syntax_error = lru_cache(REMEMBERED)(tables._condition_syntax_error)
    check = tables._check_reserved_keyword_usage
    checked: dict[int, tuple[Any, Any]] = {}

    def check_once(tokens: Any) -> Any:
        known = checked.get(id(tokens))
        if known is None or known[0] is not tokens:
            if len(checked) > REMEMBERED:
                checked.clear()
            known = checked[id(tokens)] = tokens, check(tokens)
        return known[1]

    tables._check_reserved_keyword_usage = check_once


def read_policies_once() -> None:
    """Remember the statements of a policy document."""
    rights: Any = import_module("ministack.core.iam_evaluator")
    parse = rights.parse_policy_document

    @lru_cache(REMEMBERED)
    def parse_text(text: str) -> Any:
        return parse(text)

    def parse_document(document: Any) -> Any:
        return parse_text(document if isinstance(document, str) else json.dumps(document))

    rights.parse_policy_document = parse_document

"""What answers look like, and one good body per request, subject by subject; only ``openapi`` loads this.

The functions that make the answers are the truth; a test compares their keys with these. The examples tell
one story and can be sent one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.api.described import (
    accounts,
    company,
    consents,
    contacts,
    cookies,
    credentials,
    me,
    members,
    messages,
    meta,
    notifications,
    policy,
    subscription,
    wechat,
)

SHAPES: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        name: shape
        for subject in (
            meta,
            accounts,
            credentials,
            me,
            consents,
            notifications,
            cookies,
            company,
            members,
            contacts,
            messages,
            policy,
            subscription,
            wechat,
        )
        for name, shape in subject.SHAPES.items()
    }
)
"""Schemas of answers by name; routes say which they answer with."""

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        name: example
        for subject in (
            accounts,
            credentials,
            me,
            consents,
            notifications,
            cookies,
            company,
            members,
            contacts,
            messages,
            subscription,
        )
        for name, example in subject.EXAMPLES.items()
    }
)
"""Bodies by the name of their model."""

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = MappingProxyType({**wechat.QUERIES})
"""Query parameters by the name of the view, where a route has others than those of a list."""

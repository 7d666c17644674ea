"""Field values on their way into a row and back, and keys made of fields."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, get_origin


def pattern(template: str) -> str:
    """A regular expression that takes apart what a key template made."""
    parts = re.split(r"{(\w+)[^}]*}", template)
    return "".join(f"(?P<{part}>[^#]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))


def plain(value: Any) -> Any:
    """A field's value as DynamoDB and JSON know it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def typed(hint: Any, value: Any) -> Any:
    """A stored value in the type its field declares: what ``plain`` did, undone."""
    if value is None:
        return None
    for option in getattr(hint, "__args__", ()) if get_origin(hint) not in {tuple, dict} else ():
        if option is not type(None):
            return typed(option, value)
    if get_origin(hint) is tuple:
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    if isinstance(hint, type) and issubclass(hint, (Enum, int)):
        return hint(value)
    return value

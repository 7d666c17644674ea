"""Orders of billing. A placeholder: every order goes back to its queue until the rest is there."""

from __future__ import annotations

from typing import Any

from chalicelib.kernel.errors import RetryLaterError


def take(event: dict[str, Any]) -> None:
    """Take one order, the detail of its event. Raises RetryLaterError."""
    raise RetryLaterError

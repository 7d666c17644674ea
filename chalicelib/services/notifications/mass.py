"""One notice to many people."""

from __future__ import annotations


def go_on(mass_id: str) -> None:
    """Tell the next people."""

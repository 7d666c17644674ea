"""Who of staff asks, and whether they may (4.3.2)."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.kernel.errors import UnauthorizedError
from chalicelib.privacy.personnel import Right, StaffPosition


class StaffPrincipal(NamedTuple):
    """Who of staff makes a request."""

    staff_id: str
    position: StaffPosition


def authenticate(token: str) -> StaffPrincipal:
    """Who a token belongs to. Raises UnauthorizedError."""
    raise UnauthorizedError


def permit(who: StaffPrincipal, wanted: Right) -> None:
    """Allow or refuse."""
    raise UnauthorizedError

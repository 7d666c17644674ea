"""A request of the operator's staff that carries an ``Idempotency-Key`` takes effect once, as a user's does.

What remembers the key lies in `operator` and not beside a company's own rows: that there is a case about a
company, or an incident, may be what an order forbids to tell it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from chalicelib import store
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.records.staff import StaffDone
from chalicelib.services import repeats

if TYPE_CHECKING:
    from chalicelib.services.repeats import Repeat
    from chalicelib.store.transaction import Transaction

T = TypeVar("T")


class StaffOnce(NamedTuple):
    """One client key, bound to who of the staff and to the route, and the body it came with; keyed hashes."""

    key: str
    body_hash: str

    def add_to(self, transaction: Transaction, made_id: str) -> None:
        """Let the transaction note what it makes (2 write units)."""
        done = StaffDone(key=self.key, body_hash=self.body_hash, made_id=made_id)
        transaction.put_new(store.staff.DONE, done)

    def made(self) -> str | None:
        """The id an earlier request with this key made; one read unit.

        Raises:
            InvalidError: the key came with a different body before.
        """
        known = store.staff.DONE.get(key=self.key)
        if known is None:
            return None
        if known.value.body_hash != self.body_hash:
            raise InvalidError(errors=[FieldError("Idempotency-Key", "used_with_another_body")])
        return known.value.made_id


def once(
    staff_id: str,
    repeat: Repeat | None,
    again: Callable[[str], T],
    make: Callable[[StaffOnce | None], T],
) -> T:
    """As `services.repeats.once`, for one of the staff. Raises as that does."""
    guard = None
    if repeat is not None:
        guard = StaffOnce(
            key=store.accounts.operator_hash("idempotency", f"{staff_id}\0{repeat.route}\0{repeat.key}"),
            body_hash=store.accounts.operator_hash("body", repeat.body),
        )
    return repeats.guarded(guard, again, make)

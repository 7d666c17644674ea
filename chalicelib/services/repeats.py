"""What a client sends so that a repeated request is recognised (``Idempotency-Key``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from chalicelib import store
from chalicelib.kernel.errors import ConflictError, TooManyRequestsError

if TYPE_CHECKING:
    from chalicelib.services.accounts.sessions import Principal
    from chalicelib.store.idempotency import Once
    from chalicelib.store.transaction import Transaction

T = TypeVar("T")


class Guard(Protocol):
    """What remembers one client key: which thing it made."""

    def made(self) -> str | None:
        """The id an earlier request with this key made. Raises InvalidError: it had another body."""
        ...

    def add_to(self, transaction: Transaction, made_id: str) -> None:
        """Let the transaction note what it makes."""
        ...


G = TypeVar("G", bound=Guard)


class Repeat(NamedTuple):
    """The client's key, the route it belongs to and the body it came with."""

    route: str
    key: str
    body: str

    def once(self, who: Principal) -> Once:
        """Bind it to who asks: a key says nothing outside its company, user and route."""
        return store.idempotency.once(who.company_id, who.user_id, self.route, self.key, self.body)


def once(
    who: Principal, repeat: Repeat | None, again: Callable[[str], T], make: Callable[[Once | None], T]
) -> T:
    """Do something, unless an earlier request with the same key has done it.

    ``make`` writes, and lets the guard it is given note the id of what it makes in the same transaction.
    ``again`` answers for the id that an earlier request made: it rebuilds the answer, and changes nothing.

    Raises:
        InvalidError: the key came with another body before.
        ConflictError: as ``make`` raised it, when it was not about the key.
    """
    return guarded(repeat.once(who) if repeat is not None else None, again, make)


def guarded(guard: G | None, again: Callable[[str], T], make: Callable[[G | None], T]) -> T:
    """`once` with a guard of the caller's own; None: the client sent no key. Raises as `once`."""
    done = guard.made() if guard is not None else None
    if done is not None:
        return again(done)
    try:
        return make(guard)
    except (ConflictError, TooManyRequestsError):
        # The same key twice at once: the other request may have won, or had the last attempt of a limit.
        done = guard.made() if guard is not None else None
        if done is None:
            raise
    return again(done)

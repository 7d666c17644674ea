"""What a client sends so that a repeated request is recognised (``Idempotency-Key``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from chalicelib import store
from chalicelib.kernel.errors import ConflictError

if TYPE_CHECKING:
    from chalicelib.services.accounts.sessions import Principal
    from chalicelib.store.idempotency import Once

T = TypeVar("T")


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
    guard = repeat.once(who) if repeat is not None else None
    done = guard.made() if guard is not None else None
    if done is not None:
        return again(done)
    try:
        return make(guard)
    except ConflictError:
        # The same key twice at once: the other request may have won.
        done = guard.made() if guard is not None else None
        if done is None:
            raise
    return again(done)

"""What a client sends so that a repeated request is recognised (``Idempotency-Key``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib import store

if TYPE_CHECKING:
    from chalicelib.services.sessions import Principal
    from chalicelib.store.idempotency import Once


class Repeat(NamedTuple):
    """The client's key, the route it belongs to and the body it came with."""

    route: str
    key: str
    body: str

    def once(self, who: Principal) -> Once:
        """Bind it to who asks: a key says nothing outside its company, user and route."""
        return store.idempotency.once(who.company_id, who.user_id, self.route, self.key, self.body)

"""Requests that carry an Idempotency-Key take effect once: a row says which thing the key made.

The row is written in the transaction of the effect itself, so there is no moment between the two. It holds
keyed hashes and an id; the answer is rebuilt from the thing, so no copy of personal data lies here.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.records.idempotency import Done
from chalicelib.store import vault
from chalicelib.store.table import Rows
from chalicelib.store.transaction import Transaction

DONE = Rows(Done, pk="{company_id}", sk="done#{key}")


@dataclass(frozen=True, slots=True)
class Once:
    """One client key, bound to company, user and route, and to the body it came with."""

    company_id: str
    key: str
    body_hash: str

    def add_to(self, transaction: Transaction, made_id: str) -> None:
        """Let the transaction note what it makes."""
        done = Done(company_id=self.company_id, key=self.key, body_hash=self.body_hash, made_id=made_id)
        transaction.put_new(DONE, done)

    def made(self) -> str | None:
        """The id an earlier request with this key made; None if there was none.

        Raises:
            InvalidError: the key came with a different body before.
        """
        known = DONE.get(company_id=self.company_id, key=self.key)
        if known is None:
            return None
        if known.value.body_hash != self.body_hash:
            raise InvalidError(errors=[FieldError("Idempotency-Key", "used_with_another_body")])
        return known.value.made_id


def once(company_id: str, user_id: str, route: str, client_key: str, body: str) -> Once:
    """The guard for a request."""
    return Once(
        company_id,
        vault.index(company_id, "idempotency", f"{user_id}\0{route}\0{client_key}"),
        vault.index(company_id, "body", body),
    )

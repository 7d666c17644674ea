"""What the base knows of one prospect, read to be given to a company that may have it (2.2.2(k), (l)).

Somebody who is gone and somebody who never was are the same: there is nothing. Each of the two records is
opened for the purpose it was taken in for.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses
from chalicelib.privacy import transfers
from chalicelib.privacy.register import Purpose
from chalicelib.records.prospects import AddedProspect, Holder, Share, StockedProspect

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

_SHARES: Final = 25
"""Shares that are looked at for the first ground: a page of them, however many companies shared."""


class Known(NamedTuple):
    """A prospect as the operator stocks it, as users shared it, or both."""

    prospect_id: str
    stocked: Stored[StockedProspect] | None
    added: Stored[AddedProspect] | None

    @property
    def found(self) -> bool:
        """Whether there is anything."""
        return self.stocked is not None or self.added is not None

    @property
    def origin(self) -> str:
        """The country whose law protects the prospect; ``ZZ`` where the two records do not agree."""
        said = [one.value.country for one in (self.stocked, self.added) if one is not None]
        return transfers.origin_of(*said)

    @property
    def email(self) -> str | None:
        """The person's address; None for a business without one."""
        if self.added is not None:
            return self.added.value.email
        return None if self.stocked is None else self.stocked.value.email

    @property
    def canonical(self) -> str | None:
        """The address a person is known by, whatever way it was written."""
        return None if self.email is None else addresses.parse(self.email).person

    def check(self, transaction: Transaction) -> None:
        """Let a transaction fail if the prospect changes or vanishes before it is through."""
        if self.stocked is not None:
            transaction.check(store.prospects.STOCKED, self.stocked)
        if self.added is not None:
            transaction.check(store.prospects.ADDED, self.added)

    def as_held(self, holder: Holder | None) -> Known:
        """Only the records that a company has received; nothing without a note that it did."""
        return self._replace(
            stocked=self.stocked if holder is not None and holder.stocked else None,
            added=self.added if holder is not None and holder.added else None,
        )


def read(prospect_id: str) -> Known:
    """One prospect; two reads."""
    return Known(
        prospect_id,
        store.prospects.STOCKED.get(prospect_id=prospect_id, use=Purpose.MAINTAIN_PROSPECT_BASE),
        store.prospects.ADDED.get(prospect_id=prospect_id, use=Purpose.OBTAIN_PROSPECTS),
    )


def several(prospect_ids: Sequence[str]) -> list[Known]:
    """Prospects in this order, also those of which there is nothing; two calls, two reads each."""
    if not prospect_ids:
        return []
    keys = [{"prospect_id": one} for one in prospect_ids]
    stocked = store.table.get_together(
        *((store.prospects.STOCKED, key) for key in keys), use=Purpose.MAINTAIN_PROSPECT_BASE
    )
    added = store.table.get_together(
        *((store.prospects.ADDED, key) for key in keys), use=Purpose.OBTAIN_PROSPECTS
    )
    return [Known(*row) for row in zip(prospect_ids, stocked, added, strict=True)]


def first_share(prospect_id: str) -> Share | None:
    """The earliest of the shares of a prospect that are looked at; one query."""
    found = store.prospects.SHARES.query(prospect_id, "share#", page_size=_SHARES)
    shares = [known.value for known in islice(found, _SHARES)]
    return min(shares, key=lambda share: share.shared_at, default=None)

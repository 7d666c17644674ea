"""What the open holds of a company keep, asked by whoever is about to take something away (4.1.2(d)).

A hold on a user or a person reaches a message with all that belongs to it, also where somebody else is being
erased: so it is asked about each message, and about each item of an inbox, and not about the person alone.
Closed for the sake of the matter: what a hold may cover stays. What is asked here counts for one page of
rows; the next page asks anew.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store

REMEMBERED: Final = 20_000
"""Messages whose answer is remembered from page to page; then it begins anew, so memory stays flat."""


class Keeping:
    """The open holds of one company at one moment. One query; one more for each message, and only
    where there are holds. ``keepers`` are the ids of those that have kept something since. ``openly``
    leaves out those that the company must not learn of: for what it is told, never for what is deleted.
    ``before`` is who was asked about the page before: as long as the holds are the same, so is what they
    keep of a message.

    Raises:
        UnavailableError: nobody can say; nothing may be deleted then.
    """

    def __init__(self, company_id: str, before: Keeping | None = None, *, openly: bool = False) -> None:
        self._company_id = company_id
        found = store.holds.open_ones(company_id)
        self._holds = [hold for hold in found if not (openly and hold.secret)]
        self._messages = {} if before is None else before.messages(self.open)
        self.keepers: set[str] = set()

    @property
    def open(self) -> frozenset[str]:
        """Ids of all open holds."""
        return frozenset(hold.hold_id for hold in self._holds)

    def messages(self, holds: frozenset[str]) -> dict[str, frozenset[str]]:
        """Which holds keep which message, as far as that was asked; nothing where other holds are open."""
        return self._messages if holds == self.open and len(self._messages) < REMEMBERED else {}

    def about(self, user_id: str | None, person: str | None) -> bool:
        """Whether a hold keeps what is about this user or this person."""
        found = {hold.hold_id for hold in self._holds if hold.covers(user_id, person)}
        self.keepers |= found
        return bool(found)

    def message(self, message_id: str) -> bool:
        """Whether a hold keeps a message and all that belongs to it: because of the company, of who wrote it,
        or of anybody it was written to.
        """
        if not self._holds:
            return False
        if message_id not in self._messages:
            rows = store.reach.envelope(self._company_id, message_id)
            self._messages[message_id] = frozenset(
                hold.hold_id
                for hold in self._holds
                if hold.covers(None, None) or store.reach.covers(hold, rows)
            )
        self.keepers |= self._messages[message_id]
        return bool(self._messages[message_id])

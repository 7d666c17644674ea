"""What the open holds of a company keep, asked by whoever is about to take something away (4.1.2(d)).

A hold on a user or a person reaches a message with all that belongs to it, also where somebody else is being
erased: so it is asked about each message, and about each item of an inbox, and not about the person alone.
Closed for the sake of the matter: what a hold may cover stays. What is asked here counts for one page of
rows; the next page asks anew.
"""

from __future__ import annotations

from chalicelib import store


class Keeping:
    """The open holds of one company at one moment. One query; one more round of queries for each message, and
    only where there are holds. ``keepers`` are the ids of those that have kept something since.

    Raises:
        UnavailableError: nobody can say; nothing may be deleted then.
    """

    def __init__(self, company_id: str) -> None:
        self._company_id = company_id
        self._holds = store.holds.open_ones(company_id)
        self._messages: dict[str, frozenset[str]] = {}
        self.keepers: set[str] = set()

    @property
    def open(self) -> frozenset[str]:
        """Ids of all open holds."""
        return frozenset(hold.hold_id for hold in self._holds)

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
            rows = store.reach.family(self._company_id, message_id)
            found = frozenset(hold.hold_id for hold in self._holds if store.reach.covers(hold, rows))
            self._messages[message_id] = found
        self.keepers |= self._messages[message_id]
        return bool(self._messages[message_id])

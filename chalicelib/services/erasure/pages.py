"""A page of what is erased of one person: where to look, what was found, taking it away (clause `requests`).

Which of the rows a hold keeps was decided when the page was made, for each message and each item by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.services.erasure.letters import NOBODY, Called

if TYPE_CHECKING:
    from chalicelib.services.keeping.keeping import Keeping
    from chalicelib.store.batches import Key


@dataclass(slots=True)
class Page:
    """Rows between two sort keys. ``last`` goes after everything else; ``acts`` do what is no plain deletion.
    ``away`` and ``held`` is what a hold keeps: rows to put out of sight, and what there is of each kind.
    """

    until: str
    first: list[Key] = field(default_factory=list)
    last: list[Key] = field(default_factory=list)
    acts: list[Callable[[], None]] = field(default_factory=list)
    away: list[Key] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    mailboxes: set[str] = field(default_factory=set)
    contacts: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)

    def take(self, kind: str, *keys: Key, last: bool = False, held: bool = False) -> None:
        """Rows of one kind that go, or are put away for a hold."""
        if not keys:
            return
        if held:
            self.away.extend(keys)
            self.held[kind] += len(keys)
            return
        (self.last if last else self.first).extend(keys)
        self.counts[kind] += len(keys)


@dataclass(frozen=True, slots=True)
class Range:
    """Whom to look for, and where: behind ``after``, up to ``until``. ``keeping`` says what holds keep."""

    company_id: str
    person: str
    after: str
    until: str | None
    keeping: Keeping
    called: Called = NOBODY


Source = Callable[[Range], Page | None]
"""The next page, or None when there is none."""


def take(page: Page) -> None:
    """Take a page's rows away, those last that lead to others, and put out of sight what holds keep.
    Repeatable.

    Raises:
        UnavailableError, RetryLaterError, ConflictError: to be done again.
    """
    for act in page.acts:
        act()
    store.erasure.put_aside(store.erasure.WORKSPACE, page.away)
    store.erasure.delete(store.erasure.WORKSPACE, page.first)
    store.erasure.delete(store.erasure.WORKSPACE, page.last)

"""Erasing a whole company (5.3, 4.1; clause `cancellation`): every row of every table, and its files, a piece
at a time.

The walk goes through the places that ``store.partitions`` derives from the declarations of all rows, so a
kind that is added later goes as well. A page of keys is put on record in the company's chain (how many of
which kind, up to where), then what depends on its rows is done, then they are deleted, 25 a call. A piece
that died is done again from where it began: what its evidence has counted is not counted twice. Nothing has
to be opened, so it also works when the key is gone; only what SNS knows of telephones then stays there,
unreachable.

What an open hold covers is put out of everybody's sight instead; the company's rules and its own row stay
with it, because the release asks for the one and people who ask about themselves are led by the other.
Closed for the sake of the matter: a row that may be covered stays. Calling again once the last hold is over
takes the rest. Whoever calls closes the company first, and calls again some minutes after the last piece:
what had begun before may have written still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import files
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.records.erasures import CompanyErasure, Step
from chalicelib.services.erasure import company_acts, company_walk
from chalicelib.services.erasure.company_walk import Page, Walk

if TYPE_CHECKING:
    from chalicelib.store.partitions import Found

STEP_SECONDS: Final = 40
"""A piece ends with the page during which this has passed."""
COUNT_SECONDS: Final = 8
"""A preview counts no longer than this: somebody waits for it."""


def counts(company_id: str) -> Mapping[str, int]:
    """How many rows there are of a company, by kind, for a preview; keys only, nothing is opened. Of a
    company with very much it counts for eight seconds, so they are at least so many. Half a read unit for
    each 4 KB.

    Raises:
        UnavailableError.
    """
    until, found = clock.elapsed() + COUNT_SECONDS, Counter[str]()
    for place in store.partitions.of(company_id, store.partitions.users(company_id)):
        after = ""
        while rows := store.partitions.page(place, after, company_walk.PAGE, facts=False, consistent=False):
            found.update(row.kind for row in rows)
            after = rows[-1].sk
            if clock.elapsed() > until:
                return dict(found)
    return dict(found)


def piece(company_id: str, cursor: str | None) -> str | None:
    """Erase the next piece, about 40 seconds of it; where to go on, or None when nothing is left but what
    is held. ``cursor`` is what the piece before gave (None: from the beginning). Repeatable, and two at
    once get in nobody's way. A query for each MB or thousand rows, a call for each 25 rows and one
    transaction for each thousand; each row costs what deleting it costs.

    Raises:
        UnavailableError, RetryLaterError: the piece is to be done again.
    """
    until, walk, gone = clock.elapsed() + STEP_SECONDS, Walk(company_id), 0
    proof = _Proof(company_id, walk)
    if cursor is None:
        files.forget(company_acts.uploads(company_id))
    for page in walk.pages(cursor or ""):
        proof.note(page)
        company_acts.take(company_id, page)
        gone += len(page.gone)
        if clock.elapsed() > until:
            telemetry.event("company_erasing", company_id=company_id, rows=gone)
            return page.cursor
    proof.over()
    telemetry.event("company_erased", company_id=company_id, rows=gone)
    return None


def erased(company_id: str) -> Mapping[str, int]:
    """How many rows of each kind have been erased so far, by the evidence; one query. For the certificate."""
    sums: Counter[str] = Counter()
    for known in store.erasure.COMPANY_ERASURES.query(company_id, "company-erasure#"):
        sums.update(known.value.counts)
    return dict(sums)


def left(company_id: str) -> Counter[str]:
    """What can still be found of a company, by kind; what is held is counted as well: compare with ``held``.

    Not by what the eraser went by: who the users were is asked of the ledger too, who received whom of the
    proofs of transfers, the doors of the index once more, the bucket of S3.

    Raises:
        UnavailableError.
    """
    users, found = store.partitions.users(company_id), Counter[str]()
    for place in store.partitions.of(company_id, users):
        found.update(row.kind for row in company_walk.rows(place, facts=False))
    found.update(row.kind for row in company_acts.doors(company_id, users))
    found.update(row.kind for row in store.partitions.still_named(company_id))
    found.update(Counter(file=files.there(company_acts.uploads(company_id))))
    return +found


def held(company_id: str) -> Mapping[str, int]:
    """Rows by kind that stay because of holds: what they cover, and the company's rules and own row as long
    as there is one. Empty when nothing is held, for one query. The rows that are left are read.

    Raises:
        UnavailableError: nobody can say.
    """
    found: Counter[str] = Counter()
    if store.partitions.keeps_roots(company_id):
        for page in Walk(company_id, doors=False).pages():
            found.update(page.held)
    return dict(found)


def restrict(company_id: str, cursor: str | None = None) -> str | None:
    """Put what holds keep out of everybody's sight, before anything is erased; where to go on, or None when
    all is. ``piece`` does the same on its way. Repeatable.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    until = clock.elapsed() + STEP_SECONDS
    if not store.holds.open_ones(company_id):
        return None
    for page in Walk(company_id, doors=False).pages(cursor or ""):
        company_acts.put_aside(page)
        if clock.elapsed() > until:
            return page.cursor
    return None


class _Proof:
    """What the company's chain says of an erasure, page by page. A page that its evidence has counted is not
    counted again, until a round is over.
    """

    def __init__(self, company_id: str, walk: Walk) -> None:
        self._company_id, self._walk = company_id, walk
        found = store.erasure.COMPANY_ERASURES.query(
            company_id, "company-erasure#", newest_first=True, page_size=1
        )
        last = next((known.value for known in found), None)
        self._next = 0 if last is None else last.part + 1
        self._running = last is not None and last.step is Step.PART
        self._counted = None if last is None or not self._running else (last.place, last.until)

    def note(self, page: Page) -> None:
        """Put a page on record before it goes; nothing for one that takes nothing, or was counted.

        Raises:
            RetryLaterError: another job has put this very part on record.
        """
        new = [one for one in page.gone if not self._is_counted(one)]
        if not new:
            return
        place, until = page.end
        self._put(
            Step.PART,
            place=place,
            until=until,
            counts=dict(sorted(Counter(one.kind for one in new).items())),
            holds=tuple(sorted(page.keepers)),
        )
        self._running = True

    def over(self) -> None:
        """Put on record that everything was gone through, if anything went."""
        if self._running:
            self._put(Step.DONE)

    def _is_counted(self, one: Found) -> bool:
        return self._counted is not None and self._walk.position(one) <= self._walk.rank(*self._counted)

    def _put(self, step: Step, **more: Any) -> None:
        entry = CompanyErasure(
            company_id=self._company_id, part=self._next, step=step, at=clock.now(), **more
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.erasure.COMPANY_ERASURES, entry)
        try:
            transaction.commit()
        except ConflictError:
            raise RetryLaterError from None
        self._next += 1

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
from chalicelib.privacy import retention
from chalicelib.records.erasures import CompanyErasure, Step
from chalicelib.services.erasure import company_acts, company_walk
from chalicelib.services.erasure.company_acts import Fate, Page
from chalicelib.services.erasure.company_walk import Walk

if TYPE_CHECKING:
    from chalicelib.store.items import Row
    from chalicelib.store.partitions import Found

STEP_SECONDS: Final = 40
"""A piece ends when this has passed: with the row it is at, or with the page where rows only go."""
COUNT_SECONDS: Final = 8
"""A preview counts no longer than this: somebody waits for it."""
_BEGINNING: Final = "\t"
"""The cursor of a piece that came to nothing: it names no place, so the next one begins anew."""


def counts(company_id: str) -> Mapping[str, int]:
    """How many rows there are of a company, by kind, for a preview; keys only, nothing is opened. What the
    company sees itself: neither holds nor what they keep of what was deleted, which may be nobody's to know.
    Of a company with very much it counts for eight seconds, so they are at least so many. Half a read unit
    for each 4 KB.

    Raises:
        UnavailableError.
    """
    until, now, found = clock.elapsed() + COUNT_SECONDS, clock.now(), Counter[str]()
    for place in store.partitions.of(company_id, store.partitions.users(company_id)):
        after = ""
        while rows := store.partitions.page(place, after, company_walk.PAGE, facts=False, consistent=False):
            shown = (row.kind for row in rows if not retention.expired_epoch(row.expires_at, now))
            found.update(kind for kind in shown if kind != store.holds.HOLDS.kind)
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
    for page in walk.pages(cursor or "", until):
        proof.note(page)
        done = company_acts.take(company_id, page, until)
        gone += sum(fate is Fate.GOES for _, fate in page.rows[:done])
        if done:
            cursor = walk.cursor(page.rows[done - 1][0])
        if done < len(page.rows):
            proof.take_back(page, done, cursor or "")
        if done < len(page.rows) or clock.elapsed() > until:
            telemetry.event("company_erasing", company_id=company_id, rows=gone)
            return cursor or _BEGINNING
    proof.over()
    telemetry.event("company_erased", company_id=company_id, rows=gone)
    return None


def erased(company_id: str) -> Mapping[str, int]:
    """How many rows of each kind have been erased so far, by the evidence; one query. For the certificate."""
    sums: Counter[str] = Counter()
    for known in store.erasure.COMPANY_ERASURES.query(company_id, "company-erasure#"):
        sums.update(known.value.counts)
    return dict(+sums)


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


def held_openly(company_id: str) -> Mapping[str, int]:
    """What the company may be told is held: rows by kind as if there were only the holds that it may know of.
    Without the rows of the holds themselves, whose number would betray the others. The rows that are left are
    read.

    Raises:
        UnavailableError: nobody can say.
    """
    found: Counter[str] = Counter()
    for page in Walk(company_id, doors=False, openly=True).pages():
        found.update(page.held)
    return {kind: rows for kind, rows in found.items() if kind != store.holds.HOLDS.kind}


class _Proof:
    """What the company's chain says of an erasure, page by page. A page that its evidence has counted is not
    counted again, until a round is over; what was counted and did not go is taken back.
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
            RetryLaterError: another job has put this very part on record, or a hold has been placed while the
                company's rules were to go, which its release needs.
        """
        new = [one for one in page.gone if not self._is_counted(one)]
        if not new and page.rules is None:
            return
        place, until = self._walk.end(page)
        self._put(
            Step.PART,
            page.rules,
            place=place,
            until=until,
            counts=dict(sorted(Counter(one.kind for one in new).items())),
            holds=tuple(sorted(page.keepers)),
        )
        self._running = True

    def take_back(self, page: Page, done: int, cursor: str) -> None:
        """Of a page that stopped after so many rows, count the others no more: they are judged anew, behind
        the cursor, and a hold may keep them by then. The rules went with the evidence.

        Raises:
            RetryLaterError: another job goes on.
        """
        left = [
            row.kind
            for row, fate in page.rows[done:]
            if fate is Fate.GOES and row.sk != store.partitions.RULES
        ]
        if left:
            place, _, until = cursor.partition("\t")
            counts = {kind: -rows for kind, rows in sorted(Counter(left).items())}
            self._put(Step.PART, place=place, until=until, counts=counts)

    def over(self) -> None:
        """Put on record that everything was gone through, if anything went."""
        if self._running:
            self._put(Step.DONE)

    def _is_counted(self, one: Found) -> bool:
        return self._counted is not None and self._walk.position(one) <= self._walk.rank(*self._counted)

    def _put(self, step: Step, rules: Row | None = None, **more: Any) -> None:
        entry = CompanyErasure(
            company_id=self._company_id, part=self._next, step=step, at=clock.now(), **more
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.erasure.COMPANY_ERASURES, entry)
        if rules is not None:
            transaction.remove(rules)  # as they were read: a hold that was placed since keeps them
        try:
            transaction.commit()
        except ConflictError:
            raise RetryLaterError from None
        self._next += 1

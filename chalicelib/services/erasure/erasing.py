"""The work of erasing one person from a company, a page at a time (clauses `requests`, `retention`).

Before a page of rows goes, one transaction says in the company's chain what it is and moves the work on; a
job that dies afterwards is taken up by doing that page again. So nothing goes unrecorded and nothing is
counted twice, and the end is the same wherever it died. A little later everything is looked for once more:
the index is behind by moments, and what was under way may have written still. What a hold covers is put out
of sight instead, or left as it is where it is not the person's alone, and goes when the last one is released.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.records.erasures import Erasing, ErasingState, Erasure, Step
from chalicelib.services.contacts import export_work
from chalicelib.services.erasure import erasure, letters, pages, prospects
from chalicelib.services.erasure.leavers import HELD_SECONDS, STRAGGLERS_SECONDS
from chalicelib.services.erasure.letters import Called
from chalicelib.services.erasure.pages import Page, Range
from chalicelib.services.erasure.prospects import SOURCES
from chalicelib.services.keeping.keeping import Keeping

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

STEP_SECONDS: Final = 25
"""A step ends with the page during which this has passed: less than half of what the function has."""


def go_on(company_id: str, person: str) -> None:
    """Erase the next pages, and let the next step follow. Repeatable; two at once get in nobody's way.

    Raises:
        RetryLaterError, UnavailableError: the step will be done again.
    """
    try:
        known = store.erasure.ERASING.get(company_id=company_id, person=person, use=prospects.USE)
    except store.vault.KeyMissingError:
        store.erasure.delete(
            store.erasure.WORKSPACE, [store.erasure.ERASING.place(company_id=company_id, person=person)]
        )
        return
    if known is None:
        return
    work, now = known.value, clock.now()
    if work.state in {ErasingState.WAITING, ErasingState.HELD} and now < work.due_at:
        return
    try:
        _go_on(known, work)
    except store.vault.KeyMissingError:
        # The company's keys were destroyed: nobody can read what is left, and the certificate says so.
        store.erasure.ERASING.delete(known)
    except ConflictError:
        return  # another job does the same step: theirs goes on


def _go_on(known: Stored[Erasing], work: Erasing) -> None:
    if work.state is ErasingState.HELD:
        keeping = Keeping(work.company_id)
        if work.kept_by and keeping.open.issuperset(work.kept_by):
            _save(known, replace(work, due_at=clock.now() + HELD_SECONDS))
            return
        _take_named(work, keeping)
        work = replace(work, state=ErasingState.RUNNING, source=0, after="", redo=None, held={}, kept_by=())
    elif work.state is ErasingState.WAITING:
        work = replace(work, state=ErasingState.LOOKING, source=0, after="", redo=None)
    _Run(known, work).go()


def _take_named(work: Erasing, keeping: Keeping) -> None:
    """What was found before it was held: the job that ends the hold may have deleted what led to it."""
    found = store.erasure.ERASURES.query(work.company_id, f"erasure#{work.erasure_id}#")
    prospects.take_named((entry.value for entry in found), keeping, _called(work))


def _called(work: Erasing) -> Called:
    return Called(frozenset(work.mailboxes), frozenset(work.names))


class _Run:
    """One step: pages until time is up or nothing is left."""

    def __init__(self, known: Stored[Erasing], work: Erasing) -> None:
        self._known, self._work = known, work
        # Contacts may be gone, or put away, before the last text that names the person is looked at.
        self._learn(letters.known_as(work.company_id, work.person))
        self._until = clock.elapsed() + STEP_SECONDS

    def go(self) -> None:
        if self._work.redo is not None:
            again = self._page(self._work.redo, self._work.after)
            if again is not None:
                self._learn_of(again)
                if again.held and not self._work.held:  # a hold placed since: its release must lead back here
                    kept_by = tuple(sorted(self._keeping.keepers))
                    self._work = replace(self._work, held=dict(again.held), kept_by=kept_by)
                pages.take(again)
        while True:
            page = self._page(self._work.after, None)
            if page is None:
                if self._work.source == len(SOURCES) - 1:
                    self._finish()
                    return
                self._work = replace(self._work, source=self._work.source + 1, after="", redo=None)
                continue
            self._note(page)
            pages.take(page)
            if clock.elapsed() > self._until:
                self._save(replace(self._work, redo=None, due_at=clock.now() + erasure.LEASE_SECONDS))
                erasure.hint(self._work.company_id, self._work.person)
                return

    def _page(self, after: str, until: str | None) -> Page | None:
        """The next page, by the holds of this moment."""
        work, self._keeping = self._work, Keeping(self._work.company_id)
        where = Range(work.company_id, work.person, after, until, self._keeping, _called(work))
        return SOURCES[work.source](where)

    def _learn(self, more: Called) -> None:
        called = _called(self._work).and_also(*more)
        self._work = replace(
            self._work, mailboxes=tuple(sorted(called.mailboxes)), names=tuple(sorted(called.names))
        )

    def _learn_of(self, page: Page) -> None:
        self._learn(Called(frozenset(page.mailboxes)))

    def _note(self, page: Page) -> None:
        """Move the work on behind this page; what it takes away is put on record first."""
        self._learn_of(page)
        work = self._work
        moved = replace(work, after=page.until, redo=work.after)
        if not page.counts and not page.held:
            self._work = replace(moved, redo=None)
            return
        self._work = replace(
            moved,
            counts=_sum(work.counts, page.counts),
            held=_sum(work.held, page.held),
            kept_by=tuple(sorted({*work.kept_by, *self._keeping.keepers})),
            parts=work.parts + 1,
            due_at=clock.now() + erasure.LEASE_SECONDS,
        )
        self._save(self._work, self._entry(Step.PART, work.parts, page.counts, page.held, page))

    def _finish(self) -> None:
        # Files that were made while the person was still there: whoever asked for them asks again.
        export_work.drop_all(self._work.company_id)
        work, now = self._work, clock.now()
        telemetry.event("person_erased", rows=sum(work.counts.values()), held=sum(work.held.values()))
        if work.state is ErasingState.LOOKING and not work.held:
            store.erasure.ERASING.delete(self._known)
            return
        step, state, due_at = Step.DONE, ErasingState.WAITING, now + STRAGGLERS_SECONDS
        if work.held:
            step, state, due_at = Step.HELD, ErasingState.HELD, now + HELD_SECONDS
        entry = self._entry(step, work.parts, work.counts, work.held, None)
        self._save(replace(work, state=state, due_at=due_at, redo=None, parts=work.parts + 1), entry)

    def _entry(
        self, step: Step, part: int, counts: dict[str, int], held: dict[str, int], page: Page | None
    ) -> Erasure:
        work = self._work
        return Erasure(
            company_id=work.company_id,
            erasure_id=work.erasure_id,
            part=part,
            step=step,
            why=work.why,
            at=clock.now(),
            matter=work.matter,
            person=work.person,
            counts=dict(counts),
            held=dict(held),
            holds=tuple(sorted(self._keeping.keepers)) if page is not None else work.kept_by,
            contacts=() if page is None else tuple(page.contacts),
            messages=() if page is None else tuple(page.messages),
            redacted=() if page is None else tuple(page.redacted),
        )

    def _save(self, work: Erasing, entry: Erasure | None = None) -> None:
        self._known = _save(self._known, work, entry)
        self._work = work


def _save(known: Stored[Erasing], work: Erasing, entry: Erasure | None = None) -> Stored[Erasing]:
    if entry is None:
        return store.erasure.ERASING.replace(known, work, op=store.table.new_op())
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.erasure.ERASING, known, work)
    transaction.put_new(store.erasure.ERASURES, entry)
    transaction.commit()
    return known._replace(value=work, version=known.version + 1)


def _sum(one: dict[str, int], other: Counter[str]) -> dict[str, int]:
    return dict(Counter(one) + Counter(other))

"""Doing erasures again on tables that came from a backup, before anybody is served from them (4.1, clause
`requests`).

A backup is older than some erasures. Their evidence says whom they were about and what went: by that
everything is looked for once more, in whatever state the backup brought it back, and the suppression is set
again. Works on tables at rest, for an operator at their desk; repeatable. Nothing is erased that no evidence
names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import RetryLaterError
from chalicelib.records.erasures import Erasure, KeyDestruction, Step, Why
from chalicelib.services.erasure import leavers, letters, pages, prospects, suppression, traces
from chalicelib.services.erasure.pages import Range
from chalicelib.services.erasure.prospects import SOURCES
from chalicelib.services.keeping import holds
from chalicelib.services.keeping.keeping import Keeping

ROUNDS: Final = 3
"""A page that is gone may still be in the index: looking again finds nothing, in the end."""


class Replayed(NamedTuple):
    """What doing one erasure again has found. ``wanted`` are the rows that its evidence counted then."""

    company_id: str
    erasure_id: str
    found: dict[str, int]
    wanted: dict[str, int]
    note: str | None = None


class Known(NamedTuple):
    """The evidence of one erasure: its entries, in their order."""

    entries: tuple[Erasure, ...]

    @property
    def begun(self) -> Erasure:
        """The entry that says whom it is about."""
        return self.entries[0]

    @property
    def wanted(self) -> dict[str, int]:
        """What went, by kind."""
        sums: Counter[str] = Counter()
        for entry in self.entries:
            if entry.step is Step.PART:
                sums.update(entry.counts)
        return dict(sums)


def together(entries: Iterable[Erasure]) -> list[Known]:
    """Entries of many erasures, put together; the oldest erasure first. Notes of replays are none."""
    by_id: dict[str, list[Erasure]] = {}
    for entry in entries:
        by_id.setdefault(entry.erasure_id, []).append(entry)
    found = [Known(tuple(sorted(parts, key=lambda one: one.part))) for parts in by_id.values()]
    return sorted((one for one in found if one.begun.step is Step.BEGUN), key=lambda one: one.begun.at)


def keys(certificates: Iterable[KeyDestruction]) -> list[str]:
    """Destroy keys again that a backup of their table brought back; ids of the companies that had some."""
    again = []
    for company_id in dict.fromkeys(one.company_id for one in certificates):
        if store.vault.destroy(company_id):
            again.append(company_id)
    return again


def again(known: Known) -> Replayed:
    """Do one erasure again, and put on record that it was needed.

    Raises:
        UnavailableError, RetryLaterError: to be repeated.
    """
    begun = known.begun
    try:
        if begun.person is None and holds.blocking(begun.company_id, user_id=begun.user_id):
            return _result(known, Counter(), "held")
        found, held = _person(known) if begun.person is not None else _user(known)
    except store.vault.KeyMissingError:
        return _result(known, Counter(), "keys_destroyed")
    _note(known, found)
    return _result(known, found, "held" if held else None)


def _result(known: Known, found: Counter[str], note: str | None = None) -> Replayed:
    return Replayed(known.begun.company_id, known.begun.erasure_id, dict(found), known.wanted, note)


def _person(known: Known) -> tuple[Counter[str], bool]:
    """What was found, and whether a hold keeps some of it: out of sight, and to be done again afterwards."""
    begun, found = known.begun, Counter[str]()
    company_id, person = begun.company_id, str(begun.person)
    transaction = store.transaction.Transaction(store.table.new_op())
    suppression.add(transaction, company_id, person, begun.at)
    transaction.commit()
    called = letters.known_as(company_id, person)
    for _ in range(ROUNDS):
        before, held = found.total(), False
        for source in SOURCES:
            after = ""
            while True:
                page = source(Range(company_id, person, after, None, Keeping(company_id), called))
                if page is None:
                    break
                called = called.and_also(page.mailboxes)
                found.update(page.counts)
                held = held or bool(page.held)
                pages.take(page)
                after = page.until
        keeping = Keeping(company_id)
        found.update(prospects.take_named(known.entries, keeping, called))
        held = held or bool(keeping.keepers)
        if found.total() == before:
            # Work that the backup brought back half done would only trip over its own entries.
            work = store.erasure.ERASING.place(company_id=company_id, person=person)
            store.erasure.delete(store.erasure.WORKSPACE, [work])
            return found, held
    raise RetryLaterError


def _user(known: Known) -> tuple[Counter[str], bool]:
    begun, keeping = known.begun, Keeping(known.begun.company_id)
    company_id, user_id = begun.company_id, str(begun.user_id)
    found = traces.of_user(company_id, user_id, str(begun.mailbox), begun.at)
    found = found.and_elsewhere(company_id, user_id, keeping, letters=begun.letters)
    login = leavers.login_of(str(begun.mailbox), user_id)
    if login is not None:
        store.accounts.LOGINS.delete(login)
    leavers.erase(company_id, user_id, found)
    if found.kept:
        return Counter(found.counts) + Counter({"login": login is not None}), True
    place = [(company_id, f"{store.leaving.LAST}{user_id}")]
    known_place = store.accounts.MEMBERS.get(company_id=company_id, user_id=user_id)
    store.erasure.delete(store.erasure.ACCOUNTS, place)
    counts = Counter(found.counts) + Counter({"login": login is not None})
    return counts + Counter({"member": known_place is not None}), False


def _note(known: Known, found: Counter[str]) -> None:
    """Put on record that a backup had brought something back, and that what was half done then is done."""
    begun, now = known.begun, clock.now()
    transaction = store.transaction.Transaction(store.table.new_op())
    entries = []
    if found:
        again = replace(begun, erasure_id=ids.new("era"), why=Why.REPLAYED, matter=begun.erasure_id)
        entries.append(replace(again, step=Step.DONE, at=now, counts=dict(found)))
    if not any(entry.step is Step.DONE for entry in known.entries):
        entries.append(replace(begun, part=len(known.entries), step=Step.DONE, at=now))
    for entry in entries:
        transaction.put_new(store.erasure.ERASURES, entry)
    if entries:
        transaction.commit()

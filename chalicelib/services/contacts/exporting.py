"""Taking contacts along as CSV (clauses `stored`, `restrictions`): a short list at once, a long one as a job.

Contacts that the company does not let a user export are left out and counted; when that leaves none at all,
the user is told by whom. Everything that leaves is on record in the company's chain first: who, how many,
when. Closed: without the record nothing leaves.

A job belongs to the session that asked, and to no other of the same user. It ends when the user leaves,
loses the permission or the company's rules change, because those decided what is in its files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import files
from chalicelib.kernel import clock, ids, openings
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.register import Category
from chalicelib.privacy.restrictions import Action
from chalicelib.records.contacts import Contact
from chalicelib.records.exports import Export, ExportAct, ExportState, ExportStep
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import rules
from chalicelib.services.contacts import export_work
from chalicelib.services.contacts.csv_files import CsvFile, Limits
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored

AT_ONCE: Final = 1000
"""Contacts in one answer; more are a job."""
EXPORTS_PER_USER: Final = 20
EXPORTS_PER_COMPANY: Final = 60
FETCHES_PER_USER: Final = 100
"""In an hour."""

_ALIVE: Final = frozenset({ExportState.WAITING, ExportState.RUNNING, ExportState.READY})


class Csv(NamedTuple):
    """A file that leaves: its text, how many contacts are in it and how many were left out of it."""

    text: str
    rows: int
    left_out: int


def take(who: Principal) -> Csv:
    """All contacts in one answer, newest first. A query or two, and the evidence.

    Raises:
        ConflictError: ``too_many``, this many are a job.
        RefusedError: ``restricted_by_company``, the company lets the user export none of them.
        TooManyRequestsError.
    """
    _count(who)
    found = [known.value for known in store.contacts.newest(who.company_id, AT_ONCE + 1, None)]
    made = CsvFile(_limits(who))
    fits = all(made.add(contact) for contact in found)
    if len(found) > AT_ONCE or not fits:
        raise ConflictError(
            "too_many",
            "Too many for one answer: please ask for an export.",
            more={"ask": "/v1/contacts/exports"},
        )
    if made.left_out and not made.rows:
        _tell_who_refuses(who, found)
    transaction = store.transaction.Transaction(store.table.new_op())
    act = _act(who, ids.new("exp"), ExportStep.TAKEN, rows=made.rows, left_out=made.left_out)
    transaction.put_new(store.exports.ACTS, act)
    transaction.commit()
    return Csv(made.text(), made.rows, made.left_out)


def _tell_who_refuses(who: Principal, contacts: Iterable[Contact]) -> None:
    for contact in contacts:
        own = contact.created_by == who.user_id
        rules.check(who, Action.EXPORT, Category.STORED, made_at=contact.created_at, own=own)


def ask(who: Principal, repeat: Repeat | None) -> str:
    """Start an export for this session and return its id; it is made piece by piece.

    Raises:
        TooManyRequestsError.
    """

    def make(once: Once | None) -> str:
        _count(who)
        export = Export(
            company_id=who.company_id,
            export_id=ids.new("exp"),
            user_id=who.user_id,
            session_id=who.session.session_id,
            rules=_limits(who).digest,
            state=ExportState.WAITING,
            asked_at=clock.now(),
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.exports.EXPORTS, export)
        transaction.put_new(store.exports.ACTS, _act(who, export.export_id, ExportStep.ASKED))
        if once is not None:
            once.add_to(transaction, export.export_id)
        transaction.commit()
        export_work.hint(export)
        return export.export_id

    return repeats.once(who, repeat, lambda export_id: export_id, make)


def read(who: Principal, export_id: str) -> Export:
    """An export of this session. NotFoundError for any other, unknown or somebody else's alike."""
    return _of_session(who, export_id).value


def cancel(who: Principal, export_id: str) -> Export:
    """End an export; a worker deletes its files. One that is over stays as it is.

    Raises:
        NotFoundError: not one of this session.
    """
    for _ in range(3):
        known = _of_session(who, export_id)
        if known.value.state_at(clock.now()) not in _ALIVE:
            return known.value
        over = replace(known.value, state=ExportState.CANCELLED, leased_until=None)
        try:
            store.exports.EXPORTS.replace(known, over, op=store.table.new_op())
        except ConflictError:
            continue  # a worker moved it on between the two calls: the wish to end it stands
        export_work.hint(over)
        return over
    raise ConflictError


def fetch(who: Principal, export_id: str, number: int) -> Csv:
    """One file, opened for the session that asked; each time is put on record.

    Raises:
        NotFoundError: not one of this session, no such file, or its time is over.
        ConflictError: ``not_ready``; ``rules_changed``, what the user may export is no longer what it was.
        TooManyRequestsError.
    """
    export = _of_session(who, export_id).value
    state = export.state_at(clock.now())
    if state in {ExportState.WAITING, ExportState.RUNNING}:
        raise ConflictError("not_ready", "The files are still being made.")
    if state is not ExportState.READY or not 1 <= number <= len(export.files):
        raise NotFoundError
    if export.rules != _limits(who).digest:
        raise ConflictError("rules_changed", "Your company's rules have changed: please export again.")
    store.limits.take("export_file", who.user_id, FETCHES_PER_USER, clock.HOUR)
    stored = files.get(export_work.key(export_id, number))
    text = store.exports.unseal(who.company_id, export_id, number, stored).decode()
    rows = export.files[number - 1]
    transaction = store.transaction.Transaction(store.table.new_op())
    act = _act(who, export_id, ExportStep.FETCHED, rows=rows, file=number)
    transaction.put_new(store.exports.ACTS, act)
    transaction.commit()
    # To whoever watches over unusual reading this is so many contacts opened.
    openings.note("contact", who.company_id, rows)
    return Csv(text, rows, 0)


def _count(who: Principal) -> None:
    """The user first: who asks too often uses up nothing of their colleagues'."""
    store.limits.take("export", who.user_id, EXPORTS_PER_USER, clock.HOUR)
    store.limits.take("export_company", who.company_id, EXPORTS_PER_COMPANY, clock.HOUR)


def _limits(who: Principal) -> Limits:
    return Limits(who.access, who.position, who.user_id)


def _of_session(who: Principal, export_id: str) -> Stored[Export]:
    known = store.exports.get(who.company_id, export_id)
    mine = (who.user_id, who.session.session_id)
    if known is None or (known.value.user_id, known.value.session_id) != mine:
        raise NotFoundError
    return known


def _act(
    who: Principal,
    export_id: str,
    step: ExportStep,
    *,
    rows: int = 0,
    left_out: int = 0,
    file: int | None = None,
) -> ExportAct:
    return ExportAct(
        company_id=who.company_id,
        export_id=export_id,
        act_id=ids.new("act"),
        step=step,
        user_id=who.user_id,
        at=clock.now(),
        rows=rows,
        left_out=left_out,
        file=file,
    )

"""A load at work: a piece of the file after another, each row once, whatever dies in between.

How far it is lies in the load's own row and moves by a conditional write after every hundred rows. What was
done and not noted is done again to the same end: ids follow from the rows, times from the load. Closed:
whoever cannot be asked for objections comes in with nobody; open: a row that is wrong costs no other row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import files, queues
from chalicelib.kernel import clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.records.loads import FileFormat, Load, LoadAct, LoadEvidence, LoadState, RefusedRow
from chalicelib.records.prospects import StockedProspect
from chalicelib.services.prospects import entries, sheets
from chalicelib.services.prospects.entries import Entry, RowError
from chalicelib.services.prospects.sheets import SheetError, SheetRow
from chalicelib.services.requests import objections

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

CHUNK: Final = 100
"""Rows between two notes of how far it is: what is done twice, at most."""
PIECE: Final = 1_000
PIECE_SECONDS: Final = 60
"""One invocation does so many rows, or works so long; the function has three times that."""
LEASE_SECONDS: Final = 240
"""Nobody has moved a load on for so long, which is more than a function lives: the sweep takes it up."""
MAX_ROWS: Final = 100_000
MAX_REFUSED: Final = 10_000
"""With more than that wrong it is the wrong file."""


class _Judged(NamedTuple):
    """A row that may come in, or why not. Of one whose person objected it says as well who that is."""

    number: int
    entry: Entry | None
    fault: RowError | None


class _Done(NamedTuple):
    """What became of some rows."""

    taken: int
    refreshed: int
    refused: int


def go_on(load_id: str) -> None:
    """Do the next piece of a load, and let the one after it follow. Repeatable; nothing for one that is over.

    Raises:
        UnavailableError: to be repeated.
    """
    known = store.loads.LOADS.get(load_id=load_id)
    if known is None or known.value.state is not LoadState.RUNNING:
        return
    until = clock.elapsed() + PIECE_SECONDS
    try:
        known = _piece(known, until)
    except ConflictError:
        return  # cancelled meanwhile, or delivered twice: the other one goes on
    if known.value.state is LoadState.RUNNING:
        queues.hint(settings.QUEUE_FILES, [{"task": "load", "load": load_id}])
        return
    files.delete(key_of(load_id))


def key_of(load_id: str) -> str:
    """Where the file lies."""
    return f"loads/{load_id}"


def prove(
    transaction: Transaction, load: Load, act: LoadAct, staff_id: str | None, *, reason: str | None = None
) -> None:
    """Let a transaction prove in the operator's chain what was done about a load."""
    made = LoadEvidence(
        company_id=ids.OPERATOR,
        act_id=ids.new("act"),
        act=act,
        load_id=load.load_id,
        at=clock.now(),
        staff_id=staff_id,
        made_by=load.made_by,
        source=load.source,
        collected_on=load.collected_on,
        balancing=load.balancing,
        informing=load.informing,
        informing_note=load.informing_note,
        reason=reason,
        taken=load.taken,
        refreshed=load.refreshed,
        refused=load.refused,
    )
    transaction.put_new(store.loads.EVIDENCE, made)


def _piece(known: Stored[Load], until: float) -> Stored[Load]:
    """The load after some of its rows."""
    try:
        known, rows = _open(known)
        first = known.value.rows
        while some := list(islice(rows, min(CHUNK, MAX_ROWS - known.value.rows))):
            known = _note(known, _advance(known.value, some))
            if known.value.refused > MAX_REFUSED:
                return _end(known, LoadState.STOPPED, "too_many_refused")
            if known.value.rows - first >= PIECE or clock.elapsed() > until:
                return known
        more = next(rows, None)
    except SheetError as error:
        return _end(known, LoadState.STOPPED, _said(error))
    except NotFoundError:
        return _end(known, LoadState.STOPPED, "file_gone")
    if rows.broken is not None:
        return _end(known, LoadState.STOPPED, _said(rows.broken))
    if more is not None:
        return _end(known, LoadState.STOPPED, "too_many_rows")
    return _end(known, LoadState.DONE, None)


class _Rows:
    """Rows of the file until its end or until it cannot be read on, which is told after the last good one."""

    def __init__(self, rows: Iterator[SheetRow]) -> None:
        self._rows = rows
        self.broken: SheetError | None = None

    def __iter__(self) -> _Rows:
        return self

    def __next__(self) -> SheetRow:
        try:
            return next(self._rows)
        except SheetError as error:
            self.broken = error
            raise StopIteration from None


def _open(known: Stored[Load]) -> tuple[Stored[Load], _Rows]:
    """The rows that are left; the line of columns is read once and noted."""
    key, tag = key_of(known.value.load_id), known.value.file_tag

    def read(start: int, length: int) -> bytes:
        # Of the content that was accepted: the form for it can still be used when somebody has started it.
        try:
            return files.get(key, start, length, tag=tag)
        except ConflictError:
            raise SheetError("file_changed") from None

    if known.value.file_format is FileFormat.JSONL:
        return known, _Rows(sheets.json_rows(read, known.value.offset, entries.COLUMNS))
    if not known.value.columns:
        names, behind = sheets.columns(read, entries.COLUMNS, "business_name")
        known = _note(known, replace(known.value, columns=names, offset=behind))
    return known, _Rows(sheets.csv_rows(read, known.value.offset, known.value.columns))


def _advance(load: Load, some: Sequence[SheetRow]) -> Load:
    """The load after these rows have been taken in or refused."""
    done = _take(load, _judge(load.rows, some))
    return replace(
        load,
        offset=some[-1].end,
        due_at=clock.now() + LEASE_SECONDS,
        rows=load.rows + len(some),
        taken=load.taken + done.taken,
        refreshed=load.refreshed + done.refreshed,
        refused=load.refused + done.refused,
    )


def _judge(before: int, some: Sequence[SheetRow]) -> list[_Judged]:
    judged = [_judged(number, row) for number, row in enumerate(some, before + 1)]
    objected = _objected(judged)
    stop = RowError("objected", "email")
    return [
        one._replace(fault=stop) if one.entry is not None and one.entry.canonical in objected else one
        for one in judged
    ]


def _judged(number: int, row: SheetRow) -> _Judged:
    if row.values is None:
        return _Judged(number, None, RowError(row.code or "malformed"))
    try:
        return _Judged(number, entries.entry(row.values), None)
    except RowError as fault:
        return _Judged(number, None, fault)


def _objected(judged: Sequence[_Judged]) -> set[str]:
    # A business without an address as well: a company can pass on its word like a person's.
    return objections.any_of({one.entry.canonical for one in judged if one.entry is not None})


def _take(load: Load, judged: Sequence[_Judged]) -> _Done:
    whole = [(one.entry, one.fault) for one in judged if one.entry is not None]
    good = [(one.number, one.entry) for one in judged if one.entry is not None and one.fault is None]
    of = {entry.canonical: store.prospects.prospect_id(entry.canonical) for entry, _ in whole}
    before = store.loads.before(list(of.values()))
    found: dict[str, Any] = {}
    out: list[StockedProspect] = []
    new = 0
    for entry, fault in whole:
        prospect_id = of[entry.canonical]
        had = before[prospect_id]
        latest = found[prospect_id].record if prospect_id in found else None if had is None else had.value
        record, postings = entries.stocked(entry, load, latest)
        if fault is not None:
            out += [record] if latest is None else [record, latest]
            continue
        found[prospect_id] = store.loads.Taken(record, postings, had)
        new += _came_with(load, record)
    # Whoever objected may be in all the same: written by a pass that had asked before them, and died before
    # it asked again. So they are taken out on every pass, whatever is there, or half there.
    store.loads.untake(out)
    store.loads.take(found.values())
    # Whoever objected while this was written: their withdrawal may have looked before we wrote. Asked again
    # now, one of the two has seen the other.
    late = _objected([one for one in judged if one.fault is None])
    store.loads.untake(found[of[one]].record for one in late)
    refused = [_refused(load, one.number, one.fault) for one in judged if one.fault is not None]
    again = [(number, entry) for number, entry in good if entry.canonical in late]
    refused += [_refused(load, number, RowError("objected", "email")) for number, _ in again]
    store.loads.note_refused(refused)
    new -= sum(_came_with(load, found[of[entry.canonical]].record) for _, entry in again)
    return _Done(new, len(good) - len(again) - new, len(refused))


def _came_with(load: Load, record: StockedProspect) -> bool:
    """Whether it was this load that first took it in: also said of a row that is done a second time."""
    return record.first_at == load.started_at


def _refused(load: Load, number: int, fault: RowError) -> RefusedRow:
    return RefusedRow(load_id=load.load_id, number=number, column=fault.column, code=fault.code)


def _note(known: Stored[Load], load: Load) -> Stored[Load]:
    return store.loads.LOADS.replace(known, load, op=store.table.new_op())


def _end(known: Stored[Load], state: LoadState, reason: str | None) -> Stored[Load]:
    load = replace(known.value, state=state, reason=reason, ended_at=clock.now())
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.loads.LOADS, known, load)
    prove(transaction, load, LoadAct.ENDED, None, reason=reason)
    transaction.commit()
    telemetry.event(
        "load_ended",
        state=state,
        rows=load.rows,
        taken=load.taken,
        refreshed=load.refreshed,
        refused=load.refused,
    )
    return known._replace(value=load, version=known.version + 1)


def _said(error: SheetError) -> str:
    return error.code if error.column is None else f"{error.code}:{error.column}"

"""The work of an export: one file at a time, and deleting them when it is over (clause `stored`).

A worker claims the export, reads contacts from the last one that was looked at, newest first, puts the file
into the bucket, sealed, and moves the export on behind it. One that dies leaves a claim that ends; whoever
comes next makes the same file again, in the same place. The hint may be lost: the sweeper finds what is due.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import files, queues
from chalicelib.kernel import clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy import permissions
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.permissions import Permission
from chalicelib.records.accounts import MemberState
from chalicelib.records.exports import Export, ExportAct, ExportState, ExportStep
from chalicelib.services.contacts.csv_files import CsvFile, Limits

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

PAGE: Final = 500
"""Contacts read in one query."""
LEASE_SECONDS: Final = 240
"""Longer than the function that makes a file can run: whoever comes later may be sure that it is over."""


def go_on(company_id: str, export_id: str) -> None:
    """Make the next file of an export, or delete the files of one that is over. Repeatable: a file made twice
    is put where the first one was, and only one worker at a time makes any.

    Raises:
        UnavailableError: to be done again.
    """
    known = store.exports.get(company_id, export_id)
    if known is None:
        return
    export, now = known.value, clock.now()
    state = export.state_at(now)
    try:
        if state in {ExportState.WAITING, ExportState.RUNNING}:
            if export.leased_until is None or now >= export.leased_until:
                _make(known, now)
        elif state is not ExportState.READY and not export.cleared:
            _clear(known, state)
    except ConflictError:
        # Cancelled or dropped meanwhile, and whoever did that may not have seen the last file.
        known = store.exports.get(company_id, export_id)
        if known is not None and known.value.cleared:
            _delete_files(known.value)


def drop_all(company_id: str) -> None:
    """Drop every export of a company that may hold somebody who is being erased, with its files. One query.

    Raises:
        RetryLaterError, UnavailableError: to be done again.
    """
    for known in store.exports.of_company(company_id):
        if not known.value.cleared:
            try:
                _clear(known, ExportState.DROPPED)
            except ConflictError:
                raise RetryLaterError from None  # it went on meanwhile


def hint(export: Export) -> None:
    """Tell a worker that there is something to do."""
    task: dict[str, str | int] = {
        "task": "export",
        "company": export.company_id,
        "export": export.export_id,
    }
    queues.hint(settings.QUEUE_FILES, [task])


def key(export_id: str, number: int) -> str:
    """Where a file lies in the bucket; numbers start with 1."""
    return f"exports/{export_id}/{number:04d}"


def _make(known: Stored[Export], now: int) -> None:
    export = replace(known.value, state=ExportState.RUNNING, leased_until=now + LEASE_SECONDS)
    limits = _limits_of(export, now)
    if limits is None:
        _clear(known, ExportState.CANCELLED)
        return
    known = store.exports.EXPORTS.replace(known, export, op=store.table.new_op())
    number = len(export.files) + 1
    try:
        made, after, more = _next_file(export, limits)
        if made.rows or number == 1:
            sealed = store.exports.seal(export.company_id, export.export_id, number, made.text().encode())
            files.put(key(export.export_id, number), sealed)
            export = replace(export, files=(*export.files, made.rows))
    except store.vault.KeyMissingError:
        _clear(known, ExportState.DROPPED)
        return
    export = replace(export, after=after, left_out=export.left_out + made.left_out, leased_until=None)
    telemetry.event("export_file", company_id=export.company_id, rows=made.rows, left_out=made.left_out)
    if more:
        store.exports.EXPORTS.replace(known, export, op=store.table.new_op())
        hint(export)
    else:
        _finish(known, export)


def _finish(known: Stored[Export], export: Export) -> None:
    """Ready, and proved to be, in one transaction."""
    now = clock.now()
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.exports.EXPORTS, known, replace(export, state=ExportState.READY, ready_at=now))
    act = ExportAct(
        company_id=export.company_id,
        export_id=export.export_id,
        act_id=ids.new("act"),
        step=ExportStep.READY,
        user_id=export.user_id,
        at=now,
        rows=export.rows,
        left_out=export.left_out,
    )
    transaction.put_new(store.exports.ACTS, act)
    transaction.commit()


def _next_file(export: Export, limits: Limits) -> tuple[CsvFile, str | None, bool]:
    """The next file, the last contact looked at, and whether any come after it. A query for each 500."""
    made, after = CsvFile(limits), export.after
    while True:
        page = store.contacts.newest(export.company_id, PAGE, after)
        for one in page:
            if not made.add(one.value):
                return made, after, True
            after = one.value.contact_id
        if len(page) < PAGE:
            return made, after, False


def _limits_of(export: Export, now: int) -> Limits | None:
    """What the user may export now; None when that is not what it was, or nothing any more. Closed: for the
    sake of the company, whose data leaves.
    """
    member = store.accounts.MEMBERS.get(company_id=export.company_id, user_id=export.user_id)
    access = store.accounts.ACCESS.get(company_id=export.company_id)
    if member is None or access is None or member.value.state is not MemberState.ACTIVE:
        return None
    position, state = member.value.position, access.value.state_at(now)
    decision = permissions.decide(Permission.CONTACTS_EXPORT, position, access.value.grant_sets(), state)
    limits = Limits(access.value, position, export.user_id)
    return None if isinstance(decision, Refused) or limits.digest != export.rules else limits


def _clear(known: Stored[Export], state: ExportState) -> None:
    """Delete the files of an export, then say that it is over."""
    _delete_files(known.value)
    over = replace(known.value, state=state, leased_until=None, cleared=True)
    store.exports.EXPORTS.replace(known, over, op=store.table.new_op())


def _delete_files(export: Export) -> None:
    """All of them, and the one that a worker may have left behind that died over it."""
    for number in range(1, len(export.files) + 2):
        files.delete(key(export.export_id, number))

"""Loads as the operator's staff orders them: ground first, file second, and somebody else starts it.

Two people, because a load brings in thousands who did not ask to be here, on an interest that somebody has to
weigh against theirs (GDPR 6(1)(f)): who states the balance is not who accepts it. Closed: without the ground
in the operator's chain nothing is read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import files, queues
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.records.loads import FileFormat, Informing, Load, LoadAct, LoadState, RefusedRow
from chalicelib.services.discontinuation import joining
from chalicelib.services.prospects import loading
from chalicelib.services.staff.entry import StaffPrincipal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

MAX_BYTES: Final = 100 * 1024 * 1024


class Ground(NamedTuple):
    """What is stated about a file before it comes."""

    file_format: FileFormat
    source: str
    collected_on: str
    balancing: str
    informing: Informing
    informing_note: str


def create(who: StaffPrincipal, ground: Ground) -> tuple[Load, dict[str, Any]]:
    """State the ground of a load; with the form to put its file there within a quarter of an hour.

    Raises:
        RefusedError: the service has ended.
    """
    joining.check_open()
    load = Load(
        load_id=ids.new("ld"),
        state=LoadState.WAITING,
        made_by=who.staff_id,
        made_at=clock.now(),
        **ground._asdict(),
    )
    store.loads.LOADS.put_new(load, op=store.table.new_op())
    return load, files.upload_form(loading.key_of(load.load_id), MAX_BYTES)


def start(who: StaffPrincipal, load_id: str) -> Load:
    """Accept the ground and let the file be read; one that runs already is nudged, before the sweep does so.

    Raises:
        RefusedError: by whoever stated the ground; the service has ended.
        ConflictError: it is over, or its file is not there.
    """
    known = _known(load_id)
    if known.value.state is LoadState.RUNNING:
        _hint(load_id)
        return known.value
    if known.value.state is not LoadState.WAITING:
        raise ConflictError("load_over")
    joining.check_open()
    if who.staff_id == known.value.made_by:
        raise RefusedError("own_load", clause="stocked-prospects")
    try:
        size, tag = files.size(loading.key_of(load_id)), files.tag(loading.key_of(load_id))
    except NotFoundError:
        raise ConflictError("no_file") from None
    load = replace(
        known.value,
        state=LoadState.RUNNING,
        started_by=who.staff_id,
        started_at=clock.now(),
        due_at=clock.now() + loading.LEASE_SECONDS,
        size=size,
        file_tag=tag,
    )
    _move(known, load, LoadAct.STARTED, who)
    _hint(load_id)
    return load


def cancel(who: StaffPrincipal, load_id: str) -> Load:
    """End a load where it is. What it brought so far stays, under the ground that is on record.

    Raises:
        ConflictError: it is over already.
    """
    for _ in range(5):
        known = _known(load_id)
        if known.value.state not in {LoadState.WAITING, LoadState.RUNNING}:
            raise ConflictError("load_over")
        load = replace(known.value, state=LoadState.CANCELLED, ended_at=clock.now())
        try:
            _move(known, load, LoadAct.CANCELLED, who)
        except ConflictError:
            continue  # it has come a little further
        return load
    raise ConflictError


def read(load_id: str) -> Load:
    """One load. Raises NotFoundError."""
    return _known(load_id).value


def page(limit: int, before: str | None) -> list[Load]:
    """Loads, the newest first."""
    return store.loads.page(limit, before)


def refused(load_id: str, limit: int, after: int) -> list[RefusedRow]:
    """Rows that were not taken in, in the order of the file, behind number ``after``; NotFoundError."""
    _known(load_id)
    return store.loads.refused(load_id, limit, after)


def _known(load_id: str) -> Stored[Load]:
    known = store.loads.LOADS.get(load_id=load_id)
    if known is None:
        raise NotFoundError
    return known


def _move(known: Stored[Load], load: Load, act: LoadAct, who: StaffPrincipal) -> None:
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.loads.LOADS, known, load)
    loading.prove(transaction, load, act, who.staff_id)
    transaction.commit()


def _hint(load_id: str) -> None:
    queues.hint(settings.QUEUE_FILES, [{"task": "load", "load": load_id}])

"""The job that makes contacts of the rows of an import, piece by piece (clause `stored`).

A piece is taken by a conditional write first. Whoever takes it fresh writes its contacts in plain batches,
since nobody can know their ids yet. Whoever finds it taken waits until the job that took it cannot be alive
any more, and then writes row by row and never over what is there: it may have been changed since. So a
message delivered twice makes no contact twice, and undoes nobody's change. Whoever asked to be forgotten
since the preview stays out; who may not import any more has nothing more written in their name.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.contacts import Contact
from chalicelib.records.imports import IfExists, Import, ImportChunk, ImportState, RowState
from chalicelib.services.contacts import importing, matching
from chalicelib.services.contacts.import_rights import Rights
from chalicelib.services.erasure import suppression

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

STEP_SECONDS: Final = 60
ALIVE_SECONDS: Final = 200
"""A job that took a piece longer ago than this is dead: its function runs for 180 seconds at most."""
TRIES: Final = 3


def go_on(known: Stored[Import]) -> None:
    """Write the next pieces, and let the next step follow. Repeatable; two at once get in nobody's way.

    Raises:
        UnavailableError: the step will be done again.
    """
    job, now = known.value, clock.now()
    fresh = job.taken == job.finished
    if not fresh and now < job.taken_at + ALIVE_SECONDS:
        importing.hint(job, delay=job.taken_at + ALIVE_SECONDS - now)
        return
    until = clock.elapsed() + STEP_SECONDS
    try:
        if job.finished < job.chunks:
            known = _save(known, replace(job, taken=job.finished + 1, taken_at=now))
        _pieces(known, until, fresh=fresh)
    except ConflictError:
        return  # another job took it: theirs goes on


def _pieces(known: Stored[Import], until: float, *, fresh: bool) -> None:
    while (job := known.value).finished < job.chunks:
        rights = Rights(job.company_id, job.user_id, Permission.CONTACTS_IMPORT)
        if rights.refused is not None:
            _stop(known, rights.refused, begun=job.finished if fresh else job.finished + 1)
            return
        piece = store.imports.chunk(job.company_id, job.import_id, job.finished)
        if piece is None:
            _save(known, replace(job, state=ImportState.FAILED, failure="over", taken=job.finished))
            return
        outcome = _write(job, piece.value, rights, plain=fresh)
        done = job.finished + 1
        go = done < job.chunks and clock.elapsed() < until
        known = _save(
            known,
            replace(
                job,
                finished=done,
                taken=done + 1 if go else done,
                taken_at=clock.now(),
                outcome=dict(Counter(job.outcome) + outcome),
            ),
        )
        fresh = True
        if not go:
            break
    job = known.value
    if job.finished < job.chunks:
        importing.hint(job)
        return
    _save(known, replace(job, state=ImportState.DONE))
    telemetry.event("import_written", rows=sum(job.outcome.values()), pieces=job.chunks)


def _stop(known: Stored[Import], code: str, *, begun: int) -> None:
    """Write nothing more. Of an import of which pieces were written, these can still be taken back; one of
    which none was is over.
    """
    job = known.value
    telemetry.event("import_stopped", code=code)
    if not begun:
        _save(known, replace(job, state=ImportState.CANCELLED, failure=code))
        importing.hint(job)
        return
    _save(
        known,
        replace(job, state=ImportState.DONE, failure=code, chunks=begun, taken=begun, finished=begun),
    )


def contact_id(job: Import, row: int) -> str:
    """The id of the contact that a row becomes, the same whoever makes it: a UUIDv7 (RFC 9562) of the moment
    of the commit, with the number of the row where its counter may stand, so that they sort like the rows.
    """
    noise = bytearray(hashlib.sha256(ids.raw(job.import_id) + row.to_bytes(4, "big")).digest()[:10])
    noise[0] = 0x70 | (row >> 13 & 0x0F)
    noise[1] = row >> 5 & 0xFF
    noise[2] = 0x80 | (row & 0x1F) << 1 | (noise[2] & 0x01)
    return ids.from_raw("ct", job.began_ms.to_bytes(6, "big") + bytes(noise))


def made_of(job: Import, chunk: ImportChunk) -> list[int]:
    """The rows of a piece that become contacts of their own."""
    new = {RowState.NEW}
    if job.if_exists is IfExists.CREATE:
        new.add(RowState.DUPLICATE)
    return [at for at, state in enumerate(chunk.states) if state in new]


def _write(job: Import, chunk: ImportChunk, rights: Rights, *, plain: bool) -> Counter[str]:
    erased = suppression.suppressed(job.company_id, [one for one in chunk.persons if one])
    outcome: Counter[str] = Counter()
    made: list[Contact] = []
    created = set(made_of(job, chunk))
    for at, state in enumerate(chunk.states):
        if state == RowState.INVALID:
            continue
        if state == RowState.SUPPRESSED or chunk.persons[at] in erased:
            outcome["suppressed"] += 1
        elif at in created:
            made.append(_contact(job, chunk, at))
        elif job.if_exists is IfExists.UPDATE and str(at) in chunk.existing:
            outcome[_update(job, chunk, at, rights, again=not plain)] += 1
        else:
            outcome["skipped"] += 1
    outcome["created"] += len(made)
    if plain:
        store.contacts.add_all(made, store.table.new_op())
    else:
        _add_missing(made)
    return outcome


def _add_missing(contacts: Sequence[Contact]) -> None:
    for contact in contacts:
        try:
            store.contacts.add(contact, None)
        except ConflictError:
            continue  # there already, and perhaps changed since


def _contact(job: Import, chunk: ImportChunk, at: int) -> Contact:
    now = clock.now()
    return Contact(
        company_id=job.company_id,
        contact_id=contact_id(job, chunk.places[at]),
        created_by=job.user_id,
        person=chunk.persons[at] or None,
        created_at=now,
        updated_at=now,
        basis=job.basis,
        source=job.source,
        **_fields(chunk, at),
    )


def _fields(chunk: ImportChunk, at: int) -> dict[str, Any]:
    return {
        "name": chunk.name[at],
        "email": chunk.email[at] or None,
        "company": chunk.company[at] or None,
        "position": chunk.position[at] or None,
        "country": chunk.country[at] or None,
        "phone": chunk.phone[at] or None,
        "social": tuple(chunk.social[at].split()),
    }


def _update(job: Import, chunk: ImportChunk, at: int, rights: Rights, *, again: bool) -> str:
    """Put what a row says into the contact that is there; on which ground it is kept stays as it was. A
    second time it is left alone once it has been changed since the commit: by the first time, or by somebody.
    """
    for _ in range(TRIES):
        known = store.contacts.get(job.company_id, chunk.existing[str(at)])
        if known is None or known.value.person != chunk.persons[at]:
            return "gone"
        if not rights.may_change(known.value):
            return "restricted"
        if again and known.value.updated_at >= job.began_ms // 1000:
            return "updated"
        said = _fields(chunk, at)
        if said["name"] == said["email"]:
            del said["name"]  # a list of addresses knows no names
        changed = matching.merged(known.value, said, clock.now())
        if replace(changed, updated_at=known.value.updated_at) == known.value:
            return "unchanged"
        try:
            store.contacts.change(known, changed)
        except ConflictError:
            continue
        return "updated"
    return "busy"


def _save(known: Stored[Import], job: Import) -> Stored[Import]:
    return store.imports.save(known, replace(job, due_at=clock.now() + importing.LEASE_SECONDS))

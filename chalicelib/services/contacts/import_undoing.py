"""The job that takes back what an import made, or forgets one; and what every import's job begins with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.imports import Import, ImportChunk, ImportState
from chalicelib.services.contacts import import_reading, import_rights, import_writing, importing

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

STEP_SECONDS: Final = 60
UNTOUCHED: Final = 1
"""The version of a contact that nobody has changed since it was made."""


def go_on(company_id: str, import_id: str) -> None:
    """Do the next step of an import, whatever that is; nothing when there is none. Repeatable.

    Raises:
        UnavailableError: the step will be done again.
    """
    try:
        known = store.imports.get(company_id, import_id)
        if known is not None and (step := _STEPS.get(known.value.state)) is not None:
            step(known)
    except store.vault.KeyMissingError:
        return  # the company's keys were destroyed: there is nothing anybody could read


def take_back(known: Stored[Import]) -> None:
    """Delete the contacts that the import made and nobody has changed since, then its rows. What a hold keeps
    is put away instead. Contacts that were updated by it are left as they are: what they were is not kept.
    Whoever may not delete contacts any more, or whose company may not, goes no further; somebody else can ask
    for the rest.
    """
    job, until = known.value, clock.elapsed() + STEP_SECONDS
    access = store.accounts.ACCESS.get(company_id=job.company_id)
    if access is None:
        return
    store.holds.watch(job.company_id, access.value.holds)
    try:
        while (job := known.value).finished < job.chunks:
            who = job.reverted_by or job.user_id
            refused = import_rights.Rights(job.company_id, who, Permission.CONTACTS_DELETE).refused
            if refused is not None:
                _stop(known, refused)
                return
            piece = store.imports.chunk(job.company_id, job.import_id, job.finished)
            found = Counter[str]() if piece is None else _take_back(job, piece.value)
            outcome = dict(Counter(job.outcome) + found)
            known = _save(known, replace(job, finished=job.finished + 1, outcome=outcome))
            if clock.elapsed() > until:
                importing.hint(job)
                return
        store.imports.forget(job.company_id, job.import_id)
        _save(known, replace(known.value, state=ImportState.REVERTED))
        telemetry.event("import_reverted", rows=sum(known.value.outcome.values()))
    except ConflictError:
        return  # another job does the same step: theirs goes on


def _stop(known: Stored[Import], code: str) -> None:
    job = known.value
    # Who asks again counts again: what is gone by then counts as taken back.
    outcome = {name: number for name, number in job.outcome.items() if name not in {"reverted", "kept"}}
    _save(known, replace(job, state=ImportState.DONE, failure=code, finished=job.chunks, outcome=outcome))
    telemetry.event("import_stopped", code=code)


def _take_back(job: Import, chunk: ImportChunk) -> Counter[str]:
    outcome: Counter[str] = Counter()
    made = [import_writing.contact_id(job, chunk.places[at]) for at in import_writing.made_of(job, chunk)]
    for known in store.contacts.several(job.company_id, made):
        if known is None:
            outcome["reverted"] += 1  # gone already: by an earlier try, or by somebody
            continue
        if known.version == UNTOUCHED:
            try:
                store.contacts.delete(known)
            except ConflictError:
                pass  # changed this moment
            else:
                outcome["reverted"] += 1
                continue
        outcome["kept"] += 1
    return outcome


def _save(known: Stored[Import], job: Import) -> Stored[Import]:
    return store.imports.save(known, replace(job, due_at=clock.now() + importing.LEASE_SECONDS))


_STEPS: Final[dict[ImportState, Callable[[Any], None]]] = {
    ImportState.READING: import_reading.go_on,
    ImportState.COMMITTING: import_writing.go_on,
    ImportState.REVERTING: take_back,
    ImportState.CANCELLED: import_reading.clear,
    ImportState.FAILED: import_reading.clear,
}

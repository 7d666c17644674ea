"""Importing contacts from CSV (clause `stored`): what somebody asks for. The work is done by jobs, a piece at
a time (``import_reading``, ``import_writing``, ``import_undoing``).

A file is read into a preview first: which rows are new, which are contacts already, which cannot be taken and
why, which must not be and not why. Nothing becomes a contact before somebody says so, and then what the
import made can be taken back for a week, as long as nobody has changed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import files, queues
from chalicelib.kernel import clock, ids, openings, settings
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.permissions import Permission
from chalicelib.privacy.register import Category
from chalicelib.privacy.restrictions import Action
from chalicelib.records.imports import IfExists, Import, ImportState, RowState
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import rules
from chalicelib.services.contacts.import_files import key_of

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

MAX_BYTES: Final = 50_000_000
"""Of a file: 100,000 rows of everything a contact has, in UTF-16."""
MAX_ROWS: Final = 100_000
PER_COMPANY: Final = 30
"""New imports an hour."""
LEASE_SECONDS: Final = 300
"""The sweep takes an import up again that nobody has moved on for so long: no job runs longer than 180."""
PIECES_SHOWN: Final = 20
"""Pieces looked through for one page of rows; a page may be empty and not the last."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a list is to be taken: on which ground, from where, and what to do with known people."""

    basis: str
    source: str
    if_exists: IfExists
    columns: Mapping[str, int] | None = None
    header: bool | None = None
    encoding: str | None = None
    separator: str | None = None


class Begun(NamedTuple):
    """A new import, and the form its file can be sent with; None when the file came along."""

    job: Import
    upload: dict[str, Any] | None


class Line(NamedTuple):
    """A row of the preview. Of one that must not be taken in only the number is told; of one that can be,
    what would be kept, as it was read: a wrong guess of the encoding shows in names, not in numbers.
    """

    row: int
    state: RowState
    column: int | None = None
    field: str | None = None
    code: str | None = None
    contact_id: str | None = None
    name: str | None = None
    email: str | None = None
    company: str | None = None


def begin(who: Principal, wanted: Wanted, text: str | None) -> Begun:
    """Begin an import, with its file as text or without.

    Raises:
        TooManyRequestsError: thirty an hour for a company.
        UnavailableError: nothing has begun.
    """
    store.limits.take("import", who.company_id, PER_COMPANY, clock.HOUR)
    now = clock.now()
    job = Import(
        company_id=who.company_id,
        import_id=ids.new("imp"),
        user_id=who.user_id,
        state=ImportState.WAITING_FOR_FILE if text is None else ImportState.READING,
        if_exists=wanted.if_exists,
        created_at=now,
        due_at=now + LEASE_SECONDS,
        wanted_columns=None if wanted.columns is None else dict(wanted.columns),
        wanted_header=wanted.header,
        encoding="utf-8" if text is not None else wanted.encoding,
        separator=wanted.separator,
        basis=wanted.basis,
        source=wanted.source,
    )
    if text is None:
        store.imports.add(job)
        return Begun(job, files.upload_form(key_of(job), MAX_BYTES))
    sealed, version = store.vault.seal(job.company_id, key_of(job), text.encode())
    job = replace(job, sealed_with=version)
    files.put(key_of(job), sealed)
    store.imports.add(job)
    hint(job)
    return Begun(job, None)


def hint(job: Import, delay: int = 0) -> None:
    """Let the job know; the sweep makes a lost hint good."""
    body: dict[str, str | int] = {"task": "import", "company": job.company_id, "import": job.import_id}
    queues.hint(settings.QUEUE_FILES, [body], delay=delay)


def start(who: Principal, import_id: str) -> Import:
    """The file is there: let it be read, as it is now. What is sent in its place later is not.

    Raises:
        NotFoundError; ConflictError: ``no_file``, or ``wrong_state``.
    """
    known = _known(who, import_id)
    if known.value.state is not ImportState.WAITING_FOR_FILE:
        raise wrong_state()
    try:
        file_tag = files.tag(key_of(known.value))
    except NotFoundError:
        raise ConflictError("no_file", "The file has not been sent yet.") from None
    return _moved(known, state=ImportState.READING, user_id=who.user_id, file_tag=file_tag)


def read(who: Principal, import_id: str) -> Import:
    """How far an import is; NotFoundError for an unknown or a foreign id alike."""
    return _known(who, import_id).value


def page(who: Principal, limit: int, before: str | None) -> list[Import]:
    """The company's imports of the last week, newest first; one query."""
    return [one.value for one in store.imports.newest(who.company_id, limit, before)]


def lines(
    who: Principal, import_id: str, state: RowState | None, limit: int, after: int
) -> tuple[list[Line], int | None]:
    """Rows of the preview behind the row with number ``after``, and where to go on, None at the end.

    Looks through twenty pieces at most, a read of each: where few rows are of the state that is asked for a
    page may hold fewer than asked, or none. What the rows say is for whoever began the import, and for those
    who may read contacts; it counts as so many contacts opened.

    Raises:
        NotFoundError; ConflictError: ``wrong_state``, it has not been read yet, or is forgotten.
    """
    job = _known(who, import_id).value
    if job.state not in {ImportState.READY, ImportState.COMMITTING, ImportState.DONE}:
        raise wrong_state()
    shown = job.user_id == who.user_id or Permission.CONTACTS_READ in who.permissions
    found, behind = _lines(job, state, limit, after, shown=shown)
    openings.note("contact", who.company_id, sum(1 for one in found if one.name is not None))
    return found, behind


def _lines(
    job: Import, state: RowState | None, limit: int, after: int, *, shown: bool
) -> tuple[list[Line], int | None]:
    found: list[Line] = []
    begin = _piece_behind(job, after)
    for looked, number in enumerate(range(begin, job.chunks)):
        if looked == PIECES_SHOWN:
            return found, after
        known = store.imports.chunk(job.company_id, job.import_id, number)
        if known is None:
            continue
        chunk = known.value
        for at, place in enumerate(chunk.places):
            if place <= after or (state is not None and chunk.states[at] != state):
                continue
            if len(found) == limit:
                return found, found[-1].row
            found.append(_line(chunk, at, shown=shown))
        after = max(after, chunk.places[-1])
    return found, None


def _piece_behind(job: Import, after: int) -> int:
    """The first piece that may hold a row behind this one: by halves, a read each."""
    low, high = 0, job.chunks
    while low < high and after > 0:
        middle = (low + high) // 2
        known = store.imports.chunk(job.company_id, job.import_id, middle)
        if known is not None and known.value.places[-1] <= after:
            low = middle + 1
        else:
            high = middle
    return low


def _line(chunk: Any, at: int, *, shown: bool) -> Line:
    place, state = chunk.places[at], RowState(chunk.states[at])
    if state is RowState.INVALID:
        column, field, code = chunk.errors[str(at)]
        return Line(place, state, int(column) or None, field or None, code)
    line = Line(place, state)
    if state is RowState.DUPLICATE:
        contact_id = chunk.existing.get(str(at))
        code = "is_contact" if contact_id else "earlier_row"
        line = line._replace(code=code, contact_id=contact_id)
    if shown and state is not RowState.SUPPRESSED:
        line = line._replace(
            name=chunk.name[at], email=chunk.email[at] or None, company=chunk.company[at] or None
        )
    return line


def commit(who: Principal, import_id: str, if_exists: IfExists | None) -> Import:
    """Make contacts of the rows, in the name of who says so; ``if_exists`` overrules what was said before.

    Raises:
        NotFoundError; ConflictError: ``wrong_state``.
    """
    known = _known(who, import_id)
    if known.value.state is not ImportState.READY:
        raise wrong_state()
    return _moved(
        known,
        state=ImportState.COMMITTING,
        user_id=who.user_id,
        if_exists=if_exists or known.value.if_exists,
        began_ms=clock.now_ms(),
    )


def revert(who: Principal, import_id: str) -> Import:
    """Take back the contacts that an import made and nobody has changed since. What it updated stays.

    Raises:
        RefusedError: the user may not delete contacts, or not these (`restrictions`).
        NotFoundError; ConflictError: ``wrong_state``.
    """
    sessions.permit(who, Permission.CONTACTS_DELETE)
    known = _known(who, import_id)
    job = known.value
    if job.state is not ImportState.DONE:
        raise wrong_state()
    own = job.user_id == who.user_id
    rules.check(who, Action.DELETE, Category.STORED, made_at=job.began_ms // 1000, own=own)
    return _moved(
        known,
        state=ImportState.REVERTING,
        reverted_by=who.user_id,
        failure=None,
        taken=0,
        finished=0,
    )


def cancel(who: Principal, import_id: str) -> Import:
    """Forget an import before anything of it became a contact: its rows go, and so does its file.

    Raises:
        NotFoundError; ConflictError: ``wrong_state``.
    """
    known = _known(who, import_id)
    open_ = {ImportState.WAITING_FOR_FILE, ImportState.READING, ImportState.READY, ImportState.FAILED}
    if known.value.state not in open_:
        raise wrong_state()
    return _moved(known, state=ImportState.CANCELLED)


def _known(who: Principal, import_id: str) -> Stored[Import]:
    known = store.imports.get(who.company_id, import_id)
    if known is None:
        raise NotFoundError
    return known


def _moved(known: Stored[Import], **changes: Any) -> Import:
    job = replace(known.value, **changes, due_at=clock.now() + LEASE_SECONDS)
    try:
        store.imports.save(known, job)
    except ConflictError:
        raise wrong_state() from None  # its job, or somebody else, moved it on this moment
    hint(job)
    return job


def wrong_state() -> ConflictError:
    """It is not the time for this."""
    return ConflictError("wrong_state", "The import is not in a state for this.")

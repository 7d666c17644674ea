"""Opening an incident (4.3.4): the entry of the register, its workflow and the proof, in one transaction.

The clocks run from when we had reason to believe in it, which the entry says; so nothing waits for anybody
to assess it. Open for the sake of those concerned: an incident is opened on suspicion, and later found to be
none on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError
from chalicelib.privacy import fields
from chalicelib.privacy.retention import LOGS
from chalicelib.records import catalogue
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import (
    Incident,
    IncidentAct,
    IncidentCompany,
    IncidentState,
    IncidentStep,
)
from chalicelib.records.workflows import Machine
from chalicelib.services.incidents import about
from chalicelib.services.staff import repeats
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.services.repeats import Repeat
    from chalicelib.services.staff.repeats import StaffOnce
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

AHEAD: Final = 300
"""So far into the future the window of a look by the log may reach, seconds, for clocks that differ: nobody
is told, or reminded of anything, until the log of it is complete.
"""
FIRST: Final = "scope"
"""The stage at which every incident begins."""


class Look(NamedTuple):
    """Where to look for whom an incident concerns; see ``api.staff.incidents.IncidentLook``."""

    from_at: int
    until_at: int
    actor_id: str | None = None
    session_id: str | None = None
    company_ids: tuple[str, ...] = ()
    everywhere: bool = False
    categories: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


class Wish(NamedTuple):
    """What staff know when they open an incident."""

    summary: str
    aware_at: int
    finding_id: str | None
    look: Look


def open_incident(by: str, wish: Wish, repeat: Repeat | None = None) -> Incident:
    """Open an incident and start its workflow; ``by`` is who of the staff. 12 write units.

    Raises:
        InvalidError: times that cannot be, a look that says nothing, or the key of another request.
    """
    now = clock.now()
    check_look(wish.look)
    if wish.aware_at > now:
        raise InvalidError(errors=[FieldError("aware_at", "in_the_future")])

    def make(guard: StaffOnce | None) -> Incident:
        transaction = store.transaction.Transaction(store.table.new_op())
        incident_id = ids.new("inc")
        workflow = engine.begin(transaction, Machine.INCIDENT, incident_id, FIRST, why="looking")
        made = Incident(
            incident_id=incident_id,
            workflow_id=workflow.workflow_id,
            opened_by=by,
            opened_at=now,
            aware_at=wish.aware_at,
            finding_id=wish.finding_id,
            summary=wish.summary,
            about_staff=tuple(
                sorted(about.staff_of(wish.look.actor_id, wish.look.session_id, wish.finding_id))
            ),
            **of_look(wish.look),
        )
        transaction.put_new(store.incidents.INCIDENTS, made)
        work = looking(IncidentWork(incident_id=incident_id, look=0), wish.look)
        transaction.put_new(store.incident_work.WORK, work)
        if guard is not None:
            guard.add_to(transaction, incident_id)
        prove(transaction, made, IncidentAct.OPENED, by=by, words=wish.summary, said=said_of(wish.look))
        transaction.commit()
        engine.start(workflow)
        telemetry.event("incident_opened", incident_id=incident_id)
        return made

    return repeats.once(by, repeat, lambda incident_id: find(incident_id).value, make)


def find(incident_id: str) -> Stored[Incident]:
    """An incident with its words; one read. Raises NotFoundError."""
    known = store.incidents.find(incident_id)
    if known is None:
        raise NotFoundError
    return known


def find_work(incident_id: str) -> Stored[IncidentWork]:
    """How far the work on it is; one read. Raises NotFoundError."""
    known = store.incident_work.WORK.get(incident_id=incident_id)
    if known is None:
        raise NotFoundError
    return known


def find_open(incident_id: str, by: str) -> Stored[Incident]:
    """An incident that is not closed, for whoever wants to change it.

    Raises:
        NotFoundError; ConflictError: ``closed``; RefusedError: ``about_yourself``.
    """
    known = find(incident_id)
    about.check(known.value, by)
    if known.value.state is IncidentState.CLOSED:
        raise ConflictError("closed", "This incident has been closed.")
    return known


def register(limit: int, before: str | None, by: str) -> list[Incident]:
    """Up to ``limit`` incidents, the newest first, from before the one with id ``before``, without those that
    are about whoever asks. One query.
    """
    return store.incidents.register(limit, before, but_about=by)


def companies(incident_id: str, limit: int, after: str | None) -> list[IncidentCompany]:
    """Up to ``limit`` companies it concerns in the order of their ids, behind the one with id ``after``. One
    query. Raises NotFoundError.
    """
    find(incident_id)
    rows = store.incident_work.companies(incident_id, after or "")
    return [one.value for one in islice(rows, limit)]


def prove(
    transaction: Transaction,
    incident: Incident,
    act: IncidentAct,
    *,
    by: str | None = None,
    chain: str = ids.OPERATOR,
    concerns: str | None = None,
    said: Mapping[str, str] | None = None,
    number: int | None = None,
    words: str | None = None,
    step_id: str | None = None,
) -> None:
    """Let a transaction put a step of an incident on record; ``by`` None: the workflow did it. ``words`` are
    hashed, ``said`` are codes and numbers. With a ``step_id`` of the caller's it fails when it is there.
    """
    made = IncidentStep(
        company_id=chain,
        incident_id=incident.incident_id,
        step_id=step_id or ids.new("ist"),
        act=act,
        by=by,
        at=clock.now(),
        state=incident.state,
        concerns_id=concerns,
        said=None if said is None else dict(said),
        number=number,
        words_hash=None if words is None else store.incidents.words_hash(words),
    )
    transaction.put_new(store.incidents.STEPS, made)


def check_look(look: Look) -> None:
    """Refuse a look that finds nobody because it says nothing.

    Raises:
        InvalidError: a window that ends before it begins, or begins in the future or before what the log
            still has, or ends where it will not be for long; no way in and no place; a place without saying
            what of it; what there is not.
    """
    by_log = look.actor_id is not None or look.session_id is not None
    what = bool(look.categories or look.kinds)
    known = {fields.declaration(one).kind for one in catalogue.every()}
    wrong = {
        "until_at": (look.until_at <= look.from_at and "before_it_begins")
        or (by_log and look.until_at > clock.now() + AHEAD and "in_the_future"),
        "from_at": look.from_at > clock.now() and "in_the_future",
        "kinds": not known.issuperset(look.kinds) and "unknown",
        "company_ids": (not by_log and not look.company_ids and not look.everywhere and "required")
        or (look.everywhere and bool(look.company_ids or by_log) and "does_not_fit")
        or (not all(ids.is_id(one, "co") for one in look.company_ids) and "malformed"),
        "categories": not by_log and not what and "required",
    }
    if by_log and look.from_at < clock.now() - int(LOGS.total_seconds()):
        wrong["from_at"] = "log_is_gone"
    errors = [FieldError(name, code) for name, code in wrong.items() if code]
    # A company that is mistyped must not be looked for in vain, and found untouched.
    if not errors and not all(map(_is_known, look.company_ids)):
        errors = [FieldError("company_ids", "unknown")]
    if errors:
        raise InvalidError(errors=errors)


def _is_known(company_id: str) -> bool:
    """Whether there is such a company, or was: what a hold keeps of it is out of sight, not gone."""
    if store.accounts.ACCESS.get(company_id=company_id) is not None:
        return True
    return store.cancellation.of_company(company_id) is not None


def of_look(look: Look) -> dict[str, Any]:
    """The fields of an incident that say where to look."""
    return {name: value for name, value in look._asdict().items() if name != "everywhere"}


def widened(one: Incident, look: Look) -> Incident:
    """An incident after a further look was asked for. What was known to lie open stays known: it is a fact,
    and what the look itself is for is with the work.
    """
    fields_of = of_look(look)
    for name in ("categories", "kinds"):
        fields_of[name] = tuple(sorted({*getattr(one, name), *getattr(look, name)}))
    return replace(one, changes=one.changes + 1, **fields_of)


def looking(work: IncidentWork, look: Look) -> IncidentWork:
    """The work before it, with another look to be done."""
    return replace(
        work,
        look=work.look + 1,
        phase="",
        cursor="",
        within="",
        everywhere=look.everywhere,
        categories=look.categories,
        kinds=look.kinds,
    )


def said_of(look: Look) -> dict[str, str]:
    """What evidence says of a look."""
    found = {
        "from_at": clock.rfc3339(look.from_at),
        "until_at": clock.rfc3339(look.until_at),
        "actor_id": look.actor_id,
        "session_id": look.session_id,
        "companies": "all" if look.everywhere else str(len(look.company_ids)),
        "categories": " ".join(look.categories),
        "kinds": " ".join(look.kinds),
    }
    return {name: value for name, value in found.items() if value}

"""Of whom of the staff an incident is: they handle it no more than they read of it (4.3.1, 4.3.4).

Closed for the sake of those concerned: whoever is looked into would otherwise judge how bad it was, see how
far one is, and say that nobody need be told. Once somebody was looked for they stay out of it, whatever a
later look is for. To open an incident about oneself is allowed: a stolen session is told of by whoever lost
it.
"""

from __future__ import annotations

from chalicelib import store
from chalicelib.kernel import ids
from chalicelib.kernel.errors import NotFoundError, RefusedError
from chalicelib.records.incidents import Incident


def check(one: Incident, by: str | None) -> None:
    """Raises RefusedError: ``about_yourself``. The workflow (None) may go on with any."""
    if by is not None and by in one.about_staff:
        raise RefusedError("about_yourself", "This incident is about you.", clause="personnel")


def readable(incident_id: str, by: str) -> str:
    """The id of an incident that somebody of the staff may read; one read.

    Raises:
        NotFoundError; RefusedError: ``about_yourself``.
    """
    known = store.incidents.find(incident_id)
    if known is None:
        raise NotFoundError
    check(known.value, by)
    return incident_id


def staff_of(actor_id: str | None, session_id: str | None, finding_id: str | None = None) -> frozenset[str]:
    """Of whom of the staff a look for an actor or a session is, or the finding that led to it. A query where
    a session is named, a read where a finding is; a session that was ended is not known any more.
    """
    found = {actor_id}
    if session_id is not None:
        sessions = store.staff.SESSIONS.query("staff", "session#")
        found |= {one.value.staff_id for one in sessions if one.value.session_id == session_id}
    if finding_id is not None:
        finding = store.watching.finding(finding_id)
        found.add(None if finding is None else finding.value.actor_id)
    return frozenset(one for one in found if one is not None and ids.is_id(one, "stf"))

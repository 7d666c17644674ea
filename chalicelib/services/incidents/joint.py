"""People that companies shared: who of the companies shared or received them, piece by piece (4.3.4).

The agreement (appendix 2) has us tell both. A company may have received tens of thousands, so a piece ends
behind any of them: what was found goes on the lists first, each person once for each company, each company
once a piece. Whatever is done twice adds nothing.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy.register import Duty, Role, Subject
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import IncidentPerson
from chalicelib.services.incidents import finding

TOGETHER: Final = 1000
"""Entries of lists that are written at once; a few seconds."""
_KIND: Final = "added"


def look_at(work: IncidentWork, company_id: str, after: str, until: float) -> str | None:
    """Put on the list whom a company shared or received, and with them every other company that did. Where to
    go on, None when everybody was looked at.

    A query for each person; for each that is new to a list a read unit and a write unit. A person who lies
    with more than some ten thousand companies is too much for one piece.

    Raises:
        ConflictError, UnavailableError: repeated.
    """
    found: dict[str, dict[str, str]] = {}
    entries = 0
    for place, prospect_id in store.incident_work.shared_or_received(company_id, after):
        added, parties = store.prospects.shared(prospect_id, Duty.NOTIFY_INCIDENT)
        if added is not None and company_id in parties:  # still in the base, and still theirs
            # In a look everywhere the others have their own turn.
            for party in {company_id} if work.everywhere else parties:
                found.setdefault(party, {})[prospect_id] = added.country
                entries += 1
        over = clock.elapsed() > until
        if over or entries >= TOGETHER:
            _note(work, found)
            found, entries = {}, 0
        if over:
            return place
    _note(work, found)
    return None


def _note(work: IncidentWork, found: dict[str, dict[str, str]]) -> None:
    store.incident_work.add_people(
        [
            IncidentPerson(
                incident_id=work.incident_id,
                company_id=company_id,
                person_id=prospect_id,
                whose=Subject.PROSPECT,
                in_role=Role.JOINT_CONTROLLER,
                place=place,
                look=work.look,
            )
            for company_id, people in found.items()
            for prospect_id, place in people.items()
        ]
    )
    company_ids = sorted(found)
    known = store.incident_work.companies_of(work.incident_id, company_ids)
    for company_id, row in zip(company_ids, known, strict=True):
        one = finding.new(work.incident_id, company_id) if row is None else row.value
        finding.put(row, finding.in_roles(one, work.look, {Role.JOINT_CONTROLLER: True}, [_KIND]))

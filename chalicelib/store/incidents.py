"""Security incidents, in the `operator` table: the register is one partition, what belongs to an incident
another; each step is proved in the operator's chain.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from chalicelib.kernel import ids
from chalicelib.privacy.register import Duty
from chalicelib.records.incidents import (
    Incident,
    IncidentCompany,
    IncidentPerson,
    IncidentReport,
    IncidentStep,
)
from chalicelib.store.accounts import operator_hash
from chalicelib.store.table import Rows, Stored

_USE: Final = Duty.NOTIFY_INCIDENT
_OF: Final = "incident#{incident_id}"

INCIDENTS = Rows(Incident, pk="incidents", sk="incident#{incident_id}", owner=ids.OPERATOR)
COMPANIES = Rows(IncidentCompany, pk=_OF, sk="company#{company_id}", owner=ids.OPERATOR)
PEOPLE = Rows(IncidentPerson, pk=_OF, sk="person#{company_id}#{person_id}", owner=ids.OPERATOR)
REPORTS = Rows(IncidentReport, pk=_OF, sk="report#{report_id}", owner=ids.OPERATOR)
STEPS = Rows(IncidentStep, pk="{company_id}", sk="incident#{incident_id}#{step_id}")


def find(incident_id: str) -> Stored[Incident] | None:
    """One incident with its words; one read unit per 4 KB."""
    return INCIDENTS.get(incident_id=incident_id, use=_USE)


def register(limit: int, before: str | None = None, but_about: str = "") -> list[Incident]:
    """Up to ``limit`` incidents, the newest first, from before the one with id ``before``, without those
    about one of the staff. One query.
    """
    rows = INCIDENTS.query(
        "incidents",
        "incident#",
        use=_USE,
        before=None if before is None else f"incident#{before}",
        newest_first=True,
        page_size=limit,
    )
    shown = (one.value for one in rows if but_about not in one.value.about_staff)
    return list(islice(shown, limit))


def reports(incident_id: str) -> list[IncidentReport]:
    """What authorities were told, the first first; one query."""
    return [one.value for one in REPORTS.query(f"incident#{incident_id}", "report#", use=_USE)]


def steps(incident_id: str) -> list[IncidentStep]:
    """Every step on record, in order; one query."""
    return [one.value for one in STEPS.query(ids.OPERATOR, f"incident#{incident_id}#")]


def words_hash(words: str) -> str:
    """What evidence says of words that are sealed elsewhere."""
    return operator_hash("incident_words", words)

"""Who is on the list of an incident's notice: those that a look found and nobody told these words (4.3.4).

A crash anywhere ends alike: lists are added to under ids, and a company's own chain learns of it under an id
that follows from notice and company.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib import store
from chalicelib.kernel import ids
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.register import Role, Subject
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct, IncidentCompany
from chalicelib.services.incidents import opening
from chalicelib.services.incidents.course import CLIENTS, JOINT, PEOPLE
from chalicelib.services.notifications import mass

TOGETHER: Final = 200
"""People put on a list at once."""
ROLES: Final = {CLIENTS: Role.PROCESSOR, JOINT: Role.JOINT_CONTROLLER}


def fill(incident: Incident, work: IncidentWork) -> Iterator[str]:
    """Put those on the lists whom nobody has told these words; yields where it is, to go on from there."""
    part, _, after = work.listed.partition("|")
    if PEOPLE in work.under_way and part in {"", PEOPLE}:
        yield from _list_people(incident, work, after if part == PEOPLE else "")
    start_at = after if part == CLIENTS else ""
    for one in store.incident_work.companies(incident.incident_id, start_at):
        company = one.value
        for whom in ROLES:
            if whom in work.under_way and is_new(work, company, whom, work.listed_look):
                mass.add(work.under_way[whom], [(company.company_id, "")], _values(whom, company))
                _prove_told(incident, company, whom, work)
        yield f"{CLIENTS}|{company.company_id}"


def _list_people(incident: Incident, work: IncidentWork, after: str) -> Iterator[str]:
    batch: list[tuple[str, str]] = []
    place = after
    for place, one in store.incident_work.people(incident.incident_id, after):
        if one.whose is Subject.USER and work.told.get(PEOPLE, 0) < one.look <= work.listed_look:
            batch.append((one.company_id, one.person_id))
        if len(batch) == TOGETHER:
            mass.add(work.under_way[PEOPLE], batch)
            batch = []
            yield f"{PEOPLE}|{place}"
    if batch:
        mass.add(work.under_way[PEOPLE], batch)
        yield f"{PEOPLE}|{place}"


def is_new(work: IncidentWork, company: IncidentCompany, whom: str, upto: int) -> bool:
    """Whether a company that was found by some look up to this one has not been told."""
    return work.told.get(whom, 0) < company.found.get(ROLES[whom].value, 0) <= upto


def share(company: IncidentCompany) -> dict[str, str]:
    """What a client is told of its own share: numbers alone."""
    return {"records": str(company.records), "people": str(company.prospects)}


def _values(whom: str, company: IncidentCompany) -> dict[str, str]:
    return share(company) if whom == CLIENTS else {}


def _prove_told(incident: Incident, company: IncidentCompany, whom: str, work: IncidentWork) -> None:
    """Note in the company's own chain that its main administrator is told, and of how much; once for each
    notice. 6 write units.
    """
    step_id = _step_id(work.under_way[whom], company.company_id)
    known = store.incidents.STEPS.get(
        company_id=company.company_id, incident_id=incident.incident_id, step_id=step_id
    )
    if known is not None:
        return
    transaction = store.transaction.Transaction(store.table.new_op())
    opening.prove(
        transaction,
        incident,
        IncidentAct.CLIENTS_TOLD,
        chain=company.company_id,
        concerns=work.under_way[whom],
        said=share(company) if whom == CLIENTS else {"role": Role.JOINT_CONTROLLER.value},
        number=company.prospects if whom == CLIENTS else None,
        step_id=step_id,
    )
    try:
        transaction.commit()
    except ConflictError:
        return  # another run did this moment


def _step_id(mass_id: str, company_id: str) -> str:
    """The same for the same notice to the same company, so that it is proven once."""
    mixed = bytes(a ^ b for a, b in zip(ids.raw(mass_id), ids.raw(company_id), strict=True))
    return ids.from_raw("ist", mixed)

"""Incidents and how far their workflows are, as the staff see them."""

from __future__ import annotations

from typing import Any

from chalicelib.api.staff import incident_views
from chalicelib.kernel import clock
from chalicelib.privacy import incidents
from chalicelib.records.incidents import Incident, IncidentCompany
from chalicelib.services.incidents import changing, opening, reaching
from chalicelib.services.workflows import engine


def incident_view(one: Incident) -> dict[str, Any]:
    """An incident as the register shows it."""
    owed = changing.owed(one)
    waiting = incidents.waiting(owed)
    return {
        "id": one.incident_id,
        "workflow_id": one.workflow_id,
        "state": one.state.value,
        "summary": one.summary,
        "opened_by": one.opened_by,
        "opened_at": clock.rfc3339(one.opened_at),
        "aware_at": clock.rfc3339(one.aware_at),
        "assessed_at": clock.rfc3339(one.assessed_at),
        "closed_at": clock.rfc3339(one.closed_at),
        "companies": one.companies,
        "people": one.people,
        "next_due": waiting[0].name if waiting else None,
        "next_due_at": clock.rfc3339(waiting[0].ends_at) if waiting else None,
    }


def whole_view(incident_id: str) -> dict[str, Any]:
    """An incident with what is due, how far the telling is and where its workflow stands. Four reads."""
    one = opening.find(incident_id).value
    work = opening.find_work(incident_id).value
    workflow = engine.find(one.workflow_id).value
    now = clock.now()
    return {
        **incident_view(one),
        "finding_id": one.finding_id,
        "look": {
            "number": work.look,
            "complete": work.looked == work.look,
            "from_at": clock.rfc3339(one.from_at),
            "until_at": clock.rfc3339(one.until_at),
            "actor_id": one.actor_id,
            "session_id": one.session_id,
            "company_ids": list(one.company_ids),
            "everywhere": work.everywhere,
            "categories": list(one.categories),
            "kinds": list(one.kinds),
        },
        "scoped_at": clock.rfc3339(one.scoped_at),
        "contents": one.contents,
        "obligations": [incident_views.obligation(each, now) for each in changing.owed(one)],
        "telling": {
            "asked": sorted(work.asked),
            "counted": reaching.counted(work),
            "under_way": dict(work.under_way),
            "coming_back": {mass_id: what.split()[0] for mass_id, what in work.settling.items()},
            "accepted": work.accepted,
            "unreachable": work.unreachable,
            "without_account": work.stocked,
            "clients_unreached": work.clients_unreached,
            "announcement_id": one.announcement_id,
        },
        "next_follow_up_at": clock.rfc3339(one.next_follow_up_at),
        "stage": workflow.stage,
        "why": workflow.why,
        "until": clock.rfc3339(workflow.until),
    }


def company_view(one: IncidentCompany) -> dict[str, Any]:
    """What an incident has to do with a company."""
    return {
        "id": one.company_id,
        "roles": list(one.roles),
        "categories": list(one.categories),
        "users": one.users,
        "records": one.records,
        "people": one.prospects,
        "unreadable": one.unreadable,
        "opened": dict(one.opened),
        "first_at": clock.rfc3339(one.first_at),
        "last_at": clock.rfc3339(one.last_at),
    }

"""Incidents as the staff see them (``api.described.staff_incident_acts`` describes them)."""

from __future__ import annotations

from typing import Any

from chalicelib.kernel import clock
from chalicelib.privacy import incident_facts
from chalicelib.privacy.incidents import Obligation
from chalicelib.records.incidents import Incident, IncidentReport, IncidentStep
from chalicelib.services.incidents.closing import Entry


def entry(found: Entry) -> dict[str, Any]:
    """An entry of the register."""
    one = found.incident
    return {
        "id": one.incident_id,
        "workflow_id": one.workflow_id,
        "state": one.state.value,
        "opened_by": one.opened_by,
        "opened_at": clock.rfc3339(one.opened_at),
        "aware_at": clock.rfc3339(one.aware_at),
        "from_at": clock.rfc3339(one.from_at),
        "until_at": clock.rfc3339(one.until_at),
        "summary": one.summary,
        "facts": _facts(one),
        "undecided": list(incident_facts.undecided(one.facts())),
        "cause": one.cause,
        "contents": one.contents,
        "reasons": one.grounds,
        "assessed_by": one.assessed_by,
        "assessed_at": clock.rfc3339(one.assessed_at),
        "notifiable_at": clock.rfc3339(one.notifiable_at),
        "downgraded_by": one.downgraded_by,
        "downgraded_at": clock.rfc3339(one.downgraded_at),
        "contained_at": clock.rfc3339(one.contained_at),
        "follow_ups": one.follow_ups,
        "news": one.news,
        "next_follow_up_at": clock.rfc3339(one.next_follow_up_at),
        "obligations": [obligation(each, found.at) for each in found.owed],
        "reports": [report(each) for each in found.reports],
        "to_hear": found.to_hear,
        "closed_by": one.closed_by,
        "closed_at": clock.rfc3339(one.closed_at),
        "closing": one.closing,
    }


def obligation(one: Obligation, now: int) -> dict[str, Any]:
    """One thing that is owed."""
    return {
        "name": one.name,
        "toward": one.toward.value,
        "authority": None if one.authority is None else one.authority.value,
        "country": one.place or None,
        "law": one.clock.source,
        "target_is_ours": one.clock.ours,
        "starts_at": clock.rfc3339(one.starts_at),
        "ends_at": clock.rfc3339(one.ends_at),
        "done_at": clock.rfc3339(one.done_at),
        "held": one.held,
        "late": one.late(now),
    }


def report(one: IncidentReport) -> dict[str, Any]:
    """What an authority was told."""
    return {
        "id": one.report_id,
        "obligation": one.obligation,
        "authority": one.authority.value,
        "country": one.place or None,
        "kind": one.what.value,
        "reference": one.number,
        "told_at": clock.rfc3339(one.told_at),
        "due_at": clock.rfc3339(one.due_at),
        "noted_by": one.noted_by,
        "noted_at": clock.rfc3339(one.noted_at),
        "form_sha256": one.form_hash,
        "delay_reasons": one.delay_reasons,
        "words": one.words,
    }


def step(one: IncidentStep) -> dict[str, Any]:
    """One step, as evidence has it."""
    return {
        "id": one.step_id,
        "act": one.act.value,
        "by": one.by,
        "at": clock.rfc3339(one.at),
        "state": one.state.value,
        "concerns_id": one.concerns_id,
        "said": one.said or {},
        "number": one.number,
        "words_hash": one.words_hash,
    }


def _facts(one: Incident) -> dict[str, Any]:
    people = None if one.people is None else {key: int(n) for key, n in sorted(one.people.items())}
    return {
        "people": people,
        "companies": one.companies,
        "categories": list(one.categories),
        "within_only": one.within_only,
        "credentials": one.credentials,
        "significant_harm": one.significant_harm,
        "risk": None if one.risk is None else one.risk.value,
        "unreadable": one.unreadable,
        "key_evidence": one.key_evidence,
        "harm_avoided": one.harm_avoided,
        "telling_forbidden": one.telling_forbidden,
        "forbidden_under": one.forbidden_under,
        "serves_china": one.serves_china,
        "critical": one.critical,
        "level": None if one.level is None else one.level.value,
        "national": one.national,
    }

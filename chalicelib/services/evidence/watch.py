"""The access-log analysis of 4.3.1: who opened unusually much, at an odd hour, or in many companies.

Every request leaves a line ``opened`` (``api.access_log``). Once an hour the lines of the hours that are over
are added up by actor, judged by the rules of ``privacy.watching``, and what is unusual is put on record for
the security staff, in the operator's chain as well, with an alarm. Hour by hour and under keys that follow
from hour and actor, so a run that is late, dies or is repeated neither misses nor counts twice.

Fails loudly: without the log nobody is watched, so a run that cannot read it raises. Cost: a call for each
page of the log; for each actor with a busy hour a query and a write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import logs
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.privacy import watching
from chalicelib.privacy.watching import CLIENT_KINDS, HOUR, STAFF, USERS, Limits, Reading
from chalicelib.records.watching import Finding, FindingAct, FindingState, Outcome, ReadingHour

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

FUNCTIONS: Final = ("api", "staff")
"""The functions that open records for people."""
SETTLED: Final = 600
"""Seconds after its end from which an hour's lines count as complete: a function delivers them late at
times.
"""
FIRST_LOOK: Final = 24 * HOUR
"""How far back the very first run looks."""
HOURS_A_RUN: Final = 48
"""After an outage; the next run goes on."""

OF_STAFF: Final = frozenset(
    {"staff", "former_staff", "staff_login", "staff_setup", "grant", "reading", "finding"}
)
"""Kinds of records about the staff itself and its work: looking at those is not looking at users."""


@dataclass(slots=True)
class _Sum:
    """What one actor opened, added up."""

    records: int = 0
    companies: set[str] = field(default_factory=set)


def look() -> None:
    """Look through all hours that are over and have not been looked through.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: the log could not be read; the next run repeats the
        hour. UnavailableError: nor could the table.
    """
    now = clock.now()
    known = store.watching.upto()
    start = (now - FIRST_LOOK) // HOUR * HOUR if known is None else known
    end = (now - SETTLED) // HOUR * HOUR
    for hour in range(start, min(end, start + HOURS_A_RUN * HOUR), HOUR):
        for actor_id, opened in sorted(opened_in(hour).items()):
            _look_at(actor_id, hour, opened)
        store.watching.go_on(hour + HOUR)


def opened_in(hour: int) -> dict[str, _Sum]:
    """What the log says of one hour, by actor."""
    sums: dict[str, _Sum] = {}
    for function in FUNCTIONS:
        for line in logs.lines(function, "opened", hour, hour + HOUR):
            actor_id = line.get("actor_id")
            if isinstance(actor_id, str) and ids.is_id(actor_id):
                _add(sums, actor_id, line)
    return sums


def close(finding_id: str, outcome: Outcome, ticket: str, by: str) -> Finding:
    """Answer a finding; the answer stays.

    Raises:
        NotFoundError: there is none with this id.
        RefusedError: it is about whoever wants to answer it.
        ConflictError: it has been answered.
    """
    known: Stored[Finding] | None = store.watching.finding(finding_id)
    if known is None:
        raise NotFoundError
    if known.value.actor_id == by:
        raise RefusedError("about_yourself", clause="personnel")
    if known.value.state is FindingState.CLOSED:
        raise ConflictError("already_closed")
    closed = replace(
        known.value,
        state=FindingState.CLOSED,
        outcome=outcome,
        ticket=ticket,
        closed_by=by,
        closed_at=clock.now(),
    )
    store.watching.close(known, closed, _proof(closed))
    return closed


def findings(limit: int, before: str | None) -> list[Finding]:
    """Findings, newest hour first."""
    found: list[Finding] = store.watching.findings(limit, before)
    return found


def _add(sums: dict[str, _Sum], actor_id: str, line: Mapping[str, Any]) -> None:
    opened = {
        name.removeprefix("n_"): number
        for name, number in line.items()
        if name.startswith("n_") and isinstance(number, int)
    }
    of_staff = ids.is_id(actor_id, "stf")
    counts = [n for kind, n in opened.items() if (kind not in OF_STAFF if of_staff else kind in CLIENT_KINDS)]
    if not (counts or of_staff):
        return
    total = sums.setdefault(actor_id, _Sum())
    total.records += sum(counts)
    company_id = line.get("company_id")
    if isinstance(company_id, str) and ids.is_id(company_id, "co"):
        total.companies.add(company_id)


def _look_at(actor_id: str, hour: int, opened: _Sum) -> None:
    limits: Limits = STAFF if ids.is_id(actor_id, "stf") else USERS
    reading = Reading(hour, opened.records, len(opened.companies))
    if not watching.worth_noting(limits, reading):
        return
    past = [Reading(one.hour, one.records, one.companies) for one in store.watching.past(actor_id, hour)]
    for found in watching.judge(limits, reading, past):
        company_id = next(iter(opened.companies), None) if limits is USERS else None
        _put_on_record(actor_id, company_id, hour, found)
    store.watching.note(ReadingHour(actor_id=actor_id, **_numbers(reading)))


def _numbers(reading: Reading) -> dict[str, int]:
    return {"hour": reading.hour, "records": reading.records, "companies": reading.companies}


def _put_on_record(actor_id: str, company_id: str | None, hour: int, found: watching.Finding) -> None:
    made = Finding(
        finding_id=_finding_id(actor_id, hour, found.unusual),
        unusual=found.unusual,
        actor_id=actor_id,
        company_id=company_id,
        hour=hour,
        number=found.number,
        usual=found.usual,
        state=FindingState.OPEN,
        found_at=clock.now(),
    )
    try:
        store.watching.find(made, _proof(made))
    except ConflictError:
        return  # a run before this one found it
    telemetry.event("unusual_reading", finding_id=made.finding_id, unusual=found.unusual, number=found.number)


def _finding_id(actor_id: str, hour: int, unusual: watching.Unusual) -> str:
    """The same for the same thing, and sorted by hour like every id of ours."""
    names = hashlib.sha256(f"{actor_id} {hour} {unusual}".encode()).digest()
    return ids.from_raw("fnd", (hour * 1000).to_bytes(6, "big") + names[:10])


def _proof(finding: Finding) -> FindingAct:
    return FindingAct(
        company_id=ids.OPERATOR,
        finding_id=finding.finding_id,
        state=finding.state,
        unusual=finding.unusual,
        actor_id=finding.actor_id,
        concerns_id=finding.company_id,
        hour=finding.hour,
        number=finding.number,
        usual=finding.usual,
        at=clock.now(),
        outcome=finding.outcome,
        ticket=finding.ticket,
        by=finding.closed_by,
    )

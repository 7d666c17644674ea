"""Telling authorities of an incident (4.3.4): the form filled with what is known, and proof of what was sent.

People send it, by the authority's own way; here is what they send and what they say they sent. A report stops
the clock it was for, from the time at which it was made and not from when it was noted. Closed: a report that
was late says why (GDPR 33(1), PDPA Notification Regulations 2021 reg 5(3)), and nothing is told to an
authority that nothing is owed to. Open for the sake of the deadline: the first report may leave things out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError
from chalicelib.privacy import incident_forms
from chalicelib.privacy.incident_clocks import INCIDENT_CLOCKS
from chalicelib.privacy.incidents import Obligation, Toward
from chalicelib.records.incidents import (
    Incident,
    IncidentAct,
    IncidentReport,
    IncidentState,
    IncidentStep,
    ReportKind,
)
from chalicelib.services.incidents import about, changing, opening

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

_ACCOUNT: Final = frozenset(IncidentAct) - {IncidentAct.REMINDED}


class Told(NamedTuple):
    """What somebody of the staff says they told an authority. Times are epoch seconds."""

    obligation: str
    what: ReportKind
    told_at: int
    number: str | None = None
    form_hash: str | None = None
    delay_reasons: str | None = None
    words: str | None = None


def form(by: str, incident_id: str, name: str) -> dict[str, Any]:
    """The form for an obligation, by its name, filled with what is known now; two queries and two reads. It
    is not kept: its digest comes back with the report.

    Raises:
        NotFoundError: no such incident, or nothing of that name is owed to an authority.
        RefusedError: ``about_yourself``.
    """
    one = opening.find(incident_id).value
    about.check(one, by)
    owed = changing.owed(one)
    wanted = [each for each in owed if each.name == name and each.toward is Toward.AUTHORITY]
    if not wanted:
        raise NotFoundError
    work = opening.find_work(incident_id).value
    delays = [each.delay_reasons for each in reports(incident_id) if each.obligation == name]
    known = incident_forms.Known(
        facts=one.facts(),
        as_of=clock.now(),
        aware_at=one.aware_at,
        from_at=one.from_at,
        until_at=one.until_at,
        contained_at=one.contained_at,
        contents=one.contents,
        cause=one.cause,
        closing=one.closing,
        told=work.accepted,
        unreachable=work.unreachable,
        steps=[(step.at, step.act.value) for step in steps(incident_id) if step.act in _ACCOUNT],
        owed=owed,
        delay_reasons=next((each for each in delays if each is not None), None),
    )
    return incident_forms.form(wanted[0], known)


def tell(by: str, incident_id: str, told: Told) -> IncidentReport:
    """Note that an authority was told. The first report stops its clock; later ones add to it. The same one
    again (obligation, kind and time) changes nothing.

    Raises:
        NotFoundError; InvalidError: nothing of that name is owed to an authority, or was told before; a time
            before we were aware, or in the future; a late first report without reasons.
        ConflictError: ``not_first``: a follow-up of nothing; ``told``: a first report is on record.
    """
    report_id = ids.new("irp")
    made: list[IncidentReport] = []
    now = clock.now()

    def edit(one: Incident) -> Incident:
        made.clear()
        earlier = [each for each in reports(incident_id) if each.obligation == told.obligation]
        same = [each for each in earlier if (each.what, each.told_at) == (told.what, told.told_at)]
        if same:
            made.append(same[0])
            return one
        owed = _owed(one, told.obligation, earlier)
        _check(one, owed, told, earlier, now)
        made.append(_report(by, one, owed, told, report_id))
        return replace(one, reports=one.reports + 1, done={owed.name: told.told_at, **one.done})

    def keep(transaction: Transaction, _: Incident) -> None:
        transaction.put_new(store.incidents.REPORTS, made[0])

    known = opening.find(incident_id).value
    about.check(known, by)
    if known.state is IncidentState.CLOSED and told.what is ReportKind.FIRST:
        raise ConflictError("closed", "This incident has been closed.")
    said = {"obligation": told.obligation, "what": told.what.value, "number": told.number or ""}
    changing.change(
        incident_id,
        edit,
        IncidentAct.AUTHORITY_TOLD,
        by,
        said={**said, "told_at": str(told.told_at)},
        concerns_id=report_id,
        words=told.delay_reasons,
        wakes=True,
        also=keep,
    )
    return made[0]


def reports(incident_id: str) -> list[IncidentReport]:
    """What authorities were told, the first first; one query."""
    return store.incidents.reports(incident_id)


def to_hear(one: Incident, told: list[IncidentReport]) -> list[str]:
    """Names of what was told an authority and is owed no more, or was told before the facts changed last by a
    downgrade: whoever was told is to hear of that (GDPR 33(4)).
    """
    if one.downgraded_at is None:
        return []
    last: dict[str, int] = {}
    for each in told:
        last[each.obligation] = max(last.get(each.obligation, 0), each.told_at)
    return sorted(name for name, at in last.items() if at <= one.downgraded_at)


def steps(incident_id: str) -> list[IncidentStep]:
    """Every step on record, in order; one query."""
    return store.incidents.steps(incident_id)


def _owed(one: Incident, name: str, earlier: list[IncidentReport]) -> Obligation:
    for each in changing.owed(one):
        if each.name == name and each.toward is Toward.AUTHORITY:
            return each
    if earlier:  # owed no more, after a downgrade: it may still be told how it ended
        first = earlier[0]
        clocks = {each.id: each for each in INCIDENT_CLOCKS}
        clock_id, _, place = name.partition(":")
        return Obligation(
            clocks[clock_id],
            Toward.AUTHORITY,
            first.authority,
            place,
            ends_at=first.due_at,
            done_at=first.told_at,
        )
    raise InvalidError(errors=[FieldError("obligation", "not_owed")])


def _check(one: Incident, owed: Obligation, told: Told, earlier: list[IncidentReport], now: int) -> None:
    if told.told_at > now:
        raise InvalidError(errors=[FieldError("told_at", "in_the_future")])
    if told.told_at < one.aware_at:
        raise InvalidError(errors=[FieldError("told_at", "before_aware")])
    if told.what is ReportKind.FIRST:
        if earlier:
            raise ConflictError("told", "The first report of this is on record.")
        late = owed.ends_at is not None and told.told_at >= owed.ends_at
        if late and not told.delay_reasons:
            raise InvalidError(errors=[FieldError("delay_reasons", "required")])
    elif not earlier:
        raise ConflictError("not_first", "There is no first report of this on record.")


def _report(by: str, one: Incident, owed: Obligation, told: Told, report_id: str) -> IncidentReport:
    if owed.authority is None:
        raise NotFoundError
    return IncidentReport(
        incident_id=one.incident_id,
        report_id=report_id,
        what=told.what,
        obligation=owed.name,
        authority=owed.authority,
        place=owed.place,
        number=told.number,
        told_at=told.told_at,
        due_at=owed.ends_at,
        noted_by=by,
        noted_at=clock.now(),
        form_hash=told.form_hash,
        delay_reasons=told.delay_reasons,
        words=told.words,
    )

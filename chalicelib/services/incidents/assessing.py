"""Judging an incident (4.3.4): its facts as they are found out, the assessment, and the way down.

Facts may go either way until somebody has assessed them. From then on whatever makes less owed (a law that
falls away, a later deadline) takes a second person and reasons: closed, for the sake of the people concerned,
because an incident looks smaller to whoever has to answer for it. So does an assessment that nobody has to be
told. What makes more owed counts at once, and whoever waits is woken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, RefusedError
from chalicelib.privacy import incidents
from chalicelib.privacy.incident_facts import contradictions, groups, undecided
from chalicelib.records.incidents import Incident, IncidentAct, IncidentState
from chalicelib.services.incidents import changing, course, holding, opening

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

FACTS: Final = frozenset(
    {
        "aware_at",
        "people",
        "companies",
        "categories",
        "within_only",
        "credentials",
        "significant_harm",
        "risk",
        "unreadable",
        "key_evidence",
        "harm_avoided",
        "telling_forbidden",
        "forbidden_under",
        "serves_china",
        "critical",
        "level",
        "national",
        "cause",
        "closing",
    }
)
"""What can be found out; everything else about an incident happens."""
_WORDS: Final = ("cause", "closing")
"""Those that are words: sealed, and no part of the evidence but by their hash."""


def change_facts(by: str, incident_id: str, found: Mapping[str, Any], reasons: str) -> Incident:
    """Note what has been found out; ``found`` by the names of ``FACTS``. The deadlines follow at once.

    Raises:
        NotFoundError; InvalidError: facts that cannot be so together.
        ConflictError: ``closed``; ``falls_away``: assessed already, and less would be owed (``downgrade``).
        RefusedError: ``second_person``: we would have been aware later, says the one who opened it.
    """

    def edit(one: Incident) -> Incident:
        made = _with(one, found)
        if made.aware_at > one.aware_at and by == one.opened_by:
            raise _second_person()
        if one.assessed_at is not None and _eased(one, made):
            raise ConflictError(
                "falls_away", "Less would be owed: that takes a downgrade by a second person."
            )
        return changing.judged(made)

    return _change(
        incident_id,
        edit,
        IncidentAct.FACTS_CHANGED,
        by,
        said=_said(found),
        words=_words(found, reasons),
    )


def assess(by: str, incident_id: str, reasons: str) -> Incident:
    """Assess an incident by its facts (PDPA s26C): whether anybody has to be told follows from them. Here the
    three days of s26D(1) begin. Again by the same person it changes nothing.

    Raises:
        NotFoundError; InvalidError: facts that nobody has found out yet, or that contradict each other.
        ConflictError: ``closed``, or ``assessed`` by somebody already.
        RefusedError: ``second_person``: nobody would have to be told, and the one who opened it says so.
    """

    def edit(one: Incident) -> Incident:
        _check_open(one)
        if one.assessed_at is not None:
            if one.assessed_by == by:
                return one
            raise ConflictError("assessed", "This incident has been assessed already.")
        facts = one.facts()
        errors = [FieldError(name, "undecided") for name in undecided(facts)]
        errors += [FieldError("facts", code) for code in contradictions(facts)]
        if errors:
            raise InvalidError(errors=errors)
        told = incidents.notifiable(changing.owed(one))
        if not told and by == one.opened_by:
            raise _second_person()
        state = IncidentState.NOTIFIABLE if told else IncidentState.NOT_NOTIFIABLE
        made = replace(one, state=state, assessed_by=by, assessed_at=clock.now(), grounds=reasons)
        return changing.judged(made)

    return changing.change(incident_id, edit, IncidentAct.ASSESSED, by, words=reasons, wakes=True)


def downgrade(by: str, incident_id: str, found: Mapping[str, Any], reasons: str) -> Incident:
    """Note facts after the assessment by which less is owed; nobody who opened or assessed it does that. With
    nothing left to tell anybody it is not notifiable, and stays in the register. What was told stays told:
    who was is to hear of it (``authorities.to_hear``).

    Raises:
        NotFoundError; InvalidError: facts that cannot be so together, or nothing that eases anything.
        ConflictError: ``closed``, or ``not_assessed`` yet.
        RefusedError: ``second_person``.
    """

    def edit(one: Incident) -> Incident:
        _check_open(one)
        if one.assessed_at is None:
            raise ConflictError("not_assessed", "Nobody has assessed this incident yet.")
        if by in {one.assessed_by, one.opened_by}:
            raise _second_person()
        made = _with(one, found)
        told = incidents.notifiable(changing.owed(made))
        if not _eased(one, made) and (told or one.state is IncidentState.NOT_NOTIFIABLE):
            raise InvalidError(errors=[FieldError("facts", "eases_nothing")])
        # Facts that ease one thing may bring another, whose days begin now.
        return changing.judged(
            replace(
                made,
                state=IncidentState.NOTIFIABLE if told else IncidentState.NOT_NOTIFIABLE,
                downgraded_by=by,
                downgraded_at=clock.now(),
                grounds=reasons,
            )
        )

    return _change(
        incident_id,
        edit,
        IncidentAct.DOWNGRADED,
        by,
        said=_said(found),
        words=_words(found, reasons),
    )


def _change(
    incident_id: str,
    edit: Callable[[Incident], Incident],
    act: IncidentAct,
    by: str,
    *,
    said: Mapping[str, str],
    words: str,
) -> Incident:
    """Note facts, and stop a notice to people that by these may not go on: an authority forbids it, or comes
    first. The workflow does so as well, should this be lost.
    """

    def also(transaction: Transaction, made: Incident) -> None:
        if course.held_back(made) is not None:
            work = opening.find_work(incident_id)
            # Written also where it stays as it is: a notice that is begun this moment loses against this.
            transaction.replace(store.incident_work.WORK, work, holding.set_aside(made, work.value))

    made = changing.change(incident_id, edit, act, by, said=said, words=words, wakes=True, also=also)
    if course.held_back(made) is not None and made.state is not IncidentState.CLOSED:
        holding.hold(made, opening.find_work(incident_id))
    return made


def _with(one: Incident, found: Mapping[str, Any]) -> Incident:
    """An incident with other facts.

    Raises:
        InvalidError: unknown ones, or such as cannot be. ConflictError: ``closed``.
    """
    _check_open(one)
    errors = [FieldError(name, "unknown_field") for name in found if name not in FACTS]
    if found.get("aware_at", 0) > clock.now():
        errors.append(FieldError("aware_at", "in_the_future"))
    try:
        groups(found.get("people") or {})
    except ValueError:
        errors.append(FieldError("people", "malformed"))
    if errors:
        raise InvalidError(errors=errors)
    made = replace(one, **found)
    if made != one:
        made = replace(made, changes=one.changes + 1)
    errors = [FieldError("facts", code) for code in contradictions(made.facts())]
    if errors:
        raise InvalidError(errors=errors)
    return made


def _check_open(one: Incident) -> None:
    if one.state is IncidentState.CLOSED:
        raise ConflictError("closed", "This incident has been closed.")


def _eased(before: Incident, after: Incident) -> tuple[str, ...]:
    return incidents.eased(changing.owed(before), changing.owed(after))


def _second_person() -> RefusedError:
    return RefusedError("second_person", "Somebody else has to say that less is owed.", clause="incidents")


def _words(found: Mapping[str, Any], reasons: str) -> str:
    return "\n".join((reasons, *(found.get(name) or "" for name in _WORDS)))


def _said(found: Mapping[str, Any]) -> dict[str, str]:
    """Facts as evidence names them: codes and numbers."""
    return {name: _word(value) for name, value in sorted(found.items()) if name not in _WORDS}


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={number}" for key, number in sorted(value.items()))
    if isinstance(value, tuple | list):
        return " ".join(sorted(str(one) for one in value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

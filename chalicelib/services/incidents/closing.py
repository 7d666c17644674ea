"""The end of an incident (4.3.4): contained, followed up, reported on, closed; and the register of them all.

Closed for the sake of the people concerned: an incident that is not assessed or not contained, and one of
which anything is still owed to anybody, stays open, and its workflow reminds of it. Nothing is taken out of
the register, notifiable or not (GDPR 33(5)); what was closed is not opened again, a new incident names it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError
from chalicelib.privacy.incidents import Obligation
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct, IncidentReport, IncidentState
from chalicelib.services.incidents import about, authorities, changing, course, opening
from chalicelib.services.incidents.course import WEEK

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


LONGEST: Final = 31 * 86_400
"""Until the next news at most, seconds; our choice."""


class Entry(NamedTuple):
    """An entry of the register, as it stands at ``at`` (epoch seconds)."""

    incident: Incident
    owed: tuple[Obligation, ...]
    reports: list[IncidentReport]
    to_hear: list[str]
    at: int


def contain(by: str, incident_id: str, at: int, words: str) -> Incident:
    """Note that the incident is contained: what caused it is stopped. From then the CAC's summary counts. An
    earlier time may be noted later on, a later one not.

    Raises:
        NotFoundError; ConflictError: ``closed``; ``contained`` at an earlier time already.
        InvalidError: in the future, or before it happened.
    """

    def edit(one: Incident) -> Incident:
        _check_open(one)
        wrong = "in_the_future" if at > clock.now() else "before_it_happened" if at < one.from_at else None
        if wrong is not None:
            raise InvalidError(errors=[FieldError("contained_at", wrong)])
        if one.contained_at is not None and at > one.contained_at:
            raise ConflictError("contained", "This incident was contained earlier, as noted.")
        return replace(one, contained_at=at)

    return changing.change(
        incident_id,
        edit,
        IncidentAct.CONTAINED,
        by,
        said={"contained_at": str(at)},
        words=words,
        wakes=True,
    )


def follow_up(by: str, incident_id: str, words: str, next_at: int | None) -> Incident:
    """Note what has been learnt and done since, and when the next look is due (None: as ever, weekly).

    Raises:
        NotFoundError; ConflictError: ``closed``. InvalidError: a next time that is not to come, or one more
            than ``LONGEST`` seconds away: those who were told would wait for news, and nobody be reminded.
    """
    wait = WEEK if next_at is None else next_at - clock.now()
    if not 0 < wait <= LONGEST:
        raise InvalidError(errors=[FieldError("next_at", "in_the_past" if wait <= 0 else "too_far_away")])

    def edit(one: Incident) -> Incident:
        _check_open(one)
        return replace(one, follow_ups=one.follow_ups + 1, next_follow_up_at=next_at, news=words)

    return changing.change(incident_id, edit, IncidentAct.FOLLOWED_UP, by, words=words, wakes=True)


def close(by: str, incident_id: str, words: str) -> Incident:
    """Close an incident with its report; the same again by the same person changes nothing.

    Raises:
        NotFoundError; ConflictError: ``closed`` by somebody else, ``not_assessed``, ``not_contained``;
            ``still_owed``, with the names of what is, or of what is left of the telling.
    """

    def edit(one: Incident) -> Incident:
        if one.state is IncidentState.CLOSED:
            if (one.closed_by, one.closing) == (by, words):
                return one
            _check_open(one)
        if one.assessed_at is None:
            raise ConflictError("not_assessed", "Nobody has assessed this incident yet.")
        if one.contained_at is None:
            raise ConflictError("not_contained", "Nobody has said that this incident is contained.")
        left = [each.name for each in changing.owed(one) if each.open]
        if left:
            raise ConflictError("still_owed", "Something is still owed.", more={"owed": left})
        unheard = authorities.to_hear(one, authorities.reports(incident_id))
        if unheard:
            raise ConflictError("still_owed", "Who was told is to hear the end.", more={"owed": unheard})
        return replace(one, state=IncidentState.CLOSED, closed_by=by, closed_at=clock.now(), closing=words)

    def also(transaction: Transaction, _: Incident) -> None:
        work = opening.find_work(incident_id)
        _check_told(work.value)
        transaction.check(store.incident_work.WORK, work)  # what the workflow begins this moment

    return changing.change(incident_id, edit, IncidentAct.CLOSED, by, words=words, wakes=True, also=also)


def find(incident_id: str, by: str) -> Incident:
    """An incident with its words, for whoever wants to read it; one read.

    Raises:
        NotFoundError; RefusedError: ``about_yourself``.
    """
    one = opening.find(incident_id).value
    about.check(one, by)
    return one


def entry(one: Incident) -> Entry:
    """An incident as the register shows it (GDPR 33(5): facts, effects, remedial action), with what was told
    whom and which deadline was kept. One query.
    """
    told = authorities.reports(one.incident_id)
    return Entry(one, changing.owed(one), told, authorities.to_hear(one, told), clock.now())


def register(limit: int, before: str | None, by: str) -> list[Entry]:
    """Up to ``limit`` entries, the newest first, from before the one with id ``before``, without those about
    whoever asks; a query, and one for each entry.
    """
    return [entry(one) for one in opening.register(limit, before, by)]


def _check_told(work: IncidentWork) -> None:
    left = course.left_to_tell(work)
    if left:
        raise ConflictError("still_owed", "The telling is not over.", more={"owed": list(left)})


def _check_open(one: Incident) -> None:
    if one.state is IncidentState.CLOSED:
        raise ConflictError("closed", "This incident has been closed.")

"""Where the workflow of an incident goes on (4.3.4): it follows from the rows alone, anew at every step.

Nobody notes what comes next, so a step that is lost, done twice or overtaken by somebody of the staff ends
alike: the next one looks at what there is. An act of the staff moves the workflow in its own transaction and
then wakes it; if the waking is lost, the sweep finds it.
"""

from __future__ import annotations

from typing import Final

from chalicelib.privacy import incidents
from chalicelib.privacy.incident_facts import Authority
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentState
from chalicelib.records.workflows import OVER

SCOPE: Final = "scope"
ASSESS: Final = "assess"
TELL: Final = "tell"
REACH: Final = "reach"
ANNOUNCE: Final = "announce"
FOLLOW: Final = "follow"

WEEK: Final = 7 * 86_400
"""How often those who were told are owed news, and staff reminded; our choice."""
WARN: Final = 6 * 3600
"""So long before a deadline staff are reminded, seconds, if there is as much time; our choice."""

CLIENTS: Final = "clients"
JOINT: Final = "joint"
PEOPLE: Final = "people"
AUDIENCES: Final = (CLIENTS, JOINT, PEOPLE)
"""Whom an incident's notices are for: main administrators of clients whose data it is, those of companies
that shared or received people, and our own users.
"""


def stage_of(incident: Incident, work: IncidentWork) -> str:
    """What is to be done next."""
    if incident.state is IncidentState.CLOSED:
        return OVER
    if work.looked < work.look:
        return SCOPE
    if work.under_way and work.listed != LISTED:
        return TELL
    if must_announce(work) and held_back(incident) is None:
        return ANNOUNCE
    if work.under_way:
        return REACH
    if wanted(incident, work):
        return TELL
    if work.settling:
        return REACH
    return ASSESS if incident.state is IncidentState.OPEN else FOLLOW


LISTED: Final = "all"
"""Everybody is on the list of a notice that is under way."""


def untold(work: IncidentWork) -> tuple[str, ...]:
    """Whom staff wanted told and who may hold somebody that a later look has found."""
    return tuple(whom for whom in AUDIENCES if whom in work.asked and work.told.get(whom, 0) < work.looked)


def wanted(incident: Incident, work: IncidentWork) -> tuple[str, ...]:
    """Whom the next notices are for: those of `untold` who may be told now."""
    held = held_back(incident) is not None
    return tuple(whom for whom in untold(work) if not (held and whom == PEOPLE))


def held_back(incident: Incident) -> str | None:
    """Why nothing is said to people, one by one or in public; None: it may be. Clients are told all the same,
    they decide about their people themselves. Closed for the sake of an authority's inquiry: an order forbids
    it (PDPA s26D(6)), or the PDPC is to hear of it and has not, and hears before people do (s26D(2)).
    """
    if incident.telling_forbidden:
        return "telling_forbidden"
    owed = incidents.obligations(incident.facts(), incident.moments())
    if any(one.open and one.authority is Authority.PDPC for one in owed):
        return "authority_first"
    return None


def waits_for_authority(incident: Incident, work: IncidentWork) -> str | None:
    """Why people whom staff wanted told are not told yet; None if nothing holds them back, or nobody is."""
    owed = PEOPLE in untold(work) or must_announce(work)
    return held_back(incident) if owed else None


def left_to_tell(work: IncidentWork) -> tuple[str, ...]:
    """What of the telling is not over, by name; none of it may be cut off by a closing report."""
    found = {
        "look": work.looked < work.look,
        # Also of a notice that was counted: a day later it is counted once more, for what came back late.
        "telling": bool(work.under_way or work.aside or untold(work) or work.settling),
        "announcement": must_announce(work),
    }
    return tuple(name for name, left in found.items() if left)


def must_announce(work: IncidentWork) -> bool:
    """Whether some of those concerned can be told in public only, and these words have not been. Clients whom
    no mail reached are telephoned: what is theirs is not said in public.
    """
    words = work.asked.get(PEOPLE)
    return words is not None and words != work.announced and work.stocked + work.unreachable > 0


def reminders(incident: Incident, now: int) -> dict[str, int]:
    """What staff are to be reminded of by now: deadlines that come within ``WARN`` seconds or are over, and
    news that are owed; name, with ``:over`` behind it, and when it is due.
    """
    found = {}
    for one in incidents.waiting(incidents.obligations(incident.facts(), incident.moments())):
        if one.ends_at is not None and one.ends_at - WARN <= now:
            found[f"{one.name}:over" if one.ends_at <= now else one.name] = one.ends_at
    if incident.next_follow_up_at is not None and incident.next_follow_up_at <= now:
        found["news"] = incident.next_follow_up_at
    return found


def goes_on_at(incident: Incident, now: int) -> int:
    """When there may be something to remind of next, epoch seconds; in a week at the latest."""
    moments = [now + WEEK, incident.next_follow_up_at or 0]
    for one in incidents.waiting(incidents.obligations(incident.facts(), incident.moments())):
        ends_at = one.ends_at or 0
        moments += [ends_at - WARN, ends_at]
    return min(at for at in moments if at > now)

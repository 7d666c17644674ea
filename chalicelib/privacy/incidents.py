"""Security incidents: which laws want what of whom until when, from what is known now (4.3.4).

Promise: what is owed follows from the facts and the times alone, anew whenever they change; nothing is noted
once and forgotten. What nobody has found out yet counts as the worst, so a clock runs until somebody says
why it need not: closed, for the sake of the people concerned. An exemption counts when it is shown. Cost: in
the first hours of an incident deadlines are shown that may turn out not to apply.

Roles: for data that is ours or joint we tell authorities and people; for data we keep for clients we tell the
clients, and nobody else. Sources: PDPA ss26A-26E and its Notification of Data Breaches Regulations 2021; GDPR
33, 34; UK GDPR; PIPL 57; the CAC's reporting measures (2025); Network Data Security Regulations. What counsel
has to confirm: docs/decisions/2026-11-23-incidents.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from chalicelib.privacy import clocks
from chalicelib.privacy import incident_clocks as of
from chalicelib.privacy.clocks import LegalClock, Start, Stop
from chalicelib.privacy.incident_facts import CHINA, NOWHERE, Authority, Facts, Group, Level, Moments, Risk

PDPA_SCALE: Final = 500
"""From so many people on a breach is notifiable whatever the harm (Notification Regulations 2021 reg 4)."""
EEA: Final = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT"}
    | {"LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)
BRITAIN: Final = "GB"


class Toward(StrEnum):
    """Whom something is owed to."""

    OURSELVES = "ourselves"
    AUTHORITY = "authority"
    CLIENTS = "clients"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that is owed: by which clock, whom to, and how far it is. ``starts_at`` None: what starts it
    has not happened.
    """

    clock: LegalClock
    toward: Toward
    authority: Authority | None = None
    place: str = ""
    starts_at: int | None = None
    ends_at: int | None = None
    done_at: int | None = None
    held: bool = False
    """An authority forbids it for now; nothing may be told until it does not any more."""

    @property
    def name(self) -> str:
        """``gdpr_authority:DE``."""
        return f"{self.clock.id}:{self.place}" if self.place else self.clock.id

    @property
    def done_key(self) -> str:
        """Under which name its stop is noted: an authority is told for each, people and clients once."""
        stop = self.clock.stop
        return self.name if stop is None or stop is Stop.AUTHORITY_TOLD else stop.value

    @property
    def open(self) -> bool:
        """Whether it still has to be done."""
        return self.done_at is None

    def late(self, now: int) -> bool:
        """Whether its time is, or was, over when it was done."""
        return self.ends_at is not None and (now if self.done_at is None else self.done_at) >= self.ends_at


def obligations(facts: Facts, moments: Moments) -> tuple[Obligation, ...]:
    """Everything that is owed by what is known now, with its deadline, law by law."""
    owed = [
        Obligation(of.PDPA_ASSESS, Toward.OURSELVES),
        *_pdpa(facts),
        *_clients(facts),
        *_gdpr(facts),
        *_china(facts),
    ]
    if _owed_to_somebody(owed) and not facts.unreadable and not facts.within_only:
        owed.append(_people(of.POLICY_PEOPLE, facts))
    return tuple(_timed(one, moments) for one in owed)


def waiting(found: Iterable[Obligation]) -> list[Obligation]:
    """What still has to be done and runs, the first due first; what an authority holds up is not among it."""
    running = [one for one in found if one.open and one.ends_at is not None and not one.held]
    return sorted(running, key=lambda one: (one.ends_at or 0, one.name))


def notifiable(found: Iterable[Obligation]) -> bool:
    """Whether anybody outside has to be told, by what is known."""
    return any(one.toward is not Toward.OURSELVES for one in found)


def eased(before: Iterable[Obligation], after: Iterable[Obligation]) -> tuple[str, ...]:
    """What is owed less than before: names of what fell away, is held up, or ends later, and was not done."""
    now = {one.name: one for one in after}
    laws = {one.clock for one in now.values()}
    found = []
    for one in before:
        other = now.get(one.name)
        found_out = one.place == NOWHERE and one.clock in laws  # whose authority it is
        if not one.open or (other is None and found_out):
            continue
        gone = other is None or (other.held and not one.held)
        if gone or (one.ends_at is not None and _after(other, one.ends_at)):
            found.append(one.name)
    return tuple(found)


def _after(one: Obligation | None, ends_at: int) -> bool:
    return one is None or one.ends_at is None or one.ends_at > ends_at


def _pdpa(facts: Facts) -> list[Obligation]:
    own = facts.own()
    if facts.within_only or own == {}:
        return []  # s26B(4): what stays within the organisation is not notifiable
    # Deemed harm cannot be argued away (reg 3); a technical measure spares telling people, not the PDPC.
    harm = facts.significant_harm is not False or facts.credentials is not False
    many = own is None or sum(own.values()) >= PDPA_SCALE
    found = []
    if harm or many:
        found.append(Obligation(of.PDPA_AUTHORITY, Toward.AUTHORITY, Authority.PDPC))
    if harm and not facts.unreadable and not facts.harm_avoided:  # s26D(5)
        found.append(_people(of.PDPA_PEOPLE, facts))
    return found


def _clients(facts: Facts) -> list[Obligation]:
    """The clients decide whom they tell: harm, numbers and what was encrypted are theirs to weigh."""
    theirs = facts.clients()
    if theirs == {}:
        return []
    found = [Obligation(of.PDPA_CLIENTS, Toward.CLIENTS)]
    if _among(theirs, EEA) or _among(theirs, {BRITAIN}):
        found.append(Obligation(of.GDPR_CLIENTS, Toward.CLIENTS))
    return found


def _gdpr(facts: Facts) -> list[Obligation]:
    own = facts.own()
    if facts.risk is Risk.UNLIKELY:
        return []
    found = [
        Obligation(of.GDPR_AUTHORITY, Toward.AUTHORITY, Authority.EEA, country)
        for country in sorted(_among(own, EEA))
    ]
    british = _among(own, {BRITAIN})
    if british:
        found.append(Obligation(of.UK_AUTHORITY, Toward.AUTHORITY, Authority.ICO))
    high = facts.risk is not Risk.RISK and not facts.unreadable and not facts.harm_avoided  # 34(3)(a), (b)
    if found and high:
        found.append(_people(of.GDPR_PEOPLE, facts))
    return found


def _china(facts: Facts) -> list[Obligation]:
    found = []
    if _among(facts.own(), {CHINA}):
        found.append(Obligation(of.PIPL_AUTHORITY, Toward.AUTHORITY, Authority.CAC))
        if not facts.harm_avoided:
            found.append(_people(of.PIPL_PEOPLE, facts))
    if facts.serves_china is False:
        return found
    if facts.level is not Level.GENERAL:
        first = of.CAC_CRITICAL if facts.critical else of.CAC_REPORT
        found.append(Obligation(first, Toward.AUTHORITY, Authority.CAC))
        found.append(Obligation(of.CAC_SUMMARY, Toward.AUTHORITY, Authority.CAC))
    if facts.national is not False:
        found.append(Obligation(of.NDSR_REPORT, Toward.AUTHORITY, Authority.CAC))
    return found


def _people(clock: LegalClock, facts: Facts) -> Obligation:
    return Obligation(clock, Toward.PEOPLE, held=facts.telling_forbidden)


def _owed_to_somebody(owed: Iterable[Obligation]) -> bool:
    """Whether it is about people we answer for: clients answer for theirs."""
    own = {
        of.PDPA_AUTHORITY,
        of.PDPA_PEOPLE,
        of.GDPR_AUTHORITY,
        of.UK_AUTHORITY,
        of.PIPL_AUTHORITY,
    }
    return any(one.clock in own for one in owed)


def _among(counted: Mapping[Group, int] | None, wanted: Iterable[str]) -> set[str]:
    """Which of these countries people are from. Who is not counted, or of an unknown country, may be: that is
    one more country, to be found out.
    """
    if counted is None:
        return {NOWHERE}
    there = {group.country for group in counted}
    return there & {*wanted, NOWHERE}


def _timed(one: Obligation, moments: Moments) -> Obligation:
    starts = {
        Start.AWARE: moments.aware_at,
        Start.ASSESSED: moments.notifiable_at,
        Start.CONTAINED: moments.contained_at,
    }
    at = starts[one.clock.start]
    done = moments.assessed_at if one.clock is of.PDPA_ASSESS else moments.done.get(one.done_key)
    ends_at = None if at is None else clocks.ends(one.clock, at)
    return replace(one, starts_at=at, ends_at=ends_at, done_at=done)

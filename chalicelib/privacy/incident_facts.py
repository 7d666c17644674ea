"""What is known of a security incident: who is concerned, how badly, and what of it has been shown (4.3.4).

What nobody has found out is None and counts as the worst; what exempts is False until somebody shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from chalicelib.privacy.register import Category, Role, Subject

NOWHERE: Final = "ZZ"
"""A country that nobody knows: every law that may apply does."""
CAC_SCALE: Final = 1_000_000
"""From so many people in China on an incident is at least relatively major (to confirm)."""
CHINA: Final = "CN"


class Risk(StrEnum):
    """To the rights and freedoms of people (GDPR 33(1), 34(1))."""

    UNLIKELY = "unlikely"
    RISK = "risk"
    HIGH = "high"


class Level(StrEnum):
    """Of the CAC's scale of network incidents; from the second on they are reported."""

    GENERAL = "general"
    RELATIVELY_MAJOR = "relatively_major"
    MAJOR = "major"
    EXTREMELY_MAJOR = "extremely_major"


class Authority(StrEnum):
    """Who is told."""

    PDPC = "pdpc"
    EEA = "eea"
    """Of each country whose people are concerned: without an establishment there no single one leads."""
    ICO = "ico"
    CAC = "cac"


@dataclass(frozen=True, slots=True)
class Group:
    """People of one kind in one country, and in which role we hold what is concerned of theirs."""

    role: Role
    subject: Subject
    country: str

    @property
    def key(self) -> str:
        """``controller/user/SG``."""
        return f"{self.role.value}/{self.subject.value}/{self.country}"


def groups(counted: Mapping[str, int]) -> dict[Group, int]:
    """Numbers by group from numbers by key. Raises ValueError for what is no key or less than nobody."""
    found: dict[Group, int] = {}
    for key, number in counted.items():
        role, subject, country = key.split("/")
        if int(number) < 0 or len(country) != len(NOWHERE) or not country.isupper():
            raise ValueError("not a group of people")
        found[Group(Role(role), Subject(subject), country)] = int(number)
    return found


def together(
    known: Mapping[str, int] | None, before: Mapping[str, int], counted: Mapping[str, int]
) -> dict[str, int]:
    """Numbers by key after everybody was counted again; ``before`` is what the count before this one found.

    Never less than what is ``known``, whoever found it out: looking elsewhere eases nothing. And no more than
    what this count adds to that, so that a correction (a country that was found out, an upper bound that a
    second person brought down) is not undone by looking elsewhere either.
    """
    if known is None:
        return dict(sorted(counted.items()))
    found = {}
    for key in sorted(known.keys() | counted.keys()):
        there, now = int(known.get(key, 0)), int(counted.get(key, 0))
        found[key] = max(there, min(now, there + now - int(before.get(key, 0))))
    return {key: number for key, number in found.items() if number}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known. None: nobody has found out. What exempts is False until it is shown."""

    people: Mapping[Group, int] | None = None
    categories: frozenset[Category] = frozenset()
    within_only: bool = False
    credentials: bool | None = None
    significant_harm: bool | None = None
    risk: Risk | None = None
    unreadable: bool = False
    key_evidence: str | None = None
    harm_avoided: bool = False
    telling_forbidden: bool = False
    forbidden_under: str | None = None
    serves_china: bool | None = None
    critical: bool = False
    level: Level | None = None
    national: bool | None = None

    def own(self) -> Mapping[Group, int] | None:
        """Those whom we have to answer ourselves."""
        return self._of(Role.CONTROLLER, Role.JOINT_CONTROLLER)

    def clients(self) -> Mapping[Group, int] | None:
        """Those about whom somebody else has to hear from us: clients, and who shared or got joint data."""
        return self._of(Role.PROCESSOR, Role.JOINT_CONTROLLER)

    def _of(self, *roles: Role) -> Mapping[Group, int] | None:
        if self.people is None:
            return None
        return {group: n for group, n in self.people.items() if group.role in roles and n > 0}


@dataclass(frozen=True, slots=True)
class Moments:
    """The events that start clocks, and by ``Obligation.done_key`` those that stop them; epoch seconds.

    ``notifiable_at``: when it was found to be notifiable under the PDPA, at the assessment or by facts that
    came to light later.
    """

    aware_at: int
    assessed_at: int | None = None
    notifiable_at: int | None = None
    contained_at: int | None = None
    done: Mapping[str, int] = field(default_factory=dict)


def undecided(facts: Facts) -> tuple[str, ...]:
    """Facts that an assessment needs and nobody has found out: closed, because "we did not look" would
    otherwise read as "nothing happened".
    """
    missing = [] if facts.people is not None else ["people"]
    missing += [] if facts.categories else ["categories"]
    for name in ("credentials", "significant_harm", "risk", "serves_china", "national"):
        if getattr(facts, name) is None:
            missing.append(name)
    if facts.serves_china and facts.level is None:
        missing.append("level")
    return tuple(missing)


def contradictions(facts: Facts) -> tuple[str, ...]:
    """What cannot be so together, by code; each makes the incident look smaller than the law lets it."""
    in_china = sum(n for group, n in (facts.people or {}).items() if group.country == CHINA)
    found = {
        # Reg 3(1)(b): an account's name with what opens it is significant harm by law, whatever we think.
        "harm_deemed_by_law": facts.credentials is True
        and facts.significant_harm is False
        and not facts.unreadable,
        "key_evidence_missing": facts.unreadable and not facts.key_evidence,
        "order_missing": facts.telling_forbidden and not facts.forbidden_under,
        "risk_below_harm": facts.significant_harm is True and facts.risk is Risk.UNLIKELY,
        "level_too_low": facts.level is Level.GENERAL and in_china >= CAC_SCALE,
    }
    return tuple(code for code, wrong in found.items() if wrong)

"""What each authority wants to know of an incident, filled with what is known (PDPA, GDPR, PIPL, the CAC).

Promise: a form says of each question who asks it and whether its answer is there, so nobody sends half of one
without seeing it; numbers, classes and measures, and nothing about any single person concerned. Open for the
sake of the deadline: an incomplete form is shown, and may go first, with the rest to follow (GDPR 33(4)). The
authority's own page or paper is filled from it by hand. Cost: the questions are our reading of the laws; the
authorities' own forms change, and have to be looked at on the day.
"""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from chalicelib.privacy import incident_clocks as of
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.incident_contents import Content
from chalicelib.privacy.incident_facts import CHINA, NOWHERE, Authority, Facts
from chalicelib.privacy.incidents import BRITAIN, Obligation, Toward
from chalicelib.privacy.processing import CONTACT

OPERATOR: Final = "OKKI Leads AI, Singapore"
_COUNTRY: Final[Mapping[Authority | None, str]] = MappingProxyType(
    {Authority.ICO: BRITAIN, Authority.CAC: CHINA}
)
"""Whose people an authority asks about, where it is the only one of its kind; the PDPC asks about all."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a form is filled from. ``steps``: what was done, by code, and when; ``cause``, ``closing``,
    ``delay_reasons``: words of the staff.
    """

    facts: Facts
    as_of: int
    aware_at: int
    from_at: int
    until_at: int
    contained_at: int | None = None
    contents: Mapping[str, Mapping[str, str]] | None = None
    cause: str | None = None
    closing: str | None = None
    records: int | None = None
    told: int = 0
    unreachable: int = 0
    steps: Sequence[tuple[int, str]] = ()
    owed: Sequence[Obligation] = ()
    delay_reasons: str | None = None


Fill = Callable[[Known, Obligation], str | None]
"""The answer to a question; None: it is not there."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form, in both languages, with the provision that asks it."""

    name: str
    en: str
    zh: str
    source: str
    fill: Fill
    required: bool = True


def form(obligation: Obligation, known: Known) -> dict[str, Any]:
    """The form for what is owed to an authority, as JSON and as text, with what is missing in it.

    Raises:
        KeyError: it is owed to nobody with a form.
    """
    locale = "zh" if obligation.clock in _CHINESE else "en"
    asked = list(FORMS[obligation.clock.id])
    if not obligation.late(known.as_of):
        asked = [one for one in asked if one is not DELAY]
    answers = [
        {
            "name": one.name,
            "question": one.zh if locale == "zh" else one.en,
            "source": one.source,
            "required": one.required,
            "answer": one.fill(known, obligation),
        }
        for one in asked
    ]
    missing = [one["name"] for one in answers if one["required"] and not one["answer"]]
    text = "\n\n".join(f"{one['question']}\n{one['answer'] or '-'}" for one in answers)
    return {
        "obligation": obligation.name,
        "authority": None if obligation.authority is None else obligation.authority.value,
        "country": obligation.place or None,
        "law": obligation.clock.source,
        "language": locale,
        "questions": answers,
        "missing": missing,
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def _day(at: int | None) -> str | None:
    return None if at is None else f"{datetime.fromtimestamp(at, SINGAPORE):%Y-%m-%d %H:%M} (UTC+8)"


def _content(content: Content) -> Fill:
    def fill(known: Known, owed: Obligation) -> str | None:
        locale = "zh" if owed.clock in _CHINESE else "en"
        return (known.contents or {}).get(locale, {}).get(content.value)

    return fill


def _window(known: Known, _: Obligation) -> str | None:
    return f"{_day(known.from_at)} - {_day(known.until_at)}"


def _numbers(known: Known, owed: Obligation) -> str | None:
    """Of those in the authority's own country and of all, by kind."""
    own = known.facts.own()
    if own is None:
        return None
    there = owed.place or _COUNTRY.get(owed.authority, "")
    here = sum(n for group, n in own.items() if not there or group.country in {there, NOWHERE})
    kinds: dict[str, int] = {}
    for group, n in own.items():
        kinds[group.subject.value] = kinds.get(group.subject.value, 0) + n
    parts = [f"{kind}: {n}" for kind, n in sorted(kinds.items())]
    return f"{here} / {sum(own.values())} ({', '.join(parts)})" if parts else "0"


def _classes(known: Known, _: Obligation) -> str | None:
    return ", ".join(sorted(known.facts.categories)) or None


def _measured(known: Known, _: Obligation) -> str | None:
    """Harm as assessed, by codes, none of which anybody has to write twice."""
    facts = known.facts
    if facts.significant_harm is None and facts.risk is None:
        return None
    said = {
        "significant_harm": facts.significant_harm,
        "risk": facts.risk,
        "credentials": facts.credentials,
        "encrypted_unreadable": facts.unreadable,
        "harm_avoided": facts.harm_avoided,
    }
    return ", ".join(f"{name}: {_word(value)}" for name, value in said.items() if value is not None)


def _word(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _account(known: Known, _: Obligation) -> str | None:
    return "\n".join(f"{_day(at)} {what}" for at, what in known.steps) or None


def _plan(known: Known, _: Obligation) -> str | None:
    """How people are told, or why not (PDPA reg 5(4): the ground has to be given)."""
    people = [one for one in known.owed if one.toward is Toward.PEOPLE]
    if any(one.held for one in people):
        return f"held up by an order: {known.facts.forbidden_under}"
    if not people:
        grounds = {
            "stays within the organisation": known.facts.within_only,
            "encrypted, keys out of reach": known.facts.unreadable,
            "measures make harm unlikely": known.facts.harm_avoided,
            "no significant harm, no high risk": known.facts.significant_harm is False,
        }
        return "not told: " + "; ".join(name for name, holds in grounds.items() if holds)
    done = f"; told: {known.told}, not reached: {known.unreachable}" if known.told else ""
    until = _day(min((one.ends_at for one in people if one.ends_at is not None), default=None))
    return f"by e-mail, push and in the product, by {until or 'the assessment'}{done}"


def _level(known: Known, _: Obligation) -> str | None:
    return None if known.facts.level is None else known.facts.level.value


def _words(name: str) -> Fill:
    return lambda known, _: getattr(known, name)


_US: Final = Question("organisation", "Organisation", "单位", "all", lambda *_: OPERATOR)
_CONTACT: Final = Question(
    "contact", "Data protection officer, contact", "联系方式", "reg 5(2)(i); 33(3)(b)", lambda *_: CONTACT
)
_AWARE: Final = Question(
    "aware", "First aware", "发现时间", "reg 5(2)(a)", lambda known, _: _day(known.aware_at)
)
_WINDOW: Final = Question("window", "When it happened", "事件发生时间", "33(3)(a); art 5", _window)
_CAUSE: Final = Question("cause", "How it happened", "事件原因", "reg 5(2)(c); PIPL 57(1)", _words("cause"))
_NUMBERS: Final = Question(
    "people",
    "People concerned (there / in all)",
    "受影响人数（当地/合计）",
    "reg 5(2)(d); 33(3)(a)",
    _numbers,
)
_RECORDS: Final = Question(
    "records",
    "Records concerned, about",
    "受影响记录数",
    "33(3)(a)",
    lambda known, _: None if known.records is None else str(known.records),
    required=False,
)
_CLASSES: Final = Question(
    "classes", "Classes of personal data", "个人信息种类", "reg 5(2)(e); 33(3)(a); PIPL 57(1)", _classes
)
_SITUATION: Final = Question(
    "situation",
    "Nature of the incident and its likely consequences",
    "事件情况及可能造成的危害",
    "reg 5(2)(f); 33(3)(a), (c); PIPL 57(1)",
    _content(Content.SITUATION),
)
_HARM: Final = Question("harm", "Harm as assessed", "危害评估", "PDPA s26B; GDPR 33(1), 34(1)", _measured)
_ACCOUNT: Final = Question(
    "account", "Account of the steps taken, in order", "处置经过", "reg 5(2)(b)", _account
)
_MEASURES: Final = Question(
    "measures",
    "Measures taken and planned",
    "已采取和拟采取的补救措施",
    "reg 5(2)(g); 33(3)(d); PIPL 57(2)",
    _content(Content.MEASURES),
)
_ADVICE: Final = Question(
    "advice", "What people can do", "个人可以采取的减轻危害的措施", "PIPL 57(2)", _content(Content.ADVICE)
)
_PLAN: Final = Question(
    "telling", "How people are told, or why not", "告知个人的安排", "reg 5(2)(h), 5(4); 33(4)", _plan
)
_LEVEL: Final = Question("level", "Level of the incident", "事件级别", "CAC Measures art 5", _level)
_CONTAINED: Final = Question(
    "contained",
    "Contained",
    "处置完成时间",
    "CAC Measures",
    lambda known, _: _day(known.contained_at),
)
_CLOSING: Final = Question(
    "summary", "Summary and lessons", "事件总结与整改", "CAC Measures", _words("closing")
)
DELAY: Final = Question(
    "delay",
    "Reasons for the delay",
    "延迟报告的原因",
    "PDPA reg 5(3); GDPR 33(1)",
    _words("delay_reasons"),
)

_HAPPENED: Final = (_US, _CONTACT, _AWARE, _WINDOW)
_GDPR: Final = (*_HAPPENED, _SITUATION, _NUMBERS, _RECORDS, _CLASSES, _HARM, _MEASURES, _PLAN, DELAY)
_PDPA: Final = (_US, _CONTACT, _AWARE, _CAUSE, _NUMBERS, _CLASSES, _SITUATION, _HARM, _ACCOUNT)
_PIPL: Final = (_US, _CONTACT, _AWARE, _CLASSES, _CAUSE, _SITUATION, _NUMBERS, _MEASURES, _ADVICE, DELAY)
_CAC: Final = (*_HAPPENED, _LEVEL, _SITUATION, _CAUSE, _NUMBERS, _MEASURES, DELAY)

FORMS: Final[Mapping[str, tuple[Question, ...]]] = MappingProxyType(
    {
        of.PDPA_AUTHORITY.id: (*_PDPA, _MEASURES, _PLAN, DELAY),
        of.GDPR_AUTHORITY.id: _GDPR,
        of.UK_AUTHORITY.id: _GDPR,
        of.PIPL_AUTHORITY.id: _PIPL,
        of.CAC_REPORT.id: _CAC,
        of.CAC_CRITICAL.id: _CAC,
        of.CAC_SUMMARY.id: (_US, _CONTACT, _CONTAINED, _LEVEL, _CAUSE, _MEASURES, _CLOSING, DELAY),
        of.NDSR_REPORT.id: _CAC,
    }
)
"""By clock: what is owed to an authority has a form, and nothing else."""

_CHINESE: Final = frozenset(
    {of.PIPL_AUTHORITY, of.CAC_REPORT, of.CAC_CRITICAL, of.CAC_SUMMARY, of.NDSR_REPORT}
)

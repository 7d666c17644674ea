"""A case of each kind, and everything in order for each of its steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.disclosure_facts import (
    Authorised,
    Binding,
    Case,
    Contract,
    Evidence,
    Ground,
)
from chalicelib.privacy.disclosure_kinds import (
    RULES,
    Concerns,
    DisclosureKind,
    DisclosurePurpose,
    Step,
    Verdict,
)
from chalicelib.privacy.disclosures import take

NOW = int(datetime(2026, 3, 1, 9, tzinfo=UTC).timestamp())
YEAR = int(timedelta(days=365).total_seconds())
KEY = "a" * 64
ABLE = frozenset({"stf_1", "stf_2", "stf_3", "stf_9"})
"""Who of the staff may act and approve."""
WHO = ("user.name", "user.email")
PURPOSE = {
    DisclosureKind.PARTNER: DisclosurePurpose.SERVICE,
    DisclosureKind.VENDOR: DisclosurePurpose.ASSESS_DELIVERY,
    DisclosureKind.COMPLAINANT: DisclosurePurpose.COMPLAINT_HANDLING,
    DisclosureKind.AUTHORITY: DisclosurePurpose.LEGAL_DUTY,
    DisclosureKind.SUCCESSOR: DisclosurePurpose.SUCCESSION,
    DisclosureKind.PUBLIC: DisclosurePurpose.CONSENTED_PUBLICATION,
}
GROUND = Ground("Criminal Procedure Code 2010 s 20", "Order 7/2026")
BINDING = Binding("Deed of 1 March", "2025-01-16", "2025-01-16")
CONTRACT = Contract("DPA 12", DisclosurePurpose.ASSESS_DELIVERY, NOW - YEAR, NOW + YEAR)


def case(kind: DisclosureKind, **more: Any) -> Case:
    made = Case(
        kind=kind,
        purpose=PURPOSE[kind],
        concerns=Concerns.USER,
        recipient="r1",
        wanted=WHO,
        opened_by="stf_1",
        by={},
        at={},
        key=KEY,
    )
    return replace(made, **more)


def yes(of: Case, **more: Any) -> Authorised:
    made = Authorised(
        purpose=of.purpose,
        recipient=of.recipient,
        fields=frozenset(of.wanted),
        agreed=True,
        at=NOW,
        by_company=False,
    )
    return replace(made, **more)


def evidence(of: Case, step: Step) -> Evidence:
    """What each step is taken on, all in order."""
    match step:
        case Step.AUTHORISE:
            return Evidence(authorised=yes(of))
        case Step.DISCLOSE:
            return Evidence(authorised=yes(of), binding=BINDING, able=ABLE)
        case Step.CONTRACT:
            return Evidence(contract=CONTRACT)
        case Step.GROUND:
            prescribed = False if of.kind is DisclosureKind.AUTHORITY else None
            return Evidence(ground=replace(GROUND, prescribed=prescribed))
        case Step.BIND:
            return Evidence(binding=BINDING)
        case Step.ASSESS:
            return Evidence(necessary=of.wanted, key="key")
        case Step.APPROVE | Step.CONFIRM:
            return Evidence(able=ABLE, compared=KEY)
        case Step.DECIDE:
            return Evidence(verdict=Verdict.DISCLOSE, answered=True, able=ABLE, compared=KEY)
    return Evidence()


def went(of: Case, *steps: Step, now: int = NOW) -> Case:
    """The case after these steps, by one person, where a second one is needed by another."""
    for step in steps:
        by = {Step.CONFIRM: "stf_3"}.get(step, "stf_2" if step in RULES[of.kind].second else "stf_1")
        outcome = take(of, step, by, now, evidence(of, step))
        assert isinstance(outcome, Case), (step, outcome)
        of = outcome
    return of


def order(kind: DisclosureKind, concerns: Concerns = Concerns.USER) -> list[Step]:
    """One way through: the first of the alternatives that its purpose allows."""
    first = {DisclosureKind.SUCCESSOR: Step.BIND, DisclosureKind.PUBLIC: Step.AUTHORISE}
    return [next(iter(slot)) if len(slot) == 1 else first[kind] for slot in RULES[kind].order_of(concerns)]


def refused(outcome: Case | Refused, kind: DisclosureKind, reason: str) -> None:
    assert outcome == Refused(RULES[kind].clause, reason)

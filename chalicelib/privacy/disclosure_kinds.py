"""The kinds of recipients that section 3 of the policy names, as one table.

Promise: for each kind its clause, the purposes the policy gives it, what it can be about, its steps in
order, which of them need a second person, and the items of 2.2 that it may receive at all. Cost: a recipient
that fits none of them gets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.register import HOLDINGS, Category


class DisclosureKind(StrEnum):
    """Who receives."""

    PARTNER = "partner"
    """Affiliates and partners: 3.1(a), 3.1(b)."""
    VENDOR = "vendor"
    """Vendors of marketing mail: 3.1(c)."""
    COMPLAINANT = "complainant"
    """3.1(d)."""
    AUTHORITY = "authority"
    """Law enforcement, courts, regulators, professional advisers: 3.1(e)."""
    SUCCESSOR = "successor"
    """Whoever takes over in a merger, an acquisition, a liquidation: 3.2."""
    PUBLIC = "public"
    """3.3."""


class DisclosurePurpose(StrEnum):
    """What for; each as section 3 says it."""

    SALES = "sales"
    SERVICE = "service"
    ASSESS_DELIVERY = "assess_delivery"
    COMPLAINT_HANDLING = "complaint_handling"
    LEGAL_DUTY = "legal_duty"
    LEGAL_CLAIM = "legal_claim"
    VITAL_INTERESTS = "vital_interests"
    ADVICE = "advice"
    SUCCESSION = "succession"
    CONSENTED_PUBLICATION = "consented_publication"
    ORDERED_PUBLICATION = "ordered_publication"


class Concerns(StrEnum):
    """Whose data, in which of our rows."""

    USER = "user"
    CONTACT = "contact"
    MESSAGE = "message"
    COMPANY = "company"


class Step(StrEnum):
    """What can be done about a case."""

    ASK = "ask"
    """Put the question to whose data it is; before `authorise`, in no order of its own."""
    AUTHORISE = "authorise"
    CONTRACT = "contract"
    GROUND = "ground"
    BIND = "bind"
    ASSESS = "assess"
    TELL = "tell"
    DECIDE = "decide"
    APPROVE = "approve"
    DISCLOSE = "disclose"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


class Ending(StrEnum):
    """How a case ended."""

    DISCLOSED = "disclosed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """Whoever asked does not want it any more."""


class Verdict(StrEnum):
    """What is decided about a complaint."""

    DISCLOSE = "disclose"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class KindRule:
    """All that is said about one kind. Of a set in ``order`` one step is enough."""

    clause: str
    purposes: frozenset[DisclosurePurpose]
    concerns: frozenset[Concerns]
    order: tuple[frozenset[Step], ...]
    second: frozenset[Step]
    items: Mapping[Category, frozenset[str]]

    @property
    def steps(self) -> frozenset[Step]:
        """Every step its order names."""
        return frozenset().union(*self.order)


NEVER: Final[Mapping[Category, frozenset[str]]] = MappingProxyType(
    {
        Category.LOGON: frozenset({"password_verifier"}),
        Category.AUTOMATIC: frozenset({"login_verification"}),
    }
)
"""What opens an account is given to nobody, by whatever order: with it somebody could act as its owner."""

_ALL: Final[Mapping[Category, frozenset[str]]] = MappingProxyType(
    {
        category: holding.items - NEVER.get(category, frozenset())
        for category, holding in HOLDINGS.items()
        if category not in {Category.STOCKED_PROSPECT, Category.ADDED_PROSPECT}
    }
)
_WHO: Final = frozenset({"name", "company", "work_mailbox"})


def _order(*slots: str) -> tuple[frozenset[Step], ...]:
    """`"bind|authorise assess"`: steps one after the other, alternatives side by side."""
    return tuple(frozenset(Step(name) for name in slot.split("|")) for slot in slots)


_P: Final = DisclosurePurpose
RULES: Final[Mapping[DisclosureKind, KindRule]] = MappingProxyType(
    {
        DisclosureKind.PARTNER: KindRule(
            "partners",
            frozenset({_P.SALES, _P.SERVICE}),
            frozenset({Concerns.USER, Concerns.COMPANY}),
            _order("authorise", "assess", "disclose"),
            frozenset(),
            MappingProxyType(
                {
                    Category.LOGON: _WHO,
                    Category.AUTOMATIC: frozenset({"language", "subscription", "renewal"}),
                }
            ),
        ),
        DisclosureKind.VENDOR: KindRule(
            "email-vendors",
            frozenset({_P.ASSESS_DELIVERY}),
            frozenset({Concerns.MESSAGE}),
            _order("contract", "assess", "disclose"),
            frozenset(),
            MappingProxyType({Category.COMMUNICATIONS: frozenset({"subject", "html", "text", "link"})}),
        ),
        DisclosureKind.COMPLAINANT: KindRule(
            "complainant",
            frozenset({_P.COMPLAINT_HANDLING}),
            frozenset({Concerns.USER, Concerns.MESSAGE}),
            _order("assess", "tell", "decide", "disclose"),
            frozenset({Step.DECIDE}),
            MappingProxyType(
                {
                    Category.LOGON: _WHO,
                    Category.COMMUNICATIONS: frozenset({"sender", "sender_name", "subject"}),
                }
            ),
        ),
        DisclosureKind.AUTHORITY: KindRule(
            "authorities",
            frozenset({_P.LEGAL_DUTY, _P.LEGAL_CLAIM, _P.VITAL_INTERESTS, _P.ADVICE}),
            frozenset(Concerns),
            _order("ground", "assess", "approve", "disclose"),
            frozenset({Step.APPROVE}),
            _ALL,
        ),
        DisclosureKind.SUCCESSOR: KindRule(
            "merger",
            frozenset({_P.SUCCESSION}),
            frozenset({Concerns.USER, Concerns.COMPANY}),
            _order("bind|authorise", "assess", "approve", "disclose"),
            frozenset({Step.APPROVE}),
            _ALL,
        ),
        DisclosureKind.PUBLIC: KindRule(
            "public",
            frozenset({_P.CONSENTED_PUBLICATION, _P.ORDERED_PUBLICATION}),
            frozenset({Concerns.USER, Concerns.COMPANY}),
            _order("authorise|ground", "assess", "approve", "disclose"),
            frozenset({Step.APPROVE}),
            MappingProxyType({Category.LOGON: frozenset({"name", "company"})}),
        ),
    }
)


def may_receive(kind: DisclosureKind, category: Category, item: str) -> Decision:
    """Whether an item of a category may be given to such a recipient at all. Closed for what is not named."""
    rule = RULES[kind]
    if item in rule.items.get(category, frozenset()):
        return Allowed()
    return Refused(rule.clause, "field_not_allowed")

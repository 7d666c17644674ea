"""The kinds of recipients that section 3 of the policy names, as one table.

Promise: for each kind its clause, the purposes the policy gives it, what it can be about, its steps in
order, which of them approve and so need somebody else, and the items of 2.2 that it may receive at all.
Cost: a recipient that fits none of them gets nothing.
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
    CONFIRM = "confirm"
    """A whole company's data takes a second approval, by a third person."""
    DISCLOSE = "disclose"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    RELEASE = "release"
    """After the end: what was given to a prescribed agency may be told from now on."""


class Ending(StrEnum):
    """How a case ended."""

    DISCLOSED = "disclosed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """Whoever asked does not want it any more."""
    NOT_HANDED_OVER = "not_handed_over"
    """Disclosed, and when the file was asked for, the rules did not allow it any more: it is deleted."""


class Verdict(StrEnum):
    """What is decided about a complaint."""

    DISCLOSE = "disclose"
    DECLINE = "decline"


class TransferBasis(StrEnum):
    """On what data may leave Singapore (4.2; PDPA s26 and its Regulations Part 3; GDPR 45, 46, 49). Which one
    fits is a lawyer's judgement; that one is named, by whom and when, is on record.
    """

    ADEQUACY = "adequacy"
    """The law there protects comparably: GDPR 45, PDPA s26."""
    CLAUSES = "scc"
    """Standard contractual clauses, or a contract to that effect: GDPR 46(2)(c), PDPR reg. 11."""
    BINDING_RULES = "bcr"
    """Binding corporate rules: GDPR 47, PDPR reg. 11."""
    CONSENT = "consent"
    """Of whoever is concerned, for this very recipient: GDPR 49(1)(a), PDPR reg. 10."""
    CONTRACT = "contract"
    """Necessary for a contract with, or for, whoever is concerned: GDPR 49(1)(b), (c)."""
    LEGAL_CLAIM = "legal_claim"
    """GDPR 49(1)(e)."""
    PUBLIC_INTEREST = "public_interest"
    """An agreement between states included: GDPR 48, 49(1)(d)."""
    VITAL_INTERESTS = "vital_interests"
    """GDPR 49(1)(f)."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """All that is said about one kind. Of a set in ``order`` one step is enough; a step of ``second``
    approves, and is taken by somebody who has done nothing else in the case.
    """

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

    def order_of(self, concerns: Concerns) -> tuple[frozenset[Step], ...]:
        """The order for what a case is about: a whole company is approved twice, as its export is."""
        if concerns is not Concerns.COMPANY:
            return self.order
        number = self.order.index(frozenset({Step.APPROVE})) + 1
        return (*self.order[:number], frozenset({Step.CONFIRM}), *self.order[number:])


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
_APPROVED: Final = frozenset({Step.APPROVE, Step.CONFIRM})
RULES: Final[Mapping[DisclosureKind, KindRule]] = MappingProxyType(
    {
        DisclosureKind.PARTNER: KindRule(
            "partners",
            frozenset({_P.SALES, _P.SERVICE}),
            frozenset({Concerns.USER, Concerns.COMPANY}),
            _order("authorise", "assess", "approve", "disclose"),
            _APPROVED,
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
            _order("contract", "assess", "approve", "disclose"),
            _APPROVED,
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
            _APPROVED,
            _ALL,
        ),
        DisclosureKind.SUCCESSOR: KindRule(
            "merger",
            frozenset({_P.SUCCESSION}),
            frozenset({Concerns.USER, Concerns.COMPANY}),
            _order("bind|authorise", "assess", "approve", "disclose"),
            _APPROVED,
            _ALL,
        ),
        DisclosureKind.PUBLIC: KindRule(
            "public",
            frozenset({_P.CONSENTED_PUBLICATION, _P.ORDERED_PUBLICATION}),
            frozenset({Concerns.USER, Concerns.COMPANY}),
            _order("authorise|ground", "assess", "approve", "disclose"),
            _APPROVED,
            MappingProxyType({Category.LOGON: frozenset({"name", "company"})}),
        ),
    }
)


def may_open(kind: DisclosureKind, purpose: DisclosurePurpose, concerns: Concerns) -> Decision:
    """Whether such a case can be at all: the policy names the purpose for this kind, and about this data."""
    rule = RULES[kind]
    if purpose not in rule.purposes:
        return Refused(rule.clause, "purpose_outside_policy")
    if concerns not in rule.concerns:
        return Refused(rule.clause, "not_about_this")
    return Allowed()


def may_receive(kind: DisclosureKind, category: Category, item: str) -> Decision:
    """Whether an item of a category may be given to such a recipient at all. Closed for what is not named."""
    rule = RULES[kind]
    if item in rule.items.get(category, frozenset()):
        return Allowed()
    return Refused(rule.clause, "field_not_allowed")

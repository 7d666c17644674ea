"""The clause registry: each promise of the policy, under the id that code, tests and documents
share.

Promise: a refusal names one of these ids, a test marks which it shows, and the generated map
(docs/clauses.md) joins the two. Cost: `status` is a claim. "works" needs a marked test that goes
through the deployed stack, "partly" a marked test of any kind; a test holds both, and nothing but a
person can say what is still missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Status = Literal["works", "partly", "open"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise: where the policy makes it, what it means here, and where it is hard to keep."""

    id: str
    section: str
    promise: str
    hard: str
    status: Status


_ROWS: Final = (
    Clause(
        "scope-adults",
        "1",
        "Nobody under 18 gets an account; services of third parties are marked as not covered.",
        "the declaration is stored with the policy version",
        "works",
    ),
    Clause(
        "subjects",
        "2.1",
        "Each record says whether it is about a user or a prospect.",
        "one person can be both",
        "partly",
    ),
    Clause(
        "signup",
        "2.2.1(a)",
        "A company account starts from name, company and a work mailbox proved to be theirs.",
        "nobody can find out who has an account; free-mail domains are flagged",
        "works",
    ),
    Clause(
        "wechat",
        "2.2.1(b)",
        "Logging in and linking through WeChat keeps the nickname and the Open ID only.",
        "one-time state bound to browser and intent; error codes by class; secret never logged",
        "works",
    ),
    Clause(
        "automatic",
        "2.2.1(c)",
        "A login records address and device; an unknown device needs a second proof.",
        "registration date, subscription and renewals are kept",
        "works",
    ),
    Clause(
        "tracking",
        "2.2.1(d)",
        "The sender learns who opened a mail, when, how often and from which address.",
        "consent per recipient; machines told apart; a proxy's address is not the recipient's",
        "works",
    ),
    Clause(
        "communications",
        "2.2.1(e)",
        "Business mail is sent, received and kept.",
        "sealed at rest; signed for delivery; one click ends it",
        "partly",
    ),
    Clause(
        "integration",
        "2.2.1(f)",
        "Third-party services connect through webhooks and keys.",
        "signatures both ways; no request is forged into the inside",
        "open",
    ),
    Clause(
        "ai",
        "2.2.1(g)",
        "Text and searches are written, polished and analysed with AI.",
        "names and addresses never leave in a prompt; model in the region; long calls are jobs",
        "works",
    ),
    Clause(
        "stored",
        "2.2.1(h)",
        "A company keeps its contacts.",
        "import and export; duplicates; no formula injection",
        "works",
    ),
    Clause(
        "notification",
        "2.2.1(i)",
        "Product notifications go only to those who switched them on.",
        "legal notices always go",
        "works",
    ),
    Clause(
        "cookies",
        "2.2.1(j), 6",
        "The session cookie is an identifier and no more; choices come with a receipt.",
        "the two sections disagree about third parties: the stricter holds",
        "works",
    ),
    Clause(
        "added-prospects",
        "2.2.2(k), 2.3.3, appendix",
        "Users share prospects under the joint controller agreement.",
        "the agreement's fields only; warranty and provenance; a complaint withdraws everywhere",
        "works",
    ),
    Clause(
        "stocked-prospects",
        "2.2.2(l)",
        "The operator's own prospect base can be kept and searched.",
        "legitimate interest on record; objections honoured; a refresh renews no retention",
        "works",
    ),
    Clause(
        "purposes",
        "2.3.1-2.3.3",
        "Personal data is used only for a declared purpose, category, role and legal basis.",
        "the record of processing equals the policy's tables and reports where they disagree",
        "works",
    ),
    Clause(
        "roles",
        "2.3.2",
        "For client data we are the processor: whoever asks about it is sent to the client.",
        "the requester and the client are both told",
        "works",
    ),
    Clause(
        "consent",
        "2.3, 3",
        "Each consent is on record: who, when, which text, how; leaving is as easy as joining.",
        "withdrawal works at once, for mail already sent too",
        "works",
    ),
    Clause(
        "partners",
        "3.1(b)",
        "Partners receive data only when needed, authorised, and for the stated purpose.",
        "another purpose needs another authorisation",
        "works",
    ),
    Clause(
        "email-vendors",
        "3.1(c)",
        "Delivery vendors see marketing mail only as far as delivering it needs.",
        "minimised; bound to the purpose",
        "works",
    ),
    Clause(
        "complainant",
        "3.1(d)",
        "A complaint about an infringement is assessed, then told to the user, then decided.",
        "the order is enforced",
        "works",
    ),
    Clause(
        "authorities",
        "3.1(e)",
        "What advisers, courts and regulators receive is on record.",
        "the register reaches back twelve months and more",
        "works",
    ),
    Clause(
        "merger",
        "3.2",
        "A successor gets the data only when bound by this policy; otherwise people are asked.",
        "",
        "partly",
    ),
    Clause(
        "public",
        "3.3",
        "Nothing personal is published without explicit consent or a legal order.",
        "",
        "works",
    ),
    Clause(
        "singapore",
        "4.1.1",
        "Data stays in Singapore, and what is not needed is not taken.",
        "regional endpoints; no cross-region model profile; unknown fields refused",
        "works",
    ),
    Clause(
        "retention",
        "4.1.1-4.1.2",
        "Data is kept for the longest criterion that applies, then deleted or anonymised.",
        "says until when and why; the executor is never the truth; the expired is invisible",
        "works",
    ),
    Clause(
        "discontinuation",
        "4.1.3",
        "The end of the service is announced 30 days ahead by mail, site and public notice.",
        "the clock starts when the notices went out",
        "works",
    ),
    Clause(
        "cross-border",
        "4.2",
        "Prospect data crosses a border only on a recorded basis.",
        "standard clauses where the GDPR applies; advice to recipients recorded",
        "works",
    ),
    Clause(
        "encryption",
        "4.3.1",
        "Personal data is encrypted and kept apart per company.",
        "one key per company, bound to its context; deleting the key makes it unreadable",
        "works",
    ),
    Clause(
        "access",
        "4.3.1",
        "Access is narrow, staff and admins prove themselves twice, and reading is analysed.",
        "least privilege per function, shown with the policies enforced",
        "works",
    ),
    Clause(
        "personnel",
        "4.3.2",
        "Staff rights follow the position; confidentiality and training come first.",
        "just in time, time-boxed, four eyes; no grant without both papers",
        "works",
    ),
    Clause(
        "passwords",
        "4.3.3",
        "Passwords and accounts are protected.",
        "memory-hard verifier; breached passwords refused; attempts limited",
        "works",
    ),
    Clause(
        "incidents",
        "4.3.4",
        "After an incident the people concerned learn what happened and what helps.",
        "legal clocks; never lost, never twice; the unreachable counted and announced",
        "open",
    ),
    Clause(
        "self-service",
        "5.1",
        "Users see and correct their own data, admins the company's.",
        "",
        "works",
    ),
    Clause(
        "restrictions",
        "5.2",
        "A company may restrict what its users change or delete.",
        "the refusal names the admin; access requests still work",
        "works",
    ),
    Clause(
        "cancellation",
        "5.3",
        "The company's wish, or six unrenewed months, ends all accounts and deletes all data.",
        "a plain user cannot; holds survive, restricted; a renewal one second early wins",
        "works",
    ),
    Clause(
        "policy-updates",
        "7",
        "Policies have versions; users are told, and asked again where consent is the basis.",
        "",
        "works",
    ),
    Clause(
        "requests",
        "8",
        "Anyone's request or complaint is answered in the legal time, identity verified.",
        "verification never skipped, not for duplicates either",
        "works",
    ),
    Clause(
        "joint-duties",
        "appendix 2",
        "Users warrant notice and basis and pass complaints on; we keep to the product's purposes.",
        "the contact path to regulators",
        "works",
    ),
)

CLAUSES: Final = MappingProxyType({row.id: row for row in _ROWS})

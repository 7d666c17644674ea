"""The policy's categories and its three tables of purposes, by name, as data.

Promise: a personal value exists only as an item of one category (2.2), and is used only for a
purpose that names that category (2.3). Code keys on names; the policy's letters are kept as
citations, because its own table in 2.3.2 prints other letters than 2.2 does (see `findings`). Cost:
a new kind of datum needs a line here first, and the reader's eye on whether the policy covers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused


class Subject(StrEnum):
    """Whom a datum is about (2.1). One person can be both, in different records."""

    USER = "user"
    PROSPECT = "prospect"
    STAFF = "staff"
    """The operator's own people: 4.3.2 speaks of them, 2.1 does not. Their data only controls them."""


class Role(StrEnum):
    """In which capacity we act (2.3.1, 2.3.2, 2.3.3; GDPR Art. 4(7), 4(8), 26)."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"
    JOINT_CONTROLLER = "joint_controller"


class LegalBasis(StrEnum):
    """The bases the policy names, and the legal duty that its text implies but its tables omit."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"
    LEGAL_OBLIGATION = "legal_obligation"


class Source(StrEnum):
    """Where a datum comes from, in the words of the tables' last column."""

    PROVIDED_BY_USERS = "provided_by_users"
    COLLECTED_FROM_USERS = "collected_from_users"
    COLLECTED_FROM_THIRD_PARTIES = "collected_from_third_parties"
    COLLECTED_FROM_PROSPECTS = "collected_from_prospects"
    SHARED_BY_USERS = "shared_by_users"


class Category(StrEnum):
    """The twelve categories of 2.2."""

    LOGON = "logon"
    AUTHENTICATION = "authentication"
    AUTOMATIC = "automatic"
    EMAIL_TRACKING = "email_tracking"
    COMMUNICATIONS = "communications"
    INTEGRATION = "integration"
    AI = "ai"
    STORED = "stored"
    NOTIFICATION = "notification"
    COOKIES = "cookies"
    ADDED_PROSPECT = "added_prospect"
    STOCKED_PROSPECT = "stocked_prospect"


@dataclass(frozen=True, slots=True)
class Holding:
    """What one category may hold: exactly these items. `letter` is the policy's, for citing
    only.
    """

    letter: str
    section: str
    items: frozenset[str]


def _holding(letter: str, section: str, items: str) -> Holding:
    return Holding(letter, section, frozenset(items.split()))


HOLDINGS: Final = MappingProxyType(
    {
        Category.LOGON: _holding("a", "2.2.1", "name company work_mailbox password_verifier"),
        # Nothing else WeChat returns is kept, the unionid included.
        Category.AUTHENTICATION: _holding("b", "2.2.1", "nickname open_id"),
        Category.AUTOMATIC: _holding(
            "c",
            "2.2.1",
            "ip login_verification registration_date device_model os_version language browser_type"
            " subscription renewal",
        ),
        # The user agent is read for the verdict and dropped: the policy does not name it.
        Category.EMAIL_TRACKING: _holding("d", "2.2.1", "subject sender recipient read opened_at ip times"),
        Category.COMMUNICATIONS: _holding(
            "e",
            "2.2.1",
            "sender sender_name recipient recipient_name cc subject html text link attachment"
            " sent_at received_at delivery",
        ),
        Category.INTEGRATION: _holding("f", "2.2.1", "service account event payload"),
        Category.AI: _holding("g", "2.2.1", "input output"),
        Category.STORED: _holding(
            "h", "2.2.1", "name email company position country phone social basis source"
        ),
        Category.NOTIFICATION: _holding("i", "2.2.1", "choice sent"),
        Category.COOKIES: _holding("j", "2.2.1", "choice identifier"),
        # The agreement's seven (appendix 1.2); "current and previous positions" is two fields here.
        Category.ADDED_PROSPECT: _holding(
            "k",
            "2.2.2",
            "email first_name last_name industry current_position previous_positions location social",
        ),
        Category.STOCKED_PROSPECT: _holding(
            "l",
            "2.2.2",
            "business_name address website profile contact_numbers company_social"
            " name position affiliation email phone",
        ),
    }
)


class Purpose(StrEnum):
    """One name for each row of the three tables of 2.3."""

    CREATE_AND_LOGIN = "create_and_login"
    MAINTAIN_ACCOUNT = "maintain_account"
    AFTER_SALES = "after_sales"
    SECURITY_AND_FAULTS = "security_and_faults"
    IMPROVE_PRODUCTS = "improve_products"
    USAGE_INFORMATION = "usage_information"
    MAINTAIN_PROSPECT_BASE = "maintain_prospect_base"
    PROVIDE_FUNCTIONS = "provide_functions"
    OBTAIN_PROSPECTS = "obtain_prospects"
    GENERATE_WITH_AI = "generate_with_ai"
    """In no table: see ``FROM_TEXT``."""


class Duty(StrEnum):
    """Uses the policy promises in its text but lists in no table; each is bound to its section.

    They exist so that keeping a promise (answering a request, warning about an incident) is a
    declared use too. Their basis is the legal duty; a lawyer should confirm that the tables need
    not name them.
    """

    DISCLOSE = "disclose"
    ERASE = "erase"
    NOTIFY_DISCONTINUATION = "notify_discontinuation"
    NOTIFY_INCIDENT = "notify_incident"
    NOTIFY_POLICY = "notify_policy"
    ANSWER_REQUEST = "answer_request"
    PROVE_CONSENT = "prove_consent"
    CONTROL_STAFF = "control_staff"


DUTY_SECTIONS: Final = MappingProxyType(
    {
        Duty.DISCLOSE: "3",
        Duty.ERASE: "4.1.1",
        Duty.NOTIFY_DISCONTINUATION: "4.1.3",
        Duty.NOTIFY_INCIDENT: "4.3.4",
        Duty.NOTIFY_POLICY: "7",
        Duty.ANSWER_REQUEST: "8",
        Duty.PROVE_CONSENT: "2.3",
        Duty.CONTROL_STAFF: "4.3.2",
    }
)

Use = Purpose | Duty


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of 2.3. `printed` holds the letters as that table prints them."""

    purpose: Purpose
    section: str
    role: Role
    categories: tuple[Category, ...]
    printed: str
    bases: tuple[LegalBasis, ...]
    sources: tuple[Source, ...]


_ACCOUNT: Final = (Category.LOGON, Category.AUTHENTICATION, Category.AUTOMATIC)
_FROM_USERS: Final = (Source.PROVIDED_BY_USERS, Source.COLLECTED_FROM_USERS)


def _ours(
    purpose: Purpose,
    categories: tuple[Category, ...],
    bases: tuple[LegalBasis, ...],
    sources: tuple[Source, ...],
) -> Row:
    """A row of 2.3.1, whose letters are those of 2.2."""
    printed = "".join(HOLDINGS[category].letter for category in categories)
    return Row(purpose, "2.3.1", Role.CONTROLLER, categories, printed, bases, sources)


TABLE: Final = (
    _ours(
        Purpose.CREATE_AND_LOGIN,
        _ACCOUNT,
        (LegalBasis.CONSENT, LegalBasis.CONTRACT),
        (Source.PROVIDED_BY_USERS, Source.COLLECTED_FROM_THIRD_PARTIES),
    ),
    _ours(Purpose.MAINTAIN_ACCOUNT, _ACCOUNT, (LegalBasis.CONSENT, LegalBasis.CONTRACT), _FROM_USERS),
    _ours(Purpose.AFTER_SALES, _ACCOUNT, (LegalBasis.CONSENT,), _FROM_USERS),
    _ours(Purpose.SECURITY_AND_FAULTS, _ACCOUNT, (LegalBasis.CONSENT,), _FROM_USERS),
    _ours(
        Purpose.IMPROVE_PRODUCTS,
        (Category.AUTOMATIC, Category.AI, Category.COOKIES),
        (LegalBasis.CONSENT,),
        (Source.COLLECTED_FROM_USERS,),
    ),
    _ours(
        Purpose.USAGE_INFORMATION,
        (Category.LOGON, Category.AUTOMATIC, Category.NOTIFICATION),
        (LegalBasis.CONSENT,),
        _FROM_USERS,
    ),
    _ours(
        Purpose.MAINTAIN_PROSPECT_BASE,
        (Category.STOCKED_PROSPECT,),
        (LegalBasis.LEGITIMATE_INTEREST,),
        (Source.COLLECTED_FROM_PROSPECTS,),
    ),
    Row(
        Purpose.PROVIDE_FUNCTIONS,
        "2.3.2",
        Role.PROCESSOR,
        (
            Category.EMAIL_TRACKING,
            Category.COMMUNICATIONS,
            Category.AUTOMATIC,
            Category.INTEGRATION,
            Category.STORED,
        ),
        "defgh",
        (LegalBasis.CONSENT,),
        (Source.PROVIDED_BY_USERS,),
    ),
    Row(
        Purpose.OBTAIN_PROSPECTS,
        "2.3.3",
        Role.JOINT_CONTROLLER,
        (Category.ADDED_PROSPECT,),
        "k",
        (),
        (Source.SHARED_BY_USERS,),
    ),
)

FROM_TEXT: Final = (
    Row(
        Purpose.GENERATE_WITH_AI,
        "2.2.1(g)",
        Role.PROCESSOR,
        (Category.AI,),
        "g",
        (LegalBasis.CONSENT,),
        (Source.PROVIDED_BY_USERS,),
    ),
)
"""What the text of 2.2 has us do and no table repeats: AI answers users with what they put in. Read as 2.3.2
is headed: for the client, on its instructions, which are its settings for AI. `findings` tells counsel.
"""

PURPOSES: Final = MappingProxyType({row.purpose: row for row in (*TABLE, *FROM_TEXT)})


def holds(category: Category, item: str) -> bool:
    """Whether `category` may hold `item` at all (2.2)."""
    return item in HOLDINGS[category].items


def may_use(use: Use, category: Category) -> Decision:
    """Whether data of `category` may be used for `use` (2.3). Fails closed: a pair no table
    names is refused.

    Says nothing about consent: where the basis is consent, the caller asks `consent` as well.
    """
    if isinstance(use, Duty) or category in PURPOSES[use].categories:
        return Allowed()
    return Refused("purposes", "category_outside_purpose")

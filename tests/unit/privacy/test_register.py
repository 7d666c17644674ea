"""The register against a transcription of the policy's tables made apart from it, word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.findings import findings, letter_mismatches
from chalicelib.privacy.register import (
    FROM_TEXT,
    HOLDINGS,
    PURPOSES,
    TABLE,
    Category,
    Duty,
    Purpose,
    Use,
    may_use,
)

pytestmark = pytest.mark.clause("purposes")

# section | role | the table's second column as printed | basis | source
POLICY_TABLES = """
2.3.1 | controller | a Log-on, b Wechat, c Automatic | consent + contract | users, third party
2.3.1 | controller | a Log-on, b Wechat, c Automatic | consent + contract | users, we from users
2.3.1 | controller | a Log-on, b Wechat, c Automatic | consent | users, we from users
2.3.1 | controller | a Log-on, b Wechat, c Automatic | consent | users, we from users
2.3.1 | controller | c Automatic, g AI, j Cookies | consent | we from users
2.3.1 | controller | a Log-on, c Automatic, i Notification | consent | users, we from users
2.3.1 | controller | l Stockd | interest | we from prospects
2.3.2 | processor | d Email, e Business, f Automatic, g Integrated, h Users | consent | users
2.3.3 | joint_controller | k Added | | users share
"""
ROW_NAMES = [
    "create_and_login",
    "maintain_account",
    "after_sales",
    "security_and_faults",
    "improve_products",
    "usage_information",
    "maintain_prospect_base",
    "provide_functions",
    "obtain_prospects",
]
CATEGORY_WORDS = {
    "Log-on": "logon",
    "Wechat": "authentication",
    "Automatic": "automatic",
    "Email": "email_tracking",
    "Business": "communications",
    "Integrated": "integration",
    "AI": "ai",
    "Users": "stored",
    "Notification": "notification",
    "Cookies": "cookies",
    "Added": "added_prospect",
    "Stockd": "stocked_prospect",
}
BASIS_WORDS = {"consent": "consent", "contract": "contract", "interest": "legitimate_interest"}
SOURCE_WORDS = {
    "users": "provided_by_users",
    "third party": "collected_from_third_parties",
    "we from users": "collected_from_users",
    "we from prospects": "collected_from_prospects",
    "users share": "shared_by_users",
}

CATEGORY_ITEMS = {
    "a logon": "company name password_verifier work_mailbox",
    "b authentication": "nickname open_id",
    "c automatic": "browser_type device_model ip language login_verification os_version"
    " registration_date renewal subscription",
    "d email_tracking": "ip opened_at read recipient sender subject times",
    "e communications": "attachment cc delivery html link received_at recipient recipient_name"
    " sender sender_name sent_at subject text",
    "f integration": "account event payload service",
    "g ai": "input output",
    "h stored": "basis company country email name phone position social source",
    "i notification": "choice sent",
    "j cookies": "choice identifier",
    "k added_prospect": "current_position email first_name industry last_name location"
    " previous_positions social",
    "l stocked_prospect": "address affiliation business_name company_social contact_numbers email"
    " name phone position profile website",
}


def transcribed() -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for line in POLICY_TABLES.strip().splitlines():
        section, role, kinds, bases, sources = (cell.strip() for cell in line.split("|"))
        pairs = [kind.split() for kind in kinds.split(", ")]
        rows.append(
            (
                section,
                role,
                " ".join(CATEGORY_WORDS[word] for _, word in pairs),
                "".join(letter for letter, _ in pairs),
                " ".join(BASIS_WORDS[basis] for basis in bases.split(" + ") if basis),
                " ".join(SOURCE_WORDS[source] for source in sources.split(", ")),
            )
        )
    return rows


def test_nobodys_data_is_used_for_a_purpose_the_policy_does_not_name() -> None:
    registered = [
        (
            row.section,
            str(row.role),
            " ".join(row.categories),
            row.printed,
            " ".join(row.bases),
            " ".join(row.sources),
        )
        for row in TABLE
    ]
    assert registered == transcribed()
    assert [row.purpose for row in TABLE] == ROW_NAMES
    assert [row.purpose for row in (*TABLE, *FROM_TEXT)] == list(Purpose)


def test_nothing_is_held_that_a_category_does_not_name() -> None:
    held = {f"{h.letter} {c}": " ".join(sorted(h.items)) for c, h in HOLDINGS.items()}
    assert held == CATEGORY_ITEMS
    assert list(HOLDINGS) == list(Category)


@pytest.mark.clause("wechat")
@pytest.mark.parametrize("item", ["unionid", "union_id", "sex", "city", "headimgurl", "privilege"])
def test_wechat_gives_more_than_may_be_kept(item: str) -> None:
    assert item not in HOLDINGS[Category.AUTHENTICATION].items


@pytest.mark.clause("tracking")
def test_the_recipients_user_agent_has_no_place_in_tracking_data() -> None:
    assert not [item for item in HOLDINGS[Category.EMAIL_TRACKING].items if "agent" in item]


@pytest.mark.clause("added-prospects")
def test_sharing_takes_the_agreements_fields_and_no_phone() -> None:
    shared = HOLDINGS[Category.ADDED_PROSPECT].items
    assert "phone" not in shared
    # Seven items in the agreement; current and previous positions are one there and two here.
    assert len(shared) == 7 + 1


@given(use=st.sampled_from([*Purpose, *Duty]), category=st.sampled_from(list(Category)))
def test_a_use_is_refused_unless_a_row_names_the_category(use: Use, category: Category) -> None:
    named = isinstance(use, Duty) or category in PURPOSES[use].categories
    refused = Refused("purposes", "category_outside_purpose")
    assert may_use(use, category) == (Allowed() if named else refused)


def test_a_companys_contacts_do_not_feed_the_improvement_of_the_product() -> None:
    assert isinstance(may_use(Purpose.IMPROVE_PRODUCTS, Category.STORED), Refused)
    assert isinstance(may_use(Purpose.USAGE_INFORMATION, Category.COMMUNICATIONS), Refused)


def test_the_policys_own_letter_mismatch_is_reported() -> None:
    assert letter_mismatches() == (
        ("2.3.2", Category.AUTOMATIC, "f", "c"),
        ("2.3.2", Category.INTEGRATION, "g", "f"),
    )


def test_each_disagreement_of_the_policy_is_reported_once_with_our_reading() -> None:
    ids = [found.id for found in findings()]
    assert len(ids) == len(set(ids))
    assert {"letter_mismatch", "missing_legal_basis", "cookies_disagree"} <= set(ids)
    assert all(found.what and found.reading and found.sections for found in findings())
    missing = next(found for found in findings() if found.id == "missing_legal_basis")
    assert missing.sections == ("2.3.3",)

"""Where the policy contradicts itself or leaves a gap, and what the product does about it.

Promise: a gap is stated, with the reading we took, instead of being smoothed over in code. Those
that can be computed from the register are, so they vanish when the policy is mended. Cost: the rest
are judgements for counsel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.privacy.register import (
    DUTY_SECTIONS,
    HOLDINGS,
    TABLE,
    Category,
    LegalBasis,
    Purpose,
    Role,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: where it is, what it is, and the reading that holds here."""

    id: str
    sections: tuple[str, ...]
    what: str
    reading: str


_STATED: Final = (
    Finding(
        "requester_unnamed",
        ("2.2", "8"),
        "No category names the data of somebody who only writes to us with a request or a complaint.",
        "Address and words are held as communications, for the duty to answer alone, sealed, for 36 months.",
    ),
    Finding(
        "cookies_disagree",
        ("2.2.1(j)", "6"),
        "One section lets cookies send data to third-party sites; the other keeps them to us.",
        "The stricter holds: nothing reaches a third party without consent on record, nor against Global"
        " Privacy Control.",
    ),
    Finding(
        "clicks_unnamed",
        ("2.2.1(d)",),
        "The tracking category names opens; it names no clicks.",
        "Clicks are counted per link of a message, never kept per recipient.",
    ),
    Finding(
        "recipients_unnamed",
        ("2.2", "3"),
        "Disclosures have recipients and complainants; no category names what is held about these.",
        "Their names and addresses are held as stored data, to record disclosures and for nothing else.",
    ),
    Finding(
        "verifier_unnamed",
        ("2.2.1(a)", "4.3.3"),
        "Log-on data names no password, yet protecting passwords is promised.",
        "The password verifier is held as log-on data; the password itself is never held.",
    ),
    Finding(
        "tracking_source",
        ("2.3.2",),
        "The users are named as the source; opens come from the recipients' mail clients.",
        "The recipient's own consent decides what is recorded.",
    ),
    Finding(
        "cookie_identifies",
        ("6",),
        "Cookies are said to hold login accounts and yet not to track personal data.",
        "The session cookie holds one random identifier and nothing else.",
    ),
)


def letter_mismatches() -> tuple[tuple[str, Category, str, str], ...]:
    """Each category that a table prints under another letter than 2.2 gives it.

    As (section, category, letter printed, letter in 2.2).
    """
    return tuple(
        (row.section, category, printed, HOLDINGS[category].letter)
        for row in TABLE
        for category, printed in zip(row.categories, row.printed, strict=True)
        if printed != HOLDINGS[category].letter
    )


def findings() -> tuple[Finding, ...]:
    """All findings, the computed ones first."""
    found: list[Finding] = []
    for section in dict.fromkeys(where for where, *_ in letter_mismatches()):
        pairs = ", ".join(
            f"({printed}) {category} is ({letter})"
            for where, category, printed, letter in letter_mismatches()
            if where == section
        )
        found.append(
            Finding(
                "letter_mismatch",
                (section, "2.2.1"),
                f"The table letters categories differently from their definitions: {pairs}.",
                "Categories are keyed by name; letters are only cited.",
            )
        )
    for row in TABLE:
        if not row.bases:
            found.append(
                Finding(
                    "missing_legal_basis",
                    (row.section,),
                    f"The table has no column for the legal basis of {row.purpose}.",
                    "The user's warranty states the basis for each share (appendix 2.1.1).",
                )
            )
    serving = {category for row in TABLE if row.role is Role.PROCESSOR for category in row.categories}
    if Category.AI not in serving:
        found.append(
            Finding(
                "ai_without_service_purpose",
                ("2.2.1(g)", "2.3.2"),
                "AI data appears only under improving the products, not under providing functions.",
                "The text of 2.2.1(g) is read as a purpose of its own, generate_with_ai: an answer to what a"
                " user put in, for the client and on its instructions (its settings for AI), as 2.3.2 is"
                " headed. Improving the products with it asks consent apart; to confirm.",
            )
        )
    if next(r for r in TABLE if r.purpose is Purpose.SECURITY_AND_FAULTS).bases == (LegalBasis.CONSENT,):
        found.append(
            Finding(
                "security_on_consent_alone",
                ("2.3.1",),
                "Security and fault analysis rests on consent only, which can be withdrawn.",
                "Withdrawal ends the account rather than its protection; to confirm.",
            )
        )
    found.append(
        Finding(
            "duties_without_row",
            tuple(sorted(set(DUTY_SECTIONS.values()))),
            "Answering requests, warning, disclosing and erasing are promised but in no table.",
            "They are declared as duties with the legal obligation as their basis; to confirm.",
        )
    )
    return (*found, *_STATED)

"""What people agreed to can be shown again, letter by letter, and nobody agrees to a text that
is not in force.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.texts import (
    POLICIES,
    POLICY_VERSION,
    TEXTS,
    ConsentText,
    current_text,
    digest,
    known_policy,
    known_text,
)

texts = pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))


@pytest.mark.clause("consent")
@texts
def test_a_published_text_has_not_been_changed_under_its_id(text: ConsentText) -> None:
    assert digest(text.en, text.zh) == text.sha256


@pytest.mark.clause("consent")
@texts
def test_both_languages_ask_the_same_question_about_the_same_figures(text: ConsentText) -> None:
    assert text.en.strip()
    assert text.zh.strip()
    assert ("18" in text.en) == ("18" in text.zh)
    assert (POLICY_VERSION in text.en) == (POLICY_VERSION in text.zh)


@pytest.mark.clause("consent")
@pytest.mark.parametrize("locale", ["zh", "zh-CN", "zh_Hans_SG", "ZH-hk"])
def test_a_chinese_reader_is_asked_in_chinese(locale: str) -> None:
    for text in TEXTS.values():
        assert text.in_language(locale) == text.zh


@pytest.mark.clause("consent")
@pytest.mark.parametrize("locale", ["en", "en-GB", "de", "", "zho-like"])
def test_any_other_reader_is_asked_in_english(locale: str) -> None:
    for text in TEXTS.values():
        assert text.in_language(locale) == text.en


@pytest.mark.clause("consent")
def test_a_receipt_for_a_text_nobody_published_proves_nothing() -> None:
    refused = Refused("consent", "unknown_text_version")
    assert known_text(ConsentPurpose.TRACKING, "tracking-2026-01") == Allowed()
    assert known_text(ConsentPurpose.TRACKING, "tracking-1999-01") == refused
    assert known_text(ConsentPurpose.MARKETING, "tracking-2026-01") == refused


@pytest.mark.clause("consent")
def test_a_text_is_in_force_from_its_day_and_not_before() -> None:
    text = TEXTS["tracking-2026-01"]
    eve = text.effective_on - timedelta(days=1)
    assert current_text(ConsentPurpose.TRACKING, eve) is None
    assert current_text(ConsentPurpose.TRACKING, text.effective_on) is text


@pytest.mark.clause("policy-updates")
def test_a_signup_agrees_to_the_policy_in_force_and_no_other() -> None:
    assert POLICIES[POLICY_VERSION].effective_on == date(2025, 1, 16)
    assert known_policy("2025-01-16") == Allowed()
    for version in ("", "2025-01-15", "latest", "2025-01-16 "):
        assert known_policy(version) == Refused("policy-updates", "policy_version_not_in_force")

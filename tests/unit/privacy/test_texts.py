"""What people agreed to can be shown again, letter by letter, and nobody agrees to a text that
is not in force.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.policies import versions
from chalicelib.privacy.retention import COOKIE_CHOICE, LONGER
from chalicelib.privacy.texts import (
    POLICY_VERSION,
    TEXTS,
    ConsentText,
    current_text,
    digest,
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


@pytest.mark.clause("consent")
@pytest.mark.parametrize("purpose", sorted(ConsentPurpose), ids=str)
def test_whoever_is_asked_is_shown_a_text(purpose: ConsentPurpose) -> None:
    text = current_text(purpose, date(2026, 11, 22))
    assert text is not None
    assert known_text(purpose, text.id) == Allowed()


@pytest.mark.clause("consent")
@pytest.mark.parametrize(
    "purpose",
    [
        ConsentPurpose.AI_IMPROVEMENT,
        ConsentPurpose.LONGER_RETENTION,
        ConsentPurpose.SHARING,
        ConsentPurpose.MARKETING,
        ConsentPurpose.COOKIES,
    ],
)
def test_nobody_is_pressed_and_everybody_learns_what_a_withdrawal_does(purpose: ConsentPurpose) -> None:
    text = current_text(purpose, date(2026, 11, 22))
    assert text is not None
    assert "voluntary" in text.en
    assert "自愿" in text.zh
    assert "at any time" in text.en
    assert "随时" in text.zh


@pytest.mark.clause("consent")
def test_figures_in_a_text_are_those_the_code_keeps_to() -> None:
    for version, period in (("cookies-2026-01", COOKIE_CHOICE), ("longer-retention-2026-01", LONGER)):
        text = TEXTS[version]
        for words in (text.en, text.zh):
            assert f"{period.count}" in words


@pytest.mark.clause("consent")
@texts
def test_a_receipt_holds_the_digest_of_the_words_in_the_readers_language(text: ConsentText) -> None:
    assert text.shown("zh-CN") == (text.id, "zh", hashlib.sha256(text.zh.encode()).hexdigest())
    assert text.shown("de") == (text.id, "en", hashlib.sha256(text.en.encode()).hexdigest())
    assert text.shown(None) == (text.id, None, text.sha256)


@pytest.mark.clause("policy-updates")
@pytest.mark.parametrize("purpose", sorted(ConsentPurpose))
def test_a_new_version_of_the_policy_is_not_agreed_to_in_the_name_of_an_old_one(
    purpose: ConsentPurpose,
) -> None:
    text = current_text(purpose, date(2026, 11, 22))
    if text is not None:
        assert not [p.version for p in versions().all if p.version in text.en + text.zh]

"""The words a company agreed to can be shown again, and nobody shares under others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from chalicelib.privacy import agreement
from chalicelib.privacy.agreement import VERSIONS, Agreement
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.register import HOLDINGS, Category, LegalBasis

pytestmark = pytest.mark.clause("joint-duties", "added-prospects")
every = pytest.mark.parametrize("one", VERSIONS.values(), ids=list(VERSIONS))
TODAY = date(2026, 11, 23)


@every
def test_a_published_version_has_not_been_changed_under_its_name(one: Agreement) -> None:
    assert agreement.digest(one.en) == one.sha256_en
    assert agreement.digest(one.zh) == one.sha256_zh


@every
def test_both_languages_name_all_that_is_shared_and_say_who_supervises(one: Agreement) -> None:
    names = (
        "e-mail address",
        "first name",
        "last name",
        "industry",
        "positions",
        "location",
        "social accounts",
    )
    words = ("电子邮箱", "名、姓", "行业", "职位", "所在地", "社交账号")
    assert all(name in one.en for name in names)
    assert all(word in one.zh for word in words)
    assert ("authorities" in one.en, "监管" in one.zh, "Singapore" in one.en, "新加坡" in one.zh) == (
        True,
    ) * 4
    assert one.en.count("\n") == one.zh.count("\n") == 4


@every
def test_each_reader_gets_the_digest_of_the_words_they_read(one: Agreement) -> None:
    for locale, language in (("zh-CN", "zh"), ("ZH", "zh"), ("en", "en"), ("de", "en"), ("", "en")):
        shown, words, sha256 = one.shown(locale)
        assert (shown, agreement.digest(words)) == (language, sha256)


def test_what_is_shared_is_what_the_policy_names() -> None:
    assert set(agreement.SHARED_ITEMS) == HOLDINGS[Category.ADDED_PROSPECT].items


def test_a_warranty_names_a_ground_of_the_law() -> None:
    assert {one.value for one in agreement.Warranty} >= {one.value for one in LegalBasis} & {
        "consent",
        "contract",
        "legitimate_interest",
    }


def test_there_is_never_a_day_without_an_agreement() -> None:
    first = min(one.effective_on for one in VERSIONS.values())
    assert agreement.current(first - timedelta(days=4000)).version in VERSIONS
    assert agreement.current(first).effective_on == first


@pytest.mark.parametrize(
    ("named", "accepted", "reason"),
    [
        ("joint-2026-11", None, "agreement_not_accepted"),
        ("joint-2026-11", "joint-2020-01", "agreement_not_accepted"),
        ("joint-2020-01", "joint-2020-01", "agreement_not_current"),
        ("joint-2020-01", "joint-2026-11", "agreement_not_current"),
    ],
)
def test_an_earlier_yes_to_other_words_is_none(named: str, accepted: str | None, reason: str) -> None:
    assert agreement.may_share(named, accepted, TODAY) == Refused("joint-duties", reason)


def test_the_words_in_force_and_accepted_let_a_share_pass() -> None:
    assert agreement.may_share("joint-2026-11", "joint-2026-11", TODAY) == Allowed()


def test_a_new_version_ends_what_was_accepted_before(monkeypatch: pytest.MonkeyPatch) -> None:
    old = VERSIONS["joint-2026-11"]
    new = Agreement("joint-2027-01", date(2027, 1, 1), old.en, old.zh, old.sha256_en, old.sha256_zh)
    monkeypatch.setattr(agreement, "_PUBLISHED", (old, new))
    eve, day = date(2026, 12, 31), date(2027, 1, 1)
    assert agreement.may_share(old.version, old.version, eve) == Allowed()
    assert agreement.may_share(old.version, old.version, day) == Refused(
        "joint-duties", "agreement_not_current"
    )
    assert agreement.may_share(new.version, old.version, day) == Refused(
        "joint-duties", "agreement_not_accepted"
    )

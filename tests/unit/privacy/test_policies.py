"""Versions of the policy: nobody is bound by one they were not told about, and nobody is asked for nothing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import policies
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.policies import NOTICE, PolicyFileError, Versions, read
from chalicelib.privacy.register import PURPOSES, LegalBasis, Purpose

pytestmark = pytest.mark.clause("policy-updates")

FIRST = date(2025, 1, 16)
DAY = timedelta(days=1)
NOBODY_CONSENTS = {purpose for purpose, row in PURPOSES.items() if LegalBasis.CONSENT not in row.bases}


def content(effective_on: str, **changed: Any) -> dict[str, Any]:
    return {
        "version": effective_on,
        "published_on": (date.fromisoformat(effective_on) - NOTICE).isoformat(),
        "effective_on": effective_on,
        "consent_again": False,
        "purposes_changed": [],
        "summary": {"en": ["One.", "Two."], "zh": ["一。", "二。"]},
        "changes": {"en": ["Changed."], "zh": ["有变化。"]},
        "third_parties": [{"service": "WeChat", "url": None}],
        **changed,
    }


def folder(where: Path, *contents: dict[str, Any]) -> Path:
    for one in contents:
        (where / f"{one['version']}.json").write_text(json.dumps(one), encoding="utf-8")
    return where


@pytest.fixture
def three(tmp_path: Path) -> Versions:
    """The first, one that changes a purpose resting on consent, one that changes nothing of the kind."""
    return read(
        folder(
            tmp_path,
            content("2025-01-16"),
            content("2026-03-01", consent_again=True, purposes_changed=["improve_products"]),
            content("2026-09-01", purposes_changed=["maintain_prospect_base"]),
        )
    )


# -- what is published --------------------------------------------------------------------------------


def test_what_is_published_here_can_be_read() -> None:
    first = policies.in_force(FIRST)
    assert (first.version, first.published_on, first.effective_on) == ("2025-01-16", FIRST, FIRST)
    assert policies.versions().all[0] is first
    assert policies.get("2025-01-16", FIRST) is first
    assert policies.get("2025-01-15", FIRST) is None


@pytest.mark.clause("scope-adults")
def test_services_of_others_are_named_as_outside_the_policy() -> None:
    named = {one.service for one in policies.in_force(FIRST).third_parties}
    assert {"WeChat", "Facebook", "e-mail providers"} <= named


def test_a_reader_of_either_language_is_told_the_same() -> None:
    for policy in policies.versions().all:
        for words in (policy.summary, policy.changes):
            assert words.keys() == {"en", "zh"}
            assert len(words["en"]) == len(words["zh"])


# -- which one applies --------------------------------------------------------------------------------


def test_a_version_applies_from_its_day_and_not_before(three: Versions) -> None:
    day = date(2026, 3, 1)
    assert three.in_force(day - DAY).version == "2025-01-16"
    assert three.in_force(day).version == "2026-03-01"
    with pytest.raises(LookupError):
        three.in_force(FIRST - DAY)


def test_the_day_begins_at_midnight_in_singapore() -> None:
    midnight = datetime(2025, 1, 16, tzinfo=SINGAPORE)
    assert midnight == datetime(2025, 1, 15, 16, tzinfo=UTC)
    assert policies.current(midnight.timestamp()).version == "2025-01-16"
    with pytest.raises(LookupError):
        policies.current(midnight.timestamp() - 1)


def test_people_are_told_from_the_day_of_publishing_until_it_applies(three: Versions) -> None:
    second = three.all[1]
    assert three.announced(second.published_on - DAY) == ()
    assert three.announced(second.published_on) == (second,)
    assert three.announced(second.effective_on - DAY) == (second,)
    assert three.announced(second.effective_on) == ()


def test_a_draft_in_the_package_is_seen_by_nobody(three: Versions) -> None:
    second = three.all[1]
    assert three.get(second.version, second.published_on - DAY) is None
    assert three.get(second.version, second.published_on) is second
    assert three.get(three.all[0].version, date(2030, 1, 1)) is three.all[0]


def test_a_signup_agrees_to_the_policy_in_force_and_no_other() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    assert policies.known(policies.current(now).version, now) == Allowed()
    for version in ("", "2025-01-15", "latest", "2025-01-16 "):
        assert policies.known(version, now) == Refused("policy-updates", "policy_version_not_in_force")


# -- who is asked again -------------------------------------------------------------------------------


@pytest.mark.clause("consent")
def test_people_are_asked_again_once_a_purpose_they_consented_to_has_changed(three: Versions) -> None:
    change = date(2026, 3, 1)
    assert not three.consent_needed("2025-01-16", change - DAY)
    assert three.consent_needed("2025-01-16", change)
    assert not three.consent_needed("2026-03-01", change)


@pytest.mark.clause("consent")
def test_a_later_version_that_asks_nothing_does_not_hide_one_that_did(three: Versions) -> None:
    assert three.in_force(date(2026, 10, 1)).version == "2026-09-01"
    assert three.consent_needed("2025-01-16", date(2026, 10, 1))
    assert not three.consent_needed("2026-03-01", date(2026, 10, 1))


@pytest.mark.clause("consent")
def test_who_agreed_to_the_announced_version_is_not_asked_twice(three: Versions) -> None:
    assert not three.consent_needed("2026-03-01", date(2026, 2, 20))
    assert not three.consent_needed("2026-03-01", date(2026, 3, 2))


@pytest.mark.clause("consent")
@pytest.mark.parametrize("agreed", ["", "2024-01-01", "latest"])
def test_an_agreement_to_nothing_known_is_no_agreement(three: Versions, agreed: str) -> None:
    assert three.consent_needed(agreed, FIRST)
    assert policies.consent_needed(agreed, FIRST)


@given(on=st.dates(FIRST, date(2040, 1, 1)))
def test_who_agreed_to_the_version_in_force_is_left_alone(on: date) -> None:
    assert not policies.consent_needed(policies.in_force(on).version, on)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_purpose_that_rests_on_consent_cannot_change_in_silence(tmp_path: Path, purpose: Purpose) -> None:
    said = content("2026-03-01", purposes_changed=[purpose.value])
    if purpose in NOBODY_CONSENTS:
        assert read(folder(tmp_path, said)).all[0].purposes_changed == {purpose}
        return
    with pytest.raises(PolicyFileError, match="required_by_purposes_changed"):
        read(folder(tmp_path, said))


# -- what an operator may get wrong -------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"version": "2026-03-02"}, "version", "not_the_name_of_the_file"),
    ({"effective_on": "2026-02-01"}, "effective_on", "before_published_on"),
    ({"effective_on": "01.03.2026"}, "effective_on", "not_a_date"),
    ({"effective_on": "20260301"}, "effective_on", "not_a_date"),
    ({"published_on": None}, "published_on", "not_a_date"),
    ({"purposes_changed": ["improve"]}, "purposes_changed", "unknown_purpose"),
    ({"purposes_changed": ["disclose"]}, "purposes_changed", "unknown_purpose"),
    ({"purposes_changed": "improve_products"}, "purposes_changed", "not_a_list"),
    ({"purposes_changed": [["x"]]}, "purposes_changed", "unknown_purpose"),
    ({"consent_again": "no"}, "consent_again", "not_a_boolean"),
    ({"summary": {"en": ["One."]}}, "summary", "not_in_both_languages"),
    ({"summary": {"en": [], "zh": []}}, "summary", "not_sentences"),
    ({"summary": {"en": ["One."], "zh": [" "]}}, "summary", "not_sentences"),
    ({"changes": {"en": "One.", "zh": "一。"}}, "changes", "not_sentences"),
    ({"changes": {"en": ["One.", "Two."], "zh": ["一。"]}}, "changes", "languages_differ"),
    ({"third_parties": {}}, "third_parties", "not_a_list"),
    ({"third_parties": ["WeChat"]}, "third_parties", "malformed"),
    ({"third_parties": [{"service": ""}]}, "third_parties", "malformed"),
    ({"third_parties": [{"service": "", "url": None}]}, "third_parties", "malformed"),
    ({"third_parties": [{"service": "X", "url": "http://x.example"}]}, "third_parties", "not_https"),
    ({"third_parties": [{"service": "X", "url": 1}]}, "third_parties", "not_https"),
    ({"note": "x"}, "note", "unknown_member"),
]


@pytest.mark.parametrize(("changed", "member", "code"), WRONG, ids=[f"{m}-{c}" for _, m, c in WRONG])
def test_a_wrong_file_says_where_it_is_wrong(
    tmp_path: Path, changed: dict[str, Any], member: str, code: str
) -> None:
    said = {**content("2026-03-01"), **changed}
    (tmp_path / "2026-03-01.json").write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(PolicyFileError, match=r"^2026-03-01\.json: ") as wrong:
        read(tmp_path)
    assert (wrong.value.member, wrong.value.code) == (member, code)


@pytest.mark.parametrize("member", sorted(content("2026-03-01")))
def test_nothing_may_be_left_out(tmp_path: Path, member: str) -> None:
    said = content("2026-03-01")
    del said[member]
    (tmp_path / "2026-03-01.json").write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(PolicyFileError, match=f"{member}: required"):
        read(tmp_path)


@pytest.mark.parametrize(("text", "code"), [("{", "not_json"), ("[]", "not_an_object")])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "2026-03-01.json").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyFileError, match=code):
        read(tmp_path)


def test_a_package_without_a_policy_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="no_version"):
        read(tmp_path)


def test_people_have_the_promised_days_before_a_version_applies(tmp_path: Path) -> None:
    first, second = content("2025-01-16"), content("2026-03-01")
    assert len(read(folder(tmp_path, first, second)).all) == 2
    second["published_on"] = "2026-02-16"
    with pytest.raises(PolicyFileError, match="too_soon_after_publishing"):
        read(folder(tmp_path, second))


def test_versions_follow_each_other(tmp_path: Path) -> None:
    early = content("2026-03-01", published_on="2025-01-01")
    with pytest.raises(PolicyFileError, match="out_of_order"):
        read(folder(tmp_path, content("2025-01-16"), early))
    same = {**content("2026-03-01"), "effective_on": "2025-01-16", "published_on": "2025-01-02"}
    with pytest.raises(PolicyFileError, match="taken_by_another_version"):
        read(folder(tmp_path, same))


def test_two_versions_may_be_published_together_and_apply_in_turn(tmp_path: Path) -> None:
    later = content("2026-09-01", published_on=content("2026-03-01")["published_on"])
    both = read(folder(tmp_path, content("2026-03-01"), later))
    assert [one.version for one in both.announced(both.all[0].published_on)] == ["2026-03-01", "2026-09-01"]

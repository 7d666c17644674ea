"""What anybody can read about the policy, before they have an account and in their language."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest

from chalicelib.api import policy
from chalicelib.kernel import clock
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy import clocks, policies
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.policies import Versions

pytestmark = pytest.mark.clause("policy-updates")

FIRST = "2025-01-16"


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "https://api.okki.example")


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> str:
    """A version that was published today and will apply later, and one nobody has been told about."""
    today = clocks.day(clock.now())
    first = policies.versions().all[0]
    days = (today, today + timedelta(days=1))
    later = [
        dataclasses.replace(first, version=f"later-{n}", published_on=day, effective_on=day + policies.NOTICE)
        for n, day in enumerate(days)
    ]
    monkeypatch.setattr(policies, "versions", lambda: Versions((first, *later)))
    return later[0].version


def test_people_read_what_applies_and_what_is_coming(announced: str) -> None:
    shown = policy._policy(FIRST)
    assert (shown["version"], shown["effective_on"], shown["published_on"]) == (FIRST, FIRST, FIRST)
    assert shown["url"] == f"https://api.okki.example/v1/policy/{FIRST}"
    assert shown["next"]["version"] == announced
    assert date.fromisoformat(shown["next"]["effective_on"]) > clocks.day(clock.now())
    assert policy._policy(announced)["version"] == announced


def test_a_draft_is_answered_like_a_version_that_never_was(announced: str) -> None:
    for version in ("later-1", "2025-01-17", "", "../clauses"):
        with pytest.raises(NotFoundError):
            policy._policy(version)


def test_nothing_is_announced_when_nothing_is_coming() -> None:
    assert policy._policy(FIRST)["next"] is None


def test_a_chinese_reader_gets_the_summary_in_chinese() -> None:
    first = policies.versions().all[0]
    for header, language in [("zh-CN,zh;q=0.9", "zh"), ("de", "en"), (None, "en")]:
        shown = policy._policy(FIRST, header)
        assert shown["summary"] == list(first.summary[language])
        assert shown["changes"] == list(first.changes[language])


@pytest.mark.clause("scope-adults")
def test_services_of_others_are_shown_as_not_covered() -> None:
    shown = policy._policy(FIRST)["third_parties"]
    assert {one["service"] for one in shown} >= {"WeChat", "Facebook"}
    assert not any(one["covered"] for one in shown)


def test_every_promise_can_be_read() -> None:
    shown = policy._policy(FIRST)["promises"]
    assert [one["id"] for one in shown] == list(CLAUSES)
    assert all(one.keys() == {"id", "section", "promise"} and one["promise"] for one in shown)

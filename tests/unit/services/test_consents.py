"""What a yes is worth after the question, or what it was about, has changed."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta

import pytest

from chalicelib.privacy import policies, texts
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.policies import Versions
from chalicelib.privacy.register import Purpose
from chalicelib.records.consents import UserConsent
from chalicelib.services.consent import consents

pytestmark = pytest.mark.clause("consent", "policy-updates")

DAY = date(2027, 3, 1)
MIDNIGHT = int(datetime(2027, 3, 1, tzinfo=SINGAPORE).timestamp())


@pytest.fixture(autouse=True)
def changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that changes what advertising is, from a day on."""
    first = policies.versions().all[0]
    later = dataclasses.replace(
        first,
        version=DAY.isoformat(),
        published_on=DAY - policies.NOTICE,
        effective_on=DAY,
        purposes_changed=frozenset({Purpose.USAGE_INFORMATION}),
        consent_again=True,
    )
    monkeypatch.setattr(policies, "versions", lambda: Versions((first, later)))


def word(at: int, state: str = "granted", purpose: str = "marketing", text: str | None = None) -> UserConsent:
    asked = ConsentPurpose(purpose)
    current = texts.current_text(asked, DAY)
    assert current is not None
    return UserConsent(
        company_id="co_1",
        user_id="usr_1",
        purpose=asked,
        state=ConsentState(state),
        text_version=text or current.id,
        method="personal_settings",
        at=at,
        receipt_id="rc_1",
    )


@pytest.mark.parametrize(
    ("said", "now", "state"),
    [
        (MIDNIGHT - 1, MIDNIGHT - 1, "granted"),
        (MIDNIGHT - 1, MIDNIGHT, "unknown"),
        (MIDNIGHT, MIDNIGHT, "granted"),
        (MIDNIGHT, MIDNIGHT + 10**7, "granted"),
    ],
)
def test_a_yes_ends_with_the_second_in_which_its_purpose_changes(said: int, now: int, state: str) -> None:
    assert consents.state_now(word(said), now).value == state


def test_a_no_and_another_purpose_stay_as_they_are() -> None:
    after = MIDNIGHT + int(timedelta(days=30).total_seconds())
    assert consents.state_now(word(MIDNIGHT - 1, "denied"), after) is ConsentState.DENIED
    assert consents.state_now(word(MIDNIGHT - 1, purpose="ai_improvement"), after) is ConsentState.GRANTED
    assert consents.state_now(word(MIDNIGHT - 1, purpose="longer_retention"), after) is ConsentState.GRANTED
    assert consents.state_now(None, after) is ConsentState.UNKNOWN


def test_a_yes_to_another_text_is_none_to_todays() -> None:
    assert consents.state_now(word(MIDNIGHT, text="marketing-2025-01"), MIDNIGHT) is ConsentState.UNKNOWN

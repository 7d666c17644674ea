"""Cookies: nothing is set on a device that its owner did not agree to, and a no stays a no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import cookies, retention
from chalicelib.privacy.cookies import (
    CATEGORIES,
    COOKIES,
    REVISION,
    THIRD_PARTY,
    CookieAnswer,
    CookieCategory,
    UnknownCategoryError,
    derive,
    in_effect,
    may_set,
    may_use,
    must_ask,
)
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.texts import TEXTS

pytestmark = pytest.mark.clause("cookies")

ESSENTIAL = frozenset({CookieCategory.ESSENTIAL})
answers = st.sampled_from(list(CookieAnswer))
choices = st.frozensets(st.sampled_from(list(CookieCategory)))
NOON = datetime(2026, 8, 31, 12, tzinfo=UTC)


@given(answer=answers, chosen=choices, gpc=st.booleans())
def test_logging_in_never_waits_for_a_banner(
    answer: CookieAnswer, chosen: frozenset[CookieCategory], gpc: bool
) -> None:
    assert derive(answer, chosen, gpc=gpc) >= ESSENTIAL


@given(chosen=choices, gpc=st.booleans())
def test_a_no_to_everything_is_a_no_to_everything(chosen: frozenset[CookieCategory], gpc: bool) -> None:
    assert derive(CookieAnswer.REJECT_ALL, chosen, gpc=gpc) == ESSENTIAL


@given(chosen=choices)
def test_what_was_not_picked_is_not_granted(chosen: frozenset[CookieCategory]) -> None:
    assert derive(CookieAnswer.CUSTOM, chosen, gpc=False) == chosen | ESSENTIAL


def test_a_yes_to_everything_is_a_yes() -> None:
    assert derive(CookieAnswer.ACCEPT_ALL, (), gpc=False) == frozenset(CookieCategory)


@given(answer=answers, chosen=choices)
def test_a_browser_that_says_no_to_third_parties_is_believed_over_every_click(
    answer: CookieAnswer, chosen: frozenset[CookieCategory]
) -> None:
    asked = derive(answer, chosen, gpc=False)
    with_signal = derive(answer, chosen, gpc=True)
    assert with_signal == asked - THIRD_PARTY
    assert CookieCategory.MARKETING not in with_signal


def test_a_signal_switched_on_later_counts_at_once() -> None:
    granted = derive(CookieAnswer.ACCEPT_ALL, (), gpc=False)
    assert CookieCategory.MARKETING in in_effect(granted, gpc=False)
    assert not in_effect(granted, gpc=True) & THIRD_PARTY
    assert in_effect((), gpc=True) == ESSENTIAL


@pytest.mark.parametrize("answer", CookieAnswer)
@pytest.mark.parametrize("name", ["", "advertising", "Marketing", "essential "])
def test_an_answer_about_something_unknown_grants_nothing(answer: CookieAnswer, name: str) -> None:
    with pytest.raises(UnknownCategoryError) as refused:
        derive(answer, ["preferences", name], gpc=False)
    assert str(refused.value) == "unknown_category"


@given(granted=choices, cookie=st.text())
def test_a_cookie_nobody_listed_is_never_set(granted: frozenset[CookieCategory], cookie: str) -> None:
    if cookie not in COOKIES:
        assert may_set(cookie, granted) == Refused("cookies", "cookie_not_listed")


@given(granted=choices)
def test_only_a_granted_category_reaches_a_device(granted: frozenset[CookieCategory]) -> None:
    for category in CookieCategory:
        allowed = category in granted | ESSENTIAL
        wanted = Allowed() if allowed else Refused("cookies", "category_not_granted")
        assert may_use(category, granted) == wanted


def test_every_cookie_in_use_is_essential_stays_on_our_host_and_says_what_it_is_for() -> None:
    assert set(COOKIES) == {"__Host-session", "__Host-device", "__Host-wechat", "__Host-choices"}
    for name, cookie in COOKIES.items():
        assert name.startswith("__Host-")
        assert cookie.category is CookieCategory.ESSENTIAL
        assert cookie.purpose
        assert may_set(name, ()) == Allowed()
        assert 0 < cookies.max_age(cookie, NOON.timestamp()) <= 400 * 86_400


def test_no_cookie_of_ours_goes_to_anybody_else() -> None:
    assert frozenset({CookieCategory.MARKETING}) == THIRD_PARTY
    assert not {cookie.category for cookie in COOKIES.values()} & THIRD_PARTY
    assert set(CATEGORIES) == set(CookieCategory)


def test_cookies_live_as_long_as_what_they_name() -> None:
    at = NOON.timestamp()
    lives = {name: cookies.max_age(cookie, at) for name, cookie in COOKIES.items()}
    assert lives["__Host-session"] == retention.SESSION_ABSOLUTE.total_seconds()
    assert lives["__Host-wechat"] == retention.WECHAT_STATE.total_seconds()
    assert lives["__Host-device"] == retention.DEVICE.total_seconds()
    assert lives["__Host-choices"] == (datetime(2027, 2, 28, 12, tzinfo=UTC) - NOON).total_seconds()


@pytest.mark.clause("consent")
def test_what_was_agreed_to_does_not_change_under_its_revision() -> None:
    assert cookies.fingerprint().startswith(cookies.REVISED), "a new REVISION asks everybody again"
    assert REVISION in TEXTS


def test_who_has_not_answered_is_asked() -> None:
    at = NOON.timestamp()
    assert must_ask(None, None, at)
    assert must_ask(REVISION, None, at)
    assert must_ask("cookies-2025-01", at, at)
    assert not must_ask(REVISION, at, at)


def test_an_answer_holds_for_six_months_to_the_second() -> None:
    end = datetime(2027, 2, 28, 12, tzinfo=UTC)
    second = timedelta(seconds=1)
    given_at = NOON.timestamp()
    assert not must_ask(REVISION, given_at, (end - retention.GRACE - second).timestamp())
    assert must_ask(REVISION, given_at, (end - retention.GRACE).timestamp())
    assert must_ask(REVISION, given_at, end.timestamp())


def test_an_answer_from_the_future_was_not_given() -> None:
    at = NOON.timestamp()
    assert not must_ask(REVISION, at + 2, at), "clocks of two machines differ a little"
    assert must_ask(REVISION, at + 3, at)

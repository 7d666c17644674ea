"""Every cookie and category is explained in both languages, and no cookie is set that is not explained."""

from __future__ import annotations

import re

import pytest

from chalicelib.api import browser
from chalicelib.privacy.cookies import CATEGORIES, COOKIES
from chalicelib.services.consent import cookie_words, cookies

pytestmark = pytest.mark.clause("cookies")


def test_whoever_reads_chinese_is_told_about_each_of_them() -> None:
    assert cookie_words.CHINESE.keys() == {category.value for category in CATEGORIES} | COOKIES.keys()
    assert all(re.search("[\u4e00-\u9fff]", words) for words in cookie_words.CHINESE.values())
    for category, row in CATEGORIES.items():
        assert cookie_words.of_category(category, "en") == row.purpose
    for name, cookie in COOKIES.items():
        assert cookie_words.of_cookie(name, "en") == cookie.purpose


def test_only_a_listed_cookie_can_be_set() -> None:
    for name in (*COOKIES, cookies.NAME, browser.COOKIE, browser.DEVICE_COOKIE):
        assert browser.cookie(name, "x", 1).startswith(f"{name}=x; ")
    for name in ("_ga", "session", "__Host-theme", "__host-session"):
        with pytest.raises(LookupError):
            browser.cookie(name, "x", 1)

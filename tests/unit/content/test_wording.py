"""A reader gets the language asked for, whole sentences, and no stranger's words in our mails."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.gateways import mime
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.services import wording

ROOT = Path(wording.__file__).parent.parent / "templates"
VALUES = {
    "signup_code": {"code": "123456", "minutes": "15"},
    "already_registered": {"sign_in_url": "https://app.example/login?a=1&b=2"},
}


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("ZH-hant-TW", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de-DE,de;q=0.9,zh;q=0.5,en;q=0.3", "zh"),
        ("fr", "en"),
        ("zh;q=0", "en"),
        ("en;q=0.1, zh;q=0.9", "zh"),
        ("en;q=0.5,zh;q=0.5", "en"),
        ("*", "en"),
        ("zhx", "en"),
        (";;;q=,,zh;q=nan", "en"),
    ],
)
def test_the_reader_chooses_the_language(header: str | None, locale: str) -> None:
    assert wording.locale_of(header) == locale


@given(st.text(max_size=200))
def test_no_browser_is_turned_away_for_its_languages(header: str) -> None:
    assert wording.locale_of(header) in ("en", "zh")


def test_both_languages_have_the_same_files_with_the_same_holes() -> None:
    english = {path.name for path in (ROOT / "en").iterdir()}
    assert english == {path.name for path in (ROOT / "zh").iterdir()}
    for name in english:
        holes = [
            set(Template((ROOT / tongue / name).read_text()).get_identifiers()) for tongue in ("en", "zh")
        ]
        assert holes[0] == holes[1], name


def test_chinese_readers_are_not_left_with_english_sentences() -> None:
    for path in (ROOT / "zh").iterdir():
        # Ids of clauses stay as they are: they are what a reader can look up. So does the name of the other
        # language, for those who read that one.
        names = "|".join(CLAUSES)
        words = re.sub(
            rf"(?<=>)English(?=</a>)|<[^>]*>|[\w.]+@[\w.]+|www\.[\w.]+|\$\{{\w+\}}[\w/]*|\$\w+|OKKI Leads|Subject:|--|{names}",
            "",
            path.read_text(),
        )
        assert not re.search(r"[A-Za-z]{3,}", words), path.name


@pytest.mark.parametrize("template", sorted(VALUES))
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_our_mails_have_a_subject_and_say_the_same_in_both_parts(
    template: str, locale: wording.Locale
) -> None:
    mail = wording.notice(template, locale, VALUES[template])
    assert mime.check_header(mail.subject) == mail.subject != ""
    assert "Subject:" not in mail.text
    assert "$" not in mail.html + mail.text
    for value in VALUES[template].values():
        assert value in mail.text
        assert value.replace("&", "&amp;") in mail.html
    assert "<!DOCTYPE html>" in mail.html


def test_the_code_stays_out_of_the_subject_that_a_locked_phone_shows() -> None:
    for locale in ("en", "zh"):
        assert "123456" not in wording.notice("signup_code", locale, VALUES["signup_code"]).subject


@given(st.text(max_size=40))
def test_no_value_becomes_markup_or_a_line_of_its_own(value: str) -> None:
    mail = wording.notice("signup_code", "en", {"code": "1", "minutes": value})
    assert mail.html.count("<") == wording.notice(
        "signup_code", "en", {"code": "1", "minutes": "5"}
    ).html.count("<")
    assert len(mail.text.split("\n")) == len(
        wording.notice("signup_code", "en", {"code": "1", "minutes": "5"}).text.split("\n")
    )


def test_a_dollar_sign_in_a_value_is_not_a_hole() -> None:
    mail = wording.notice("already_registered", "en", {"sign_in_url": "https://a.example/$code?x=$$"})
    assert "https://a.example/$code?x=$$" in mail.text
    assert "https://a.example/$code?x=$$" in mail.html


@pytest.mark.parametrize(
    "template", ["nothing", "../en/signup_code", "signup_code.txt", "", "en/signup_code", "a\n"]
)
def test_only_our_templates_are_read(template: str) -> None:
    with pytest.raises(KeyError) as refused:
        wording.notice(template, "en", {})
    assert template not in str(refused.value) or not template


def test_a_mail_is_never_sent_with_a_hole() -> None:
    with pytest.raises(KeyError):
        wording.notice("signup_code", "en", {"code": "1"})

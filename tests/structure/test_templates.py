"""Readers of English and of Chinese are told the same: same files, same values filled in, same choices."""

from __future__ import annotations

import re
from string import Template

import pytest

from tests.structure.source import ROOT

FOLDER = ROOT / "chalicelib/templates"
ENGLISH = sorted(path.name for path in (FOLDER / "en").iterdir())


def text(locale: str, name: str) -> str:
    return (FOLDER / locale / name).read_text("utf-8")


def test_each_file_exists_in_both_languages() -> None:
    assert sorted(path.name for path in (FOLDER / "zh").iterdir()) == ENGLISH
    assert ENGLISH


@pytest.mark.parametrize("name", ENGLISH)
def test_both_languages_are_filled_with_the_same_values(name: str) -> None:
    english, chinese = (Template(text(locale, name)) for locale in ("en", "zh"))
    assert english.is_valid()
    assert chinese.is_valid()
    assert sorted(set(english.get_identifiers())) == sorted(set(chinese.get_identifiers()))


@pytest.mark.clause("consent")
@pytest.mark.parametrize("name", [name for name in ENGLISH if name.endswith(".html")])
def test_both_languages_offer_the_same_choices(name: str) -> None:
    offered = re.compile(r'<(?:form|input|button|a)\b[^>]*?(?:name|value|method|type)="[^"]*"[^>]*>')
    english, chinese = (offered.findall(text(locale, name)) for locale in ("en", "zh"))
    assert english == chinese


@pytest.mark.parametrize("name", [name for name in ENGLISH if name.endswith(".txt")])
def test_a_mail_has_a_subject_in_both_languages_or_in_neither(name: str) -> None:
    first = {text(locale, name).startswith("Subject: ") for locale in ("en", "zh")}
    assert len(first) == 1


def test_no_page_or_mail_loads_anything_from_elsewhere() -> None:
    loading = re.compile(r"""(?:src|srcset|background)\s*=|url\(|@import|<script|<link""")
    for path in sorted(FOLDER.rglob("*.html")) + sorted(FOLDER.rglob("*.css")):
        if path.parent.name != "reference":  # the API's reference has a script of its own, inline
            assert not loading.search(path.read_text("utf-8")), path.name

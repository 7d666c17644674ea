"""What people are told before data about them is given away: in their language, with nothing left open."""

from __future__ import annotations

import pytest

from chalicelib.privacy.disclosure_kinds import DisclosurePurpose
from chalicelib.privacy.notifications import KINDS, Group, Kind
from chalicelib.privacy.register import Category
from chalicelib.services import wording
from chalicelib.services.disclosures import disclosure_words

VALUES = {"recipient": "Harbour Ltd", "purpose": "p", "data": "d", "until": "2026-01-01 08:00"}
TEMPLATES = ("disclosure_question", "disclosure_complaint", "disclosure_declined", "disclosure_made")


@pytest.mark.clause("partners", "complainant")
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_purpose_and_category_has_words_of_its_own(locale: wording.Locale) -> None:
    purposes = [disclosure_words.of_purpose(one, locale) for one in DisclosurePurpose]
    assert len(set(purposes)) == len(DisclosurePurpose)
    named = disclosure_words.of_categories([one.value for one in Category], locale)
    assert all(disclosure_words.CATEGORIES[one][locale] in named for one in Category)
    if locale == "zh":
        assert not [one for one in purposes if one.isascii()]


@pytest.mark.clause("complainant")
@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_each_text_names_the_recipient_and_is_filled(template: str, locale: wording.Locale) -> None:
    made = wording.notice(template, locale, VALUES)
    assert "Harbour Ltd" in made.subject + made.text
    assert "$" not in made.text


@pytest.mark.clause("complainant", "partners")
def test_telling_of_a_disclosure_cannot_be_switched_off() -> None:
    assert KINDS[Kind.COMPLAINT].group is Group.LEGAL
    assert KINDS[Kind.DISCLOSURE].group is Group.LEGAL

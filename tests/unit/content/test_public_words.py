"""What we announce is whole: readers of both languages are told, and nobody is told what is not for the public."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy.notifications import KINDS, Group, Kind
from chalicelib.services.notifications import public

pytestmark = pytest.mark.clause("discontinuation", "incidents")

NO_TRANSACTION: Any = None
"""Nothing may be written of what is refused."""
WHOLE = {"en": {"title": "It ends", "text": "In May."}, "zh": {"title": "终止", "text": "五月。"}}


@pytest.mark.parametrize(
    "texts",
    [
        {"en": WHOLE["en"]},
        {"zh": WHOLE["zh"]},
        {},
        {**WHOLE, "zh": {"title": "终止"}},
        {**WHOLE, "zh": {"title": "终止", "text": " \n"}},
        {**WHOLE, "en": {**WHOLE["en"], "who": "somebody"}},
        {**WHOLE, "en": {"title": "x" * 201, "text": "In May."}},
        {**WHOLE, "en": {"title": "It ends", "text": "x" * 5001}},
    ],
)
def test_half_an_announcement_is_refused(texts: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ValueError, match="public notice"):
        public.publish(NO_TRANSACTION, Kind.DISCONTINUATION, texts, "end_x")


@pytest.mark.parametrize("kind", [kind for kind in Kind if KINDS[kind].group is not Group.LEGAL])
def test_news_and_tips_are_no_announcements(kind: Kind) -> None:
    with pytest.raises(ValueError, match="law or the policy"):
        public.publish(NO_TRANSACTION, kind, WHOLE, "end_x")


@pytest.mark.parametrize("template", ["public_service_ends", "public_service_goes_on"])
def test_an_announcement_is_worded_in_both_languages(template: str) -> None:
    values = {"ends_at": "2027-03-01 00:00", "url": "https://api.okki.example/v1/announcements"}
    made = public.worded(
        template, {"en": {**values, "words": "Why so."}, "zh": {**values, "words": "原因。"}}
    )
    assert "2027-03-01 00:00" in made["en"]["title"] + made["en"]["text"]
    assert "Why so." in made["en"]["text"]
    assert "原因。" in made["zh"]["text"]
    assert not made["en"]["title"].startswith("Subject")
    assert made["en"].keys() == made["zh"].keys() == public.WORDS

"""What a person would lose: being told apart is enough before anybody has paid, and noted down, to know them."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.records.prospects import AddedProspect, StockedProspect
from chalicelib.services.prospects import masking

WORD = st.text(st.characters(categories=("L", "N")), min_size=6, max_size=20).map(lambda text: f"q{text}q")
DIGITS = st.text("0123456789", min_size=9, max_size=14)
CLASSES = {"sector": "machinery", "country": "DE", "level": "chief"}


def stocked(secret: str, digits: str) -> StockedProspect:
    return StockedProspect(
        prospect_id="pr_x",
        load_id="ld_x",
        first_at=1,
        refreshed_at=2,
        **CLASSES,
        sources={"name": ["register", "2026-01-01"]},
        postings=(),
        business_name="Acme",
        address=f"{secret} 1",
        website=f"https://{secret}.example",
        profile=f"about {secret}",
        contact_numbers=(digits,),
        company_social=(f"https://social.example/{secret}",),
        name=f"{secret} {secret}",
        position=f"{secret} chief",
        affiliation=secret,
        email=f"{secret}@{secret}.example",
        phone=digits,
    )


def added(secret: str) -> AddedProspect:
    return AddedProspect(
        prospect_id="pr_x",
        person="h",
        first_at=1,
        changed_at=2,
        **CLASSES,
        postings=(),
        email=f"{secret}@{secret}.example",
        first_name=secret,
        last_name=secret,
        industry=secret,
        current_position=secret,
        previous_positions=(secret,),
        location=secret,
        social=(f"https://social.example/{secret}",),
    )


@given(WORD, DIGITS, st.sampled_from(["stocked", "added", "both"]))
@example("q王小明王小明q", "4940123456", "both")
def test_nothing_is_read_off_a_masked_prospect(secret: str, digits: str, kind: str) -> None:
    one = stocked(secret, digits) if kind != "added" else None
    two = added(secret) if kind != "stocked" else None
    shown = masking.masked(one, two)
    values = [value for name, value in shown.items() if name not in {"id", "sources", "has", "level"}]
    text = json.dumps(values, ensure_ascii=False)  # names of members are words as well
    for start in range(len(secret) - 3):
        assert secret[start : start + 4] not in text or secret[start : start + 4] in "acme machinery"
    assert digits[:-2] not in text


@given(WORD, DIGITS)
def test_masked_and_revealed_have_the_same_members(secret: str, digits: str) -> None:
    for parts in (
        (stocked(secret, digits), None),
        (None, added(secret)),
        (stocked(secret, digits), added(secret)),
    ):
        hidden, shown = masking.masked(*parts), masking.revealed(*parts)
        assert hidden.keys() == shown.keys()
        for name in ("id", "company", "industry", "country", "level", "sources", "has"):
            assert hidden[name] == shown[name]


@given(WORD, DIGITS)
def test_what_was_paid_for_is_all_there_with_where_it_is_from(secret: str, digits: str) -> None:
    shown = masking.revealed(stocked(secret, digits), added(secret))
    assert (shown["email"], shown["phone"]) == (f"{secret}@{secret}.example", digits)
    assert shown["previous_positions"] == [secret]
    assert {one["kind"] for one in shown["provenance"]} == {"stocked", "shared"}


def test_how_long_a_hidden_text_is_does_not_show() -> None:
    short, long = stocked("qabcdefq", "123456789"), stocked("q" + "abcdef" * 9 + "q", "12345678900089")
    assert masking.masked(short, None) == masking.masked(long, None)

"""What a masked grant shows of a person: never more than is stated, and never how long the rest is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.privacy import masking
from chalicelib.privacy.masking import DIGITS_OF, DIGITS_SHOWN, HIDDEN, SHOWN_OF

pytestmark = pytest.mark.clause("personnel", "access")

narrow = st.characters().filter(lambda sign: unicodedata.east_asian_width(sign) not in "FHW")
words = st.text(narrow, min_size=SHOWN_OF, max_size=40)
chinese = st.text(
    st.one_of(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.characters(min_codepoint=0x3400, max_codepoint=0x4DBF),
        st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF),
    ),
    min_size=1,
    max_size=8,
)
labels = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=6)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Anna Li", "A***"),
        ("  Anna Li", "A***"),
        ("金丝雀李", "***"),
        ("李娜", "***"),
        ("欧阳娜娜", "***"),
        ("Anna 李", "***"),
        ("김민준", "***"),
        ("やまだ たろう", "***"),
        ("Øyvind", "Ø***"),
        ("A", "***"),
        ("Al", "***"),
        ("", "***"),
        ("'anna", "***"),
    ],
)
def test_of_a_name_its_first_character_is_shown_unless_that_were_half_of_it(text: str, wanted: str) -> None:
    assert masking.name(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("anna.li@acme.example", "a***@***"),
        ("anna.li@mail.acme.com", "a***@***.com"),
        ("al@acme.com", "***@***.com"),
        ("anna@com", "a***@***"),
        ("anna.li", "***"),
        ("@acme.com", "***@***.com"),
        ("anna@acme.lamborghini", "a***@***"),
    ],
)
def test_of_an_address_the_first_character_and_the_last_label_are_shown(text: str, wanted: str) -> None:
    assert masking.address(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("+65 9173 5528", "***28"), ("917355", "***"), ("9173552", "***52"), ("ext. 42", "***"), ("", "***")],
)
def test_of_a_number_the_last_two_digits_are_shown(text: str, wanted: str) -> None:
    assert masking.phone(text) == wanted


@given(chinese, st.sampled_from(["", " ", "·"]), st.text(max_size=10))
@example("王", "", "小明")
@example("诸葛", "", "亮")
@example("李", " ", "Anna")
@example("𠮷", "", "野家")
def test_nothing_of_a_chinese_name_is_shown_for_its_first_character_is_the_surname(
    surname: str, between: str, rest: str
) -> None:
    for text in (f"{surname}{between}{rest}", f"{rest}{between}{surname}"):
        assert masking.name(text) == HIDDEN
    assert masking.address(f"{surname}{'x' * 3}@acme.com") == "***@***.com"


@given(st.text(max_size=SHOWN_OF - 1))
def test_nothing_of_a_name_of_one_or_two_characters_is_shown(text: str) -> None:
    assert masking.name(text) == HIDDEN


@given(words, words)
@example("Anna Li", "Alexander Longname the Third")
def test_two_names_that_begin_alike_look_alike(one: str, other: str) -> None:
    """Nothing but the first character has any influence on what is shown: not the rest, not the length."""
    begun = other[0] + one[1:]
    if one.strip() == one and begun.strip() == begun and other.strip() == other:
        assert masking.name(begun) == masking.name(other)
    assert len(masking.name(one)) <= 1 + len(HIDDEN)


@given(words, words, st.text("abc.-", max_size=30), st.text("abc.-", max_size=30), labels)
def test_two_addresses_that_begin_and_end_alike_look_alike(
    one: str, other: str, host: str, another: str, label: str
) -> None:
    begun = other[0] + one[1:]
    if any(text.strip() != text for text in (begun, other)):
        return
    first = masking.address(f"{begun}@{host}x.{label}")
    assert first == masking.address(f"{other}@{another}x.{label}")
    assert len(first) <= 1 + 2 * len(HIDDEN) + 1 + len(label) + 1


@given(st.text(max_size=60))
def test_whatever_was_typed_no_more_than_is_stated_is_shown(text: str) -> None:
    shown = masking.phone(text).removeprefix(HIDDEN)
    digits = [sign for sign in text if sign.isdigit()]
    assert len(shown) <= DIGITS_SHOWN
    assert not shown or len(digits) >= DIGITS_OF
    assert masking.name(text).endswith(HIDDEN)
    left, at, right = masking.address(text).partition(HIDDEN)
    assert len(left) <= 1
    assert HIDDEN in masking.address(text)
    assert not at or "@" not in left
    assert len(right) <= 1 + len(HIDDEN) + 7
    assert masking.hidden(text) in {HIDDEN, None}


def test_of_anything_else_it_only_shows_that_there_is_something() -> None:
    assert masking.hidden("Head of Purchasing") == HIDDEN
    assert masking.hidden("") is None
    assert masking.hidden(None) is None

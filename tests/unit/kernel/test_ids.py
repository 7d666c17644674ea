"""Ids sort by the time they were made, cannot be guessed, and nothing else passes for one."""

from __future__ import annotations

import re
import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import clock, ids

RAW = st.binary(min_size=16, max_size=16)
PREFIX = st.sampled_from(["co", "usr", "ct", "msg", "ntc", "op"])


@given(PREFIX, RAW)
def test_an_id_and_its_bytes_are_the_same_thing(prefix: str, value: bytes) -> None:
    text = ids.from_raw(prefix, value)
    assert ids.raw(text) == value
    assert ids.is_id(text)
    assert ids.is_id(text, prefix)
    assert not ids.is_id(text, prefix + "x")


@given(RAW, RAW)
def test_ids_sort_as_their_bytes_do(one: bytes, other: bytes) -> None:
    assert (ids.from_raw("ct", one) < ids.from_raw("ct", other)) == (one < other)


@given(st.text(max_size=60))
def test_what_is_no_id_is_refused(text: str) -> None:
    shaped = re.fullmatch(r"[a-z]{2,4}_[0-9a-v]{26}", text) is not None
    assert ids.is_id(text) == shaped
    if not shaped and len(text.partition("_")[2]) != 26:
        with pytest.raises(ValueError, match="not an id"):
            ids.raw(text)


@given(st.text(min_size=26, max_size=26))
def test_taking_an_id_apart_raises_nothing_but_value_error(body: str) -> None:
    try:
        assert len(ids.raw(f"ct_{body}")) == 16
    except ValueError:
        pass


@pytest.mark.parametrize("tail", ["\n", " ", "\x00", "=", "#x", "é"])
def test_an_id_with_something_behind_it_is_no_id(tail: str) -> None:
    assert not ids.is_id(ids.new("ct") + tail)
    assert not ids.is_id(tail + ids.new("ct"))
    assert not ids.is_id(ids.new("ct").upper())


def test_a_new_id_is_a_uuid_of_version_7_and_of_now() -> None:
    before = clock.now_ms()
    made = [ids.raw(ids.new("ct")) for _ in range(500)]
    after = clock.now_ms()
    for value in made:
        assert uuid.UUID(bytes=value).version == 7
        assert uuid.UUID(bytes=value).variant == uuid.RFC_4122
        assert before <= int.from_bytes(value[:6], "big") <= after
    assert len({value[6:] for value in made}) == len(made)


def test_every_random_bit_of_an_id_is_random() -> None:
    seen_ones, seen_zeros = 0, 0
    for _ in range(200):
        value = int.from_bytes(ids.raw(ids.new("ct")), "big")
        seen_ones |= value
        seen_zeros |= ~value
    random_bits = (1 << 80) - 1
    varies = seen_ones & seen_zeros & random_bits
    assert varies.bit_count() == 74


def test_secrets_and_codes_are_long_enough_and_never_the_same() -> None:
    secrets = {ids.secret() for _ in range(200)}
    assert len(secrets) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one) for one in secrets)
    codes = [ids.code() for _ in range(2000)]
    assert all(re.fullmatch(r"[0-9]{8}", one) for one in codes)
    assert len(set(codes)) > 1990
    # leading zeros are kept, every digit occurs in every place
    for place in range(8):
        assert {one[place] for one in codes} == set(string.digits)

"""Tracking tokens: nobody but us makes one, and one is good for what it was made for only."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import ids, tokens
from chalicelib.kernel.tokens import Kind, Token

OLD = {"1": "first secret of the stack"}
KEYS = {**OLD, "2": "second secret, the one that signs"}

identifier = st.binary(min_size=16, max_size=16)
byte = st.integers(0, 255)
address = st.text(st.characters(exclude_categories=["Cs"]), max_size=300).filter(
    lambda t: len(t.encode()) <= 1000
)


@st.composite
def token(draw: st.DrawFn) -> Token:
    kind = draw(st.sampled_from(Kind))
    made = Token(
        kind=kind,
        company_id=ids.from_raw("co", draw(identifier)),
        message_id=ids.from_raw("msg", draw(identifier)),
        number=draw(byte),
    )
    if kind is Kind.CLICK:
        made = replace(made, link=draw(byte), url=draw(address))
    if kind is Kind.UNSUBSCRIBE:
        made = replace(made, person=draw(identifier).hex())
    return made


@given(token())
def test_a_token_says_what_was_put_into_it(made: Token) -> None:
    text = tokens.sign(KEYS, made)
    assert tokens.read(KEYS, made.kind, text) == made
    assert len(text) <= tokens.MAX_TOKEN
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(token())
def test_a_token_is_good_for_one_thing_only(made: Token) -> None:
    text = tokens.sign(KEYS, made)
    for other in set(Kind) - {made.kind}:
        assert tokens.read(KEYS, other, text) is None


@given(token(), st.data())
def test_one_changed_bit_makes_it_worthless(made: Token, data: st.DataObject) -> None:
    text = tokens.sign(KEYS, made)
    packed = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    bit = data.draw(st.integers(0, len(packed) * 8 - 1))
    packed[bit // 8] ^= 1 << bit % 8
    forged = base64.urlsafe_b64encode(bytes(packed)).rstrip(b"=").decode()
    assert tokens.read(KEYS, made.kind, forged) is None


@given(token(), st.data())
def test_a_shorter_longer_or_respelled_token_is_worthless(made: Token, data: st.DataObject) -> None:
    text = tokens.sign(KEYS, made)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.text(max_size=3))
    for forged in (
        text[:place],
        text[place + 1 :],
        text + other,
        text[:place] + other + text[place + 1 :],
        text + "=",
    ):
        assert forged == text or tokens.read(KEYS, made.kind, forged) is None


@given(st.sampled_from(Kind), st.text(max_size=400))
def test_no_text_upsets_the_reader(kind: Kind, text: str) -> None:
    assert tokens.read(KEYS, kind, text) is None


@given(st.sampled_from(Kind), st.binary(max_size=400))
def test_no_bytes_upset_the_reader(kind: Kind, packed: bytes) -> None:
    assert tokens.read(KEYS, kind, base64.urlsafe_b64encode(packed).rstrip(b"=").decode()) is None


@given(token())
def test_a_mail_sent_before_a_rotation_still_works_and_one_after_a_withdrawal_does_not(made: Token) -> None:
    old = tokens.sign(OLD, made)
    assert tokens.read(KEYS, made.kind, old) == made
    new = tokens.sign(KEYS, made)
    assert tokens.read(OLD, made.kind, new) is None
    assert tokens.read({**KEYS, "2": "another"}, made.kind, new) is None
    assert tokens.read({}, made.kind, new) is None


def test_the_highest_key_signs_by_number_not_by_letter() -> None:
    made = Token(Kind.OPEN, ids.new("co"), ids.new("msg"))
    text = tokens.sign({"9": "nine", "10": "ten"}, made)
    assert tokens.read({"10": "ten"}, Kind.OPEN, text) == made


def test_a_token_holds_no_address_of_a_person() -> None:
    made = Token(Kind.UNSUBSCRIBE, ids.new("co"), ids.new("msg"), person="0f" * 16)
    packed = base64.urlsafe_b64decode(tokens.sign(KEYS, made) + "===")
    assert len(packed) == 1 + 16 + 16 + 1 + tokens.HASH_BYTES + tokens.MAC_BYTES


@given(st.binary(max_size=2000))
def test_what_the_edge_sealed_only_we_open(content: bytes) -> None:
    sealed = tokens.seal_hit(KEYS, content)
    assert tokens.open_hit(KEYS, sealed) == content
    assert tokens.seal_hit(KEYS, content) != sealed
    for keys in ({**KEYS, "2": "another"}, OLD, {}):
        with pytest.raises(ValueError):
            tokens.open_hit(keys, sealed)


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_sealed_hit_cannot_be_changed(content: bytes, data: st.DataObject) -> None:
    key_id, _, body = tokens.seal_hit(KEYS, content).partition(".")
    packed = bytearray(base64.b64decode(body))
    bit = data.draw(st.integers(0, len(packed) * 8 - 1))
    packed[bit // 8] ^= 1 << bit % 8
    for forged in (
        f"{key_id}.{base64.b64encode(bytes(packed)).decode()}",
        f"1.{body}",
        body,
        "",
        f"{key_id}.",
    ):
        with pytest.raises(ValueError):
            tokens.open_hit(KEYS, forged)

"""A file for one recipient: what the sender seals, the recipient's own tool opens, and nobody else does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.kernel import ids
from chalicelib.services.disclosures import envelope
from tools import open_disclosure

pytestmark = pytest.mark.clause("partners", "encryption")

PRIVATE, PUBLIC = open_disclosure.new_pair()
KEY = envelope.read_key(PUBLIC.decode())
LOW_ORDER = (
    bytes(32),
    (1).to_bytes(32, "little"),
    ((1 << 255) - 19 - 1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
)
"""Points of small order (RFC 7748, 6.1): with each of them everybody arrives at the same secret."""


def pem(raw: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = X25519PublicKey.from_public_bytes(raw)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=2000))
def test_what_was_sealed_comes_out_as_it_was(payload: bytes) -> None:
    case = ids.new("dis")
    sealed = envelope.seal(case, KEY, payload)
    assert open_disclosure.opened(PRIVATE, sealed) == payload
    content = json.loads(sealed)
    assert (content["format"], content["disclosure_id"]) == (envelope.FORMAT, case)
    assert content["recipient_key"] == envelope.fingerprint(KEY)


def test_the_same_payload_never_makes_the_same_file() -> None:
    case = ids.new("dis")
    first, second = (json.loads(envelope.seal(case, KEY, b"x")) for _ in range(2))
    assert not [name for name in ("ephemeral", "nonce", "ciphertext") if first[name] == second[name]]


def test_a_file_cannot_be_passed_off_as_another_cases() -> None:
    content = json.loads(envelope.seal(ids.new("dis"), KEY, b"x"))
    content["disclosure_id"] = ids.new("dis")
    with pytest.raises(ValueError, match="not for this key"):
        open_disclosure.opened(PRIVATE, json.dumps(content).encode())
    content["more"] = "of it"
    with pytest.raises(ValueError, match="not for this key"):
        open_disclosure.opened(PRIVATE, json.dumps(content).encode())


@pytest.mark.parametrize("raw", LOW_ORDER)
def test_a_key_that_gives_everybody_the_same_secret_is_refused(raw: bytes) -> None:
    with pytest.raises(envelope.UnusableKeyError):
        envelope.read_key(pem(raw))


@pytest.mark.parametrize(
    "text", ["", "x", PRIVATE.decode(), PUBLIC.decode()[:-40]], ids=["none", "x", "private", "cut off"]
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(envelope.UnusableKeyError):
        envelope.read_key(text)


def test_the_recipients_tool_makes_a_key_and_opens_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public, file = (tmp_path / name for name in ("private.pem", "public.pem", "file.json"))
    assert open_disclosure.main(["new", str(private), str(public)]) == 0
    assert private.stat().st_mode & 0o077 == 0, "nobody else on the machine reads it"
    with pytest.raises(FileExistsError):
        open_disclosure.main(["new", str(private), str(public)])
    payload = '{"name":"李"}'.encode()
    file.write_bytes(envelope.seal(ids.new("dis"), envelope.read_key(public.read_text()), payload))
    assert open_disclosure.main(["open", str(private), str(file)]) == 0
    told = capsys.readouterr()
    assert told.out == '{"name":"李"}\n'
    assert told.err == f"sha256 {hashlib.sha256(payload).hexdigest()}\n"
    file.write_text("{}")
    assert open_disclosure.main(["open", str(private), str(file)]) == 1

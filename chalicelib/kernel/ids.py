"""Opaque ids: a prefix that says what it is, and a UUIDv7 (RFC 9562) in base32hex: they sort by time.

128 bits, of which 74 are random: an id cannot be guessed, but it is never a secret either. Secrets (sessions,
mailed codes) come from ``secret`` and ``code``.
"""

from __future__ import annotations

import base64
import re
import secrets
from typing import Final, NewType

from chalicelib.kernel import clock

CompanyId = NewType("CompanyId", str)
UserId = NewType("UserId", str)
ContactId = NewType("ContactId", str)
MessageId = NewType("MessageId", str)

OPERATOR: Final = CompanyId("co_operator")
"""The operator's own partition: what exists before a company does (signups, notices, lookups)."""

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"
_SHAPE: Final = re.compile(r"[a-z]{2,4}_[0-9a-v]{26}")


def new(prefix: str) -> str:
    """A fresh id such as ``msg_06c…`` (26 characters after the prefix)."""
    stamp = clock.now_ms().to_bytes(6, "big")
    noise = bytearray(secrets.token_bytes(10))
    noise[0] = 0x70 | (noise[0] & 0x0F)  # version 7
    noise[2] = 0x80 | (noise[2] & 0x3F)  # RFC 9562 variant
    return f"{prefix}_{_encode(stamp + bytes(noise))}"


def is_id(value: str, prefix: str | None = None) -> bool:
    """True when the text has the shape of one of our ids (and, if asked, that prefix)."""
    return bool(_SHAPE.fullmatch(value)) and (prefix is None or value.startswith(prefix + "_"))


def raw(identifier: str) -> bytes:
    """The 16 bytes of an id, for packing into a token.

    Raises:
        ValueError: the text is not an id.
    """
    body = identifier.partition("_")[2]
    if len(body) != 26:
        raise ValueError("not an id")
    return base64.b32hexdecode(body.upper() + "======")


def from_raw(prefix: str, value: bytes) -> str:
    """The id that ``raw`` took apart."""
    return f"{prefix}_{_encode(value)}"


def secret() -> str:
    """A bearer secret of 256 random bits, URL-safe (43 characters)."""
    return secrets.token_urlsafe(32)


def code() -> str:
    """A mailed code of 8 digits. Short because people type it; attempts are counted and it lives minutes."""
    return f"{secrets.randbelow(10**8):08d}"


def _encode(value: bytes) -> str:
    """16 bytes in base32hex, lower case, unpadded. By hand because the pixel does it twice a request and the
    standard library's goes through large tables.
    """
    bits = int.from_bytes(value, "big") << 2  # 128 bits fill 26 digits of 5
    return "".join([_DIGITS[bits >> shift & 31] for shift in range(125, -1, -5)])

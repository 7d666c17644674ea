"""Tracking tokens: what the links in a mail carry, and the envelope in which a hit travels to its worker.

A token is ``key id | payload | MAC`` in base64url. The payload is ids, a keyed hash, and for a click the
very address the sender wrote, so nobody can forge one, read a mailbox address out of one, or bend a click
to another place, and a link still works when everything else about the mail is erased. The MAC covers what
the token is for: an open cannot be replayed as an unsubscribe. Checking one costs no AWS call.

Key ids let old mails keep working after a rotation: `keys` maps every id still honoured to its secret.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chalicelib.kernel import ids

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Keys = Mapping[str, str]
MAC_BYTES: Final = 16
HASH_BYTES: Final = 16
_IDS: Final = 32  # company and message
MAX_TOKEN: Final = 2048
"""Longest token looked at, characters. A link's target is at most 1,000 bytes when it is written."""


class Kind(Enum):
    """What a token is good for; the letter is the first part of its path on the edge."""

    OPEN = "o"
    CLICK = "c"
    UNSUBSCRIBE = "u"


@dataclass(frozen=True, slots=True)
class Token:
    """The content of a token. ``number`` counts recipients, ``link`` the links of the message, from 0."""

    kind: Kind
    company_id: str
    message_id: str
    number: int = 0
    link: int = 0
    person: str = ""
    """Keyed hash of the recipient's address (32 hex digits); only in unsubscribe tokens."""
    url: str = ""
    """Where a click goes, exactly as the sender wrote it."""


def sign(keys: Keys, token: Token) -> str:
    """The token's text for a link. The highest key id signs."""
    key_id = max(keys, key=int)
    payload = ids.raw(token.company_id) + ids.raw(token.message_id) + bytes([token.number])
    if token.kind is Kind.CLICK:
        payload += bytes([token.link]) + token.url.encode()
    elif token.kind is Kind.UNSUBSCRIBE:
        payload += bytes.fromhex(token.person)
    body = bytes([int(key_id)]) + payload
    text = base64.urlsafe_b64encode(body + _mac(keys[key_id], token.kind, body))
    return text.rstrip(b"=").decode()


def read(keys: Keys, kind: Kind, text: str) -> Token | None:
    """What a token of this kind says, or None when it is not one of ours. Never raises."""
    if not 0 < len(text) <= MAX_TOKEN:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # base64 has several spellings of the same bytes; a link of ours has one.
    if base64.urlsafe_b64encode(packed).rstrip(b"=").decode() != text:
        return None
    body, mac = packed[:-MAC_BYTES], packed[-MAC_BYTES:]
    if len(body) < 2 + _IDS:
        return None
    try:
        secret = keys[str(body[0])]  # asking by index, because keys look again for an id they do not know
    except KeyError:
        return None
    if not hmac.compare_digest(mac, _mac(secret, kind, body)):
        return None
    rest = body[2 + _IDS :]
    return Token(
        kind=kind,
        company_id=ids.from_raw("co", body[1:17]),
        message_id=ids.from_raw("msg", body[17:33]),
        number=body[33],
        link=rest[0] if kind is Kind.CLICK else 0,
        person=rest.hex() if kind is Kind.UNSUBSCRIBE else "",
        url=rest[1:].decode() if kind is Kind.CLICK else "",
    )


def seal_hit(keys: Keys, content: bytes) -> str:
    """Close a hit (address and headers of a reader) for the queue: what waits there is not readable.

    AES-256-GCM under a key of its own; a dead-letter queue therefore holds nothing about anybody.
    """
    key_id = max(keys, key=int)
    nonce = os.urandom(12)
    sealed = _cipher(keys[key_id]).encrypt(nonce, content, key_id.encode())
    return f"{key_id}.{base64.b64encode(nonce + sealed).decode()}"


def open_hit(keys: Keys, text: str) -> bytes:
    """The hit that ``seal_hit`` closed.

    Raises:
        ValueError: not ours, or changed on the way.
    """
    from cryptography.exceptions import InvalidTag

    key_id, _, body = text.partition(".")
    try:
        secret = keys[key_id]
    except KeyError:
        raise ValueError("unknown key") from None
    packed = base64.b64decode(body)
    try:
        return _cipher(secret).decrypt(packed[:12], packed[12:], key_id.encode())
    except InvalidTag:
        raise ValueError("not sealed by the edge") from None


def _mac(secret: str, kind: Kind, body: bytes) -> bytes:
    keyed = _keyed(secret).copy()
    keyed.update(kind.value.encode() + body)
    return keyed.digest()[:MAC_BYTES]


@lru_cache(maxsize=8)
def _keyed(secret: str) -> hmac.HMAC:
    # Setting up the key anew would be the most expensive step of reading a token.
    return hmac.new(secret.encode(), digestmod="sha256")


@lru_cache(maxsize=8)
def _cipher(secret: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # late: sending mail does without

    return AESGCM(hmac.digest(secret.encode(), b"okki-leads hit envelope", "sha256"))

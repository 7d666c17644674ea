"""Billing's side of an order, for tests and for trying things out: a key pair, and orders signed with it.

The real billing holds its private key elsewhere; the stack is told public keys only (parameter BillingKeys).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_ID: Final = "1"
SOURCE: Final = "okki.billing"
DETAIL_TYPE: Final = "order"


def key_in(folder: Path) -> Ed25519PrivateKey:
    """The key of the stack whose state is in ``folder``, made on first use: kept state keeps billing too."""
    file = folder / "billing.key"
    if file.exists():
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(file.read_text()))
    key = Ed25519PrivateKey.generate()
    file.touch(mode=0o600)
    file.write_text(base64.b64encode(key.private_bytes_raw()).decode())
    return key


def public(key: Ed25519PrivateKey) -> str:
    """The template's parameter BillingKeys: `id:base64` of the public key."""
    return f"{KEY_ID}:{base64.b64encode(key.public_key().public_bytes_raw()).decode()}"


def signed(key: Ed25519PrivateKey, order: Mapping[str, Any]) -> dict[str, str]:
    """The detail of an order's event. The signature covers the bytes of the text, as sent."""
    text = json.dumps(order)
    return {"key": KEY_ID, "order": text, "signature": base64.b64encode(key.sign(text.encode())).decode()}

"""Opens a disclosed file with the recipient's private key; for recipients, so it needs nothing of ours.

    python open_disclosure.py new private.pem public.pem        a key pair; send us public.pem
    python open_disclosure.py open private.pem disclosure.json  prints the data, and its SHA-256 on stderr

Needs Python 3.9 or later and the package `cryptography`. The format is `okki-leads-disclosure-1`:

- `ephemeral`: raw X25519 public key, base64. `recipient_key`: SHA-256 of yours, hex. `nonce`: 12 bytes,
  base64.
- key = HKDF-SHA256(X25519(yours, ephemeral), salt = ephemeral || your public key, info = format + " " +
  disclosure_id, 32 bytes).
- `ciphertext` = AES-256-GCM with the tag at its end; authenticated with it: the other members but `nonce`, as
  JSON with names in order, no spaces, UTF-8.

The SHA-256 of what comes out is the one in the sender's register of disclosures.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


def new_pair() -> tuple[bytes, bytes]:
    """A private key and its public one, PEM. The private one is not encrypted: keep it as such."""
    private = X25519PrivateKey.generate()
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def opened(private_pem: bytes, sealed: bytes) -> bytes:
    """The data in a file. Raises ValueError when it is not for this key, or not as it was sealed."""
    private = load_pem_private_key(private_pem, None)
    if not isinstance(private, X25519PrivateKey):
        raise ValueError("the private key is not an X25519 key")
    content = json.loads(sealed)
    ciphertext, nonce = (base64.b64decode(content.pop(name)) for name in ("ciphertext", "nonce"))
    ephemeral = base64.b64decode(content["ephemeral"])
    salt = ephemeral + private.public_key().public_bytes_raw()
    info = f"{content['format']} {content['disclosure_id']}".encode()
    shared = private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(shared)
    header = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, header)
    except InvalidTag:
        raise ValueError("not for this key, or not as it was sealed") from None


def main(arguments: list[str] | None = None) -> int:
    """Make keys, or open a file; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("new")
    read = commands.add_parser("open")
    for command, names in ((make, ("private", "public")), (read, ("private", "file"))):
        for name in names:
            command.add_argument(name, type=Path)
    asked = parser.parse_args(arguments)
    if asked.command == "new":
        private, public = new_pair()
        asked.private.touch(mode=0o600, exist_ok=False)
        asked.private.write_bytes(private)
        asked.public.write_bytes(public)
        return 0
    try:
        data = opened(asked.private.read_bytes(), asked.file.read_bytes())
    except (ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"could not be opened: {error}\n")
        return 1
    sys.stdout.write(data.decode() + "\n")
    sys.stderr.write(f"sha256 {hashlib.sha256(data).hexdigest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Passwords: Argon2id (RFC 9106), checked in the same time whether or not there is anything to check.

Parameters are OWASP's second choice (19 MiB, 2 passes, 1 lane): about 40 ms of one core and well within a
1,024 MB function. The verifier is a PHC string, so they can be raised without a migration.
"""

from __future__ import annotations

import os
import unicodedata
from base64 import b64encode
from functools import cache
from typing import Final

from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.services.accounts import breached

MEMORY_KIB: Final = 19_456
PASSES: Final = 2
LANES: Final = 1
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 256
_OURS: Final = ("okki", "okki leads", "okki leads ai")
"""What a guesser tries first here (NIST SP 800-63B-4, 3.1.1.2: context-specific words)."""


def verifier(password: str) -> str:
    """What is kept instead of the password."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(
        salt=os.urandom(SALT_BYTES),
        length=HASH_BYTES,
        iterations=PASSES,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
    )
    return kdf.derive_phc_encoded(_bytes(password))


def matches(password: str, known: str | None) -> bool:
    """True when the password belongs to the verifier. Without one (nobody by that name) the same work is
    done for nothing, so that time does not tell who has an account.
    """
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(_bytes(password), known or _nobody())
    except InvalidKey:
        return False
    return known is not None


def _bytes(password: str) -> bytes:
    """The same bytes for the same text, however a keyboard composes it (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode()


def check(password: str, *, personal: tuple[str, ...]) -> None:
    """Refuse passwords that are too short or too long (``too_short``, ``too_long``), that are little more
    than the product's, the person's or the mailbox's name (``too_easy``), or that are in everybody's lists
    (``breached``: it, or one like it, see `services.accounts.breached`).

    ``personal`` are the names and addresses that a guesser would know. Whatever stands in a password
    besides a name counts, except digits and marks: "acme.export-2026" is the company, "the acme of tea" is
    a password.

    Raises:
        InvalidError: with the code of what is wrong.
        OSError, breached.DataError: the list is not there (closed: nobody gets a password unchecked).
    """
    folded = breached.fold(password)
    code = None
    if len(password) < MIN_LENGTH:
        code = "too_short"
    elif len(password) > MAX_LENGTH:
        code = "too_long"
    elif len(set(folded)) < 4 or _is_name(folded, personal):
        code = "too_easy"
    elif breached.known(password):
        code = "breached"
    if code is not None:
        raise InvalidError(errors=[FieldError("password", code)])


def _is_name(folded: str, personal: tuple[str, ...]) -> bool:
    """True for one of the names as it stands, or with other digits, spaces and marks in or around it."""
    names = {breached.fold(text) for text in (*personal, *_OURS)}
    names |= {name.rpartition("@")[0] for name in names if "@" in name}
    return folded in names or _letters(folded) in {_letters(name) for name in names} - {""}


def _letters(folded: str) -> str:
    return "".join(sign for sign in folded if sign.isalpha())


@cache
def _nobody() -> str:
    """A verifier no password belongs to, made without hashing anything: the first refusal of a fresh process
    must not take twice as long.
    """
    salt, digest = (b64encode(os.urandom(n)).decode().rstrip("=") for n in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"

"""Mail addresses: the form to write to, the form to log in with, the form that says which person it is.

email-validator does the parsing (RFC 5321/5322, IDNA 2008); it is imported with the first address. SES takes
no international local parts, so those are refused here, before anything is stored.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox in three forms."""

    written: str
    """What we send to: NFC, the domain in Unicode, the local part as given."""
    login: str
    """What a user is found by: case folded, the domain in ASCII."""
    person: str
    """What a person is known by: as `login`, and without a ``+tag``, so that a stop covers every spelling."""
    domain: str
    """The domain in ASCII, lower case."""


def parse(text: str) -> Address:
    """Read an address.

    Raises:
        ValueError: it is not one we can send to. The message never contains it.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
            strict=True,  # 64 characters before the @: RFC 5321, 4.5.3.1.1, and SES
        )
    except EmailNotValidError:
        raise ValueError("not a mail address") from None
    domain = (valid.ascii_domain or "").lower()
    if "." not in domain or domain.endswith("."):
        raise ValueError("not a mail domain")
    local = unicodedata.normalize("NFKC", valid.local_part).casefold()
    stem = local.partition("+")[0] or local
    return Address(valid.normalized, f"{local}@{domain}", f"{stem}@{domain}", domain)

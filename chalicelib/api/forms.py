"""The pieces request bodies are made of. Unknown fields are refused everywhere (clause `singapore`: what is
not needed is not taken), text is bounded, and what may end up in a mail header cannot break out of it.

Validators raise ValueError with a stable code as its text; ``endpoint`` passes exactly that code on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from chalicelib.gateways.mime import UnsafeHeader, check_header
from chalicelib.kernel import addresses, telephones


class Form(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def _one_line(value: str) -> str:
    try:
        return check_header(value)
    except UnsafeHeader as error:
        raise ValueError(error.code) from None


def _is_address(value: str) -> str:
    try:
        addresses.parse(value)
    except ValueError:
        raise ValueError("not_an_address") from None
    return value


def _no_controls(value: str) -> str:
    if any(ord(char) < 32 and char not in "\n\r\t" for char in value):
        raise ValueError("control_character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("surrogate") from None
    return value


def _no_link(value: str) -> str:
    if "://" in value or "www." in value.lower():
        raise ValueError("looks_like_a_link")
    return value


def _web_link(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("not_a_web_link")
    return value


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)
]
"""One line of text that may appear in a mail header."""

Name = Annotated[Line, AfterValidator(_no_link)]
"""What people and companies are called. It stands in mails to strangers, so it is no place for an address."""

Mailbox = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_is_address)
]
"""A mail address we can send to."""

Text = Annotated[str, StringConstraints(max_length=200_000), AfterValidator(_no_controls)]
"""Long text."""

Link = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500),
    AfterValidator(_one_line),
    AfterValidator(_web_link),
]
"""An address on the web."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""

Telephone = Annotated[str, StringConstraints(pattern=f"^{telephones.PATTERN}$")]
"""A number as people write it."""

Language = Literal["en", "zh"]

Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6,8}$")]

ProofCode = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^([0-9]{6,8}|[2-9a-zA-Z-]{10,12})$")
]
"""A mailed or one-time code, or a recovery code, with or without a hyphen."""

Ticket = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
"""What WeChat's callback gave to somebody who is no user yet."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}_[0-9a-v]{26}$")]
"""One of our ids."""

Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
"""A version or method label."""

"""From the cells of a row to what a contact is made of, by the same rules as one that is typed in.

What cannot be taken is named by its column and a code, never by what stands there. An apostrophe that our own
export put before a formula is taken off again (``cells``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from chalicelib.gateways.mime import UnsafeHeader, check_header
from chalicelib.kernel import addresses, telephones
from chalicelib.services.contacts import cells
from chalicelib.services.prospects import classes

LINE: Final = 200
MAILBOX: Final = 254
LINKS: Final = 10
LINK: Final = 500

_PHONE: Final = re.compile(telephones.PATTERN)
_BETWEEN_LINKS: Final = re.compile(r"[\s,;|]+")
_CJK: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


class Person(NamedTuple):
    """What a row says of somebody; empty text for nothing. ``canonical``: who they are, by their address."""

    name: str = ""
    email: str = ""
    company: str = ""
    position: str = ""
    country: str = ""
    phone: str = ""
    social: str = ""
    canonical: str | None = None


class Trouble(NamedTuple):
    """What cannot be taken: the number of the column (0: the whole row), its field and a code."""

    column: int
    field: str
    code: str


class _NotTakenError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def person(row: Sequence[str], columns: Mapping[str, int]) -> Person | Trouble:
    """Read a row; the first trouble found, in the order of the fields, stands for it."""
    said: dict[str, str] = {}
    for field, number in columns.items():
        text = cells.original(row[number - 1]).strip() if number <= len(row) else ""
        try:
            said[field] = _READ[field](text) if text else ""
        except _NotTakenError as error:
            return Trouble(number, field, error.code)
    name = said.get("name") or _joined(said.get("first_name", ""), said.get("last_name", ""))
    email = said.get("email", "")
    if not name:
        # Lists of addresses are common: what somebody is called is then their mailbox, as in a mail program.
        name = email
    if not name:
        place = "name" if "name" in columns else "email"
        return Trouble(columns.get(place, 0), "name", "required")
    if len(name) > LINE:
        return Trouble(columns.get("name", columns.get("last_name", 0)), "name", "too_long")
    canonical = addresses.parse(email).person if email else None
    rest = {one: said.get(one, "") for one in ("company", "position", "country", "phone", "social")}
    return Person(name=name, email=email, canonical=canonical, **rest)


def _joined(first: str, last: str) -> str:
    """As it is written: the family name first and without a space in Chinese, Japanese and Korean names."""
    if _CJK.search(first + last) and not re.search(r"[A-Za-z]", first + last):
        return last + first
    return f"{first} {last}".strip()


def _line(text: str) -> str:
    try:
        return check_header(text, limit=LINE)
    except UnsafeHeader as error:
        raise _NotTakenError(error.code) from None


def _email(text: str) -> str:
    if len(text) > MAILBOX:
        raise _NotTakenError("too_long")
    try:
        addresses.parse(text)
    except ValueError:
        raise _NotTakenError("not_an_address") from None
    return text


def _country(text: str) -> str:
    code = classes.country(_line(text))
    if code == "ZZ":
        raise _NotTakenError("not_a_country")
    return code


def _phone(text: str) -> str:
    if not _PHONE.fullmatch(text):
        raise _NotTakenError("not_a_phone")
    return text


def _social(text: str) -> str:
    links = [one for one in _BETWEEN_LINKS.split(text) if one]
    for one in links:
        if len(one) > LINK:
            raise _NotTakenError("too_long")
        _line_of_any_length(one)
        if not one.startswith(("https://", "http://")):
            raise _NotTakenError("not_a_web_link")
    if len(links) > LINKS:
        raise _NotTakenError("too_many")
    return " ".join(links)


def _line_of_any_length(text: str) -> None:
    try:
        check_header(text)
    except UnsafeHeader as error:
        raise _NotTakenError(error.code) from None


_READ: Final = {
    "name": _line,
    "first_name": _line,
    "last_name": _line,
    "email": _email,
    "company": _line,
    "position": _line,
    "country": _country,
    "phone": _phone,
    "social": _social,
}

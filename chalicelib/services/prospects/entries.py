"""What a row of a load has to be before it comes into the base: every column of 2.2.2(l), and no other.

A person without an address is refused: nobody could tell them of it, find them when they object, or stop
what is sent to them. Closed, for their sake; their business may come in without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, telephones
from chalicelib.records.loads import Load
from chalicelib.records.prospects import Posting, StockedProspect
from chalicelib.services.prospects import classes
from chalicelib.services.prospects.sheets import Values

LISTS: Final = ("contact_numbers", "company_social")
LENGTHS: Final[Mapping[str, int]] = {
    "business_name": 200,
    "address": 300,
    "website": 300,
    "profile": 1_000,
    "contact_numbers": 40,
    "company_social": 300,
    "name": 120,
    "position": 120,
    "affiliation": 200,
    "email": 254,
    "phone": 40,
    "industry": 100,
    "country": 100,
}
"""The columns there are, and how many letters each may have; of a list, each of its parts."""
COLUMNS: Final = tuple(LENGTHS)
MOST: Final = 5
"""Parts of a list; in CSV they are separated by semicolons."""

_OF_PERSON: Final = ("name", "position", "affiliation", "phone")
_CLASSED: Final = ("industry", "country")
_PHONE: Final = re.compile(telephones.PATTERN)
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_SHARED_HOSTS: Final = re.compile(
    r"(?:^|\.)(?:facebook|linkedin|instagram|twitter|x|youtube|xing|alibaba|made-in-china|1688|globalsources"
    r"|amazon|ebay|etsy|weebly|wixsite|blogspot|wordpress|github)\.[a-z.]+$"
)
"""Addresses on the web where many businesses have a page: such a one does not say which."""


class RowError(ValueError):
    """What is wrong with a row; the text is a code of ours, never anything from the row."""

    def __init__(self, code: str, column: str | None = None) -> None:
        super().__init__(code)
        self.code, self.column = code, column


class Entry(NamedTuple):
    """A row that may come in: by what it is known, whom it is about, and what it says."""

    canonical: str
    person: str | None
    """The canonical address; None for a business alone."""
    fields: dict[str, Any]
    industry: str | None
    country: str | None


def entry(values: Values) -> Entry:
    """Check a row.

    Raises:
        RowError: the first thing that is wrong with it.
    """
    said: dict[str, Any] = {}
    for name in COLUMNS:
        value = _value(name, values.get(name, ""))
        if value:
            said[name] = value
    if "business_name" not in said:
        raise RowError("required", "business_name")
    if "email" in said:
        person = _canonical(said["email"])
    elif missing := [name for name in _OF_PERSON if name in said]:
        raise RowError("person_without_email", missing[0])
    else:
        person = None
    industry, country = (said.pop(name, None) for name in _CLASSED)
    known_by = person or _business(said, classes.country(country))
    return Entry(known_by, person, said, industry, country)


def stocked(one: Entry, load: Load, before: StockedProspect | None) -> tuple[StockedProspect, list[Posting]]:
    """The record as this row leaves it, and all that finds it. The same row again leaves the same.

    What was collected on a later day stays, field by field, whichever file comes last; and what a row does
    not say stays as it was. When somebody was first taken in never changes.
    """
    prospect_id = store.prospects.prospect_id(one.canonical)
    person = None if one.person is None else store.requests.person_hash(one.person)
    day = load.collected_on
    said = {**one.fields}
    if one.industry is not None:
        said["sector"] = classes.sector(one.industry)
    if one.country is not None:
        said["country"] = classes.country(one.country)
    sources = {} if before is None else dict(before.sources)
    newer = {name: value for name, value in said.items() if day >= sources.get(name, ("", ""))[1]}
    sources |= {name: [load.source, day] for name in newer}
    if before is None:
        made = StockedProspect(
            prospect_id=prospect_id,
            person=person,
            load_id=load.load_id,
            first_at=load.started_at or load.made_at,
            refreshed_at=load.started_at or load.made_at,
            level="",
            postings=(),
            sources=sources,
            **{"sector": classes.sector(None), "country": classes.country(None), **newer},
        )
    else:
        refreshed = max(before.refreshed_at, load.started_at or load.made_at)
        made = replace(before, load_id=load.load_id, refreshed_at=refreshed, sources=sources, **newer)
    made = replace(made, level=classes.level(made.position))
    finds = store.prospects.postings(
        prospect_id,
        store.prospects.STOCKED.kind,
        sector=made.sector,
        country=made.country,
        level=made.level,
        words=classes.words(*classes.found_by(business=made.business_name, position=made.position)),
        business=classes.business(made.business_name),
    )
    return replace(made, postings=store.prospects.posting_keys(finds)), finds


def _value(name: str, value: str | list[str]) -> str | tuple[str, ...]:
    if name in LISTS:
        parts = value if isinstance(value, list) else value.split(";")
        found = tuple(dict.fromkeys(text for one in parts if (text := _text(name, one))))
        if len(found) > MOST:
            raise RowError("too_many", name)
        return found
    if isinstance(value, list):
        raise RowError("not_text", name)
    return _text(name, value)


def _text(name: str, value: str) -> str:
    """The text with its spaces and line ends made one; empty for nothing."""
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise RowError("not_utf8", name)
    text = " ".join(value.split())
    if not text.isprintable():
        raise RowError("control_character", name)
    if len(text) > LENGTHS[name]:
        raise RowError("too_long", name)
    if not text:
        return text
    if name in {"phone", "contact_numbers"} and not _PHONE.fullmatch(text):
        raise RowError("not_a_number", name)
    if name in {"website", "company_social"} and _host(text) is None:
        raise RowError("not_a_web_address", name)
    return text


def _canonical(email: str) -> str:
    try:
        return addresses.parse(email).person
    except ValueError:
        raise RowError("not_an_address", "email") from None


def _business(said: Mapping[str, Any], country: str) -> str:
    """What a business without a person is known by: its own address on the web, or its name and country."""
    host = _host(said.get("website", ""))
    if host is not None and not _SHARED_HOSTS.search(host):
        return f"business:{host.removeprefix('www.')}"
    return f"business:{classes.business(said['business_name'])}:{country}"


def _host(link: str) -> str | None:
    """The host of an address on the web, in ASCII and small letters; None where it is none."""
    scheme, found, rest = link.partition("://")
    if found and scheme.lower() not in {"http", "https"}:
        return None
    host = re.split(r"[/?#:]", rest if found else link, maxsplit=1)[0].lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return None
    return host if _HOST.fullmatch(host) else None

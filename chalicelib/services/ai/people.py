"""Whom a job is about, and whose words must not reach a model: values of the record, the user, the company.

A contact of the company, or a prospect that it has revealed: what it may not read itself it cannot have
worked on either (clauses `ai`, `stocked-prospects`, `added-prospects`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib import store
from chalicelib.privacy.placeholders import Kind, Known
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import User
from chalicelib.records.companies import Company


class About(NamedTuple):
    """Somebody, as a job sees them: texts by name, and the values among them that are theirs."""

    fields: dict[str, str]
    known: tuple[Known, ...]
    email: str | None


def read(company_id: str, contact_id: str | None, prospect_id: str | None) -> About | None:
    """Whom a job names; None for nobody, and for nobody of theirs. One read, for a prospect three."""
    if contact_id is not None:
        return _contact(company_id, contact_id)
    if prospect_id is not None:
        return _prospect(company_id, prospect_id)
    return None


def _contact(company_id: str, contact_id: str) -> About | None:
    known = store.contacts.get(company_id, contact_id)
    if known is None:
        return None
    one = known.value
    return _about(
        one.email,
        [
            ("name", Kind.PERSON, one.name),
            ("email", Kind.EMAIL, one.email),
            ("phone", Kind.PHONE, one.phone),
            ("company", Kind.COMPANY, one.company),
            ("position", None, one.position),
            ("country", None, one.country),
            *(("", Kind.HANDLE, place) for place in one.social),
        ],
    )


def _prospect(company_id: str, prospect_id: str) -> About | None:
    rows = store.prospects
    if rows.REVEALS.get(company_id=company_id, prospect_id=prospect_id) is None:
        return None
    stocked = rows.STOCKED.get(prospect_id=prospect_id, use=Purpose.MAINTAIN_PROSPECT_BASE)
    if stocked is not None:
        one = stocked.value
        return _about(
            one.email,
            [
                ("name", Kind.PERSON, one.name),
                ("email", Kind.EMAIL, one.email),
                ("phone", Kind.PHONE, one.phone),
                ("company", Kind.COMPANY, one.business_name),
                ("position", None, one.position),
                ("profile", None, one.profile),
                ("country", None, one.country),
                ("", Kind.COMPANY, one.affiliation),
                ("", Kind.ADDRESS, one.address),
                ("", Kind.URL, one.website),
                *(("", Kind.PHONE, number) for number in one.contact_numbers),
                *(("", Kind.HANDLE, place) for place in one.company_social),
            ],
        )
    added = rows.ADDED.get(prospect_id=prospect_id, use=Purpose.OBTAIN_PROSPECTS)
    if added is None:
        return None
    person = added.value
    return _about(
        person.email,
        [
            ("name", Kind.PERSON, f"{person.first_name} {person.last_name}"),
            ("email", Kind.EMAIL, person.email),
            ("position", None, person.current_position),
            ("industry", None, person.industry),
            ("country", None, person.country),
            ("", Kind.ADDRESS, person.location),
            *(("", Kind.HANDLE, place) for place in person.social),
        ],
    )


def _about(email: str | None, values: list[tuple[str, Kind | None, str | None]]) -> About:
    """``values``: the text's name (none: it is only kept out), its kind if it is somebody's, the value."""
    return About(
        fields={name: value for name, _, value in values if name and value},
        known=tuple(Known(kind, value) for _, kind, value in values if kind is not None and value),
        email=email,
    )


def of_writer(user: User, company: Company) -> Iterator[Known]:
    """What is the user's own: they are somebody, too."""
    yield Known(Kind.PERSON, user.name)
    yield Known(Kind.EMAIL, user.email)
    yield Known(Kind.COMPANY, company.name)
    if company.website:
        yield Known(Kind.URL, company.website)

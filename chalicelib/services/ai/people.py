"""Whom a job is about, and whose words must not reach a model: values of the record, the user, the company.

A contact of the company, or a prospect that it has revealed, as far as it received it and while its transfer
has a ground: what it may not read itself it cannot have worked on either (clauses `ai`, `stocked-prospects`,
`added-prospects`, `cross-border`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses
from chalicelib.privacy import mentions
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.placeholders import Kind, Known
from chalicelib.records.accounts import User
from chalicelib.records.companies import Company
from chalicelib.services.prospects import known as prospects
from chalicelib.services.prospects import transfers


class About(NamedTuple):
    """Somebody, as a job sees them: texts by name, and the values among them that are theirs."""

    fields: dict[str, str]
    known: tuple[Known, ...]
    email: str | None


def read(company_id: str, contact_id: str | None, prospect_id: str | None) -> About | None:
    """Whom a job names; None for nobody, and for nobody of theirs. One read, for a prospect six."""
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
    """As `search` and the pool show it in full; closed for the prospect's sake, withheld is nobody."""
    key = {"company_id": company_id, "prospect_id": prospect_id}
    reveal, holder = store.table.get_together((store.prospects.REVEALS, key), (store.prospects.HOLDERS, key))
    if reveal is None or holder is None:
        return None
    found = prospects.read(prospect_id)
    if isinstance(transfers.passage(company_id).ground(found.origin), Refused):
        return None
    held = found.as_held(holder.value)
    if held.stocked is not None:
        one = held.stocked.value
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
    if held.added is None:
        return None
    person = held.added.value
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


MENTIONED: Final = 5
"""Contacts that are looked up for the addresses in a job's texts: a thread has about as many people."""


def mentioned(company_id: str, texts: Iterable[str]) -> list[Known]:
    """What the company holds of contacts whose mail address stands in a text, so that a mail pasted from one
    of them is masked by what we know and not by its looks alone. By keyed hash: a query for each of the first
    ``MENTIONED`` addresses, then one read of all; no address, no call. Whoever may not be used is masked
    as well: this keeps words out of a prompt and puts none in.
    """
    persons: dict[str, None] = {}
    for written in mentions.mailboxes_in("\n".join(texts), MENTIONED):
        try:
            address = addresses.parse(written).person
        except ValueError:
            continue
        persons[store.standing.person(company_id, address)] = None
    found = [one for person in persons for one in store.contacts.of_person_by_index(company_id, person, 1)]
    known: list[Known] = []
    for row in store.contacts.several(company_id, found):
        if row is not None and row.value.person in persons:
            one = row.value
            values = (
                (Kind.PERSON, one.name),
                (Kind.EMAIL, one.email),
                (Kind.PHONE, one.phone),
                (Kind.COMPANY, one.company),
                *((Kind.HANDLE, place) for place in one.social),
            )
            known += [Known(kind, value) for kind, value in values if value]
    return known

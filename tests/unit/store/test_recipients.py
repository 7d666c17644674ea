"""Who received somebody's data: found for users and for people in contacts, and for nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.privacy.disclosure_kinds import Concerns, DisclosureKind, DisclosurePurpose
from chalicelib.records.disclosures import Disclosed
from chalicelib.services.disclosures import disclosures
from chalicelib.store import disclosures as kept
from chalicelib.store.table import new_op

pytestmark = pytest.mark.clause("authorities", "requests")

USER, PERSON = ids.new("usr"), "f" * 32


def given(company: str, **more: Any) -> str:
    made: dict[str, Any] = {
        "company_id": company,
        "disclosure_id": ids.new("dis"),
        "kind": DisclosureKind.AUTHORITY,
        "purpose": DisclosurePurpose.LEGAL_DUTY,
        "concerns": Concerns.USER,
        "user_id": USER,
        "records": ("user",),
        "wanted": ("user.name", "user.email"),
        "at": clock.now(),
        "payload_hash": "0" * 64,
        "recipient_name": "Court of Kanari",
        "recipient_contact": "registry@court.example",
        **more,
    }
    kept.DISCLOSED.put_new(Disclosed(**made), op=new_op())
    found: str = made["disclosure_id"]
    return found


def told(company: str, subject: str, since: int = 0) -> list[str]:
    found = [one.value for one in kept.of_subject(company, subject, since)]
    return [one.disclosure_id for one in found if one.may_be_told(clock.now())]


def test_a_user_learns_who_received_their_data_and_how_to_reach_them(company: str) -> None:
    made = given(company)
    (found,) = kept.of_subject(company, USER, 0)
    one = found.value
    assert (one.disclosure_id, one.recipient_name) == (made, "Court of Kanari")
    assert (one.recipient_contact, one.wanted) == ("registry@court.example", ("user.name", "user.email"))
    assert told(company, ids.new("usr")) == told(company, PERSON) == []


def test_a_person_in_the_contacts_is_found_by_their_keyed_hash(company: str) -> None:
    about = {
        "concerns": Concerns.CONTACT,
        "user_id": None,
        "records": ("contact",),
        "wanted": ("contact.name",),
    }
    made = given(company, person=PERSON, **about)
    given(company, person="e" * 32, **about)
    assert told(company, PERSON) == [made]


def test_what_was_given_of_a_whole_company_concerns_all_whose_data_was_in_it(company: str) -> None:
    whole = {"concerns": Concerns.COMPANY, "user_id": None}
    people = given(company, records=("company", "user"), **whole)
    contacts = given(company, records=("contact",), wanted=("contact.name",), **whole)
    given(company, records=("company",), wanted=("company.name",), **whole)
    assert told(company, USER) == [people]
    assert told(company, PERSON) == [contacts]


def test_it_reaches_back_to_the_second_that_was_asked_for(company: str) -> None:
    at = clock.now() - 1000
    made = given(company, at=at)
    assert told(company, USER, at) == [made]
    assert told(company, USER, at + 1) == []


def test_what_an_order_keeps_secret_is_told_from_the_second_in_which_that_ends(
    company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = clock.now() + 500
    made = given(company, secret_until=end)
    assert told(company, USER) == []
    assert disclosures.of_company(company, 10, None) == []
    assert [one.value.disclosure_id for one in kept.of_subject(company, USER, 0)] == [made]
    monkeypatch.setattr(clock, "now", lambda: end - 1)
    assert told(company, USER) == []
    monkeypatch.setattr(clock, "now", lambda: end)
    assert told(company, USER) == [made]
    assert [one.disclosure_id for one in disclosures.of_company(company, 10, None)] == [made]


def test_another_companys_disclosures_are_not_in_it(company: str) -> None:
    from chalicelib.store import vault

    other = ids.new("co")
    vault.create_key(other)
    given(other)
    assert told(company, USER) == []

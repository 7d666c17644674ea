"""The Enterprise Center answers as it is described, and takes exactly what its rules know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.api import company, members, openapi, rules
from chalicelib.api.rules import OneRestriction
from chalicelib.api.shapes import ref
from chalicelib.privacy import restrictions
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import Position
from chalicelib.records.accounts import Member, MemberState, User
from chalicelib.records.companies import Access, AiSettings, Company, Department, Invitation
from chalicelib.services.companies import ai_settings
from chalicelib.services.companies import rules as company_rules
from chalicelib.services.companies.companies import Profile
from chalicelib.services.companies.members import Person
from tests.agreement import agrees

RULE = {"action": "delete", "category": "stored", "roles": ["member"], "older_than_days": 30}
ACCESS = Access(
    company_id="co_1",
    state=CompanyState.ACTIVE,
    main_user_id="usr_1",
    restrictions=[{**RULE, "scope": "own"}],
)


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("API_URL", "https://api.okki.example/")
    openapi.document.cache_clear()
    yield openapi.document()
    openapi.document.cache_clear()


def shown() -> dict[str, Any]:
    profile = Profile(Company(company_id="co_1", created_at=1, name="Tan Logistics"), 1, ACCESS, 2)
    place = Member(
        company_id="co_1",
        user_id="usr_1",
        state=MemberState.ACTIVE,
        position=Position.ADMIN,
        policy_version="2025-01-16",
        since=1,
    )
    user = User(
        company_id="co_1",
        user_id="usr_1",
        declared_adult=True,
        free_mailbox=False,
        registered_at=1,
        locale="en",
        name="Mei",
        email="mei@tan.example",
    )
    asked = Invitation(
        company_id="co_1",
        invitation_id="inv_1",
        position=Position.MEMBER,
        invited_by="usr_1",
        token_hash="0",
        created_at=1,
        email="wei@tan.example",
        locale="zh",
    )
    settings = AiSettings(
        company_id="co_1",
        enabled=True,
        tasks=["polish"],
        needs_approval=True,
        changed_by="usr_1",
        changed_at=1,
    )
    department = Department(company_id="co_1", department_id="dep_1", created_at=1, name="Sales")
    return {
        "CompanyProfile": company._company(profile),
        "Department": company._department(department),
        "AiSettings": company._ai(settings),
        "Roles": rules._roles(company_rules.grants(ACCESS)),
        "RestrictionList": rules._limits(company_rules.limits(ACCESS)),
        "Member": members._person(Person(user, place, main=True)),
        "Invitation": members._invitation(asked),
    }


@pytest.mark.parametrize("name", shown())
def test_answers_look_as_described(document: dict[str, Any], name: str) -> None:
    agrees(document, ref(name), shown()[name])


@pytest.mark.clause("self-service", "ai")
def test_ai_that_nobody_set_up_is_off_and_asks_a_person_first() -> None:
    off = company._ai(None)
    assert (off["enabled"], off["tasks"], off["needs_approval"]) == (False, [], True)
    assert off.keys() == shown()["AiSettings"].keys()


@pytest.mark.clause("restrictions")
def test_the_form_takes_exactly_what_can_be_restricted() -> None:
    fields = OneRestriction.model_json_schema()["properties"]
    assert set(fields["category"]["enum"]) == set().union(*restrictions.RESTRICTABLE.values())
    assert set(fields["action"]["enum"]) == set(restrictions.Action)
    assert set(fields["scope"]["enum"]) == set(restrictions.Scope)
    assert set(fields["roles"]["items"]["enum"]) == set(Position) - {Position.ADMIN}


@pytest.mark.clause("ai")
def test_the_form_takes_exactly_what_ai_can_be_asked() -> None:
    fields = company.AiAutomation.model_json_schema()["properties"]
    assert tuple(fields["tasks"]["items"]["enum"]) == ai_settings.TASKS


@pytest.mark.clause("restrictions")
def test_the_version_of_a_list_says_what_is_in_it_and_nothing_else() -> None:
    again = Access(
        company_id="co_2",
        state=CompanyState.EXPIRED,
        main_user_id="usr_2",
        people=9,
        restrictions=ACCESS.restrictions,
    )
    assert company_rules.limits(again) == company_rules.limits(ACCESS)
    other = Access(company_id="co_1", state=CompanyState.ACTIVE, main_user_id="usr_1", restrictions=[RULE])
    assert company_rules.limits(other).version != company_rules.limits(ACCESS).version

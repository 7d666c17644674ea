"""Nobody drops out of a list that the sweep reads because somebody forgot to say when a row is due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.privacy import unrenewed
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.register import Purpose
from chalicelib.records.announcements import NEVER, Announcement
from chalicelib.records.companies import Access, Company
from chalicelib.store import announcements, due, vault
from chalicelib.store.accounts import ACCESS, COMPANIES
from chalicelib.store.table import new_op
from chalicelib.store.transaction import Transaction
from tests.conformance.engine import Engine


def reminded(until: int, company: str) -> bool:
    return company in {key["company_id"] for key in due.terms(until, 9999)}


@pytest.mark.clause("automatic")
def test_every_way_of_writing_a_companys_rules_keeps_its_next_reminder(company: str) -> None:
    end = clock.now() + 40 * 86_400
    first, second, *_ = (step.at for step in unrenewed.steps(end))
    access = Access(company_id=company, state=CompanyState.ACTIVE, main_user_id=ids.new("usr"))
    ACCESS.put_new(access, op=new_op())
    assert not reminded(NEVER, company)
    known = ACCESS.get(company_id=company)
    assert known is not None
    known = ACCESS.replace(known, replace(access, term_ends_at=end), op=new_op())
    assert not reminded(first - 1, company)
    assert reminded(first, company)
    known = ACCESS.replace(known, replace(known.value, people=2), op=new_op())
    assert reminded(first, company)
    transaction = Transaction(new_op())
    transaction.replace(ACCESS, known, replace(known.value, people=3))
    transaction.commit()
    assert reminded(first, company)
    ACCESS.put(known.value, op=new_op())
    assert reminded(first, company)
    known = ACCESS.get(company_id=company)
    assert known is not None
    known = ACCESS.replace(known, replace(known.value, term_steps=1), op=new_op())
    assert not reminded(first, company)
    assert reminded(second, company)
    ACCESS.replace(known, replace(known.value, state=CompanyState.CANCELLING), op=new_op())
    assert not reminded(NEVER, company)


@pytest.mark.clause("policy-updates")
def test_all_companies_are_listed_page_by_page_also_those_of_one_second(engine: Engine) -> None:
    made = []
    for number in range(7):
        company = ids.new("co")
        vault.create_key(company)
        COMPANIES.put_new(
            Company(company_id=company, created_at=2_000_000_000 + number // 4, name="Ltd"), op=new_op()
        )
        made.append(company)
    known = COMPANIES.get(company_id=made[0], use=Purpose.MAINTAIN_ACCOUNT)
    assert known is not None
    COMPANIES.replace(
        known, replace(known.value, website="https://ltd.example"), op=new_op()
    )  # keeps its place
    listed: list[str] = []
    after = None
    while page := due.companies(after, 3):
        assert len(page) <= 3
        listed += [company for company, _ in page]
        after = page[-1]
    assert len(listed) == len(set(listed))
    assert set(made) <= set(listed)
    assert set(listed[-7:-3]) == set(made[:4])


@pytest.mark.clause("policy-updates")
def test_an_announcement_that_has_begun_stays_known(engine: Engine) -> None:
    version = "2031-01-01"
    assert version not in due.announcements()
    announcements.ANNOUNCEMENTS.put_new(Announcement(version=version, mass_id=ids.new("mass")), op=new_op())
    assert version in due.announcements()

"""Between looking and paying: who is withdrawn, objects or was erased in that moment is not given and not paid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.register import Purpose
from chalicelib.privacy.requests import RequestKind
from chalicelib.records.companies import Company
from chalicelib.records.prospects import AddedProspect, StockedProspect
from chalicelib.records.requests import Objection
from chalicelib.records.standing import Informed, Informing, InformingLine
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.ai import people
from chalicelib.services.erasure import suppression
from chalicelib.services.prospects import credit, known, reveals, saving, untold
from chalicelib.store import accounts, contacts, prospects, requests, standing, transfers, vault
from chalicelib.store.table import new_op
from chalicelib.store.transaction import Transaction

EMAIL = "Lena.Vogel@nordlicht.example"
PERSON = addresses.parse(EMAIL).person

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.clause("stocked-prospects", "added-prospects")]


@pytest.fixture
def who(company: str) -> Principal:
    """Somebody of a company in Germany; their session is not looked at on this floor."""
    made = Company(company_id=company, created_at=1, name="Acme", country="DE")
    accounts.COMPANIES.put_new(made, op=new_op())
    nobody: Any = None
    return Principal(company, "usr_1", nobody, nobody)


@pytest.fixture
def prospect(who: Principal) -> str:
    """Somebody both stocked and shared, in a base of their own."""
    if vault_is_empty():
        vault.create_key(ids.OPERATOR)
    found = prospects.prospect_id(f"{who.company_id}{PERSON}")
    place: dict[str, Any] = {
        "prospect_id": found,
        "sector": "other",
        "country": "DE",
        "level": "unknown",
        "postings": (),
    }
    stocked = StockedProspect(
        **place,
        load_id="ld_1",
        first_at=clock.now(),
        refreshed_at=clock.now(),
        sources={},
        business_name="Nordlicht",
        email=EMAIL,
    )
    added = AddedProspect(
        **place,
        person="hash",
        first_at=clock.now(),
        changed_at=clock.now(),
        email=EMAIL,
        first_name="Lena",
        last_name="Vogel",
    )
    prospects.STOCKED.put_new(stocked, op=new_op())
    prospects.ADDED.put_new(added, op=new_op())
    return found


def vault_is_empty() -> bool:
    try:
        vault.index(ids.OPERATOR, "look", "there")
    except vault.KeyMissingError:
        return True
    return False


def nothing(who: Principal, prospect: str) -> None:
    assert credit.view(who.company_id).spent_this_month == 0
    key: dict[str, Any] = {"company_id": who.company_id, "prospect_id": prospect}
    assert prospects.REVEALS.get(**key) is None
    assert prospects.HOLDERS.get(**key) is None
    assert transfers.newest(who.company_id, 5, None) == []
    person = standing.person(who.company_id, PERSON)
    assert standing.INFORMING.get(company_id=who.company_id, person=person) is None


@pytest.mark.parametrize("rows", [prospects.STOCKED, prospects.ADDED], ids=lambda rows: rows.kind)
def test_who_is_withdrawn_between_the_look_and_the_payment_is_not_paid_for(
    who: Principal, prospect: str, rows: Any
) -> None:
    seen = known.read(prospect)
    taken = rows.get(prospect_id=prospect, use=known_use(rows))
    assert taken is not None
    rows.delete(taken)
    with pytest.raises(ConflictError):
        reveals._buy(who, seen, reveals._Held(None, None), None)
    nothing(who, prospect)


def known_use(rows: Any) -> Any:
    return Purpose.MAINTAIN_PROSPECT_BASE if rows is prospects.STOCKED else Purpose.OBTAIN_PROSPECTS


@pytest.mark.clause("cross-border")
def test_what_is_shown_is_held_paid_and_on_record(who: Principal, prospect: str) -> None:
    shown = reveals.reveal(who, prospect, None)
    assert shown.charged
    assert (shown.holder.stocked, shown.holder.added) == (True, True)
    (line,) = transfers.newest(who.company_id, 5, None)
    assert (line.value.prospect_id, line.value.ground) == (prospect, "same_country")
    assert not reveals.reveal(who, prospect, None).charged
    assert len(transfers.newest(who.company_id, 5, None)) == 1


@pytest.mark.clause("requests")
def test_who_objected_to_our_use_of_them_is_nobody_even_before_they_are_taken_out(
    who: Principal, prospect: str
) -> None:
    person = requests.person_hash(PERSON)
    note = Objection(person=person, at=clock.now(), wish=RequestKind.OBJECT)
    requests.OBJECTIONS.put(note, op=new_op())
    try:
        with pytest.raises(NotFoundError):
            reveals.reveal(who, prospect, None)
    finally:
        found = requests.OBJECTIONS.get(person=person)
        assert found is not None
        requests.OBJECTIONS.delete(found)
    nothing(who, prospect)


@pytest.mark.clause("requests")
def test_who_was_erased_at_a_company_does_not_come_back_to_it_for_a_credit(
    who: Principal, prospect: str
) -> None:
    transaction = Transaction(new_op())
    person = standing.person(who.company_id, PERSON)
    suppression.add(transaction, who.company_id, person, clock.now())
    transaction.commit()
    with pytest.raises(NotFoundError):  # as for an objector: a masked line does not say who asked to be gone
        reveals.reveal(who, prospect, None)
    nothing(who, prospect)


@pytest.mark.clause("joint-duties")
@pytest.mark.parametrize("state", [Informed.GIVEN, Informed.EXEMPT])
def test_no_date_is_shown_for_a_notice_that_nobody_owes_any_more(
    who: Principal, prospect: str, state: Informed
) -> None:
    told = Informing(
        company_id=who.company_id,
        person=standing.person(who.company_id, PERSON),
        prospect_id=prospect,
        due_at=1,
        stocked=True,
        added=True,
        state=state,
    )
    standing.INFORMING.put_new(told, op=new_op())
    assert [reveals.reveal(who, prospect, None).notice_due_at for _ in range(2)] == [None, None]


def test_a_contact_is_made_of_somebody_who_changed_since_they_were_shown(
    who: Principal, prospect: str
) -> None:
    shown = reveals.reveal(who, prospect, None).prospect
    added = prospects.ADDED.get(prospect_id=prospect, use=Purpose.OBTAIN_PROSPECTS)
    assert added is not None
    prospects.ADDED.replace(added, replace(added.value, current_position="Owner"), op=new_op())
    made = contacts.get(who.company_id, saving.save(who, shown))
    assert made is not None
    assert made.value.position == "Owner"


def test_no_contact_is_made_of_somebody_who_was_withdrawn_since_they_were_shown(
    who: Principal, prospect: str
) -> None:
    shown = reveals.reveal(who, prospect, None).prospect
    for rows in (prospects.STOCKED, prospects.ADDED):
        taken: Any = rows.get(prospect_id=prospect, use=known_use(rows))
        rows.delete(taken)
    with pytest.raises(NotFoundError):
        saving.save(who, shown)


@pytest.mark.clause("joint-duties")
def test_a_page_of_the_overdue_costs_the_same_however_many_are_due(who: Principal) -> None:
    late = {3, 250, 448}
    for number in range(450):
        line = InformingLine(
            company_id=who.company_id,
            place=standing.DUE,
            prospect_id=f"pr_{number:026}",
            person="hash",
            due_at=1 if number in late else clock.now() + 1000,
        )
        standing.TO_INFORM.put_new(line, op=new_op())
    found: list[str] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = untold.page(who, 2, after, overdue=True)
        found += [one.prospect_id for one in page.items]
        after, pages = page.after, pages + 1
    assert found == [f"pr_{number:026}" for number in sorted(late, reverse=True)]
    assert pages == 3, "200 lines each, the whole list in none of them"


@pytest.mark.clause("ai")
def test_a_model_is_given_what_the_company_received_and_nothing_that_came_since(
    who: Principal, prospect: str
) -> None:
    assert people.read(who.company_id, None, prospect) is None
    reveals.reveal(who, prospect, None)
    whole = people.read(who.company_id, None, prospect)
    assert whole is not None
    assert whole.fields["company"] == "Nordlicht"
    held = prospects.HOLDERS.get(company_id=who.company_id, prospect_id=prospect)
    assert held is not None
    prospects.HOLDERS.replace(held, replace(held.value, stocked=False), op=new_op())
    part = people.read(who.company_id, None, prospect)
    assert part is not None
    assert part.fields == {"name": "Lena Vogel", "email": EMAIL, "country": "DE"}

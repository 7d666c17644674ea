"""Whom an incident concerns: by what was opened, by what lay there, and in which role of ours."""

from __future__ import annotations

import pytest

from chalicelib.kernel import ids
from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, sign_up
from tests.integration.incident_people import (
    Desk,
    announced,
    companies,
    counted,
    form,
    harmless,
    moment,
    open_incident,
    said,
    scoped,
    subjects,
    told,
)
from tests.integration.letters import rows
from tests.integration.people import join
from tests.integration.sharer import person, receive, receiver, shared, sharer

pytestmark = pytest.mark.clause("incidents", "roles")


stack = own_stack()
"""Its log is what is looked through."""


def test_what_a_stolen_session_opened_concerns_the_client_and_no_more_than_it_opened(
    stack: LocalStack, desk: Desk
) -> None:
    anna, other = sign_up(stack), sign_up(stack)
    for number in range(3):
        anna.contact(f"reader{number}@{anna.company['id'][3:]}.example")
    other.contact("nobody@elsewhere.example")
    session = anna.call("GET", "/v1/me/sessions").json["items"][0]["id"]
    assert anna.call("GET", "/v1/contacts?limit=2").status == 200
    assert other.call("GET", "/v1/contacts").status == 200
    made = scoped(desk, session_id=session, until_at=moment(stack.now() + 200))
    found = companies(desk, made)
    assert found.keys() == {anna.company["id"]}
    mine = found[anna.company["id"]]
    assert mine["roles"] == ["controller", "processor"], "the account itself is ours"
    assert (mine["records"], mine["people"]) == (mine["opened"]["contact"], mine["opened"]["contact"])
    assert "stored" in made["look"]["categories"]


def test_what_somebody_of_the_staff_opened_is_added_up_by_company_and_role(
    stack: LocalStack, desk: Desk
) -> None:
    anna = sign_up(stack)
    ben = join(anna)
    thief, company = ids.new("stf"), anna.company["id"]
    for _ in range(2):
        said(stack, "staff", actor_id=thief, company_id=company, n_user=1, n_contact=3, n_grant=9)
    said(stack, "staff", actor_id=thief, n_stocked=7)
    said(stack, "staff", actor_id=ids.new("stf"), company_id=company, n_contact=50)
    made = scoped(desk, actor_id=thief)
    assert made["people"]["controller/user/ZZ"] == 2
    assert made["people"]["processor/prospect/ZZ"] == 6
    assert made["people"]["controller/prospect/ZZ"] == 7
    assert companies(desk, made)[company]["opened"] == {"contact": 6, "user": 2}
    assert made["companies"] == 1

    # Those of the base have no account: what everybody else is told is said in public, at once.
    desk.act(made["id"], "facts", harmless())
    desk.word(made["id"])
    desk.act(made["id"], "tell", {"whom": ["people"]})
    assert eventually(lambda: announced(stack, desk, made), 60)
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"], telling["without_account"]) == (2, 0, 7)
    assert [len(subjects(stack, one)) for one in (anna, ben)] == [1, 1]


def test_of_what_was_shared_who_shared_and_who_received_it_are_told(stack: LocalStack, desk: Desk) -> None:
    giver, taker, bystander = sharer(stack), receiver(stack), sign_up(stack)
    mika = person()
    receive(taker, shared(giver, mika))
    made = scoped(desk, company_ids=[giver.company["id"]], categories=["added_prospect"])
    assert made["people"] == {"joint_controller/prospect/FI": 1}
    found = companies(desk, made)
    assert {one: found[one]["roles"] for one in found} == {
        giver.company["id"]: ["joint_controller"],
        taker.company["id"]: ["joint_controller"],
    }
    desk.word(made["id"])
    desk.act(made["id"], "tell", {"whom": ["clients"]})
    told(desk, made)
    wanted = ["A security incident that concerns prospects your company shared or received"]
    assert [subjects(stack, one) for one in (giver, taker, bystander)] == [wanted, wanted, []]
    assert stack.mails(mika["email"]) == []


def test_recipients_of_a_clients_mail_are_counted_and_never_told(stack: LocalStack, desk: Desk) -> None:
    anna = sign_up(stack)
    email = f"rita@{anna.company['id'][3:]}.example"
    anna.contact(email)
    anna.settled(anna.write(email, kind="business", tracking=False))
    before = len(stack.mails(email))
    made = scoped(desk, company_ids=[anna.company["id"]], categories=["communications", "stored"])
    assert made["people"] == {"processor/prospect/ZZ": 1}
    desk.act(made["id"], "facts", harmless())
    desk.word(made["id"])
    desk.act(made["id"], "tell", {"whom": ["clients", "people"]})
    told(desk, made)
    assert len(stack.mails(email)) == before
    assert len(subjects(stack, anna)) == 1
    proof = [one for one in rows(stack, "ledger", anna.company["id"]) if one["kind"]["S"] == "incident_step"]
    assert [one["facts"]["M"]["act"]["S"] for one in proof] == ["clients_told"]


def test_whoever_a_later_look_finds_is_told_too_and_nobody_else_again(stack: LocalStack, desk: Desk) -> None:
    first, late = sign_up(stack), sign_up(stack)
    made = scoped(desk, company_ids=[first.company["id"]], categories=["logon"])
    desk.act(made["id"], "facts", harmless())
    desk.word(made["id"])
    desk.act(made["id"], "tell", {"whom": ["people"]})
    told(desk, made)
    window = {name: form(stack)[name] for name in ("from_at", "until_at")}
    wider = {**window, "company_ids": [late.company["id"]], "categories": ["logon"]}
    desk.act(made["id"], "scope", wider)
    counted(desk, made)
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"]) == (2, 0)
    assert [len(subjects(stack, one)) for one in (first, late)] == [1, 1]


def test_an_incident_everywhere_finds_every_company(stack: LocalStack, desk: Desk) -> None:
    users: list[User] = [sign_up(stack) for _ in range(2)]
    made = open_incident(desk, everywhere=True, categories=["logon"])
    counted(desk, made)
    assert {one.company["id"] for one in users} <= companies(desk, made).keys()

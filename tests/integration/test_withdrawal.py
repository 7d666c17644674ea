"""Somebody objects to being shared: gone from the base and from whoever received them, and they stay away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import loader, sharer
from tests.integration.client import User, eventually, fresh_address, sign_up
from tests.integration.letters import drained, rows, sample
from tests.integration.sharer import (
    complain,
    findable,
    kinds,
    of_prospect,
    person,
    receive,
    share,
    shared,
    told,
    withdrawn,
)
from tests.integration.staff import member

pytestmark = pytest.mark.clause("added-prospects", "joint-duties")


@pytest.fixture(scope="module")
def mei(stack: LocalStack) -> User:
    """An admin whose company has accepted the agreement."""
    return sharer.sharer(stack)


def contact_of(user: User, email: str) -> dict[str, Any]:
    return {"name": "Mika", "email": email, "lawful_basis": {"basis": "contract", "source": "an order"}}


@pytest.mark.clause("requests", "stocked-prospects")
def test_who_objects_is_gone_everywhere_and_nobody_brings_them_back(stack: LocalStack, mei: User) -> None:
    one = person()
    holders = [sharer.receiver(stack) for _ in range(2)]
    untouched = sign_up(stack)
    own = untouched.contact(one["email"])
    prospect = shared(mei, one)
    contacts = [receive(user, prospect) for user in holders]
    answer = complain(
        mei, prospect, received_at="2026-11-20T09:30:00+08:00", details="Mika rang: no lists, please"
    )
    assert answer.status == 202, answer.body
    assert answer.json["received_at"] == "2026-11-20T01:30:00Z"
    assert "pdpc.gov.sg" in str(answer.json["regulators"])
    # From the answer on, before any job has run.
    assert "added" not in kinds(stack, prospect)
    for user in (mei, *holders):
        assert user.call("POST", f"/v1/prospects/{prospect}/reveal", {}).status == 404
    withdrawn(stack, prospect)
    assert kinds(stack, prospect) == []
    assert findable(stack, prospect) == 0
    for user, contact in zip(holders, contacts, strict=True):
        assert user.call("GET", f"/v1/contacts/{contact}").status == 404
        assert prospect not in user.call("GET", "/v1/prospects/revealed").body.decode()
        assert user.call("GET", f"/v1/prospects/{prospect}/provenance").status == 404
        again = user.call("POST", "/v1/contacts", contact_of(user, one["email"].upper()))
        assert (again.status, again.json["code"]) == (403, "person_erased")
        assert len(told(user, prospect)) == 1
    refused = share(mei, {**one, "email": one["email"].replace("@", "+new@")})
    assert ([named["id"] for named in refused["prospects"]], refused["rejected"]) == ([prospect], [])
    assert (kinds(stack, prospect), findable(stack, prospect)) == ([], 0)
    # Who had them from elsewhere, and was never part of it, hears and loses nothing.
    assert untouched.call("GET", f"/v1/contacts/{own['id']}").status == 200
    assert untouched.call("GET", "/v1/me/inbox").json["items"] == []
    assert len(told(mei, prospect)) == 1


@pytest.mark.clause("stocked-prospects")
def test_who_was_stocked_is_not_loaded_again(stack: LocalStack) -> None:
    row = {
        "business_name": "Nordlicht Handel GmbH",
        "name": "Lena Vogel",
        "email": fresh_address("lena", "nordlicht.example"),
        "country": "SG",
    }
    office = loader.office(stack)
    load = office.load([row])
    assert load["state"] == "done"
    holder = sharer.receiver(stack)
    stocked = [one for one in rows(stack, "prospects") if one["kind"]["S"] == "stocked"]
    (prospect,) = [one["pk"]["S"] for one in stocked if one["facts"]["M"]["load_id"]["S"] == load["id"]]
    contact = receive(holder, prospect)
    assert complain(holder, prospect).status == 202
    withdrawn(stack, prospect)
    assert holder.call("GET", f"/v1/contacts/{contact}").status == 404
    again = office.load([{**row, "email": row["email"].upper()}], source="Another register")
    assert [code for _, _, code in office.refused(again["id"])] == ["objected"]
    assert kinds(stack, prospect) == []
    assert findable(stack, prospect) == 0


@pytest.mark.clause("roles")
def test_a_holders_own_copy_is_its_own_to_judge(stack: LocalStack, mei: User) -> None:
    one = person()
    holder = sharer.receiver(stack)
    prospect = shared(mei, one)
    own = holder.contact(one["email"])
    made = holder.call("POST", f"/v1/prospects/{prospect}/reveal", {"save_as_contact": True}).json
    assert complain(holder, prospect, "erasure").status == 202
    withdrawn(stack, prospect)
    assert holder.call("GET", f"/v1/contacts/{own['id']}").status == 200
    (item,) = told(holder, prospect)
    assert own["id"] in json.dumps(item)
    if made["contact_id"] not in {None, own["id"]}:
        assert holder.call("GET", f"/v1/contacts/{made['contact_id']}").status == 404


def test_what_a_company_made_of_it_goes_even_with_another_address(stack: LocalStack, mei: User) -> None:
    """Who has a new address is who they were; and who is renamed is as well."""
    for change in ({"email": fresh_address("mika.new", "buyer.example")}, {"name": "M. from Tampere"}):
        holder = sharer.receiver(stack)
        one = person()
        prospect = shared(mei, one)
        contact = receive(holder, prospect)
        version = holder.call("GET", f"/v1/contacts/{contact}").json["version"]
        assert holder.call("PATCH", f"/v1/contacts/{contact}", {"version": version, **change}).status == 200
        assert complain(mei, prospect).status == 202
        withdrawn(stack, prospect)
        assert holder.call("GET", f"/v1/contacts/{contact}").status == 404
        again = holder.call("POST", "/v1/contacts", contact_of(holder, one["email"]))
        assert (again.status, again.json["code"]) == (403, "person_erased")


def test_a_contact_that_became_somebody_else_is_not_deleted_with_them(stack: LocalStack, mei: User) -> None:
    holder, one = sharer.receiver(stack), person()
    prospect = shared(mei, one)
    contact = receive(holder, prospect)
    version = holder.call("GET", f"/v1/contacts/{contact}").json["version"]
    changed = {"version": version, "name": "Somebody Else", "email": fresh_address("else", "buyer.example")}
    assert holder.call("PATCH", f"/v1/contacts/{contact}", changed).status == 200
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    assert holder.call("GET", f"/v1/contacts/{contact}").status == 200
    (item,) = told(holder, prospect)
    assert contact in json.dumps(item)  # theirs to judge, and they hear of it
    again = holder.call("POST", "/v1/contacts", contact_of(holder, one["email"]))
    assert (again.status, again.json["code"]) == (403, "person_erased")


def test_who_has_nothing_to_do_with_them_cannot_complain(stack: LocalStack, mei: User) -> None:
    prospect = shared(mei, person())
    stranger = sign_up(stack)
    stack.wire.clear()
    foreign = complain(stranger, prospect)
    unknown = complain(stranger, ids.new("pr"))
    assert (foreign.status, unknown.status) == (404, 404)
    assert {**foreign.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    mark = mei.company["id"].encode()
    assert [call for call in stack.wire.calls if mark in call.request] == []
    assert "added" in kinds(stack, prospect)


def test_a_complaint_from_the_future_is_none(mei: User) -> None:
    prospect = shared(mei, person())
    answer = complain(mei, prospect, received_at="2099-01-01T00:00:00Z")
    assert answer.json["errors"] == [{"field": "received_at", "code": "in_the_future"}]
    for text in ("yesterday", "2026-11-20T09:30:00", "2026-13-40T00:00:00Z"):
        assert complain(mei, prospect, received_at=text).status == 422


@pytest.mark.clause("retention")
def test_what_a_hold_keeps_is_put_out_of_sight_and_not_deleted(stack: LocalStack, mei: User) -> None:
    holder, legal = sharer.receiver(stack), member(stack, StaffPosition.LEGAL)
    prospect = shared(mei, person())
    contact = receive(holder, prospect)
    wanted = {
        "company_id": holder.company["id"],
        "matter_id": ids.new("mat"),
        "scope": "company",
        "reason": "litigation",
        "law": "Evidence Act 1893 s 3",
    }
    assert legal.call("POST", "/v1/staff/holds", wanted).status == 201
    drained(stack, "tasks")
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    assert kinds(stack, prospect) == []
    assert holder.call("GET", f"/v1/contacts/{contact}").status == 404
    (kept,) = [row for row in rows(stack, "workspace") if row["sk"]["S"] == f"contact#{contact}"]
    assert "ttl" not in kept
    entry = sharer.acts(stack, holder.company["id"])[-1]
    assert (entry["counts"]["held"]["N"], entry["counts"]["contact"]["N"]) == ("1", "0")


def test_the_address_is_forgotten_when_nobody_needs_to_know_it_any_more(stack: LocalStack, mei: User) -> None:
    prospect = shared(mei, person())
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    (row,) = of_prospect(stack, prospect, "accounts")
    before = len(row["sealed"]["B"])
    stack.advance(300)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(lambda: "due_at" not in of_prospect(stack, prospect, "accounts")[0]["facts"]["M"])
    stack.reset_clock()
    (row,) = of_prospect(stack, prospect, "accounts")
    assert len(row["sealed"]["B"]) < before
    assert "postings" not in row["facts"]["M"] or not row["facts"]["M"]["postings"]["L"]


def test_the_proof_names_nobody(stack: LocalStack, mei: User) -> None:
    one = person()
    holder = sharer.receiver(stack)
    prospect = shared(mei, one)
    receive(holder, prospect)
    assert complain(mei, prospect, "complaint", details="Mika Laine is angry").status == 202
    withdrawn(stack, prospect)
    mine = [row for row in sharer.acts(stack, mei.company["id"]) if row.get("prospect_id") == prospect]
    assert [row["act"] for row in mine] == ["complaint_passed_on", "withdrawn_here"]
    ours = [row for row in sharer.acts(stack, ids.OPERATOR) if row.get("prospect_id") == prospect]
    assert [row["act"] for row in ours] == ["withdrawal_begun", "withdrawal_done"]
    assert ours[-1]["counts"]["companies"]["N"] == "2"
    for table in ("ledger", "accounts", "prospects"):
        text = json.dumps(rows(stack, table), default=repr)
        assert one["email"] not in text
        assert "angry" not in text

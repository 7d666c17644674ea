"""Requests about what companies hold: the client is told and decides, the requester learns whom to ask (2.3.2).
And what staff do with what is left for a person.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.privacy.requests import REMIND_BEFORE, Term
from chalicelib.privacy.retention import REFUSED_COPY
from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration import asking, disclosing
from tests.integration.apart import own_stack
from tests.integration.asking import Asker, ask
from tests.integration.client import User, eventually, fresh_address, request, sign_up
from tests.integration.letters import batch_of, drained, failed, rows, sample
from tests.integration.people import join
from tests.integration.staff import StaffUser, member

stack = own_stack()

pytestmark = pytest.mark.clause("requests")

DAY = 86_400
ASKS = "asks about data"


@pytest.fixture(scope="module")
def officer(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.PRIVACY)


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def inbox(user: User) -> list[Any]:
    return [item for item in user.call("GET", "/v1/me/inbox").json["items"] if item["kind"] == "request"]


def company_requests(user: User) -> list[Any]:
    found: list[Any] = user.call("GET", "/v1/company/requests").json["items"]
    return found


def acts(stack: LocalStack, chain: str, request_id: str) -> list[dict[str, Any]]:
    """The steps of one request in a chain, in their order."""
    found = [
        row for row in rows(stack, "ledger", chain) if row["sk"]["S"].startswith(f"request#{request_id}#")
    ]
    return [
        {name: next(iter(value.values())) for name, value in row["facts"]["M"].items()}
        for row in sorted(found, key=lambda row: int(row["seq"]["N"]))
    ]


def remind(stack: LocalStack) -> None:
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "tasks", "notices")


# -- clients ------------------------------------------------------------------------------------------


@pytest.mark.clause("roles", "joint-duties")
def test_both_clients_that_hold_somebody_are_told_and_named_and_no_other(stack: LocalStack) -> None:
    buyer = fresh_address("bob", "buyer.example")
    one, two, other = sign_up(stack, company="One Ltd"), sign_up(stack, company="Two Ltd"), sign_up(stack)
    second_admin, plain = join(one, role="admin"), join(one)
    one.contact(buyer)
    two.settled(two.write(buyer))
    asker = ask(stack, "access", buyer, details="Who gave you my address?")
    seen = asker.settled()
    assert (seen["state"], seen["answer"]["outcomes"]) == ("answered", ["companies"])
    named = seen["answer"]["companies"]
    assert sorted(company["name"] for company in named) == ["One Ltd", "Two Ltd"]
    assert {company["decision"] for company in named} == {"open"}
    assert all(company["told_at"] for company in named)
    found = asker.data().json
    assert found["account"] is False
    assert [company["name"] for company in found["companies"]] == [company["name"] for company in named]
    assert "Spring offer" not in json.dumps(found), "a client's data is the client's to show"
    drained(stack, "tasks", "notices")
    for admin in (one, second_admin, two):
        mails = asking.mails(stack, admin.email, ASKS)
        assert len(mails) == 1
        assert buyer not in mails[0]["text"]
        (item,) = inbox(admin)
        assert buyer not in json.dumps(item), "inboxes outlive the erasure of who asked"
        (row,) = company_requests(admin)
        assert row["id"] in mails[0]["text"]
        assert row["id"] in json.dumps(item)
    for nobody in (plain, other):
        assert asking.mails(stack, nobody.email, ASKS) == []
        assert inbox(nobody) == []
    for admin in (one, two):
        (row,) = company_requests(admin)
        assert (row["email"], row["details"], row["kind"]) == (buyer, "Who gave you my address?", "access")
        assert row["id"] != asker.id
        assert row["due_at"] == seen["due_at"]
        path = f"/v1/company/requests/{row['id']}"
        assert admin.call("GET", path).json == row
        assert other.call("GET", path).status == 404
        assert other.call("POST", path, {"decision": "done"}).status == 404
        (entry,) = acts(stack, admin.company["id"], row["id"])
        assert entry["act"] == "passed_on"
        assert "mailbox" not in entry
    assert plain.call("GET", "/v1/company/requests").status == 403
    assert company_requests(other) == []
    steps = [entry["act"] for entry in acts(stack, ids.OPERATOR, asker.id)]
    assert steps == ["received", "verified", "acted", "passed_on", "passed_on", "answered"]


@pytest.mark.clause("roles", "joint-duties")
def test_an_admin_erases_somebody_with_one_click(stack: LocalStack) -> None:
    buyer = fresh_address("carol", "buyer.example")
    one, two = sign_up(stack, company="Clicking Ltd"), sign_up(stack, company="Keeping Ltd")
    contact = one.contact(buyer)["id"]
    message = one.write(buyer)
    one.settled(message)
    two.contact(buyer)
    asker = ask(stack, "erase", buyer)
    seen = asker.settled()
    assert seen["answer"]["outcomes"] == ["objection_noted", "companies"]
    assert one.call("GET", f"/v1/contacts/{contact}").status == 200, "the client decides, not we"
    (row,) = company_requests(one)
    path = f"/v1/company/requests/{row['id']}"
    note = "We have taken you out of our lists."
    decided = one.call("POST", path, {"decision": "erase", "note": note})
    assert decided.status == 200, decided.body
    assert decided.json["decision"] == "erased"
    assert decided.json["decided_by"] == one.me["id"]
    assert (decided.json["email"], decided.json["details"]) == (None, None)
    drained(stack, "tasks")
    assert eventually(lambda: one.call("GET", f"/v1/contacts/{contact}").status == 404)
    assert one.call("GET", f"/v1/messages/{message}").status == 404
    shown = {company["name"]: company for company in asker.get()["answer"]["companies"]}
    assert (shown["Clicking Ltd"]["decision"], shown["Clicking Ltd"]["note"]) == ("erased", note)
    assert shown["Keeping Ltd"]["decision"] == "open"
    assert len(two.call("GET", "/v1/contacts").json["items"]) == 1
    news = asking.mail(stack, buyer, asking.NEWS)
    assert asker.id in news["text"]
    assert note not in news["text"]
    assert "Clicking" not in news["text"]
    same = one.call("POST", path, {"decision": "erase", "note": note})
    assert (same.status, same.json) == (200, decided.json)
    drained(stack, "notices")
    assert len(asking.mails(stack, buyer, asking.NEWS)) == 1
    again = one.call("POST", path, {"decision": "done"})
    assert (again.status, again.json["code"]) == (409, "decided")
    assert [entry["act"] for entry in acts(stack, one.company["id"], row["id"])] == ["passed_on", "decided"]
    last = acts(stack, ids.OPERATOR, asker.id)[-1]
    assert (last["act"], last["decision"], last["concerns_id"]) == ("decided", "erased", one.company["id"])


@pytest.mark.clause("roles")
def test_an_erased_person_leaves_no_address_in_their_other_requests(stack: LocalStack) -> None:
    buyer = fresh_address("gina", "buyer.example")
    one = sign_up(stack)
    one.contact(buyer)
    for kind, words in (("access", "What do you have of Gina?"), ("object", "Stop."), ("erase", "Go.")):
        ask(stack, kind, buyer, details=words).settled()
    by_kind = {row["kind"]: row for row in company_requests(one)}
    path = "/v1/company/requests/"
    other = ask(stack, "access", fresh_address("hans", "buyer.example"))
    assert other.settled()["state"] == "answered"
    refused = one.call("POST", path + by_kind["access"]["id"], {"decision": "erase"})
    assert (refused.status, refused.json["code"]) == (409, "not_to_erase")
    assert one.call("POST", path + by_kind["access"]["id"], {"decision": "done"}).status == 200
    assert one.call("POST", path + by_kind["erase"]["id"], {"decision": "erase"}).status == 200
    for row in company_requests(one):
        assert (row["email"], row["details"]) == (None, None)
    assert buyer not in json.dumps(company_requests(one))
    late = one.call("POST", path + by_kind["object"]["id"], {"decision": "erase"})
    assert (late.status, late.json["decision"]) == (200, "erased")


@pytest.mark.clause("roles", "restrictions")
def test_a_companys_restrictions_of_its_people_keep_no_admin_from_answering(stack: LocalStack) -> None:
    """They are asked as for a contact; admins, who alone decide here, cannot be restricted (5.2)."""
    buyer = fresh_address("ida", "buyer.example")
    one = sign_up(stack)
    one.contact(buyer)
    ask(stack, "erase", buyer).settled()
    (row,) = company_requests(one)
    version = one.call("GET", "/v1/company/restrictions").json["version"]
    rule = {"action": "delete", "category": "stored", "roles": ["manager", "member"]}
    body = {"items": [rule], "version": version}
    assert one.call("PUT", "/v1/company/restrictions", body).status == 200
    answer = one.call("POST", f"/v1/company/requests/{row['id']}", {"decision": "erase"})
    assert (answer.status, answer.json["decision"]) == (200, "erased")


@pytest.mark.clause("roles")
def test_what_one_admin_erases_no_other_can_refuse_meanwhile(stack: LocalStack) -> None:
    buyer = fresh_address("jon", "buyer.example")
    one = sign_up(stack)
    second = join(one, role="admin")
    contact = one.contact(buyer)["id"]
    asker = ask(stack, "erase", buyer)
    asker.settled()
    (row,) = company_requests(one)
    path = f"/v1/company/requests/{row['id']}"
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-api",
        times=99,
    )
    assert one.call("POST", path, {"decision": "erase"}).status == 503
    stack.wire.reset()
    assert one.call("GET", path).json["decision"] == "erasing"
    refused = second.call("POST", path, {"decision": "refused"})
    assert (refused.status, refused.json["code"]) == (409, "decided")
    assert asker.get()["answer"]["companies"][0]["decision"] == "open"
    done = second.call("POST", path, {"decision": "erase"})
    assert (done.status, done.json["decision"]) == (200, "erased")
    assert eventually(lambda: one.call("GET", f"/v1/contacts/{contact}").status == 404)
    assert asker.get()["answer"]["companies"][0]["decision"] == "erased"


@pytest.mark.clause("roles")
@pytest.mark.parametrize("decision", ["done", "refused"])
def test_what_a_client_decides_reaches_the_one_who_asked(stack: LocalStack, decision: str) -> None:
    buyer = fresh_address("dora", "buyer.example")
    one = sign_up(stack)
    one.contact(buyer)
    asker = ask(stack, "correct", buyer, details="My name is Dora.")
    assert asker.settled()["state"] == "answered"
    (row,) = company_requests(one)
    path = f"/v1/company/requests/{row['id']}"
    assert one.call("POST", path, {"decision": "maybe"}).status == 422
    assert one.call("POST", path, {"decision": decision}).json["email"] == buyer
    (company,) = asker.get()["answer"]["companies"]
    assert (company["decision"], company["note"]) == (decision, None)


@pytest.mark.clause("roles", "subjects")
def test_one_person_can_be_a_user_here_and_a_prospect_there(stack: LocalStack) -> None:
    admin, other = sign_up(stack), sign_up(stack, company="Other Ltd")
    ben = join(admin)
    other.contact(ben.email)
    asker = ask(stack, "access", ben.email)
    seen = asker.settled()
    assert seen["answer"]["outcomes"] == ["account_data", "companies"]
    found = asker.data().json
    assert found["account"] is True
    assert [company["name"] for company in found["companies"]] == ["Other Ltd"]
    erase = ask(stack, "erase", ben.email).settled()
    assert erase["answer"]["outcomes"] == ["account_erased", "objection_noted", "companies"]
    assert other.call("GET", "/v1/contacts").json["items"][0]["email"] == ben.email
    assert asker.data().json["account"] is False, "what was erased since is not shown from a copy"


@pytest.mark.clause("roles")
def test_the_words_of_a_complaint_reach_no_client(stack: LocalStack, officer: StaffUser) -> None:
    buyer = fresh_address("eva", "buyer.example")
    one = sign_up(stack, company="Complained Ltd")
    one.contact(buyer)
    asker = ask(stack, "complaint", buyer, details="Complained Ltd will not stop.")
    seen = asker.settled()
    assert seen["answer"]["outcomes"] == ["companies_named", "with_staff"]
    assert [(c["name"], c["told_at"]) for c in seen["answer"]["companies"]] == [("Complained Ltd", None)]
    assert company_requests(one) == []
    assert asking.mails(stack, one.email, ASKS) == []
    shown = officer.call("GET", f"/v1/staff/requests/{asker.id}").json
    assert shown["details"] == "Complained Ltd will not stop."


@pytest.mark.clause("roles")
def test_a_client_is_told_once_however_often_the_work_dies(stack: LocalStack) -> None:
    buyer = fresh_address("finn", "buyer.example")
    holders = [sign_up(stack) for _ in range(3)]
    for one in holders:
        one.contact(buyer)
    job = "okki-leads-run-tasks"
    stack.wire.inject(
        kind="lose_reply", service="dynamodb", operation="TransactWriteItems", function=job, times=3
    )
    stack.wire.inject(
        kind="fail", service="dynamodb", operation="TransactWriteItems", function=job, times=4, skip=2
    )
    stack.wire.inject(kind="fail", service="sqs", operation="SendMessage", function=job, times=2)
    asker = ask(stack, "object", buyer)
    body = json.dumps({"task": "request", "request": asker.id})
    for _ in range(3):
        failed(stack.invoke("RunTasks", batch_of("tasks", body, body)))
    asker.settled()
    stack.wire.reset()
    failed(stack.invoke("RunTasks", batch_of("tasks", body)))
    stack.advance(400)
    remind(stack)
    for one in holders:
        assert len(company_requests(one)) == 1
        assert len(inbox(one)) == 1
        assert len(asking.mails(stack, one.email, ASKS)) == 1
    steps = [entry["act"] for entry in acts(stack, ids.OPERATOR, asker.id)]
    assert steps == ["received", "verified", "acted", "passed_on", "passed_on", "passed_on", "answered"]


# -- staff --------------------------------------------------------------------------------------------


def waiting(stack: LocalStack, kind: str = "complaint", **more: Any) -> Asker:
    asker = ask(stack, kind, fresh_address("waiting"), **more)
    assert asker.settled()["state"] == "with_staff"
    return asker


def test_staff_see_what_is_due_first_and_nobody_in_the_list(stack: LocalStack, officer: StaffUser) -> None:
    first = waiting(stack, details="Secret words")
    stack.advance(60)
    second = waiting(stack)
    found, cursor = [], None
    while True:
        path = "/v1/staff/requests?limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = officer.call("GET", path)
        assert page.status == 200, page.body
        assert b"@" not in page.body
        assert b"Secret" not in page.body
        found += page.json["items"]
        if (cursor := page.json["next_cursor"]) is None:
            break
    due = [item["due_at"] for item in found]
    assert due == sorted(due)
    order = [item["id"] for item in found]
    assert order.index(first.id) < order.index(second.id)
    assert len(set(order)) == len(order)
    assert officer.call("GET", "/v1/staff/requests?cursor=x").status == 422


def test_what_staff_are_answered_is_as_described(stack: LocalStack, officer: StaffUser) -> None:
    document = request(f"{stack.api}/openapi.json").json
    shapes = document["components"]["schemas"]
    asker = waiting(stack)
    path = f"/v1/staff/requests/{asker.id}"
    page = officer.call("GET", "/v1/staff/requests?limit=1").json
    agrees(document, shapes["StaffRequestPage"], page, filled=False)
    agrees(document, shapes["StaffRequest"], officer.call("GET", path).json, filled=False)
    extended = officer.call("POST", f"{path}/extend", {"months": 2, "reason": "many_requests"}).json
    agrees(document, shapes["StaffRequest"], extended, filled=False)
    answered = officer.call("POST", f"{path}/answer", {"text": "Hello"}).json
    agrees(document, shapes["StaffAnswered"], answered, filled=False)


@pytest.mark.clause("personnel", "access")
def test_only_those_whose_work_it_is_reach_requests(stack: LocalStack, officer: StaffUser) -> None:
    asker = waiting(stack)
    support = member(stack, StaffPosition.SUPPORT)
    user = sign_up(stack)
    for method, path, body in (
        ("GET", "/v1/staff/requests", None),
        ("GET", f"/v1/staff/requests/{asker.id}", None),
        ("POST", f"/v1/staff/requests/{asker.id}/answer", {"text": "Hello"}),
        ("POST", f"/v1/staff/requests/{asker.id}/refuse", {"ground": "unfounded", "text": "No"}),
        ("POST", f"/v1/staff/requests/{asker.id}/extend", {"months": 1, "reason": "complex"}),
        ("POST", f"/v1/staff/requests/{asker.id}/escalate", None),
        ("POST", f"/v1/staff/requests/{asker.id}/erase", {"text": "Done"}),
        ("GET", f"/v1/staff/requests/{asker.id}/copy", None),
        ("POST", f"/v1/staff/requests/{asker.id}/copy", {"days": 30}),
    ):
        assert support.call(method, path, body).status == 403
        assert user.call(method, path, body).status == 401
        unknown = path.replace(asker.id, ids.new("req"))
        if unknown != path:
            assert officer.call(method, unknown, body).status == 404
    assert asker.get()["state"] == "with_staff"


def test_reading_somebodys_words_and_answering_is_on_record(stack: LocalStack, officer: StaffUser) -> None:
    asker = waiting(stack, details="You called me at night.")
    path = f"/v1/staff/requests/{asker.id}"
    shown = officer.call("GET", path).json
    assert (shown["email"], shown["details"]) == (asker.email, "You called me at night.")
    assert {ground["code"] for ground in shown["grounds"]} == {"unfounded", "excessive"}
    words = "We have spoken to the caller; it will not happen again."
    answered = officer.call("POST", f"{path}/answer", {"text": words})
    assert answered.status == 200, answered.body
    seen = asker.get()
    assert (seen["state"], seen["answer"]["from_staff"], seen["answer"]["final"]) == ("answered", words, True)
    mail = asking.mail(stack, asker.email, asking.ANSWERED)
    assert words not in mail["text"]
    again = officer.call("POST", f"{path}/answer", {"text": "Something else"})
    assert (again.status, again.json["code"]) == (409, "not_open")
    steps = acts(stack, ids.OPERATOR, asker.id)
    assert [step["act"] for step in steps] == [
        "received",
        "verified",
        "acted",
        "to_staff",
        "read",
        "answered",
    ]
    assert {step["staff_id"] for step in steps[-2:]} == {officer.staff_id}
    listed = officer.call("GET", "/v1/staff/requests?limit=200").json["items"]
    assert asker.id not in [item["id"] for item in listed]


def test_staff_release_what_one_time_codes_kept_back(stack: LocalStack, officer: StaffUser) -> None:
    import pyotp

    from tests.integration import ways

    user = sign_up(stack)
    ways.prove(user)
    otp = pyotp.TOTP(user.call("POST", "/v1/me/totp").json["secret"])
    assert user.call("POST", "/v1/me/totp/confirm", {"code": otp.at(int(stack.now()))}).status == 200
    asker = ask(stack, "access", user.email)
    assert asker.settled()["answer"]["outcomes"] == ["account_proof"]
    assert asker.data().status == 404
    body = {"text": "We spoke on the telephone.", "release_data": True}
    assert officer.call("POST", f"/v1/staff/requests/{asker.id}/answer", body).status == 200
    assert asker.data().json["account"] is True


def test_a_refusal_has_a_ground_of_the_law_and_says_where_to_complain(
    stack: LocalStack, officer: StaffUser
) -> None:
    asker = waiting(stack)
    path = f"/v1/staff/requests/{asker.id}/refuse"
    assert officer.call("POST", path, {"ground": "unfounded"}).status == 422
    assert officer.call("POST", path, {"ground": "we_are_busy", "text": "No"}).status == 422
    wrong = officer.call("POST", path, {"ground": "legal_duty", "text": "The tax office asks."})
    assert (wrong.status, wrong.json["code"]) == (403, "no_ground_for_this")
    assert asker.get()["state"] == "with_staff"
    words = "Nobody here called the number you name."
    assert officer.call("POST", path, {"ground": "unfounded", "text": words}).status == 200
    seen = asker.get()
    assert seen["state"] == "refused"
    assert seen["answer"]["from_staff"] == words
    assert seen["answer"]["ground"]["code"] == "unfounded"
    assert "GDPR 12(5)" in seen["answer"]["ground"]["source"]
    assert "Personal Data Protection Commission" in seen["answer"]["complain"]
    last = acts(stack, ids.OPERATOR, asker.id)[-1]
    assert (last["act"], last["ground"], last["staff_id"]) == ("refused", "unfounded", officer.staff_id)


def test_a_copy_of_what_access_was_refused_to_is_kept_for_a_review(
    stack: LocalStack, officer: StaffUser
) -> None:
    import pyotp

    from tests.integration import ways

    user = sign_up(stack)
    ways.prove(user)
    otp = pyotp.TOTP(user.call("POST", "/v1/me/totp").json["secret"])
    assert user.call("POST", "/v1/me/totp/confirm", {"code": otp.at(int(stack.now()))}).status == 200
    asker = ask(stack, "access", user.email)
    asker.settled()
    path = f"/v1/staff/requests/{asker.id}/refuse"
    body = {"ground": "identity", "text": "You could not show us that it is you."}
    refused_at = int(stack.now())
    assert officer.call("POST", path, body).status == 200
    assert asker.data().status == 404
    copies = [row for row in rows(stack, "accounts") if row["sk"]["S"].startswith("copy#")]
    mine = [row for row in copies if row["pk"]["S"] == f"request#{asker.id}"]
    assert mine
    for row in mine:
        assert "sealed" in row
        left = int(row["expires_at"]["N"]) - refused_at
        assert 0 <= left - int(REFUSED_COPY.total_seconds()) <= 60
    copy = officer.call("GET", f"/v1/staff/requests/{asker.id}/copy")
    assert copy.status == 200, copy.body
    assert copy.json["data"]["account"] is True
    assert user.email in copy.body.decode()
    document = request(f"{stack.api}/openapi.json").json
    agrees(document, document["components"]["schemas"]["StaffRequestCopy"], copy.json, filled=False)
    path = f"/v1/staff/requests/{asker.id}/copy"
    shorter = officer.call("POST", path, {"days": 1}).json["kept_until"]
    assert shorter == copy.json["kept_until"]
    longer = officer.call("POST", path, {"days": 90}).json["kept_until"]
    assert epoch(longer) - int(stack.now()) in range(90 * DAY - 60, 90 * DAY + 1)
    steps = [step["act"] for step in acts(stack, ids.OPERATOR, asker.id)]
    assert steps[-3:] == ["copy_read", "copy_kept", "copy_kept"]
    stack.advance(89 * DAY)
    reviewer = member(stack, StaffPosition.PRIVACY)
    assert reviewer.call("GET", path).json["data"] == copy.json["data"]
    stack.advance(2 * DAY)
    assert member(stack, StaffPosition.PRIVACY).call("GET", path).status == 404


def with_codes(stack: LocalStack, user: User) -> None:
    import pyotp

    from tests.integration import ways

    ways.prove(user)
    otp = pyotp.TOTP(user.call("POST", "/v1/me/totp").json["secret"])
    on = user.call("POST", "/v1/me/totp/confirm", {"code": otp.at(int(stack.now()))})
    assert on.status == 200
    user.token = on.json["session"]["token"]


@pytest.mark.clause("personnel", "access")
def test_an_account_that_a_mailbox_may_not_end_is_ended_by_two_of_the_staff(stack: LocalStack) -> None:
    boss = sign_up(stack)
    ben = join(boss)
    with_codes(stack, ben)
    asker = ask(stack, "erase", ben.email)
    assert asker.settled()["state"] == "with_staff"
    one, two = member(stack, StaffPosition.PRIVACY), member(stack, StaffPosition.PRIVACY)
    path = f"/v1/staff/requests/{asker.id}/erase"
    words = {"text": "Your account is gone, as you asked."}
    for _ in range(2):
        asked_ = one.call("POST", path, words)
        assert asked_.status == 202, asked_.body
        assert (asked_.json["state"], asked_.json["erase_by"]) == ("with_staff", one.staff_id)
        assert ben.call("GET", "/v1/me").status == 200
    done = two.call("POST", path, words)
    assert done.status == 200, done.body
    assert ben.call("GET", "/v1/me").status == 401
    seen = asker.get()
    assert (seen["state"], seen["answer"]["from_staff"]) == ("answered", words["text"])
    assert seen["answer"]["outcomes"] == ["account_erased", "objection_noted"]
    steps = acts(stack, ids.OPERATOR, asker.id)
    assert [(step["act"], step.get("staff_id")) for step in steps[-2:]] == [
        ("erasure_asked", one.staff_id),
        ("answered", two.staff_id),
    ]
    again = one.call("POST", path, words)
    assert (again.status, again.json["code"]) == (409, "not_open")
    drained(stack, "tasks")
    assert ben.me["id"] not in [p["id"] for p in boss.call("GET", "/v1/company/members").json["items"]]


def test_staff_erase_no_main_account_and_nothing_nobody_asked_for(
    stack: LocalStack, officer: StaffUser
) -> None:
    boss = sign_up(stack)
    asker = ask(stack, "erase", boss.email)
    assert asker.settled()["state"] == "with_staff"
    words = {"text": "Gone."}
    main = officer.call("POST", f"/v1/staff/requests/{asker.id}/erase", words)
    assert (main.status, main.json["code"]) == (409, "main_account")
    complaint = waiting(stack)
    other = officer.call("POST", f"/v1/staff/requests/{complaint.id}/erase", words)
    assert (other.status, other.json["code"]) == (409, "not_to_erase")
    assert boss.call("GET", "/v1/me").status == 200


def test_a_restriction_switches_off_what_is_optional_and_promises_no_more(stack: LocalStack) -> None:
    who = sign_up(stack)
    on = {"tips": {"mail": True, "in_app": True}}
    assert who.call("PUT", "/v1/me/notifications", {"choices": on}).status == 200
    seen = ask(stack, "restrict", who.email, locale="en").settled()
    assert seen["answer"]["outcomes"] == ["optional_stopped", "with_staff"]
    assert "That is all that happens by itself" in seen["answer"]["words"][0]
    kinds = who.call("GET", "/v1/me/notifications").json["kinds"]
    product = [kind for kind in kinds if kind["group"] == "product"]
    assert not [1 for kind in product for channel in kind["channels"].values() if channel["on"]]


def test_more_time_is_taken_within_the_first_month_and_told(stack: LocalStack, officer: StaffUser) -> None:
    asker = waiting(stack)
    path = f"/v1/staff/requests/{asker.id}/extend"
    received = epoch(asker.get()["received_at"])
    term = Term(received, None)
    assert officer.call("POST", path, {"months": 3, "reason": "complex"}).status == 422
    assert officer.call("POST", path, {"months": 1, "reason": "holidays"}).status == 422
    longer = officer.call("POST", path, {"months": 1, "reason": "complex"})
    assert longer.status == 200, longer.body
    assert epoch(longer.json["due_at"]) == term.by(1)
    seen = asker.get()
    assert (epoch(seen["due_at"]), seen["extension"]["reason"]) == (term.by(1), "complex")
    assert asking.get(stack, f"/v1/requests/{asker.id}").json["due_at"] == asker.due_at
    mail = asking.mail(stack, asker.email, asking.EXTENDED)
    assert seen["due_at"][:10] in mail["text"]
    twice = officer.call("POST", path, {"months": 1, "reason": "complex"})
    assert (twice.status, twice.json["code"]) == (403, "not_later")
    listed = {item["id"]: item for item in officer.call("GET", "/v1/staff/requests?limit=200").json["items"]}
    assert epoch(listed[asker.id]["due_at"]) == term.by(1)
    assert listed[asker.id]["extended"] is True


def test_after_the_first_time_it_is_too_late_to_take_more(stack: LocalStack) -> None:
    asker = waiting(stack)
    due = epoch(asker.due_at)
    stack.advance(due - int(stack.now()) - 3600)
    officer = member(stack, StaffPosition.PRIVACY)
    path = f"/v1/staff/requests/{asker.id}/extend"
    stack.advance(due - int(stack.now()) + 1)
    officer.log_in()
    late = officer.call("POST", path, {"months": 1, "reason": "complex"})
    assert (late.status, late.json["code"]) == (403, "too_late_to_extend")


def test_somebody_is_reminded_before_and_alarmed_after(stack: LocalStack) -> None:
    asker = waiting(stack)
    due = epoch(asker.due_at)
    remind(stack)
    steps = [step["act"] for step in acts(stack, ids.OPERATOR, asker.id)]
    assert steps[-1] == "to_staff"
    for before in REMIND_BEFORE:
        stack.advance(due - before - int(stack.now()) + 1)
        remind(stack)
        remind(stack)
    steps = [step["act"] for step in acts(stack, ids.OPERATOR, asker.id)]
    assert steps.count("reminded") == 2
    stack.advance(due - int(stack.now()) + 1)
    remind(stack)
    remind(stack)
    assert [step["act"] for step in acts(stack, ids.OPERATOR, asker.id)][-1] == "escalated"
    stack.advance(DAY + 1)
    remind(stack)
    steps = [step["act"] for step in acts(stack, ids.OPERATOR, asker.id)]
    assert (steps.count("escalated"), steps.count("reminded")) == (1, 3)
    logs = stack.logs("RunTasks")
    assert "request_overdue" in logs
    assert "request_due_soon" in logs
    assert asker.email not in logs


def test_escalating_is_done_once_and_shows_in_the_list(stack: LocalStack, officer: StaffUser) -> None:
    asker = waiting(stack)
    path = f"/v1/staff/requests/{asker.id}/escalate"
    assert officer.call("POST", path).json["escalated"] is True
    assert officer.call("POST", path).status == 200
    listed = officer.call("GET", "/v1/staff/requests?limit=200").json["items"]
    assert [item["escalated"] for item in listed if item["id"] == asker.id] == [True]
    steps = [step["act"] for step in acts(stack, ids.OPERATOR, asker.id)]
    assert steps.count("escalated") == 1


def test_an_answer_that_cannot_be_proven_is_not_given(stack: LocalStack, officer: StaffUser) -> None:
    asker = waiting(stack)
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-staff",
        times=99,
    )
    path = f"/v1/staff/requests/{asker.id}/answer"
    assert officer.call("POST", path, {"text": "Hello"}).status == 503
    stack.wire.reset()
    assert asker.get()["state"] == "with_staff"
    stack.wire.inject(
        kind="lose_reply", service="dynamodb", operation="TransactWriteItems", function="okki-leads-staff"
    )
    assert officer.call("POST", path, {"text": "Hello"}).status == 200
    drained(stack, "notices")
    assert len(asking.mails(stack, asker.email, asking.ANSWERED)) == 1


# -- who received it, and what is held ------------------------------------------------------------------


def mailed(stack: LocalStack, about: str, case: str) -> list[Any]:
    """Letters to the recipient of a disclosure about it."""
    found = [mail for mail in stack.mails(disclosing.RECIPIENT["contact"]) if about in mail["subject"]]
    return [mail for mail in found if case in mail["text"]]


def given(officer: StaffUser, boss: User, who: User) -> str:
    """Data of a user, handed to a partner they agreed to."""
    case, question = disclosing.agreed_partner(officer, boss, who)
    disclosing.took(officer, case, "authorise", question_id=question)
    disclosing.took(officer, case, "assess", fields=disclosing.WHO, **disclosing.KEY)
    second = member(officer.stack, StaffPosition.LEGAL)
    disclosing.took(second, case, "approve", **disclosing.COMPARED)
    disclosing.took(officer, case, "disclose")
    disclosing.taken_out(officer, case)
    return case


@pytest.mark.clause("partners")
def test_a_correction_and_an_erasure_are_told_to_who_received_the_data(
    stack: LocalStack, officer: StaffUser
) -> None:
    boss = sign_up(stack)
    ben = join(boss)
    case = given(officer, boss, ben)
    access = ask(stack, "access", ben.email)
    access.settled()
    (recipient,) = access.data().json["recipients"]
    assert (recipient["id"], recipient["recipient"]) == (case, disclosing.RECIPIENT["name"])
    assert recipient["fields"] == disclosing.WHO
    assert disclosing.RECIPIENT["name"] in access.data("csv").body.decode()

    correct = ask(stack, "correct", ben.email, details="I am called Benjamin.")
    correct.settled()
    body = {"text": "Done.", "corrected": True}
    answered = officer.call("POST", f"/v1/staff/requests/{correct.id}/answer", body)
    reached = {name: disclosing.RECIPIENT[name] for name in ("name", "contact")}
    assert answered.json["recipients"] == [{"disclosure_id": case, **reached, "told": True}]
    (mail,) = eventually(lambda: mailed(stack, "has been corrected", case))
    assert ben.email not in mail["text"]
    assert "Benjamin" not in mail["text"]

    erase = ask(stack, "erase", ben.email)
    assert erase.settled()["answer"]["outcomes"][0] == "account_erased"
    assert len(eventually(lambda: mailed(stack, "has been erased", case))) == 1
    told = [step for step in acts(stack, ids.OPERATOR, erase.id) if step["act"] == "recipient_told"]
    assert [step["concerns_id"] for step in told] == [case]


@pytest.mark.clause("authorities")
def test_what_an_order_keeps_secret_is_in_no_answer_before_its_time(
    stack: LocalStack, officer: StaffUser
) -> None:
    boss = sign_up(stack)
    second = member(stack, StaffPosition.LEGAL)
    case = disclosing.opened(officer, "authority", "legal_duty", boss.company["id"], user_id=boss.me["id"])
    secret = {"secret_until": disclosing.day(stack, 20), "secret_ground": "s 20(3)"}
    disclosing.took(officer, case, "ground", **disclosing.GROUND, **secret)
    disclosing.took(officer, case, "assess", fields=disclosing.WHO, **disclosing.KEY)
    disclosing.took(second, case, "approve", **disclosing.COMPARED)
    disclosing.took(officer, case, "disclose")
    asker = ask(stack, "access", boss.email)
    asker.settled()
    assert asker.data().json["recipients"] == []
    assert case not in asker.data().body.decode()
    stack.advance(21 * DAY)
    assert [one["id"] for one in asker.data().json["recipients"]] == [case]


@pytest.mark.clause("retention")
def test_what_a_hold_keeps_is_stored_only_and_the_one_who_asked_is_told(stack: LocalStack) -> None:
    legal = member(stack, StaffPosition.LEGAL)
    boss = sign_up(stack)
    ben = join(boss)
    buyer = fresh_address("held", "buyer.example")
    contact = boss.contact(buyer)["id"]
    hold = {
        "company_id": boss.company["id"],
        "matter_id": ids.new("mat"),
        "scope": "company",
        "reason": "litigation",
        "law": "Evidence Act 1893 s 3",
    }
    assert legal.call("POST", "/v1/staff/holds", hold).status == 201
    asker = ask(stack, "erase", ben.email)
    assert asker.settled()["answer"]["outcomes"] == ["account_held", "objection_noted"]
    assert ben.call("GET", "/v1/me").status == 401
    other = ask(stack, "erase", buyer)
    other.settled()
    (row,) = company_requests(boss)
    decided = boss.call("POST", f"/v1/company/requests/{row['id']}", {"decision": "erase"})
    assert decided.json["decision"] == "held"
    assert eventually(lambda: boss.call("GET", f"/v1/contacts/{contact}").status == 404)
    assert [one["decision"] for one in other.get()["answer"]["companies"]] == ["held"]

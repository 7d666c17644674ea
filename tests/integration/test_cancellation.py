"""A company that wants to go goes whole, after a time to think it over, and can prove that it did; nobody else ends it."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from chalicelib.privacy.personnel import StaffPosition
from chalicelib.services.contacts import cells
from infra.local import LocalStack
from tests.integration import chromium, machines, ways
from tests.integration.ages import one, under
from tests.integration.cancelling import (
    DAY,
    PATH,
    asked,
    code_of,
    fetch,
    left,
    row_of,
    state,
    steps,
    subject,
)
from tests.integration.client import eventually, fresh_address, log_in, request, sign_up
from tests.integration.eraser import desk
from tests.integration.letters import send
from tests.integration.people import accept, invited, join
from tests.integration.staff import StaffUser, member

pytestmark = pytest.mark.clause("cancellation")


@pytest.fixture(autouse=True)
def today(stack: LocalStack) -> Any:
    """Each test lives weeks; the next one begins at its own today."""
    yield
    stack.reset_clock()


@pytest.fixture(scope="module")
def legal(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


@pytest.mark.clause("encryption", "retention", "stored")
def test_a_company_that_asks_is_gone_for_good_and_its_main_account_has_the_certificate(
    stack: LocalStack,
) -> None:
    anna = sign_up(stack)
    ben = join(anna)
    company = anna.company["id"]
    for number in range(3):
        anna.contact(fresh_address("bob", "buyer.example"), f"Buyer {number}")
    ways.prove(anna)
    seen = anna.call("GET", f"{PATH}/preview").json
    assert {"stored", "logon"} <= {group["category"] for group in seen["goes"]}
    assert {"evidence", "stocked_prospects", "backups"} <= {stay["what"] for stay in seen["stays"]}
    workflow = asked(anna)
    told = [subject(stack, user.email, "closing its OKKI Leads AI account") for user in (anna, ben)]
    assert all("5.3" in mail["text"] for mail in told)
    machines.until_stage(stack, workflow, "cool")
    # They read and take along, and work no more.
    assert ben.call("GET", "/v1/contacts").status == 200
    assert anna.call("GET", "/v1/contacts/export").status == 200
    answer = anna.call("POST", "/v1/contacts", {"name": "x"})
    assert (answer.status, answer.json["code"], answer.json["clause"]) == (
        403,
        "company_not_active",
        "cancellation",
    )
    stack.advance(14 * DAY + 5)
    code = code_of(stack, anna.email)
    assert anna.call("GET", "/v1/me").status == 401
    closed = log_in(stack, ben.email)
    assert (closed.status, closed.json["clause"]) == (403, "cancellation")
    csv = fetch(stack, company, code)
    assert csv.status == 200
    assert csv.body.decode().count("Buyer ") == 3
    assert "okki-next" not in csv.headers
    wrong = fetch(stack, company, "x" * 43)
    assert (wrong.status, wrong.json["code"]) == (401, "code_refused")
    machines.to_the_end(stack, workflow)
    assert left(stack, company) == []
    certificate = subject(stack, anna.email, "Certificate of deletion")
    assert "stored contacts: 3" in certificate["text"]
    assert fetch(stack, company, code).json["code"] == "code_refused"
    assert one(stack, "accounts", f"cancellation#{company}", "address") is None
    assert state(anna) == "done"
    assert steps(anna) == [
        "asked",
        "frozen",
        "offered",
        "fetched",
        "erasing",
        "erased",
        "certified",
        "address_gone",
    ]
    assert desk(stack, "chain", company)["sound"]
    assert log_in(stack, ben.email).json["code"] == "login_refused"
    assert sign_up(stack, fresh_address("again")).company["id"] != company


@pytest.mark.clause("access", "wechat", "communications")
def test_when_the_time_is_over_every_door_is_shut_and_nothing_leaves_any_more(stack: LocalStack) -> None:
    anna = sign_up(stack)
    ben = join(anna)
    person = ways.somebody()
    assert ways.link(ben, person).status == 200
    _, key = invited(anna)
    workflow = asked(anna)
    machines.until_stage(stack, workflow, "cool")
    # Nobody joins a company on its way out, and nothing new is asked of it.
    assert accept(stack, key).status in {403, 404, 409}
    for user in (anna, ben):  # or that mail comes between them and the code they wait for
        subject(stack, user.email, "closing its OKKI Leads AI account")
    stack.advance(13 * DAY)
    ben.token = log_in(stack, ben.email).json["session"]["token"]
    assert ben.call("GET", "/v1/contacts").status == 200
    export = log_in(stack, anna.email)
    anna.token = export.json["session"]["token"]
    assert anna.call("POST", "/v1/contacts/exports").status == 202
    stack.advance(DAY + 5)
    eventually(lambda: state(anna) == "frozen")
    machines.until_stage(stack, workflow, "erase", waiting=True)
    for user in (anna, ben):
        for path in ("/v1/me", "/v1/contacts", PATH):
            assert user.call("GET", path).status == 401
        closed = log_in(stack, user.email)
        assert (closed.status, closed.json["code"], closed.json["clause"]) == (
            403,
            "company_closed",
            "cancellation",
        )
    assert ways.log_in(stack, person).status in {401, 403}
    assert under(stack, "accounts", anna.company["id"], "session#") == []


@pytest.mark.clause("communications")
def test_mail_that_waits_when_somebody_cancels_does_not_leave(stack: LocalStack) -> None:
    anna = sign_up(stack)
    email = fresh_address("bob", "buyer.example")
    anna.contact(email)
    stack.wire.inject(kind="fail", service="sqs", function="okki-leads-api", times=20)
    try:
        message = anna.write(email)
    finally:
        stack.wire.reset()
    asked(anna)
    assert send(stack, anna.company["id"], message) == []
    assert anna.message(message)["status"] != "sent"
    assert stack.mails(email) == []


@pytest.mark.clause("stored")
def test_a_final_export_is_for_who_has_the_code_and_only_until_the_erasing(stack: LocalStack) -> None:
    anna, other = sign_up(stack), sign_up(stack)
    bob = anna.contact(fresh_address("bob", "buyer.example"), "=cmd|danger")["email"]
    anna.settled(anna.write(bob, subject="=cmd|offer", text="Dear Bob,\n+400 chairs are yours."))
    workflow = asked(anna)
    company = anna.company["id"]
    machines.until_stage(stack, workflow, "cool")
    for where in (company, other.company["id"], "co_" + "0" * 26):
        assert fetch(stack, where, "A" * 43).json["code"] == "code_refused"
    stack.advance(14 * DAY + 5)
    code = code_of(stack, anna.email)
    answer = fetch(stack, company, code)
    assert answer.status == 200
    assert "danger" in answer.body.decode()
    assert '"=cmd' not in answer.body.decode()  # no cell is a formula
    mail = fetch(stack, company, code, what="messages")
    assert (mail.status, mail.headers["okki-rows"]) == (200, "1")
    (letter,) = csv.DictReader(StringIO(mail.body.decode("utf-8-sig"), newline=""))
    assert letter["subject"] == "'=cmd|offer"
    assert cells.original(letter["text"]) == "Dear Bob,\n+400 chairs are yours."
    assert bob in letter["to"]
    assert "open" not in mail.body.decode(), "who read it is the readers' business"
    assert fetch(stack, other.company["id"], code).status == 401
    assert fetch(stack, company, code, after="ct_" + "x" * 26).status == 422
    assert fetch(stack, company, code, after=other.company["id"]).status == 422
    assert fetch(stack, company, code, what="messages", after="ct_" + "0" * 26).status == 422
    assert fetch(stack, company, code, what="opens").status == 422
    assert code not in ways.stored(stack)
    page = request(f"{stack.api}/v1/companies/{company}/final-export?locale=zh")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.body == request(f"{stack.api}/v1/companies/co_{'0' * 26}/final-export?locale=zh").body
    assert "form-action 'none'" in page.headers["content-security-policy"]
    until = int(row_of(anna)["export_until"]["N"])
    stack.wire.inject(kind="lose_request", function="okki-leads-cancel-company", times=1_000_000)
    try:
        stack.advance(int(until - stack.now()) + 2)
        assert fetch(stack, company, code).status == 401
    finally:
        stack.wire.reset()
    assert "fetched" in steps(anna)


@pytest.mark.clause("stored")
@pytest.mark.skipif(chromium.FOUND is None, reason="no Chromium on this machine")
def test_with_the_code_alone_contacts_and_mail_lie_on_the_disk_of_who_was_sent_it(
    stack: LocalStack, tmp_path: Path
) -> None:
    anna = sign_up(stack)
    bob = anna.contact(fresh_address("bob", "buyer.example"))["email"]
    anna.settled(anna.write(bob, subject="400 chairs"))
    asked(anna)
    stack.advance(14 * DAY + 5)
    code, taken = code_of(stack, anna.email), tmp_path / "taken"
    with chromium.browser(tmp_path / "desk") as shown:
        shown.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(taken))
        shown.open(f"{stack.api}/v1/companies/{anna.company['id']}/final-export?locale=en", "The code from")
        shown.run(f"document.getElementById('code').value = '{'A' * 43}'")
        shown.press("#fetch button", "wrong or too old")
        shown.run(f"document.getElementById('code').value = '{code}'")
        shown.press("#fetch button", "Files downloaded: 2")
        names = {"okki-leads-contacts-1.csv", "okki-leads-messages-1.csv"}
        eventually(lambda: {one.name for one in taken.iterdir()} == names)
    assert bob in (taken / "okki-leads-contacts-1.csv").read_text()
    assert "400 chairs" in (taken / "okki-leads-messages-1.csv").read_text()

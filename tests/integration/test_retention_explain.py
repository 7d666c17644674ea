"""Whoever asks why something is still here gets the rule, the date, the consent and the hold; and nothing of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.api.described.holds import SHAPES
from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.privacy.retention import EMAIL_TRACKING, MESSAGE
from infra.local import LocalStack
from tests.integration.ages import end, facts, number, one, proofs, under
from tests.integration.client import Answer, eventually, sign_up
from tests.integration.letters import drained, letter
from tests.integration.people import join
from tests.integration.staff import StaffUser, member
from tests.integration.test_consents import say
from tests.integration.test_expiry import months_after
from tests.integration.test_holds import place
from tests.integration.test_subscription import text

pytestmark = pytest.mark.clause("retention")


@pytest.fixture(scope="module")
def legal(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.LEGAL)


def ask(staff: StaffUser, company: str, **about: str) -> Answer:
    query = "&".join(f"{name}={value}" for name, value in {"company_id": company, **about}.items())
    return staff.call("GET", f"/v1/staff/retention/explain?{query}")


def told(staff: StaffUser, company: str, **about: str) -> dict[str, dict[str, Any]]:
    """What was answered, by kind."""
    answer = ask(staff, company, **about)
    assert answer.status == 200, answer.body
    assert answer.json.keys() == SHAPES["Explanation"]["properties"].keys()
    for kind in answer.json["kinds"]:
        assert kind.keys() == SHAPES["KeptKind"]["properties"].keys()
    return {kind["kind"]: kind for kind in answer.json["kinds"]}


def test_a_message_says_how_long_each_part_of_it_is_kept_and_why(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    sent.load()
    drained(stack, "hits", "feedback")
    eventually(sent.opens)
    row = one(stack, "workspace", sent.company, f"message#{sent.message}")
    assert row is not None
    kinds = told(legal, sent.company, record=sent.message)
    assert kinds.keys() == {"message", "body", "delivery", "open"}
    for kind, months in (("message", MESSAGE.count), ("delivery", EMAIL_TRACKING.count)):
        assert kinds[kind]["kept_until_last"] == text(months_after(row, months))
        assert kinds[kind]["period"] == f"{months} months"
    assert kinds["message"]["why"] == [
        {
            "section": "4.1.2(a)",
            "criterion": "service_and_records",
            "reason": "business correspondence and questions about it; our choice, to confirm",
        }
    ]
    assert kinds["open"]["holds"] == []
    # What has no end goes with the company.
    contact = told(legal, sent.company, record=sent.contact)["contact"]
    assert (contact["rows"], contact["kept_until_first"], contact["kept_until_last"]) == (1, None, None)


@pytest.mark.clause("access")
def test_the_answer_names_nobody_and_opens_nothing(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    sent = letter(stack, user)
    person = str(facts(one(stack, "workspace", sent.company, f"contact#{sent.contact}") or {})["person"])
    stack.wire.clear()
    answers = [
        ask(legal, sent.company),
        ask(legal, sent.company, user_id=user.me["id"]),
        ask(legal, sent.company, person=person),
        ask(legal, sent.company, record=sent.message),
    ]
    assert [answer.status for answer in answers] == [200] * 4
    seen = json.dumps([answer.json for answer in answers])
    for personal in (sent.email, user.email, "Anna Li", "Acme Export", "Spring offer", "Bob Buyer"):
        assert personal not in seen
    opened = [
        call for call in stack.wire.calls if call.function == "okki-leads-staff" and call.service == "kms"
    ]
    assert opened == []
    kinds = {kind["kind"]: kind for kind in answers[2].json["kinds"]}
    assert {"contact", "delivery", "message", "body", "consent", "receipt"} <= kinds.keys()
    assert kinds["receipt"]["why"][0]["section"] == "4.1.2(d)"
    about_user = {kind["kind"] for kind in answers[1].json["kinds"]}
    assert {"user", "member", "session", "device", "message", "user_receipt"} <= about_user
    assert answers[0].json["complete"] is True


@pytest.mark.clause("consent")
def test_a_consent_and_a_hold_are_named_where_they_keep_something(
    stack: LocalStack, legal: StaffUser
) -> None:
    admin = sign_up(stack)
    who = join(admin)
    assert admin.call("PATCH", f"/v1/company/members/{who.me['id']}", {"role": "manager"}).status == 200
    company = admin.company["id"]
    (item,) = under(stack, "accounts", company, f"inbox#{who.me['id']}#")
    assert told(legal, company, user_id=who.me["id"])["notification"]["consent_receipt"] is None
    answer = say(who, purpose="longer_retention")
    assert answer.status == 201
    eventually(
        lambda: (
            number(one(stack, "accounts", company, item["sk"]["S"]), "expires_at")
            != number(item, "expires_at")
        )
    )
    kinds = told(legal, company, user_id=who.me["id"])
    assert kinds["notification"]["consent_receipt"] == answer.json["id"]
    assert [why["section"] for why in kinds["notification"]["why"]] == ["4.1.2(a)", "4.1.2(c)"]
    assert kinds["user"]["consent_receipt"] is None
    mine = place(legal, admin, "user", user_id=who.me["id"])["id"]
    whole = place(legal, admin)["id"]
    kinds = told(legal, company, user_id=who.me["id"])
    assert set(kinds["notification"]["holds"]) == {mine, whole}
    assert [why["section"] for why in kinds["notification"]["why"]] == ["4.1.2(a)", "4.1.2(c)", "4.1.2(d)"]
    assert kinds["session"]["holds"] == [], "a login is no record"
    assert told(legal, company, user_id=admin.me["id"])["user"]["holds"] == [whole]
    # What is over is told from what is put away for a hold.
    contact = admin.contact("away@buyer.example")["id"]
    assert admin.call("DELETE", f"/v1/contacts/{contact}").status == 204
    shown = told(legal, company, record=contact)["contact"]
    assert (shown["rows"], shown["put_away"], shown["waiting"], shown["holds"]) == (1, 1, 0, [whole])


def test_what_is_over_and_not_deleted_yet_is_said_to_wait(stack: LocalStack, legal: StaffUser) -> None:
    user = sign_up(stack)
    contact = user.contact("waits@buyer.example")["id"]
    row = one(stack, "workspace", user.company["id"], f"contact#{contact}")
    assert row is not None
    end(stack, "workspace", row, stack.now() + 1)
    shown = told(legal, user.company["id"], record=contact)["contact"]
    assert (shown["rows"], shown["put_away"], shown["waiting"]) == (1, 0, 1)


@pytest.mark.clause("access", "personnel")
def test_who_may_not_ask_learns_nothing_and_bad_questions_are_refused(
    stack: LocalStack, legal: StaffUser
) -> None:
    user = sign_up(stack)
    company = user.company["id"]
    security = member(stack, StaffPosition.SECURITY)
    assert ask(security, company).status == 403
    assert user.call("GET", f"/v1/staff/retention/explain?company_id={company}").status == 401
    assert ask(legal, ids.new("co")).status == 404
    assert ask(legal, company, record=ids.new("ct")).status == 404
    for about in (
        {"user_id": "somebody"},
        {"person": "bob@buyer.example"},
        {"record": "bob"},
        {"record": user.me["id"]},
        {"user_id": user.me["id"], "person": "0" * 32},
        {"why": "x"},
    ):
        assert ask(legal, company, **about).status == 422
    assert legal.call("GET", "/v1/staff/retention/explain").status == 422
    assert legal.call("GET", "/v1/staff/retention/explain?company_id=co_operator").status == 422


@pytest.mark.clause("access", "personnel")
def test_who_asks_about_somebody_leaves_a_trace_and_the_company_sees_it_unless_a_hold_is_secret(
    stack: LocalStack, legal: StaffUser
) -> None:
    user = sign_up(stack)
    company, about = user.company["id"], user.me["id"]

    def seen() -> list[tuple[str, str, Any]]:
        items = user.call("GET", "/v1/company/staffaccess").json["items"]
        return [(one["staff_id"], one["opened"], one["grant_id"]) for one in items]

    def proven() -> int:
        acts = [step for step in proofs(stack, "co_operator", "staff_act") if step["act"] == "looked"]
        mine = [step for step in acts if step["concerns_id"] == company]
        assert {(step["by_id"], step["opened"]) for step in mine} <= {(legal.staff_id, "retention")}
        return len(mine)

    assert ask(legal, company, user_id=about).status == 200
    assert (seen(), proven()) == ([(legal.staff_id, "retention", None)], 1)
    assert ask(legal, company, user_id=ids.new("usr")).status == 404
    assert proven() == 2, "that nobody is there is an answer as well"
    assert ask(legal, company, user_id="x").status == 422
    place(legal, user, "user", user_id=about, reason="authority_order")
    assert ask(legal, company, user_id=about).status == 200
    assert (len(seen()), proven()) == (1, 3)
    stack.wire.inject(
        kind="fail", service="dynamodb", operation="TransactWriteItems", function="okki-leads-staff", times=40
    )
    assert ask(legal, company, user_id=about).status == 503, "what cannot be proven is not shown"
    stack.wire.reset()


def test_a_user_of_another_company_is_not_found(stack: LocalStack, legal: StaffUser) -> None:
    one_user, other = sign_up(stack), sign_up(stack)
    assert ask(legal, one_user.company["id"], user_id=other.me["id"]).status == 404

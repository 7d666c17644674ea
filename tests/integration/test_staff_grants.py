"""Just-in-time access through the deployed stack: another person's yes, one company, an hour, seen by that company."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.grants import ANSWER_WITHIN
from chalicelib.privacy.personnel import AGREEMENT, COURSE, NEWCOMER, StaffPosition
from infra.local import LocalStack
from tests.integration.client import Answer, User, sign_up
from tests.integration.people import join
from tests.integration.staff import StaffUser, desk, member
from tests.integration.test_staff import invite

pytestmark = pytest.mark.clause("personnel", "access")

BUYER = {
    "name": "Bob Buyer",
    "email": "bob.buyer@purchasing.example.com",
    "phone": "+65 9173 5528",
    "company": "Buyers of Bremen",
    "position": "Head of Purchasing",
    "country": "DE",
    "lawful_basis": {"basis": "consent", "source": "trade fair in Bremen"},
}


class House:
    """A company with a contact, and people of the staff who may ask and approve."""

    def __init__(self, stack: LocalStack, people: tuple[StaffUser, StaffUser, StaffUser]) -> None:
        self.stack = stack
        self.boss: User = sign_up(stack)
        self.company: str = self.boss.company["id"]
        made = self.boss.call("POST", "/v1/contacts", BUYER)
        assert made.status == 201, made.body
        self.contact: str = made.json["id"]
        self.support, self.privacy, self.security = people

    def ask(self, who: StaffUser | None = None, **more: Any) -> str:
        body = {
            "company_id": self.company,
            "purpose": "support",
            "ticket": "OPS-4711",
            "minutes": 30,
            **more,
        }
        answer = (who or self.support).call("POST", "/v1/staff/grants", body)
        assert answer.status == 201, answer.body
        assert (answer.json["state"], answer.json["active"]) == ("asked", False)
        return str(answer.json["id"])

    def granted(self, who: StaffUser | None = None, **more: Any) -> str:
        grant = self.ask(who, **more)
        by = (self.privacy, self.security) if more.get("export") else (self.security,)
        for one in by:
            answer = step(one, grant, "approve")
            assert answer.status == 200, answer.body
        assert answer.json["active"] is True
        return grant

    def look(
        self, who: StaffUser | None = None, what: str = "/contacts", company: str | None = None
    ) -> Answer:
        path = f"/v1/staff/companies/{company or self.company}{what}"
        return (who or self.support).call("GET", path)

    def seen(self) -> list[dict[str, Any]]:
        """What the company sees, oldest first."""
        answer = self.boss.call("GET", "/v1/company/staffaccess")
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = answer.json["items"]
        return found[::-1]

    def acts(self) -> list[tuple[str, str | None, int | None]]:
        return [(one["act"], one["opened"], one["number"]) for one in self.seen()]


def three(stack: LocalStack) -> tuple[StaffUser, StaffUser, StaffUser]:
    """Somebody of the support, and two who may approve."""
    wanted = (StaffPosition.SUPPORT, StaffPosition.PRIVACY, StaffPosition.SECURITY)
    one, two, last = (member(stack, position) for position in wanted)
    return one, two, last


@pytest.fixture(scope="module")
def office(stack: LocalStack) -> tuple[StaffUser, StaffUser, StaffUser]:
    """People that tests share who neither move the clock nor suspend anybody."""
    return three(stack)


@pytest.fixture
def house(stack: LocalStack, office: tuple[StaffUser, StaffUser, StaffUser]) -> House:
    return House(stack, office)


@pytest.fixture
def own_house(stack: LocalStack) -> House:
    """With people of its own."""
    return House(stack, three(stack))


def step(who: StaffUser, grant: str, act: str) -> Answer:
    return who.call("POST", f"/v1/staff/grants/{grant}/{act}")


def said(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.json.get("code")


# ---------------------------------------------------------------- from the wish to the end


def test_nothing_is_seen_before_another_person_has_said_yes_and_nothing_after_the_time_is_over(
    own_house: House,
) -> None:
    assert said(own_house.look()) == (403, "no_grant")
    grant = own_house.ask(minutes=20)
    assert said(own_house.look()) == (403, "no_grant")
    answer = step(own_house.privacy, grant, "approve").json
    assert (answer["state"], answer["active"], answer["approved_by"]) == (
        "approved",
        True,
        [own_house.privacy.staff_id],
    )
    assert own_house.look().status == 200
    own_house.stack.advance(20 * 60 - 300)
    assert own_house.look().status == 200
    own_house.stack.advance(300)
    assert said(own_house.look()) == (403, "no_grant"), "it ended in the middle of a session"
    assert own_house.support.call("GET", "/v1/staff/me").status == 200
    assert own_house.support.call("GET", f"/v1/staff/grants/{grant}").json["active"] is False


def test_the_company_sees_every_step_and_every_look_afterwards_and_nobody_elses(house: House) -> None:
    other = sign_up(house.stack)
    grant = house.granted()
    assert house.look(what="").status == 200
    assert house.look(what="/members").status == 200
    assert house.look().status == 200
    assert step(house.support, grant, "return").status == 200
    assert house.acts() == [
        ("asked", None, None),
        ("approved", None, None),
        ("opened", "company", 1),
        ("opened", "members", 1),
        ("opened", "contacts", 1),
        ("returned", None, None),
    ]
    first, *_, last = house.seen()
    who = {(one["staff_id"], one["position"]) for one in house.seen()}
    assert who == {(house.support.staff_id, "support"), (house.security.staff_id, "security")}
    assert (first["purpose"], first["masked"], first["minutes"]) == ("support", True, 30)
    assert first["starts_at"] is None
    assert last["ends_at"] >= last["starts_at"]
    assert "Noor" not in json.dumps(house.seen())
    assert other.call("GET", "/v1/company/staffaccess").json["items"] == []
    member_of = join(house.boss)
    assert said(member_of.call("GET", "/v1/company/staffaccess")) == (403, "not_permitted")


def test_every_look_is_in_the_operators_chain_as_well(house: House) -> None:
    grant = house.granted()
    assert house.look().status == 200
    for chain in ("co_operator", house.company):
        found = house.stack.client("dynamodb").query(
            TableName="okki-leads-ledger",
            KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
            ExpressionAttributeValues={":p": {"S": chain}, ":s": {"S": "access#"}},
            ConsistentRead=True,
        )["Items"]
        mine = [one["facts"]["M"] for one in found if one["facts"]["M"]["grant_id"]["S"] == grant]
        assert [one["act"]["S"] for one in mine] == ["asked", "approved", "opened"]
        assert {one["concerns_id"]["S"] for one in mine} == {house.company}
        assert not re.search(r"Noor|Bob|Buyer|OPS-", json.dumps(mine))


def test_what_cannot_be_proven_is_not_shown(house: House) -> None:
    house.granted()
    house.stack.wire.inject(
        kind="fail", service="dynamodb", operation="TransactWriteItems", function="okki-leads-staff", times=40
    )
    answer = house.look()
    assert answer.status == 503
    assert b"***" not in answer.body
    house.stack.wire.reset()
    assert house.acts()[-1][0] == "approved"
    assert house.look().status == 200


# ---------------------------------------------------------------- four eyes


def test_nobody_approves_their_own_wish_however_they_try(house: House) -> None:
    grant = house.ask(house.privacy)
    for act in ("approve", "refuse"):
        assert said(step(house.privacy, grant, act)) == (403, "own_wish")
    assert said(house.look(house.privacy)) == (403, "no_grant")
    assert step(house.security, grant, "approve").status == 200
    assert house.look(house.privacy).status == 200
    assert said(house.look(house.security)) == (403, "no_grant"), "an approval is no leave to look oneself"


def test_who_may_not_approve_does_not_and_does_not_even_see_other_peoples_wishes(house: House) -> None:
    grant = house.ask()
    other = member(house.stack, StaffPosition.SUPPORT)
    admin, auditor = (member(house.stack, one) for one in (StaffPosition.ADMIN, StaffPosition.AUDITOR))
    for nobody in (house.support, other, admin, auditor):
        assert said(step(nobody, grant, "approve")) == (403, "not_permitted")
    assert other.call("GET", f"/v1/staff/grants/{grant}").status == 404
    assert other.call("GET", "/v1/staff/grants").json["items"] == []
    assert said(step(other, grant, "return")) == (404, "not_found")
    mine = house.support.call("GET", "/v1/staff/grants").json["items"]
    assert mine[0]["id"] == grant
    assert {one["asked_by"] for one in mine} == {house.support.staff_id}
    assert house.security.call("GET", f"/v1/staff/grants/{grant}").status == 200


def test_a_yes_is_given_once_and_a_no_ends_it(house: House) -> None:
    grant = house.granted()
    assert said(step(house.security, grant, "approve")) == (403, "not_asked")
    assert said(step(house.privacy, grant, "approve")) == (403, "not_asked")
    refused = house.ask()
    assert step(house.privacy, refused, "refuse").json["state"] == "refused"
    assert said(step(house.security, refused, "approve")) == (403, "not_asked")
    assert said(step(house.security, ids.new("grt"), "approve")) == (404, "not_found")


def test_a_wish_of_this_morning_is_not_approved_in_the_evening(own_house: House) -> None:
    grant = own_house.ask()
    own_house.stack.advance(int(ANSWER_WITHIN.total_seconds()))
    assert own_house.security.log_in().status == 201
    assert said(step(own_house.security, grant, "approve")) == (403, "asked_too_long_ago")


def test_of_many_who_approve_at_once_the_grant_keeps_the_first_and_starts_once(house: House) -> None:
    grant = house.ask()
    others = [house.privacy, house.security, house.privacy, house.security]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: step(one, grant, "approve"), others))
    assert sorted(answer.status for answer in answers) == [200, 403, 403, 403]
    assert [act for act, *_ in house.acts()] == ["asked", "approved"]


# ---------------------------------------------------------------- an export


def test_an_export_takes_two_different_people_and_raises_an_alarm(house: House) -> None:
    asker = member(house.stack, StaffPosition.PRIVACY)
    refused = house.support.call(
        "POST",
        "/v1/staff/grants",
        {"company_id": house.company, "purpose": "support", "ticket": "OPS-1", "minutes": 5, "export": True},
    )
    assert said(refused) == (403, "not_permitted")
    grant = house.ask(asker, export=True, masked=False, purpose="privacy_request")
    first = step(house.security, grant, "approve").json
    assert (first["state"], first["active"], first["approvals_needed"]) == ("asked", False, 2)
    assert said(step(house.security, grant, "approve")) == (403, "approved_already")
    assert said(house.look(asker, "/export")) == (403, "no_grant")
    assert step(house.privacy, grant, "approve").json["active"] is True
    assert said(house.look(asker)) == (403, "no_grant"), "an export is no leave to browse"
    taken = house.look(asker, "/export")
    assert taken.status == 200
    assert [one["email"] for one in taken.json["contacts"]] == [BUYER["email"]]
    assert [one["email"] for one in taken.json["members"]] == [house.boss.email]
    assert taken.json["next_cursor"] is None
    assert house.acts()[-1] == ("exported", "export", 2)
    told = [json.loads(line) for line in house.stack.logs("Staff").splitlines() if '"bulk_export"' in line]
    mine = [line for line in told if line.get("grant_id") == grant]
    assert [(line["number"], line["staff_id"]) for line in mine] == [(2, asker.staff_id)]


def test_two_approvals_at_the_same_time_both_count_and_twice_the_same_person_does_not(house: House) -> None:
    asker = member(house.stack, StaffPosition.PRIVACY)
    grant = house.ask(asker, export=True)
    with ThreadPoolExecutor(4) as pool:
        by = [house.security, house.security, house.privacy, house.privacy]
        answers = list(pool.map(lambda one: step(one, grant, "approve"), by))
    assert sorted(answer.status for answer in answers) == [200, 200, 403, 403]
    kept = asker.call("GET", f"/v1/staff/grants/{grant}").json
    assert sorted(kept["approved_by"]) == sorted([house.privacy.staff_id, house.security.staff_id])
    assert kept["active"] is True


# ---------------------------------------------------------------- judged anew at every look


def test_a_grant_for_one_company_opens_no_other(house: House) -> None:
    other = sign_up(house.stack)
    house.granted()
    for what in ("", "/members", "/contacts"):
        assert said(house.look(what=what, company=other.company["id"])) == (403, "no_grant")
        assert said(house.look(what=what, company=ids.new("co"))) == (403, "no_grant")
    assert other.call("GET", "/v1/company/staffaccess").json["items"] == []


@pytest.mark.clause("authorities")
def test_what_a_law_may_forbid_to_tell_the_company_does_not_read_and_two_people_have_approved(
    house: House,
) -> None:
    grant = house.ask(purpose="legal_duty")
    assert step(house.security, grant, "approve").json["active"] is False
    assert said(house.look()) == (403, "no_grant")
    assert step(house.privacy, grant, "approve").json["active"] is True
    assert house.look().status == 200
    assert house.seen() == []
    told = house.boss.call("GET", "/v1/company/evidence").body
    assert grant.encode() not in told
    assert b"legal_duty" not in told
    assert proven(house.stack, "co_operator", grant) == ["asked", "approved", "approved", "opened"]


def proven(stack: LocalStack, chain: str, grant: str) -> list[str]:
    """The steps of a grant in a chain."""
    found = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={":p": {"S": chain}, ":s": {"S": "access#"}},
        ConsistentRead=True,
    )["Items"]
    facts = [one["facts"]["M"] for one in found]
    return [one["act"]["S"] for one in facts if one["grant_id"].get("S") == grant]


def test_a_colleague_an_admin_invents_approves_nothing_before_the_others_can_have_seen_them(
    own_house: House,
) -> None:
    stack = own_house.stack
    admin = member(stack, StaffPosition.ADMIN)
    invented = invite(admin, "security", agreement=AGREEMENT, training=COURSE)
    moved = member(stack, StaffPosition.SUPPORT)
    change = admin.call("PATCH", f"/v1/staff/people/{moved.staff_id}", {"position": "privacy"})
    assert change.status == 200
    grant = own_house.ask()
    for newcomer in (invented, moved):
        assert said(step(newcomer, grant, "approve")) == (403, "too_new")
        assert newcomer.call("GET", "/v1/staff/grants").status == 200, "their own work they may do"
    stack.advance(int(NEWCOMER.total_seconds()))
    for user in (own_house.support, invented):
        assert user.log_in().status == 201
    grant = own_house.ask()
    assert step(invented, grant, "approve").json["active"] is True


def test_a_suspended_approver_takes_what_they_approved_with_them(own_house: House) -> None:
    own_house.granted()
    assert own_house.look().status == 200
    desk(own_house.stack, "suspend", own_house.security.staff_id)
    assert said(own_house.look()) == (403, "approver_gone")
    desk(own_house.stack, "reinstate", own_house.security.staff_id)
    assert own_house.look().status == 200


def test_a_suspended_asker_sees_nothing_more(own_house: House) -> None:
    own_house.granted()
    desk(own_house.stack, "suspend", own_house.support.staff_id)
    assert own_house.look().status == 401


def test_a_training_that_ends_during_a_grant_ends_the_look(own_house: House) -> None:
    asker = member(own_house.stack, StaffPosition.SUPPORT, trained_days_ago=363)
    over = datetime.fromisoformat(asker.call("GET", "/v1/staff/me").json["training_ends_at"])
    own_house.stack.advance(
        int(over.timestamp() - own_house.stack.now()) - 2 * 3600
    )  # whatever o'clock it is
    for one in (asker, own_house.security):
        assert one.log_in().status == 201
    own_house.granted(asker, minutes=60)
    ends = asker.call("GET", "/v1/staff/me").json["training_ends_at"]
    assert own_house.look(asker).status == 200
    for _ in range(40):
        own_house.stack.advance(1500)
        if asker.call("GET", "/v1/staff/me").json.get("missing") == "training_expired":
            break
    else:
        raise AssertionError(ends)
    assert said(own_house.look(asker)) == (403, "training_expired")


def test_anybody_who_may_approve_ends_a_grant_at_once(house: House) -> None:
    grant = house.granted()
    assert step(house.privacy, grant, "revoke").json["state"] == "revoked"
    assert said(house.look()) == (403, "no_grant")
    assert said(step(house.privacy, grant, "revoke")) == (403, "over")
    assert said(step(house.support, grant, "return")) == (403, "over")
    back = house.granted()
    assert step(house.support, back, "return").json["state"] == "returned"
    assert said(house.look()) == (403, "no_grant")
    assert said(step(house.security, house.granted(), "return")) == (403, "not_yours")


# ---------------------------------------------------------------- what is seen


def test_people_are_masked_unless_the_grant_says_otherwise(house: House) -> None:
    grant = house.granted()
    (buyer,) = house.look().json["items"]
    assert {name: buyer[name] for name in ("name", "email", "phone", "company", "position", "source")} == {
        "name": "B***",
        "email": "b***@***.com",
        "phone": "***28",
        "company": "***",
        "position": "***",
        "source": "***",
    }
    assert (buyer["id"], buyer["country"], buyer["basis"]) == (house.contact, "DE", "consent")
    (person,) = house.look(what="/members").json["items"]
    assert (person["name"], person["email"]) == ("A***", "a***@***")
    answers = b"".join(house.look(what=what).body for what in ("/contacts", "/members"))
    hidden = [BUYER["email"], "Bob", "Purchasing", "9173", "Bremen", house.boss.email, "Anna"]
    assert [text for text in hidden if str(text).encode() in answers] == []
    assert step(house.support, grant, "return").status == 200
    house.granted(masked=False)
    (buyer,) = house.look().json["items"]
    assert {name: buyer[name] for name in BUYER if name in buyer} == {
        name: value for name, value in BUYER.items() if name in buyer
    }


def test_a_long_list_is_counted_page_by_page_as_it_is_shown(house: House) -> None:
    for number in range(4):
        house.boss.contact(f"buyer{number}@buyer.example")
    house.granted()
    shown: list[str] = []
    path, cursor = f"/v1/staff/companies/{house.company}/contacts?limit=2", ""
    while cursor is not None:
        answer = house.support.call("GET", path + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status == 200, answer.body
        shown += [one["id"] for one in answer.json["items"]]
        cursor = answer.json["next_cursor"]
    assert len(shown) == len(set(shown)) == 5
    assert house.acts()[2:] == [("opened", "contacts", number) for number in (2, 2, 1)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"minutes": 61}, "minutes"),
        ({"minutes": 0}, "minutes"),
        ({"purpose": "curiosity"}, "purpose"),
        ({"ticket": "call Bob Buyer"}, "ticket"),
        ({"company_id": None}, "company_id"),
        ({"matter_id": "mat_" + "0" * 26}, "matter_id"),
        ({"company_id": "ct_" + "0" * 26}, "company_id"),
        ({"company_id": "co_" + "0" * 26}, "company_id"),
        ({"read_only": False}, "read_only"),
    ],
)
def test_a_wish_says_what_why_and_how_long_and_nothing_else(
    stack: LocalStack, anna: User, support: StaffUser, change: dict[str, Any], field: str
) -> None:
    body = {"company_id": anna.company["id"], "purpose": "support", "ticket": "OPS-1", "minutes": 5, **change}
    answer = support.call("POST", "/v1/staff/grants", body)
    assert answer.status == 422
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert support.call("GET", "/v1/staff/grants").json["items"] == []


@pytest.fixture(scope="module")
def support(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.SUPPORT)

"""What a company says of a person is heard at once, pays nobody, keeps them out for good, and is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import models, sharer
from tests.integration.client import User, eventually, sign_up
from tests.integration.letters import drained, rows
from tests.integration.sharer import complain, kinds, person, receive, share, shared, withdrawn
from tests.integration.staff import member

pytestmark = pytest.mark.clause("added-prospects", "joint-duties")


@pytest.fixture(scope="module")
def mei(stack: LocalStack) -> User:
    """An admin whose company has accepted the agreement."""
    return sharer.sharer(stack)


def left(user: User) -> int:
    """Credits that the company has left."""
    found: int = user.call("GET", "/v1/company/credits").json["left"]
    return found


def reveal(user: User, prospect: str) -> None:
    answer = user.call("POST", f"/v1/prospects/{prospect}/reveal", {})
    assert answer.status == 200, answer.body


def test_complaining_of_somebody_is_no_way_to_reveal_them_for_nothing(stack: LocalStack, mei: User) -> None:
    clever, other = sharer.receiver(stack), sharer.receiver(stack)
    prospect = shared(mei, person())
    before = left(clever), left(other)
    for user in (clever, other):
        reveal(user, prospect)
    assert complain(clever, prospect).status == 202
    withdrawn(stack, prospect)
    assert (left(clever), left(other)) == (before[0] - 1, before[1])


def test_a_company_cannot_empty_the_base_in_a_day(stack: LocalStack) -> None:
    angry = sharer.sharer(stack)
    found = share(angry, *(person() for _ in range(22)))["prospects"]
    answers = [complain(angry, one["id"]) for one in found]
    assert [one.status for one in answers] == [202] * 20 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "added" in kinds(stack, found[-1]["id"])


def test_who_complains_when_nobody_knows_the_address_any_more_is_not_shared_again(stack: LocalStack) -> None:
    first, second, holder = sharer.sharer(stack), sharer.sharer(stack), sharer.receiver(stack)
    one = person()
    taken = share(first, one)
    prospect = taken["prospects"][0]["id"]
    reveal(holder, prospect)
    assert first.call("DELETE", f"/v1/prospects/shares/{taken['id']}").status == 204
    drained(stack, "tasks")
    assert complain(holder, prospect).status == 202
    withdrawn(stack, prospect)
    share(second, {**one, "email": one["email"].upper()})
    assert kinds(stack, prospect) == []
    basis = {"basis": "contract", "source": "an order"}
    wish = {"name": "Mika", "email": one["email"], "lawful_basis": basis}
    refused = holder.call("POST", "/v1/contacts", wish)
    assert (refused.status, refused.json["code"]) == (403, "person_erased")


def test_who_took_a_share_back_can_still_pass_on_a_complaint_about_it(stack: LocalStack) -> None:
    first, second = sharer.sharer(stack), sharer.sharer(stack)
    one = person()
    taken = share(first, one)
    prospect = taken["prospects"][0]["id"]
    shared(second, one)
    assert first.call("DELETE", f"/v1/prospects/shares/{taken['id']}").status == 204
    assert complain(first, prospect).status == 202
    withdrawn(stack, prospect)
    assert kinds(stack, prospect) == []


@pytest.mark.clause("retention")
def test_a_contact_outlives_its_note_and_still_goes_with_a_complaint(stack: LocalStack, mei: User) -> None:
    holder = sharer.receiver(stack)
    prospect = shared(mei, person())
    contact = receive(holder, prospect)
    company = holder.company["id"]
    dynamodb = stack.client("dynamodb")
    for pk, sk in ((prospect, f"holder#{company}"), (f"{company}#revealed", prospect)):
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        dynamodb.delete_item(TableName="okki-leads-prospects", Key=key)  # as its TTL does
    assert complain(holder, prospect).status == 202
    withdrawn(stack, prospect)
    assert kinds(stack, prospect) == []
    assert holder.call("GET", f"/v1/contacts/{contact}").status == 404


@pytest.mark.clause("stored", "ai")
def test_files_and_what_ai_said_go_with_whoever_they_are_about(stack: LocalStack, mei: User) -> None:
    holder = sharer.receiver(stack)
    models.switch_on(holder)
    prospect = shared(mei, person())
    receive(holder, prospect)
    said = models.ask(holder, "score", prospect_id=prospect, ideal="anybody")
    other = models.ask(holder, "polish", text="a")
    for job in (said, other):
        models.over(holder, job)
    made = holder.call("POST", "/v1/contacts/exports", {})
    assert made.status == 202, made.body
    drained(stack, "files")
    assert holder.call("GET", f"/v1/contacts/exports/{made.json['id']}").json["state"] == "ready"
    assert complain(mei, prospect).status == 202
    withdrawn(stack, prospect)
    assert holder.call("GET", f"/v1/contacts/exports/{made.json['id']}").json["state"] == "dropped"
    assert models.row(stack, holder, said) == {}
    assert models.row(stack, holder, other) != {}


@pytest.mark.clause("notification")
def test_one_company_that_cannot_be_done_keeps_nobody_waiting(stack: LocalStack, mei: User) -> None:
    holders = sorted((sharer.receiver(stack) for _ in range(2)), key=lambda user: str(user.company["id"]))
    prospect = shared(mei, person())
    contacts = [receive(user, prospect) for user in holders]
    drained(stack, "tasks", "notices")
    fault = stack.wire.inject(
        kind="fail",
        service="dynamodb",
        function="okki-leads-run-tasks",
        contains=holders[0].company["id"],
        operation="TransactWriteItems",
        times=1000,
    )
    assert complain(mei, prospect).status == 202
    eventually(lambda: holders[1].call("GET", f"/v1/contacts/{contacts[1]}").status == 404)
    assert holders[0].call("GET", f"/v1/contacts/{contacts[0]}").status == 200
    assert fault.hits > 0
    stack.wire.reset()
    withdrawn(stack, prospect)
    assert holders[0].call("GET", f"/v1/contacts/{contacts[0]}").status == 404


@pytest.mark.clause("requests")
def test_somebody_of_the_staff_reads_a_complaint_before_its_month_is_over(
    stack: LocalStack, mei: User
) -> None:
    privacy, security = member(stack, StaffPosition.PRIVACY), member(stack, StaffPosition.SECURITY)
    late, young = shared(mei, person()), shared(mei, person())
    words = "He rang and was angry"
    said = datetime.fromtimestamp(stack.now() - 40 * 86400, UTC).isoformat()
    first = complain(mei, late, received_at=said, details=words).json["id"]
    second = complain(mei, young, details=words).json["id"]
    path = "/v1/staff/prospects/complaints"
    assert security.call("GET", path).status == 403
    listed = privacy.call("GET", f"{path}?limit=100").json["items"]
    mine = [one for one in listed if one["id"] in {first, second}]
    assert [(one["id"], one["overdue"]) for one in mine] == [(first, True), (second, False)]
    assert mine[0]["company_id"] == mei.company["id"]
    assert words not in str(listed)
    page = privacy.call("GET", f"{path}?limit=1").json
    assert page["next_cursor"] and page["items"] == listed[:1]
    behind = privacy.call("GET", f"{path}?limit=1&cursor={page['next_cursor']}").json["items"]
    assert behind == listed[1:2]
    read = privacy.call("GET", f"{path}/{first}").json
    assert (read["details"], read["kind"], read["closed_at"]) == (words, "objection", None)
    assert privacy.call("GET", f"{path}/{ids.new('cmp')}").status == 404
    closed = privacy.call("POST", f"{path}/{first}/close", {"note": "The sharer was asked for its proof."})
    assert (closed.status, closed.json["overdue"]) == (200, False)
    assert privacy.call("POST", f"{path}/{first}/close", {"note": "Again."}).json["code"] == "not_open"
    open_now = privacy.call("GET", f"{path}?limit=100").json["items"]
    assert first not in str(open_now) and second in str(open_now)
    acts = [one["act"] for one in sharer.acts(stack, ids.OPERATOR) if one["matter_id"] == first]
    assert [one for one in acts if one.startswith("complaint")] == ["complaint_read", "complaint_closed"]
    assert words not in str(rows(stack, "accounts"))


def test_a_stranger_cannot_use_up_or_learn_anything_by_complaining(stack: LocalStack, mei: User) -> None:
    prospect = shared(mei, person())
    assert complain(sign_up(stack), prospect).status == 404
    assert "added" in kinds(stack, prospect)

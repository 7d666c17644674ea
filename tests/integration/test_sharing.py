"""Sharing under the joint controller agreement: what it takes, what crosses, and what stays of whom."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration import asking, sharer
from tests.integration.client import Answer, User, eventually, fresh_address, request, sign_up
from tests.integration.letters import drained, rows
from tests.integration.people import join
from tests.integration.sharer import VERSION, kinds, of_prospect, person, share, shared, wish
from tests.integration.test_permissions import set_facts

pytestmark = pytest.mark.clause("added-prospects", "joint-duties")


@pytest.fixture(scope="module")
def mei(stack: LocalStack) -> User:
    """An admin whose company has accepted the agreement."""
    return sharer.sharer(stack)


def in_base(stack: LocalStack) -> int:
    return sum(row["kind"]["S"] == "added" for row in rows(stack, "prospects"))


# -- the agreement ------------------------------------------------------------------------------------


def test_the_agreement_is_shown_in_both_languages_with_the_digest_of_these_words(mei: User) -> None:
    english = mei.call("GET", "/v1/prospects/agreement").json
    chinese = mei.call("GET", "/v1/prospects/agreement", headers={"Accept-Language": "zh-CN"}).json
    assert (english["locale"], chinese["locale"]) == ("en", "zh")
    assert english["sha256"] != chinese["sha256"]
    assert english["accepted"] is chinese["accepted"] is True
    assert english["version"] == VERSION
    assert len(english["shared_fields"]) == 8  # seven items, two of which are the positions


def test_only_an_admin_accepts_for_the_company_and_it_is_in_the_companys_evidence(stack: LocalStack) -> None:
    admin = sign_up(stack)
    colleague = join(admin, role="manager")
    before = admin.call("GET", "/v1/prospects/agreement").json
    assert (before["accepted"], before["accepted_at"]) == (False, None)
    assert colleague.call("POST", "/v1/prospects/agreement", {"version": VERSION}).status == 403
    refused = admin.call("POST", "/v1/prospects/agreement", {"version": "joint-2020-01"})
    assert refused.json["errors"] == [{"field": "version", "code": "not_current"}]
    for _ in range(2):
        sharer.accept(admin)
    (entry,) = sharer.acts(stack, admin.company["id"])
    assert (entry["act"], entry["version"], entry["by_id"]) == ("agreement_accepted", VERSION, admin.me["id"])
    assert entry["sha256"] == before["sha256"]
    assert colleague.call("GET", "/v1/prospects/agreement").json["accepted"] is True


def test_nobody_is_shared_before_the_company_has_accepted_the_words_in_force(stack: LocalStack) -> None:
    user = sign_up(stack)
    before = in_base(stack)
    for version, code in ((VERSION, "agreement_not_accepted"), ("joint-2020-01", "agreement_not_current")):
        answer = user.call("POST", "/v1/prospects/shares", wish(person(), agreement_version=version))
        assert (answer.status, answer.json["code"], answer.json["clause"]) == (403, code, "joint-duties")
        assert answer.json["agreement_version"] == VERSION
    sharer.accept(user)
    answer = user.call("POST", "/v1/prospects/shares", wish(person(), agreement_version="joint-2020-01"))
    assert (answer.status, answer.json["code"]) == (403, "agreement_not_current")
    assert in_base(stack) == before


# -- what crosses -------------------------------------------------------------------------------------


@pytest.mark.clause("singapore")
@pytest.mark.parametrize("more", ["phone", "name", "company", "notes", "birthday", "prospect_id"])
def test_an_eighth_field_refuses_all_of_it(stack: LocalStack, mei: User, more: str) -> None:
    before = in_base(stack)
    answer = mei.call("POST", "/v1/prospects/shares", wish(person(), person(**{more: "x"})))
    assert answer.status == 422
    assert answer.json["errors"] == [{"field": f"prospects.1.{more}", "code": "unknown_field"}]
    assert in_base(stack) == before


@pytest.mark.parametrize(
    "warranty",
    [
        {"informed": False, "basis": "consent"},
        {"basis": "consent"},
        {"informed": True},
        {"informed": True, "basis": "curiosity"},
        {"informed": "true", "basis": "consent"},
        None,
    ],
)
def test_nobody_is_shared_without_the_warranty(stack: LocalStack, mei: User, warranty: Any) -> None:
    before = in_base(stack)
    answer = mei.call("POST", "/v1/prospects/shares", wish(person(), warranty=warranty))
    assert answer.status == 422
    assert in_base(stack) == before


def test_what_cannot_be_taken_is_named_by_its_place_and_the_rest_is_taken(mei: User) -> None:
    twice = person()
    again = {**twice, "email": twice["email"].replace("@", "+fair@").upper()}
    found = share(mei, twice, person("nobody"), again, person())
    assert found["accepted"] == 2
    assert [one["index"] for one in found["prospects"]] == [0, 3]
    assert found["rejected"] == [
        {"index": 1, "code": "not_an_address"},
        {"index": 2, "code": "duplicate"},
    ]
    assert mei.call("GET", "/v1/prospects/shares").json["items"][0] == found


def test_no_more_than_a_hundred_and_not_none(mei: User) -> None:
    for people in ([], [person()] * 101):
        assert mei.call("POST", "/v1/prospects/shares", wish(*people)).status == 422


@pytest.mark.clause("retention")
def test_the_first_version_stays_and_only_what_was_empty_is_filled(stack: LocalStack, mei: User) -> None:
    other = sharer.sharer(stack)
    first = person(industry=None, location=None, social=[])
    prospect = shared(mei, first)
    (before,) = [row for row in of_prospect(stack, prospect) if row["kind"]["S"] == "added"]
    stack.advance(3_600)
    assert (
        shared(other, {**person(first["email"]), "first_name": "Overwritten", "location": "Graz, Austria"})
        == prospect
    )
    (after,) = [row for row in of_prospect(stack, prospect) if row["kind"]["S"] == "added"]
    assert after["facts"]["M"]["country"]["S"] == "AT"
    assert after["expires_at"] == before["expires_at"]
    assert after["facts"]["M"]["first_at"] == before["facts"]["M"]["first_at"]
    assert kinds(stack, prospect) == ["added", "share", "share"]
    stack.reset_clock()
    reader = sharer.receiver(stack)
    seen = reader.call("POST", f"/v1/prospects/{prospect}/reveal", {})
    assert seen.status == 200, seen.body
    assert "Overwritten" not in seen.body.decode()
    assert "Mika" in seen.body.decode()


# -- the same end -------------------------------------------------------------------------------------


def test_a_repeated_share_returns_the_first_and_adds_nothing(stack: LocalStack, mei: User) -> None:
    people = [person(), person()]
    key = fresh_address("key")
    first = share(mei, *people, key=key)
    entries = len(sharer.acts(stack, mei.company["id"]))
    assert share(mei, *people, key=key) == first
    assert len(sharer.acts(stack, mei.company["id"])) == entries
    for one in first["prospects"]:
        assert kinds(stack, one["id"]) == ["added", "share"]
    again = share(mei, *reversed(people))
    assert {one["id"] for one in again["prospects"]} == {one["id"] for one in first["prospects"]}
    for one in first["prospects"]:
        assert kinds(stack, one["id"]) == ["added", "share"], "a company vouches once"


def test_a_reply_lost_at_any_write_of_a_share_ends_the_same(stack: LocalStack, mei: User) -> None:
    writes = {"PutItem", "TransactWriteItems"}
    people = [person(), person()]
    share(mei, *people, key=fresh_address("warm"))
    stack.wire.clear()
    share(mei, person(), person(), key=fresh_address("plan"))
    planned = [call.operation for call in stack.wire.calls if call.operation in writes]
    assert len(planned) >= 3
    for place, operation in enumerate(planned):
        people, key = [person(), person()], fresh_address("key")
        skip = planned[:place].count(operation)
        fault = stack.wire.inject(
            kind="lose_reply", service="dynamodb", operation=operation, function="okki-leads-api", skip=skip
        )
        answer = mei.call("POST", "/v1/prospects/shares", wish(*people), {"Idempotency-Key": key})
        assert fault.hits == 1, (place, operation)
        stack.wire.reset()
        found = share(mei, *people, key=key)
        assert answer.status in {201, 503}
        assert found["accepted"] == 2
        for one in found["prospects"]:
            assert kinds(stack, one["id"]) == ["added", "share"]
        entries = [one for one in sharer.acts(stack, mei.company["id"]) if one["matter_id"] == found["id"]]
        assert len(entries) == 1


def test_a_share_that_dies_half_way_is_finished_by_repeating_it(stack: LocalStack, mei: User) -> None:
    people, key = [person() for _ in range(4)], fresh_address("key")
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-api",
        skip=2,
        times=50,
    )
    assert mei.call("POST", "/v1/prospects/shares", wish(*people), {"Idempotency-Key": key}).status == 503
    stack.wire.reset()
    found = share(mei, *people, key=key)
    assert (found["accepted"], found["rejected"]) == (4, [])
    assert all(kinds(stack, one["id"]) == ["added", "share"] for one in found["prospects"])


# -- who objected ------------------------------------------------------------------------------------------


@pytest.mark.clause("joint-duties", "requests")
def test_a_list_of_addresses_does_not_tell_who_of_them_objected(stack: LocalStack, mei: User) -> None:
    stays, left = person(), person()
    asking.ask(stack, "object", left["email"]).settled()
    found = share(mei, stays, left, key=(key := fresh_address("key")))
    assert (found["accepted"], [one["index"] for one in found["prospects"]]) == (2, [0, 1])
    assert found["rejected"] == []
    assert share(mei, stays, left, key=key) == found
    here, gone = (one["id"] for one in found["prospects"])
    assert (kinds(stack, here), kinds(stack, gone)) == (["added", "share"], [])
    assert sharer.findable(stack, gone) == 0
    assert mei.call("GET", "/v1/prospects/shares").json["items"][0] == found
    own = [mei.call("GET", f"/v1/prospects/{one}/provenance").json for one in (here, gone)]
    assert [one.pop("prospect_id") for one in own] == [here, gone]
    assert own[0] == own[1]
    assert own[1]["own_share"]["share_id"] == found["id"]
    assert sharer.complain(mei, gone).status == 202
    counted = sharer.acts(stack, mei.company["id"])[-2]
    assert (counted["act"], counted["counts"]["accepted"]["N"]) == ("shared", "2")
    assert mei.call("DELETE", f"/v1/prospects/shares/{found['id']}").status == 204
    entry = sharer.acts(stack, mei.company["id"])[-1]
    assert (entry["act"], list(entry["counts"])) == ("share_taken_back", ["prospects"])
    assert mei.call("GET", f"/v1/prospects/{gone}/provenance").status == 404
    assert mei.call("GET", f"/v1/prospects/{here}/provenance").status == 404


# -- provenance ---------------------------------------------------------------------------------------


def test_each_share_is_on_record_with_its_ground_and_without_a_person(stack: LocalStack, mei: User) -> None:
    one = person()
    found = share(mei, one)
    entry = sharer.acts(stack, mei.company["id"])[-1]
    assert (entry["act"], entry["matter_id"], entry["version"]) == ("shared", found["id"], VERSION)
    assert (entry["ground"], entry["informed"]) == ("consent", True)
    for table in ("ledger", "prospects", "accounts"):
        text = json.dumps(rows(stack, table), default=repr)
        assert one["email"] not in text
        assert "Laine" not in text


def test_a_receiver_sees_when_and_on_what_ground_but_not_by_whom(stack: LocalStack, mei: User) -> None:
    reader = sharer.receiver(stack)
    prospect = shared(mei, person())
    path = f"/v1/prospects/{prospect}/provenance"
    assert reader.call("GET", path).status == 404, "it has not received them"
    sharer.receive(reader, prospect)
    answer = reader.call("GET", path)
    assert answer.status == 200
    seen = answer.json
    assert seen["own_share"] is None
    (by,) = seen["shared_by_others"]
    assert (by["basis"], by["agreement_version"]) == ("consent", VERSION)
    assert mei.company["id"] not in answer.body.decode()
    own = mei.call("GET", path).json
    assert own["own_share"]["basis"] == "consent"
    assert (own["received_at"], own["shared_by_others"]) == (None, [])


@pytest.mark.clause("self-service")
def test_what_is_answered_is_what_is_described(stack: LocalStack, mei: User) -> None:
    document = request(f"{stack.api}/openapi.json").json

    def check(answer: Answer, method: str, path: str, status: int) -> None:
        assert answer.status == status, answer.body
        described = document["paths"][path][method]["responses"][str(status)]
        schema = described["content"]["application/json"]["schema"]
        agrees(document, schema, answer.json, filled=False, place=path)

    one = share(mei, person(), person("nobody"))
    prospect = one["prospects"][0]["id"]
    base = "/v1/prospects"
    check(mei.call("GET", f"{base}/agreement"), "get", f"{base}/agreement", 200)
    check(mei.call("GET", f"{base}/shares"), "get", f"{base}/shares", 200)
    check(mei.call("POST", f"{base}/shares", wish(person())), "post", f"{base}/shares", 201)
    place = f"{base}/{{prospect_id}}"
    check(mei.call("GET", f"{base}/{prospect}/provenance"), "get", f"{place}/provenance", 200)
    check(sharer.complain(mei, prospect), "post", f"{place}/complaints", 202)


# -- other companies ----------------------------------------------------------------------------------


@pytest.mark.clause("stored")
def test_no_row_of_another_company_is_fetched_by_sharing(stack: LocalStack, mei: User) -> None:
    other = sharer.sharer(stack)
    one = person()
    shared(mei, one)
    mark = mei.company["id"].encode()
    drained(stack, "tasks", "notices")  # what tests before this have left to do
    stack.wire.clear()
    prospect = shared(other, one)
    other.call("GET", "/v1/prospects/shares")
    other.call("GET", f"/v1/prospects/{prospect}/provenance")
    foreign = [call for call in stack.wire.calls if mark in call.request]
    assert foreign == []


# -- taking back --------------------------------------------------------------------------------------


@pytest.mark.clause("cancellation", "access")
@pytest.mark.parametrize("stage", ["expired", "cancelling", "restricted"])
def test_a_company_that_may_share_no_more_can_still_take_back(stack: LocalStack, stage: str) -> None:
    user = sharer.sharer(stack)
    made = share(user, person())
    set_facts(user, "access", state={"S": stage})
    assert [one["id"] for one in user.call("GET", "/v1/prospects/shares").json["items"]] == [made["id"]]
    assert user.call("DELETE", f"/v1/prospects/shares/{made['id']}").status == 204
    assert kinds(stack, made["prospects"][0]["id"]) == []


def test_a_share_taken_back_ends_with_the_last_who_vouches(stack: LocalStack, mei: User) -> None:
    other, reader = sharer.sharer(stack), sharer.receiver(stack)
    one = person()
    first, second = share(mei, one), share(other, one)
    prospect = first["prospects"][0]["id"]
    contact = sharer.receive(reader, prospect)
    assert other.call("DELETE", f"/v1/prospects/shares/{first['id']}").status == 404
    assert mei.call("DELETE", f"/v1/prospects/shares/{first['id']}").status == 204
    assert mei.call("DELETE", f"/v1/prospects/shares/{first['id']}").status == 404
    assert kinds(stack, prospect) == ["added", "holder", "share"]
    assert other.call("DELETE", f"/v1/prospects/shares/{second['id']}").status == 204
    assert kinds(stack, prospect) == ["holder"]
    sharer.withdrawn(stack, prospect)
    assert sharer.findable(stack, prospect) == 0
    assert reader.call("GET", f"/v1/contacts/{contact}").status == 200, "nobody objected"
    assert len(sharer.told(reader, prospect)) == 1
    assert shared(other, one) == prospect, "under a warranty of its own"
    assert kinds(stack, prospect) == ["added", "holder", "share"]


@pytest.mark.parametrize("back", ["first", "second"])
def test_who_is_shared_twice_by_a_company_stays_under_the_share_that_is_left(
    stack: LocalStack, mei: User, back: str
) -> None:
    one = person()
    first = share(mei, one)
    second = mei.call(
        "POST",
        "/v1/prospects/shares",
        wish(one, warranty={"informed": True, "basis": "legitimate_interest"}),
    ).json
    prospect = first["prospects"][0]["id"]
    path = f"/v1/prospects/{prospect}/provenance"
    assert mei.call("GET", path).json["own_share"]["basis"] == "legitimate_interest"
    (share_row,) = [row for row in of_prospect(stack, prospect) if row["kind"]["S"] == "share"]
    (added,) = [row for row in of_prospect(stack, prospect) if row["kind"]["S"] == "added"]
    assert share_row["expires_at"] == added["expires_at"]
    gone, left = (first, second) if back == "first" else (second, first)
    assert mei.call("DELETE", f"/v1/prospects/shares/{gone['id']}").status == 204
    assert kinds(stack, prospect) == ["added", "share"]
    own = mei.call("GET", path).json["own_share"]
    assert (own["share_id"], own["basis"]) == (left["id"], left["basis"])
    assert mei.call("DELETE", f"/v1/prospects/shares/{left['id']}").status == 204
    assert kinds(stack, prospect) == []
    assert mei.call("GET", path).status == 404


def test_nobody_comes_in_under_a_share_that_is_taken_back_meanwhile(stack: LocalStack, mei: User) -> None:
    giver = sharer.sharer(stack)
    people = [person() for _ in range(4)]
    third = shared(mei, people[2])
    # The third of them is written so late that the request has given up and the share is taken back.
    slow = stack.wire.inject(
        kind="delay",
        service="dynamodb",
        operation="TransactWriteItems",
        contains=third,
        function="okki-leads-api",
        skip=1,
        seconds=25,
        times=3,
    )
    found: list[Answer] = []
    late = threading.Thread(
        target=lambda: found.append(giver.call("POST", "/v1/prospects/shares", wish(*people)))
    )
    stack.wire.clear()
    late.start()
    eventually(lambda: slow.hits)
    (made,) = giver.call("GET", "/v1/prospects/shares").json["items"]
    inside = [one["id"] for one in made["prospects"]]
    assert kinds(stack, inside[0]) == ["added", "share"]
    assert giver.call("DELETE", f"/v1/prospects/shares/{made['id']}").status == 204
    late.join()

    def arrived() -> bool:
        mark, writes = third.encode(), "TransactWriteItems"
        return sum(one.operation == writes and mark in one.request for one in stack.wire.calls) >= 4

    eventually(arrived, 60)
    assert [kinds(stack, one) for one in inside] == [[], [], ["added", "share"], []]
    (share_row,) = [row for row in of_prospect(stack, third) if row["kind"]["S"] == "share"]
    assert mei.company["id"] in share_row["sk"]["S"]
    for one in inside[:2]:
        sharer.withdrawn(stack, one)
    assert [sharer.findable(stack, one) for one in (inside[0], inside[1], inside[3])] == [0, 0, 0]

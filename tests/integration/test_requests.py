"""Anybody may ask what is held about them, and what is found is theirs alone (8)."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

import pyotp
import pytest

from chalicelib.kernel import ids
from chalicelib.privacy import clocks
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.privacy.requests import TOKEN_LIFE, UNVERIFIED_DAYS
from chalicelib.services.requests.requests import VERIFIED_PER_MAILBOX
from infra.local import LocalStack
from infra.local.wire import Kind
from tests.agreement import agrees
from tests.integration import asking, objector, ways
from tests.integration.apart import own_stack
from tests.integration.asking import ask, asked, code_for, get, post, prove
from tests.integration.client import User, code_in, eventually, fresh_address, fresh_network, request, sign_up
from tests.integration.letters import batch_of, drained, failed, rows, sample
from tests.integration.people import accept, invited, join
from tests.integration.staff import member

stack = own_stack()

pytestmark = pytest.mark.clause("requests")

API, JOB = "okki-leads-api", "okki-leads-run-tasks"
CHANGING = {"date", "x-amzn-requestid", "x-amz-request-id"}
DAY = 86_400


@pytest.fixture(scope="module")
def user(stack: LocalStack) -> User:
    """Somebody with an account whom no test erases."""
    return sign_up(stack)


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def evidence(stack: LocalStack, request_id: str) -> list[str]:
    """The steps on record in the operator's chain, in their order."""
    found = [
        row
        for row in rows(stack, "ledger", ids.OPERATOR)
        if row["sk"]["S"].startswith(f"request#{request_id}#")
    ]
    return [row["facts"]["M"]["act"]["S"] for row in sorted(found, key=lambda row: int(row["seq"]["N"]))]


def kinds(found: Any) -> dict[str, list[Any]]:
    return {kind["kind"]: kind["records"] for kind in found["kinds"]}


def values(found: Any) -> list[Any]:
    return [
        field["value"] for kind in found["kinds"] for record in kind["records"] for field in record["fields"]
    ]


# -- nobody learns anything ---------------------------------------------------------------------------


def _trail(stack: LocalStack, email: str, kind: str) -> tuple[Any, ...]:
    """All that somebody who asks in another's name can compare."""
    stack.wire.clear()
    answer = post(stack, "/v1/requests", {"kind": kind, "email": email, "locale": "en"})
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    body = {name: len(value) if name == "id" else value for name, value in answer.json.items()}
    calls = [
        (call.service, call.operation, sorted({table for table, _ in call.capacity}))
        for call in stack.wire.calls
        if call.function == API
    ]
    seen = get(stack, f"/v1/requests/{answer.json['id']}")
    return answer.status, headers, body, calls, seen.status, seen.json["state"], len(seen.body)


@pytest.mark.parametrize("kind", ["access", "erase", "object"])
def test_a_stranger_cannot_find_out_whether_an_address_is_known(
    stack: LocalStack, user: User, kind: str
) -> None:
    buyer = fresh_address("bob", "buyer.example")
    user.contact(buyer)
    known = _trail(stack, user.email, kind)
    assert known == _trail(stack, fresh_address("nobody"), kind)
    prospect = _trail(stack, buyer, kind)
    assert prospect == _trail(stack, fresh_address("nobody", "buyer.example"), kind)
    assert prospect[3] == known[3]


def test_an_id_alone_shows_the_same_whatever_became_of_the_request(stack: LocalStack, user: User) -> None:
    main, nobody = ask(stack, "erase", user.email), ask(stack, "erase", fresh_address("nobody"))
    assert main.settled()["state"] == "with_staff"
    assert nobody.settled()["state"] == "answered"
    for one in (main, nobody):
        seen = get(stack, f"/v1/requests/{one.id}").json
        assert seen == {"id": one.id, "state": "verified", "due_at": one.due_at}
        assert get(stack, f"/v1/requests/{one.id}/data").status == 401


def test_an_unknown_id_is_not_found_by_any_way(stack: LocalStack) -> None:
    unknown, other = ids.new("req"), ids.new("msg")
    for path in (f"/v1/requests/{unknown}", f"/v1/requests/{other}", f"/v1/requests/{unknown}/data"):
        assert get(stack, path).status == 404
        assert get(stack, path, "x" * 43).status == 404
    assert post(stack, f"/v1/requests/{unknown}/verify", {"code": "00000000"}).status == 404
    assert post(stack, f"/v1/requests/{unknown}/code").status == 404


# -- whose mailbox it is ------------------------------------------------------------------------------


def test_nothing_is_looked_for_before_the_mailbox_is_proven(stack: LocalStack, user: User) -> None:
    stack.wire.clear()
    request_id = asked(stack, "erase", user.email)
    code_for(stack, user.email, request_id)
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "tasks", "notices")
    assert not [
        call for call in stack.wire.calls if call.function == JOB and request_id.encode() in call.request
    ]
    assert user.call("GET", "/v1/me").status == 200
    assert evidence(stack, request_id) == []


def test_the_proof_is_asked_for_again_for_a_repeated_request(stack: LocalStack) -> None:
    email = fresh_address("again")
    first = ask(stack, "access", email)
    second = asked(stack, "access", email)
    assert get(stack, f"/v1/requests/{second}").json["state"] == "unverified"
    assert get(stack, f"/v1/requests/{second}", first.token).status == 401
    assert prove(stack, email, second).id == second


def test_a_wrong_a_used_and_a_late_code_open_nothing(stack: LocalStack) -> None:
    email = fresh_address("code")
    request_id = asked(stack, "access", email)
    code = code_for(stack, email, request_id)
    other = asked(stack, "access", email)
    path = f"/v1/requests/{request_id}/verify"
    refused = {"status": 401, "code": "code_refused"}

    def answer(path: str, code: str) -> dict[str, Any]:
        found = post(stack, path, {"code": code})
        return {"status": found.status, "code": found.json["code"]} if found.status != 200 else found.json

    assert answer(path, f"{(int(code) + 1) % 10**8:08d}") == refused
    assert answer(f"/v1/requests/{other}/verify", code) == refused, "the code of another request"
    assert answer(path, code)["id"] == request_id
    assert answer(path, code) == refused
    late = code_for(stack, email, other)
    stack.advance(15 * 60)
    assert answer(f"/v1/requests/{other}/verify", late) == refused
    assert post(stack, f"/v1/requests/{other}/code").json == {"status": "code_sent"}
    assert prove(stack, email, other, count=2).id == other


def test_guessing_at_a_code_ends_after_five_tries(stack: LocalStack) -> None:
    email = fresh_address("guess")
    request_id = asked(stack, "access", email)
    code = code_for(stack, email, request_id)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    path, here = f"/v1/requests/{request_id}/verify", fresh_network()
    assert [post(stack, path, {"code": wrong}, here).status for _ in range(6)] == [401] * 5 + [429]
    assert post(stack, path, {"code": code}, here).status == 429


def test_a_strangers_wrong_codes_keep_nobody_from_proving_their_mailbox(stack: LocalStack) -> None:
    email, there = fresh_address("victim"), fresh_network()
    for _ in range(5):
        theirs = asked(stack, "access", email)
        path = f"/v1/requests/{theirs}/verify"
        assert {post(stack, path, {"code": "00000000"}, there).status for _ in range(5)} == {401}
    mine = asked(stack, "access", email)
    for _ in range(2):
        assert post(stack, f"/v1/requests/{mine}/verify", {"code": "00000000"}, fresh_network()).status == 401
    assert prove(stack, email, mine).id == mine


def test_codes_asked_for_again_count_as_the_first(stack: LocalStack) -> None:
    """Or five requests would be twenty mails, and each hour's requests as many again."""
    email = fresh_address("codes")
    made = [asked(stack, "access", email) for _ in range(6)]
    statuses = [post(stack, f"/v1/requests/{one}/code").status for one in made[:5] for _ in range(3)]
    assert statuses == [202] * 14 + [429]
    assert post(stack, f"/v1/requests/{made[5]}/code").status == 429
    assert post(stack, "/v1/requests", {"kind": "access", "email": email}).status == 429


def test_a_repeated_request_is_proven_and_then_put_with_the_first(stack: LocalStack) -> None:
    email = fresh_address("repeat")
    first = ask(stack, "complaint", email, details="The first time.")
    assert first.settled()["state"] == "with_staff"
    asking.mail(stack, email, asking.WITH_STAFF)
    request_id = asked(stack, "complaint", email, details="The second time.")
    wrong = post(stack, f"/v1/requests/{request_id}/verify", {"code": "00000000"})
    assert wrong.status == 401, "the proof is skipped for nobody"
    second = prove(stack, email, request_id)
    seen = second.get()
    assert (seen["state"], seen["attached_to"]) == ("answered", first.id)
    assert seen["answer"]["outcomes"] == ["attached"]
    assert first.get()["attached_to"] is None
    drained(stack, "tasks", "notices")
    assert len(asking.mails(stack, email, asking.WITH_STAFF)) == 1
    assert asking.mails(stack, email, asking.ANSWERED) == []
    assert evidence(stack, second.id) == ["received", "verified", "attached"]
    officer = member(stack, StaffPosition.PRIVACY)
    listed = [item["id"] for item in officer.call("GET", "/v1/staff/requests?limit=200").json["items"]]
    assert first.id in listed
    assert second.id not in listed
    (attached,) = officer.call("GET", f"/v1/staff/requests/{first.id}").json["attached"]
    assert (attached["id"], attached["details"]) == (second.id, "The second time.")
    assert officer.call("POST", f"/v1/staff/requests/{first.id}/answer", {"text": "Yes."}).status == 200
    assert ask(stack, "complaint", email).settled()["attached_to"] is None, "the first is answered"


def test_one_mailbox_proves_ten_requests_a_day(stack: LocalStack) -> None:
    email = fresh_address("busy")
    for _ in range(VERIFIED_PER_MAILBOX):
        ask(stack, "access", email).settled()
    request_id = asked(stack, "access", email)
    code = code_for(stack, email, request_id)
    assert post(stack, f"/v1/requests/{request_id}/verify", {"code": code}).status == 429
    assert get(stack, f"/v1/requests/{request_id}").json["state"] == "unverified"
    stack.advance(DAY)
    assert post(stack, f"/v1/requests/{request_id}/code").status == 202
    assert prove(stack, email, request_id, count=2).settled()["state"] == "answered"


def test_nobody_floods_a_mailbox_a_domain_or_us(stack: LocalStack) -> None:
    form = {"kind": "access", "email": fresh_address("flood", "flood.example")}
    here = fresh_network()
    assert [post(stack, "/v1/requests", form, here).status for _ in range(6)] == [202] * 5 + [429]
    statuses = [post(stack, "/v1/requests", form).status for _ in range(16)]
    assert statuses == [202] * 15 + [429]
    elsewhere = {**form, "email": fresh_address("flood", "flood.example")}
    assert post(stack, "/v1/requests", elsewhere).status == 202
    assert [
        post(stack, "/v1/requests", {**form, "email": fresh_address("many")}, here).status for _ in range(25)
    ][-1] == 429


def test_another_persons_token_opens_nothing(stack: LocalStack, user: User) -> None:
    mine, theirs = ask(stack, "access", fresh_address("eve")), ask(stack, "access", user.email)
    theirs.settled()
    for token in (mine.token, user.token, "x", theirs.token[:-1] + "~"):
        assert get(stack, f"/v1/requests/{theirs.id}", token).status == 401
        assert get(stack, f"/v1/requests/{theirs.id}/data", token).status == 401
    assert theirs.data().status == 200


def test_a_lost_token_is_replaced_by_a_code_and_dies_with_it(stack: LocalStack) -> None:
    email = fresh_address("lost")
    first = ask(stack, "access", email)
    first.settled()
    assert post(stack, f"/v1/requests/{first.id}/code").status == 202
    second = prove(stack, email, first.id, count=2)
    assert second.get()["state"] == "answered"
    assert get(stack, f"/v1/requests/{first.id}", first.token).status == 401
    assert evidence(stack, first.id).count("verified_again") == 1


def test_a_token_ends_by_itself(stack: LocalStack) -> None:
    one = ask(stack, "access", fresh_address("old"))
    one.settled()
    stack.advance(int(TOKEN_LIFE.total_seconds()) - 300)
    assert one.get()["state"] == "answered"
    stack.advance(301)
    assert get(stack, f"/v1/requests/{one.id}", one.token).status == 401


def test_a_request_nobody_proves_is_forgotten(stack: LocalStack) -> None:
    request_id = asked(stack, "erase", fresh_address("never"))
    stack.advance(UNVERIFIED_DAYS * DAY - 300)
    assert get(stack, f"/v1/requests/{request_id}").status == 200
    stack.advance(300)
    assert get(stack, f"/v1/requests/{request_id}").status == 404


def test_only_what_a_request_needs_is_taken(stack: LocalStack) -> None:
    form = {"kind": "access", "email": fresh_address("form")}
    for more, field, code in (
        ({"kind": "everything"}, "kind", None),
        ({"email": "not an address"}, "email", "not_an_address"),
        ({"details": "x" * 5001}, "details", None),
        ({"details": "  "}, "details", "required"),
        ({"name": "Eve"}, "name", "unknown_field"),
    ):
        answer = post(stack, "/v1/requests", {**form, **more})
        assert answer.status == 422, more
        assert [error["field"] for error in answer.json["errors"]] == [field]
        assert code is None or answer.json["errors"][0]["code"] == code


# -- answers ------------------------------------------------------------------------------------------


def test_a_user_gets_everything_that_is_held_with_sources_and_ends(stack: LocalStack, user: User) -> None:
    before = len(asking.mails(stack, user.email, asking.ANSWERED))
    one = ask(stack, "access", user.email, details="What do you have?", locale="en")
    seen = one.settled()
    assert (seen["state"], seen["answer"]["outcomes"]) == ("answered", ["account_data"])
    assert seen["answer"]["final"] is True
    assert seen["answer"]["companies"] == []
    assert "Personal Data Protection Commission" in seen["answer"]["complain"]
    found = one.data().json
    assert found["account"] is True
    own = user.call("GET", "/v1/me/data").json
    ignored = {"session", "request"}  # the session was used since; the request has just been answered
    assert {k: v for k, v in kinds(found).items() if k not in ignored and k in kinds(own)} == {
        k: v for k, v in kinds(own).items() if k not in ignored
    }
    assert user.email in values(found)
    assert "What do you have?" in values(found)
    for kind in found["kinds"]:
        for record in kind["records"]:
            for field in record["fields"]:
                assert field["why"]
                assert field["category"] is None or field["source"] or kind["kind"] == "request"
    assert found["recipients"] == []
    mail = asking.mail(stack, user.email, asking.ANSWERED, before + 1)
    assert one.id in mail["text"]
    assert one.token not in mail["text"]
    assert "What do you have" not in mail["text"]
    assert evidence(stack, one.id) == ["received", "verified", "acted", "answered"]


def test_the_data_comes_as_a_table_that_no_spreadsheet_runs(stack: LocalStack) -> None:
    hostile = '=HYPERLINK("https://evil.example","x")'
    who = sign_up(stack, name="+Anna @SUM(A1)")
    one = ask(stack, "portability", who.email, details=hostile)
    one.settled()
    answer = one.data("csv")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    text = answer.body.decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    cells = [cell for row in table for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert f"'{hostile}" in cells
    assert "'+Anna @SUM(A1)" in cells
    assert {(row["kind"], row["field"]) for row in table} >= {("user", "name"), ("user", "email")}
    assert one.data("xlsx").status == 422
    assert json.loads(one.data("json").body)["account"] is True


def test_nobody_known_learns_that_nothing_is_held(stack: LocalStack) -> None:
    email = fresh_address("nobody")
    one = ask(stack, "access", email)
    seen = one.settled()
    assert (seen["state"], seen["answer"]["outcomes"]) == ("answered", ["nothing"])
    found = one.data().json
    assert found["account"] is False
    assert set(kinds(found)) == {"request", "objection", "stocked", "added"}
    assert email in values(found)
    assert kinds(found)["objection"] == []


def test_an_erased_user_is_gone_at_once_and_not_when_the_answer_is_due(stack: LocalStack) -> None:
    admin = sign_up(stack)
    ben = join(admin)
    assert ben.call("GET", "/v1/me").status == 200
    one = ask(stack, "erase", ben.email)
    seen = one.settled()
    assert (seen["state"], seen["answer"]["outcomes"]) == ("answered", ["account_erased", "objection_noted"])
    assert ben.call("GET", "/v1/me").status == 401
    drained(stack, "tasks")
    assert ben.me["id"] not in [p["id"] for p in admin.call("GET", "/v1/company/members").json["items"]]
    assert evidence(stack, one.id) == ["received", "verified", "acted", "answered"]


def test_the_main_account_stays_and_a_person_answers(stack: LocalStack) -> None:
    boss = sign_up(stack)
    one = ask(stack, "erase", boss.email, locale="en")
    seen = one.settled()
    assert seen["state"] == "with_staff"
    assert seen["answer"]["outcomes"] == ["account_main", "objection_noted"]
    assert seen["answer"]["final"] is False
    assert "5.3" in " ".join(seen["answer"]["words"])
    assert boss.call("GET", "/v1/me").status == 200
    asking.mail(stack, boss.email, asking.WITH_STAFF)


def test_an_objection_ends_our_own_mail_at_once(stack: LocalStack) -> None:
    who = sign_up(stack)
    on = {"tips": {"mail": True, "in_app": True}}
    assert who.call("PUT", "/v1/me/notifications", {"choices": on}).status == 200
    one = ask(stack, "object", who.email)
    seen = one.settled()
    assert (seen["state"], seen["answer"]["outcomes"]) == (
        "answered",
        ["marketing_stopped", "objection_noted"],
    )
    kinds_ = who.call("GET", "/v1/me/notifications").json["kinds"]
    product = [kind for kind in kinds_ if kind["group"] == "product"]
    assert product
    assert not [1 for kind in product for channel in kind["channels"].values() if channel["on"]]
    assert who.call("GET", "/v1/me").status == 200


def test_an_objection_is_on_record_with_the_proof_itself(stack: LocalStack) -> None:
    """Before any job has run: a base of prospects that asks a second later must find it."""
    before = len([row for row in rows(stack, "accounts") if row["kind"]["S"] == "objection"])
    stack.wire.inject(kind="delay", service="sqs", function=API, seconds=0.2)
    email = fresh_address("stop", "buyer.example")
    one = ask(stack, "object", email)
    found = [row for row in rows(stack, "accounts") if row["kind"]["S"] == "objection"]
    assert len(found) == before + 1
    assert email.encode() not in json.dumps(found, default=str).encode()
    assert one.settled()["answer"]["outcomes"] == ["objection_noted"]
    assert objector.stands(stack, email)
    assert not objector.stands(stack, fresh_address("other", "buyer.example"))
    tagged = email.replace("@", "+other@")
    assert ask(stack, "object", tagged).settled()["state"] == "answered"
    again = [row for row in rows(stack, "accounts") if row["kind"]["S"] == "objection"]
    assert len(again) == before + 1, "one person, in whatever spelling"
    assert objector.stands(stack, tagged)


def test_an_objection_that_a_backup_has_lost_is_written_anew(stack: LocalStack) -> None:
    email = fresh_address("lost", "buyer.example")
    before = {row["pk"]["S"] for row in rows(stack, "accounts") if row["kind"]["S"] == "objection"}
    ask(stack, "object", email).settled()
    (lost,) = [
        row
        for row in rows(stack, "accounts")
        if row["kind"]["S"] == "objection" and row["pk"]["S"] not in before
    ]
    key = {"pk": lost["pk"], "sk": lost["sk"]}
    stack.client("dynamodb").delete_item(TableName="okki-leads-accounts", Key=key)
    assert not objector.stands(stack, email)
    assert objector.again(stack) == 1
    assert objector.stands(stack, email)
    assert objector.again(stack) == 0


@pytest.mark.parametrize(
    ("kind", "outcomes"),
    [
        ("correct", ["account_correct", "with_staff"]),
        ("restrict", ["optional_stopped", "with_staff"]),
        ("complaint", ["with_staff"]),
    ],
)
def test_what_needs_a_person_goes_to_one(
    stack: LocalStack, user: User, kind: str, outcomes: list[str]
) -> None:
    one = ask(stack, kind, user.email, details="Please look at this.")
    seen = one.settled()
    assert (seen["state"], seen["answer"]["outcomes"]) == ("with_staff", outcomes)
    assert one.data().status == 404
    assert evidence(stack, one.id)[-1] == "to_staff"


def test_a_complaint_of_anybody_is_read_by_somebody(stack: LocalStack) -> None:
    one = ask(stack, "complaint", fresh_address("angry"), details="You keep calling.")
    assert one.settled()["state"] == "with_staff"


def test_who_has_one_time_codes_on_is_not_opened_or_ended_by_a_mailbox(stack: LocalStack) -> None:
    admin = sign_up(stack)
    ben = join(admin)
    ways.prove(ben)
    otp = pyotp.TOTP(ben.call("POST", "/v1/me/totp").json["secret"])
    on = ben.call("POST", "/v1/me/totp/confirm", {"code": otp.at(int(stack.now()))})
    ben.token = on.json["session"]["token"]
    for kind in ("access", "erase"):
        one = ask(stack, kind, ben.email)
        seen = one.settled()
        assert seen["state"] == "with_staff"
        assert seen["answer"]["outcomes"][0] == "account_proof"
        assert one.data().status == 404
    assert ben.call("GET", "/v1/me").status == 200


def test_the_answer_is_in_the_language_that_was_asked_for(stack: LocalStack) -> None:
    email = fresh_address("zh")
    request_id = asked(stack, "access", email, locale="zh")
    mail = eventually(lambda: stack.mails(email))[0]
    assert "验证码" in mail["subject"]
    code = code_in(mail)
    answer = post(stack, f"/v1/requests/{request_id}/verify", {"code": code})
    one = asking.Asker(stack, email, request_id, answer.json["token"], answer.json["due_at"])
    assert "没有保存" in one.settled()["answer"]["words"][0]


@pytest.mark.clause("self-service")
def test_what_askers_are_answered_is_as_described(stack: LocalStack, user: User) -> None:
    document = request(f"{stack.api}/openapi.json").json
    shapes = document["components"]["schemas"]
    other = sign_up(stack)
    other.contact(user.email)
    email = fresh_address("shape")
    taken = post(stack, "/v1/requests", {"kind": "access", "email": email})
    agrees(document, shapes["RequestTaken"], taken.json)
    path = f"/v1/requests/{taken.json['id']}"
    agrees(document, shapes["RequestKnown"], get(stack, path).json)
    code = code_for(stack, email, taken.json["id"])
    agrees(document, shapes["RequestVerified"], post(stack, f"{path}/verify", {"code": code}).json)
    agrees(document, shapes["RequestKnown"], get(stack, path).json)
    one = ask(stack, "access", user.email)
    one.settled()
    seen = one.get()
    agrees(document, shapes["RequestAnswer"], seen, filled=False)
    agrees(document, shapes["RequestSeen"], seen, filled=False)
    assert seen["answer"]["companies"]
    agrees(document, shapes["RequestData"], one.data().json, filled=False)


def test_who_got_a_mailbox_later_does_not_read_what_it_asked_before(stack: LocalStack) -> None:
    admin = sign_up(stack)
    ben = join(admin)
    before = ask(stack, "access", ben.email, details="The words of who had it first.")
    before.settled()
    assert "The words of who had it first." in before.data().body.decode()
    assert ask(stack, "erase", ben.email).settled()["answer"]["outcomes"][0] == "account_erased"
    drained(stack, "tasks")
    later = ask(stack, "access", ben.email, details="The words of who has it now.")
    later.settled()
    assert "The words of who has it now." in later.data().body.decode()
    assert "The words of who had it first." not in later.data().body.decode()
    other = sign_up(stack)
    email, key = invited(other, ben.email)
    accepted = accept(stack, key, fresh_network())
    assert accepted.status == 201, accepted.body
    found = accepted.json
    heir = User(stack, email, found["session"]["token"], found["user"], found["company"], fresh_network())
    own = heir.call("GET", "/v1/me/data").body.decode()
    assert "The words of who" not in own
    mine = ask(stack, "access", ben.email, details="The words of the third.")
    assert mine.settled()["answer"]["outcomes"] == ["account_data"]
    assert "The words of the third." in mine.data().body.decode()
    assert "The words of who" not in mine.data().body.decode()


def test_what_belongs_to_a_request_is_kept_as_long_as_it_is(stack: LocalStack) -> None:
    buyer, company = fresh_address("years", "buyer.example"), sign_up(stack)
    company.contact(buyer)
    one = ask(stack, "access", buyer)
    one.settled()
    stack.advance(40 * DAY)
    assert post(stack, f"/v1/requests/{one.id}/code").status == 202
    again = prove(stack, buyer, one.id, count=2)
    drained(stack, "tasks")

    def ends() -> dict[str, int]:
        found = [row for row in rows(stack, "accounts") if one.id in row["pk"]["S"] + row["sk"]["S"]]
        return {row["kind"]["S"]: int(row["expires_at"]["N"]) for row in found}

    kept = eventually(lambda: found if min((found := ends()).values()) >= found["request"] else None)
    assert {"request", "request_mailbox", "request_passed_on"} <= kept.keys()
    assert again.get()["answer"]["companies"]


# -- times --------------------------------------------------------------------------------------------


def test_the_time_runs_from_the_asking_and_every_clock_is_shown(stack: LocalStack) -> None:
    email = fresh_address("clock")
    request_id = asked(stack, "access", email)
    unproven = get(stack, f"/v1/requests/{request_id}").json["due_at"]
    asking.code_for(stack, email, request_id)  # before its quarter of an hour is over
    stack.advance(2 * DAY)
    assert post(stack, f"/v1/requests/{request_id}/code").status == 202
    one = prove(stack, email, request_id, count=2)
    assert one.due_at == unproven, "proving later is no reason to answer later"
    seen = one.settled()
    received = epoch(seen["received_at"])
    assert epoch(seen["verified_at"]) - received >= 2 * DAY
    shown = {clock["id"]: clock for clock in seen["clocks"]}
    assert epoch(shown["pdpa_request"]["ends_at"]) == received + 30 * DAY
    assert epoch(shown["gdpr_request"]["ends_at"]) == clocks.ends(clocks.GDPR_REQUEST, received)
    assert epoch(seen["due_at"]) == min(epoch(clock["ends_at"]) for clock in shown.values())
    followed = {clock["id"] for clock in seen["clocks"] if clock["followed"]}
    assert followed
    assert followed <= {"pdpa_request", "gdpr_request"}, "the proof stretches nothing"
    assert epoch(shown["gdpr_verified"]["ends_at"]) > epoch(shown["gdpr_request"]["ends_at"])


# -- faults -------------------------------------------------------------------------------------------


def test_a_lost_hint_is_made_good_by_the_sweep(stack: LocalStack) -> None:
    email = fresh_address("hint")
    request_id = asked(stack, "access", email)
    code = code_for(stack, email, request_id)
    stack.wire.inject(kind="fail", service="sqs", function=API, contains="request", times=9)
    answer = post(stack, f"/v1/requests/{request_id}/verify", {"code": code})
    assert answer.status == 200
    stack.wire.reset()
    one = asking.Asker(stack, email, request_id, answer.json["token"], answer.json["due_at"])
    assert one.get()["state"] == "open"
    stack.advance(301)
    stack.invoke("Sweep", sample("schedule-sweep"))
    assert one.settled()["state"] == "answered"


def test_work_that_dies_comes_twice_or_loses_its_replies_ends_the_same(stack: LocalStack) -> None:
    admin = sign_up(stack)
    ben, buyer_of = join(admin), sign_up(stack)
    buyer_of.contact(ben.email)
    faults: tuple[tuple[str, Kind, int], ...] = (
        ("TransactWriteItems", "lose_reply", 0),
        ("TransactWriteItems", "fail", 3),
        ("PutItem", "lose_reply", 0),
        ("SendMessage", "fail", 0),
    )
    for operation, kind, skip in faults:
        service = "sqs" if operation == "SendMessage" else "dynamodb"
        stack.wire.inject(
            kind=kind,
            service=service,
            operation=operation,
            function=JOB,
            times=2,
            skip=skip,
        )
    one = ask(stack, "erase", ben.email)
    body = json.dumps({"task": "request", "request": one.id})
    for _ in range(3):
        failed(stack.invoke("RunTasks", batch_of("tasks", body, body)))
    eventually(lambda: stack.invoke("Sweep", sample("schedule-sweep")) is None)
    seen = one.settled()
    stack.wire.reset()
    assert seen["state"] == "answered"
    assert seen["answer"]["outcomes"] == ["account_erased", "objection_noted", "companies"]
    drained(stack, "tasks", "notices")
    assert len(asking.mails(stack, ben.email, asking.ANSWERED)) == 1
    steps = evidence(stack, one.id)
    assert steps == ["received", "verified", "acted", "passed_on", "answered"]
    told = [m for m in stack.mails(buyer_of.email) if "asks about data" in m["subject"]]
    assert len(told) == 1


def test_work_that_goes_nowhere_is_not_silent(stack: LocalStack) -> None:
    admin = sign_up(stack)
    ben = join(admin)
    stack.wire.inject(
        kind="fail", service="dynamodb", operation="TransactWriteItems", function=JOB, times=999
    )
    one = ask(stack, "erase", ben.email)
    eventually(lambda: _row(stack, "request", f"request#{one.id}")["facts"]["M"]["stage"]["S"] == "act")
    login = next(
        row
        for row in rows(stack, "accounts")
        if row["kind"]["S"] == "login" and ben.me["id"] in json.dumps(row["facts"])
    )
    accounts = {"TableName": "okki-leads-accounts"}
    stack.client("dynamodb").delete_item(**accounts, Key={"pk": login["pk"], "sk": login["sk"]})
    stack.wire.reset()
    body = json.dumps({"task": "request", "request": one.id})
    assert failed(stack.invoke("RunTasks", batch_of("tasks", body))), "back to the queue, in the end aside"
    assert one.get()["state"] == "open"
    stack.advance(epoch(one.due_at) - int(stack.now()) + 1)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(lambda: "escalated" in evidence(stack, one.id))
    assert eventually(lambda: "request_overdue" in stack.logs("RunTasks"))
    assert failed(stack.invoke("RunTasks", batch_of("tasks", body)))
    assert evidence(stack, one.id).count("escalated") == 1
    stack.client("dynamodb").put_item(**accounts, Item=login)
    failed(stack.invoke("RunTasks", batch_of("tasks", body)))


def _row(stack: LocalStack, kind: str, pk: str) -> dict[str, Any]:
    found = [row for row in rows(stack, "accounts") if row["kind"]["S"] == kind and row["pk"]["S"] == pk]
    return found[0]


def test_two_who_bring_the_same_code_at_once_are_one(stack: LocalStack) -> None:
    from concurrent.futures import ThreadPoolExecutor

    email = fresh_address("twice")
    request_id = asked(stack, "access", email)
    code = code_for(stack, email, request_id)
    path = f"/v1/requests/{request_id}/verify"
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: post(stack, path, {"code": code}).status, range(4)))
    assert sorted(answers) == [200, 401, 401, 401]


def test_a_request_that_cannot_be_stored_or_counted_is_not_taken(stack: LocalStack) -> None:
    form = {"kind": "access", "email": fresh_address("down")}
    stack.wire.inject(kind="fail", service="dynamodb", function=API, times=99)
    assert post(stack, "/v1/requests", form).status == 503
    stack.wire.reset()
    drained(stack, "notices")
    assert stack.mails(form["email"]) == []

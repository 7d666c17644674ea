"""The operator's own base: what comes in, on which ground, once, and never for longer than it may stay."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.privacy import clocks
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import asking, letters
from tests.integration.apart import own_stack
from tests.integration.client import Answer, User, eventually, fresh_address, request, sign_up
from tests.integration.loader import GROUND, LOADS, Office, office, put, table
from tests.integration.staff import member

stack = own_stack()

pytestmark = pytest.mark.clause("stocked-prospects")

DAY = 86_400


@pytest.fixture(scope="module")
def desk(stack: LocalStack) -> Office:
    return office(stack)


@pytest.fixture(scope="module")
def seeker(stack: LocalStack) -> User:
    return sign_up(stack)


def name() -> str:
    """The name of a business nobody else has."""
    return f"Werk {uuid.uuid4().hex[:10]}"


def person(company: str, **more: str) -> dict[str, str]:
    return {
        "business_name": company,
        "name": "Jana Rauch",
        "position": "Head of Purchasing",
        "email": fresh_address("jana", "werk.example"),
        "phone": "+49 40 1234567",
        "industry": "Machinery",
        "country": "Germany",
        **more,
    }


def found(seeker: User, company: str) -> list[dict[str, Any]]:
    answer = seeker.call("GET", f"/v1/prospects?company={company.replace(' ', '%20')}")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def rows_of(stack: LocalStack, prospect: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = stack.client("dynamodb").query(
        TableName="okki-leads-prospects",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": prospect}},
    )["Items"]
    return items


def said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json.get("code")


# ---------------------------------------------------------------- ground first, two people


def test_nobody_accepts_the_ground_they_stated_themselves(desk: Office) -> None:
    load = desk.begin(table([person(name())]))
    assert said(desk.one.call("POST", f"{LOADS}/{load}/start")) == (403, "own_load")
    assert desk.read(load)["state"] == "waiting"


def test_the_ground_is_in_the_operators_chain_before_anything_is_read(
    desk: Office, stack: LocalStack
) -> None:
    load = desk.begin(table([person(name())]))
    stack.wire.inject(
        kind="fail", service="dynamodb", operation="TransactWriteItems", function="okki-leads-staff"
    )
    desk.two.call("POST", f"{LOADS}/{load}/start")
    desk.start(load)
    desk.ended(load)
    found = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": "co_operator"}, ":sk": {"S": f"load#{load}#"}},
    )["Items"]
    told = [one["facts"]["M"] for one in found]
    assert [one["act"]["S"] for one in told] == ["started", "ended"]
    assert told[0]["balancing"]["S"] == GROUND["balancing"]
    assert told[0]["informing"]["S"] == "exempt_disproportionate"
    assert told[0]["staff_id"]["S"] == desk.two.staff_id
    assert told[1]["taken"]["N"] == "1"


@pytest.mark.parametrize("missing", ["balancing", "informing", "informing_note", "ground", "collected_on"])
def test_a_file_without_its_ground_is_not_even_asked_for(desk: Office, missing: str) -> None:
    answer = desk.one.call("POST", LOADS, {key: value for key, value in GROUND.items() if key != missing})
    assert answer.status == 422


def test_a_day_that_has_not_come_is_no_day_of_collection(desk: Office) -> None:
    answer = desk.one.call("POST", LOADS, {**GROUND, "collected_on": "2099-01-01"})
    assert answer.json["errors"] == [{"field": "collected_on", "code": "in_the_future"}]
    assert desk.one.call("POST", LOADS, {**GROUND, "collected_on": "2026-02-31"}).status == 422


def test_whoever_works_in_the_first_hours_of_singapores_day_names_that_day(stack: LocalStack) -> None:
    morning = clocks.begins(clocks.day(stack.now()) + timedelta(days=1)) + 600
    stack.advance(morning - int(stack.now()))
    try:
        early, today = member(stack, StaffPosition.PRIVACY), clocks.day(morning)
        assert early.call("POST", LOADS, {**GROUND, "collected_on": today.isoformat()}).status == 202
        tomorrow = (today + timedelta(days=1)).isoformat()
        assert early.call("POST", LOADS, {**GROUND, "collected_on": tomorrow}).status == 422
    finally:
        stack.reset_clock()


def test_the_form_takes_the_file_it_was_made_for(desk: Office) -> None:
    made = desk.one.call("POST", LOADS, GROUND).json
    assert said(desk.two.call("POST", f"{LOADS}/{made['id']}/start")) == (409, "no_file")
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in made["upload"]["fields"].items()
    ]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = "".join([*parts, file]).encode() + table([person(name())]) + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    assert request(made["upload"]["url"], "POST", body, headers).status in {200, 201, 204}
    desk.start(made["id"])
    assert desk.ended(made["id"])["progress"]["taken"] == 1


def test_other_staff_and_companies_load_nothing(desk: Office, stack: LocalStack, seeker: User) -> None:
    assert seeker.call("GET", LOADS).status == 401
    assert said(desk.one.call("GET", f"{LOADS}/ld_{'0' * 26}")) == (404, "not_found")


# ---------------------------------------------------------------- once, whatever dies


def test_two_thousand_rows_come_in_once_though_the_work_dies_and_is_delivered_twice(
    desk: Office, stack: LocalStack, seeker: User
) -> None:
    company = name()
    rows = [person(company if number < 30 else name(), name=f"Jana {number}") for number in range(2_000)]
    load = desk.begin(table(rows))
    # Dies with rows written and not noted; loses an answer; is left over; and a piece comes twice.
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="PutItem",
        contains="loads",
        function="okki-leads-run-files",
        skip=4,
        times=4,
    )
    stack.wire.inject(
        kind="lose_reply", service="dynamodb", operation="PutItem", function="okki-leads-run-files", skip=9
    )
    stack.wire.inject(kind="leave_over", service="dynamodb", operation="BatchWriteItem", skip=20, times=2)
    desk.start(load)
    desk.start(load)
    done = desk.ended(load, 300)
    assert done["state"] == "done"
    assert done["progress"]["rows"] == done["progress"]["taken"] == 2_000
    assert done["progress"]["refused"] == done["progress"]["refreshed"] == 0
    shown = found(seeker, company)
    assert len(shown) == len({one["id"] for one in shown}) == 30
    assert (
        stack.client("s3")
        .list_objects_v2(Bucket="okki-leads-files-000000000000", Prefix=f"loads/{load}")
        .get("Contents", [])
        == []
    ), "the file stays behind"


def test_a_load_whose_next_step_was_lost_goes_on_where_it_was(desk: Office, stack: LocalStack) -> None:
    load = desk.begin(table([person(name()) for _ in range(1_050)]))
    lost = stack.wire.inject(kind="fail", service="sqs", function="okki-leads-run-files", times=20)
    desk.start(load)
    eventually(lambda: desk.read(load)["progress"]["rows"] == 1_000 and lost.hits, 120)
    letters.drained(stack, "files")
    stack.wire.reset()
    stack.invoke("Sweep", letters.sample("schedule-sweep"))
    letters.drained(stack, "files")
    assert desk.read(load)["state"] == "running", "it is not overdue yet"
    stack.advance(300)
    stack.invoke("Sweep", letters.sample("schedule-sweep"))
    assert desk.ended(load)["progress"]["taken"] == 1_050
    stack.reset_clock()


def test_a_load_that_is_cancelled_goes_no_further(desk: Office, stack: LocalStack, seeker: User) -> None:
    load = desk.begin(table([person(name()) for _ in range(5)]))
    assert desk.one.call("POST", f"{LOADS}/{load}/cancel").json["state"] == "cancelled"
    assert said(desk.two.call("POST", f"{LOADS}/{load}/start")) == (409, "load_over")
    assert said(desk.one.call("POST", f"{LOADS}/{load}/cancel")) == (409, "load_over")


def test_a_file_that_is_exchanged_while_it_is_read_is_not_gone_on_with(
    desk: Office, stack: LocalStack
) -> None:
    load = desk.begin(table([person(name()) for _ in range(1_100)]))
    desk.start(load)
    put(stack, load, table([person(name())]))
    done = desk.ended(load, 200)
    assert (done["state"], done["reason"]) == ("stopped", "file_changed")


# ---------------------------------------------------------------- people


@pytest.mark.clause("stocked-prospects", "requests")
def test_who_objected_is_not_taken_in(desk: Office, stack: LocalStack, seeker: User) -> None:
    email, company = fresh_address("never", "werk.example"), name()
    asking.ask(stack, "object", email).settled()
    spelled = email.upper().replace("@", "+fair@")
    done = desk.load([person(company), person(company, email=spelled)])
    assert done["progress"]["taken"] == 1
    assert desk.refused(done["id"]) == [(2, "email", "objected")]
    assert len(found(seeker, company)) == 1


@pytest.mark.clause("stocked-prospects", "requests")
def test_who_objects_while_they_are_taken_in_is_out_again(
    desk: Office, stack: LocalStack, seeker: User
) -> None:
    email, company = fresh_address("late", "werk.example"), name()
    load = desk.begin(table([person(company), person(company, email=email)]))
    slow = stack.wire.inject(
        kind="delay",
        service="dynamodb",
        operation="BatchWriteItem",
        function="okki-leads-run-files",
        seconds=8,
    )
    desk.start(load)
    eventually(lambda: slow.hits)
    asking.ask(stack, "object", email)
    done = desk.ended(load)
    assert (done["progress"]["taken"], done["progress"]["refused"]) == (1, 1)
    assert desk.refused(load) == [(2, "email", "objected")]
    assert len(found(seeker, company)) == 1


@pytest.mark.clause("stocked-prospects", "requests")
def test_who_objects_while_they_are_taken_in_is_out_again_though_the_work_dies_before_it_asks(
    desk: Office, stack: LocalStack, seeker: User
) -> None:
    email, company = fresh_address("late", "werk.example"), name()
    load = desk.begin(table([person(company), person(company, email=email)]))
    slow = stack.wire.inject(
        kind="delay",
        service="dynamodb",
        operation="BatchWriteItem",
        function="okki-leads-run-files",
        seconds=12,
    )
    desk.start(load)
    eventually(lambda: slow.hits)
    dies = stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="BatchGetItem",
        contains="objection",
        function="okki-leads-run-files",
        times=4,
    )
    asking.ask(stack, "object", email)
    done = desk.ended(load, 300)
    assert dies.hits, "it asked before the person objected, and not again"
    assert (done["progress"]["taken"], done["progress"]["refused"]) == (1, 1)
    assert desk.refused(load) == [(2, "email", "objected")]
    assert len(found(seeker, company)) == 1
    stocked = [row["facts"]["M"] for row in letters.rows(stack, "prospects") if row["kind"]["S"] == "stocked"]
    assert [one["load_id"]["S"] for one in stocked].count(load) == 1


@pytest.mark.clause("stocked-prospects", "retention")
def test_a_refresh_brings_news_and_no_more_time(desk: Office, stack: LocalStack, seeker: User) -> None:
    old, new = name(), name()
    one = person(old)
    desk.load([one])
    (before,) = found(seeker, old)
    (row,) = rows_of(stack, before["id"])
    stack.advance(40 * DAY)
    office_again = office(stack)
    newer = {**one, "business_name": new, "position": "CEO", "phone": ""}
    done = office_again.load([newer], source="Trade register", collected_on="2026-11-20")
    assert (done["progress"]["taken"], done["progress"]["refreshed"]) == (0, 1)
    (again,) = rows_of(stack, before["id"])
    assert again["expires_at"] == row["expires_at"], "a refresh renewed the retention"
    assert again["ttl"] == row["ttl"]
    assert again["facts"]["M"]["first_at"] == row["facts"]["M"]["first_at"]
    sources = {
        key: [one["S"] for one in value["L"]] for key, value in again["facts"]["M"]["sources"]["M"].items()
    }
    assert sources["position"] == ["Trade register", "2026-11-20"]
    assert sources["phone"] == ["Register of exhibitors 2026", "2026-10-01"]
    fresh = sign_up(stack)
    assert found(fresh, old) == []
    (shown,) = found(fresh, new)
    assert (shown["id"], shown["level"], shown["has"]) == (before["id"], "chief", ["email", "phone"])
    stack.advance(700 * DAY)  # 24 months from the first day are over, from the second they are not
    assert found(sign_up(stack), new) == []


def test_older_news_does_not_replace_newer(desk: Office, stack: LocalStack, seeker: User) -> None:
    company = name()
    one = person(company)
    desk.load([{**one, "position": "CEO"}], collected_on="2026-11-01")
    desk.load([{**one, "position": "Clerk"}], collected_on="2026-05-01")
    assert [shown["level"] for shown in found(seeker, company)] == ["chief"]


# ---------------------------------------------------------------- files as they come


def test_what_spreadsheets_make_of_a_file_is_read(desk: Office, seeker: User) -> None:
    company = name()
    email = fresh_address("quoted", "werk.example")
    content = (
        b"\xef\xbb\xbfBusiness_Name,name,email,profile\r\n"
        + f'"{company}","Jana ""J"" Rauch",{email},"says\r\nmore, than\none line"\r\n'.encode()
        + b"\r\n"
        + f"{company},Bo,{fresh_address('bo', 'werk.example')},\r\n".encode()
    )
    done = desk.load(content)
    assert (done["state"], done["progress"]["taken"]) == ("done", 2)
    assert len(found(seeker, company)) == 2


def test_json_lines_are_read_as_well(desk: Office, seeker: User) -> None:
    company = name()
    rows: list[Any] = [
        {**person(company), "contact_numbers": ["call", "+49 40 22334"], "website": None},
        {**person(company), "secret": "x"},
        ["no", "object"],
        {**person(company), "phone": 12},
    ]
    content = "\n".join([*map(json.dumps, rows), "{", "", json.dumps(person(company)), "[" * 9_000]).encode()
    done = desk.load(content, format="jsonl")
    assert done["progress"]["taken"] == 1, desk.refused(done["id"])
    assert desk.refused(done["id"]) == [
        (1, "contact_numbers", "not_a_number"),
        (2, None, "unknown_field"),
        (3, None, "malformed"),
        (4, None, "not_text"),
        (5, None, "malformed"),
        (7, None, "malformed"),
    ]


def test_a_row_that_is_wrong_costs_itself_and_is_named_without_its_words(
    desk: Office, stack: LocalStack
) -> None:
    company = name()
    good = person(company)
    bad = [
        {**good, "business_name": ""},
        {**good, "email": "not an address"},
        {**good, "email": ""},
        {**good, "profile": "a\0b"},
        {**good, "profile": "x" * 1_001},
        {**good, "website": "javascript:alert(1)"},
        {**good, "phone": "call me"},
        {**good, "contact_numbers": "+49 1234;" * 3 + "1234567;2234567;3234567;4234567;5234567"},
    ]
    bad.append({**good, "name": "Zo\xe9"})
    content = table([good, *bad]).replace("\xe9".encode(), b"\xe9") + b"too,few\r\n"
    done = desk.load(content)
    assert (done["state"], done["progress"]["taken"]) == ("done", 1)
    assert desk.refused(done["id"]) == [
        (2, "business_name", "required"),
        (3, "email", "not_an_address"),
        (4, "name", "person_without_email"),
        (5, "profile", "control_character"),
        (6, "profile", "too_long"),
        (7, "website", "not_a_web_address"),
        (8, "phone", "not_a_number"),
        (9, "contact_numbers", "too_many"),
        (10, "name", "not_utf8"),
        (11, None, "wrong_number_of_cells"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"business_name,salary\r\nAcme,1\r\n", "unknown_column:2"),
        (b"name,name\r\nA,B\r\n", "column_twice:2"),
        (b"name,email\r\nA,a@b.example\r\n", "column_missing"),
        (b"business_name,name\r\nAcme," + b"x" * 70_000 + b"\r\n", "row_too_long"),
        (b'business_name,name\r\nAcme,"never closed\r\nmore\r\n', "open_quotation_mark"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_not_gone_on_with(desk: Office, content: bytes, reason: str) -> None:
    done = desk.load(content or b"\n")
    assert (done["state"], done["reason"], done["progress"]["taken"]) == ("stopped", reason, 0)

"""Taking contacts along: whole, harmless to open, and for the session that asked and nobody else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.services.contacts import exporting
from infra.local import LocalStack
from infra.local.launch import ACCOUNT
from tests.integration import address_book, ages
from tests.integration.apart import own_stack
from tests.integration.client import Answer, User, eventually, log_in, sign_up
from tests.integration.eraser import erase
from tests.integration.letters import batch_of, drained, failed, sample
from tests.integration.people import at, join
from tests.integration.test_restrictions import restrict, rule

stack = own_stack()

pytestmark = pytest.mark.clause("stored")

MANY = 2_500
FORMULAS = ("=10+20+cmd|' /C calc'!A0", " =1+1", "＝1", "+49 40 5550123", "@SUM(1)", "a;=1", '"=1')
QUARTER_HOUR = 900
BUCKET = f"okki-leads-files-{ACCOUNT}"


def table(answer: Answer) -> list[dict[str, str]]:
    """A CSV answer as a spreadsheet reads it."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="okki-leads-contacts')
    text = answer.body.decode("utf-8")
    assert text.startswith("\ufeff"), "Excel would not show Chinese"
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def started(user: User) -> str:
    answer = user.call("POST", "/v1/contacts/exports")
    assert answer.status == 202, answer.body
    made: str = answer.json["id"]
    return made


def seen(user: User, export: str) -> dict[str, Any]:
    answer = user.call("GET", f"/v1/contacts/exports/{export}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def ready(user: User, export: str | None = None) -> dict[str, Any]:
    """An export that was made."""
    export = export or started(user)
    return eventually(lambda: found if (found := seen(user, export))["state"] == "ready" else None, 60)


def fetch(user: User, export: str, number: int = 1) -> Answer:
    return user.call("GET", f"/v1/contacts/exports/{export}/files/{number}")


def work(stack: LocalStack, user: User, export: str) -> list[int]:
    """What one delivery of the queue does."""
    task = json.dumps({"task": "export", "company": user.company["id"], "export": export})
    return failed(stack.invoke("RunFiles", batch_of("files", task)))


def stored(stack: LocalStack, export: str) -> dict[str, bytes]:
    """What lies in the bucket for an export."""
    s3, there = stack.client("s3"), {}
    for one in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"exports/{export}/").get("Contents", ()):
        with suppress(s3.exceptions.NoSuchKey):  # gone since it was listed
            there[one["Key"]] = s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
    return there


def row(stack: LocalStack, user: User, export: str) -> dict[str, Any]:
    found = ages.one(stack, "workspace", user.company["id"], f"export#{export}")
    assert found is not None
    return found


def acts(stack: LocalStack, user: User) -> list[tuple[str, int]]:
    return [(one["step"], int(one["rows"])) for one in ages.proofs(stack, user.company["id"], "export_act")]


@pytest.fixture
def no_worker(stack: LocalStack) -> Iterator[None]:
    """Hints are lost: what happens, happens by hand."""
    stack.wire.inject(kind="fail", service="sqs", contains="okki-leads-files", times=10_000)
    yield
    stack.wire.reset()


@pytest.fixture(scope="module")
def trader(stack: LocalStack) -> User:
    """Somebody with more contacts than one answer takes."""
    user = sign_up(stack)
    address_book.fill(user, MANY, "kanarienvogel")
    return user


# ---------------------------------------------------------------- a short list, at once


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_in_a_name_runs_on_nobodys_machine(stack: LocalStack, name: str) -> None:
    user = sign_up(stack)
    user.contact("bob@buyer.example", name, company="＋Evil Ltd")
    (found,) = table(user.call("GET", "/v1/contacts/export"))
    kept = user.call("GET", "/v1/contacts").json["items"][0]["name"]
    assert found["name"] != kept
    assert found["name"].replace("'", "", 1) == kept or "'" in kept
    assert found["company"] == "'＋Evil Ltd"


def test_a_short_list_comes_at_once_and_whole_and_is_on_record(stack: LocalStack) -> None:
    user = sign_up(stack)
    links = ["https://social.example/a", "https://social.example/b"]
    contact = user.contact("li@buyer.example", "李 雷", company='The "Best", Ltd', social=links)
    (found,) = table(user.call("GET", "/v1/contacts/export"))
    assert found == {
        "name": "李 雷",
        "email": "li@buyer.example",
        "company": 'The "Best", Ltd',
        "position": "",
        "country": "",
        "phone": "",
        "social": " ".join(links),
        "lawful_basis": "consent",
        "source": "trade fair",
        "created_at": contact["created_at"],
        "updated_at": contact["updated_at"],
        "id": contact["id"],
    }
    assert acts(stack, user) == [("taken", 1)]
    (proof,) = ages.proofs(stack, user.company["id"], "export_act")
    assert proof["user_id"] == user.me["id"]


def test_nothing_leaves_when_it_cannot_be_put_on_record(stack: LocalStack) -> None:
    user = sign_up(stack)
    user.contact("bob@buyer.example")
    stack.wire.inject(kind="fail", service="dynamodb", operation="TransactWriteItems", times=50)
    answer = user.call("GET", "/v1/contacts/export")
    assert answer.status == 503
    assert b"bob@buyer.example" not in answer.body


def test_a_long_list_is_sent_to_the_job_and_left_unread(trader: User) -> None:
    answer = trader.call("GET", "/v1/contacts/export")
    assert (answer.status, answer.json["code"]) == (409, "too_many")
    assert answer.json["ask"] == "/v1/contacts/exports"


def test_a_user_cannot_empty_a_company_in_a_loop(stack: LocalStack) -> None:
    user = sign_up(stack)
    answers = [user.call("GET", "/v1/contacts/export").status for _ in range(21)]
    assert answers == [200] * 20 + [429]
    assert user.call("POST", "/v1/contacts/exports").status == 429


def test_what_was_exported_can_be_imported_again_as_it_was(stack: LocalStack) -> None:
    user, other = sign_up(stack), sign_up(stack)
    names = [name for name in FORMULAS if name == name.strip()]
    for number, name in enumerate(names):
        user.contact(
            f"odd{number}@buyer.example", name, phone="+49 40 5550123", social=["https://s.example/a"]
        )
    text = user.call("GET", "/v1/contacts/export").body.decode("utf-8-sig")
    basis = {"basis": "contract", "source": "our other company"}
    asked = other.call("POST", "/v1/contacts/imports", {"lawful_basis": basis, "csv": text})
    assert asked.status == 202, asked.body
    path = f"/v1/contacts/imports/{asked.json['id']}"
    eventually(lambda: other.call("GET", path).json["state"] == "ready", 60)
    assert other.call("POST", f"{path}/commit", {}).status == 202
    eventually(lambda: other.call("GET", path).json["state"] == "done", 60)
    found = other.call("GET", "/v1/contacts").json["items"]
    assert sorted(one["name"] for one in found) == sorted(names)
    assert {one["phone"] for one in found} == {"+49 40 5550123"}
    assert {tuple(one["social"]) for one in found} == {("https://s.example/a",)}


# ---------------------------------------------------------------- a long list, as a job


def test_a_long_list_comes_whole_and_each_fetch_is_on_record(stack: LocalStack, trader: User) -> None:
    export = ready(trader)
    assert export["progress"] == {"rows": MANY, "left_out": 0}
    assert [(one["number"], one["rows"]) for one in export["files"]] == [(1, MANY)]
    found = table(fetch(trader, export["id"]))
    assert [one["name"] for one in found] == [f"Buyer {number}" for number in range(MANY, 0, -1)]
    assert {one["position"] for one in found} == {"采购经理"}
    assert {one["phone"] for one in found} == {"'+49 40 5550123"}
    assert table(fetch(trader, export["id"])) == found
    assert acts(stack, trader)[-4:] == [("asked", 0), ("ready", MANY), ("fetched", MANY), ("fetched", MANY)]
    assert fetch(trader, export["id"], 2).status == fetch(trader, export["id"], 0).status == 404


@pytest.mark.clause("access")
def test_what_lies_in_the_bucket_can_be_read_by_nobody_else(stack: LocalStack, trader: User) -> None:
    export = ready(trader)
    (content,) = stored(stack, export["id"]).values()
    assert len(content) > MANY * 100
    assert b"kanarienvogel" not in content
    assert b"Buyer" not in content
    assert "采购经理".encode() not in content
    other = ready(trader)
    stack.client("s3").put_object(Bucket=BUCKET, Key=f"exports/{other['id']}/0001", Body=content)
    answer = fetch(trader, other["id"])
    assert (answer.status, answer.json["code"]) == (500, "internal_error"), "it opens in its own place only"


@pytest.mark.clause("access")
def test_only_the_session_that_asked_gets_the_files(stack: LocalStack, trader: User) -> None:
    export = ready(trader)["id"]
    again = log_in(stack, trader.email)
    assert again.status == 200, again.body
    second = User(
        stack, trader.email, again.json["session"]["token"], trader.me, trader.company, trader.address
    )
    colleague, stranger = join(trader, "manager"), sign_up(stack)
    paths = ("", "/files/1", "/cancel")
    for user in (second, colleague, stranger):
        for path in paths:
            method = "POST" if path == "/cancel" else "GET"
            foreign = user.call(method, f"/v1/contacts/exports/{export}{path}")
            unknown = user.call(method, f"/v1/contacts/exports/{'exp_' + '0' * 26}{path}")
            assert foreign.status == unknown.status == 404, path
            assert foreign.json["code"] == unknown.json["code"]
    assert len(table(fetch(trader, export))) == MANY
    trader.call("POST", f"/v1/contacts/exports/{export}/cancel")


def test_after_a_quarter_of_an_hour_the_files_are_gone(stack: LocalStack, trader: User) -> None:
    export = ready(trader)["id"]
    stack.advance(QUARTER_HOUR)
    assert fetch(trader, export).status == 404
    assert (seen(trader, export)["state"], seen(trader, export)["files"]) == ("expired", [])
    assert stored(stack, export)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(lambda: not stored(stack, export))


def test_an_export_that_is_cancelled_leaves_no_file_behind(stack: LocalStack, trader: User) -> None:
    export = ready(trader)["id"]
    answer = trader.call("POST", f"/v1/contacts/exports/{export}/cancel")
    assert (answer.status, answer.json["state"]) == (200, "cancelled")
    assert fetch(trader, export).status == 404
    eventually(lambda: not stored(stack, export))
    again = trader.call("POST", f"/v1/contacts/exports/{export}/cancel")
    assert (again.status, again.json["state"]) == (200, "cancelled")


def test_asking_twice_with_one_key_starts_one_export(trader: User) -> None:
    key = {"Idempotency-Key": "export-once"}
    first = trader.call("POST", "/v1/contacts/exports", None, key)
    assert trader.call("POST", "/v1/contacts/exports", None, key).json == first.json


# ---------------------------------------------------------------- what goes wrong on the way


@pytest.mark.usefixtures("no_worker")
def test_a_lost_hint_is_made_good_by_the_sweeper(stack: LocalStack) -> None:
    user = sign_up(stack)
    user.contact("bob@buyer.example")
    export = started(user)
    stack.wire.reset()
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "files")
    assert seen(user, export)["state"] == "waiting", "its own hint has two minutes"
    stack.advance(121)
    stack.invoke("Sweep", sample("schedule-sweep"))
    assert ready(user, export)["progress"]["rows"] == 1


@pytest.mark.usefixtures("no_worker")
def test_a_worker_that_died_is_followed_by_one_that_makes_the_same_file(stack: LocalStack) -> None:
    user = sign_up(stack)
    address_book.fill(user, 30)
    export = started(user)
    stack.wire.inject(kind="fail", service="dynamodb", operation="TransactWriteItems", times=50)
    assert work(stack, user, export) == [0], "the file is made, and nobody said so"
    stack.wire.reset()
    stack.wire.inject(kind="fail", service="sqs", contains="okki-leads-files", times=10_000)
    assert len(stored(stack, export)) == 1
    assert work(stack, user, export) == [], "somebody may be at it: the claim holds"
    assert seen(user, export)["state"] == "running"
    stack.advance(241)
    assert work(stack, user, export) == []
    assert seen(user, export)["state"] == "ready"
    before = row(stack, user, export)
    assert work(stack, user, export) == work(stack, user, export) == [], "delivered again: nothing changes"
    assert row(stack, user, export) == before
    assert len(stored(stack, export)) == 1
    assert [one["name"] for one in table(fetch(user, export))] == [f"Buyer {n}" for n in range(30, 0, -1)]
    assert acts(stack, user)[:2] == [("asked", 0), ("ready", 30)]


def test_a_list_too_long_for_one_file_comes_in_several_and_nobody_twice(stack: LocalStack) -> None:
    user = sign_up(stack)
    made = address_book.fill(user, 1_200, long=True)
    export = ready(user)
    assert len(export["files"]) == 3
    assert sum(one["rows"] for one in export["files"]) == len(made)
    answers = [fetch(user, export["id"], one["number"]) for one in export["files"]]
    assert max(len(answer.body) for answer in answers) <= 4_000_000
    assert [line["id"] for answer in answers for line in table(answer)] == made[::-1]


# ---------------------------------------------------------------- what the company and the law say


@pytest.mark.clause("restrictions")
def test_what_a_company_keeps_from_a_user_is_left_out_and_counted(stack: LocalStack) -> None:
    boss = sign_up(stack)
    user = join(boss, "manager")
    mine = user.contact("mine@buyer.example")
    boss.contact("theirs@buyer.example")
    restrict(boss, rule("export", roles=["manager"], scope="others"))
    answer = user.call("GET", "/v1/contacts/export")
    assert ([one["id"] for one in table(answer)], answer.headers["okki-left-out"]) == ([mine["id"]], "1")
    export = ready(user)
    assert export["progress"] == {"rows": 1, "left_out": 1}
    assert [one["id"] for one in table(fetch(user, export["id"]))] == [mine["id"]]
    assert len(table(boss.call("GET", "/v1/contacts/export"))) == 2, "admins are never restricted"
    restrict(boss, rule("export", roles=["manager"]))
    refused = user.call("GET", "/v1/contacts/export")
    assert (refused.status, refused.json["code"]) == (403, "restricted_by_company")
    assert refused.json["administrator"]["email"] == boss.email
    late = fetch(user, export["id"])
    assert (late.status, late.json["code"]) == (409, "rules_changed")


@pytest.mark.clause("restrictions")
@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("change", ["suspended", "rules", "position"])
def test_who_may_no_longer_export_gets_nothing_of_what_was_begun(stack: LocalStack, change: str) -> None:
    boss = sign_up(stack)
    user = join(boss, "manager")
    user.contact("bob@buyer.example")
    export = started(user)
    if change == "rules":
        restrict(boss, rule("export", roles=["manager"], scope="others"))
    else:
        edit = {"state": "suspended"} if change == "suspended" else {"role": "member"}
        assert boss.call("PATCH", at(user), edit).status == 200
    assert work(stack, user, export) == []
    assert ages.facts(row(stack, user, export))["state"] == "cancelled"
    assert stored(stack, export) == {}


@pytest.mark.clause("access")
def test_a_company_whose_people_all_export_is_stopped_as_well(stack: LocalStack) -> None:
    boss = sign_up(stack)
    users = [boss, *(join(boss, "manager") for _ in range(3))]
    taken = [
        user.call("GET", "/v1/contacts/export").status
        for user in users
        for _ in range(exporting.EXPORTS_PER_USER)
    ]
    assert taken.count(200) == exporting.EXPORTS_PER_COMPANY
    assert set(taken[exporting.EXPORTS_PER_COMPANY :]) == {429}
    assert sign_up(stack).call("GET", "/v1/contacts/export").status == 200


@pytest.mark.clause("access")
def test_a_member_who_may_not_export_does_not(stack: LocalStack) -> None:
    member = join(sign_up(stack))
    for method, path in (("GET", "/v1/contacts/export"), ("POST", "/v1/contacts/exports")):
        answer = member.call(method, path)
        assert (answer.status, answer.json["code"]) == (403, "not_permitted")


@pytest.mark.clause("requests")
def test_who_is_erased_is_in_no_export_that_can_still_be_fetched(stack: LocalStack) -> None:
    user = sign_up(stack)
    user.contact("bob@buyer.example")
    export = ready(user)["id"]
    erase(stack, user.company["id"], "bob@buyer.example")
    eventually(lambda: seen(user, export)["state"] == "dropped")
    assert fetch(user, export).status == 404
    assert stored(stack, export) == {}

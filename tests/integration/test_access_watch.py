"""The look at who read what, from the line in the log to the answer of the security staff."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import MAY, Right, StaffPosition
from chalicelib.privacy.watching import HOUR, STAFF, USERS
from infra.local import LocalStack
from infra.local.stack import FunctionError
from tests.integration.apart import own_stack
from tests.integration.client import Answer, User, sign_up
from tests.integration.letters import rows, sample
from tests.integration.staff import StaffUser, member
from tests.integration.test_evidence import entries, pages, tool

pytestmark = pytest.mark.clause("access", "personnel")

GROUPS = {"api": "/aws/lambda/okki-leads-api", "staff": "/aws/lambda/okki-leads-staff"}


stack = own_stack()
"""Its log is what is looked at."""


class Guard:
    """Somebody of the security staff, who logs in when they are needed: the clock moves past their sessions."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._user: StaffUser | None = None

    @property
    def user(self) -> StaffUser:
        if self._user is None:
            self._user = member(self._stack, StaffPosition.SECURITY)
        return self._user

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        answer = self.user.call(method, path, body)
        if answer.status == 401:
            assert self.user.log_in().status == 201
            answer = self.user.call(method, path, body)
        return answer


@pytest.fixture
def guard(stack: LocalStack) -> Guard:
    return Guard(stack)


@pytest.fixture(autouse=True)
def forgotten(stack: LocalStack) -> None:
    """What was looked at and found before is not this test's."""
    client = stack.client("dynamodb")
    for row in rows(stack, "operator"):
        if row["kind"]["S"] in {"reading", "finding", "watch"}:
            key = {"pk": row["pk"], "sk": row["sk"]}
            client.delete_item(TableName="okki-leads-operator", Key=key)


def present(stack: LocalStack) -> int:
    """The hour that is running."""
    return int(stack.now()) // HOUR * HOUR


def said(stack: LocalStack, function: str, at: int, **facts: Any) -> None:
    """A line as a function wrote it then."""
    logs = stack.client("logs")
    stream = f"test-{ids.new('log')}"
    logs.create_log_stream(logGroupName=GROUPS[function], logStreamName=stream)
    line = {"level": "INFO", "message": "opened", "service": "okki-leads", **facts}
    event = {"timestamp": at * 1000, "message": json.dumps(line)}
    logs.put_log_events(logGroupName=GROUPS[function], logStreamName=stream, logEvents=[event])


def look(stack: LocalStack) -> None:
    stack.invoke("WatchAccess", sample("schedule-watch"))


def findings(guard: Guard) -> list[dict[str, Any]]:
    answer = guard.call("GET", "/v1/staff/security/findings?limit=200")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def about(guard: Guard, actor: str) -> list[dict[str, Any]]:
    return [one for one in findings(guard) if one["actor_id"] == actor]


def readings(stack: LocalStack, actor: str) -> dict[int, int]:
    return {
        int(row["sk"]["S"].removeprefix("hour#")): int(row["facts"]["M"]["records"]["N"])
        for row in rows(stack, "operator", f"reading#{actor}")
    }


def heavy(stack: LocalStack, actor: str, hour: int, number: int = USERS.ceiling + 1) -> None:
    company = ids.new("co")
    said(stack, "api", hour + 5, actor_id=actor, company_id=company, n_contact=number - 1)
    said(stack, "api", hour + HOUR - 1, actor_id=actor, company_id=company, n_body=1)


def test_who_really_reads_through_the_api_is_counted_by_what_they_opened(
    stack: LocalStack, guard: Guard
) -> None:
    user = sign_up(stack)
    for number in range(30):
        user.contact(f"reader{number}@buyer.example")
    assert len(user.call("GET", "/v1/contacts").json["items"]) == 30
    began = present(stack)
    stack.advance(HOUR + 700)
    look(stack)
    noted = readings(stack, user.me["id"])
    assert sum(noted.values()) >= 30
    assert set(noted) <= {began - HOUR, began, began + HOUR}
    assert about(guard, user.me["id"]) == [], "thirty contacts are a morning's work"


def test_reading_far_too_much_is_found_proven_and_alarmed_within_the_next_run(
    stack: LocalStack, guard: Guard
) -> None:
    actor, hour = ids.new("usr"), present(stack) - HOUR
    stack.advance(700)
    heavy(stack, actor, hour)
    look(stack)
    (found,) = about(guard, actor)
    assert (found["unusual"], found["number"], found["usual"]) == ("volume", USERS.ceiling + 1, USERS.ceiling)
    assert (found["state"], found["outcome"]) == ("open", None)
    line = next(
        one
        for one in stack.logs("WatchAccess").splitlines()
        if "unusual_reading" in one and found["id"] in one
    )
    assert json.loads(line)["number"] == USERS.ceiling + 1
    proven = [one for one in rows(stack, "ledger") if found["id"] in json.dumps(one)]
    assert [one["pk"]["S"] for one in proven] == ["co_operator"]


def test_an_hour_is_looked_at_once_it_is_over_and_its_lines_have_come(
    stack: LocalStack, guard: Guard
) -> None:
    actor, hour = ids.new("usr"), present(stack)
    look(stack)
    heavy(stack, actor, hour)
    stack.advance(hour + HOUR + 570 - int(stack.now()))
    look(stack)
    assert readings(stack, actor) == {}
    stack.advance(60)
    look(stack)
    assert readings(stack, actor) == {hour: USERS.ceiling + 1}
    assert len(about(guard, actor)) == 1


def test_a_run_that_is_late_misses_nothing_and_one_that_is_repeated_counts_nothing_twice(
    stack: LocalStack, guard: Guard
) -> None:
    look(stack)
    actor, hour = ids.new("usr"), present(stack)
    for later in (0, 3, 50):
        heavy(stack, actor, hour + later * HOUR)
    stack.advance(52 * HOUR)
    look(stack)
    look(stack)  # an outage of more than two days takes a run more
    found = about(guard, actor)
    assert len([one for one in found if one["unusual"] == "volume"]) == 3
    stack.client("dynamodb").delete_item(
        TableName="okki-leads-operator", Key={"pk": {"S": "watch#reading"}, "sk": {"S": "watch"}}
    )
    look(stack)
    assert about(guard, actor) == found
    assert set(readings(stack, actor).values()) == {USERS.ceiling + 1}


def test_while_the_log_cannot_be_read_the_run_fails_loudly_and_the_hour_is_not_skipped(
    stack: LocalStack, guard: Guard
) -> None:
    look(stack)
    actor, hour = ids.new("usr"), present(stack)
    heavy(stack, actor, hour)
    stack.advance(HOUR + 700)
    stack.wire.inject(kind="fail", operation="FilterLogEvents", times=9)
    with pytest.raises(FunctionError):
        look(stack)
    stack.wire.reset()
    look(stack)
    assert len(about(guard, actor)) == 1


def test_a_run_that_dies_between_two_actors_finds_each_once(stack: LocalStack, guard: Guard) -> None:
    look(stack)
    actors, hour = [ids.new("usr") for _ in range(3)], present(stack)
    for actor in actors:
        heavy(stack, actor, hour)
    stack.advance(HOUR + 700)
    stack.wire.inject(kind="fail", operation="TransactWriteItems", skip=1, times=3)
    with pytest.raises(FunctionError):
        look(stack)
    stack.wire.reset()
    look(stack)
    assert [len(about(guard, actor)) for actor in actors] == [1, 1, 1]


def test_somebody_of_the_staff_in_many_companies_at_once_is_found_and_their_own_papers_do_not_count(
    stack: LocalStack, guard: Guard
) -> None:
    look(stack)
    busy, quiet, hour = ids.new("stf"), ids.new("stf"), present(stack)
    for _ in range((STAFF.companies or 0) + 1):
        said(stack, "staff", hour + 9, actor_id=busy, company_id=ids.new("co"), n_contact=1)
    for number in (40, 400):
        said(stack, "staff", hour + 9, actor_id=quiet, company_id=None, n_staff=number, n_staff_login=1)
    stack.advance(HOUR + 700)
    look(stack)
    (found,) = [one for one in about(guard, busy) if one["unusual"] == "breadth"]
    assert (found["number"], found["company_id"]) == ((STAFF.companies or 0) + 1, None)
    assert about(guard, quiet) == []


def test_lines_that_are_not_ours_say_nothing(stack: LocalStack, guard: Guard) -> None:
    look(stack)
    hour, actor = present(stack), ids.new("usr")
    said(stack, "api", hour + 1, actor_id="[withheld]", n_contact=9999)
    said(stack, "api", hour + 1, actor_id=actor, n_contact="9999")
    said(stack, "api", hour + 1, actor_id=actor, message="sent", n_contact=9999)
    said(stack, "api", hour + 1, n_contact=9999)
    stack.advance(HOUR + 700)
    look(stack)
    assert findings(guard) == []


def test_a_finding_is_answered_once_by_somebody_else_and_the_answer_is_proven(
    stack: LocalStack, guard: Guard, tmp_path: Any
) -> None:
    look(stack)
    actor, hour = ids.new("usr"), present(stack)
    heavy(stack, actor, hour)
    said(stack, "staff", hour + 9, actor_id=guard.user.staff_id, company_id=ids.new("co"), n_contact=999)
    stack.advance(HOUR + 700)
    look(stack)
    (found,) = about(guard, actor)
    close = f"/v1/staff/security/findings/{found['id']}/close"
    answer = {"outcome": "authorised", "ticket": "SEC-1042"}
    for bad in ({}, {**answer, "outcome": "fine"}, {**answer, "ticket": "asked Anna"}, {**answer, "more": 1}):
        assert guard.call("POST", close, bad).status == 422
    closed = guard.call("POST", close, answer)
    assert closed.status == 200, closed.body
    assert (closed.json["state"], closed.json["closed_by"]) == ("closed", guard.user.staff_id)
    assert guard.call("POST", close, {**answer, "outcome": "misuse"}).status == 409
    assert about(guard, actor)[0]["outcome"] == "authorised"
    own = next(one for one in about(guard, guard.user.staff_id) if one["unusual"] == "volume")
    refused = guard.call("POST", f"/v1/staff/security/findings/{own['id']}/close", answer)
    assert (refused.status, refused.json["code"]) == (403, "about_yourself")
    unknown = guard.call("POST", f"/v1/staff/security/findings/{ids.new('fnd')}/close", answer)
    assert unknown.status == 404
    auditor = member(stack, StaffPosition.AUDITOR)
    export = pages(auditor, "/v1/staff/evidence")
    assert tool(tmp_path, export)[0] == 0
    acts = [one for one in entries(export) if found["id"] in one["sk"]]
    assert [one["facts"].get("outcome") for one in acts] == [None, "authorised"]


@pytest.mark.parametrize("position", list(StaffPosition))
def test_only_the_security_staff_sees_and_answers_findings(
    stack: LocalStack, position: StaffPosition
) -> None:
    somebody = member(stack, position)
    allowed = Right.SECURITY in MAY[position]
    assert somebody.call("GET", "/v1/staff/security/findings").status == (200 if allowed else 403)
    close = f"/v1/staff/security/findings/{ids.new('fnd')}/close"
    answer = somebody.call("POST", close, {"outcome": "misuse", "ticket": "SEC-1"})
    assert answer.status == (404 if allowed else 403)


def test_no_user_sees_what_was_found_about_them(stack: LocalStack) -> None:
    user: User = sign_up(stack)
    assert user.call("GET", "/v1/staff/security/findings").status == 401


def test_what_was_opened_before_an_answer_failed_is_told_as_well(stack: LocalStack) -> None:
    """Else somebody could read by making every request fail at its end."""
    user = sign_up(stack)
    contact = user.contact("reader@buyer.example")["id"]

    def told() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in stack.logs("APIHandler").splitlines() if '"opened"' in line]
        return [line for line in lines if line.get("actor_id") == user.me["id"]]

    before = len(told())
    stack.wire.inject(kind="fail", operation="TransactWriteItems", contains="receipt#", times=20)
    assert user.consent(contact).status == 503
    stack.wire.reset()
    assert [one["n_contact"] for one in told()[before:]] == [1]

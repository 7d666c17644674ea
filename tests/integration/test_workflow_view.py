"""What staff see of workflows: what runs, where it waits, until when and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.kernel import clock
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.apart import running
from tests.integration.errand import project
from tests.integration.machines import execution, hop, row, to_the_end, until_stage
from tests.integration.staff import StaffUser, member

pytestmark = pytest.mark.clause("cancellation", "incidents")
DAY = 86_400
LIST = "/v1/staff/workflows"


@pytest.fixture(name="stack", scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = project(tmp_path_factory.mktemp("errands"))
    with running(folder) as stack:
        yield stack


@pytest.fixture(scope="module")
def officer(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.PRIVACY)


def waiting(stack: LocalStack, days: int, why: str) -> str:
    """An errand that waits."""
    made: str = stack.invoke("EndProduct", {"act": "begin", "why": ""})["id"]
    until_stage(stack, made, "carry", waiting=True)
    until = int(stack.now()) + days * DAY
    stack.invoke("EndProduct", {"act": "until", "id": made, "until": until, "why": why})
    return made


def listed(officer: StaffUser) -> list[dict[str, Any]]:
    answer = officer.call("GET", f"{LIST}?limit=100")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_it_says_where_each_waits_until_when_and_why(stack: LocalStack, officer: StaffUser) -> None:
    one = waiting(stack, 9, "cooling_off")
    kept = row(stack, one)
    (shown,) = [item for item in listed(officer) if item["id"] == one]
    assert shown == {
        "id": one,
        "machine": "discontinuation",
        "about_id": "end_errand",
        "stage": "carry",
        "doing": "carry",
        "waits": True,
        "until": clock.rfc3339(int(kept["until"])),
        "why": "cooling_off",
        "reason": "the time to think it over has not passed",
        "overdue": False,
        "taken_up_at": clock.rfc3339(int(kept["due_at"])),
        "run": 1,
        "started_at": clock.rfc3339(int(kept["started_at"])),
        "ended_at": None,
    }
    assert officer.call("GET", f"{LIST}/{one}").json == shown


def test_what_nobody_carries_stands_first_and_says_so(stack: LocalStack, officer: StaffUser) -> None:
    ahead, left = waiting(stack, 30, "hold"), waiting(stack, 2, "hold")
    found = execution(stack, left)
    assert found is not None
    stack.client("stepfunctions").stop_execution(executionArn=found["executionArn"])
    hop(stack, left, more=1000)
    officer.log_in()
    seen = {item["id"]: item for item in listed(officer)}
    assert list(seen).index(left) < list(seen).index(ahead)
    assert (seen[left]["overdue"], seen[left]["waits"]) == (True, False)
    assert (seen[ahead]["overdue"], seen[ahead]["waits"]) == (False, True)


def test_what_is_over_leaves_the_list_and_can_still_be_read(stack: LocalStack, officer: StaffUser) -> None:
    one = waiting(stack, 1, "hold")
    to_the_end(stack, one)
    officer.log_in()
    assert one not in [item["id"] for item in listed(officer)]
    shown = officer.call("GET", f"{LIST}/{one}").json
    assert (shown["stage"], shown["waits"], shown["overdue"]) == ("over", False, False)
    assert shown["ended_at"] is not None
    assert shown["taken_up_at"] is None


def test_pages_show_every_workflow_once(stack: LocalStack, officer: StaffUser) -> None:
    officer.log_in()
    made = [waiting(stack, days, "hold") for days in (40, 40, 41)]
    seen, cursor = [], ""
    while True:
        answer = officer.call("GET", f"{LIST}?limit=2{cursor}").json
        seen += [item["id"] for item in answer["items"]]
        assert len(answer["items"]) <= 2
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)


def test_a_page_costs_one_query_and_one_batch_of_rows(stack: LocalStack, officer: StaffUser) -> None:
    officer.log_in()
    waiting(stack, 50, "hold")
    stack.wire.clear()
    listed(officer)
    mine = [call for call in stack.wire.calls if call.function == "okki-leads-staff"]
    index = [call for call in mine if call.operation == "Query" and b'"workflows"' in call.request]
    rows = [call for call in mine if call.operation == "BatchGetItem" and b"workflow#" in call.request]
    assert (len(index), len(rows)) == (1, 1)


@pytest.mark.parametrize(
    "cursor", ["1", "x.wf_06gv7s2k81r0bo4m5p3t9d6e8g", "1.co_06gv7s2k81r0bo4m5p3t9d6e8g"]
)
def test_a_cursor_of_somebodys_making_is_refused(officer: StaffUser, cursor: str) -> None:
    officer.log_in()
    answer = officer.call("GET", f"{LIST}?cursor={cursor}")
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "cursor")


def test_an_unknown_workflow_is_not_there(officer: StaffUser) -> None:
    officer.log_in()
    assert officer.call("GET", f"{LIST}/wf_06gv7s2k81r0bo4m5p3t9d6e8g").status == 404
    assert officer.call("GET", f"{LIST}/nonsense").status == 404

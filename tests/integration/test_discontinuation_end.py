"""When the service has ended nobody's data is left, each company has its certificate, and all of it is proven."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import machines
from tests.integration.apart import running
from tests.integration.client import (
    PASSWORD,
    User,
    fresh_address,
    fresh_network,
    request,
    sign_up,
)
from tests.integration.ender import (
    DAY,
    ENDINGS,
    Board,
    announcements,
    board,
    call,
    evidence,
    seconds,
)
from tests.integration.loader import GROUND, LOADS, office
from tests.integration.people import join
from tests.integration.staff import member
from tests.integration.test_holds import place
from tests.integration.test_permissions import set_facts

pytestmark = pytest.mark.clause("discontinuation")

BASE = [
    {"business_name": f"Nordlicht {number} GmbH", "country": country, "industry": industry, "email": email}
    for number, (country, industry, email) in enumerate(
        [
            ("Germany", "machinery", "lena.vogel@nordlicht.example"),
            ("France", "textiles", "jean.petit@lumiere.example"),
            ("", "", "somebody@nowhere.example"),
        ]
    )
]


class Ended(NamedTuple):
    """A stack whose service has ended, and who was there."""

    stack: LocalStack
    staff: Board
    ending: dict[str, Any]
    users: list[User]
    held: User
    shut: User
    """Their company had not paid for long: its data was stored, and nothing else (4.1.1)."""
    stocked: int
    """Rows of the base before."""
    looks: list[int]
    """Until when it was waited before the companies were looked at once more."""


def rows(stack: LocalStack, table: str) -> list[dict[str, Any]]:
    """All that a table holds."""
    pages = stack.client("dynamodb").get_paginator("scan")
    return [
        row
        for page in pages.paginate(TableName=f"okki-leads-{table}", ConsistentRead=True)
        for row in page["Items"]
    ]


def driven(stack: LocalStack, workflow: str, limit: float = 500) -> list[int]:
    """Carry the end, and all cancellations under it, over every wait and every death; what it waited for while
    companies were erased.
    """
    looks: list[int] = []

    def others(one: dict[str, Any]) -> None:
        if one["stage"] in {"erase", "certify"}:
            looks.extend([] if one["until"] is None else [int(one["until"])])
            for other in machines.workflows(stack, "cancellation"):
                if machines.row(stack, other)["stage"] not in {"over", "hold"}:
                    machines.hop(stack, other)
            machines.sweep(stack)  # whoever of them died
        if one["stage"] == "count":
            machines.sweep(stack)  # a round of the notices
        time.sleep(0.5)

    machines.to_the_end(stack, workflow, seconds=limit, act=others)
    return looks


@pytest.fixture(scope="module", name="ended")
def the_end() -> Iterator[Ended]:
    with running() as stack:
        staff = board(stack)
        # Five people in four companies: one reads Chinese, one company is shut, one is kept for a court.
        anna = sign_up(stack, company="Anna Ltd")
        ben = join(anna)
        mei = sign_up(stack, locale="zh", company="Mei Ltd")
        shut = sign_up(stack, company="Shut Ltd")
        set_facts(shut, "access", state={"S": "restricted"})
        held = sign_up(stack, company="Held Ltd")
        anna.contact(fresh_address("bob", "buyer.example"))
        place(staff.two, held)
        office(stack).load(BASE)
        stocked = len(rows(stack, "prospects"))
        assert stocked > len(BASE) * 4
        unstarted = call(staff.one, "POST", LOADS, GROUND).json["id"]
        ending = staff.announced(32)
        counted = staff.counted(ending["id"])
        workflow = ending["workflow_id"]
        stack.advance(seconds(counted["ends_at"]) - int(stack.now()) - 2 * DAY)
        looks = driven(stack, workflow)
        found = staff.read(ending["id"])
        load = call(staff.one, "GET", f"{LOADS}/{unstarted}").json
        assert load["state"] == "cancelled"
        yield Ended(stack, staff, found, [anna, ben, mei, shut, held], held, shut, stocked, looks)


def test_nothing_ended_before_the_days_were_full(ended: Ended) -> None:
    one = ended.ending
    assert one["state"] == "over"
    assert seconds(one["closed_at"]) >= seconds(one["ends_at"])
    assert seconds(one["ends_at"]) - seconds(one["last_accepted_at"]) >= 30 * DAY
    assert one["people"] == 5
    assert one["accepted"] == 5


def test_nobody_looks_by_the_hour_whether_a_final_export_of_a_week_is_over(ended: Ended) -> None:
    """Each look is history of an execution, which has an end; and no company is erased before that week is."""
    first, *later = ended.looks
    assert first > seconds(ended.ending["closed_at"]) + 7 * DAY
    assert all(after - before >= DAY for before, after in zip(ended.looks, later, strict=False))


def test_every_company_had_a_certificate_and_only_what_a_court_wants_is_left(ended: Ended) -> None:
    one = ended.ending
    assert (one["companies"], one["certified"], one["held"], one["unfinished"]) == (4, 3, 1, 0)
    for user in (ended.users[0], ended.users[2]):
        mails = [mail["subject"] for mail in ended.stack.mails(user.email)]
        assert len(mails) >= 3, mails
    left = Counter(
        (table, row["kind"]["S"])
        for table in ("accounts", "workspace", "prospects", "samples")
        for row in rows(ended.stack, table)
        if any(
            user.company["id"] in row["pk"]["S"] + row["sk"]["S"]
            for user in (ended.users[0], ended.users[2], ended.shut)
        )
    )
    assert {kind for _, kind in left} <= {"cancellation", "ending_company"}, left
    keys = {row["pk"]["S"] for row in rows(ended.stack, "company-keys")}
    assert ended.held.company["id"] in keys, "what is held can be read by the court"
    assert not keys & {user.company["id"] for user in (ended.users[0], ended.users[2], ended.shut)}


def test_the_operators_own_base_is_empty(ended: Ended) -> None:
    assert ended.ending["emptied"] >= ended.stocked
    mine = {"stocked", "added", "posting", "share", "holder"}
    assert not [row for row in rows(ended.stack, "prospects") if row["kind"]["S"] in mine]


def test_nobody_gets_in_any_more_and_everybody_can_read_why(ended: Ended) -> None:
    stack = ended.stack
    for user in ended.users:
        form = {"email": user.email, "password": PASSWORD}
        answer = request(f"{stack.api}/v1/login", "POST", form, {"X-Local-Client": fresh_network()})
        assert answer.status in {401, 403}, answer.body
        assert user.call("GET", "/v1/contacts").status in {401, 403}
    late = {
        "name": "Late Lee",
        "company": "Late Ltd",
        "email": fresh_address("late"),
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": "2025-01-16",
    }
    answer = request(f"{stack.api}/v1/signup", "POST", late, {"X-Local-Client": fresh_network()})
    assert (answer.status, answer.json["code"]) == (403, "service_ends")
    (shown,) = announcements(stack)
    assert shown["kind"] == "discontinuation"
    other = member(stack, StaffPosition.PRIVACY)
    answer = other.call("POST", LOADS, GROUND)
    assert (answer.status, answer.json["code"]) == (403, "service_ended")


def test_the_news_came_in_the_readers_language(ended: Ended) -> None:
    (mail,) = [one for one in ended.stack.mails(ended.users[2].email) if "终止" in one["subject"]]
    assert "4.1.3" in mail["text"]


def test_the_chain_tells_the_whole_story_and_the_end_cannot_be_taken_back(ended: Ended) -> None:
    acts = [one["act"] for one in evidence(ended.stack, f"ending#{ended.ending['id']}#")]
    order = ["proposed", "confirmed", "announced", "counted", "closed", "emptied", "finished"]
    assert [act for act in acts if act != "moved"] == order
    last = evidence(ended.stack, f"ending#{ended.ending['id']}#")[-1]
    assert (last["companies"], last["certified"], last["held"]) == ("4", "3", "1")
    answer = ended.staff.take_back(ended.ending["id"])
    assert (answer.status, answer.json["code"]) == (409, "too_late")
    assert call(ended.staff.one, "GET", ENDINGS).json["items"][0]["state"] == "over"


def test_each_company_finds_the_end_in_its_own_chain(ended: Ended) -> None:
    for user in (ended.users[0], ended.users[2], ended.shut, ended.held):
        steps = evidence(ended.stack, "cancellation#", user.company["id"])
        assert steps, "a cancellation of its own"
        assert {one["why"] for one in steps} == {"discontinued"}

"""Notices to many, as people and staff see them: what is owed comes whatever was switched off, and can be stopped."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.records.mass import Audience
from infra.local import LocalStack
from tests.integration import masses
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, fresh_address, sign_up
from tests.integration.crowd import people
from tests.integration.letters import drained, rows
from tests.integration.masses import as_listed, emails
from tests.integration.staff import StaffUser, member

pytestmark = pytest.mark.clause("notification", "incidents")

stack = own_stack()
DAY = 86_400
MASS = "/v1/staff/mass"


@pytest.fixture(scope="module")
def officer(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.PRIVACY)


def switch(user: User, kind: str, **channels: bool) -> None:
    answer = user.call("PUT", "/v1/me/notifications", {"choices": {kind: channels}})
    assert answer.status == 200, answer.body


def test_what_is_owed_comes_whatever_was_switched_off_and_the_rest_as_chosen(stack: LocalStack) -> None:
    eager, quiet = sign_up(stack), sign_up(stack)
    switch(eager, "tips", mail=True)
    for kind in ("incident", "tips"):
        switch(quiet, kind, push=False)
    both = [as_listed(eager), as_listed(quiet)]
    owed = masses.begin(stack, *both, kind=Kind.INCIDENT)
    chosen = masses.begin(stack, *both, kind=Kind.TIPS)
    owed.settle()
    stack.reset_clock()
    chosen.settle()
    stack.reset_clock()
    assert owed.told() == emails(both)
    assert chosen.told() == {eager.email: 1}
    assert set(chosen.people()) == {eager.me["id"]}
    stops = [mail for mail in stack.mails(eager.email) if chosen.mark in mail["subject"]]
    assert "/v1/notifications/stop/" in stops[0]["text"]


def test_the_inbox_shows_it_in_ones_own_language_and_remembers_that_it_was_read(stack: LocalStack) -> None:
    anna = sign_up(stack)
    before = anna.call("GET", "/v1/me/inbox").json
    notice = masses.begin(stack, as_listed(anna))
    notice.reaches("settling")
    found = anna.call("GET", "/v1/me/inbox").json
    assert found["unread"] == before["unread"] + 1
    (item,) = [one for one in found["items"] if notice.mark in (one["subject"] or "")]
    assert (item["kind"], item["read_at"]) == ("incident", None)
    assert "What there is to say." in item["text"]
    assert anna.call("POST", f"/v1/me/inbox/{item['id']}/read").status == 204
    again = anna.call("GET", "/v1/me/inbox").json
    assert again["unread"] == before["unread"]
    assert [one["read_at"] is not None for one in again["items"] if one["id"] == item["id"]] == [True]
    data = anna.call("GET", "/v1/me/data").json
    (kind,) = [one for one in data["kinds"] if one["kind"] == "mass_told"]
    told = {field["field"]: field["value"] for field in kind["records"][0]["fields"]}
    assert (told["about"], told["outcome"]) == ("incident", "accepted")
    notice.settle()
    assert notice.told() == {anna.email: 1}


def test_each_company_hears_its_own_numbers_through_its_main_administrator(stack: LocalStack) -> None:
    them = people(stack, 2, 2, "admins")
    notice = masses.begin(stack, audience=Audience.MAIN_ADMINS, start=False)
    for number, one in enumerate((them[0], them[2])):
        notice.add(one, values={"changes": f"{number + 7} people of yours are concerned."})
    notice.start()
    notice.settle()
    assert notice.told() == emails([them[0], them[2]])
    for number, one in enumerate((them[0], them[2])):
        (mail,) = [mail for mail in stack.mails(one["email"]) if notice.mark in mail["subject"]]
        assert f"{number + 7} people of yours are concerned." in mail["text"]


@pytest.mark.clause("personnel")
def test_staff_stop_a_notice_in_its_midst_and_go_on_without_telling_anybody_twice(
    stack: LocalStack, officer: StaffUser
) -> None:
    them = people(stack, 10, 6, "pace")
    notice = masses.begin(stack, *them, pace=4)
    here = f"{MASS}/{notice.id}"
    eventually(lambda: len(notice.told()) >= 6)
    paused = officer.call("POST", f"{here}/pause")
    assert (paused.status, paused.json["state"]) == (200, "paused")
    eventually(lambda: not notice.row().get("step_id"))
    some = notice.told()
    assert 6 <= len(some) < 40
    assert notice.poke() == []
    masses.sweep(stack)
    drained(stack, "mass")
    assert notice.told() == some

    assert officer.call("PUT", f"{here}/pace", {"per_second": 150}).json["per_second"] == 150
    assert officer.call("POST", f"{here}/resume").json["state"] == "running"
    notice.settle()
    assert notice.told() == emails(them)
    seen = officer.call("GET", here).json
    wanted = {"state": "done", "people": 60, "accepted": 60, "refused": 0, "unreachable": 0}
    assert {name: seen[name] for name in wanted} == wanted
    assert seen["cost_microdollars"] == 60 * 105
    assert seen["last_accepted_at"] is not None
    assert officer.call("GET", MASS).json["items"][0]["id"] == notice.id
    assert officer.call("POST", f"{here}/pause").json["code"] == "done"
    assert officer.call("POST", f"{here}/resume").status == 409
    acts = acts_of(stack, notice)
    assert {("paused", officer.staff_id), ("resumed", officer.staff_id)} <= set(acts)
    assert {step for step, _ in acts} >= {"begun", "paced", "paused", "resumed", "done"}


def acts_of(stack: LocalStack, notice: masses.Notice) -> list[tuple[str, Any]]:
    """What is on record of a notice: its id is part of the key."""
    return [
        (row["facts"]["M"]["step"]["S"], row["facts"]["M"].get("staff_id", {}).get("S"))
        for row in rows(stack, "ledger")
        if row["kind"]["S"] == "mass_act" and row["sk"]["S"].startswith(f"mass#{notice.id}#")
    ]


def test_a_notice_nobody_began_is_not_found_and_nobody_else_may_look(
    stack: LocalStack, officer: StaffUser
) -> None:
    unknown = "mass_06gv7s2k81r0bo4m5p3t9d6e8g"
    for method, path in (("GET", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/recount")):
        assert officer.call(method, f"{MASS}/{unknown}{path}").status == 404
    support = member(stack, StaffPosition.SUPPORT)
    assert support.call("GET", MASS).status == 403
    assert officer.call("PUT", f"{MASS}/{unknown}/pace", {"per_second": 0}).status == 422


@pytest.mark.clause("discontinuation")
def test_who_joins_while_rounds_last_is_told_within_a_day_and_nobody_else_again(stack: LocalStack) -> None:
    first = sign_up(stack)
    until = int(stack.now()) + 2 * DAY
    notice = masses.begin(stack, kind=Kind.DISCONTINUATION, audience=Audience.EVERYBODY, rounds_until=until)
    notice.settle("waiting")
    before = notice.told()
    assert before[first.email] == 1
    late = sign_up(stack, fresh_address("late"))
    masses.sweep(stack)
    drained(stack, "mass")
    assert notice.told() == before
    stack.advance(DAY)
    masses.sweep(stack)
    notice.settle("waiting")
    assert notice.told() == before + Counter([late.email])
    stack.advance(DAY)
    masses.sweep(stack)
    notice.settle()
    assert notice.told() == before + Counter([late.email])

"""Nobody is told of an incident against an authority's order or before it, nobody is forgotten because of one, and
an incident is not closed over people who have not heard yet (4.3.4).
"""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import User, eventually, sign_up
from tests.integration.incident_people import (
    CONTENTS,
    OTHERS,
    WORDS,
    Desk,
    announced,
    carry,
    come_back,
    counted,
    counted_again,
    form,
    harmless,
    moment,
    open_incident,
    scoped,
    stage,
    steps,
    subjects,
    told,
)
from tests.integration.letters import drained, rows
from tests.integration.people import join

pytestmark = pytest.mark.clause("incidents")

stack = own_stack()

ORDER = {"reasons": WORDS, "telling_forbidden": True, "forbidden_under": "ORDER-2026-7"}
LIFTED = {"reasons": WORDS, "telling_forbidden": False}


@pytest.fixture
def company(stack: LocalStack) -> tuple[User, User]:
    anna = sign_up(stack)
    return anna, join(anna)


def about(desk: Desk, user: User, *categories: str) -> dict[str, Any]:
    """An incident of which nobody but a user's company is known yet, with words for it."""
    found = scoped(desk, company_ids=[user.company["id"]], categories=list(categories or ("logon",)))
    desk.act(found["id"], "facts", harmless())
    desk.word(found["id"])
    return found


def look_at(desk: Desk, made: dict[str, Any], user: User, *categories: str) -> None:
    window = {name: form(desk.stack)[name] for name in ("from_at", "until_at")}
    place = {"company_ids": [user.company["id"]], "categories": list(categories or ("logon",))}
    desk.act(made["id"], "scope", {**window, **place})


def waits(desk: Desk, made: dict[str, Any], why: str) -> None:
    """The workflow waits for this, however often somebody wakes it."""
    for _ in range(2):
        eventually(lambda: desk.get(made["id"])["why"] == why)
        desk.act(made["id"], "follow-ups", {"words": WORDS})


def held_up(stack: LocalStack, *, on: bool) -> None:
    """Whether whoever sends notices gets nowhere."""
    if on:
        stack.wire.inject(
            kind="lose_request", service="dynamodb", function="okki-leads-tell-people", times=10**6
        )
    else:
        stack.wire.reset()


def masses(stack: LocalStack, made: dict[str, Any]) -> dict[str, str]:
    """State of each notice of an incident, by whom it is for."""
    found = [one["facts"]["M"] for one in rows(stack, "accounts") if one["kind"]["S"] == "mass"]
    return {one["audience"]["S"]: one["state"]["S"] for one in found if one["about"]["S"] == made["id"]}


def done_at(desk: Desk, made: dict[str, Any], toward: str) -> str | None:
    owed = [one for one in desk.get(made["id"])["obligations"] if one["toward"] == toward]
    return next((one["done_at"] for one in owed), None)


def test_an_incident_is_not_closed_before_whoever_was_not_reached_is_counted_and_it_is_said_in_public(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    made = about(desk, company[0])
    incident = made["id"]
    desk.act(incident, "facts", {"reasons": WORDS, "people": {"controller/user/SG": 2}})
    desk.colleague.act(incident, "assessment", {"reasons": WORDS})
    desk.act(incident, "containment", {"contained_at": moment(stack.now()), "words": WORDS})
    ending = {"words": WORDS}

    def left() -> list[str]:
        answer = desk.call("POST", f"/v1/staff/incidents/{incident}/closing", ending)
        assert (answer.status, answer.json["code"]) == (409, "still_owed"), answer.body
        owed: list[str] = answer.json["owed"]
        return owed

    desk.act(incident, "tell", {"whom": ["people"]})
    assert left() == ["telling"]
    eventually(lambda: subjects(stack, company[1]))
    come_back(stack, company[1])
    assert left() == ["telling"], "everybody was written to, and nobody knows yet who was reached"
    assert told(desk, made)["unreachable"] == 1
    eventually(lambda: announced(stack, desk, made))
    assert left() == ["telling"], "mail servers give up late: it is counted once more"
    counted_again(desk, made)
    desk.word(incident, OTHERS)
    desk.act(incident, "tell", {"whom": ["people"]})
    assert left() == ["telling"], "whoever was promised other words hears them"
    told(desk, made)
    counted_again(desk, made)
    carry(stack, made["workflow_id"])
    eventually(lambda: desk.call("POST", f"/v1/staff/incidents/{incident}/closing", ending).status == 200)
    assert eventually(lambda: stage(stack, made["workflow_id"]) == "over")


def test_an_order_stops_a_notice_that_is_leaving_and_clients_hear_all_the_same(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, ben = company
    anna.contact(f"rita@{anna.company['id'][3:]}.example")
    made = about(desk, anna, "logon", "stored")
    held_up(stack, on=True)
    desk.act(made["id"], "tell", {"whom": ["clients", "people"]})
    eventually(lambda: stage(stack, made["workflow_id"]) == "reach")
    desk.act(made["id"], "facts", ORDER)
    assert masses(stack, made)["listed"] == "paused", "before the answer is there"
    assert desk.refused(made["id"], "tell", {"whom": ["people"]}) == (403, "telling_forbidden")
    held_up(stack, on=False)

    def clients_told() -> bool:
        if done_at(desk, made, "clients") is not None:
            return True
        drained(stack, "mass")
        carry(stack, made["workflow_id"])
        return False

    eventually(clients_told, 90)
    assert [len(subjects(stack, one)) for one in (anna, ben)] == [1, 0]
    assert desk.get(made["id"])["telling"]["counted"] is False
    desk.act(made["id"], "facts", LIFTED)
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"]) == (2, 0)
    assert [len(subjects(stack, one)) for one in (anna, ben)] == [2, 1]


def test_while_an_order_holds_nobody_found_later_is_told_and_nothing_is_said_in_public(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    late = sign_up(stack)
    made = about(desk, company[0])
    desk.act(made["id"], "tell", {"whom": ["people"]})
    eventually(lambda: subjects(stack, company[1]) and subjects(stack, company[0]))
    come_back(stack, company[1])
    eventually(lambda: written(desk, made))
    desk.act(made["id"], "facts", ORDER)
    look_at(desk, made, late)
    counted(desk, made)
    eventually(lambda: settled(desk, made), 90)
    waits(desk, made, "telling_forbidden")
    found = desk.get(made["id"])["telling"]
    assert (found["unreachable"], found["announcement_id"], found["counted"]) == (1, None, False)
    assert subjects(stack, late) == []
    assert done_at(desk, made, "people") is None
    desk.act(made["id"], "facts", LIFTED)
    told(desk, made)
    assert eventually(lambda: announced(stack, desk, made), 60)
    assert [len(subjects(stack, one)) for one in (*company, late)] == [1, 1, 1]


def written(desk: Desk, made: dict[str, Any]) -> list[str]:
    carry(desk.stack, made["workflow_id"])
    return [one["at"] for one in steps(desk, made["id"]) if one["act"] == "people_told"]


def settled(desk: Desk, made: dict[str, Any]) -> bool:
    """Who was not reached is counted."""
    if desk.get(made["id"])["telling"]["unreachable"]:
        return True
    desk.stack.advance(700)
    carry(desk.stack, made["workflow_id"])
    return False


def test_what_turns_out_to_be_for_the_commission_is_told_the_commission_before_further_people(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    late = sign_up(stack)
    made = about(desk, company[0])
    desk.act(made["id"], "tell", {"whom": ["people"]})
    told(desk, made)
    counted_again(desk, made)
    desk.act(made["id"], "facts", {"reasons": WORDS, "significant_harm": True, "risk": "high"})
    look_at(desk, made, late)
    counted(desk, made)
    waits(desk, made, "authority_first")
    assert subjects(stack, late) == []
    first = {"obligation": "pdpa_authority", "kind": "first", "told_at": moment(stack.now())}
    desk.act(made["id"], "reports", {**first, "reference": "DPN-2026-0009"})
    told(desk, made)
    assert [len(subjects(stack, one)) for one in (*company, late)] == [1, 1, 1]


def test_the_clock_of_people_does_not_stop_while_somebody_found_later_is_untold(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    late = sign_up(stack)
    made = about(desk, company[0])
    desk.act(made["id"], "facts", {"reasons": WORDS, "risk": "high", "people": {"controller/user/DE": 2}})
    held_up(stack, on=True)
    desk.act(made["id"], "tell", {"whom": ["people"]})
    eventually(lambda: stage(stack, made["workflow_id"]) == "reach")
    look_at(desk, made, late)
    counted(desk, made)
    held_up(stack, on=False)
    told(desk, made)
    assert len(subjects(stack, late)) == 1
    heard = [one["at"] for one in steps(desk, made["id"]) if one["act"] == "people_told"]
    assert len(heard) == 2
    stopped = done_at(desk, made, "people")
    assert stopped is not None and stopped >= heard[0], "it stopped with the last mail, not with the first"


def test_each_audience_hears_its_own_words_whenever_it_is_found(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, late = company[0], sign_up(stack)
    for one in (anna, late):
        one.contact(f"rita@{one.company['id'][3:]}.example")
    made = about(desk, anna, "logon", "stored")
    desk.act(made["id"], "tell", {"whom": ["clients"]})
    told(desk, made)
    desk.word(made["id"], OTHERS)
    desk.act(made["id"], "tell", {"whom": ["people"]})
    told(desk, made)
    look_at(desk, made, late, "logon", "stored")
    counted(desk, made)
    told(desk, made)
    mails = [one for one in stack.mails(late.email) if "security incident" in one["subject"]]
    texts = {"keep for your company" in one["subject"]: one["text"] for one in mails}
    assert "found and destroyed" not in texts[True]
    assert "found and destroyed" in texts[False]


def test_staff_are_reminded_of_the_first_hours_while_the_search_goes_on(
    stack: LocalStack, desk: Desk
) -> None:
    stack.wire.inject(kind="fail", service="logs", function="okki-leads-run-incident", times=10**6)
    made = open_incident(desk, actor_id="usr_06h0f7a8n9usdf3jpppe2j2ilg")
    seen = eventually(lambda: [one for one in steps(desk, made["id"]) if one["act"] == "reminded"])
    assert "cac_report" in seen[0]["said"]
    assert stage(stack, made["workflow_id"]) == "scope"
    stack.wire.reset()


def test_whoever_found_the_words_does_not_send_them(stack: LocalStack, desk: Desk) -> None:
    made = about(desk, sign_up(stack))
    desk.act(made["id"], "contents", CONTENTS, "PUT")
    assert desk.refused(made["id"], "tell", {"whom": ["people"]}) == (403, "second_person")
    desk.colleague.act(made["id"], "tell", {"whom": ["people"]})
    told(desk, made)


def test_whom_an_incident_is_about_neither_handles_it_nor_reads_of_it(stack: LocalStack, desk: Desk) -> None:
    user = sign_up(stack)
    thief = Desk(stack)
    made = scoped(desk, actor_id=thief.user.staff_id)
    incident = made["id"]
    desk.act(incident, "facts", harmless())
    look_at(desk, made, user)  # for something else: it stays about the same person
    counted(desk, made)
    window = {name: form(stack)[name] for name in ("from_at", "until_at")}
    acts: list[tuple[str, Any, str]] = [
        ("facts", {"reasons": WORDS, "risk": "unlikely"}, "POST"),
        ("assessment", {"reasons": WORDS}, "POST"),
        ("downgrade", {"reasons": WORDS, "risk": "unlikely"}, "POST"),
        ("scope", {**window, "everywhere": True, "categories": ["logon"]}, "POST"),
        ("contents", CONTENTS, "PUT"),
        ("tell", {"whom": ["people"]}, "POST"),
        ("containment", {"contained_at": moment(stack.now()), "words": WORDS}, "POST"),
        ("follow-ups", {"words": WORDS}, "POST"),
        ("closing", {"words": WORDS}, "POST"),
        (
            "reports",
            {"obligation": "pdpa_authority", "kind": "first", "told_at": moment(stack.now())},
            "POST",
        ),
    ]
    for act, body, method in acts:
        assert thief.refused(incident, act, body, method) == (403, "about_yourself"), act
    own = f"/v1/staff/incidents/{incident}"
    paths = (own, f"{own}/companies", f"{own}/steps", f"{own}/form?obligation=pdpa_authority")
    for path in (*paths, f"/v1/staff/incident-register/{incident}"):
        answer = thief.call("GET", path)
        assert (answer.status, answer.json["code"]) == (403, "about_yourself"), path
    for path in ("/v1/staff/incidents", "/v1/staff/incident-register"):
        assert incident not in str(thief.call("GET", f"{path}?limit=100").body)
        assert incident in str(desk.call("GET", f"{path}?limit=100").body)

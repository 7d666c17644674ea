"""The service ends for nobody before 30 full days have passed since the last of them was told (4.1.3)."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import machines
from tests.integration.apart import own_stack
from tests.integration.client import (
    PASSWORD,
    POLICY,
    User,
    eventually,
    fresh_address,
    fresh_network,
    request,
    sign_up,
)
from tests.integration.ender import (
    DAY,
    ENDINGS,
    WORDS,
    Board,
    announcements,
    board,
    call,
    day,
    evidence,
    seconds,
)
from tests.integration.people import accept, invited, join
from tests.integration.staff import member

pytestmark = pytest.mark.clause("discontinuation")

stack = own_stack()


@pytest.fixture(scope="module", name="staff")
def the_board(stack: LocalStack) -> Board:
    return board(stack)


@pytest.fixture(scope="module", name="lena")
def a_user(stack: LocalStack) -> User:
    return sign_up(stack, fresh_address("lena"))


def told(stack: LocalStack, email: str, words: str) -> list[dict[str, Any]]:
    """Mails of a mailbox whose subject says so."""
    return [mail for mail in stack.mails(email) if words in mail["subject"]]


@pytest.mark.parametrize(
    ("days", "code"), [(0, "too_soon"), (1, "too_soon"), (29, "too_soon"), (30, "too_soon"), (302, "too_far")]
)
def test_an_end_without_thirty_full_days_is_refused_and_changes_nothing(
    stack: LocalStack, staff: Board, days: int, code: str
) -> None:
    # The thirtieth day from today began this midnight: by now less than 30 full days are left of it.
    form = {"ends_on": day(stack, days), "words": WORDS}
    answer = call(staff.one, "POST", ENDINGS, form)
    assert answer.status == 422
    assert answer.json["errors"] == [{"field": "ends_on", "code": code}]
    assert answer.json["clause"] == "discontinuation"
    assert announcements(stack) == []


@pytest.mark.parametrize(
    "form",
    [
        {"ends_on": "2099-02-30", "words": WORDS},
        {"ends_on": "2099-01-01"},
        {"ends_on": "2099-01-01", "words": {"en": WORDS["en"]}},
        {"ends_on": "2099-01-01", "words": {"en": WORDS["en"], "zh": " "}},
        {"ends_on": "2099-01-01", "words": WORDS, "at_once": True},
    ],
)
def test_half_a_proposal_is_none(staff: Board, form: dict[str, Any]) -> None:
    assert call(staff.one, "POST", ENDINGS, form).status == 422


def test_nobody_ends_the_service_alone(stack: LocalStack, staff: Board) -> None:
    made = staff.propose()
    answer = call(staff.one, "POST", f"{ENDINGS}/{made['id']}/confirm")
    assert (answer.status, answer.json["code"]) == (403, "own_proposal")
    assert staff.read(made["id"])["state"] == "proposed"
    assert announcements(stack) == [], "nobody is told of what nobody has confirmed"
    assert staff.take_back(made["id"]).json["state"] == "taken_back"
    answer = call(staff.two, "POST", f"{ENDINGS}/{made['id']}/confirm")
    assert (answer.status, answer.json["code"]) == (409, "not_proposed")


@pytest.mark.parametrize("position", [StaffPosition.SUPPORT, StaffPosition.ADMIN, StaffPosition.SECURITY])
def test_who_is_not_in_charge_of_it_may_not_even_look(stack: LocalStack, position: StaffPosition) -> None:
    other = member(stack, position)
    assert other.call("GET", ENDINGS).status == 403
    assert other.call("POST", ENDINGS, {"ends_on": "2099-01-01", "words": WORDS}).status == 403


def test_everybody_is_told_by_mail_in_the_product_and_in_public_and_only_then_are_days_counted(
    stack: LocalStack, staff: Board, lena: User
) -> None:
    ben = join(lena)
    # Whoever switched everything off is told all the same.
    off = {"choices": {"discontinuation": {"push": False}, "tips": {"mail": False, "in_app": False}}}
    assert ben.call("PUT", "/v1/me/notifications", off).status == 200
    assert ben.call("DELETE", "/v1/consents?purpose=marketing").status == 200
    made = staff.announced()
    found = staff.counted(made["id"])
    assert found["state"] == "announced"
    assert found["people"] == found["accepted"] >= 2
    assert found["unreachable"] == found["refused"] == 0
    assert seconds(found["last_accepted_at"]) <= seconds(found["all_told_at"])
    assert found["ends_at"] == found["wanted_at"], "45 days are more than enough"
    assert seconds(found["ends_at"]) - seconds(found["last_accepted_at"]) >= 30 * DAY
    for user in (lena, ben):
        (mail,) = told(stack, user.email, "ends on")
        assert WORDS["en"] in mail["text"]
        assert "4.1.3" in mail["text"]
        inbox = user.call("GET", "/v1/me/inbox").json["items"]
        assert [one["kind"] for one in inbox].count("discontinuation") == 1
    (shown,) = announcements(stack)
    assert shown["kind"] == "discontinuation"
    assert WORDS["en"] in shown["text"]
    (chinese,) = announcements(stack, "zh-CN")
    assert WORDS["zh"] in chinese["text"]
    assert chinese["id"] == shown["id"] == found["announcement_id"]
    acts = [one["act"] for one in evidence(stack, f"ending#{made['id']}#")]
    assert acts == ["proposed", "confirmed", "announced", "counted"]
    (said,) = evidence(stack, f"public#{shown['id']}#")
    assert said["act"] == "published"
    assert said["text_en"] == shown["text"]
    # Until then everything works.
    assert lena.call("GET", "/v1/contacts").status == 200
    # And what is under way is not begun a second time.
    other = staff.propose()
    answer = call(staff.two, "POST", f"{ENDINGS}/{other['id']}/confirm")
    assert (answer.status, answer.json["code"]) == (409, "another_end")
    assert call(staff.two, "POST", f"{ENDINGS}/{made['id']}/confirm").json["state"] == "announced"
    newest = call(staff.one, "GET", f"{ENDINGS}?limit=1").json
    assert [one["id"] for one in newest["items"]] == [other["id"]]
    rest = call(staff.one, "GET", f"{ENDINGS}?limit=1&cursor={newest['next_cursor']}").json
    assert [one["id"] for one in rest["items"]] == [made["id"]]
    # Taken back, everybody hears that it goes on, and it does.
    assert staff.take_back(made["id"]).json["state"] == "taken_back"
    for user in (lena, ben):
        assert eventually(lambda user=user: told(stack, user.email, "goes on"))  # type: ignore[misc]  # bound now, not later
    (goes_on,) = announcements(stack)
    assert "taken back" in goes_on["text"]
    (link,) = re.findall(r"http\S+/announcements\S*", told(stack, lena.email, "goes on")[0]["text"])
    assert goes_on["text"].split("\n")[0] in unescape(request(link).body.decode()), "a page, for people"
    workflow = machines.row(stack, found["workflow_id"])
    assert (workflow["stage"], workflow["why"]) == ("over", "taken_back")
    stack.advance(50 * DAY)

    def carried() -> bool:
        run = machines.execution(stack, found["workflow_id"])
        assert run is not None
        return bool(run["status"] == "SUCCEEDED")

    eventually(carried)
    assert staff.read(made["id"])["state"] == "taken_back"
    assert staff.read(made["id"])["companies"] == 0, "no company was touched"
    assert sign_up(stack).call("GET", "/v1/contacts").status == 200, "the doors are open"


def test_a_late_confirmation_moves_the_end_and_never_takes_days_away(stack: LocalStack, staff: Board) -> None:
    made = staff.propose(31)
    stack.advance(10 * DAY)
    answer = call(staff.two, "POST", f"{ENDINGS}/{made['id']}/confirm")
    assert answer.status == 200, answer.body
    found = staff.counted(made["id"])
    assert seconds(found["ends_at"]) > seconds(made["ends_at"])
    assert seconds(found["ends_at"]) >= seconds(found["last_accepted_at"]) + 30 * DAY
    assert seconds(found["ends_at"]) < seconds(found["last_accepted_at"]) + 32 * DAY
    (ends,) = [one for one in announcements(stack) if "ends on" in one["title"]]
    assert found["ends_at"][:4] in ends["title"]
    staff.take_back(made["id"])


def test_who_could_not_be_told_in_time_cannot_join_and_reads_why(
    stack: LocalStack, staff: Board, lena: User
) -> None:
    fresh = sign_up(stack)
    email, key = invited(fresh)
    made = staff.announced(32)
    stack.advance(3 * DAY)
    form = {
        "name": "Late Lee",
        "company": "Late Ltd",
        "email": fresh_address("late"),
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": POLICY,
    }
    answer = request(f"{stack.api}/v1/signup", "POST", form, {"X-Local-Client": fresh_network()})
    assert (answer.status, answer.json["code"]) == (403, "service_ends")
    assert answer.json["clause"] == "discontinuation"
    assert answer.json["ends_at"] == made["ends_at"]
    assert request(answer.json["announcements"]).json["items"]
    answer = accept(stack, key)
    assert (answer.status, answer.json["code"]) == (403, "service_ends")
    assert staff.take_back(made["id"]).status == 200
    assert accept(stack, key).status == 201, f"{email} was only kept waiting"


def test_somebody_who_joins_while_there_is_time_is_told_as_well(stack: LocalStack, staff: Board) -> None:
    made = staff.announced(60)
    staff.counted(made["id"])
    late = sign_up(stack)
    stack.advance(DAY + 60)

    def swept() -> object:
        machines.sweep(stack)
        return told(stack, late.email, "ends on")

    eventually(swept, 90)
    found = staff.read(made["id"])
    assert found["ends_at"] == made["ends_at"], "there was time enough"
    staff.take_back(made["id"])


def test_nobody_hears_of_an_end_that_was_taken_back_though_everything_after_that_was_lost(
    stack: LocalStack, staff: Board
) -> None:
    made = staff.announced(60)
    found = staff.counted(made["id"])
    notice = f"/v1/staff/mass/{found['mass_id']}"
    assert call(staff.one, "GET", notice).json["state"] == "waiting", "for whoever joins later"
    with machines.deaf_after(stack, "okki-leads-staff", "TransactWriteItems", 1):
        assert staff.take_back(made["id"]).json["state"] == "taken_back", "one transaction is all it takes"
    assert staff.take_back(made["id"]).json["state"] == "taken_back"
    assert call(staff.one, "GET", notice).json["state"] == "paused"
    late = sign_up(stack)
    stack.advance(DAY + 60)
    machines.sweep(stack)
    goes_on = [one for one in announcements(stack) if "taken back" in one["text"]]
    assert goes_on, "and everybody can read that it goes on"
    assert call(staff.one, "GET", notice).json["people"] == found["people"]
    assert not told(stack, late.email, "ends on")
    steps = evidence(stack, f"mass#{found['mass_id']}#")
    assert [one["step"] for one in steps] == ["begun", "paused"]


def test_an_end_that_has_come_cannot_be_taken_back_and_one_that_is_unknown_is_not_found(staff: Board) -> None:
    unknown = "end_" + "0" * 26
    for method, path in (("GET", ""), ("POST", "/confirm"), ("POST", "/take-back")):
        assert call(staff.one, method, f"{ENDINGS}/{unknown}{path}").status == 404
    assert call(staff.one, "GET", f"{ENDINGS}?cursor=nonsense").status == 422

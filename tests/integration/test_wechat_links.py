"""Linking, unlinking, and people whom WeChat knows and we do not: one WeChat account has one owner."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy import retention
from infra.local import LocalStack
from tests.integration.client import (
    PASSWORD,
    POLICY,
    Answer,
    User,
    code_in,
    eventually,
    fresh_address,
    fresh_network,
    mail_to,
    request,
    sign_up,
)
from tests.integration.letters import rows
from tests.integration.people import accept, invited
from tests.integration.ways import (
    Person,
    bound,
    exchanges,
    link,
    links,
    log_in,
    order,
    prove,
    quiet_wechat,
    refused,
    set_out,
    somebody,
    together,
)

pytestmark = pytest.mark.clause("wechat")
__all__ = ["bound", "quiet_wechat"]

TICKET = int(retention.WECHAT_TICKET.total_seconds())


def of_wechat(stack: LocalStack, *kinds: str) -> list[dict[str, Any]]:
    wanted = {f"wechat_{kind}" for kind in kinds or ("identity", "link", "nickname", "ticket")}
    return [row for row in rows(stack, "accounts") if row["kind"]["S"] in wanted]


def mailed(user: User, subject: str) -> bool:
    return any(subject in mail["subject"] for mail in user.stack.mails(user.email))


# -- linking ------------------------------------------------------------------------------------------


@pytest.mark.clause("notification")
def test_whoever_links_an_account_is_told_by_mail_and_told_no_more_than_needed(stack: LocalStack) -> None:
    user, person = sign_up(stack), somebody()
    assert links(user) == []
    assert link(user, person).json == {"status": "linked"}
    (shown,) = links(user)
    assert shown.keys() == {"id", "flow", "nickname", "linked_at", "used_at"}
    assert (shown["flow"], shown["nickname"]) == ("qr", "李华")
    eventually(lambda: mailed(user, "WeChat account was linked"))
    assert not any("李华" in mail["text"] for mail in stack.mails(user.email))


def test_linking_twice_is_linking_once(stack: LocalStack, bound: tuple[User, Person]) -> None:
    user, person = bound
    assert link(user, person).json == {"status": "linked"}
    assert len(links(user)) == 1


def test_one_wechat_account_wanted_by_eight_at_once_gets_one_owner(stack: LocalStack) -> None:
    users, person = [sign_up(stack) for _ in range(8)], somebody()
    ways = [(set_out(stack, "intent=link", user), user) for user in users]
    order(stack, "access_token", *[{"delay": 0.5}] * 8)
    answers = together(*[lambda way=way: way.load(way.approve(person)) for way, _ in ways])
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert {answer.json["code"] for answer in answers if answer.status == 409} == {"linked_elsewhere"}
    owners = [user for user in users if links(user)]
    assert len(owners) == 1
    assert log_in(stack, person).json["user"]["id"] == owners[0].me["id"]
    assert exchanges(stack) == [0] * 9


def test_a_link_ends_with_the_session_that_wanted_it(stack: LocalStack) -> None:
    user, person = sign_up(stack), somebody()
    way = set_out(stack, "intent=link", user)
    location = way.approve(person)
    assert user.call("POST", "/v1/logout").status == 204
    refused(way.load(location), 401, "wechat_state_refused")
    assert exchanges(stack) == []
    assert log_in(stack, person).json["status"] == "signup_needed"


def test_who_sits_down_at_somebody_elses_browser_does_not_become_the_key_to_it(stack: LocalStack) -> None:
    user, next_one, person = sign_up(stack), sign_up(stack), somebody()
    way = set_out(stack, "intent=link", user)
    location = way.approve(person)
    way.jar["__Host-session"] = next_one.token
    refused(way.load(location), 401, "wechat_state_refused")
    assert exchanges(stack) == []
    way.jar["__Host-session"] = user.token
    assert way.load(location).json == {"status": "linked"}


def test_another_site_cannot_begin_a_link_in_somebodys_browser(stack: LocalStack) -> None:
    user = sign_up(stack)
    cookie = {"Cookie": f"__Host-session={user.token}"}
    path = f"{stack.api}/v1/wechat/authorize?intent=link"
    for site in ("cross-site", "same-site"):
        refused(request(path, headers={**cookie, "Sec-Fetch-Site": site}), 403, "csrf")
    assert request(path, headers={**cookie, "Sec-Fetch-Site": "same-origin"}).status == 200


def test_a_second_proof_opens_linking_again(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.advance(700)
    refused(set_out(stack, "intent=link", user).answer, 403, "proof_needed")
    prove(user)
    assert link(user, somebody()).json == {"status": "linked"}


# -- unlinking ----------------------------------------------------------------------------------------


def test_what_is_unlinked_is_gone_and_logs_nobody_in(stack: LocalStack, bound: tuple[User, Person]) -> None:
    user, person = bound
    (shown,) = links(user)
    path = f"/v1/me/wechat/{shown['id']}"
    stack.advance(700)
    refused(user.call("DELETE", path), 403, "proof_needed")
    stranger = sign_up(stack)
    prove(stranger)
    refused(stranger.call("DELETE", path), 404, "not_found")
    prove(user)
    assert user.call("DELETE", path).status == 204
    refused(user.call("DELETE", path), 404, "not_found")
    assert links(user) == []
    mine = (user.company["id"], user.me["id"])
    assert not [row for row in of_wechat(stack) if any(one in str(row) for one in mine)]
    eventually(lambda: mailed(user, "unlinked"))
    assert log_in(stack, person).json["status"] == "signup_needed"
    other = sign_up(stack)
    assert link(other, person).json == {"status": "linked"}


def test_the_last_way_into_an_account_stays_even_when_two_are_given_up_at_once(
    stack: LocalStack,
) -> None:
    person = somebody()
    ticket = log_in(stack, person).json["ticket"]
    email, key = invited(sign_up(stack))
    joined = accept(stack, key, password=None, wechat_ticket=ticket)
    assert joined.status == 201, joined.body
    ben = User(stack, email, joined.json["session"]["token"], joined.json["user"], {}, fresh_network())
    refused(ben.call("DELETE", f"/v1/me/wechat/{links(ben)[0]['id']}"), 409, "last_way_in")
    assert link(ben, somebody()).json == {"status": "linked"}
    paths = [f"/v1/me/wechat/{one['id']}" for one in links(ben)]
    answers = together(*[lambda path=path: ben.call("DELETE", path) for path in paths])
    assert sorted(answer.status for answer in answers) == [204, 409]
    assert len(links(ben)) == 1
    # Nobody gets in by a password that does not exist.
    for guess in ("", "None", PASSWORD):
        answer = request(
            f"{stack.api}/v1/login",
            "POST",
            {"email": email, "password": guess},
            {"X-Local-Client": fresh_network()},
        )
        assert answer.status == 401


@pytest.mark.clause("access")
def test_whom_the_company_suspends_or_removes_wechat_does_not_let_in(stack: LocalStack) -> None:
    admin, person = sign_up(stack), somebody()
    _, key = invited(admin)
    ticket = log_in(stack, person).json["ticket"]
    joined = accept(stack, key, wechat_ticket=ticket).json
    assert log_in(stack, person).status == 200
    place = f"/v1/company/members/{joined['user']['id']}"
    assert admin.call("PATCH", place, {"state": "suspended"}).status == 200
    refused(log_in(stack, person), 401, "login_refused")
    prove(admin)
    assert admin.call("DELETE", place).status in {202, 204}
    # What is erased is free for its owner: the same WeChat account may begin anew.
    eventually(lambda: log_in(stack, person).json.get("status") == "signup_needed")
    eventually(lambda: not [row for row in of_wechat(stack) if joined["user"]["id"] in str(row)])


# -- tickets ------------------------------------------------------------------------------------------


def post_signup(stack: LocalStack, email: str, **more: Any) -> Answer:
    form = {
        "name": "Li Hua",
        "company": "Hua Trading",
        "email": email,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": POLICY,
        **more,
    }
    return request(f"{stack.api}/v1/signup", "POST", form, {"X-Local-Client": fresh_network()})


def verify(stack: LocalStack, email: str) -> Answer:
    body = {"email": email, "code": code_in(mail_to(stack, email))}
    return request(f"{stack.api}/v1/signup/verify", "POST", body, {"X-Local-Client": fresh_network()})


def no_ticket(answer: Answer) -> None:
    refused(answer, 422, "invalid")
    assert answer.json["errors"] == [{"field": "wechat_ticket", "code": "not_valid"}]


@pytest.mark.clause("signup")
def test_a_stranger_signs_up_with_company_and_mailbox_and_then_logs_in_by_wechat(stack: LocalStack) -> None:
    person = somebody("小李 🌸")
    ticket = log_in(stack, person).json["ticket"]
    email = fresh_address()
    answer = post_signup(stack, email, wechat_ticket=ticket)
    assert (answer.status, answer.json) == (202, {"status": "code_sent"})
    assert log_in(stack, person).json["status"] == "signup_needed"  # the mailbox is not proven yet
    opened = verify(stack, email)
    assert opened.status == 201
    again = log_in(stack, person)
    assert again.json["user"]["id"] == opened.json["user"]["id"]
    token = again.json["session"]["token"]
    assert links(User(stack, email, token, {}, {}, fresh_network()))[0]["nickname"] == "小李 🌸"
    eventually(lambda: any("WeChat account was linked" in mail["subject"] for mail in stack.mails(email)))


def test_a_ticket_works_once_for_half_an_hour(stack: LocalStack) -> None:
    first = log_in(stack, somebody()).json["ticket"]
    for bad in ("x", first[:-1], first.upper(), first[::-1]):
        no_ticket(post_signup(stack, fresh_address(), wechat_ticket=bad))
    answers = together(*[lambda: post_signup(stack, fresh_address(), wechat_ticket=first) for _ in range(4)])
    assert sorted(answer.status for answer in answers) == [202, 422, 422, 422]
    no_ticket(post_signup(stack, fresh_address(), wechat_ticket=first))
    late = log_in(stack, somebody()).json["ticket"]
    stack.advance(TICKET - 10)
    kept = log_in(stack, somebody()).json["ticket"]
    stack.advance(10)
    no_ticket(post_signup(stack, fresh_address(), wechat_ticket=late))
    email = fresh_address()
    assert post_signup(stack, email, wechat_ticket=kept).status == 202
    assert verify(stack, email).status == 201


def test_a_weak_password_does_not_cost_the_ticket(stack: LocalStack) -> None:
    ticket = log_in(stack, somebody()).json["ticket"]
    assert post_signup(stack, fresh_address(), wechat_ticket=ticket, password="short").status == 422
    assert post_signup(stack, fresh_address(), wechat_ticket=ticket).status == 202


def test_a_ticket_tells_nobody_whether_a_mailbox_has_an_account(stack: LocalStack, anna: User) -> None:
    tickets = [log_in(stack, somebody()).json["ticket"] for _ in range(2)]
    known = post_signup(stack, anna.email, wechat_ticket=tickets[0])
    unknown = post_signup(stack, fresh_address(), wechat_ticket=tickets[1])
    assert (known.status, known.body) == (unknown.status, unknown.body)
    for ticket in tickets:
        no_ticket(post_signup(stack, fresh_address(), wechat_ticket=ticket))


@pytest.mark.clause("signup")
def test_a_mailbox_is_not_lost_because_the_wechat_account_went_to_somebody_else(stack: LocalStack) -> None:
    person, email = somebody(), fresh_address()
    ticket = log_in(stack, person).json["ticket"]
    assert post_signup(stack, email, wechat_ticket=ticket).status == 202
    other = sign_up(stack)
    assert link(other, person).json == {"status": "linked"}
    opened = verify(stack, email)
    assert opened.status == 201
    assert log_in(stack, person).json["user"]["id"] == other.me["id"]


def test_what_lies_in_the_tables_names_nobody(stack: LocalStack, bound: tuple[User, Person]) -> None:
    log_in(stack, somebody())
    found = of_wechat(stack, "attempt", "identity", "link", "nickname", "ticket")
    assert {row["kind"]["S"] for row in found} >= {"wechat_attempt", "wechat_identity", "wechat_link"}
    for row in found:
        sealed = "sealed" in row
        assert sealed is (row["kind"]["S"] in {"wechat_link", "wechat_nickname", "wechat_ticket"})
        short = row["kind"]["S"] in {"wechat_attempt", "wechat_nickname", "wechat_ticket"}
        assert ("expires_at" in row) is short

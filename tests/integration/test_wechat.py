"""Logging in through WeChat: who gets in, who must not, and what a callback that comes twice may do."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.local import LocalStack
from infra.local.wechat import APPS
from tests.integration.client import User, sign_up
from tests.integration.ways import (
    COOKIE,
    Person,
    bound,
    exchanges,
    link,
    links,
    log_in,
    open_id_of,
    quiet_wechat,
    refused,
    set_out,
    somebody,
    stored,
)

pytestmark = pytest.mark.clause("wechat")
__all__ = ["bound", "quiet_wechat"]

FLOWS = ("qr", "in_app")


# -- both flows ---------------------------------------------------------------------------------------


@pytest.mark.clause("scope-adults")
@pytest.mark.parametrize("flow", FLOWS)
def test_who_goes_to_wechat_is_told_that_our_policy_does_not_cover_it(stack: LocalStack, flow: str) -> None:
    way = set_out(stack, f"intent=login&flow={flow}")
    assert way.answer.status == 200
    assert way.answer.json["third_party"] == {"service": "WeChat", "covered": False}
    asked = parse_qs(urlsplit(way.url).query)
    assert asked["appid"] == [APPS[flow]["app_id"]]
    assert asked["redirect_uri"] == [f"{stack.api}/v1/wechat/callback"]
    assert re.fullmatch(r"[0-9a-f]{64}", asked["state"][0])
    (cookie,) = way.answer.cookies
    assert cookie.startswith(f"{COOKIE}=")
    assert cookie.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600")
    assert way.jar[COOKIE] not in stored(stack)
    assert asked["state"][0] not in stored(stack)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_linked_account_logs_its_owner_in(stack: LocalStack, flow: str) -> None:
    user, person = sign_up(stack), somebody()
    assert link(user, person, flow).json == {"status": "linked"}
    answer = log_in(stack, person, flow)
    assert answer.status == 200
    assert answer.json["user"]["id"] == user.me["id"]
    assert [one.partition("=")[0] for one in answer.cookies] == ["__Host-session", "__Host-device"]
    inside = User(stack, user.email, answer.json["session"]["token"], {}, {}, user.address)
    assert inside.call("GET", "/v1/me").json["id"] == user.me["id"]
    # The same person is somebody else in the other app: WeChat gives each app another Open ID.
    other = "in_app" if flow == "qr" else "qr"
    assert log_in(stack, person, other).json["status"] == "signup_needed"


def test_a_linked_account_is_asked_for_the_one_time_code_as_well(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    import pyotp

    user, person = bound
    setup = user.call("POST", "/v1/me/totp").json
    code = pyotp.TOTP(setup["secret"]).at(int(stack.now()))
    assert user.call("POST", "/v1/me/totp/confirm", {"code": code}).status == 200
    answer = log_in(stack, person)
    assert answer.status == 202
    assert answer.json["challenge"]["channel"] == "totp"
    assert answer.cookies == []


def test_the_nickname_is_what_wechat_says_today_and_nothing_it_should_not_be(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    user, person = bound
    assert [one["nickname"] for one in links(user)] == ["李华"]
    hostile = {**person, "nickname": "王\b芳\n\t 👩‍👩‍👧‍👦 \u202e<b>"}
    assert log_in(stack, hostile).status == 200
    (shown,) = links(user)
    assert shown["nickname"] == "王芳 👩‍👩‍👧‍👦 <b>"
    # WeChat may stop telling; the last name stays until it runs out, 30 days after it was told.
    assert log_in(stack, {**person, "nickname": "微信用户"}).status == 200
    assert links(user)[0]["nickname"] == shown["nickname"]
    assert "芳" not in stored(stack)
    assert open_id_of(person) not in stored(stack)


@pytest.mark.clause("retention")
def test_a_nickname_goes_thirty_days_after_the_last_login_with_it(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    user, person = bound
    stack.advance(29 * 86400)
    answer = log_in(stack, person, address=user.address)
    again = User(stack, user.email, answer.json["session"]["token"], {}, {}, user.address)
    assert links(again)[0]["nickname"] == "李华"
    stack.advance(6 * 86400)  # its first 30 days are over
    fresh = log_in(stack, {**person, "nickname": "微信用户"}, address=user.address)
    again.token = fresh.json["session"]["token"]
    assert links(again)[0]["nickname"] == "李华"
    stack.advance(25 * 86400)
    fresh = log_in(stack, {**person, "nickname": "微信用户"}, address=user.address)
    again.token = fresh.json["session"]["token"]
    (shown,) = links(again)
    assert shown["nickname"] is None


# -- what may be asked --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("intent=steal", "intent", "not_a_choice"),
        ("flow=QR", "flow", "not_a_choice"),
        ("flow=", "flow", "not_a_choice"),
        ("next=https://evil.example", "query", "unknown_field"),
        ("flow=qr&flow=in_app", "flow", "repeated"),
    ],
)
def test_a_question_nobody_understands_begins_no_way(
    stack: LocalStack, query: str, field: str, code: str
) -> None:
    way = set_out(stack, query)
    refused(way.answer, 422, "invalid")
    assert {"field": field, "code": code} in way.answer.json["errors"]
    assert "evil" not in way.answer.body.decode()


def test_a_stranger_links_nothing_and_an_open_session_is_not_enough(stack: LocalStack) -> None:
    user = sign_up(stack)
    refused(set_out(stack, "intent=link").answer, 401, "unauthorized")
    stack.advance(601)
    refused(set_out(stack, "intent=link", user).answer, 403, "proof_needed")


# -- states -------------------------------------------------------------------------------------------


def test_another_browser_gets_nothing_and_uses_nothing_up(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    """Fixation: an attacker's address, opened by a victim, must not log the victim in as the attacker."""
    _, person = bound
    attacker = set_out(stack)
    location = attacker.approve(person)
    victim = set_out(stack)
    refused(victim.load(location), 401, "wechat_state_refused")
    victim.jar.clear()
    refused(victim.load(location), 401, "wechat_state_refused")
    victim.jar[COOKIE] = "A" * 43
    refused(victim.load(location), 401, "wechat_state_refused")
    assert exchanges(stack) == []
    assert attacker.load(location).status == 200


@pytest.mark.parametrize(
    "query",
    ["", "code=abc", "state=", "state=abc&code=abc", "state=%00&code=1", "state=a&state=b&code=c"],
)
def test_a_callback_of_no_way_is_refused(stack: LocalStack, query: str) -> None:
    way = set_out(stack)
    refused(way.load(f"{stack.api}/v1/wechat/callback?{query}"), 401, "wechat_state_refused")
    assert exchanges(stack) == []


def test_a_way_takes_ten_minutes_at_most(stack: LocalStack, bound: tuple[User, Person]) -> None:
    way = set_out(stack)
    stack.advance(590)
    location = way.approve(bound[1])
    stack.advance(10)
    refused(way.load(location), 401, "wechat_state_refused")
    assert exchanges(stack) == []


def test_a_used_state_takes_no_other_code(stack: LocalStack, bound: tuple[User, Person]) -> None:
    way = set_out(stack)
    first, second = way.approve(bound[1]), way.approve(somebody())
    assert way.load(first).status == 200
    refused(way.load(second), 401, "wechat_state_refused")
    assert exchanges(stack) == [0]


def test_a_code_of_one_app_is_worth_nothing_on_a_way_to_the_other(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    qr, in_app = set_out(stack, "flow=qr"), set_out(stack, "flow=in_app")
    code = parse_qs(urlsplit(qr.approve(bound[1])).query)["code"][0]
    state = parse_qs(urlsplit(in_app.url).query)["state"][0]
    answer = in_app.load(f"{stack.api}/v1/wechat/callback?code={code}&state={state}")
    refused(answer, 401, "wechat_sign_in_again")
    assert exchanges(stack) == [40029]


def test_a_way_begun_for_a_login_never_links_and_the_other_way_round(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    user, person = bound
    other = sign_up(stack)
    way = set_out(stack, "intent=login", other)
    assert way.arrive(somebody()).json["status"] == "signup_needed"
    assert links(other) == []
    way = set_out(stack, "intent=link", other)
    answer = way.arrive(person)
    refused(answer, 409, "linked_elsewhere")
    assert user.me["id"] not in answer.body.decode()


def test_a_refusal_at_wechat_is_no_error_and_ends_the_way(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    way = set_out(stack)
    late, location = way.approve(bound[1]), way.approve(None)
    for _ in range(2):
        answer = way.load(location)
        assert (answer.status, answer.json) == (200, {"status": "cancelled"})
        assert answer.cookies == []
    refused(way.load(late), 401, "wechat_state_refused")
    assert exchanges(stack) == []

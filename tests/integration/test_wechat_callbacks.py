"""What WeChat and browsers do to a callback: sent twice, three times at once, late; and what WeChat itself does."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.services.accounts import attempts
from infra.local import LocalStack
from infra.local.wechat import APPS
from tests.integration.client import User, eventually
from tests.integration.ways import (
    Person,
    bound,
    exchanges,
    link,
    links,
    log_in,
    open_id_of,
    order,
    quiet_wechat,
    refused,
    set_out,
    somebody,
    together,
)

pytestmark = pytest.mark.clause("wechat")
__all__ = ["bound", "quiet_wechat"]

API = "okki-leads-api"


def test_three_callbacks_at_once_exchange_the_code_once_and_answer_alike(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    user, person = bound
    order(stack, "access_token", {"delay": 1})
    way = set_out(stack)
    location = way.approve(person)
    answers = together(*[lambda: way.load(location)] * 3)
    assert [answer.status for answer in answers] == [200] * 3
    assert {answer.json["user"]["id"] for answer in answers} == {user.me["id"]}
    assert exchanges(stack) == [0]
    newcomer = set_out(stack)
    location = newcomer.approve(somebody())
    answers = together(*[lambda: newcomer.load(location)] * 3)
    assert len({answer.body for answer in answers}) == 1
    assert answers[0].json["status"] == "signup_needed"
    assert exchanges(stack) == [0, 0]


def test_the_same_code_is_answered_alike_for_a_minute_and_then_no_more(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    way = set_out(stack)
    location = way.approve(bound[1])
    first = way.load(location)
    stack.advance(attempts.REPLAY_SECONDS - 40)
    second = way.load(location)
    assert first.json["user"] == second.json["user"]
    assert first.json["session"]["token"] != second.json["session"]["token"]
    stack.advance(45)
    refused(way.load(location), 401, "wechat_state_refused")
    assert exchanges(stack) == [0]


def test_who_waits_too_long_for_the_first_callback_is_asked_to_try_again(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    order(stack, "access_token", {"delay": 3.5})
    order(stack, "userinfo", {"delay": 3.5})
    way = set_out(stack)
    location = way.approve(bound[1])

    def come_second() -> object:
        eventually(lambda: exchanges(stack))
        return way.load(location)

    first, second = together(lambda: way.load(location), come_second)
    assert first.status == 200
    assert (second.status, second.json["code"]) == (503, "wechat_in_progress")
    assert int(second.headers["retry-after"]) > 0
    assert way.load(location).status == 200
    assert exchanges(stack) == [0]


def test_a_function_that_dies_after_the_exchange_locks_nobody_out(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    way = set_out(stack)
    location = way.approve(bound[1])
    stack.wire.inject(kind="fail", operation="TransactWriteItems", function=API, times=3)
    assert way.load(location).status == 503
    refused(way.load(location), 503, "wechat_in_progress")
    assert exchanges(stack) == [0]
    stack.advance(attempts.LEASE_SECONDS)
    refused(way.load(location), 401, "wechat_sign_in_again")
    assert exchanges(stack) == [0, 40163]
    assert log_in(stack, bound[1]).status == 200


@pytest.mark.parametrize("operation", ["PutItem", "TransactWriteItems"])
def test_a_reply_lost_inside_costs_nobody_the_login(
    stack: LocalStack, bound: tuple[User, Person], operation: str
) -> None:
    way = set_out(stack)
    location = way.approve(bound[1])
    fault = stack.wire.inject(kind="lose_reply", operation=operation, function=API)
    assert way.load(location).status == 200
    assert fault.hits == 1
    assert exchanges(stack) == [0]


# -- what WeChat says ---------------------------------------------------------------------------------


@pytest.mark.parametrize("errcode", [40029, 40163, 41008, 42003])
def test_a_code_wechat_does_not_take_means_to_sign_in_again(
    stack: LocalStack, bound: tuple[User, Person], errcode: int
) -> None:
    order(stack, "access_token", {"errcode": errcode})
    way = set_out(stack)
    location = way.approve(bound[1])
    for _ in range(2):
        refused(way.load(location), 401, "wechat_sign_in_again")
    assert exchanges(stack) == [errcode]


TROUBLE: dict[str, tuple[dict[str, Any], str]] = {
    "busy": ({"errcode": -1}, "wechat_busy"),
    "too many calls": ({"errcode": 45009}, "wechat_busy"),
    "an error page": ({"status": 502, "body": "<html>"}, "wechat_busy"),
    "half JSON": ({"body": '{"access_token"'}, "wechat_busy"),
    "an array": ({"body": "[]", "content_type": "application/json"}, "wechat_busy"),
}


@pytest.mark.parametrize("name", TROUBLE)
def test_a_busy_wechat_uses_nothing_up(stack: LocalStack, bound: tuple[User, Person], name: str) -> None:
    trouble, code = TROUBLE[name]
    order(stack, "access_token", *[trouble] * 3)
    way = set_out(stack)
    location = way.approve(bound[1])
    answer = way.load(location)
    refused(answer, 503, code)
    assert int(answer.headers["retry-after"]) > 0
    if "errcode" in trouble:
        assert exchanges(stack) == [trouble["errcode"]] * 3
    # Nothing of ours stands in the way of a reload; what WeChat did with the code is WeChat's to say.
    again = way.load(location)
    assert again.status in {200, 401}
    assert again.json.get("code") in {None, "wechat_sign_in_again"}
    assert log_in(stack, bound[1]).status == 200


@pytest.mark.parametrize("errcode", [40013, 48001, 61451])
def test_our_own_mistake_is_nobodys_refusal_and_is_told_to_the_operator(
    stack: LocalStack, bound: tuple[User, Person], errcode: int
) -> None:
    before = stack.logs(API).count("wechat_misconfigured")
    order(stack, "access_token", {"errcode": errcode})
    way = set_out(stack)
    location = way.approve(bound[1])
    refused(way.load(location), 503, "wechat_unavailable")
    eventually(lambda: stack.logs(API).count('"wechat_misconfigured"') > before)
    assert str(errcode) not in way.load(location).body.decode()


def test_an_answer_that_breaks_off_means_to_sign_in_again(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    order(stack, "access_token", {"drop": True})
    refused(set_out(stack).arrive(bound[1]), 401, "wechat_sign_in_again")
    assert exchanges(stack) == [0, 40163]


def test_nobody_is_kept_out_for_want_of_a_nickname(stack: LocalStack, bound: tuple[User, Person]) -> None:
    order(stack, "userinfo", {"errcode": 48001})
    assert log_in(stack, bound[1]).status == 200
    assert links(bound[0])[0]["nickname"] == "李华"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/json; encoding=utf-8", "text/html; charset=gbk", "application/octet-stream"],
)
def test_what_wechat_calls_its_answer_changes_nobodys_name(
    stack: LocalStack, bound: tuple[User, Person], content_type: str
) -> None:
    user, person = bound
    order(stack, "userinfo", {"content_type": content_type})
    order(stack, "access_token", {"content_type": content_type})
    assert log_in(stack, {**person, "nickname": "Zoë 王💤"}).status == 200
    assert links(user)[0]["nickname"] == "Zoë 王💤"


def test_a_preview_inside_wechat_is_nobody(stack: LocalStack, bound: tuple[User, Person]) -> None:
    person = somebody(preview=True)
    refused(log_in(stack, person, "in_app"), 401, "wechat_preview")
    refused(link(bound[0], person, "in_app"), 401, "wechat_preview")
    assert len(links(bound[0])) == 1


def test_where_no_app_is_entered_wechat_is_not_offered() -> None:
    with LocalStack(quiet=True) as bare:
        bare.client("secretsmanager").put_secret_value(SecretId="okki-leads/wechat", SecretString="{}")
        refused(set_out(bare).answer, 503, "wechat_not_configured")


# -- logs ---------------------------------------------------------------------------------------------


@pytest.mark.clause("access")
def test_no_log_holds_a_secret_of_ours_a_code_a_state_or_a_person(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    user, _ = bound
    person = somebody("日志里没有的名字")
    order(stack, "access_token", {"errcode": 40125}, {"errcode": -1}, {"drop": True}, {"status": 500})
    told = []
    for query, owner in (("", None), ("flow=in_app", None), ("intent=link", user), ("", None)):
        way = set_out(stack, query, owner)
        location = way.approve(person)
        for _ in range(2):
            answer = way.load(location)
        told += [location.partition("code=")[2].partition("&")[0], location.partition("state=")[2]]
        told += [way.jar["__Host-wechat"], str((answer.json or {}).get("ticket") or way.jar["__Host-wechat"])]
    told += [app["app_secret"] for app in APPS.values()]
    told += [open_id_of(person), open_id_of(person, "in_app"), person["nickname"], "日志"]
    logs = stack.logs()
    assert '"wechat_' in logs
    assert [one for one in told if one in logs] == []

"""Coming back from WeChat in a browser: pages without scripts, cookies that no other site gets, a real walk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chalicelib.services.mail import pages
from infra.local import LocalStack
from infra.local.wechat_people import PEOPLE
from tests.integration import chromium
from tests.integration.client import Answer, User, sign_up
from tests.integration.ways import (
    Person,
    Way,
    bound,
    link,
    order,
    quiet_wechat,
    set_out,
    somebody,
)

pytestmark = pytest.mark.clause("wechat")
__all__ = ["bound", "quiet_wechat"]

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def is_page(answer: Answer, status: int, title: str) -> str:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == pages.CSP
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = answer.body.decode()
    assert f"<h1>{title}</h1>" in page
    assert "<script" not in page
    return page


def test_a_browser_gets_a_page_and_its_session_cookie(stack: LocalStack, bound: tuple[User, Person]) -> None:
    way = set_out(stack)
    answer = way.arrive(bound[1], Accept=HTML)
    page = is_page(answer, 200, "You are logged in")
    names = {one.partition("=")[0] for one in answer.cookies}
    assert names == {"__Host-session", "__Host-device"}
    for one in answer.cookies:
        assert "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=" in one
        assert one.partition("=")[2].partition(";")[0] not in page
    assert way.load(f"{stack.api}/v1/me").json["id"] == bound[0].me["id"]


def test_every_ending_has_a_page_with_the_status_that_programs_get(
    stack: LocalStack, bound: tuple[User, Person]
) -> None:
    user, person = bound

    def arrive(who: Person | None, query: str = "", owner: User | None = None) -> Answer:
        return set_out(stack, query, owner).arrive(who, Accept=HTML)

    ticket = set_out(stack)
    page = is_page(ticket.arrive(stranger := somebody(), Accept=HTML), 200, "You have no account yet")
    assert set_out(stack).arrive(stranger).json["ticket"] not in page  # another way, another ticket
    is_page(arrive(None), 200, "Nothing was changed")
    is_page(arrive(somebody(), "intent=link", user), 200, "WeChat is linked")
    is_page(arrive(somebody(preview=True), "flow=in_app"), 401, "This is only a preview")
    order(stack, "access_token", *[{"errcode": -1}] * 3)
    busy = arrive(person)
    is_page(busy, 503, "Please try again in a moment")
    assert int(busy.headers["retry-after"]) > 0
    lost = Way(stack, set_out(stack).answer, user.address)
    refused = lost.load(lost.approve(person), Accept=HTML)
    is_page(refused, 401, "Please begin again")
    assert refused.cookies == []


def test_readers_of_chinese_are_told_in_chinese(stack: LocalStack, bound: tuple[User, Person]) -> None:
    way = set_out(stack)
    answer = way.arrive(bound[1], Accept=HTML, Accept_Language="zh-CN,zh;q=0.9")
    assert '<html lang="zh-Hans">' in is_page(answer, 200, "您已登录")


# -- a real one ---------------------------------------------------------------------------------------


@pytest.mark.clause("cookies")
@pytest.mark.skipif(chromium.FOUND is None, reason="no Chromium on this machine")
def test_somebody_walks_to_wechat_and_back_in_a_real_browser(stack: LocalStack, tmp_path: Path) -> None:
    """The cookie that binds the way survives the trip to another site and back; nothing else would show it."""
    person = next(one for one in PEOPLE if one["id"] == "zoe")
    user = sign_up(stack)
    assert link(user, person).json == {"status": "linked"}
    choose = "input[value=zoe]"
    with chromium.browser(tmp_path / "one") as page:
        begun = json.loads(page.open(f"{stack.api}/v1/wechat/authorize", "third_party"))
        assert page.cookies().keys() == {"__Host-wechat"}
        page.open(begun["url"], "Who are you?")
        page.press("button[value=refuse]", "Nothing was changed")
        assert page.cookies().keys() == {"__Host-wechat"}

        begun = json.loads(page.open(f"{stack.api}/v1/wechat/authorize", "third_party"))
        page.open(begun["url"], "Who are you?")
        page.run(f"document.querySelector('{choose}').click()")
        page.press("button[value=approve]", "You are logged in")
        jar = page.cookies()
        assert jar.keys() == {"__Host-wechat", "__Host-session", "__Host-device"}
        for one in jar.values():
            assert one["httpOnly"]
            assert one["secure"]
            assert one["sameSite"] == "Lax"
        here = page.run("location.href")
        page.call("Page.reload")
        page.wait("You are logged in")
        assert json.loads(page.open(f"{stack.api}/v1/me", "csrf_token"))["id"] == user.me["id"]
    with chromium.browser(tmp_path / "two") as victim:
        # Somebody else opens the same address: nothing happens to them.
        victim.open(here, "Please begin again")
        assert victim.cookies() == {}

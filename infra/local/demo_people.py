"""The second half of `make demo`: somebody new at the door, a colleague, a restriction, WeChat, the inbox."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

from infra.local.journey import Answer, Journey, NotAsPromisedError, eventually, promised, send

HOTEL: Final = "203.118.10.5"
"""Somewhere the user has never been."""
PHONE: Final = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
}
NICKNAME: Final = "李伟"


def walk(on: Journey, user: str, password: str, contact: str) -> None:
    """From a login out of the blue to what the inbox says about it all. ``on`` holds the admin's session."""
    _come_back(on, user, password)
    colleague = _invite(on, password)
    _restrict(on, colleague, contact)
    _wechat(on)
    _inbox(on)


def _come_back(on: Journey, user: str, password: str) -> None:
    on.step("Li Wei logs in from a hotel: there, the password alone opens nothing")
    on.name("PHONE", PHONE["User-Agent"], show=False)
    before, on.token = len(on.mails(user)), ""
    login = {"email": user, "password": password}
    asked = on.ask("POST", "/v1/login", login, address=HOTEL, headers=PHONE, expect=202)
    mail = eventually(lambda: _newest(on, user, before), "a mail with a code")
    device = re.search(r"^Device: (\S.*\S)\s*$", mail["text"], re.MULTILINE)
    promised(device is not None and HOTEL in mail["text"], "the mail says what and where")
    on.say(f"| {mail['subject']} ({device[1] if device else ''}, {HOTEL})", colour="36")
    proof = {"challenge_id": asked.json["challenge"]["id"], "code": _code(mail)}
    entered = on.ask("POST", "/v1/login/verify", proof, address=HOTEL, headers=PHONE, keys=("session",))
    on.name("TOKEN", entered.json["session"]["token"])
    on.token = entered.json["session"]["token"]


def _invite(on: Journey, password: str) -> str:
    on.step("Li Wei invites a colleague, who joins with the key from the mail")
    email = f"chen.jie.{secrets.token_hex(2)}@lanhai.example"
    invitation = {"email": email, "role": "member"}
    on.ask("POST", "/v1/company/members", invitation, expect=202, keys=("email", "role", "expires_at"))
    mail = eventually(lambda: _newest(on, email, 0), "an invitation")
    on.say(f"| {mail['subject']}", colour="36")
    key = re.search(r"^([A-Za-z0-9_-]{43})\s*$", mail["text"], re.MULTILINE)
    if key is None:
        raise NotAsPromisedError("a key in the mail")
    on.name("KEY", key[1])
    admin, on.token = on.token, ""
    form = {
        "token": key[1],
        "name": "Chen Jie",
        "password": password,
        "is_adult": True,
        "policy_version": on.quietly("/v1/policy")["version"],
    }
    joined = on.ask("POST", "/v1/invitations/accept", form, expect=201, keys=("user",))
    on.token = admin
    token: str = joined.json["session"]["token"]
    on.name("COLLEAGUE", token)
    return token


def _restrict(on: Journey, colleague: str, contact: str) -> None:
    on.step("The company lets its members delete no contacts; who tries is told why, and whom to ask")
    version = on.quietly("/v1/company/restrictions")["version"]
    rule = {"action": "delete", "category": "stored", "roles": ["member"]}
    on.ask("PUT", "/v1/company/restrictions", {"items": [rule], "version": version}, keys=("items",))
    admin, on.token = on.token, colleague
    shown = ("code", "clause", "administrator")
    refused = on.ask("DELETE", f"/v1/contacts/{contact}", expect=403, keys=shown).json
    promised(refused["clause"] == "restrictions", "the clause that says so")
    own = on.quietly("/v1/me/data")
    promised(bool(own), "what is held about oneself stays open")
    on.token = admin


def _wechat(on: Journey) -> None:
    on.step("Li Wei links WeChat (a stand-in for it runs here), and logs in with it")
    person = {"id": secrets.token_hex(4), "nickname": NICKNAME}
    _through_wechat(on, person, "?intent=link")
    linked = on.ask("GET", "/v1/me/wechat").json["items"]
    promised([one["nickname"] for one in linked] == [NICKNAME], "one link, with its nickname")
    admin, on.token = on.token, ""
    entered = _through_wechat(on, person, "")
    promised("session" in entered.json, "a session without a password")
    on.token = admin


def _through_wechat(on: Journey, person: Mapping[str, Any], query: str) -> Answer:
    """As a browser goes it: set out, agree on the telephone, come back with the cookie."""
    began = on.ask("GET", f"/v1/wechat/authorize{query}", address=HOTEL, headers=PHONE, keys=("third_party",))
    cookie = {"Cookie": began.headers["set-cookie"].partition(";")[0]}
    on.name("WAY", cookie["Cookie"])
    decision = {"authorize_url": began.json["url"], "person": person}
    answer = send("POST", f"{on.api}/_local/wechat/_approve", decision, {})
    promised(answer.status == 200, "WeChat lets people agree")
    on.say("(WeChat shows a code; Li Wei scans it and agrees, and the browser is sent back)", colour="2")
    on.name("BACK", answer.json["location"])
    headers = {**PHONE, **cookie}
    return on.ask("GET", answer.json["location"], address=HOTEL, headers=headers, keys=("status", "user"))


def _inbox(on: Journey) -> None:
    on.step("What the inbox says about all that")
    items = eventually(lambda: on.quietly("/v1/me/inbox")["items"], "something in the inbox")
    for item in items:
        on.say(f"{item['at']}  {item['subject']}")


def _newest(on: Journey, to: str, before: int) -> dict[str, Any]:
    found = on.mails(to)
    return found[0] if len(found) > before else {}


def _code(mail: Mapping[str, Any]) -> str:
    found = re.search(r"\b\d{8}\b", mail["text"])
    if found is None:
        raise NotAsPromisedError("a code of eight digits in the mail")
    return found.group()

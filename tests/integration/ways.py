"""Ways to WeChat and back, as a browser goes them; what the stand-in was asked; people who use it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.local import LocalStack
from infra.local.wechat import APPS
from infra.local.wechat_people import open_id
from tests.integration.client import Answer, User, fresh_network, new_code, request, sign_up

COOKIE = "__Host-wechat"
_numbers = itertools.count(1)

Person = dict[str, Any]


@pytest.fixture(autouse=True)
def quiet_wechat(stack: LocalStack) -> Iterator[None]:
    """Trouble ordered by one test is not the next one's, nor are its calls."""
    forget_calls(stack)
    yield
    forget_calls(stack)


@pytest.fixture
def bound(stack: LocalStack) -> tuple[User, Person]:
    """A user, and the WeChat account that logs them in."""
    user, person = sign_up(stack), somebody()
    assert link(user, person).json == {"status": "linked"}
    forget_calls(stack)
    return user, person


def forget_calls(stack: LocalStack) -> None:
    request(f"{stack.wechat}/_control", "DELETE")


def somebody(nickname: str = "李华", **more: Any) -> Person:
    """A person whose WeChat nobody has linked yet."""
    return {"id": f"p{next(_numbers)}", "nickname": nickname, **more}


def open_id_of(person: Person, flow: str = "qr") -> str:
    return open_id(APPS[flow]["app_id"], person)


@dataclass
class Way:
    """One way, in one browser. ``jar`` holds its cookies."""

    stack: LocalStack
    answer: Answer
    address: str
    jar: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        found: str = self.answer.json["url"]
        return found

    def approve(self, person: Person | None) -> str:
        """Decide on the telephone (None: refuse); where the browser is sent then."""
        decision = {"authorize_url": self.url, "person": person}
        answer = request(f"{self.stack.wechat}/_approve", "POST", decision)
        assert answer.status == 200, answer.body
        location: str = answer.json["location"]
        return location

    def load(self, location: str, **headers: str) -> Answer:
        """Open an address in this browser."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        own = {"X-Local-Client": self.address, **({"Cookie": cookies} if cookies else {})}
        answer = request(location, headers={**own, **{n.replace("_", "-"): v for n, v in headers.items()}})
        self.keep(answer)
        return answer

    def keep(self, answer: Answer) -> None:
        for one in answer.cookies:
            name, _, value = one.partition(";")[0].partition("=")
            self.jar[name] = value

    def arrive(self, person: Person | None, **headers: str) -> Answer:
        """Decide, and come back."""
        return self.load(self.approve(person), **headers)


def set_out(
    stack: LocalStack, query: str = "", user: User | None = None, address: str | None = None, **headers: str
) -> Way:
    """Begin a way in a new browser; a user links, nobody logs in."""
    address = address or (user.address if user is not None else fresh_network())
    path = f"/v1/wechat/authorize{'?' if query else ''}{query}"
    own = {"X-Local-Client": address, **headers}
    if user is not None:
        own["Authorization"] = f"Bearer {user.token}"
    way = Way(stack, request(stack.api + path, headers=own), address)
    way.keep(way.answer)
    return way


def log_in(stack: LocalStack, person: Person, flow: str = "qr", address: str | None = None) -> Answer:
    return set_out(stack, f"flow={flow}", address=address).arrive(person)


def link(user: User, person: Person, flow: str = "qr") -> Answer:
    return set_out(user.stack, f"intent=link&flow={flow}", user).arrive(person)


def links(user: User) -> list[dict[str, Any]]:
    answer = user.call("GET", "/v1/me/wechat")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def prove(user: User) -> None:
    """Give the second proof that some acts need."""
    before = len(user.stack.mails(user.email))
    asked = user.call("POST", "/v1/me/proof")
    assert asked.status == 202, asked.body
    code = new_code(user.stack, user.email, before)
    proof = {"challenge_id": asked.json["challenge"]["id"], "code": code}
    assert user.call("POST", "/v1/me/proof/verify", proof).status == 200


def order(stack: LocalStack, call: str, *answers: dict[str, Any]) -> None:
    """What WeChat shall do with the next calls of this kind."""
    assert request(f"{stack.wechat}/_control", "POST", {"call": call, "next": answers}).status == 200


def exchanges(stack: LocalStack) -> list[int]:
    """How WeChat answered each exchange of a code in this test: errcodes, 0 for success."""
    calls: list[dict[str, Any]] = request(f"{stack.wechat}/_calls").json
    assert all(call["secret_right"] for call in calls if call["path"].endswith("access_token"))
    return [call["errcode"] for call in calls if call["path"].endswith("access_token")]


def together(*acts: Any) -> list[Any]:
    """Do all at once."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(act) for act in acts]]


def stored(stack: LocalStack) -> str:
    """Everything in `accounts` in clear, as somebody sees it who reads the table."""
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName="okki-leads-accounts")
    return json.dumps([item for page in pages for item in page["Items"]], default=str, ensure_ascii=False)


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body
    assert answer.cookies == []

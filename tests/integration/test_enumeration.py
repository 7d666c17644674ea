"""Nobody finds out who has an account: every way that takes a mailbox, a code or a key, by status, text,
headers, calls to AWS, and time.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import ways
from tests.integration.client import (
    PASSWORD,
    POLICY,
    Answer,
    User,
    fresh_address,
    fresh_network,
    log_in,
    request,
    sign_up,
)
from tests.integration.people import accept, at, invited, join

pytestmark = pytest.mark.clause("signup", "passwords")

API = "okki-leads-api"
CHANGING_HEADERS = {"date", "x-amzn-requestid", "x-amz-request-id"}
CHANGING_FIELDS = {"request_id", "id", "created_at", "expires_at"}
HOUR, DAY = 3600, 86_400
ROUNDS = 15


@pytest.fixture(scope="module")
def owner(stack: LocalStack) -> User:
    """Somebody whose mailbox has an account."""
    return sign_up(stack)


@pytest.fixture(scope="module")
def curious(stack: LocalStack) -> User:
    """An admin of another company, who would like to know."""
    user = sign_up(stack)
    ways.prove(user)
    return user


def post(stack: LocalStack, path: str, body: Any, **headers: str) -> Answer:
    return request(stack.api + path, "POST", body, {"X-Local-Client": fresh_network(), **headers})


def seen(answer: Answer) -> tuple[int, dict[str, str], Any, int]:
    """All of an answer that somebody could compare: ids and times are new in every one."""
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING_HEADERS}
    headers.pop("retry-after", None)
    return answer.status, headers, _plain(answer.json), len(answer.cookies)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: len(str(part)) if name in CHANGING_FIELDS else _plain(part) for name, part in value.items()
        }
    return value


def calls(stack: LocalStack) -> list[tuple[str, str, str]]:
    """What the front door asked AWS for since the wire was cleared: service, operation, tables."""
    found = []
    for call in stack.wire.calls:
        if call.function == API:
            tables = sorted({table for table, _ in call.capacity})
            found.append((call.service, call.operation, ",".join(tables)))
    return found


Ask = Callable[[LocalStack, User, str], Answer]


def _signup(stack: LocalStack, curious: User, email: str) -> Answer:
    form = {"name": "Eve", "company": "Eve Ltd", "email": email, "password": "violet lanterns at noon"}
    return post(stack, "/v1/signup", {**form, "is_adult": True, "policy_version": POLICY})


def _signup_code(stack: LocalStack, curious: User, email: str) -> Answer:
    return post(stack, "/v1/signup/verify", {"email": email, "code": "00000000"})


def _login(stack: LocalStack, curious: User, email: str) -> Answer:
    return post(stack, "/v1/login", {"email": email, "password": "a wrong guess"})


def _login_with_own_device(stack: LocalStack, curious: User, email: str) -> Answer:
    """With a device token that is good, but of the one who asks."""
    token = log_in(stack, curious.email).json["device_token"]
    assert token
    stack.wire.clear()
    return post(
        stack, "/v1/login", {"email": email, "password": "a wrong guess"}, **{"X-Device-Token": token}
    )


def _reset(stack: LocalStack, curious: User, email: str) -> Answer:
    return post(stack, "/v1/password/reset", {"email": email})


def _reset_code(stack: LocalStack, curious: User, email: str) -> Answer:
    body = {"email": email, "code": "00000000", "password": "violet lanterns at noon"}
    return post(stack, "/v1/password/reset/verify", body)


def _invite(stack: LocalStack, curious: User, email: str) -> Answer:
    return curious.call("POST", "/v1/company/members", {"email": email, "role": "member"})


def _address(stack: LocalStack, curious: User, email: str) -> Answer:
    return curious.call("POST", "/v1/me/address", {"email": email, "password": PASSWORD})


WAYS: dict[str, tuple[Ask, int]] = {
    "signing up": (_signup, 202),
    "a code for signing up": (_signup_code, 401),
    "logging in": (_login, 401),
    "logging in with a device of one's own": (_login_with_own_device, 401),
    "a forgotten password": (_reset, 202),
    "a code for a new password": (_reset_code, 401),
    "an invitation": (_invite, 202),
    "a new mailbox": (_address, 202),
}
"""Every way that takes a mailbox, and how it is answered."""


@pytest.mark.parametrize("way", WAYS)
def test_a_mailbox_with_an_account_looks_like_one_without(
    stack: LocalStack, owner: User, curious: User, way: str
) -> None:
    ask, status = WAYS[way]
    ask(stack, curious, fresh_address())  # keys and clients are loaded once a process
    looks = {}
    for who, email in (("known", owner.email), ("unknown", fresh_address(owner.email[:4]))):
        stack.wire.clear()
        answer = ask(stack, curious, email)
        assert answer.status == status, answer.body
        shown = json.loads(json.dumps(seen(answer)).replace(email, "..."))
        shown[1].pop("content-length", None)
        looks[who] = (shown, calls(stack))
    assert looks["known"][0] == looks["unknown"][0]
    assert looks["known"][1] == looks["unknown"][1], "what is asked of AWS"
    assert looks["known"][1]


@pytest.mark.parametrize("way", ["signing up", "logging in", "a forgotten password"])
def test_a_mailbox_with_an_account_answers_no_faster_and_no_slower(
    stack: LocalStack, owner: User, curious: User, way: str
) -> None:
    ask, status = WAYS[way]
    took: dict[str, list[float]] = {owner.email: [], fresh_address(): []}
    for number in range(ROUNDS):
        stack.advance(HOUR + 1)  # limits begin anew
        for email in list(took)[:: 1 if number % 2 else -1]:
            began = time.perf_counter()
            answer = ask(stack, curious, email)
            took[email].append(time.perf_counter() - began)
            assert answer.status == status, answer.body
    known, unknown = (1000 * statistics.median(times[2:]) for times in took.values())
    print(f"{way}, median of {ROUNDS - 2}: known {known:.1f} ms, unknown {unknown:.1f} ms")
    assert 0.6 < known / unknown < 1.6


def test_who_may_not_come_in_any_more_looks_like_a_wrong_password(stack: LocalStack) -> None:
    boss = sign_up(stack)
    suspended, removed = join(boss), join(boss)
    assert boss.call("PATCH", at(suspended), {"state": "suspended"}).status == 200
    assert boss.call("DELETE", at(removed)).status == 204
    wrong = post(stack, "/v1/login", {"email": boss.email, "password": "a wrong guess"})
    assert (wrong.status, wrong.json["code"]) == (401, "login_refused")
    for user in (suspended, removed):
        answer = post(stack, "/v1/login", {"email": user.email, "password": PASSWORD})
        assert seen(answer) == seen(wrong)


def test_who_comes_in_through_wechat_only_looks_like_a_wrong_password(stack: LocalStack) -> None:
    boss = sign_up(stack)
    email, key = invited(boss)
    ticket = ways.log_in(stack, ways.somebody()).json["ticket"]
    assert accept(stack, key, password=None, wechat_ticket=ticket).status == 201
    looks = []
    for mailbox in (email, fresh_address()):
        stack.wire.clear()
        answer = post(stack, "/v1/login", {"email": mailbox, "password": PASSWORD})
        looks.append((seen(answer), calls(stack)))
    assert looks[0] == looks[1]
    assert looks[0][0][0] == 401


def test_keys_that_open_nothing_do_not_say_why(stack: LocalStack) -> None:
    """Of an invitation: unknown, withdrawn, used up, too old."""
    boss = sign_up(stack)
    (_, withdrawn), (_, used), (_, old) = invited(boss), invited(boss), invited(boss)
    listed = boss.call("GET", "/v1/company/invitations").json["items"]
    assert boss.call("DELETE", f"/v1/company/invitations/{listed[-1]['id']}").status == 204
    assert accept(stack, used).status == 201
    answers = [seen(accept(stack, key)) for key in ("A" * 43, withdrawn, used)]
    stack.advance(8 * DAY)
    answers.append(seen(accept(stack, old)))
    assert answers[0][0] in {401, 404}
    assert all(answer == answers[0] for answer in answers[1:])


def test_a_code_for_a_challenge_that_never_was_is_a_wrong_code(stack: LocalStack, owner: User) -> None:
    real = post(stack, "/v1/login", {"email": owner.email, "password": PASSWORD})
    assert real.status == 202
    made_up = "chl_" + "0" * 26
    answers = [
        seen(post(stack, "/v1/login/verify", {"challenge_id": challenge, "code": "00000000"}))
        for challenge in (real.json["challenge"]["id"], made_up)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


def test_a_used_wechat_ticket_looks_like_one_that_never_was(stack: LocalStack) -> None:
    boss = sign_up(stack)
    _, key = invited(boss)
    ticket = ways.log_in(stack, ways.somebody()).json["ticket"]
    assert accept(stack, key, password=None, wechat_ticket=ticket).status == 201
    form: dict[str, Any] = {"name": "Eve", "company": "Eve Ltd", "password": "violet lanterns at noon"}
    form |= {"is_adult": True, "policy_version": POLICY}
    answers = []
    for one in (ticket, ticket[:-4] + ("AAAA" if ticket[-4:] != "AAAA" else "BBBB")):
        answer = post(stack, "/v1/signup", {**form, "email": fresh_address(), "wechat_ticket": one})
        answers.append(seen(answer))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422

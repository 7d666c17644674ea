"""Signing up, logging in and staying in: what a stranger must not learn, and what an owner must not lose."""

from __future__ import annotations

import base64
import hashlib
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.privacy import retention
from chalicelib.services.accounts import login, passwords, sessions, signup
from infra.local import LocalStack
from tests.integration import client
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
    new_code,
    request,
    sign_up,
)

API = "okki-leads-api"
CHANGING_HEADERS = {"date", "x-amzn-requestid", "x-amz-request-id"}
IDLE = int(retention.SESSION_IDLE.total_seconds())
ABSOLUTE = int(retention.SESSION_ABSOLUTE.total_seconds())
GRACE = int(retention.GRACE.total_seconds())
CODE_LIFE = int(retention.MAIL_CODE.total_seconds())


def post(stack: LocalStack, path: str, body: Any, ip: str | None = None, **headers: str) -> Answer:
    """From a network of its own unless one is named, so that limits of other tests do not matter."""
    return request(stack.api + path, "POST", body, {"X-Local-Client": ip or fresh_network(), **headers})


def form(email: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "Anna Li",
        "company": "Acme Export",
        "email": email,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": POLICY,
        **more,
    }


def code_for(stack: LocalStack, email: str, ip: str | None = None, **more: Any) -> str:
    """Signs up and reads the code in the mailbox."""
    before = len(stack.mails(email))
    assert post(stack, "/v1/signup", form(email, **more), ip).status == 202
    return new_code(stack, email, before)


def verify(stack: LocalStack, email: str, code: str, ip: str | None = None) -> Answer:
    return post(stack, "/v1/signup/verify", {"email": email, "code": code}, ip)


def log_in(stack: LocalStack, email: str, password: str = PASSWORD, ip: str | None = None) -> Answer:
    return client.log_in(stack, email, password, {"X-Local-Client": ip} if ip else None)


def me(stack: LocalStack, token: str) -> Answer:
    return request(f"{stack.api}/v1/me", headers={"Authorization": f"Bearer {token}"})


def seen(answer: Answer) -> tuple[int, dict[str, str], Any]:
    """All of an answer that must not differ: everything but its date and its own id."""
    body = dict(answer.json)
    body.pop("request_id", None)
    return answer.status, {k: v for k, v in answer.headers.items() if k not in CHANGING_HEADERS}, body


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert not answer.cookies


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def at(stack: LocalStack, moment: int) -> None:
    """Let the functions' clock show this very second, with at least half of it left."""
    while time.time() % 1 > 0.5:
        time.sleep(0.02)
    stack.advance(moment - int(stack.now()))


def new_hour(stack: LocalStack) -> None:
    """Just after all counting windows have begun."""
    stack.advance(3600 - int(stack.now()) % 3600 + 2)


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def rows(stack: LocalStack, table: str) -> list[dict[str, Any]]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=f"okki-leads-{table}")
    return [item for page in pages for item in page["Items"]]


def companies(stack: LocalStack) -> set[str]:
    return {row["pk"]["S"] for row in rows(stack, "accounts") if row["kind"]["S"] == "company"}


def fill_limit(stack: LocalStack, scope: str, attempts: int) -> None:
    """Set the count that the last request took, instead of making hundreds of requests."""
    body = next(
        json.loads(call.request)
        for call in reversed(stack.wire.calls)
        if call.operation == "UpdateItem" and f"limit#{scope}#".encode() in call.request
    )
    stack.client("dynamodb").update_item(
        TableName=body["TableName"],
        Key=body["Key"],
        UpdateExpression="SET attempts = :n",
        ExpressionAttributeValues={":n": {"N": str(attempts)}},
    )


def calls(stack: LocalStack) -> list[tuple[str, str, str]]:
    """What the API asked AWS for since the wire was cleared: service, operation, table."""
    found = []
    for call in stack.wire.calls:
        if call.function == API:
            table = json.loads(call.request).get("TableName", "") if call.service == "dynamodb" else ""
            found.append((call.service, call.operation, table))
    return found


# ---------------------------------------------------------------- the ordinary way


@pytest.mark.clause("signup", "passwords")
def test_a_newcomer_gets_in_with_the_code_from_their_mailbox_and_out_again(stack: LocalStack) -> None:
    email, ip = fresh_address(), fresh_network()
    answer = post(stack, "/v1/signup", form(email), ip)
    assert (answer.status, answer.json) == (202, {"status": "code_sent"})

    answer = verify(stack, email, code_in(mail_to(stack, email)), ip)
    assert answer.status == 201
    entered = answer.json
    assert entered["user"]["email"] == email
    assert entered["user"]["role"] == "admin"
    assert entered["user"]["policy_version"] == POLICY
    assert entered["company"] | {"id": ""} == {"id": "", "name": "Acme Export", "state": "active"}
    first = entered["session"]["token"]
    assert me(stack, first).json["id"] == entered["user"]["id"]

    answer = post(stack, "/v1/logout", None, ip, Authorization=f"Bearer {first}")
    assert (answer.status, answer.body) == (204, b"")
    refused(me(stack, first), 401, "unauthorized")

    answer = log_in(stack, email, ip=ip)
    assert answer.status == 200
    assert answer.json["user"] == entered["user"]
    assert answer.json["session"]["token"] != first
    assert me(stack, answer.json["session"]["token"]).json["company"] == entered["company"]


@pytest.mark.clause("signup")
def test_a_mailbox_is_found_however_its_owner_writes_it(stack: LocalStack) -> None:
    user = sign_up(stack, fresh_address("Anna.B", "Acme.example"))
    local, _, domain = user.email.partition("@")
    assert log_in(stack, f" {local.upper()}@{domain.upper()} ").status == 200
    refused(log_in(stack, f"{local}+x@{domain}"), 401, "login_refused")


@pytest.mark.clause("signup")
def test_a_signup_from_a_mailbox_anybody_can_get_is_flagged_for_the_operator(stack: LocalStack) -> None:
    flags = {}
    for domain in ("gmail.com", "QQ.com", "acme.example"):
        user = sign_up(stack, fresh_address(domain=domain))
        row = next(row for row in rows(stack, "accounts") if row["sk"]["S"] == f"user#{user.me['id']}")
        flags[domain] = row["facts"]["M"]["free_mailbox"]["BOOL"]
    assert flags == {"gmail.com": True, "QQ.com": True, "acme.example": False}


# ---------------------------------------------------------------- who may not


@pytest.mark.clause("scope-adults", "signup")
def test_nobody_under_18_gets_an_account_and_nothing_is_kept_of_the_attempt(stack: LocalStack) -> None:
    email = fresh_address()
    stack.wire.clear()
    answer = post(stack, "/v1/signup", form(email, is_adult=False))
    refused(answer, 403, "minor")
    assert answer.json["clause"] == "scope-adults"
    assert calls(stack) == []
    for claim in (None, "true", 1, "yes"):
        refused(post(stack, "/v1/signup", form(email, is_adult=claim)), 422, "invalid")
    assert stack.mails(email) == []


@pytest.mark.clause("signup", "policy-updates")
@pytest.mark.parametrize("version", ["2019-01-01", "2099-01-01", "latest"])
def test_nobody_agrees_to_a_policy_that_is_not_in_force(stack: LocalStack, version: str) -> None:
    answer = post(stack, "/v1/signup", form(fresh_address(), policy_version=version))
    refused(answer, 422, "invalid")
    assert answer.json["errors"] == [{"field": "policy_version", "code": "not_in_force"}]


@pytest.mark.clause("passwords")
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("x" * (passwords.MIN_LENGTH - 1), "too_short"),
        ("abc" * 100, "too_long"),
        ("aaaaaaaaaaaa", "too_easy"),
        ("ababababababab", "too_easy"),
        ("Anna Li van Dijk", "too_easy"),
        ("ACME EXPORT Ltd", "too_easy"),
        ("EASY.TO.GUESS@acme.example", "too_easy"),
    ],
)
def test_a_password_anybody_would_try_first_is_refused(stack: LocalStack, password: str, code: str) -> None:
    body = form(
        "easy.to.guess@acme.example", password=password, name="Anna Li van Dijk", company="Acme Export Ltd"
    )
    answer = post(stack, "/v1/signup", body)
    refused(answer, 422, "invalid")
    assert answer.json["errors"] == [{"field": "password", "code": code}]


def test_a_password_may_be_a_sentence_in_any_script(stack: LocalStack) -> None:
    password = "七盏绿色的灯笼 и ключ 🔑"
    user = sign_up(stack, password=password)
    assert log_in(stack, user.email, password).status == 200
    refused(log_in(stack, user.email, password[:-1]), 401, "login_refused")


# ---------------------------------------------------------------- what a stranger learns


@pytest.mark.clause("signup")
def test_signing_up_tells_a_stranger_nothing_and_the_owner_of_the_mailbox_everything(
    stack: LocalStack,
) -> None:
    owner, unknown = sign_up(stack), fresh_address()
    stack.wire.clear()
    to_known = post(stack, "/v1/signup", form(owner.email, name="Mallory", password="another password"))
    calls_known = calls(stack)
    stack.wire.clear()
    to_unknown = post(stack, "/v1/signup", form(unknown, name="Mallory", password="another password"))
    assert seen(to_known) == seen(to_unknown)
    assert calls_known == calls(stack)

    mail = mail_to(stack, owner.email, 2)
    assert unknown != owner.email
    assert "account" in mail["text"].lower()
    assert not any(word.isdigit() and len(word) == 8 for word in mail["text"].split())
    assert "Mallory" not in mail["raw"]
    assert code_in(mail_to(stack, unknown))
    # and nothing changed for the owner
    assert log_in(stack, owner.email).status == 200
    refused(log_in(stack, owner.email, "another password"), 401, "login_refused")


@pytest.mark.clause("signup")
def test_a_refused_code_does_not_say_whether_the_mailbox_is_known(stack: LocalStack, anna: User) -> None:
    pending = fresh_address()
    good = code_for(stack, pending)
    answers = []
    traces = []
    for email, code in ((anna.email, "00000000"), (fresh_address(), "00000000"), (pending, wrong(good))):
        stack.wire.clear()
        answers.append(verify(stack, email, code))
        traces.append(calls(stack))
    refused(answers[0], 401, "code_refused")
    assert seen(answers[0]) == seen(answers[1]) == seen(answers[2])
    assert traces[0] == traces[1] == traces[2]


@pytest.mark.clause("passwords")
def test_a_refused_login_does_not_say_whether_the_mailbox_is_known(stack: LocalStack, anna: User) -> None:
    stack.wire.clear()
    known = log_in(stack, anna.email, "not the password")
    traces = [calls(stack)]
    stack.wire.clear()
    unknown = log_in(stack, fresh_address(), "not the password")
    traces.append(calls(stack))
    refused(known, 401, "login_refused")
    assert seen(known) == seen(unknown)
    assert traces[0] == traces[1]
    assert len(traces[0]) == 5  # network, mailbox near and far, domain; one look-up


@pytest.mark.clause("passwords")
def test_a_refused_login_takes_as_long_for_a_stranger_as_for_a_user(stack: LocalStack) -> None:
    users = [sign_up(stack).email for _ in range(3)]
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(60):
        known = number % 2 == 0
        email = users[number // 2 % 3] if known else fresh_address()
        start = time.perf_counter()
        assert log_in(stack, email, "not the password").status == 401
        took[known].append(time.perf_counter() - start)
    known_ms, unknown_ms = (1000 * statistics.median(took[side][3:]) for side in (True, False))
    print(f"refused login, median: known {known_ms:.1f} ms, unknown {unknown_ms:.1f} ms")
    # One run of the password hash is 20 to 40 ms; a forgotten one would halve the time.
    assert 0.6 < known_ms / unknown_ms < 1.6


# ---------------------------------------------------------------- codes


@pytest.mark.clause("signup")
def test_a_code_works_once_and_for_its_own_mailbox_only(stack: LocalStack) -> None:
    email, other = fresh_address(), fresh_address()
    code, others = code_for(stack, email), code_for(stack, other)
    refused(verify(stack, email, wrong(code)), 401, "code_refused")
    refused(verify(stack, email, others), 401, "code_refused")
    refused(verify(stack, other, code), 401, "code_refused")
    assert verify(stack, email, code).status == 201
    refused(verify(stack, email, code), 401, "code_refused")
    assert verify(stack, other, others).status == 201


@pytest.mark.clause("signup", "passwords")
def test_a_stranger_who_signs_up_with_ones_mailbox_neither_stops_nor_replaces_ones_own_signup(
    stack: LocalStack,
) -> None:
    email = fresh_address()
    own = code_for(stack, email, company="Own Company")
    strangers = code_for(stack, email, company="Mallory Inc", password="known to mallory")
    answer = verify(stack, email, own)
    assert answer.status == 201
    assert answer.json["company"]["name"] == "Own Company"
    assert log_in(stack, email).status == 200
    refused(log_in(stack, email, "known to mallory"), 401, "login_refused")
    # What the stranger started is over.
    refused(verify(stack, email, strangers), 401, "code_refused")
    assert log_in(stack, email).json["company"]["name"] == "Own Company"


@pytest.mark.clause("signup")
def test_somebody_who_asked_twice_may_type_either_code(stack: LocalStack) -> None:
    email = fresh_address()
    first, second = code_for(stack, email), code_for(stack, email)
    assert verify(stack, email, second).status == 201
    refused(verify(stack, email, first), 401, "code_refused")


@pytest.mark.clause("signup")
def test_a_code_works_for_fifteen_minutes_and_not_a_second_longer(stack: LocalStack) -> None:
    assert CODE_LIFE == 15 * 60
    in_time, late = fresh_address(), fresh_address()
    code_late, code_in_time = code_for(stack, late), code_for(stack, in_time)
    until = {
        row["pk"]["S"]: int(row["facts"]["M"]["code_until"]["N"])
        for row in rows(stack, "accounts")
        if row["kind"]["S"] == "signup"
    }
    end_late, end_in_time = sorted(until.values())[-2:]
    assert abs(end_in_time - CODE_LIFE - stack.now()) < 30
    at(stack, end_in_time - 1)
    assert verify(stack, in_time, code_in_time).status == 201
    at(stack, max(end_late, end_in_time))
    refused(verify(stack, late, code_late), 401, "code_refused")
    # A late code is no dead end.
    assert verify(stack, late, code_for(stack, late)).status == 201


def test_a_code_is_mailed_and_kept_nowhere(stack: LocalStack) -> None:
    email = fresh_address()
    code = code_for(stack, email)
    kept = repr(rows(stack, "accounts"))
    assert f"'{code}'" not in kept
    assert email not in kept
    eventually(lambda: not [row for row in rows(stack, "accounts") if row["kind"]["S"] == "notice"])
    assert code not in stack.logs()


# ---------------------------------------------------------------- sessions


@pytest.mark.clause("passwords", "cookies")
def test_whoever_reads_our_tables_cannot_use_a_session(stack: LocalStack) -> None:
    user = sign_up(stack)
    secret = user.token.partition(".")[2]
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    kept = repr({table: rows(stack, table) for table in ("accounts", "workspace", "ledger", "company-keys")})
    hashed = hashlib.sha256(user.token.encode()).hexdigest()
    assert hashed in kept
    assert secret not in kept
    assert PASSWORD not in kept
    assert user.token.partition(".")[0] not in kept
    refused(me(stack, hashed), 401, "unauthorized")
    logs = stack.logs()
    assert secret not in logs
    assert hashed not in logs


@pytest.mark.clause("passwords")
def test_an_unused_session_ends_after_twelve_hours(stack: LocalStack) -> None:
    assert IDLE == 12 * 3600
    user = sign_up(stack)
    used, unused = (log_in(stack, user.email).json["session"] for _ in range(2))
    at(stack, epoch(used["expires_at"]) - 1)
    assert me(stack, used["token"]).status == 200
    at(stack, epoch(unused["expires_at"]))
    refused(me(stack, unused["token"]), 401, "unauthorized")
    # The one that was used goes on, twelve hours from there.
    at(stack, epoch(used["expires_at"]) - 2 + IDLE)
    assert me(stack, used["token"]).status == 200


@pytest.mark.clause("passwords")
def test_a_session_ends_after_seven_days_however_much_it_is_used(stack: LocalStack) -> None:
    assert ABSOLUTE == 7 * 24 * 3600
    user = sign_up(stack)
    session = log_in(stack, user.email).json["session"]
    began = epoch(session["expires_at"]) - IDLE
    last = began + ABSOLUTE - GRACE - 1
    for moment in [*range(began + IDLE - 60, last, IDLE - 60), last]:
        at(stack, moment)
        assert me(stack, session["token"]).status == 200
    at(stack, began + ABSOLUTE)
    refused(me(stack, session["token"]), 401, "unauthorized")


@pytest.mark.clause("passwords")
def test_reading_costs_no_write_but_every_five_minutes(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.wire.clear()
    for _ in range(3):
        assert user.call("GET", "/v1/contacts").status == 200
    assert not [call for call in calls(stack) if call[1] not in {"BatchGetItem", "GetItem", "Query"}]
    stack.advance(sessions.TOUCH_SECONDS + 1)
    stack.wire.clear()
    for _ in range(3):
        assert user.call("GET", "/v1/contacts").status == 200
    assert len([call for call in calls(stack) if call[1] == "PutItem"]) == 1


@pytest.mark.clause("passwords")
def test_logging_out_ends_this_session_and_no_other(stack: LocalStack) -> None:
    user = sign_up(stack)
    other = log_in(stack, user.email).json["session"]["token"]
    assert user.call("POST", "/v1/logout").status == 204
    refused(me(stack, user.token), 401, "unauthorized")
    refused(user.call("POST", "/v1/logout"), 401, "unauthorized")
    assert me(stack, other).status == 200


@pytest.mark.clause("passwords")
def test_logging_out_takes_effect_though_its_reply_was_lost(stack: LocalStack) -> None:
    user = sign_up(stack)
    fault = stack.wire.inject(kind="lose_reply", operation="DeleteItem", contains="session#", times=2)
    assert user.call("POST", "/v1/logout").status == 204
    assert fault.hits == 2
    refused(me(stack, user.token), 401, "unauthorized")


@pytest.mark.clause("passwords")
def test_a_forged_token_is_worth_nothing(stack: LocalStack, anna: User) -> None:
    other = sign_up(stack)
    place, _, secret = anna.token.partition(".")
    flipped = ("A" if secret[0] != "A" else "B") + secret[1:]
    made_up = base64.urlsafe_b64encode(ids.raw(ids.new("co")) + ids.raw(ids.new("usr"))).decode().rstrip("=")
    forged = {
        "no secret": place,
        "empty secret": f"{place}.",
        "other secret": f"{place}.{flipped}",
        "short secret": anna.token[:-1],
        "long secret": anna.token + "A",
        "another's secret": f"{place}.{other.token.partition('.')[2]}",
        "another's place": f"{other.token.partition('.')[0]}.{secret}",
        "nobody's place": f"{made_up}.{ids.secret()}",
        "padded": f"{place}=.{secret}",
        "dots": "." * 60,
        "a JWT without algorithm": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "not base64": f"{'*' * 43}.{secret}",
        "key syntax": f"session#{place}",
        "empty": "",
        "long": "A" * 6000,
        "bytes": "\xff\xfe\x80",
    }
    answers = {}
    for label, token in forged.items():
        header = f"Bearer {token}".encode("latin-1")
        answers[label] = request(f"{stack.api}/v1/me", headers={"Authorization": header})  # type: ignore[dict-item]  # bytes
    for label, answer in answers.items():
        assert answer.status == 401, label
        assert answer.headers["www-authenticate"] == "Bearer", label
        assert seen(answer) == seen(answers["empty"]), label
    for scheme in ("Basic", "Token", ""):
        answer = request(f"{stack.api}/v1/me", headers={"Authorization": f"{scheme} {anna.token}".strip()})
        assert answer.status == 401, scheme
    assert request(f"{stack.api}/v1/me", headers={"Authorization": f"bearer {anna.token}"}).status == 200


# ---------------------------------------------------------------- limits


@pytest.mark.clause("passwords")
def test_a_stranger_who_guesses_is_stopped_and_the_owner_elsewhere_is_not(stack: LocalStack) -> None:
    user, stranger = sign_up(stack), "198.51.100.7"
    new_hour(stack)
    for _ in range(login.PER_MAILBOX_AND_NETWORK):
        refused(log_in(stack, user.email, "a wrong guess", stranger), 401, "login_refused")
    stopped = log_in(stack, user.email, PASSWORD, stranger)
    refused(stopped, 429, "too_many_requests")
    wait = int(stopped.headers["retry-after"])
    assert 0 < wait <= clock.QUARTER_HOUR
    # Not from a neighbouring address, nor behind a header of one's own, nor with another spelling.
    refused(log_in(stack, user.email, PASSWORD, "198.51.100.200"), 429, "too_many_requests")
    spoofed = post(
        stack,
        "/v1/login",
        {"email": user.email.upper(), "password": PASSWORD},
        stranger,
        **{"X-Forwarded-For": "192.0.2.1", "X-Real-IP": "192.0.2.1", "Forwarded": "for=192.0.2.1"},
    )
    refused(spoofed, 429, "too_many_requests")
    # The owner elsewhere, and other people in that network, get in.
    assert log_in(stack, user.email).status == 200
    assert log_in(stack, sign_up(stack).email, PASSWORD, stranger).status == 200
    # And so does everybody when the time is over.
    stack.advance(wait)
    assert log_in(stack, user.email, PASSWORD, stranger).status == 200


@pytest.mark.clause("passwords")
def test_the_answer_to_too_many_logins_is_the_same_for_an_unknown_mailbox(
    stack: LocalStack, anna: User
) -> None:
    new_hour(stack)
    answers = []
    for email in (anna.email, fresh_address()):
        ip = fresh_network()
        log_in(stack, email, "a wrong guess", ip)
        fill_limit(stack, "login", login.PER_MAILBOX_AND_NETWORK)
        answers.append(log_in(stack, email, "a wrong guess", ip))
    known, unknown = (seen(answer) for answer in answers)
    assert known[0] == 429
    for one in (known, unknown):
        one[1].pop("retry-after")
    assert known == unknown


@pytest.mark.clause("passwords")
@pytest.mark.parametrize(
    ("first", "neighbour", "elsewhere"),
    [
        ("203.0.113.5", "203.0.113.250", "203.0.114.5"),
        ("2001:db8:0:100::1", "2001:db8:0:1ff:ffff::9", "2001:db8:0:200::1"),
    ],
)
def test_a_network_that_tries_many_mailboxes_is_stopped(
    stack: LocalStack, anna: User, first: str, neighbour: str, elsewhere: str
) -> None:
    new_hour(stack)
    stack.wire.clear()
    refused(log_in(stack, fresh_address(), "a wrong guess", first), 401, "login_refused")
    fill_limit(stack, "login-network", login.PER_NETWORK - 1)
    refused(log_in(stack, fresh_address(), "a wrong guess", neighbour), 401, "login_refused")
    answer = log_in(stack, anna.email, PASSWORD, first)
    refused(answer, 429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= clock.QUARTER_HOUR
    assert log_in(stack, anna.email, PASSWORD, elsewhere).status == 200


@pytest.mark.clause("signup")
def test_a_mailbox_is_not_flooded_with_codes(stack: LocalStack) -> None:
    email = fresh_address()
    new_hour(stack)
    for _ in range(signup.SIGNUPS_PER_MAILBOX):
        assert post(stack, "/v1/signup", form(email)).status == 202
    answer = post(stack, "/v1/signup", form(email))
    refused(answer, 429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= clock.HOUR
    mail_to(stack, email, signup.SIGNUPS_PER_MAILBOX)
    assert len(stack.mails(email)) == signup.SIGNUPS_PER_MAILBOX


@pytest.mark.clause("signup")
def test_a_network_that_signs_up_many_mailboxes_is_stopped(stack: LocalStack) -> None:
    new_hour(stack)
    ip, email = fresh_network(), fresh_address()
    stack.wire.clear()
    assert post(stack, "/v1/signup", form(fresh_address()), ip).status == 202
    fill_limit(stack, "signup-network", signup.SIGNUPS_PER_NETWORK)
    refused(post(stack, "/v1/signup", form(email), ip), 429, "too_many_requests")
    assert post(stack, "/v1/signup", form(fresh_address())).status == 202
    assert stack.mails(email) == []


@pytest.mark.clause("signup")
def test_a_stranger_who_guesses_codes_is_stopped_and_the_owner_is_not(stack: LocalStack) -> None:
    new_hour(stack)
    email, stranger = fresh_address(), fresh_network()
    code = code_for(stack, email)
    for _ in range(signup.CODES_PER_MAILBOX_AND_NETWORK):
        refused(verify(stack, email, wrong(code), stranger), 401, "code_refused")
    answer = verify(stack, email, code, stranger)
    refused(answer, 429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= clock.QUARTER_HOUR
    assert verify(stack, email, code).status == 201


@pytest.mark.clause("signup")
def test_guessing_a_code_from_everywhere_at_once_is_stopped_as_well(stack: LocalStack) -> None:
    new_hour(stack)
    email = fresh_address()
    code = code_for(stack, email)
    stack.wire.clear()
    refused(verify(stack, email, wrong(code)), 401, "code_refused")
    fill_limit(stack, "code", signup.CODES_PER_MAILBOX)
    refused(verify(stack, email, code), 429, "too_many_requests")


@pytest.mark.clause("passwords", "signup")
@pytest.mark.parametrize("kind", ["throttle", "fail", "lose_request"])
def test_when_attempts_cannot_be_counted_nobody_gets_in(stack: LocalStack, kind: Any) -> None:
    user, pending, newcomer = sign_up(stack), fresh_address(), fresh_address()
    code = code_for(stack, pending)
    sent = len(stack.mails())
    stack.wire.clear()
    fault = stack.wire.inject(
        kind=kind, service="dynamodb", operation="UpdateItem", contains="limit#", times=99
    )
    attempts = [
        lambda: log_in(stack, user.email),
        lambda: verify(stack, pending, code),
        lambda: post(stack, "/v1/signup", form(newcomer)),
    ]
    with ThreadPoolExecutor(3) as pool:  # together, because each waits out its retries
        for answer in pool.map(lambda attempt: attempt(), attempts):
            refused(answer, 503, "unavailable")
    assert fault.hits >= 3
    touched = {(service, operation) for service, operation, _ in calls(stack)}
    # A fresh process also fetches the key that the counted hashes are made with; and whether the service ends.
    counting = {("dynamodb", "UpdateItem"), ("dynamodb", "Query"), ("kms", "Decrypt")}
    assert touched <= counting | {("dynamodb", "GetItem")}
    stack.wire.reset()
    # It was nobody's fault, and nothing is lost.
    assert len(stack.mails()) == sent
    assert log_in(stack, user.email).status == 200
    assert verify(stack, pending, code).status == 201
    assert stack.mails(newcomer) == []


# ---------------------------------------------------------------- replies that get lost


@pytest.mark.clause("signup")
@pytest.mark.parametrize(
    ("operation", "contains"),
    [("UpdateItem", "limit#"), ("PutItem", "signup"), ("PutItem", "notice#"), ("SendMessageBatch", "")],
)
def test_a_signup_whose_reply_from_aws_is_lost_still_gets_one_code(
    stack: LocalStack, operation: str, contains: str
) -> None:
    email = fresh_address()
    fault = stack.wire.inject(
        kind="lose_reply", operation=operation, contains=contains, function=API, times=2
    )
    assert post(stack, "/v1/signup", form(email)).status == 202
    assert fault.hits == 2
    code = code_in(mail_to(stack, email))
    assert verify(stack, email, code).status == 201
    eventually(lambda: not [row for row in rows(stack, "accounts") if row["kind"]["S"] == "notice"])
    assert len(stack.mails(email)) == 1


@pytest.mark.clause("signup")
@pytest.mark.parametrize("kind", ["lose_reply", "lose_request", "conflict", "throttle", "fail"])
def test_the_user_is_in_though_the_reply_to_opening_the_account_was_lost(
    stack: LocalStack, kind: Any
) -> None:
    email = fresh_address()
    code = code_for(stack, email)
    before = companies(stack)
    fault = stack.wire.inject(kind=kind, operation="TransactWriteItems", function=API, times=2)
    answer = verify(stack, email, code)
    assert answer.status == 201, answer.body
    assert fault.hits == 2
    assert companies(stack) - before == {answer.json["company"]["id"]}
    assert me(stack, answer.json["session"]["token"]).json["email"] == email
    assert log_in(stack, email).json["user"]["id"] == answer.json["user"]["id"]


@pytest.mark.clause("signup")
def test_an_account_that_was_opened_unheard_can_be_logged_into(stack: LocalStack) -> None:
    email = fresh_address()
    code = code_for(stack, email)
    before = companies(stack)
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API, times=99)
    answer = verify(stack, email, code)
    stack.wire.reset()
    assert answer.status in {201, 503}
    assert len(companies(stack) - before) == 1
    assert log_in(stack, email).status == 200


@pytest.mark.clause("signup")
@pytest.mark.parametrize("operation", ["GenerateDataKeyWithoutPlaintext", "PutItem"])
def test_a_company_key_whose_reply_was_lost_is_the_key_in_use(stack: LocalStack, operation: str) -> None:
    email = fresh_address()
    code = code_for(stack, email)
    contains = "okki-leads-company-keys" if operation == "PutItem" else ""
    fault = stack.wire.inject(
        kind="lose_reply", operation=operation, contains=contains, function=API, times=2
    )
    answer = verify(stack, email, code)
    assert answer.status == 201
    assert fault.hits == 2
    assert me(stack, answer.json["session"]["token"]).json["name"] == "Anna Li"


@pytest.mark.clause("signup")
def test_one_code_typed_twice_at_once_opens_one_account(stack: LocalStack) -> None:
    email = fresh_address()
    code = code_for(stack, email)
    before = companies(stack)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: verify(stack, email, code), range(4)))
    assert sorted(answer.status for answer in answers) == [201, 401, 401, 401]
    won = next(answer for answer in answers if answer.status == 201).json
    assert companies(stack) - before == {won["company"]["id"]}
    assert me(stack, won["session"]["token"]).status == 200


@pytest.mark.clause("signup")
def test_a_mailbox_belongs_to_the_first_who_proves_it(stack: LocalStack) -> None:
    email = fresh_address()
    first = verify(stack, email, code_for(stack, email))
    assert first.status == 201
    # A second signup leaves no code that could open another account.
    assert post(stack, "/v1/signup", form(email, company="Elsewhere")).status == 202
    mail_to(stack, email, 2)
    eventually(lambda: not [row for row in rows(stack, "accounts") if row["kind"]["S"] == "notice"])
    for guess in ("00000000", "12345678"):
        refused(verify(stack, email, guess), 401, "code_refused")
    assert log_in(stack, email).json["company"]["id"] == first.json["company"]["id"]

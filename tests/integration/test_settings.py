"""Personal Settings (clause `self-service`): what a user sees, corrects and ends, and nobody else for them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyotp
import pytest
from jsonschema import Draft202012Validator

from chalicelib.privacy.notifications import Kind
from chalicelib.services.accounts import address, own_data
from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration import people, ways
from tests.integration.client import (
    CHROME,
    PASSWORD,
    Answer,
    User,
    code_in,
    fresh_address,
    fresh_network,
    log_in,
    mail_to,
    new_code,
    request,
    sign_up,
)
from tests.integration.letters import drained, rows

API = "okki-leads-api"
ACCOUNTS = "okki-leads-accounts"
NOBODY = "00000000000000000000000000"


def another_session(user: User, agent: str = CHROME, ip: str | None = None) -> User:
    """The same person, logged in on another device."""
    answer = log_in(
        user.stack, user.email, headers={"User-Agent": agent, "X-Local-Client": ip or fresh_network()}
    )
    assert answer.status == 200, answer.body
    return User(
        user.stack, user.email, answer.json["session"]["token"], user.me, user.company, fresh_network()
    )


def renewed(user: User, answer: Answer) -> User:
    """The person with the session that an answer brought."""
    assert answer.status == 200, answer.body
    found = answer.json
    return User(
        user.stack,
        found["user"]["email"],
        found["session"]["token"],
        found["user"],
        user.company,
        user.address,
    )


def me(user: User) -> dict[str, Any]:
    found: dict[str, Any] = user.call("GET", "/v1/me").json
    return found


def items(user: User, what: str) -> list[dict[str, Any]]:
    answer = user.call("GET", f"/v1/me/{what}")
    assert answer.status == 200, answer.body
    assert answer.json["next_cursor"] is None
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def ask(user: User, email: str, password: str | None = PASSWORD) -> Answer:
    body = {"email": email} if password is None else {"email": email, "password": password}
    return user.call("POST", "/v1/me/address", body)


def give(user: User, asked: Answer, code: str) -> Answer:
    body = {"challenge_id": asked.json["challenge"]["id"], "code": code}
    return user.call("POST", "/v1/me/address/verify", body)


def asked(user: User, email: str) -> tuple[Answer, str]:
    """A change that waits, and the code that came to the new mailbox."""
    before = len(user.stack.mails(email))
    answer = ask(user, email)
    assert answer.status == 202, answer.body
    return answer, new_code(user.stack, email, before)


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body


def restrict_own_data(admin: User) -> None:
    now = admin.call("GET", "/v1/company/restrictions").json
    rule = {"action": "change", "category": "logon", "roles": ["member"]}
    body = {"items": [rule], "version": now["version"]}
    assert admin.call("PUT", "/v1/company/restrictions", body).status == 200


# ---------------------------------------------------------------- who I am


@pytest.mark.clause("self-service")
def test_who_i_am_costs_two_reads_more_than_being_let_in(stack: LocalStack) -> None:
    user = sign_up(stack)
    me(user)
    stack.wire.clear()
    found = me(user)
    calls = [call for call in stack.wire.calls if call.function == API]
    assert [call.operation for call in calls] == ["BatchGetItem"] * 2
    read = [
        len(table["Keys"]) for call in calls for table in json.loads(call.request)["RequestItems"].values()
    ]
    assert read == [2, 2], "rows below 4 KB: a read unit each"
    assert (found["version"], found["main_account"], found["second_factor"], found["department_id"]) == (
        1,
        True,
        False,
        None,
    )
    assert found["policy"]["agreed"] == found["policy"]["in_force"]["version"] == "2025-01-16"
    assert (found["policy"]["consent_needed"], found["policy"]["next"]) == (False, None)


@pytest.mark.clause("self-service")
def test_a_correction_is_made_once_and_only_to_what_was_read(stack: LocalStack) -> None:
    user = sign_up(stack)
    answer = user.call("PATCH", "/v1/me", {"version": 1, "name": "安娜 Li", "locale": "zh"})
    assert (answer.status, answer.json["name"], answer.json["version"]) == (200, "安娜 Li", 2)
    refused(user.call("PATCH", "/v1/me", {"version": 1, "name": "Old window"}), 409, "changed")
    assert me(user) == answer.json
    assert user.call("PATCH", "/v1/me", {"version": 2, "locale": "en"}).json["name"] == "安娜 Li"


@pytest.mark.clause("self-service")
@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"version": 1, "email": "a@b.example"}, "email", "unknown_field"),
        ({"version": 1, "role": "admin"}, "role", "unknown_field"),
        ({"version": 1, "name": None}, "name", "required"),
        ({"version": 1, "locale": "fr"}, "locale", "not_a_choice"),
        ({"version": 1, "name": "A\r\nBcc: x@y.example"}, "name", None),
        ({"name": "No version"}, "version", "required"),
    ],
)
def test_what_is_not_mine_to_say_is_refused_and_changes_nothing(
    anna: User, body: dict[str, Any], field: str, code: str | None
) -> None:
    before = me(anna)
    answer = anna.call(
        "PATCH", "/v1/me", {**body, **({"version": before["version"]} if "version" in body else {})}
    )
    assert answer.status == 422
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert code is None or answer.json["errors"][0]["code"] == code
    assert me(anna) == before


@pytest.mark.clause("restrictions", "self-service")
def test_who_may_not_change_their_name_still_sees_everything_and_learns_whom_to_ask(
    stack: LocalStack,
) -> None:
    admin = sign_up(stack)
    member = people.join(admin)
    restrict_own_data(admin)
    new = fresh_address("new")
    for answer in (
        member.call("PATCH", "/v1/me", {"version": 1, "name": "Another"}),
        ask(member, new),
    ):
        refused(answer, 403, "restricted_by_company")
        assert answer.json["clause"] == "restrictions"
        assert answer.json["administrator"] == {"name": admin.me["name"], "email": admin.email}
    assert stack.mails(new) == []
    assert member.call("PATCH", "/v1/me", {"version": 1, "locale": "zh"}).status == 200
    for path in (
        "/v1/me",
        "/v1/me/data",
        "/v1/me/download",
        "/v1/me/devices",
        "/v1/me/sessions",
        "/v1/consents",
    ):
        assert member.call("GET", path).status == 200, path
    assert admin.call("PATCH", "/v1/me", {"version": 1, "name": "The admin"}).status == 200


@pytest.mark.clause("restrictions")
def test_a_restriction_set_while_a_code_waits_stops_the_change(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = people.join(admin)
    new = fresh_address("new")
    waiting, code = asked(member, new)
    restrict_own_data(admin)
    refused(give(member, waiting, code), 403, "restricted_by_company")
    assert me(member)["email"] == member.email


# ---------------------------------------------------------------- the mailbox


@pytest.mark.clause("self-service", "passwords")
def test_a_new_mailbox_is_the_only_way_in_and_the_old_one_is_told(stack: LocalStack) -> None:
    user = sign_up(stack)
    other = another_session(user)
    mails = len(stack.mails(user.email))
    new = fresh_address("new", "gmail.com")
    waiting, code = asked(user, new)
    assert me(user)["email"] == user.email, "nothing changes before the code came back"
    now = renewed(user, give(user, waiting, code))
    assert (now.email, me(now)["email"]) == (new, new)
    told = mail_to(stack, user.email, mails + 1)
    assert user.address in told["text"]
    assert new not in told["text"]
    for old in (user, other):
        assert old.call("GET", "/v1/me").status == 401
    refused(log_in(stack, user.email), 401, "login_refused")
    assert log_in(stack, new).status == 200
    (kept,) = [row for row in rows(stack, "accounts") if row["sk"]["S"] == f"user#{user.me['id']}"]
    assert kept["facts"]["M"]["free_mailbox"]["BOOL"] is True
    logins = [row for row in rows(stack, "accounts") if row["kind"]["S"] == "login"]
    assert len([row for row in logins if row["facts"]["M"]["user_id"]["S"] == user.me["id"]]) == 1
    before = len(stack.mails(user.email))
    form = {"name": "B", "company": "B", "email": user.email, "password": PASSWORD, "is_adult": True}
    form |= {"policy_version": "2025-01-16"}
    assert request(f"{stack.api}/v1/signup", "POST", form, {"X-Local-Client": fresh_network()}).status == 202
    code = new_code(stack, user.email, before)
    again = request(
        f"{stack.api}/v1/signup/verify",
        "POST",
        {"email": user.email, "code": code},
        {"X-Local-Client": fresh_network()},
    )
    assert again.status == 201, "the old mailbox is free"
    assert again.json["user"]["id"] != user.me["id"]


@pytest.mark.clause("signup", "self-service")
def test_nobody_learns_by_changing_their_mailbox_who_has_an_account(stack: LocalStack) -> None:
    user, owner = sign_up(stack), sign_up(stack)
    free = fresh_address("free")
    mails = len(stack.mails(owner.email))
    seen = []
    for email in (free, owner.email):
        me(user)  # warm, and the session's use noted
        stack.wire.clear()
        answer = ask(user, email)
        calls = [(one.operation, one.service) for one in stack.wire.calls if one.function == API]
        shape = {**answer.json["challenge"], "id": "", "expires_at": ""}
        headers = {name for name in answer.headers if not name.startswith("x-am")}
        seen.append((answer.status, shape, headers, calls))
    assert seen[0] == seen[1]
    letter = mail_to(stack, owner.email, mails + 1)
    assert not any(char.isdigit() for char in letter["subject"])
    assert code_in(mail_to(stack, free)) not in letter["text"]
    with pytest.raises(AssertionError):
        code_in(letter)
    drained(stack, "notices")
    assert len(stack.mails(owner.email)) == mails + 1
    assert log_in(stack, owner.email).json["user"]["id"] == owner.me["id"]


@pytest.mark.clause("passwords")
def test_an_open_session_alone_does_not_move_an_account_to_another_mailbox(stack: LocalStack) -> None:
    user = sign_up(stack)
    new = fresh_address("new")
    for password in (None, "", "not the password"):
        refused(ask(user, new, password), 401, "password_refused")
    refused(ask(user, user.email.upper()), 422, "invalid")
    refused(
        user.call("POST", "/v1/me/address", {"email": new, "password": PASSWORD, "user_id": "x"}),
        422,
        "invalid",
    )
    drained(stack, "notices")
    assert stack.mails(new) == []
    proof = user.call("POST", "/v1/me/proof").json["challenge"]
    body = {"challenge_id": proof["id"], "code": code_in(mail_to(stack, user.email, 2))}
    assert user.call("POST", "/v1/me/proof/verify", body).status == 200
    secret = user.call("POST", "/v1/me/totp").json["secret"]
    code = pyotp.TOTP(secret).at(int(stack.now()))
    user.token = user.call("POST", "/v1/me/totp/confirm", {"code": code}).json["session"]["token"]
    assert me(user)["second_factor"] is True
    stack.advance(660)
    refused(ask(user, new), 403, "proof_needed")


@pytest.mark.clause("passwords")
def test_a_code_moves_one_account_once_in_the_session_that_asked_for_it(stack: LocalStack) -> None:
    user, stranger = sign_up(stack), sign_up(stack)
    other = another_session(user)
    new = fresh_address("new")
    waiting, code = asked(user, new)
    refused(give(stranger, waiting, code), 401, "code_refused")
    refused(give(other, waiting, code), 401, "code_refused")
    refused(give(user, waiting, f"{(int(code) + 1) % 10**8:08d}"), 401, "code_refused")
    now = renewed(user, give(user, waiting, code))
    refused(give(now, waiting, code), 401, "code_refused")
    late, code = asked(now, fresh_address("late"))
    stack.advance(601)
    refused(give(now, late, code), 401, "code_refused")
    assert me(stranger)["email"] == stranger.email
    assert me(now)["email"] == new


@pytest.mark.clause("self-service")
def test_of_two_who_want_one_mailbox_one_gets_it_and_the_other_loses_nothing(stack: LocalStack) -> None:
    for _ in range(3):
        pair = [sign_up(stack), sign_up(stack)]
        wanted = fresh_address("wanted")
        waiting = [asked(user, wanted) for user in pair]
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda one: give(one[0], *one[1]), zip(pair, waiting, strict=True)))
        assert sorted(answer.status for answer in answers) == [200, 409], [one.body for one in answers]
        for user, answer in zip(pair, answers, strict=True):
            if answer.status == 200:
                assert log_in(stack, wanted).json["user"]["id"] == user.me["id"]
            else:
                refused(answer, 409, "address_taken")
                assert me(user)["email"] == user.email
                assert log_in(stack, user.email).json["user"]["id"] == user.me["id"]


@pytest.mark.clause("self-service")
def test_a_reply_lost_anywhere_on_the_way_to_a_new_mailbox_neither_locks_out_nor_does_it_twice(
    stack: LocalStack,
) -> None:
    def change(user: User) -> None:
        mails = len(stack.mails(user.email))
        new = fresh_address("new")
        now = renewed(user, give(user, *asked(user, new)))
        mail_to(stack, user.email, mails + 1)
        drained(stack, "notices")
        assert me(now)["email"] == new
        assert user.call("GET", "/v1/me").status == 401
        assert len(stack.mails(user.email)) == mails + 1
        assert log_in(stack, new).status == 200
        inbox = [
            row for row in rows(stack, "accounts") if row["sk"]["S"].startswith(f"inbox#{user.me['id']}#")
        ]
        assert [row["facts"]["M"]["about"]["S"] for row in inbox].count(Kind.CREDENTIALS.value) == 1

    user = sign_up(stack)
    me(user)
    drained(stack, "notices")
    stack.wire.clear()
    change(user)
    writes = {"PutItem", "TransactWriteItems", "UpdateItem", "DeleteItem"}
    planned = Counter(
        call.operation for call in stack.wire.calls if call.function == API and call.operation in writes
    )
    assert planned["TransactWriteItems"] >= 2
    for operation, times in planned.items():
        for skip in range(times):
            user = sign_up(stack)
            me(user)
            drained(stack, "notices")
            fault = stack.wire.inject(
                kind="lose_reply", service="dynamodb", operation=operation, function=API, skip=skip
            )
            change(user)
            assert fault.hits <= 1
            stack.wire.reset()


@pytest.mark.clause("self-service")
def test_a_database_that_goes_away_leaves_the_old_mailbox_or_the_new_one_and_never_neither(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    new = fresh_address("new")
    waiting, code = asked(user, new)
    stack.wire.inject(kind="fail", service="dynamodb", operation="TransactWriteItems", function=API, times=3)
    assert give(user, waiting, code).status == 503
    stack.wire.reset()
    assert log_in(stack, user.email).status == 200
    now = renewed(user, give(user, waiting, code))
    assert me(now)["email"] == new


@pytest.mark.clause("communications")
def test_nobodys_mailbox_is_filled_with_codes(stack: LocalStack) -> None:
    victim = fresh_address("victim")
    stack.advance(3600 - int(stack.now()) % 3600 + 2)
    askers = [sign_up(stack), sign_up(stack)]
    answers = [ask(askers[number % 2], victim).status for number in range(address.ASKED_PER_MAILBOX + 1)]
    assert answers == [202] * address.ASKED_PER_MAILBOX + [429]


@pytest.mark.clause("passwords", "wechat")
def test_who_has_no_password_proves_themselves_afresh_and_their_wechat_is_shown_to_them(
    stack: LocalStack,
) -> None:
    person = ways.somebody("王小明")
    _, key = people.invited(sign_up(stack))
    ticket = ways.log_in(stack, person).json["ticket"]
    answer = people.accept(stack, key, password=None, wechat_ticket=ticket)
    assert answer.status == 201, answer.body
    found = answer.json
    user = User(
        stack,
        found["user"]["email"],
        found["session"]["token"],
        found["user"],
        found["company"],
        fresh_network(),
    )
    stack.advance(660)
    new = fresh_address("new")
    for password in (None, "", "a guess"):
        refused(ask(user, new, password), 403, "proof_needed")
    ways.prove(user)
    now = renewed(user, give(user, *asked(user, new)))
    assert me(now)["email"] == new
    held = kinds(now)
    assert values(held["wechat_link"][0])["open_id"] == ways.open_id_of(person)
    assert values(held["wechat_nickname"][0])["nickname"] == "王小明"
    assert [values(one)["about"] for one in held["notification"]].count("credentials") == 1
    assert ways.log_in(stack, person).status in {200, 202}


# ---------------------------------------------------------------- what is held


def kinds(user: User) -> dict[str, list[dict[str, Any]]]:
    answer = user.call("GET", "/v1/me/data")
    assert answer.status == 200, answer.body
    assert all(one["complete"] for one in answer.json["kinds"])
    return {one["kind"]: one["records"] for one in answer.json["kinds"]}


def values(record: dict[str, Any]) -> dict[str, Any]:
    return {field["field"]: field["value"] for field in record["fields"]}


@pytest.mark.clause("self-service", "retention", "purposes")
def test_everything_held_is_shown_with_where_from_what_for_and_until_when(stack: LocalStack) -> None:
    user = another_session(sign_up(stack, name="Zoë Canary", company="Canary Export"))
    found = kinds(user)
    (person,) = found["user"]
    shown = {field["field"]: field for field in person["fields"]}
    assert shown["name"] == {
        "field": "name",
        "value": "Zoë Canary",
        "category": "logon",
        "section": "2.2.1(a)",
        "source": ["provided_by_users"],
        "purposes": shown["name"]["purposes"],
        "bases": ["consent", "contract"],
        "kept_until": None,
        "why": "4.1.2(a): while the company is served: the service and its records need it",
    }
    assert "create_and_login" in shown["name"]["purposes"]
    assert (shown["email"]["value"], shown["declared_adult"]["value"]) == (user.email, True)
    assert values(found["company"][0])["name"] == "Canary Export"
    assert values(found["member"][0]) == {
        "state": "active",
        "position": "admin",
        "department_id": None,
        "second_factor": False,
        "policy_version": "2025-01-16",
        "since": shown["registered_at"]["value"],
    }
    assert len(found["device"]) == len(found["session"]) == 2
    chrome = next(one for one in found["device"] if values(one)["browser_type"])
    assert values(chrome)["browser_type"].startswith("Chrome")
    assert chrome["kept_until"] is not None
    assert "4.1.2(b)" in chrome["why"]
    assert [values(one)["purpose"] for one in found["user_consent"]] == ["account"]
    assert values(found["user_receipt"][0])["policy_version"] == "2025-01-16"
    for records in found.values():
        for record in records:
            assert record["policy_version"] == "2025-01-16"
            for field in record["fields"]:
                assert field["why"].startswith("4.1.2(")
                assert bool(field["section"]) is bool(field["category"])


@pytest.mark.clause("self-service", "access")
def test_no_row_with_a_users_id_is_left_out_and_no_secret_is_let_out(stack: LocalStack) -> None:
    user = sign_up(stack)
    user.call(
        "POST",
        "/v1/consents",
        {"purpose": "marketing", "state": "granted", "text_version": "marketing-2026-01"},
    )
    proof = user.call("POST", "/v1/me/proof").json["challenge"]
    body = {"challenge_id": proof["id"], "code": code_in(mail_to(stack, user.email, 2))}
    assert user.call("POST", "/v1/me/proof/verify", body).status == 200
    secret = user.call("POST", "/v1/me/totp").json["secret"]
    answer = user.call("GET", "/v1/me/data")
    listed = {one["kind"]: len(one["records"]) for one in answer.json["kinds"]}
    named = {one["kind"] for one in answer.json["not_shown"]}
    mine = [
        row["kind"]["S"]
        for table in ("accounts", "ledger")
        for row in rows(stack, table)
        if user.me["id"] in row["sk"]["S"]
    ]
    counted = Counter(kind for kind in mine if kind not in named)
    assert counted
    assert {kind: listed[kind] for kind in counted} == counted
    assert listed["second_factor"] == listed["login"] == 1
    text = answer.body.decode()
    hashes = [
        row for row in rows(stack, "accounts") if row["sk"]["S"].startswith(f"session#{user.me['id']}#")
    ]
    assert hashes
    for secret_value in (
        secret,
        "argon2",
        "$",
        user.token,
        *(row["sk"]["S"].split("#")[2] for row in hashes),
    ):
        assert secret_value not in text


@pytest.mark.clause("self-service", "roles")
def test_nothing_about_anybody_else_is_among_my_data(stack: LocalStack) -> None:
    admin = sign_up(stack, name="Wilhelmina Admin", company="Shared Company")
    member = people.join(admin, name="Barnabas Member")
    outsider = sign_up(stack, name="Outsider Person", company="Other Company")
    for mine, others in (
        (member, (admin, outsider)),
        (admin, (member, outsider)),
        (outsider, (admin, member)),
    ):
        for path in ("/v1/me/data", "/v1/me/download"):
            text = mine.call("GET", path).body.decode()
            assert mine.me["name"] in text
            for other in others:
                for said in (other.me["name"], other.email, other.me["id"], other.address):
                    assert said not in text


@pytest.mark.clause("self-service", "cancellation")
@pytest.mark.parametrize("state", ["expired", "restricted", "cancelling"])
def test_what_is_held_about_me_is_open_whatever_becomes_of_the_company(stack: LocalStack, state: str) -> None:
    user = people.join(sign_up(stack))
    stack.client("dynamodb").update_item(
        TableName=ACCOUNTS,
        Key={"pk": {"S": user.company["id"]}, "sk": {"S": "access"}},
        UpdateExpression="SET facts.#state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": state}},
    )
    assert user.call("POST", "/v1/messages", {}).json["code"] == "company_not_active"
    for path in ("/v1/me", "/v1/me/data", "/v1/me/download", "/v1/consents"):
        assert user.call("GET", path).status == 200, path


@pytest.mark.clause("self-service")
def test_my_data_comes_as_a_file_that_does_not_say_whose_it_is(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.advance(3600 - int(stack.now()) % 3600 + 2)
    file = user.call("GET", "/v1/me/download")
    assert file.status == 200
    assert file.headers["content-disposition"] == 'attachment; filename="okki-leads-my-data.json"'
    assert file.headers["content-type"] == "application/json"
    page = user.call("GET", "/v1/me/data").json
    assert {**file.json, "at": ""} == {**page, "at": ""}
    answers = [user.call("GET", "/v1/me/download").status for _ in range(own_data.DOWNLOADS_PER_USER)]
    assert answers == [200] * (own_data.DOWNLOADS_PER_USER - 1) + [429]
    assert user.call("GET", "/v1/me/data").status == 200, "looking is never rationed"


# ---------------------------------------------------------------- devices and sessions


@pytest.mark.clause("self-service", "automatic")
def test_i_see_where_i_am_logged_in_and_from_what(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    phone = another_session(user, CHROME, ip)
    devices, sessions = items(user, "devices"), items(user, "sessions")
    (there,) = [one for one in devices if not one["current"]]
    assert (there["ip"], there["os_version"]) == (ip, "Windows 10")
    assert there["browser_type"].startswith("Chrome")
    assert sorted(one["current"] for one in sessions) == [False, True]
    theirs = next(one for one in sessions if not one["current"])
    assert theirs["device_id"] == there["id"]
    assert theirs["device"]["ip"] == ip
    assert [one["id"] for one in items(phone, "sessions") if one["current"]] == [theirs["id"]]


@pytest.mark.clause("self-service", "passwords")
def test_a_session_i_end_is_over_at_once_and_the_others_go_on(stack: LocalStack) -> None:
    user = sign_up(stack)
    other = another_session(user)
    (theirs,) = [one["id"] for one in items(user, "sessions") if not one["current"]]
    ended = user.call("DELETE", f"/v1/me/sessions/{theirs}")
    assert (ended.status, ended.cookies) == (204, [])
    assert other.call("GET", "/v1/me").status == 401
    refused(user.call("DELETE", f"/v1/me/sessions/{theirs}"), 404, "not_found")
    (mine,) = [one["id"] for one in items(user, "sessions")]
    ended = user.call("DELETE", f"/v1/me/sessions/{mine}")
    assert [one.split("=")[0] for one in ended.cookies] == ["__Host-session"]
    assert "Max-Age=0" in ended.cookies[0]
    assert user.call("GET", "/v1/me").status == 401


@pytest.mark.clause("self-service", "passwords")
def test_ending_all_sessions_shuts_out_whoever_holds_a_token_of_mine_this_one_included(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    others = [another_session(user) for _ in range(2)]
    stack.advance(3600)
    (before,) = [one for one in items(user, "sessions") if one["current"]]
    now = renewed(user, user.call("DELETE", "/v1/me/sessions"))
    for old in (user, *others):
        assert old.call("GET", "/v1/me").status == 401
    (mine,) = items(now, "sessions")
    assert mine["current"]
    assert (mine["created_at"], mine["device_id"]) == (before["created_at"], before["device_id"]), (
        "it ends when the old one would have ended"
    )


@pytest.mark.clause("self-service", "automatic")
def test_a_device_i_forget_is_logged_out_and_a_stranger_again(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    lost = another_session(user, CHROME, ip)
    device = next(one["id"] for one in items(user, "devices") if not one["current"])
    assert user.call("DELETE", f"/v1/me/devices/{device}").status == 204
    assert lost.call("GET", "/v1/me").status == 401
    assert [one["current"] for one in items(user, "devices")] == [True]
    back = request(
        f"{stack.api}/v1/login",
        "POST",
        {"email": user.email, "password": PASSWORD},
        {"X-Local-Client": ip, "User-Agent": CHROME},
    )
    assert back.status == 202, "it proves itself again"
    refused(user.call("DELETE", f"/v1/me/devices/{device}"), 404, "not_found")
    here = items(user, "devices")[0]["id"]
    gone = user.call("DELETE", f"/v1/me/devices/{here}")
    assert [one.split("=")[0] for one in gone.cookies] == ["__Host-session", "__Host-device"]
    assert user.call("GET", "/v1/me").status == 401


@pytest.mark.clause("self-service")
def test_forgetting_a_device_half_way_is_finished_by_asking_again(stack: LocalStack) -> None:
    user = sign_up(stack)
    lost = another_session(user)
    device = next(one["id"] for one in items(user, "devices") if not one["current"])
    fault = stack.wire.inject(
        kind="fail", service="dynamodb", operation="DeleteItem", function=API, skip=1, times=3
    )
    assert user.call("DELETE", f"/v1/me/devices/{device}").status == 503
    assert fault.hits == 3
    stack.wire.reset()
    assert lost.call("GET", "/v1/me").status == 200, "the device is gone, its session not yet"
    assert user.call("DELETE", f"/v1/me/devices/{device}").status == 204
    assert lost.call("GET", "/v1/me").status == 401


@pytest.mark.clause("passwords")
@pytest.mark.parametrize("act", ["sessions", "address"])
def test_a_device_forgotten_in_the_middle_opens_no_new_session(stack: LocalStack, act: str) -> None:
    """The thief at the lost telephone is just renewing their session while its owner forgets the telephone."""
    user = sign_up(stack)
    thief = another_session(user)
    device = next(one["id"] for one in items(user, "devices") if not one["current"])
    waiting = asked(thief, fresh_address("thief")) if act == "address" else None
    stack.wire.inject(
        kind="delay", service="dynamodb", operation="TransactWriteItems", function=API, seconds=1.5
    )
    answers: list[Answer] = []

    def renew() -> None:
        answers.append(thief.call("DELETE", "/v1/me/sessions") if waiting is None else give(thief, *waiting))

    thread = threading.Thread(target=renew)
    stack.wire.clear()
    thread.start()
    while not any(call.operation == "BatchGetItem" for call in stack.wire.calls):
        pass
    assert user.call("DELETE", f"/v1/me/devices/{device}").status == 204
    thread.join()
    assert answers[0].status == 401, answers[0].body
    assert not answers[0].cookies
    live = [row for row in rows(stack, "accounts") if row["sk"]["S"].startswith(f"session#{user.me['id']}#")]
    assert [
        row["facts"]["M"]["device_id"]["S"] for row in live if row["facts"]["M"]["device_id"]["S"] == device
    ] == []


@pytest.mark.clause("self-service", "access")
@pytest.mark.parametrize("what", ["devices", "sessions"])
def test_a_colleagues_and_a_strangers_device_or_session_is_as_unknown_as_one_that_never_was(
    stack: LocalStack, what: str
) -> None:
    admin = sign_up(stack)
    member, stranger = people.join(admin), sign_up(stack)
    prefix = "dev" if what == "devices" else "ses"
    never = admin.call("DELETE", f"/v1/me/{what}/{prefix}_{NOBODY}")
    for other in (member, stranger):
        (theirs,) = items(other, what)
        answer = admin.call("DELETE", f"/v1/me/{what}/{theirs['id']}")
        refused(answer, 404, "not_found")
        assert {**answer.json, "request_id": ""} == {**never.json, "request_id": ""}
        assert other.call("GET", "/v1/me").status == 200
        assert [one["id"] for one in items(other, what)] == [theirs["id"]]
    for wrong in ("x", "dev_1", "..%2f", f"usr_{NOBODY}"):
        assert admin.call("DELETE", f"/v1/me/{what}/{wrong}").status in {403, 404}


# ---------------------------------------------------------------- as described


@pytest.mark.clause("self-service")
def test_what_a_settings_page_gets_is_what_its_makers_were_told(stack: LocalStack) -> None:
    user = sign_up(stack)
    another_session(user)
    document = request(f"{stack.api}/openapi.json").json
    agreed = user.call("POST", "/v1/policy/agreements", {"version": "2025-01-16"})
    answers = {
        ("GET", path): user.call("GET", path)
        for path in (
            "/v1/me",
            "/v1/me/data",
            "/v1/me/download",
            "/v1/me/devices",
            "/v1/me/sessions",
            "/v1/consents",
        )
    }
    for (method, path), answer in {**answers, ("POST", "/v1/policy/agreements"): agreed}.items():
        described = document["paths"][path][method.lower()]["responses"][str(answer.status)]
        schema = described["content"]["application/json"]["schema"]
        Draft202012Validator({**document, **schema}).validate(answer.json)
        agrees(document, schema, answer.json, filled=False)

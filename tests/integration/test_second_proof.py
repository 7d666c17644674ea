"""Logging in from somewhere new, and proving oneself twice (clauses `automatic`, `access`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pyotp
import pytest

from chalicelib.services.accounts import factors, login, proofs
from infra.local import LocalStack
from tests.integration.client import (
    AGENT,
    CHROME,
    PASSWORD,
    Answer,
    User,
    code_in,
    fresh_address,
    fresh_network,
    mail_to,
    request,
    sign_up,
)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEWER_CHROME = CHROME.replace("Chrome/138", "Chrome/142")
SINGAPORE, GERMANY = "203.118.10.5", "46.4.10.9"
DAY = 86_400


def enter(stack: LocalStack, email: str, ip: str, agent: str | None = None, **headers: str) -> Answer:
    own = {"X-Local-Client": ip, "User-Agent": agent or AGENT, **headers}
    return request(f"{stack.api}/v1/login", "POST", {"email": email, "password": PASSWORD}, own)


def prove(stack: LocalStack, challenge: Any, code: str, ip: str, agent: str | None = None) -> Answer:
    own = {"X-Local-Client": ip, "User-Agent": agent or AGENT}
    body = {"challenge_id": challenge["id"], "code": code}
    return request(f"{stack.api}/v1/login/verify", "POST", body, own)


def code_for(stack: LocalStack, email: str, count: int) -> str:
    return code_in(mail_to(stack, email, count))


def newcomer(stack: LocalStack, agent: str = CHROME, ip: str | None = None) -> tuple[User, str]:
    """Somebody whose one known device is this browser at this address."""
    user = sign_up(stack)
    ip = ip or fresh_network()
    answer = enter(stack, user.email, ip, agent)
    assert answer.status == 202
    code = code_for(stack, user.email, 2)
    assert prove(stack, answer.json["challenge"], code, ip, agent).status == 200
    return user, ip


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


# ---------------------------------------------------------------- devices


@pytest.mark.clause("automatic")
def test_a_password_alone_opens_nothing_from_an_unknown_device(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    answer = enter(stack, user.email, ip, FIREFOX)
    assert answer.status == 202
    assert not answer.cookies
    assert answer.json["challenge"].keys() == {"id", "channel", "expires_at"}
    assert answer.json["challenge"]["channel"] == "mail"
    mail = mail_to(stack, user.email, 2)
    assert "Firefox" in mail["text"] and ip in mail["text"]
    challenge = answer.json["challenge"]
    code = code_in(mail)
    refused = prove(stack, challenge, wrong(code), ip, FIREFOX)
    assert (refused.status, refused.json["code"]) == (401, "code_refused")
    entered = prove(stack, challenge, code, ip, FIREFOX)
    assert entered.status == 200
    assert entered.json["user"]["id"] == user.me["id"]
    assert entered.json["device_token"]
    assert [one.split("=")[0] for one in entered.cookies] == ["__Host-session", "__Host-device"]
    again = prove(stack, challenge, code, ip, FIREFOX)
    assert (again.status, again.json["code"]) == (401, "code_refused")


@pytest.mark.clause("automatic")
def test_a_known_device_is_not_asked_again_and_neither_after_a_browser_update(stack: LocalStack) -> None:
    user, ip = newcomer(stack)
    assert enter(stack, user.email, ip, CHROME).status == 200
    assert enter(stack, user.email, ip, NEWER_CHROME).status == 200
    assert enter(stack, user.email, ip, FIREFOX).status == 202
    assert enter(stack, user.email, fresh_network(), CHROME).status == 202


@pytest.mark.clause("automatic")
def test_a_device_that_shows_its_token_is_known_on_any_network_of_the_country(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    challenge = enter(stack, user.email, ip, CHROME).json["challenge"]
    entered = prove(stack, challenge, code_for(stack, user.email, 2), ip, CHROME)
    token = entered.json["device_token"]
    assert enter(stack, user.email, fresh_network(), CHROME, **{"X-Device-Token": token}).status == 200
    cookie = {"Cookie": f"__Host-device={token}"}
    assert enter(stack, user.email, fresh_network(), CHROME, **cookie).status == 200
    other = sign_up(stack)
    assert enter(stack, other.email, fresh_network(), CHROME, **cookie).status == 202, (
        "somebody else's device"
    )
    assert enter(stack, user.email, fresh_network(), CHROME, **{"X-Device-Token": token + "x"}).status == 202
    for junk in ("x", "." * 50, "AAAA.BBBB", "é", "A" * 5000):
        header = {"X-Device-Token": junk} if junk.isascii() else {}
        assert enter(stack, other.email, fresh_network(), CHROME, **header).status == 202


@pytest.mark.clause("automatic")
def test_another_country_or_a_long_absence_makes_a_known_device_prove_itself(stack: LocalStack) -> None:
    user = sign_up(stack)
    challenge = enter(stack, user.email, SINGAPORE, CHROME).json["challenge"]
    entered = prove(stack, challenge, code_for(stack, user.email, 2), SINGAPORE, CHROME)
    token = {"X-Device-Token": entered.json["device_token"]}
    assert enter(stack, user.email, SINGAPORE, CHROME, **token).status == 200
    assert enter(stack, user.email, GERMANY, CHROME, **token).status == 202
    stack.advance(29 * DAY)
    assert enter(stack, user.email, SINGAPORE, CHROME, **token).status == 200
    stack.advance(30 * DAY)
    assert enter(stack, user.email, SINGAPORE, CHROME, **token).status == 202


@pytest.mark.clause("automatic", "singapore")
def test_of_a_device_the_policys_fields_are_kept_sealed_and_nothing_else(stack: LocalStack) -> None:
    user, _ = newcomer(stack)
    rows = stack.client("dynamodb").query(
        TableName="okki-leads-accounts",
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={
            ":p": {"S": user.company["id"]},
            ":s": {"S": f"device#{user.me['id']}#"},
        },
    )["Items"]
    assert len(rows) == 2
    for row in rows:
        assert row["facts"]["M"].keys() == {
            "token_hash",
            "looks",
            "generation",
            "first_seen_at",
            "last_seen_at",
        }
        assert b"Chrome" not in row["sealed"]["B"]


# ---------------------------------------------------------------- codes


@pytest.mark.clause("automatic", "passwords")
def test_a_code_dies_after_five_tries_and_after_ten_minutes(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    challenge = enter(stack, user.email, ip, CHROME).json["challenge"]
    code = code_for(stack, user.email, 2)
    for _ in range(proofs.TRIES):
        assert prove(stack, challenge, wrong(code), ip).status == 401
    assert prove(stack, challenge, code, ip).status == 429
    stack.advance(660)
    assert prove(stack, challenge, code, ip).status == 401


@pytest.mark.clause("passwords")
def test_one_code_opens_one_session_however_many_bring_it_at_once(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    challenge = enter(stack, user.email, ip, CHROME).json["challenge"]
    code = code_for(stack, user.email, 2)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: prove(stack, challenge, code, ip, CHROME).status, range(4)))
    assert sorted(answers) == [200, 401, 401, 401]


@pytest.mark.clause("access")
def test_the_code_of_one_purpose_opens_no_other(stack: LocalStack) -> None:
    user = sign_up(stack)
    fresh = user.call("POST", "/v1/me/proof")
    assert fresh.status == 202
    code = code_for(stack, user.email, 2)
    assert prove(stack, fresh.json["challenge"], code, user.address).status == 401
    body = {"challenge_id": fresh.json["challenge"]["id"], "code": code}
    other = sign_up(stack)
    assert other.call("POST", "/v1/me/proof/verify", body).status == 401, "another person's session"
    assert user.call("POST", "/v1/me/proof/verify", body).status == 200


@pytest.mark.clause("passwords")
def test_a_stranger_who_guesses_from_everywhere_does_not_lock_the_owner_out(stack: LocalStack) -> None:
    """Wrong passwords from a hundred networks close the mailbox to unknown devices, not to the owner's."""
    stack.advance(3600 - int(stack.now()) % 3600 + 2)
    user = sign_up(stack)
    ip = fresh_network()
    challenge = enter(stack, user.email, ip, CHROME).json["challenge"]
    entered = prove(stack, challenge, code_for(stack, user.email, 2), ip, CHROME)
    token = {"X-Device-Token": entered.json["device_token"]}
    body = {"email": user.email, "password": "a wrong guess"}
    statuses = [
        request(f"{stack.api}/v1/login", "POST", body, {"X-Local-Client": fresh_network()}).status
        for _ in range(login.PER_MAILBOX + 1)
    ]
    assert statuses[-1] == 429 and 401 in statuses
    assert enter(stack, user.email, fresh_network(), CHROME).status == 429
    assert enter(stack, user.email, fresh_network(), CHROME, **token).status == 200
    # Without that device there is still the mailbox.
    asked = {"email": user.email}
    own = {"X-Local-Client": fresh_network()}
    assert request(f"{stack.api}/v1/password/reset", "POST", asked, own).status == 202
    new = {**asked, "code": code_for(stack, user.email, 3), "password": "nine violet lanterns"}
    assert request(f"{stack.api}/v1/password/reset/verify", "POST", new, own).status == 200


# ---------------------------------------------------------------- one-time codes


def proven(stack: LocalStack, user: User) -> None:
    before = len(stack.mails(user.email))
    challenge = user.call("POST", "/v1/me/proof").json["challenge"]
    code = code_for(stack, user.email, before + 1)
    answer = user.call("POST", "/v1/me/proof/verify", {"challenge_id": challenge["id"], "code": code})
    assert answer.status == 200


def with_totp(stack: LocalStack) -> tuple[User, pyotp.TOTP, list[str]]:
    user = sign_up(stack)
    setup = user.call("POST", "/v1/me/totp")
    assert setup.status == 201, setup.body
    assert setup.json["uri"].startswith("otpauth://totp/")
    otp = pyotp.TOTP(setup.json["secret"])
    codes = user.call("POST", "/v1/me/totp/confirm", {"code": otp.at(int(stack.now()))})
    assert codes.status == 200, codes.body
    user = replace(user, token=codes.json["session"]["token"])
    recovery = codes.json["recovery_codes"]
    assert len(set(recovery)) == factors.RECOVERY_CODES
    mail_to(stack, user.email, 2)  # that they are on
    stack.advance(60)  # that code is used up
    return user, otp, recovery


@pytest.mark.clause("access")
def test_with_one_time_codes_on_an_unknown_device_is_asked_for_one(stack: LocalStack) -> None:
    user, otp, _ = with_totp(stack)
    answer = enter(stack, user.email, user.address)
    assert answer.status == 202
    challenge = answer.json["challenge"]
    assert challenge["channel"] == "totp"
    now = otp.at(int(stack.now()))
    assert prove(stack, challenge, wrong(now)[-6:], user.address).status == 401
    entered = prove(stack, challenge, now, user.address)
    assert entered.status == 200
    second = enter(stack, user.email, user.address).json["challenge"]
    assert prove(stack, second, now, user.address).status == 401, "a code is used up"
    device = {"X-Device-Token": entered.json["device_token"] or ""}
    if device["X-Device-Token"]:
        assert enter(stack, user.email, user.address, None, **device).status == 200


@pytest.mark.clause("access")
def test_whoever_was_in_before_one_time_codes_meets_them_too(stack: LocalStack) -> None:
    """Somebody switches them on because a thief may have their password, and an open session."""
    user = sign_up(stack)
    ip = fresh_network()
    challenge = enter(stack, user.email, ip, CHROME).json["challenge"]
    thief = prove(stack, challenge, code_for(stack, user.email, 2), ip, CHROME).json
    otp = pyotp.TOTP(user.call("POST", "/v1/me/totp").json["secret"])
    on = user.call("POST", "/v1/me/totp/confirm", {"code": otp.at(int(stack.now()))})
    assert on.status == 200
    for dead in (thief["session"]["token"], user.token):
        answer = request(f"{stack.api}/v1/me", headers={"Authorization": f"Bearer {dead}"})
        assert answer.status == 401
    again = enter(stack, user.email, ip, CHROME, **{"X-Device-Token": thief["device_token"]})
    assert again.json["challenge"]["channel"] == "totp"


@pytest.mark.clause("automatic")
def test_a_client_that_says_nothing_about_itself_is_never_a_known_device(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    for _ in range(2):
        headers = {"X-Local-Client": ip}
        body = {"email": user.email, "password": PASSWORD}
        count = len(stack.mails(user.email))
        answer = request(f"{stack.api}/v1/login", "POST", body, headers)
        assert answer.status == 202
        proof = {
            "challenge_id": answer.json["challenge"]["id"],
            "code": code_for(stack, user.email, count + 1),
        }
        assert request(f"{stack.api}/v1/login/verify", "POST", proof, headers).status == 200


@pytest.mark.clause("access")
def test_a_lost_telephone_is_replaced_by_a_recovery_code_once(stack: LocalStack) -> None:
    user, _, recovery = with_totp(stack)
    challenge = enter(stack, user.email, fresh_network(), FIREFOX).json["challenge"]
    spelled = f"{recovery[0][:5]}-{recovery[0][5:]}".upper()
    assert prove(stack, challenge, spelled, fresh_network(), FIREFOX).status == 200
    assert user.call("GET", "/v1/me/totp").json == {"enabled": True, "recovery_codes_left": 9}
    challenge = enter(stack, user.email, fresh_network(), FIREFOX).json["challenge"]
    assert prove(stack, challenge, recovery[0], fresh_network(), FIREFOX).status == 401


@pytest.mark.clause("access")
def test_an_open_session_alone_cannot_take_one_time_codes_away(stack: LocalStack) -> None:
    user, otp, _ = with_totp(stack)
    stack.advance(660)
    for method, path in (("DELETE", "/v1/me/totp"), ("POST", "/v1/me/totp/recovery")):
        refused = user.call(method, path)
        assert (refused.status, refused.json["code"]) == (403, "proof_needed")
    challenge = user.call("POST", "/v1/me/proof").json["challenge"]
    assert challenge["channel"] == "totp"
    body = {"challenge_id": challenge["id"], "code": otp.at(int(stack.now()))}
    assert user.call("POST", "/v1/me/proof/verify", body).status == 200
    assert user.call("DELETE", "/v1/me/totp").status == 204
    assert user.call("GET", "/v1/me/totp").json["enabled"] is False
    assert user.call("DELETE", "/v1/me/totp").status == 404


@pytest.mark.clause("access")
def test_one_time_codes_are_not_asked_for_before_a_first_one_was_right(stack: LocalStack) -> None:
    user = sign_up(stack)
    setup = user.call("POST", "/v1/me/totp").json
    assert user.call("POST", "/v1/me/totp/confirm", {"code": "000000"}).status in {401, 200}
    if not user.call("GET", "/v1/me/totp").json["enabled"]:
        assert enter(stack, user.email, user.address).status == 200
    again = user.call("POST", "/v1/me/totp")
    assert again.status == 201
    assert again.json["secret"] != setup["secret"]


# ---------------------------------------------------------------- passwords


@pytest.mark.clause("passwords")
def test_a_new_password_ends_every_other_session_and_forgets_every_device(stack: LocalStack) -> None:
    user, ip = newcomer(stack)
    other = enter(stack, user.email, ip, CHROME).json["session"]["token"]
    changed = user.call(
        "PUT", "/v1/me/password", {"current_password": PASSWORD, "password": "ten scarlet lanterns"}
    )
    assert changed.status == 200, changed.body
    for dead in (other, user.token):
        answer = request(f"{stack.api}/v1/me", headers={"Authorization": f"Bearer {dead}"})
        assert answer.status == 401
    token = changed.json["session"]["token"]
    assert request(f"{stack.api}/v1/me", headers={"Authorization": f"Bearer {token}"}).status == 200
    assert enter(stack, user.email, ip, CHROME).status == 401, "the old password"
    mail_to(stack, user.email, 3)
    body = {"email": user.email, "password": "ten scarlet lanterns"}
    answer = request(f"{stack.api}/v1/login", "POST", body, {"X-Local-Client": ip, "User-Agent": CHROME})
    assert answer.status == 202, "its devices are forgotten"


@pytest.mark.clause("passwords")
def test_a_login_begun_with_the_old_password_is_over_with_the_new_one(stack: LocalStack) -> None:
    user = sign_up(stack)
    ip = fresh_network()
    challenge = enter(stack, user.email, ip, FIREFOX).json["challenge"]
    code = code_for(stack, user.email, 2)
    body = {"current_password": PASSWORD, "password": "ten scarlet lanterns"}
    assert user.call("PUT", "/v1/me/password", body).status == 200
    late = prove(stack, challenge, code, ip, FIREFOX)
    assert (late.status, late.json["code"]) == (401, "code_refused")


@pytest.mark.clause("passwords")
@pytest.mark.parametrize("password", ["password123", "qwertyuiop", "1234567890", "iloveyou2020"])
def test_a_password_that_burglars_try_first_is_refused_everywhere(stack: LocalStack, password: str) -> None:
    user = sign_up(stack)
    change = user.call("PUT", "/v1/me/password", {"current_password": PASSWORD, "password": password})
    assert change.status == 422
    (error,) = change.json["errors"]
    assert error["field"] == "password" and error["code"] in {"breached", "too_easy"}
    assert user.call("GET", "/v1/me").status == 200


@pytest.mark.clause("passwords")
def test_a_reset_says_nothing_about_who_has_an_account_and_ends_nothing_by_itself(stack: LocalStack) -> None:
    user = sign_up(stack)
    unknown = fresh_address()
    answers = []
    for email in (user.email, unknown):
        stack.wire.clear()
        own = {"X-Local-Client": fresh_network()}
        answers.append(request(f"{stack.api}/v1/password/reset", "POST", {"email": email}, own))
    assert answers[0].status == answers[1].status == 202
    assert answers[0].body == answers[1].body
    code = code_for(stack, user.email, 2)
    assert user.call("GET", "/v1/me").status == 200
    assert stack.mails(unknown) == []
    own = {"X-Local-Client": fresh_network()}
    new = {"email": user.email, "code": wrong(code), "password": "nine violet lanterns"}
    assert request(f"{stack.api}/v1/password/reset/verify", "POST", new, own).status == 401
    foreign = {"email": unknown, "code": code, "password": "nine violet lanterns"}
    assert request(f"{stack.api}/v1/password/reset/verify", "POST", foreign, own).status == 401
    weak = {"email": user.email, "code": code, "password": "password123"}
    assert request(f"{stack.api}/v1/password/reset/verify", "POST", weak, own).status == 422
    right = {"email": user.email, "code": code, "password": "nine violet lanterns"}
    assert request(f"{stack.api}/v1/password/reset/verify", "POST", right, own).status == 200
    assert request(f"{stack.api}/v1/password/reset/verify", "POST", right, own).status == 401
    assert user.call("GET", "/v1/me").status == 401, "whoever was in is out"


@pytest.mark.clause("access")
def test_the_mailbox_alone_does_not_open_an_account_with_one_time_codes(stack: LocalStack) -> None:
    user, otp, _ = with_totp(stack)
    own = {"X-Local-Client": fresh_network()}
    before = len(stack.mails(user.email))
    assert request(f"{stack.api}/v1/password/reset", "POST", {"email": user.email}, own).status == 202
    code = code_for(stack, user.email, before + 1)
    new = {"email": user.email, "code": code, "password": "nine violet lanterns"}
    answer = request(f"{stack.api}/v1/password/reset/verify", "POST", new, own)
    assert answer.status == 202
    assert answer.json["challenge"]["channel"] == "totp"
    ip = fresh_network()
    assert prove(stack, answer.json["challenge"], otp.at(int(stack.now())), ip).status == 200


# ---------------------------------------------------------------- faults


@pytest.mark.clause("passwords")
def test_a_lost_reply_while_changing_the_password_leaves_one_that_works(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.wire.inject(kind="lose_reply", service="dynamodb", operation="TransactWriteItems", times=1)
    changed = user.call(
        "PUT", "/v1/me/password", {"current_password": PASSWORD, "password": "ten scarlet lanterns"}
    )
    assert changed.status == 200, changed.body
    body = {"email": user.email, "password": "ten scarlet lanterns"}
    own = {"X-Local-Client": user.address, "User-Agent": AGENT}
    assert request(f"{stack.api}/v1/login", "POST", body, own).status == 200, "the device it was changed on"


@pytest.mark.clause("access")
def test_a_request_costs_two_reads_to_be_judged(stack: LocalStack) -> None:
    user = sign_up(stack)
    assert user.call("GET", "/v1/me/totp").status == 200
    stack.wire.clear()
    assert user.call("POST", "/v1/logout").status == 204
    calls = [(call.service, call.operation) for call in stack.wire.calls if call.function == "okki-leads-api"]
    assert calls[0] == ("dynamodb", "BatchGetItem")

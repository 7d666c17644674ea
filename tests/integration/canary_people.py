"""The canaries of people: devices, second proofs, colleagues, WeChat, telephones; planted with faults on the way.

Part of the walk in test_canaries.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pyotp

from infra.local import LocalStack
from tests.integration import people, ways
from tests.integration.client import Answer, User, code_in, eventually, mail_to, new_code
from tests.integration.letters import drained, rows

Own = Callable[..., Answer]


def walk(user: User, own: Own, call: Own, values: dict[str, str]) -> None:
    """Everything a user can show, be given or type beside contacts and mail; new values are added to ``values``."""
    stack, fault = user.stack, user.stack.wire.inject
    for service in ("dynamodb", "kms"):
        fault(kind="fail", service=service, function="okki-leads-api", times=9)
        assert call("POST", "/v1/login", {"email": user.email, "password": "wrong"}).status in {401, 503}
        _no_faults(stack)
    _new_device(user, call, values)
    _company(user, own, values)
    _proofs(user, own, values)
    _wechat(user, own, call, values)
    _telephone(user, own, values)
    drained(stack, "notices")
    assert own("GET", "/v1/me/data").status == 200
    assert own("GET", "/v1/me/download").status == 200


def _new_device(user: User, call: Own, values: dict[str, str]) -> None:
    """From a known browser in another network: a mail with a code that names the device."""
    login = {"email": user.email, "password": values["login.password_verifier"]}
    drained(user.stack, "notices")  # what the signups before this still send
    before = len(user.stack.mails(user.email))
    asked = call("POST", "/v1/login", login, X_Local_Client=values["challenge.ip"])
    assert asked.status == 202, asked.body
    mail = mail_to(user.stack, user.email, before + 1)
    assert values["device.device_model"] in mail["text"], (
        "the canary is in the mail, or nothing is shown here"
    )
    values["login code"] = code_in(mail)
    proof = {"challenge_id": asked.json["challenge"]["id"], "code": values["login code"]}
    user.stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-api", times=9)
    assert call("POST", "/v1/login/verify", proof).status == 503
    _no_faults(user.stack)
    entered = call("POST", "/v1/login/verify", proof, X_Local_Client=values["challenge.ip"])
    assert entered.status == 200, entered.body
    values["device token"] = entered.json["device_token"]


def _company(user: User, own: Own, values: dict[str, str]) -> None:
    assert own("POST", "/v1/company/departments", {"name": values["department.name"]}).status == 201
    guest = {"email": values["invitation.email"], "role": "member"}
    assert own("POST", "/v1/company/members", {**guest, "email": f"{guest['email']} "}).status in {202, 422}
    user.stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-api", times=9)
    assert own("POST", "/v1/company/members", guest).status == 503
    _no_faults(user.stack)
    assert own("POST", "/v1/company/members", guest).status == 202
    values["invitation key"] = people.key_in(mail_to(user.stack, guest["email"]))


def _proofs(user: User, own: Own, values: dict[str, str]) -> None:
    """A new mailbox that is asked for, and one-time codes."""
    new = {"email": values["challenge.email"], "password": values["login.password_verifier"]}
    assert own("POST", "/v1/me/address", new).status == 202
    values["address code"] = code_in(mail_to(user.stack, new["email"]))
    before = len(user.stack.mails(user.email))
    asked = own("POST", "/v1/me/proof")
    values["fresh code"] = new_code(user.stack, user.email, before)
    proof = {"challenge_id": asked.json["challenge"]["id"], "code": values["fresh code"]}
    assert own("POST", "/v1/me/proof/verify", proof).status == 200
    setup = own("POST", "/v1/me/totp")
    values["second_factor.secret"] = setup.json["secret"]
    code = pyotp.TOTP(setup.json["secret"]).at(int(user.stack.now()))
    confirmed = own("POST", "/v1/me/totp/confirm", {"code": code})
    assert confirmed.status == 200, confirmed.body
    user.token = confirmed.json["session"]["token"]
    for number, recovery in enumerate(confirmed.json["recovery_codes"]):
        values[f"recovery code {number}"] = recovery


def _wechat(user: User, own: Own, call: Own, values: dict[str, str]) -> None:
    """Linked to this account; and somebody new, who stops half way."""
    linked = {**ways.somebody(values["wechat_nickname.nickname"])}
    values["wechat_link.open_id"] = ways.open_id_of(linked)
    assert ways.link(user, linked).status == 200
    stranger = {**ways.somebody(values["wechat_ticket.nickname"])}
    values["wechat_ticket.open_id"] = values["signup.open_id"] = ways.open_id_of(stranger)
    answer = ways.log_in(user.stack, stranger)
    values["wechat ticket"] = answer.json["ticket"]
    form = {
        "name": values["signup.name"],
        "company": values["signup.company_name"],
        "email": values["signup by WeChat"],
        "wechat_ticket": answer.json["ticket"],
        "is_adult": True,
        "policy_version": user.me["policy_version"],
    }
    answer = call("POST", "/v1/signup", {**form, "password": values["signup.password_verifier"]})
    assert answer.status == 202, answer.body
    values["WeChat signup code"] = code_in(mail_to(user.stack, form["email"]))
    ways.log_in(user.stack, ways.somebody(values["wechat_ticket.nickname"]))  # a ticket that stays unused


def _telephone(user: User, own: Own, values: dict[str, str]) -> None:
    """Registered for pushes, and told of something."""
    token = {"platform": "apns", "token": values["push token"]}
    user.stack.wire.inject(kind="fail", service="sns", function="okki-leads-api", times=9)
    assert own("POST", "/v1/me/push", token).status >= 500
    _no_faults(user.stack)
    assert own("POST", "/v1/me/push", token).status == 201
    sns = user.stack.client("sns")
    (apple,) = [
        one["PlatformApplicationArn"]
        for one in sns.list_platform_applications()["PlatformApplications"]
        if "/APNS/" in one["PlatformApplicationArn"]
    ]
    made = sns.create_platform_endpoint(PlatformApplicationArn=apple, Token=values["push token"])
    values["push_device.endpoint"] = made["EndpointArn"]
    kinds = {row["kind"]["S"] for row in rows(user.stack, "accounts")}
    assert {"device", "challenge", "push_device", "wechat_ticket", "wechat_link"} <= kinds
    choices = own("GET", "/v1/me/notifications").json
    assert choices["push"]["devices"]
    inbox: Any = eventually(lambda: own("GET", "/v1/me/inbox").json["items"])
    assert inbox


def _no_faults(stack: LocalStack) -> None:
    with stack.wire._lock:
        stack.wire._faults.clear()


def push_token() -> str:
    """As Apple gives them out."""
    return os.urandom(32).hex()

"""Whom the drill's incident is about: two companies, and somebody whose mailbox does not exist any more."""

from __future__ import annotations

import re
import time
from typing import Any, Final
from urllib.parse import quote

from infra.local.journey import Answer, NotAsPromisedError, promised, send
from infra.local.officers import PASSWORD
from infra.local.stack import LocalStack

WAIT_SECONDS: Final = 60.0
NOWHERE: Final = "bounce+{}@simulator.amazonses.com"
"""A mailbox that SES says does not exist."""


def companies(stack: LocalStack) -> tuple[list[str], list[str]]:
    """Two companies; somebody of the first has a mailbox that does not exist any more."""
    once = str(int(time.time()) % 10_000)
    lanhai = _sign_up(stack, f"li.{once}@lanhai.example", "Lanhai Trading")
    beihai = _sign_up(stack, f"wang.{once}@beihai.example", "Beihai Machines")
    contact = {"name": "Lena Vogel", "email": f"lena.{once}@nordlicht.example"}
    basis = {"lawful_basis": {"basis": "consent", "source": "fair"}}
    for token in (lanhai[1], beihai[1]):
        made = _as_user(stack, token, "POST", "/v1/contacts", {**contact, **basis})
        promised(made.status == 201, "a contact")
    gone = NOWHERE.format(once)
    _join(stack, lanhai[1], gone)
    off = {"choices": {"tips": {"mail": False}, "membership": {"push": False}}}
    promised(_as_user(stack, beihai[1], "PUT", "/v1/me/notifications", off).status == 200, "switched off")
    return [lanhai[0], beihai[0], gone], [lanhai[2], beihai[2]]


def _as_user(stack: LocalStack, token: str, method: str, path: str, body: Any = None) -> Answer:
    return send(method, stack.api + path, body, {"Authorization": f"Bearer {token}"})


def _sign_up(stack: LocalStack, email: str, company: str) -> tuple[str, str, str]:
    """Address, session, company."""
    form = {
        "name": company.partition(" ")[0],
        "company": company,
        "email": email,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": send("GET", f"{stack.api}/v1/policy", None, {}).json["version"],
    }
    promised(send("POST", f"{stack.api}/v1/signup", form, {}).status == 202, "a signup")
    proof = {"email": email, "code": _in_mail(stack, email, r"\b\d{8}\b")}
    made = send("POST", f"{stack.api}/v1/signup/verify", proof, {}).json
    return email, made["session"]["token"], made["company"]["id"]


def _join(stack: LocalStack, admin: str, email: str) -> None:
    asked = _as_user(stack, admin, "POST", "/v1/company/members", {"email": email, "role": "member"})
    promised(asked.status == 202, "an invitation")
    form = {
        "token": _in_mail(stack, email, r"(?m)^[A-Za-z0-9_-]{43}(?=\r?$)"),
        "name": "Chen Jie",
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": send("GET", f"{stack.api}/v1/policy", None, {}).json["version"],
    }
    joined = send("POST", f"{stack.api}/v1/invitations/accept", form, {"X-Local-Client": "10.9.8.7"})
    promised(joined.status == 201, "a colleague")


def _in_mail(stack: LocalStack, email: str, pattern: str) -> str:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        mails = send("GET", f"{stack.mailbox}/messages?to={quote(email)}", None, {}).json
        found = re.search(pattern, mails[0]["text"]) if mails else None
        if found is not None:
            return found.group()
        time.sleep(0.2)
    raise NotAsPromisedError("a mail")

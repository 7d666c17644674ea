"""The people of a company in the tests: invited by mail, joining as anybody would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infra.local import LocalStack
from tests.integration.client import (
    PASSWORD,
    POLICY,
    Answer,
    User,
    fresh_address,
    fresh_network,
    mail_to,
    new_code,
    request,
)


def invite(admin: User, email: str, role: str = "member", **more: Any) -> dict[str, Any]:
    """Ask somebody to join; the invitation."""
    answer = admin.call("POST", "/v1/company/members", {"email": email, "role": role, **more})
    assert answer.status == 202, answer.body
    made: dict[str, Any] = answer.json
    return made


def key_in(mail: Mapping[str, Any]) -> str:
    """The secret that an invitation's mail carries."""
    found = re.search(r"^[A-Za-z0-9_-]{43}(?=\r?$)", mail["text"], re.MULTILINE)
    assert found is not None, mail["text"]
    return found.group()


def accept(stack: LocalStack, key: str, address: str | None = None, **more: Any) -> Answer:
    """Take an invitation up, from a network of one's own."""
    form = {
        "token": key,
        "name": "Ben Ho",
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": POLICY,
        **more,
    }
    headers = {"X-Local-Client": address or fresh_network()}
    return request(f"{stack.api}/v1/invitations/accept", "POST", form, headers)


def invited(admin: User, email: str | None = None, role: str = "member", **more: Any) -> tuple[str, str]:
    """An address that was invited, and the key that came by mail."""
    email = email or fresh_address("ben")
    before = len(admin.stack.mails(email))
    invite(admin, email, role, **more)
    return email, key_in(mail_to(admin.stack, email, before + 1))


def join(admin: User, role: str = "member", **more: Any) -> User:
    """A new colleague with a session."""
    email, key = invited(admin, role=role)
    address = fresh_network()
    answer = accept(admin.stack, key, address, **more)
    assert answer.status == 201, answer.body
    found = answer.json
    return User(admin.stack, email, found["session"]["token"], found["user"], found["company"], address)


def sign_up_again(stack: LocalStack, email: str, company: str) -> Answer:
    """Open a company with a mailbox that has had mail before; the answer of the last step."""
    form = {
        "name": "Ben Ho",
        "company": company,
        "email": email,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": POLICY,
    }
    headers, before = {"X-Local-Client": fresh_network()}, len(stack.mails(email))
    assert request(f"{stack.api}/v1/signup", "POST", form, headers).status == 202
    proof = {"email": email, "code": new_code(stack, email, before)}
    answer = request(f"{stack.api}/v1/signup/verify", "POST", proof, headers)
    assert answer.status == 201, answer.body
    return answer


def at(user: User) -> str:
    """Where admins find this person."""
    return f"/v1/company/members/{user.me['id']}"

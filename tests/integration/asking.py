"""Somebody who asks about personal data, as anybody would: without a session, with a mailbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local import LocalStack
from tests.integration.client import Answer, code_in, eventually, fresh_network, request

CODE = "confirms your request"
ANSWERED = "answer to your request"
WITH_STAFF = "being worked on"
EXTENDED = "takes longer"
NEWS = "news on your request"


def post(stack: LocalStack, path: str, body: Any = None, address: str | None = None) -> Answer:
    return request(stack.api + path, "POST", body, {"X-Local-Client": address or fresh_network()})


def get(stack: LocalStack, path: str, token: str | None = None) -> Answer:
    headers = {"X-Local-Client": fresh_network()}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return request(stack.api + path, "GET", None, headers)


def mails(stack: LocalStack, email: str, about: str) -> list[dict[str, Any]]:
    return [mail for mail in stack.mails(email) if about in mail["subject"]]


def mail(stack: LocalStack, email: str, about: str, count: int = 1) -> Mapping[str, Any]:
    """The newest of such mails once so many have come."""
    found = eventually(lambda: all_ if len(all_ := mails(stack, email, about)) >= count else None)
    newest: dict[str, Any] = found[0]
    return newest


def number_in(letter: Mapping[str, Any]) -> str:
    found = re.search(r"\breq_[0-9a-v]{26}\b", letter["text"])
    assert found is not None
    return found.group()


@dataclass
class Asker:
    """One request of one mailbox, proven."""

    stack: LocalStack
    email: str
    id: str
    token: str
    due_at: str

    def get(self) -> dict[str, Any]:
        answer = get(self.stack, f"/v1/requests/{self.id}", self.token)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    def settled(self) -> dict[str, Any]:
        """Once everything that happens by itself has happened."""
        return eventually(lambda: seen if (seen := self.get())["state"] != "open" else None, 40)

    def data(self, form: str = "json") -> Answer:
        return get(self.stack, f"/v1/requests/{self.id}/data?format={form}", self.token)


def asked(stack: LocalStack, kind: str, email: str, **more: Any) -> str:
    """Make a request; its id, from the answer."""
    answer = post(stack, "/v1/requests", {"kind": kind, "email": email, **more})
    assert answer.status == 202, answer.body
    found: str = answer.json["id"]
    return found


def code_for(stack: LocalStack, email: str, request_id: str, count: int = 1) -> str:
    """The newest code that was mailed for this request."""
    found = eventually(
        lambda: (
            mine
            if len(mine := [m for m in mails(stack, email, CODE) if number_in(m) == request_id]) >= count
            else None
        )
    )
    return code_in(found[0])


def ask(stack: LocalStack, kind: str, email: str, **more: Any) -> Asker:
    """Make a request and prove the mailbox."""
    request_id = asked(stack, kind, email, **more)
    return prove(stack, email, request_id)


def prove(stack: LocalStack, email: str, request_id: str, count: int = 1) -> Asker:
    code = code_for(stack, email, request_id, count)
    answer = post(stack, f"/v1/requests/{request_id}/verify", {"code": code})
    assert answer.status == 200, answer.body
    return Asker(stack, email, request_id, answer.json["token"], answer.json["due_at"])

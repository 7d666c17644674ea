"""The third part of `make demo`: somebody without an account asks to be forgotten, and the evidence of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from chalicelib.privacy import evidence
from chalicelib.privacy.evidence import Link
from infra.local.journey import Journey, NotAsPromisedError, eventually, promised


def walk(on: Journey, reader: str, contact: str) -> None:
    """From a stranger's wish to a chain that anybody can check. ``on`` holds the admin's session."""
    request_id, key = _ask(on, reader)
    _answered(on, request_id, key)
    _erase(on, reader, contact)
    _prove(on)


def _ask(on: Journey, reader: str) -> tuple[str, str]:
    on.step("Bob, who has no account, asks to be forgotten; a code proves that the mailbox is his")
    admin, on.token = on.token, ""
    before = len(on.mails(reader))
    asked = on.ask("POST", "/v1/requests", {"kind": "erase", "email": reader}, expect=202)
    request_id: str = asked.json["id"]
    on.name("REQUEST", request_id)
    mail = eventually(lambda: on.mails(reader)[:-before] if before else on.mails(reader), "a code")[0]
    code = re.search(r"\b\d{8}\b", mail["text"])
    if code is None:
        raise NotAsPromisedError("a code of eight digits in the mail")
    proof = {"code": code.group()}
    proved = on.ask("POST", f"/v1/requests/{request_id}/verify", proof, keys=("state", "due_at"))
    key: str = proved.json["token"]
    on.name("BOB", key)
    on.token = admin
    return request_id, key


def _answered(on: Journey, request_id: str, key: str) -> None:
    on.step("The answer names the client that decides about his data, and that it has been told")
    admin, on.token = on.token, key
    path = f"/v1/requests/{request_id}"
    answer = eventually(lambda: on.quietly(path).get("answer"), "an answer")
    on.ask("GET", path, keys=("kind", "state", "due_at"))
    for client in answer["companies"]:
        on.say(f"{client['name']}: told {client['told_at']}, {client['decision']}")
    promised(bool(answer["companies"]), "the client by name")
    on.token = admin


def _erase(on: Journey, reader: str, contact: str) -> None:
    on.step("Li Wei sees the request and erases in one call; nobody can add Bob again")
    waiting = on.ask("GET", "/v1/company/requests").json["items"]
    request_id = waiting[0]["id"]
    decided = on.ask("POST", f"/v1/company/requests/{request_id}", {"decision": "erase"}, keys=("decision",))
    promised(decided.json["decision"] == "erased", "erased")
    eventually(lambda: on.quietly(f"/v1/contacts/{contact}").get("status") == 404, "the contact to be gone")
    again: dict[str, Any] = {
        "name": "Bob Buyer",
        "email": reader,
        "lawful_basis": {"basis": "consent", "source": "Canton Fair"},
    }
    on.ask("POST", "/v1/contacts", again, expect=403, keys=("code", "clause", "title"))


def _prove(on: Journey) -> None:
    on.step("All of it is in the company's chain of evidence, which checks without us")
    page = on.quietly("/v1/company/evidence?limit=200")
    found = [evidence.from_json(entry) for entry in page["entries"]]
    for entry, link in sorted(found, key=lambda pair: pair[0].seq)[-6:]:
        on.say(f"{entry.seq:>4}  {link[:16]}...  {entry.kind}")
    head = Link(page["head"]["seq"], page["head"]["link"])
    verdict = evidence.verify(page["chain"], found, head)
    promised(verdict.sound, "a chain without a gap")
    changed = [(replace(found[0][0], facts={**found[0][0].facts, "at": 1}), found[0][1]), *found[1:]]
    promised(not evidence.verify(page["chain"], changed, head).sound, "one changed number is found")
    on.say(f"{verdict.checked} entries, sound; with one number changed it is not")

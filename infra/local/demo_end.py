"""The last part of `make demo`: a company cancels, its people are told, and it takes it back in time."""

from __future__ import annotations

import re

from infra.local.journey import Journey, NotAsPromisedError, eventually, promised

PATH = "/v1/company/cancellation"


def walk(on: Journey, user: str) -> None:
    """From the preview to all being as before. ``on`` holds the session of the company's main account."""
    on.step("Li Wei thinks of leaving: a preview says what would go, what stays and why")
    on.ask("GET", f"{PATH}/preview", keys=("goes", "cools_until", "unreadable_at"))

    on.step("A fresh second proof, by a code from the mailbox; then there are fourteen days to think it over")
    before = len(on.mails(user))
    asked = on.ask("POST", "/v1/me/proof", expect=202, keys=("challenge",))
    mail = eventually(lambda: on.mails(user)[:-before] if before else on.mails(user), "a code")[0]
    code = re.search(r"\b\d{8}\b", mail["text"])
    if code is None:
        raise NotAsPromisedError("a code of eight digits in the mail")
    proof = {"challenge_id": asked.json["challenge"]["id"], "code": code.group()}
    on.ask("POST", "/v1/me/proof/verify", proof)
    began = len(on.mails(user))
    on.ask("POST", PATH, {"understood": True}, expect=202, keys=("state", "cools_until", "can_be_taken_back"))
    told = eventually(lambda: on.mails(user)[:-began], "a mail to everybody in the company")[0]
    on.say(f"| {told['subject']}", colour="36")

    on.step("Nobody in the company works meanwhile, and it is taken back with one call")
    contact = {
        "name": "Ola Nordmann",
        "email": "ola@fjord.example",
        "lawful_basis": {"basis": "consent", "source": "fair"},
    }
    on.ask("POST", "/v1/contacts", contact, expect=403, keys=("code", "clause"))
    back = on.ask("DELETE", PATH, keys=("state",)).json
    promised(back["state"] == "taken_back", "taken back")
    on.ask("POST", "/v1/contacts", contact, expect=201, keys=("id",))

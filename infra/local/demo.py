"""`make demo`: the main journey, step by step, each checked against what is promised.

Talks to the stack that `make run` started, or else starts a throw-away one; only HTTP, as any client would.
Ends with 1 at the first step that is not as promised. Takes about half a minute.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from http.client import HTTPException
from typing import Any, Final

from infra.local import demo_end, demo_leads, demo_people, demo_rights
from infra.local.deploy import DeploymentError
from infra.local.journey import Journey, NotAsPromisedError, eventually, promised, send
from infra.local.package import ROOT, PackagingError
from infra.local.stack import LocalStack, StackError

PASSWORD: Final = "correct horse battery staple"
GIVEN: Final = {"state": "granted", "text_version": "tracking-2026-01", "method": "web_form"}
READER: Final = "203.0.113.9"
READING_SECONDS: Final = 2.2
"""What is loaded sooner after sending may be a gateway's scan, so nobody's address is noted."""

# What these clients send, recorded from real ones.
CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36"
)
GMAIL: Final = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
READERS: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("Apple's relay, read or not", "17.58.0.10", {"User-Agent": "Mozilla/5.0", "Accept": "*/*"}),
    ("Gmail's image proxy (no Accept)", "66.249.84.10", {"User-Agent": GMAIL}),
    ("Chrome, the reader's own", READER, {"User-Agent": CHROME, "Accept": "image/avif,image/webp,*/*;q=0.8"}),
)


# ------------------------------------------------------------------ the journey


def walk(on: Journey, aws: str) -> None:
    """From signing up to being left alone. ``aws``: where the local AWS is, for the operator's own desk."""
    once = secrets.token_hex(2)
    user, reader = f"li.wei.{once}@lanhai.example", f"bob.{once}@buyer.example"
    on.name("API", on.api)
    _sign_up(on, user)
    contact = _contact(on, reader)
    message, links = _write(on, reader)
    before = _read(on, message, links)
    _stop(on, contact, reader, message, links, before)
    demo_people.walk(on, user, PASSWORD, contact)
    demo_leads.walk(on, aws)
    demo_rights.walk(on, reader, contact)
    demo_end.walk(on, user)
    print()
    on.say("Everything was as promised.", colour="1")


def _sign_up(on: Journey, user: str) -> None:
    on.step("Li Wei signs up; a code goes to the work mailbox")
    policy = on.quietly("/v1/policy")["version"]
    form = {
        "name": "Li Wei",
        "company": "Lanhai Trading",
        "email": user,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": policy,
    }
    on.ask("POST", "/v1/signup", form, expect=202)
    mail = eventually(lambda: on.mails(user), "a mail with a code")[0]
    on.mail(mail)
    code = re.search(r"\b\d{8}\b", mail["text"])
    if code is None:
        raise NotAsPromisedError("a code of eight digits in the mail")
    on.step("The code opens a session")
    answer = on.ask(
        "POST", "/v1/signup/verify", {"email": user, "code": code.group()}, expect=201, keys=("session",)
    )
    on.token = answer.json["session"]["token"]
    on.name("TOKEN", on.token)


def _contact(on: Journey, reader: str) -> str:
    on.step("Li Wei stores a contact, and that he agreed to be tracked")
    form = {
        "name": "Bob Buyer",
        "email": reader,
        "lawful_basis": {"basis": "consent", "source": "Canton Fair"},
    }
    contact: str = on.ask("POST", "/v1/contacts", form, expect=201, keys=("id", "name", "email")).json["id"]
    on.name("CONTACT", contact)
    on.ask("PUT", f"/v1/contacts/{contact}/consents/tracking", GIVEN, keys=("purpose", "state", "receipt_id"))
    return contact


def _write(on: Journey, reader: str) -> tuple[str, dict[str, str]]:
    on.step("Li Wei writes to Bob; this is what Bob gets")
    draft = _draft(reader, "Spring catalogue")
    message: str = on.ask("POST", "/v1/messages", draft, expect=202).json["id"]
    on.name("MESSAGE", message)
    mail = eventually(lambda: on.mails(reader), "the mail")[0]
    found = re.findall(r'(?:src|href)="([^"]+/([ocu])/[^"]+)"', mail["html"])
    links = {kind: html.unescape(link) for link, kind in reversed(found)}
    promised(set(links) == {"o", "c", "u"}, "a pixel, a tracked link and a way out in the mail")
    promised("List-Unsubscribe" in mail["headers"], "one-click unsubscribe in the mail's header")
    for kind, name in (("o", "PIXEL"), ("c", "LINK"), ("u", "STOP")):
        on.name(name, links[kind])
    on.mail(mail)
    eventually(lambda: on.quietly(f"/v1/messages/{message}")["status"] == "sent", "the message is sent")
    return message, links


def _read(on: Journey, message: str, links: dict[str, str]) -> dict[str, Any]:
    on.step("Mail clients load the pixel; Bob follows the link")
    time.sleep(READING_SECONDS)
    for who, address, headers in READERS:
        on.say(who, colour="2")
        on.ask("GET", links["o"], headers=headers, address=address)
    on.ask("GET", links["c"], headers={"User-Agent": CHROME}, address=READER, expect=302)

    on.step("What Li Wei reads about it")

    def seen() -> dict[str, Any] | None:
        found: dict[str, Any] = on.quietly(f"/v1/messages/{message}")
        tracking = found["recipients"][0]["tracking"]
        whole = tracking["opens"] == 2 and tracking["machine_opens"] == 1 and found["links"][0]["clicks"] == 1
        return found if whole else None

    eventually(seen, "two opens by a person, one by a machine, one click")
    found = on.ask("GET", f"/v1/messages/{message}", keys=("subject", "status")).json
    tracking: dict[str, Any] = found["recipients"][0]["tracking"]
    on.say(f"read          {'yes' if tracking['read'] else 'no'}, {tracking['opens']} times")
    on.say(f"first, last   {tracking['first_opened_at']}, {tracking['last_opened_at']}")
    on.say(f"from          {tracking['ip']} (Chrome; a proxy's address is nobody's, so it is not kept)")
    on.say(f"machines      {tracking['machine_opens']} load (Apple's relay), counted apart")
    on.say(f"clicks        {found['links'][0]['clicks']} on {found['links'][0]['url']}")
    promised(tracking["ip"] == READER, f"the address of the person, {READER}")
    return tracking


def _stop(
    on: Journey, contact: str, reader: str, message: str, links: dict[str, str], before: dict[str, Any]
) -> None:
    on.step("Bob has had enough: one click in his mail client")
    on.ask("POST", links["u"], "List-Unsubscribe=One-Click")

    on.step("His mail still shows its pictures, but nothing more is recorded")
    on.ask("GET", links["o"], headers=READERS[-1][2], address=READER)
    loaded = time.monotonic()

    on.step("The next mail to him is not sent")
    second = on.ask("POST", "/v1/messages", _draft(reader, "Summer catalogue"), expect=202).json["id"]
    eventually(
        lambda: on.quietly(f"/v1/messages/{second}")["status"] == "refused", "the second message is refused"
    )
    on.name("SECOND", second)
    on.ask("GET", f"/v1/messages/{second}", keys=("subject", "status"))
    why = on.quietly(f"/v1/messages/{second}")["recipients"][0]["reason"]
    on.say(f"reason        {why}")
    promised(why == "recipient_unsubscribed", "the recipient's own choice is the reason")

    on.step("Nor can Li Wei overrule him")
    on.ask("PUT", f"/v1/contacts/{contact}/consents/tracking", GIVEN, expect=403, keys=("code", "clause"))

    time.sleep(max(0.0, loaded + READING_SECONDS - time.monotonic()))  # time enough to record it, had it been
    after = on.quietly(f"/v1/messages/{message}")["recipients"][0]["tracking"]
    promised(after["opens"] == before["opens"], f"opens stay at {before['opens']}")
    promised(after["last_opened_at"] == before["last_opened_at"], "the last open stays the same")
    promised(len(on.mails(reader)) == 1, "Bob got one mail and no more")
    print()
    on.say(f"Opens are still {after['opens']}, Bob's mailbox still holds 1 mail.", colour="1")


def _draft(reader: str, subject: str) -> dict[str, Any]:
    return {
        "to": [{"email": reader, "name": "Bob Buyer"}],
        "subject": subject,
        "html": '<p>Dear Bob, here is <a href="https://lanhai.example/spring?page=2">page 2</a>.</p>',
        "kind": "marketing",
        "tracking": True,
    }


# ------------------------------------------------------------------ starting


def running() -> tuple[str, str] | None:
    """Where the API and the AWS of the stack are that `make run` holds, if there is one and it answers."""
    try:
        card = json.loads((ROOT / ".local" / "stack.json").read_text())
        api, aws = str(card["api"]), str(card["aws"])
        return (api, aws) if send("GET", f"{api}/v1/policy", None, {}).status == 200 else None
    except (OSError, ValueError, KeyError, HTTPException):
        return None


def main(argv: Sequence[str] = ()) -> int:
    """Walk the journey; 0 when all was as promised."""
    parser = argparse.ArgumentParser(
        prog="make demo", description="Walk the main journey and show each step."
    )
    parser.add_argument("--own", action="store_true", help="start a throw-away stack even if one is running")
    options = parser.parse_args(argv)
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    try:
        return _run(own=options.own, colours=colours)
    except NotAsPromisedError as error:
        print(f"\n    NOT AS PROMISED: {error}", flush=True)
    except (StackError, DeploymentError, PackagingError, OSError, HTTPException) as error:
        print(f"\n{error or type(error).__name__}", file=sys.stderr)
    return 1


def _run(*, own: bool, colours: bool) -> int:
    with ExitStack() as end:
        known = None if own else running()
        if known is None:
            stack = end.enter_context(LocalStack())
            api, aws = stack.api, stack.aws
        else:
            api, aws = known
            print(f"Using the stack at {api}; its mailbox is {api}/_local/mailbox/", file=sys.stderr)
        walk(Journey(api, colours), aws)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

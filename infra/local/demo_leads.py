"""The leads of `make demo`: found, revealed, written to; shared with another company and withdrawn again;
contacts that come in and go out as CSV.
"""

from __future__ import annotations

import csv
import html
import io
import re
import secrets
from typing import Any, Final

from infra.local import demo_stock
from infra.local.journey import Journey, NotAsPromisedError, eventually, promised, send

PASSWORD: Final = "correct horse battery staple"
WARRANTY: Final = {"informed": True, "basis": "legitimate_interest"}
DANGER: Final = '=HYPERLINK("http://evil.example")'


def walk(on: Journey, aws: str) -> None:
    """From a file of the operator's to a list that somebody takes along. ``on`` holds the admin's session."""
    once = secrets.token_hex(2)
    business = f"Nordlicht {once.upper()} Handel GmbH"
    lena, mika = f"lena.vogel@nordlicht-{once}.example", f"mika.laine@pohjola-{once}.example"
    demo_stock.walk(on, aws, _businesses(once, business, lena))
    found = _search(on, business)
    contact = _reveal(on, found)
    _write(on, contact, lena)
    shared = _share(on, mika)
    _withdraw(on, shared, mika)
    _import(on, once)
    _export(on)


def _businesses(once: str, business: str, lena: str) -> list[dict[str, str]]:
    """Made up, like everybody here; the last has nobody behind it who could be told."""
    rows = [
        {"business_name": business, "name": "Lena Vogel", "position": "Head of Purchasing", "email": lena},
        {"business_name": f"Alster {once} Maschinen AG", "website": f"https://alster-{once}.example"},
        {"business_name": f"Elbe {once} Logistik", "name": "Jan Petersen", "position": "Owner"},
    ]
    return [{**row, "industry": "Machinery", "country": "Germany"} for row in rows]


def _search(on: Journey, business: str) -> str:
    on.step("Li Wei searches: the business shows, the person is masked")
    query = business.replace(" ", "%20")
    items = on.ask("GET", f"/v1/prospects?company={query}&country=DE", keys=("items",)).json["items"]
    promised(len(items) == 1, "the one business")
    one = items[0]
    for name in ("company", "industry", "country", "level", "name", "position", "email"):
        on.say(f"{name:<10}{one[name]}")
    promised("vogel" not in str(one).lower(), "nobody's name before it was revealed")
    on.name("PROSPECT", one["id"])
    found: str = one["id"]
    return found


def _reveal(on: Journey, prospect: str) -> str:
    on.step("Revealing carries data over a border: it needs a ground on record first")
    version = on.quietly("/v1/company")["version"]
    on.ask("PATCH", "/v1/company", {"version": version, "country": "CN"}, keys=("name", "country"))
    path, wanted = f"/v1/prospects/{prospect}/reveal", {"save_as_contact": True}
    refused = on.ask("POST", path, wanted, expect=403, keys=("code", "clause", "title")).json
    promised(refused["clause"] == "cross-border", "the clause that says so")
    _accept_clauses(on)

    on.step("Now it costs one credit, once, however often it is clicked")
    before = on.quietly("/v1/company/credits")["left"]
    shown = ("charged", "transfer_ground", "notice_due_at", "contact_id")
    contact: str = on.ask("POST", path, wanted, keys=shown).json["contact_id"]
    on.ask("POST", path, wanted, keys=shown)
    left = on.ask("GET", "/v1/company/credits", keys=("left", "spent_today")).json["left"]
    promised(left == before - 1, "one credit less")
    on.name("LENA", contact)

    on.step("Li Wei takes her on; for colleagues she is taken, for thirty days")
    on.ask("POST", f"/v1/prospects/{prospect}/claim")
    return contact


def _accept_clauses(on: Journey) -> None:
    version = on.quietly("/v1/company/transfers/clauses")["version"]
    accepted = ("version", "accepted_at")
    on.ask("POST", "/v1/company/transfers/clauses", {"version": version}, keys=accepted)


def _write(on: Journey, contact: str, lena: str) -> None:
    on.step("AI drafts the first mail; what reaches the model names nobody")
    settings = {"enabled": True, "tasks": ["draft_email"], "needs_approval": True}
    on.ask("PUT", "/v1/company/ai", settings, keys=("enabled", "tasks"))
    job = {
        "task": "draft_email",
        "input": {"goal": "Offer our new pumps and ask for a short call", "tone": "friendly"},
        "contact_id": contact,
    }
    job_id = on.ask("POST", "/v1/ai/jobs", job, expect=202).json["id"]
    on.name("JOB", job_id)
    path = f"/v1/ai/jobs/{job_id}"
    eventually(lambda: on.quietly(path)["status"] in {"done", "failed"}, "an answer")
    made = on.ask("GET", path, keys=("status", "usage")).json
    promised(made["status"] == "done", "a draft")
    draft = made["output"]
    for paragraph in draft["paragraphs"]:
        for line in paragraph.splitlines():
            on.say(f"| {line}", colour="36")
    promised("Lena" in str(draft), "her name is back in the draft")
    asked = send("GET", f"{on.api}/_local/model/_asked", None, {})
    if asked.status == 200 and asked.json:  # not when a model of one's own answers
        last = str(asked.json[-1])
        promised("Vogel" not in last and lena not in last, "a prompt without her")
        on.say("what the model saw: " + ", ".join(sorted(set(re.findall(r"⟦[A-Z]+_\d+⟧", last)))), colour="2")

    on.step("She was never told where her data is from: without that, nothing is sent")
    mail = {
        "to": [{"email": lena, "name": "Lena Vogel"}],
        "subject": draft["subject"],
        "html": "".join(f"<p>{html.escape(one)}</p>" for one in draft["paragraphs"]),
        "kind": "business",
    }
    refused = on.ask("POST", "/v1/messages", mail, expect=403, keys=("code", "clause")).json
    promised(refused["code"] == "notice_due", "the notice is due")
    on.ask("POST", "/v1/messages", {**mail, "inform": True}, expect=202)
    mail = eventually(lambda: on.mails(lena), "the mail")[0]
    on.mail({**mail, "text": mail["text"][:1200]})
    promised("Article 14" in mail["text"], "the notice in her own copy")


def _share(on: Journey, mika: str) -> str:
    on.step("Li Wei's company shares somebody, under the joint controller agreement and with a warranty")
    version = on.quietly("/v1/prospects/agreement")["version"]
    person = {
        "email": mika,
        "first_name": "Mika",
        "last_name": "Laine",
        "industry": "Machinery",
        "current_position": "Purchasing Manager",
        "location": "Tampere, Finland",
    }
    share = {"agreement_version": version, "warranty": WARRANTY, "prospects": [person]}
    on.ask("POST", "/v1/prospects/shares", share, expect=403, keys=("code", "clause"))
    on.ask("POST", "/v1/prospects/agreement", {"version": version}, keys=("version", "accepted", "sha256"))
    eighth = {**share, "prospects": [{**person, "phone": "+358 40 5550123"}]}
    on.ask("POST", "/v1/prospects/shares", eighth, expect=422, keys=("code", "errors"))
    made = on.ask("POST", "/v1/prospects/shares", share, expect=201, keys=("id", "basis", "accepted")).json
    promised(made["accepted"] == 1, "one person shared, in the agreement's fields")
    shared: str = made["prospects"][0]["id"]
    on.name("MIKA", shared)
    return shared


def _withdraw(on: Journey, shared: str, mika: str) -> None:
    on.step("Another company, in Singapore, finds him and receives him")
    sharer, on.token = on.token, ""
    on.token = _second_company(on)
    version = on.quietly("/v1/company")["version"]
    on.ask("PATCH", "/v1/company", {"version": version, "country": "SG"}, keys=("name", "country"))
    _accept_clauses(on)
    path = f"/v1/prospects/{shared}"
    found = on.ask(
        "POST", f"{path}/reveal", {"save_as_contact": True}, keys=("transfer_ground", "contact_id")
    )
    contact = found.json["contact_id"]
    on.name("COPY", contact)
    on.ask("GET", f"{path}/provenance", keys=("shared_by_others",))

    on.step("Mika objects, to whichever of them: he is withdrawn everywhere")
    on.ask("POST", f"{path}/complaints", {"kind": "objection"}, expect=202, keys=("state", "what_happens"))
    on.ask("GET", path, expect=404, keys=("code",))
    eventually(
        lambda: on.quietly(f"/v1/contacts/{contact}").get("status") == 404, "the received contact gone"
    )
    on.ask("GET", f"/v1/contacts/{contact}", expect=404, keys=("code",))
    copy = {"name": "Mika Laine", "email": mika, "lawful_basis": {"basis": "consent", "source": "a list"}}
    on.ask("POST", "/v1/contacts", copy, expect=403, keys=("code", "clause"))
    other, on.token = on.token, sharer
    told = eventually(lambda: _told(on, shared), "the sharer is told")
    on.say(f"in Li Wei's inbox: {told}", colour="36")

    on.step("Nobody brings him back by sharing him again; the answer does not tell who has objected")
    agreement = on.quietly("/v1/prospects/agreement")["version"]
    again = {
        "agreement_version": agreement,
        "warranty": WARRANTY,
        "prospects": [{"email": mika.upper(), "first_name": "Mika", "last_name": "Laine"}],
    }
    made = on.ask("POST", "/v1/prospects/shares", again, expect=201, keys=("accepted", "rejected")).json
    promised(made["accepted"] == 1, "the answer anybody gets")
    on.ask("GET", path, expect=404, keys=("code",))
    on.names = {name: value for name, value in on.names.items() if value != other}


def _told(on: Journey, shared: str) -> str:
    for item in on.quietly("/v1/me/inbox")["items"]:
        if shared in str(item):
            return str(item["subject"])
    return ""


def _second_company(on: Journey) -> str:
    email = f"mei.tan.{secrets.token_hex(2)}@meridian.example"
    form = {
        "name": "Mei Tan",
        "company": "Meridian Pumps",
        "email": email,
        "password": PASSWORD,
        "is_adult": True,
        "policy_version": on.quietly("/v1/policy")["version"],
    }
    send("POST", f"{on.api}/v1/signup", form, {})
    mail = eventually(lambda: on.mails(email), "a mail with a code")[0]
    code = re.search(r"\b\d{8}\b", mail["text"])
    if code is None:
        raise NotAsPromisedError("a code of eight digits in the mail")
    proof = {"email": email, "code": code.group()}
    token: str = send("POST", f"{on.api}/v1/signup/verify", proof, {}).json["session"]["token"]
    on.name("MERIDIAN", token)
    return token


def _import(on: Journey, once: str) -> None:
    on.step("A list from the fair comes in: first what would become of each row")
    rows = [
        "Name;E-Mail;Firma;Land",
        f"Sven Berg;sven.{once}@fjord.example;Fjord AS;NO",
        f"Sven Berg;SVEN.{once}@fjord.example;Fjord AS;NO",
        f'"{DANGER.replace(chr(34), chr(34) * 2)}";eve.{once}@odd.example;Odd Ltd;GB',
        "Nobody;not an address;;",
    ]
    form = {
        "lawful_basis": {"basis": "legitimate_interest", "source": "Hamburg fair"},
        "csv": "\r\n".join(rows) + "\r\n",
    }
    job: dict[str, Any] = on.ask("POST", "/v1/contacts/imports", form, expect=202, keys=("id", "state")).json
    on.name("IMPORT", job["id"])
    path = f"/v1/contacts/imports/{job['id']}"
    eventually(lambda: on.quietly(path)["state"] == "ready", "the preview")
    on.ask("GET", path, keys=("state", "counts", "guessed"))
    for line in on.quietly(f"{path}/rows")["items"]:
        on.say(f"row {line['row']}  {line['state']:<10} {line['field'] or ''} {line['code'] or ''}".rstrip())
    on.ask("POST", f"{path}/commit", {}, expect=202, keys=("state",))
    eventually(lambda: on.quietly(path)["state"] == "done", "the contacts")
    done = on.ask("GET", path, keys=("state", "outcome")).json
    promised(done["outcome"].get("created") == 2, "two new contacts")


def _export(on: Journey) -> None:
    on.step("Everything goes out again: as a file for this session, with no formula in it")
    export = on.ask("POST", "/v1/contacts/exports", expect=202).json["id"]
    on.name("EXPORT", export)
    path = f"/v1/contacts/exports/{export}"
    eventually(lambda: on.quietly(path)["state"] == "ready", "the file")
    files = on.ask("GET", path, keys=("state", "progress", "expires_at")).json["files"]
    fetched = on.ask("GET", files[0]["url"].removeprefix(on.api)).body.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(fetched, newline="")))
    for line in lines[:4]:
        on.say(f"{line['name'][:40]:<42}{line['email']}")
    names = [line["name"] for line in lines]
    promised(f"'{DANGER}" in names, "the formula as text")
    promised(not [name for name in names if name.startswith("=")], "no formula")

"""One person with a unique value in every field there is: shown in full when asked for, and found nowhere once erased.

Nowhere: no row of any table, what is sealed opened; no queue and no dead letter; no bucket; no log. Also after
everything that was ever put into a queue has been delivered once more. (There is no workflow engine whose
history could remember anybody: work that takes long is a row of ids.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import pytest

from infra.local import LocalStack
from infra.local.wire import Call
from tests.integration import canary_people, ways
from tests.integration.apart import own_stack
from tests.integration.canary_people import push_token
from tests.integration.client import (
    Answer,
    User,
    links_in,
    mail_to,
    request,
    sign_up,
)
from tests.integration.eraser import TABLES, desk, erase, looked_again
from tests.integration.letters import Letter, drained, record, rows, sample
from tests.integration.people import invited
from tests.integration.test_canaries import DEAD, QUEUES, declared, flat, found_in
from tests.integration.test_leaving import erased, second_look

stack = own_stack()

pytestmark = pytest.mark.clause("requests", "retention", "encryption")

RUN = os.urandom(3).hex()
OPENED_AT = 1930626999
PROSPECT = {
    "contact.name": f"Zeisig{RUN} Müller",
    "contact.email": f"zeisig{RUN}@zeisig-buyer.example",
    "contact.company": f"Zeisig{RUN} Handel 有限公司",
    "contact.position": f"Head of Zeisig {RUN}",
    "contact.phone": "+65 8264 7719 03",
    "contact.social": f"https://zeisig-social.example/{RUN}",
    "contact.basis": "vital_interests",
    "contact.source": f"zeisig fair {RUN}",
    "message.subject": f"Zeisig subject {RUN}",
    "message.links": f"https://zeisig-link.example/{RUN}",
    "body.html": f"Zeisig html {RUN}",
    "body.text": f"Zeisig text {RUN}",
    "body.to": f"Zeisig{RUN} To",
    "body.cc": f"zeisig{RUN}+cc@zeisig-buyer.example",
    "delivery.email": f"zeisig{RUN}@zeisig-buyer.example",
    "delivery.ip": "203.0.113.201",
    "open.opened_at": str(OPENED_AT),
    "open.ip": "203.0.113.201",
}
COMMON = {"contact.basis"}
"""One of six words, which others use as well."""
SMALL = {"contact.country", "delivery.opens", "delivery.machine_opens", "delivery.opened_on"}
SMALL |= {"delivery.first_opened_at", "delivery.last_opened_at"}
"""Two letters, small numbers, and times that are the open's."""
SENDERS = {"message.sender", "message.sender_name"}
"""Those of the user who wrote it."""


def everything(stack: LocalStack) -> Iterable[tuple[str, bytes]]:
    """All that is kept anywhere, by place."""
    found = desk(stack, "opened")
    yield "rows, opened", "\n".join(found["rows"]).encode()
    for table in (*TABLES, "company-keys"):
        yield table, flat(rows(stack, table))
    for queue in (*QUEUES, *DEAD):
        yield queue, "\n".join(stack.messages(queue)).encode()
    storage = stack.client("s3")
    for bucket in storage.list_buckets()["Buckets"]:
        listed = storage.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
        for one in listed:
            if "package" in one["Key"] or one["Key"].endswith(".zip"):
                continue  # our own code
            body = storage.get_object(Bucket=bucket["Name"], Key=one["Key"])["Body"].read()
            yield f"{bucket['Name']}/{one['Key']}", body
    yield "logs", stack.logs().encode()


def where_found(stack: LocalStack, values: dict[str, str]) -> dict[str, list[str]]:
    """Where each of the values still is."""
    looked = {place: found_in(content, values) for place, content in everything(stack)}
    return {place: names for place, names in looked.items() if names}


def delivered(calls: list[Call]) -> list[tuple[str, str]]:
    """Everything that was put into a queue, as it lay there."""
    bodies: list[tuple[str, str]] = []
    for call in calls:
        if call.service == "sqs" and call.operation in {"SendMessage", "SendMessageBatch"}:
            asked = json.loads(call.request)
            queue = asked["QueueUrl"].rpartition("/")[2]
            for entry in asked.get("Entries", [asked]):
                bodies.append((queue, entry["MessageBody"]))
    return bodies


def deliver_again(stack: LocalStack, bodies: list[tuple[str, str]]) -> None:
    """Put everything into its queue once more, and wait until it has been dealt with."""
    sqs = stack.client("sqs")
    for queue, body in bodies:
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)
    drained(stack, *QUEUES)


def test_a_person_a_company_wrote_to(stack: LocalStack) -> None:
    kinds = {"contact", "message", "body", "delivery", "open"}
    wanted = {field for field in declared() if field.partition(".")[0] in kinds}
    assert wanted == PROSPECT.keys() | SMALL | SENDERS
    user = sign_up(stack)
    neighbour = user.contact("neighbour@other-buyer.example", "Nora Neighbour")
    stack.wire.clear()
    made = user.contact(
        PROSPECT["contact.email"],
        PROSPECT["contact.name"],
        company=PROSPECT["contact.company"],
        position=PROSPECT["contact.position"],
        country="AQ",
        phone=PROSPECT["contact.phone"],
        social=[PROSPECT["contact.social"]],
        lawful_basis={"basis": PROSPECT["contact.basis"], "source": PROSPECT["contact.source"]},
    )
    assert user.consent(made["id"]).status == 200
    to = {"email": PROSPECT["contact.email"], "name": PROSPECT["body.to"]}
    link = f'<a href="{PROSPECT["message.links"]}">x</a>'
    message = user.write(
        PROSPECT["contact.email"],
        to=[to],
        subject=PROSPECT["message.subject"],
        html=f"<p>{PROSPECT['body.html']} {link}</p>",
        text=PROSPECT["body.text"],
    )
    shared = user.write(
        neighbour["email"],
        cc=[{"email": PROSPECT["body.cc"], "name": PROSPECT["contact.name"]}],
        subject=f"For {PROSPECT['contact.name']}",
        html=f"<p>{PROSPECT['contact.name']}, {PROSPECT['contact.email']}</p>",
        kind="business",
    )
    user.settled(message)
    user.settled(shared)
    mail = mail_to(stack, PROSPECT["contact.email"])
    letter = Letter(stack, user, PROSPECT["contact.email"], made["id"], message, mail, links_in(mail))
    hit = letter.hit(at=OPENED_AT, ip=PROSPECT["open.ip"])
    assert record(stack, hit) == []
    letter.load("o", PROSPECT["open.ip"])
    letter.load("c", PROSPECT["open.ip"])
    events = [sample(name, letter) for name in ("sqs-ses-event-bounce", "sqs-ses-notification-complaint")]
    drained(stack, *QUEUES)

    # All of it is there for who asks, and in every field.
    shown = b"".join(
        user.call("GET", path).body
        for path in (
            f"/v1/contacts/{made['id']}",
            f"/v1/contacts/{made['id']}/opens",
            f"/v1/messages/{message}",
        )
    )
    texts = {"message.subject", "message.links", "delivery.email", "open.ip"}
    texts |= {field for field in PROSPECT if field.startswith("contact.")}
    assert set(found_in(shown, PROSPECT)) >= texts
    assert b"Nora Neighbour" not in shown
    before = where_found(stack, PROSPECT)
    assert set(before["rows, opened"]) == PROSPECT.keys()
    assert before.keys() == {"rows, opened"}

    bodies = [*delivered(stack.wire.calls), ("okki-leads-hits", hit)]
    assert {"okki-leads-hits", "okki-leads-outbox"} <= {queue for queue, _ in bodies}
    values = {field: value for field, value in PROSPECT.items() if field not in COMMON}
    erase(stack, user.company["id"], PROSPECT["contact.email"])
    looked_again(stack, user.company["id"])
    assert where_found(stack, values) == {}
    deliver_again(stack, bodies)
    for event in events:
        assert stack.invoke("MailFeedback", event) == {"batchItemFailures": []}
    letter.load("o", PROSPECT["open.ip"])
    letter.load("c", PROSPECT["open.ip"])
    drained(stack, *QUEUES)
    assert where_found(stack, values) == {}
    assert user.call("GET", f"/v1/contacts/{neighbour['id']}").json["name"] == "Nora Neighbour"
    assert user.call("GET", f"/v1/messages/{shared}").json["subject"] == "For (erased)"


USER = {
    "user.name": f"鹪鹩{RUN}王",
    "user.email": "",  # the invitation's
    "login.password_verifier": f"wren pass {RUN} phrase",
    "device.ip": "198.51.100.231",
    "device.device_model": f"WrenPhone {RUN}",
    "device.os_version": "Android 82644.7719",
    "device.browser_type": "Chrome Mobile 826447",
    "device.language": "wre-Nwre-NV",
    "challenge.ip": "198.18.99.132",
    "challenge.email": f"newwren{RUN}@work-wren.example",
    "notification.values": f"WrenPhone {RUN}",
    "wechat_nickname.nickname": f"微信鹪鹩{RUN}",
    "wechat_link.open_id": "",
    "push_device.endpoint": "",
    "second_factor.secret": "",
    "push token": push_token(),
}
AGENT = (
    f"Mozilla/5.0 (Linux; Android 82644.7719; WrenPhone {RUN}) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/826447.0.0.0 Mobile Safari/537.36"
)


def test_a_user_of_a_company(stack: LocalStack) -> None:
    values, admin = {**USER}, sign_up(stack)
    email, key = invited(admin, f"wren{RUN}@work-wren.example", "admin")
    values["user.email"] = email
    dirty = {
        "User-Agent": AGENT,
        "Accept-Language": f"{values['device.language']},zh;q=0.5",
        "X-Local-Client": values["device.ip"],
    }

    def call(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(stack.api + path, method, body, {**dirty, **named})

    stack.wire.clear()
    form = {
        "token": key,
        "name": values["user.name"],
        "password": values["login.password_verifier"],
        "is_adult": True,
        "policy_version": admin.me["policy_version"],
    }
    joined = call("POST", "/v1/invitations/accept", form)
    assert joined.status == 201, joined.body
    found = joined.json
    user = User(stack, email, found["session"]["token"], found["user"], found["company"], values["device.ip"])

    def own(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return call(method, path, body, Authorization=f"Bearer {user.token}", **headers)

    known = {**values, "login code": ""}
    canary_people._new_device(user, call, known)
    canary_people._proofs(user, own, known)
    linked = {**ways.somebody(values["wechat_nickname.nickname"])}
    known["wechat_link.open_id"] = ways.open_id_of(linked)
    assert ways.link(user, linked).status == 200
    assert own("POST", "/v1/me/push", {"platform": "apns", "token": values["push token"]}).status == 201
    message = user.write("somebody@other-buyer.example")
    user.settled(message)
    drained(stack, *QUEUES)
    del known["push_device.endpoint"], known["login code"]

    shown = own("GET", "/v1/me/data").body
    fields = {field for field in USER if field.partition(".")[0] in {"user", "device", "wechat_nickname"}}
    assert set(found_in(shown, {field: known[field] for field in fields})) == fields
    assert admin.email.encode() not in shown
    kept = where_found(stack, known)["rows, opened"]
    assert {"user.name", "user.email", "device.device_model", "wechat_link.open_id", "challenge.ip"} <= set(
        kept
    )

    bodies = delivered(stack.wire.calls)
    assert desk(stack, "user", admin.company["id"], user.me["id"], "letters")["erasure_id"]
    erased(stack, user)
    second_look(stack, user)
    assert where_found(stack, known) == {}
    deliver_again(stack, bodies)
    assert where_found(stack, known) == {}
    assert admin.call("GET", "/v1/me").status == 200

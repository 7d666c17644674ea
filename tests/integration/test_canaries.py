"""No personal value in a log, a queue, a dead letter or, in clear, in a table: unique values are put into every
personal field, the main job is walked with everything failing on the way, and then everything is searched.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import os
import pkgutil
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

import chalicelib.records
from chalicelib.kernel import tokens
from chalicelib.privacy import fields
from infra.local import LocalStack
from infra.local.stack import FunctionError
from infra.local.wire import Call
from tests.integration import (
    canary_ai,
    canary_cancellation,
    canary_disclosures,
    canary_exports,
    canary_imports,
    canary_incidents,
    canary_people,
    canary_prospects,
    canary_requests,
    canary_staff,
)
from tests.integration.apart import own_stack
from tests.integration.client import (
    CHROME,
    POLICY,
    Answer,
    User,
    code_in,
    eventually,
    links_in,
    mail_to,
    request,
)
from tests.integration.letters import (
    TABLES,
    Letter,
    drained,
    keys,
    record,
    restart,
    rows,
    sample,
)

stack = own_stack()


for _module in pkgutil.iter_modules(chalicelib.records.__path__):
    importlib.import_module(f"chalicelib.records.{_module.name}")
RECORDS = {
    kind: made for kind, made in fields.RECORDS.items() if made.__module__.startswith("chalicelib.records.")
}
QUEUES = ("hits", "outbox", "notices", "feedback", "billing", "tasks", "files", "ai")
DEAD = (*(f"{queue}-dead" for queue in QUEUES), "sweep-dead")

RUN = os.urandom(3).hex()
PHONE = {  # what a login learns of a device (2.2.1(c)), from the two headers below
    "ip": "198.51.100.217",
    "device_model": f"KanariPhone {RUN}",
    "os_version": "Android 91735.5528",
    "browser_type": "Chrome Mobile 917381",
    "language": "kan-Arie-NV",
}
AGENT = (
    f"Mozilla/5.0 (Linux; Android 91735.5528; KanariPhone {RUN}) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/917381.0.0.0 Mobile Safari/537.36 KanariBrowser/{RUN}"
)
PLANTED = {
    # (record kind, field) -> what a person would have typed, shown or been given
    "company.name": f"Kanarienvogel {RUN} Export",
    "user.name": f"金丝雀{RUN}李",
    "user.email": f"userkanari{RUN}@work-kanari.example",
    "login.password_verifier": f"pass kanari {RUN} phrase",
    "signup.name": f"金丝雀{RUN}李",
    "signup.company_name": f"Kanarienvogel {RUN} Export",
    "signup.email": f"userkanari{RUN}@work-kanari.example",
    "signup.password_verifier": f"pass kanari {RUN} phrase",
    "notice.email": f"userkanari{RUN}@work-kanari.example",
    "notice.values": "",  # the mailed code, known once it came
    "contact.name": f"كناري{RUN} أحمد",
    "contact.email": f"contactkanari{RUN}@buyer-kanari.example",
    # Kept while somebody is being erased; the walk of `test_erased_canaries` goes through it.
    "erasing.names": f"كناري{RUN} أحمد",
    "erasing.mailboxes": f"contactkanari{RUN}@buyer-kanari.example",
    "contact.company": f"Kanari{RUN} Trading 有限公司",
    "contact.position": f"Head of Kanari {RUN}",
    "contact.phone": "+65 9173 5528 04",
    "contact.social": f"https://social-kanari.example/{RUN}",
    "contact.basis": "vital_interests",
    "contact.source": f"fair kanari {RUN}",
    "message.subject": f"Subject kanari {RUN} 主题",
    "message.sender": f"userkanari{RUN}@work-kanari.example",
    "message.sender_name": f"金丝雀{RUN}李",
    "message.links": f"https://link-kanari.example/{RUN}",
    "body.html": f"Html kanari {RUN}",
    "body.text": f"Text kanari {RUN}",
    "body.to": f"To kanari {RUN}",
    "body.cc": f"cckanari{RUN}@buyer-kanari.example",
    "delivery.email": f"contactkanari{RUN}@buyer-kanari.example",
    "delivery.ip": "203.0.113.171",
    "delivery.first_opened_at": "1930626367",
    "delivery.last_opened_at": "1930626367",
    "delivery.opened_on": "2031-03-07",
    "open.opened_at": "1930626367",
    "open.ip": "203.0.113.171",
    **{f"device.{name}": value for name, value in PHONE.items()},
    **{f"challenge.{name}": value for name, value in PHONE.items()},
    "challenge.ip": "198.18.77.131",
    "challenge.email": f"newkanari{RUN}@work-kanari.example",
    "department.name": f"Kanari Sales {RUN} 销售部",
    "invitation.email": f"guestkanari{RUN}@work-kanari.example",
    "notification.values": f"KanariPhone {RUN}",
    "push_device.endpoint": "",  # SNS names it
    "second_factor.secret": "",  # shown once
    "signup.nickname": f"微信金丝雀{RUN}新",
    "signup.open_id": "",  # WeChat gives it out
    "wechat_link.open_id": "",
    "wechat_nickname.nickname": f"微信金丝雀{RUN}",
    "wechat_ticket.nickname": f"微信金丝雀{RUN}新",
    "wechat_ticket.open_id": "",
    **canary_staff.planted(RUN),
    **canary_disclosures.planted(RUN),
    **canary_incidents.planted(RUN),
    **canary_requests.planted(RUN),
    **canary_imports.planted(RUN),
    **canary_ai.planted(RUN),
    **canary_prospects.planted(RUN),
    **canary_cancellation.planted(RUN),
}
"""Where a value is needed in several places it is the same one, as in life."""

NOT_TEXT = {
    "user.registered_at": "a time like any other row's",
    "user.locale": "en or zh",
    **canary_requests.NOT_TEXT,
    **canary_imports.NOT_TEXT,
    **canary_ai.NOT_TEXT,
    **canary_cancellation.NOT_TEXT,
    "signup.locale": "en or zh",
    "notice.locale": "en or zh",
    "contact.country": "two letters",
    "delivery.opens": "a small number",
    "delivery.machine_opens": "a small number",
    "invitation.locale": "en or zh",
    "cookie_choice.granted": "categories that everybody has",
    "cookie_receipt.granted": "categories that everybody has",
    "notification.template": "one of our texts",
    "notification_choices.switched": "yes or no, for kinds that everybody has",
    "notification_receipt.switched": "yes or no, for kinds that everybody has",
    "order.plan": "one of a few",
    "order.months": "a small number",
    "order.starts_at": "a time like any other row's",
    "order.placed_at": "a time like any other row's",
    "order.order_kind": "one of a few",
}
"""Fields whose values cannot be told from others; that they are sealed is looked at by name."""

ELSEWHERE = {
    "user agent": f"KanariBrowser/{RUN}",
    "client address": PHONE["ip"],
    "claimed address": "192.0.2.173",
    "idempotency key": f"key-kanari-{RUN}@buyer-kanari.example",
    "cookie": f"cookiekanari{RUN}",
    "referer": f"https://referer-kanari.example/{RUN}",
    "query": f"querykanari{RUN}",
    "path": f"pathkanari{RUN}@buyer-kanari.example",
    "unknown field": f"fieldkanari{RUN}",
    "push token": canary_people.push_token(),
    "signup by WeChat": f"wxkanari{RUN}@work-kanari.example",
}
RANDOM = {
    "session",
    "invitation key",
    "device token",
    "wechat ticket",
    "staff session",
    "staff token",
    "request token",
}
OPENED_AT = int(PLANTED["open.opened_at"])


def declared() -> set[str]:
    return {f"{kind}.{name}" for kind, made in RECORDS.items() for name in fields.personal_fields(made)}


def spellings(value: str, *, hashed: bool = True) -> Iterator[bytes]:
    """A value as it may turn up: plain, escaped, encoded, or as a hash anybody could look up."""
    plain = value.encode()
    yield plain
    yield json.dumps(value)[1:-1].encode()
    yield repr(value)[1:-1].encode()
    yield quote(value).encode()
    for shift in range(3):
        # The middle of its base64, wherever it starts.
        inner = base64.b64encode(b"\0" * shift + plain)
        yield inner[4 if shift else 0 : len(inner) // 4 * 4 - 4]
    # What holds 256 random bits is looked up by its hash: they cannot be guessed back from it. All else can.
    for text in {plain, value.lower().encode()} if hashed else ():
        for name in ("md5", "sha1", "sha256"):
            digest = hashlib.new(name, text)
            yield digest.hexdigest().encode()
            yield base64.b64encode(digest.digest())[:20]


def found_in(haystack: bytes, values: dict[str, str]) -> list[str]:
    lower = haystack.lower()
    return [
        name
        for name, value in values.items()
        if any(
            len(one) >= 6 and (one in haystack or one.lower() in lower)
            for one in spellings(value, hashed=name not in RANDOM)
        )
    ]


def flat(items: list[dict[str, Any]]) -> bytes:
    return json.dumps(items, default=lambda raw: raw.decode("latin-1"), ensure_ascii=False).encode()


@pytest.mark.clause("access", "encryption")
def test_every_personal_field_has_a_canary() -> None:
    assert declared() == set(PLANTED) | set(NOT_TEXT)
    assert not set(PLANTED) & set(NOT_TEXT)


class Walk(NamedTuple):
    """What to look for, and every call the functions made meanwhile."""

    values: dict[str, str]
    calls: list[Call]


@pytest.mark.clause("access")
def test_the_search_would_find_a_value_however_it_is_written() -> None:
    for value in (*PLANTED.values(), *ELSEWHERE.values()):
        if not value:
            continue
        raw = value.encode()
        for text in (
            raw,
            json.dumps({"x": value}).encode(),
            value.upper().encode(),
            quote(value).encode(),
            repr([value]).encode(),
            *(base64.b64encode(b"some" + b"." * shift + raw + b"more text") for shift in range(3)),
            hashlib.sha256(raw).hexdigest().upper().encode(),
            base64.b64encode(hashlib.sha1(raw).digest()),
        ):
            assert found_in(b"before " + text + b" after", {"it": value}) == ["it"], (value, text)


@pytest.fixture(scope="module")
def walk(stack: LocalStack) -> Iterator[Walk]:
    """The main job with canaries everywhere and faults all over."""
    stack.wire.reset()
    values = {**PLANTED, **ELSEWHERE}
    address = ELSEWHERE["client address"]
    dirty = {
        "User-Agent": AGENT,
        "Accept-Language": f"{PHONE['language']},zh;q=0.5",
        "X-Local-Client": address,
        "X-Forwarded-For": ELSEWHERE["claimed address"],
        "Cookie": f"theme={ELSEWHERE['cookie']}",
        "Referer": ELSEWHERE["referer"],
    }
    fault = stack.wire.inject

    def call(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(stack.api + path, method, body, {**dirty, **named})

    # Signing up: refused, failing, then well.
    form: dict[str, Any] = {
        "name": PLANTED["signup.name"],
        "company": PLANTED["signup.company_name"],
        "email": PLANTED["signup.email"],
        "password": PLANTED["signup.password_verifier"],
        "is_adult": True,
        "policy_version": POLICY,
        "locale": "zh",
    }
    unknown = {**form, ELSEWHERE["unknown field"]: ELSEWHERE["unknown field"]}
    for bad in ({**form, "is_adult": False}, unknown, {**form, "email": "\r\n".join(form["email"])}):
        assert call("POST", "/v1/signup", bad).status in {403, 422}
    assert (
        call("POST", "/v1/signup", json.dumps(form)[:-9].encode(), Content_Type="application/json").status
        == 400
    )
    for service in ("dynamodb", "kms"):
        fault(kind="fail", service=service, function="okki-leads-api", times=9)
        restart(stack, "APIHandler")
        assert call("POST", "/v1/signup", form).status >= 500
        _no_faults(stack)
    fault(kind="lose_reply", service="ses", function="okki-leads-send-notices")
    fault(kind="throttle", service="ses", function="okki-leads-send-notices", skip=1)
    assert call("POST", "/v1/signup", form).status == 202
    values["notice.values"] = code_in(mail_to(stack, form["email"]))
    drained(stack, "notices")
    values["notice.values"] = code_in(stack.mails(form["email"])[0])
    call("POST", "/v1/signup/verify", {"email": form["email"], "code": "00000000"})
    answer = call("POST", "/v1/signup/verify", {"email": form["email"], "code": values["notice.values"]})
    assert answer.status == 201, answer.body
    values["session"] = answer.json["session"]["token"]
    call("POST", "/v1/login", {"email": form["email"], "password": PLANTED["login.password_verifier"] + "x"})
    call("POST", "/v1/signup", form)  # once more: the mailbox's owner is told
    user = User(stack, form["email"], values["session"], answer.json["user"], answer.json["company"], address)

    def own(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return call(method, path, body, Authorization=f"Bearer {user.token}", **headers)

    canary_people.walk(user, own, call, values)
    canary_staff.walk(stack, values)
    canary_disclosures.walk(user, own, values)
    canary_incidents.walk(user, values)

    # Contacts and a message: the same.
    contact: dict[str, Any] = {
        "name": PLANTED["contact.name"],
        "email": PLANTED["contact.email"],
        "company": PLANTED["contact.company"],
        "position": PLANTED["contact.position"],
        "country": "AQ",
        "phone": PLANTED["contact.phone"],
        "social": [PLANTED["contact.social"]],
        "lawful_basis": {"basis": PLANTED["contact.basis"], "source": PLANTED["contact.source"]},
    }
    key = {"Idempotency_Key": ELSEWHERE["idempotency key"]}
    message = {
        "to": [{"email": contact["email"], "name": PLANTED["body.to"]}],
        "cc": [{"email": PLANTED["body.cc"]}],
        "subject": PLANTED["message.subject"],
        "html": f'<p>{PLANTED["body.html"]} <a href="{PLANTED["message.links"]}">x</a></p>',
        "text": PLANTED["body.text"],
        "kind": "marketing",
        "tracking": True,
    }
    for path, body in (("/v1/contacts", contact), ("/v1/messages", message)):
        assert own("POST", path, {**body, ELSEWHERE["unknown field"]: 1}, **key).status == 422
        assert own("POST", path, json.dumps(body)[:-3], Content_Type="application/json").status == 400
        assert (
            own("POST", path, b"\xff" + json.dumps(body).encode(), Content_Type="application/json").status
            == 400
        )
        for kind in ("fail", "throttle", "conflict", "lose_request"):
            fault(kind=kind, service="dynamodb", function="okki-leads-api", times=20)
            assert own("POST", path, body, **key).status == 503
            _no_faults(stack)
    own("GET", f"/v1/contacts/{quote(ELSEWHERE['path'])}?{ELSEWHERE['query']}={ELSEWHERE['query']}")
    own("GET", f"/v1/contacts?cursor={ELSEWHERE['query']}&limit={ELSEWHERE['query']}")
    call("GET", "/v1/me", Authorization=f"Bearer {ELSEWHERE['cookie']}")
    call("GET", f"/{quote(ELSEWHERE['path'])}")
    made = own("POST", "/v1/contacts", contact, **key)
    assert made.status == 201, made.body
    assert own("POST", "/v1/contacts", {**contact, "name": "another"}, **key).status == 422
    given = {"state": "granted", "text_version": "tracking-2026-01", "method": "web_form"}
    assert own("PUT", f"/v1/contacts/{made.json['id']}/consents/tracking", given).status == 200

    fault(kind="fail", service="sqs", function="okki-leads-api", times=3)
    fault(kind="throttle", service="ses", function="okki-leads-send-messages")
    fault(kind="lose_reply", service="ses", function="okki-leads-send-messages", skip=1)
    fault(kind="fail", service="dynamodb", function="okki-leads-send-messages", times=3)
    fault(kind="fail", service="dynamodb", function="okki-leads-mail-feedback", times=9)
    made_message = own("POST", "/v1/messages", message, **key)
    assert made_message.status == 202, made_message.body
    for _ in range(3):  # the hint was lost, the database failed, SES had no time: the sweeper mends it all
        drained(stack, "outbox")
        stack.advance(301)
        stack.invoke("Sweep", sample("schedule-sweep"))
    mail = mail_to(stack, contact["email"])
    mail_to(stack, PLANTED["body.cc"])
    letter = Letter(
        stack, user, contact["email"], made.json["id"], made_message.json["id"], mail, links_in(mail)
    )
    user.settled(letter.message)
    assert PLANTED["body.html"] in mail["html"]
    drained(stack, *QUEUES)
    _no_faults(stack)
    canary_requests.walk(user, own, values)
    canary_imports.walk(user, own, values)
    canary_ai.walk(user, own, values)
    canary_prospects.walk(user, own, values)
    canary_exports.walk(own, PLANTED["contact.name"])

    # A row that nobody foresaw: the contact's with the sealed message of another.
    database, where = stack.client("dynamodb"), {"TableName": "okki-leads-workspace"}
    place = {"pk": {"S": user.company["id"]}, "sk": {"S": f"contact#{letter.contact}"}}
    whole = database.get_item(**where, Key=place)["Item"]
    another = database.get_item(**where, Key={**place, "sk": {"S": f"body#{letter.message}"}})["Item"]
    database.put_item(**where, Item={**whole, "sealed": another["sealed"]})
    broken_answer = own("GET", f"/v1/contacts/{letter.contact}")
    assert broken_answer.status == 500
    assert found_in(broken_answer.body, values) == []
    database.put_item(**where, Item=whole)

    # Reading it: through the front door, with everything failing, and as records that cannot be read.
    opened = {"User_Agent": f"{CHROME} {ELSEWHERE['user agent']}", "Referer": ELSEWHERE["referer"]}
    for way in ("fail", "lose_request"):
        fault(kind=way, service="sqs", function="okki-leads-edge", times=4)
        letter.load("o", address, **opened)
        letter.load("c", address, **opened)
        _no_faults(stack)
    for link in ("o", "c", "u"):
        request(f"{stack.edge}/{link}/{quote(ELSEWHERE['path'])}?{ELSEWHERE['query']}", headers=dirty)
    letter.load("o", PLANTED["open.ip"], **opened)
    letter.load("c", PLANTED["open.ip"], **opened)
    hit = letter.hit(at=OPENED_AT, ip=PLANTED["open.ip"], user_agent=ELSEWHERE["user agent"] + CHROME)
    for operation in ("GetItem", "Query", "PutItem"):
        fault(
            kind="fail", service="dynamodb", operation=operation, function="okki-leads-record-hits", times=9
        )
        record(stack, hit)
        _no_faults(stack)
    second = Letter(stack, user, PLANTED["body.cc"], "", letter.message, {}, {})  # never asked: the day only
    record(stack, hit, second.hit(number=1, at=OPENED_AT))
    poison = [
        letter.hit(ip=PLANTED["open.ip"], number=ELSEWHERE["unknown field"]),
        letter.hit(at="x"),
        letter.hit(extra=1),
    ]
    assert record(stack, *poison, f"{PLANTED['contact.email']} in clear") == [0, 1, 2, 3]
    stack.retry_after(0)
    for one in poison:
        _put(stack, "hits", one)

    # Events that break on the way, at both workers and at the edge itself.
    report = json.dumps(sample("sqs-ses-event-bounce", letter)["Records"][0]["body"])
    broken = json.loads(report).replace("okki-leads-mail-events", "elsewhere")
    _put(stack, "feedback", broken)
    _put(stack, "feedback", f"{PLANTED['contact.email']} is not JSON")
    _put(
        stack, "outbox", json.dumps({"company": user.company["id"], "message": letter.message, "number": "x"})
    )
    _put(stack, "notices", "{}")
    edge = sample("edge-unsubscribe-one-click", token=letter.token("u"))
    edge["headers"] |= {"user-agent": ELSEWHERE["user agent"], "cookie": ELSEWHERE["cookie"]}
    for wrong in (
        {"body": ELSEWHERE["path"]},
        {"headers": None},
        {"requestContext": {"http": ELSEWHERE["path"]}},
    ):
        try:
            stack.invoke("Edge", {**edge, **wrong})
        except FunctionError as error:
            assert found_in(str(error).encode(), ELSEWHERE) == []
    for operation in ("Query", "GetItem"):
        fault(kind="fail", service="dynamodb", operation=operation, function="okki-leads-sweep", times=9)
    with pytest.raises(FunctionError):
        stack.invoke("Sweep", sample("schedule-sweep"))
    _no_faults(stack)

    # Leaving: refused at first by a broken database, then for good; and a complaint.
    fault(kind="fail", service="dynamodb", function="okki-leads-edge", times=9)
    letter.choose()
    _no_faults(stack)
    letter.choose(b"choice=tracking")
    event = sample("sqs-ses-notification-complaint", letter)
    assert stack.invoke("MailFeedback", event) == {"batchItemFailures": []}
    drained(stack, *QUEUES)
    eventually(
        lambda: len(stack.messages("feedback-dead")) >= 2 and len(stack.messages("hits-dead")) >= 2, 40
    )
    assert user.message(letter.message)["recipients"][0]["tracking"]["ip"] == PLANTED["open.ip"]
    assert (
        user.message(letter.message)["recipients"][1]["tracking"]["last_opened_on"]
        == PLANTED["delivery.opened_on"]
    )
    stack.reset_clock()
    canary_cancellation.walk(user, own, values)
    yield Walk(values, list(stack.wire.calls))
    sqs = stack.client("sqs")
    for queue in DEAD:
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=f"okki-leads-{queue}")["QueueUrl"])


def _no_faults(stack: LocalStack) -> None:
    """End the faults and keep the calls: they are searched afterwards."""
    with stack.wire._lock:
        stack.wire._faults.clear()


def _put(stack: LocalStack, queue: str, body: str) -> None:
    sqs = stack.client("sqs")
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=f"okki-leads-{queue}")["QueueUrl"], MessageBody=body
    )


@pytest.fixture(scope="module")
def walked(walk: Walk) -> dict[str, str]:
    """All values to be looked for."""
    return walk.values


@pytest.mark.clause("access", "encryption")
def test_no_call_to_aws_carries_a_personal_value_except_the_mail_itself(walk: Walk) -> None:
    mails = b"".join(call.request for call in walk.calls if call.service == "ses")
    assert "contact.email" in found_in(mails, walk.values)  # there it must be
    pushes = b"".join(call.request for call in walk.calls if call.service == "sns")
    shown = set(found_in(pushes, walk.values))
    assert shown <= {"push token", "push_device.endpoint"}, "SNS knows the telephone and nothing else"
    assert "push token" in shown
    calls = [call for call in walk.calls if call.service not in {"ses", "sns"}]
    assert {"dynamodb", "sqs", "kms", "secretsmanager"} <= {call.service for call in calls}
    assert len(calls) > 100
    for call in calls:
        assert found_in(call.request, walk.values) == [], (call.function, call.operation)


@pytest.mark.clause("access")
def test_no_log_line_shows_a_personal_value(stack: LocalStack, walked: dict[str, str]) -> None:
    logs = stack.logs().encode()
    for expected in (
        b"request_failed",
        b"vault_key_error",
        b"mail_not_taken",
        b"mail_answer_lost",
        b"hits_put_back",
        b"sweep_error",
    ):
        assert expected in logs, "the walk did not fail as planned"
    assert found_in(logs, walked) == []


@pytest.mark.clause("access")
def test_no_queue_and_no_dead_letter_shows_a_personal_value(
    stack: LocalStack, walked: dict[str, str]
) -> None:
    bodies = {queue: stack.messages(queue) for queue in (*QUEUES, *DEAD)}
    assert len(bodies["hits-dead"]) >= 2
    assert len(bodies["feedback-dead"]) >= 2
    for queue, waiting in bodies.items():
        for body in waiting:
            assert found_in(body.encode(), walked) == [], queue
    # What lies there is not lost: who holds the keys can open it.
    opened = [tokens.open_hit(keys(stack), body) for body in bodies["feedback-dead"]]
    assert any(walked["contact.email"].encode() in one for one in opened)


@pytest.mark.clause("encryption", "stored", "communications")
@pytest.mark.parametrize("table", TABLES)
def test_no_table_holds_a_personal_value_in_clear(
    stack: LocalStack, walked: dict[str, str], table: str
) -> None:
    stored = rows(stack, table)
    assert stored
    assert found_in(flat(stored), walked) == []


@pytest.mark.clause("encryption")
def test_no_row_names_a_sealed_field_in_clear(stack: LocalStack, walked: dict[str, str]) -> None:
    kinds = set()
    for table in ("accounts", "workspace", "ledger", "operator", "prospects", "samples"):
        for row in rows(stack, table):
            made = RECORDS.get(row["kind"]["S"])
            if made is None:
                assert row["kind"]["S"] == "limit"  # a count per keyed hash
                continue
            kinds.add(row["kind"]["S"])
            clear = set(row.get("facts", {}).get("M", {})) | set(row)
            assert not clear & set(fields.sealed_fields(made)), row["kind"]["S"]
            if fields.sealed_fields(made):
                assert "sealed" in row
    assert {"company", "user", "login", "contact", "message", "body", "delivery", "open"} <= kinds
    assert {"stocked", "added", "posting", "informing", "informing_line"} <= kinds

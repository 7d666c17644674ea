"""What people are told: nothing of ours that they did not ask for, everything that they need."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.notifications import KINDS, Group
from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration.client import (
    CHROME,
    PASSWORD,
    Answer,
    User,
    code_in,
    eventually,
    log_in,
    mail_to,
    request,
    sign_up,
)
from tests.integration.letters import drained, rows, sample
from tests.integration.teller import tell

pytestmark = pytest.mark.clause("notification")

TEXT = "marketing-2026-01"
ALL_OFF = {
    kind.value: {"push": False} | ({"in_app": False} if row.group is Group.ACCOUNT else {})
    for kind, row in KINDS.items()
    if row.group is not Group.PRODUCT
}
"""As much as a person can switch off."""


@pytest.fixture
def person(stack: LocalStack) -> User:
    return sign_up(stack)


def choose(user: User, **choices: dict[str, Any]) -> Answer:
    return user.call("PUT", "/v1/me/notifications", {"choices": choices})


def inbox(user: User, query: str = "") -> dict[str, Any]:
    answer = user.call("GET", f"/v1/me/inbox{query}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def settings(user: User) -> dict[str, Any]:
    found: dict[str, Any] = user.call("GET", "/v1/me/notifications").json
    return found


def kind(user: User, name: str) -> dict[str, Any]:
    return next(one for one in settings(user)["kinds"] if one["kind"] == name)


def kept(stack: LocalStack, table: str, what: str, user: User) -> list[dict[str, Any]]:
    """The user's rows of a kind, as stored, in order of their keys."""
    own = [row for row in rows(stack, table) if row["kind"]["S"] == what and user.me["id"] in row["sk"]["S"]]
    return sorted(own, key=lambda row: row["sk"]["S"])


def waiting(stack: LocalStack, user: User) -> list[dict[str, Any]]:
    """Mails and pushes to the user that have not left."""
    return [
        row
        for row in rows(stack, "accounts")
        if row["kind"]["S"] == "notice" and row["facts"]["M"].get("user_id") == {"S": user.me["id"]}
    ]


# ---------------------------------------------------------------- who is told


def test_nobody_hears_of_a_product_who_did_not_switch_it_on(stack: LocalStack, person: User) -> None:
    mails = len(stack.mails(person.email))
    for name in ("tips", "activity", "news"):
        assert tell(stack, person, name) is False
    assert inbox(person)["items"] == []

    assert choose(person, tips={"mail": True, "in_app": True}).status == 200
    assert tell(stack, person, "tips") is True
    assert tell(stack, person, "activity") is False
    mail = mail_to(stack, person.email, mails + 1)
    assert [item["kind"] for item in inbox(person)["items"]] == ["tips"]

    assert choose(person, tips={"mail": False, "in_app": False}).status == 200
    assert tell(stack, person, "tips") is False
    drained(stack, "notices")
    assert stack.mails(person.email)[0]["id"] == mail["id"]
    assert len(inbox(person)["items"]) == 1


def test_one_channel_is_not_another(stack: LocalStack, person: User) -> None:
    mails = len(stack.mails(person.email))
    assert choose(person, activity={"in_app": True}).status == 200
    assert tell(stack, person, "activity") is True
    assert [item["kind"] for item in inbox(person)["items"]] == ["activity"]
    assert waiting(stack, person) == []
    drained(stack, "notices")
    assert len(stack.mails(person.email)) == mails


@pytest.mark.clause("policy-updates", "incidents")
def test_what_the_law_needs_reaches_somebody_who_switched_off_all_they_can(
    stack: LocalStack, person: User
) -> None:
    mails = len(stack.mails(person.email))
    assert choose(person, **ALL_OFF).status == 200
    assert tell(stack, person, "incident") is True
    mail = mail_to(stack, person.email, mails + 1)
    section = CLAUSES["incidents"].section
    assert f"section {section} of our privacy policy" in mail["text"]
    assert section in mail["html"]
    assert "List-Unsubscribe" not in mail["headers"]
    (item,) = inbox(person)["items"]
    assert (item["kind"], item["group"]) == ("incident", "legal")
    assert item["clause"] == {"id": "incidents", "section": section}


@pytest.mark.clause("passwords")
def test_a_thief_cannot_silence_the_warning_about_the_theft(stack: LocalStack, person: User) -> None:
    mails = len(stack.mails(person.email))
    assert choose(person, **ALL_OFF).status == 200
    new = {"current_password": PASSWORD, "password": "eight amber lanterns"}
    answer = person.call("PUT", "/v1/me/password", new)
    assert answer.status == 200
    person.token = answer.json["session"]["token"]
    mail = mail_to(stack, person.email, mails + 1)
    assert "does not depend on what you have switched on or off" in mail["text"]
    assert [item["kind"] for item in inbox(person)["items"]] == ["credentials"]


@pytest.mark.parametrize(
    ("choices", "place", "code"),
    [
        ({"policy": {"mail": False}}, "choices.policy", "always_sent"),
        ({"incident": {"in_app": False}}, "choices.incident", "always_sent"),
        ({"credentials": {"mail": False}}, "choices.credentials", "always_sent"),
        ({"membership": {"mail": False}}, "choices.membership", "always_sent"),
        ({"everything": {"mail": True}}, "choices", "unknown_field"),
        ({"tips": {"fax": True}}, "choices.tips", "unknown_field"),
        ({"tips": {"mail": 1}}, "choices.tips", "not_a_boolean"),
        ({"tips": {"mail": None}}, "choices.tips", "not_a_boolean"),
        ({"tips": True}, "choices.tips", "not_an_object"),
        ({"tips": []}, "choices.tips", "not_an_object"),
    ],
)
def test_a_choice_that_cannot_be_taken_changes_nothing(
    anna: User, choices: Any, place: str, code: str
) -> None:
    before = settings(anna)
    answer = choose(anna, activity={"mail": True}, **choices)
    assert answer.status == 422
    assert answer.json["errors"] == [{"field": place, "code": code}]
    assert settings(anna) == before


def test_a_page_can_send_back_what_it_was_shown(person: User) -> None:
    shown = {
        row["kind"]: {name: said["on"] for name, said in row["channels"].items()}
        for row in settings(person)["kinds"]
    }
    assert choose(person, **shown).status == 200
    assert settings(person)["kinds"] == kinds_of(choose(person, **shown))


def kinds_of(answer: Answer) -> Any:
    return answer.json["kinds"]


# ---------------------------------------------------------------- consent


@pytest.mark.clause("consent")
def test_each_change_of_a_choice_leaves_a_receipt_and_no_change_leaves_none(
    stack: LocalStack, person: User
) -> None:
    assert settings(person)["receipt_id"] is None
    first = choose(person, tips={"mail": True}).json["receipt_id"]
    assert choose(person, tips={"mail": True}).json["receipt_id"] == first
    second = choose(person, tips={"mail": False}).json["receipt_id"]
    assert second != first
    assert settings(person)["receipt_id"] == second
    receipts = kept(stack, "ledger", "notification_receipt", person)
    assert [row["sk"]["S"].rpartition("#")[2] for row in receipts] == [first, second]
    for row in receipts:
        assert row["policy"]["S"] == "2025-01-16"
        assert row["facts"]["M"]["method"]["S"] == "personal_settings"
        assert "sealed" in row


@pytest.mark.clause("consent")
def test_news_need_a_yes_to_the_text_that_was_shown_and_end_with_it(stack: LocalStack, person: User) -> None:
    def switch(mail: bool, **more: str) -> Answer:
        body = {"choices": {"news": {"mail": mail}}, **more}
        return person.call("PUT", "/v1/me/notifications", body)

    asked = kind(person, "news")["consent"]
    assert (asked["purpose"], asked["state"], asked["text_version"]) == ("marketing", "unknown", TEXT)
    assert "news and offers" in asked["text"]
    for more, code in (({}, "required"), ({"text_version": "marketing-2020-01"}, "stale_text")):
        answer = switch(True, **more)
        assert answer.status == 422
        assert answer.json["errors"] == [{"field": "text_version", "code": code}]
    assert tell(stack, person, "news") is False

    assert switch(True, text_version=TEXT).status == 200
    news = kind(person, "news")
    assert news["consent"]["state"] == "granted"
    assert news["channels"]["mail"] == {"on": True, "fixed": False}
    assert tell(stack, person, "news") is True

    assert switch(False).status == 200
    assert kind(person, "news")["consent"]["state"] == "denied"
    assert tell(stack, person, "news") is False
    said = [
        row["facts"]["M"]["state"]["S"]
        for row in kept(stack, "ledger", "user_receipt", person)
        if row["facts"]["M"]["purpose"]["S"] == "marketing"
    ]
    assert said == ["granted", "denied"]


@pytest.mark.clause("consent")
def test_taking_the_consent_back_elsewhere_ends_news_and_a_later_yes_revives_nothing_else(
    stack: LocalStack, person: User
) -> None:
    both = {"choices": {"news": {"mail": True, "in_app": True}}, "text_version": TEXT}
    assert person.call("PUT", "/v1/me/notifications", both).status == 200
    assert person.call("DELETE", "/v1/consents?purpose=marketing").status == 200
    assert tell(stack, person, "news") is False
    assert not any(said["on"] for said in kind(person, "news")["channels"].values())
    again = {"choices": {"news": {"mail": True}}, "text_version": TEXT}
    assert person.call("PUT", "/v1/me/notifications", again).status == 200
    on = {name for name, said in kind(person, "news")["channels"].items() if said["on"]}
    assert on == {"mail"}


def test_two_changes_at_once_both_count(person: User) -> None:
    names = ("tips", "activity")
    for _ in range(3):
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda name: choose(person, **{name: {"mail": True}}), names))
        assert [answer.status for answer in answers] == [200, 200]
        assert all(kind(person, name)["channels"]["mail"]["on"] for name in names)
        assert choose(person, tips={"mail": False}, activity={"mail": False}).status == 200


@pytest.mark.clause("consent")
def test_nobody_is_told_to_wait_with_a_no(person: User) -> None:
    statuses = []
    for _ in range(61):
        statuses.append(choose(person, tips={"mail": True}).status)
        assert choose(person, tips={"mail": False}).status == 200
    assert statuses == [200] * 60 + [429]


# ---------------------------------------------------------------- who is in the middle


@pytest.mark.clause("consent")
@pytest.mark.parametrize("by", ["switch", "withdrawal"])
def test_what_is_switched_off_while_it_waits_is_not_sent(stack: LocalStack, person: User, by: str) -> None:
    mails = len(stack.mails(person.email))
    on = {"choices": {"news": {"mail": True}}, "text_version": TEXT}
    assert person.call("PUT", "/v1/me/notifications", on).status == 200
    stack.wire.inject(kind="throttle", service="ses", function="okki-leads-send-notices", times=99)
    assert tell(stack, person, "news") is True
    assert tell(stack, person, "incident") is True
    assert len(waiting(stack, person)) == 2
    if by == "switch":
        assert choose(person, news={"mail": False}).status == 200
    else:
        assert person.call("DELETE", "/v1/consents?purpose=marketing").status == 200
    stack.wire.reset()
    stack.advance(301)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(lambda: not waiting(stack, person), 40)
    sent = [mail["text"] for mail in stack.mails(person.email)]
    sent = sent[: len(sent) - mails]
    assert sent
    assert all(CLAUSES["incidents"].section in text for text in sent), "a legal notice may come twice"


def test_the_same_occasion_is_told_once(stack: LocalStack, person: User) -> None:
    mails = len(stack.mails(person.email))
    assert tell(stack, person, "policy", key="policy-2026-01") is True
    mail_to(stack, person.email, mails + 1)
    assert tell(stack, person, "policy", key="policy-2026-01") is False
    assert tell(stack, person, "policy", key="policy-2027-01") is True
    mail_to(stack, person.email, mails + 2)
    drained(stack, "notices")
    assert len(stack.mails(person.email)) == mails + 2
    assert len(inbox(person)["items"]) == 2


def test_a_lost_hint_delays_a_warning_and_does_not_lose_it(stack: LocalStack, person: User) -> None:
    mails = len(stack.mails(person.email))
    stack.wire.inject(kind="fail", service="sqs", function="okki-leads-api", times=3)
    new = {"current_password": PASSWORD, "password": "eight amber lanterns"}
    assert person.call("PUT", "/v1/me/password", new).status == 200
    stack.wire.reset()
    stack.advance(301)
    stack.invoke("Sweep", sample("schedule-sweep"))
    mail_to(stack, person.email, mails + 1)


# ---------------------------------------------------------------- the inbox


def test_an_inbox_is_read_page_by_page_and_remembers_what_was_read(stack: LocalStack, person: User) -> None:
    for name in ("policy", "incident", "request"):
        assert tell(stack, person, name) is True
    first = inbox(person, "?limit=2")
    assert [item["kind"] for item in first["items"]] == ["request", "incident"]
    assert first["unread"] == 3
    rest = inbox(person, f"?limit=2&cursor={first['next_cursor']}")
    assert ([item["kind"] for item in rest["items"]], rest["next_cursor"]) == (["policy"], None)

    one = first["items"][0]
    assert one["subject"] == "Your password was changed"
    assert one["read_at"] is None
    assert person.call("POST", f"/v1/me/inbox/{one['id']}/read").status == 204
    read_at = inbox(person)["items"][0]["read_at"]
    assert read_at is not None
    stack.advance(60)
    assert person.call("POST", f"/v1/me/inbox/{one['id']}/read").status == 204
    found = inbox(person)
    assert (found["items"][0]["read_at"], found["unread"]) == (read_at, 2)

    assert person.call("POST", "/v1/me/inbox/read").json == {"unread": 0}
    assert all(item["read_at"] for item in inbox(person)["items"])
    assert tell(stack, person, "policy") is True
    assert inbox(person)["unread"] == 1


@pytest.mark.parametrize("cursor", ["x", "ct_00000000000000000000000000", "ntf_", "%00", "inbox%23"])
def test_a_forged_place_in_the_inbox_opens_nothing(anna: User, cursor: str) -> None:
    answer = anna.call("GET", f"/v1/me/inbox?cursor={cursor}")
    assert answer.status == 422
    assert answer.json["errors"] == [{"field": "cursor", "code": "malformed"}]


def test_nobody_marks_or_sees_what_another_was_told(stack: LocalStack, person: User) -> None:
    other = sign_up(stack)
    assert tell(stack, other, "policy") is True
    (item,) = inbox(other)["items"]
    foreign = person.call("POST", f"/v1/me/inbox/{item['id']}/read")
    unknown = person.call("POST", f"/v1/me/inbox/{ids.new('ntf')}/read")
    assert (foreign.status, unknown.status) == (404, 404)
    assert inbox(other)["unread"] == 1
    assert inbox(person)["items"] == []


def test_a_reader_of_chinese_is_told_in_chinese(stack: LocalStack) -> None:
    person = sign_up(stack, locale="zh")
    mails = len(stack.mails(person.email))
    assert tell(stack, person, "policy") is True
    mail = mail_to(stack, person.email, mails + 1)
    assert "本通知依据我们隐私政策第" in mail["text"]
    (item,) = inbox(person)["items"]
    assert re.search("[\u4e00-\u9fff]", item["subject"])
    assert item["subject"] == mail["subject"]


def test_a_code_never_lies_in_an_inbox(stack: LocalStack, person: User) -> None:
    mails = len(stack.mails(person.email))
    assert person.call("POST", "/v1/me/proof").status == 202
    mail_to(stack, person.email, mails + 1)
    answer = log_in(stack, person.email, headers={"User-Agent": CHROME})
    assert answer.status == 200
    code_in(stack.mails(person.email)[0])
    assert len(stack.mails(person.email)) >= mails + 2
    told = inbox(person)["items"]
    assert not [item for item in told if re.search(r"\b\d{8}\b", item["text"])]
    assert {item["kind"] for item in told} <= {"new_device"}


@pytest.mark.clause("encryption")
def test_what_somebody_was_told_and_chose_lies_sealed(stack: LocalStack, person: User) -> None:
    assert choose(person, tips={"mail": True}).status == 200
    assert (
        tell(stack, person, "new_device", "new_device", {"device": "Planted 9", "ip": "192.0.2.77"}) is True
    )
    assert "Planted 9" in inbox(person)["items"][0]["text"]
    (item,) = kept(stack, "accounts", "notification", person)
    (choices,) = kept(stack, "accounts", "notification_choices", person)
    assert set(item["facts"]["M"]) == {"about", "at"}
    assert set(choices["facts"]["M"]) == {"at", "receipt_id"}
    assert "Planted" not in str(item)
    assert "new_device" not in str({**item, "facts": None})


@pytest.mark.clause("retention")
def test_an_inbox_forgets_after_a_year(stack: LocalStack, person: User) -> None:
    assert tell(stack, person, "policy") is True
    for days, left in ((364, True), (2, False)):
        stack.advance(days * 86_400)
        answer = log_in(stack, person.email, headers={"X-Local-Client": person.address})
        person.token = answer.json["session"]["token"]
        found = inbox(person)
        assert ("policy" in [item["kind"] for item in found["items"]]) is left
        assert found["unread"] == len(found["items"])


# ---------------------------------------------------------------- the way out of a mail


@pytest.fixture
def reader(stack: LocalStack, person: User) -> User:
    """Somebody who switched on tips and news, by mail and in the product."""
    on = {"mail": True, "in_app": True}
    body = {"choices": {"tips": on, "news": on}, "text_version": TEXT}
    assert person.call("PUT", "/v1/me/notifications", body).status == 200
    return person


def way_out(stack: LocalStack, user: User, name: str) -> str:
    mails = len(stack.mails(user.email))
    assert tell(stack, user, name) is True
    mail = mail_to(stack, user.email, mails + 1)
    link = re.search(r"http\S+/v1/notifications/stop/\S+", mail["text"])
    assert link is not None
    assert mail["headers"]["List-Unsubscribe"] == f"<{link.group()}>"
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return link.group()


@pytest.mark.clause("consent")
def test_one_click_in_the_mail_stops_that_kind_of_mail_and_nothing_else(
    stack: LocalStack, reader: User
) -> None:
    link = way_out(stack, reader, "tips")
    page = request(link, headers={"Accept-Language": "zh"})
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "停止接收此类邮件" in page.body.decode()
    assert kind(reader, "tips")["channels"]["mail"]["on"], "looking changes nothing"
    one_click = {"Content-Type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        answer = request(link, "POST", b"List-Unsubscribe=One-Click", one_click)
        assert (answer.status, answer.cookies) == (200, [])
    assert kind(reader, "tips")["channels"] == {
        "mail": {"on": False, "fixed": False},
        "push": {"on": False, "fixed": False},
        "in_app": {"on": True, "fixed": False},
    }
    assert kind(reader, "news")["channels"]["mail"]["on"]
    assert kept(stack, "ledger", "notification_receipt", reader)[-1]["facts"]["M"]["method"] == {
        "S": "link_in_mail"
    }


@pytest.mark.clause("consent")
def test_one_click_in_the_news_takes_the_consent_back(stack: LocalStack, reader: User) -> None:
    link = way_out(stack, reader, "news")
    assert request(link, "POST", b"").status == 200
    assert kind(reader, "news")["consent"]["state"] == "denied"
    assert tell(stack, reader, "news") is False
    assert tell(stack, reader, "tips") is True


def test_nobody_stops_another_ones_mail_with_a_link_they_made_up(stack: LocalStack, reader: User) -> None:
    link = way_out(stack, reader, "tips")
    base, _, token = link.rpartition("/")
    where, name, mac = token.split(".")
    other = sign_up(stack)
    assert choose(other, tips={"mail": True}).status == 200
    foreign = way_out(stack, other, "tips").rpartition("/")[2]
    forged = [
        f"{where}.news.{mac}",
        f"{where}.policy.{mac}",
        f"{where}.nothing.{mac}",
        f"{foreign.split('.')[0]}.{name}.{mac}",
        f"{where}.{name}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}",
        f"{where}.{name}.",
        where,
        "x",
        "%00",
        f"{where}AAAA.{name}.{mac}",
    ]
    for one in forged:
        for method in ("GET", "POST"):
            assert request(f"{base}/{one}", method, b"" if method == "POST" else None).status in {403, 404}
    for user in (reader, other):
        assert kind(user, "tips")["channels"]["mail"]["on"]


# ---------------------------------------------------------------- as described


def test_answers_look_as_the_description_says(stack: LocalStack, person: User) -> None:
    document = request(f"{stack.api}/openapi.json").json
    device = {"platform": "apns", "token": ids.new("psh") * 3}
    assert choose(person, tips={"mail": True}).status == 200
    made = person.call("POST", "/v1/me/push", device)
    assert made.status == 201
    assert tell(stack, person, "policy") is True
    shown = {
        "PushDevice": made.json,
        "NotificationSettings": settings(person),
        "Inbox": inbox(person),
        "Unread": person.call("POST", "/v1/me/inbox/read").json,
        "CookieChoices": request(f"{stack.api}/v1/cookies/choices").json,
    }
    for shape, value in shown.items():
        agrees(document, {"$ref": f"#/components/schemas/{shape}"}, value)

"""People whose data a company received hear of it: before anything else, in their language, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.kernel import ids
from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration import ages
from tests.integration.client import (
    Answer,
    User,
    eventually,
    fresh_address,
    links_in,
    log_in,
    mail_to,
    request,
    sign_up,
)
from tests.integration.eraser import erase
from tests.integration.letters import Letter, drained, sample, send
from tests.integration.stocking import located, one, reveal
from tests.integration.test_permissions import set_facts
from tests.integration.test_sending import state, unsent

pytestmark = pytest.mark.clause("joint-duties")

DAY = 86_400
LIST = "/v1/prospects/informing"
ENGLISH = ("Where your data comes from", "Dataprivacy@okki.ai", "to object at any time")
CHINESE = ("您的数据从何而来", "Dataprivacy@okki.ai", "随时提出反对")


@pytest.fixture
def user(stack: LocalStack) -> User:
    return located(sign_up(stack))


def received(user: User, kind: str = "stocked") -> tuple[str, str]:
    """A prospect this company has revealed: address and id."""
    email = fresh_address("lena", "nordlicht.example")
    prospect = one(user.stack, kind=kind, email=email)
    answer = reveal(user, prospect)
    assert answer.status == 200, answer.body
    return email, prospect


def letter(*emails: str, **more: Any) -> dict[str, Any]:
    return {
        "to": [{"email": email} for email in emails],
        "subject": "Freight rates",
        "html": "<p>Dear Ms Vogel, our rates.</p>",
        "kind": "business",
        **more,
    }


def note(user: User, prospect: str, **said: Any) -> Answer:
    return user.call("POST", f"/v1/prospects/{prospect}/informing", said)


def row(user: User) -> dict[str, Any]:
    """What the company owes the one person it received, as stored."""
    standing = ages.under(user.stack, "workspace", f"{user.company['id']}#standing")
    (found,) = [one for one in standing if one["sk"]["S"].endswith("#informing")]
    return found


def owes(user: User) -> str:
    return str(row(user)["facts"]["M"]["state"]["S"])


def proofs(user: User) -> list[dict[str, Any]]:
    return ages.under(user.stack, "ledger", user.company["id"], "informing#")


def owed(user: User, state: str = "due") -> list[str]:
    answer = user.call("GET", f"{LIST}?state={state}")
    assert answer.status == 200, answer.body
    return [item["prospect_id"] for item in answer.json["items"]]


def refused(answer: Answer, *fields: str) -> None:
    assert (answer.status, answer.json["code"], answer.json["clause"]) == (403, "notice_due", "joint-duties")
    assert answer.json["errors"] == [{"field": field, "code": "notice_due"} for field in fields]


def parts(mail: Mapping[str, Any]) -> tuple[str, str]:
    return mail["html"], mail["text"]


# ---------------------------------------------------------------- before they are told


def test_nobody_is_written_to_before_they_were_told_where_their_data_is_from(user: User) -> None:
    email, prospect = received(user)
    friend = fresh_address("friend", "buyer.example")
    refused(user.call("POST", "/v1/messages", letter(friend, email)), "to.1.email")
    refused(user.call("POST", "/v1/messages", letter(friend, cc=[{"email": email.upper()}])), "cc.0.email")
    assert user.call("GET", "/v1/messages").json["items"] == []
    assert user.stack.mails(email) == []
    assert owed(user) == [prospect]
    document, page = request(f"{user.stack.api}/openapi.json").json, user.call("GET", LIST).json
    agrees(document, {"$ref": "#/components/schemas/InformingPage"}, page, filled=False)
    assert user.call("POST", "/v1/messages", letter(friend)).status == 202


@pytest.mark.parametrize(
    "said",
    [
        {"how": "by_company", "at": "2026-11-01T08:00:00Z"},
        {"how": "exempt", "ground": "already_informed"},
        {"how": "exempt", "ground": "disproportionate_effort"},
        {"how": "exempt", "ground": "legal_obligation"},
        {"how": "exempt", "ground": "confidentiality"},
    ],
    ids=lambda said: said.get("ground", said["how"]),
)
def test_who_was_told_otherwise_or_need_not_be_is_written_to_and_it_is_on_record_once(
    user: User, said: dict[str, str]
) -> None:
    email, prospect = received(user)
    first, again = note(user, prospect, **said), note(user, prospect, **said)
    assert first.status == 200, first.body
    assert first.json == again.json
    assert (first.json["how"], first.json["ground"]) == (said["how"], said.get("ground"))
    assert first.json["state"] == ("exempt" if "ground" in said else "given")
    document = request(f"{user.stack.api}/openapi.json").json
    agrees(document, {"$ref": "#/components/schemas/Informing"}, first.json, filled=False)
    (proof,) = proofs(user)
    assert proof["facts"]["M"]["by"]["S"] == user.me["id"]
    assert proof["sk"]["S"].endswith(first.json["receipt_id"])
    assert owed(user) == []
    message = user.call("POST", "/v1/messages", letter(email)).json["id"]
    user.settled(message)
    assert state(user.stack, user, message) == "sent"
    assert ENGLISH[0] not in mail_to(user.stack, email)["text"]


def test_what_was_given_is_not_taken_back_and_an_exemption_can_still_become_a_notice(user: User) -> None:
    _, prospect = received(user)
    assert note(user, prospect, how="exempt", ground="already_informed").json["state"] == "exempt"
    given = note(user, prospect, how="by_company")
    assert given.json["state"] == "given"
    assert note(user, prospect, how="exempt", ground="confidentiality").json == given.json
    assert len(proofs(user)) == 2


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"how": "exempt"}, "ground"),
        ({"how": "by_company", "ground": "already_informed"}, "ground"),
        ({"how": "exempt", "ground": "too_expensive"}, "ground"),
        ({"how": "in_message"}, "how"),
        ({"how": "by_company", "at": "2099-01-01T00:00:00Z"}, "at"),
        ({"how": "by_company", "at": "2026-02-30T00:00:00Z"}, "at"),
        ({"how": "by_company", "at": "yesterday"}, "at"),
    ],
)
def test_nobody_counts_as_told_by_a_word_that_means_nothing(
    user: User, said: dict[str, str], field: str
) -> None:
    _, prospect = received(user)
    answer = note(user, prospect, **said)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert (owes(user), proofs(user)) == ("due", [])


def test_only_who_received_them_can_say_that_they_were_told(stack: LocalStack, user: User) -> None:
    _, prospect = received(user)
    stranger = sign_up(stack)
    assert note(stranger, prospect, how="by_company").status == 404
    assert note(user, ids.new("pr"), how="by_company").status == 404
    assert owed(stranger) == []
    assert owes(user) == "due"


def test_a_note_past_its_time_still_protects_them(user: User) -> None:
    """It has no end by its rule; should one be given to it, a message is refused all the same."""
    email, _ = received(user)
    message = unsent(user.stack, user, email, inform=True)
    ages.end(user.stack, "workspace", row(user), user.stack.now() + 60)
    user.stack.advance(120)
    send(user.stack, user.company["id"], message)
    assert ENGLISH[0] in mail_to(user.stack, email)["text"]


# ---------------------------------------------------------------- told by the message


@pytest.mark.parametrize("kind", ["business", "marketing"])
@pytest.mark.parametrize(("locale", "words"), [("en", ENGLISH), ("zh", CHINESE)])
def test_the_first_mail_says_where_their_data_is_from_in_both_parts_and_the_next_does_not(
    user: User, locale: str, words: tuple[str, ...], kind: str
) -> None:
    email, prospect = received(user, "added" if locale == "zh" else "stocked")
    friend = fresh_address("friend", "buyer.example")
    form = letter(email, friend, kind=kind, locale=locale, inform=True)
    message = user.call("POST", "/v1/messages", form).json["id"]
    user.settled(message)
    mail = mail_to(user.stack, email)
    for part in parts(mail):
        assert [word for word in words if word not in part] == []
        assert f"{user.stack.api}/v1/requests/page" in part
    source = {"en": "open to the public", "zh": "另一家使用"}[locale]
    assert source in mail["text"]
    assert request(links_in(mail)["u"]).status == 200  # the way out works, in business mail as well
    for part in parts(mail_to(user.stack, friend)):
        assert words[0] not in part
    assert owes(user) == "given"
    assert owed(user) == []
    informed = {one["email"]: one["informed"] for one in user.message(message)["recipients"]}
    assert informed == {email: True, friend: False}
    again = user.call("POST", "/v1/messages", letter(email, inform=True, locale=locale)).json["id"]
    user.settled(again)
    assert words[0] not in mail_to(user.stack, email, 2)["text"]
    (proof,) = proofs(user)
    assert proof["facts"]["M"]["message_id"]["S"] == message
    assert proof["facts"]["M"]["prospect_id"]["S"] == prospect


def test_a_name_that_looks_like_a_link_or_a_tag_is_text_in_the_notice(stack: LocalStack) -> None:
    user = located(sign_up(stack, company="<b>Tan</b> & Co"))
    email, _ = received(user)
    user.settled(user.call("POST", "/v1/messages", letter(email, inform=True)).json["id"])
    mail = mail_to(stack, email)
    assert "<b>Tan" not in mail["html"]
    assert "&lt;b&gt;Tan&lt;/b&gt; &amp; Co" in mail["html"]
    assert "<b>Tan</b> & Co" in mail["text"]


def test_they_are_told_once_however_often_the_delivery_and_its_events_come(user: User) -> None:
    email, _ = received(user)
    message = user.call("POST", "/v1/messages", letter(email, inform=True)).json["id"]
    user.settled(message)
    for _ in range(3):
        assert send(user.stack, user.company["id"], message) == []
    event = sample("sqs-ses-event-delivery", Letter(user.stack, user, email, "", message, {}, {}))
    for _ in range(2):
        assert user.stack.invoke("MailFeedback", event) == {"batchItemFailures": []}
    assert len(user.stack.mails(email)) == 1
    assert (owes(user), len(proofs(user))) == ("given", 1)


def test_a_lost_word_of_ses_neither_loses_the_notice_nor_doubles_it(user: User) -> None:
    email, _ = received(user)
    message = unsent(user.stack, user, email, inform=True)
    user.stack.wire.inject(kind="lose_reply", service="ses", operation="SendEmail")
    assert send(user.stack, user.company["id"], message) == []
    # Nobody knew whether it left until SES's own event said so.
    eventually(lambda: owes(user) == "given")
    assert (len(user.stack.mails(email)), len(proofs(user))) == (1, 1)


@pytest.mark.parametrize("kind", ["fail", "lose_reply", "lose_request"])
def test_a_lost_word_of_the_database_neither_loses_the_notice_nor_doubles_it(user: User, kind: Any) -> None:
    email, _ = received(user)
    message = unsent(user.stack, user, email, inform=True)
    user.stack.wire.inject(
        kind=kind,
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-send-messages",
        times=2,
    )
    send(user.stack, user.company["id"], message)
    eventually(lambda: owes(user) == "given")
    send(user.stack, user.company["id"], message)
    assert (len(user.stack.mails(email)), len(proofs(user))) == (1, 1)


def test_a_mail_that_ses_refused_has_told_nobody(user: User) -> None:
    email, prospect = received(user)
    message = unsent(user.stack, user, email, inform=True)
    user.stack.wire.inject(kind="lose_request", service="ses", operation="SendEmail")
    send(user.stack, user.company["id"], message)
    assert state(user.stack, user, message) == "unknown"
    assert (owes(user), owed(user), proofs(user)) == ("due", [prospect], [])


@pytest.mark.parametrize("late", ["delivery", "bounce"])
def test_a_mail_that_came_back_has_told_nobody_however_often_and_in_whatever_order_that_is_said(
    user: User, late: str
) -> None:
    email, prospect = received(user)
    message = user.call("POST", "/v1/messages", letter(email, inform=True)).json["id"]
    user.settled(message)
    drained(user.stack, "feedback")
    assert owes(user) == "given"
    about = Letter(user.stack, user, email, "", message, {}, {})
    bounce, again = sample("sqs-ses-event-bounce", about), sample(f"sqs-ses-event-{late}", about)
    for event in (bounce, bounce, again):
        assert user.stack.invoke("MailFeedback", event) == {"batchItemFailures": []}
    assert (owes(user), owed(user)) == ("due", [prospect])
    said = [one["facts"]["M"] for one in proofs(user)]
    assert sorted(one["how"]["S"] for one in said) == ["bounced", "in_message"]
    assert {one["message_id"]["S"] for one in said} == {message}
    # Told another way since, they stay told: the bounce is about that mail alone.
    assert note(user, prospect, how="by_company").json["state"] == "given"
    assert user.stack.invoke("MailFeedback", bounce) == {"batchItemFailures": []}
    assert (owes(user), len(proofs(user))) == ("given", 3)


@pytest.mark.parametrize("kind", ["fail", "lose_reply", "conflict"])
def test_a_lost_word_of_the_database_does_not_let_a_returned_mail_count(user: User, kind: Any) -> None:
    email, prospect = received(user)
    message = user.call("POST", "/v1/messages", letter(email, inform=True)).json["id"]
    user.settled(message)
    drained(user.stack, "feedback")
    event = sample("sqs-ses-event-bounce", Letter(user.stack, user, email, "", message, {}, {}))
    user.stack.wire.inject(
        kind=kind,
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-mail-feedback",
        times=2,
    )
    eventually(lambda: user.stack.invoke("MailFeedback", event) == {"batchItemFailures": []})
    assert (owes(user), owed(user), len(proofs(user))) == ("due", [prospect], 2)


@pytest.mark.clause("cancellation")
@pytest.mark.parametrize("stage", ["expired", "cancelling", "restricted"])
def test_a_company_that_may_do_little_more_still_owes_people_the_truth_and_can_tell_it(
    user: User, stage: str
) -> None:
    _, prospect = received(user)
    set_facts(user, "access", state={"S": stage})
    assert owed(user) == [prospect]
    assert note(user, prospect, how="by_company").json["state"] == "given"
    assert reveal(user, one(user.stack)).json["code"] == "company_not_active"


def test_what_was_written_before_they_were_received_does_not_leave_without_the_notice(user: User) -> None:
    email = fresh_address("lena", "nordlicht.example")
    message = unsent(user.stack, user, email)
    prospect = one(user.stack, email=email)
    assert reveal(user, prospect).status == 200
    send(user.stack, user.company["id"], message)
    seen = user.message(message)["recipients"][0]
    assert (seen["delivery"], seen["reason"], seen["informed"]) == ("refused", "notice_due", False)
    assert user.stack.mails(email) == []


# ---------------------------------------------------------------- when nobody tells them


def test_the_admins_hear_once_that_the_month_is_over(stack: LocalStack, user: User) -> None:
    _, first = received(user)
    received(user)

    def sweep() -> list[dict[str, Any]]:
        stack.invoke("Sweep", sample("schedule-sweep"))
        drained(stack, "tasks", "notices")
        return [mail for mail in stack.mails(user.email) if "have not been told yet" in mail["subject"]]

    assert note(user, first, how="by_company").status == 200
    assert sweep() == []
    assert owed(user, "overdue") == []
    stack.advance(32 * DAY)
    eventually(lambda: len(sweep()) == 1, 40)
    assert len(sweep()) == 1
    line = ages.under(stack, "workspace", f"{user.company['id']}#informing", "due#")
    assert [one["facts"]["M"]["reminded"]["BOOL"] for one in line] == [True]
    assert "due_pk" not in line[0]  # not looked at for ever
    late = log_in(stack, user.email)
    if late.status == 200 and "session" in late.json:
        again = User(stack, user.email, late.json["session"]["token"], user.me, user.company, user.address)
        assert len(owed(again, "overdue")) == 1


@pytest.mark.clause("requests")
def test_who_is_erased_by_the_company_leaves_no_note_of_what_it_owed_them(
    stack: LocalStack, user: User
) -> None:
    email, _ = received(user)
    erase(stack, user.company["id"], email)
    left = [*ages.under(stack, "workspace", f"{user.company['id']}#informing")]
    left += [
        one
        for one in ages.under(stack, "workspace", f"{user.company['id']}#standing")
        if one["sk"]["S"].endswith("#informing")
    ]
    assert left == []
    assert owed(user) == []


def test_a_list_of_many_is_read_page_by_page_and_of_nobody_else(stack: LocalStack, user: User) -> None:
    wanted = {received(user)[1] for _ in range(3)}
    other = located(sign_up(stack))
    received(other)
    seen, cursor, pages = set(), "", 0
    stack.wire.clear()
    while pages < 5:
        answer = user.call("GET", f"{LIST}?limit=2{cursor}").json
        pages += 1
        seen |= {item["prospect_id"] for item in answer["items"]}
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert (seen, pages) == (wanted, 2)
    mark = other.company["id"].encode()
    assert [call.operation for call in stack.wire.calls if mark in call.request] == []
    assert user.call("GET", f"{LIST}?state=later").status == 422
    assert user.call("GET", f"{LIST}?cursor=nowhere").status == 422
    assert json.loads(user.call("GET", LIST).body)["items"][0]["state"] == "due"

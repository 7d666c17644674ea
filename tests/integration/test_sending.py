"""What leaves, to whom, how often: at most once, only to those who may be written to, and nothing smuggled in."""

from __future__ import annotations

import re
import threading
from email import message_from_string, policy
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration.client import User, eventually, fresh_address, links_in, mail_to, sign_up
from tests.integration.letters import (
    Letter,
    drained,
    letter,
    read_token,
    rows,
    sample,
    send,
)

STATES = {"pending", "sending", "sent", "unknown", "refused"}


def unsent(stack: LocalStack, user: User, *emails: str, **more: Any) -> str:
    """A message whose hint to the sending worker got lost: it lies in the outbox and nobody knows."""
    fault = stack.wire.inject(kind="fail", service="sqs", function="okki-leads-api", times=20)
    message = user.write(*emails, **more)
    fault.times = fault.hits  # from now on the queue works again
    assert fault.hits
    return message


def row(stack: LocalStack, user: User, message: str, number: int = 0) -> dict[str, Any]:
    key = {"pk": {"S": user.company["id"]}, "sk": {"S": f"message#{message}#{number:02d}"}}
    answer = stack.client("dynamodb").get_item(TableName="okki-leads-workspace", Key=key, ConsistentRead=True)
    return dict(answer["Item"])


def state(stack: LocalStack, user: User, message: str, number: int = 0) -> str:
    """The outbox state itself; the API shows what came after sending instead, once it is known."""
    found = str(row(stack, user, message, number)["facts"]["M"]["state"]["S"])
    assert found in STATES
    return found


def sweep(stack: LocalStack) -> None:
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "outbox")


# ---------------------------------------------------------------- at most once


@pytest.mark.clause("communications")
def test_a_mail_whose_hint_was_lost_is_sent_by_the_sweeper_once(stack: LocalStack, anna: User) -> None:
    email = fresh_address("hint", "buyer.example")
    message = unsent(stack, anna, email)
    sweep(stack)
    assert state(stack, anna, message) == "pending"  # not overdue yet: a hint may still be on its way
    stack.advance(301)
    sweep(stack)
    sweep(stack)
    assert state(stack, anna, message) == "sent"
    assert len(stack.mails(email)) == 1


@pytest.mark.clause("communications")
def test_a_mail_that_ses_took_silently_is_not_sent_twice_and_counts_as_sent_after_all(
    stack: LocalStack, anna: User
) -> None:
    email = fresh_address("silent", "buyer.example")
    message = unsent(stack, anna, email)
    fault = stack.wire.inject(kind="lose_reply", service="ses", operation="SendEmail")
    assert send(stack, anna.company["id"], message) == []
    assert fault.hits == 1
    for _ in range(3):
        assert send(stack, anna.company["id"], message) == []
    # SES's own event says that it left.
    eventually(lambda: state(stack, anna, message) == "sent")
    seen = anna.message(message)
    assert (seen["status"], seen["recipients"][0]["delivery"]) == ("sent", "delivered")
    assert seen["recipients"][0]["sent_at"]
    assert len(stack.mails(email)) == 1


@pytest.mark.clause("communications")
@pytest.mark.parametrize("kind", ["lose_request", "fail"])
def test_a_mail_of_which_nobody_knows_whether_it_left_stays_unknown_and_is_never_repeated(
    stack: LocalStack, anna: User, kind: Any
) -> None:
    email = fresh_address("lost", "buyer.example")
    message = unsent(stack, anna, email)
    stack.wire.inject(kind=kind, service="ses", operation="SendEmail")
    send(stack, anna.company["id"], message)
    assert state(stack, anna, message) == "unknown"
    stack.advance(901)
    sweep(stack)
    assert "due_pk" not in row(stack, anna, message)  # given up, not looked at for ever
    stack.advance(1500)
    sweep(stack)
    send(stack, anna.company["id"], message)
    assert (anna.message(message)["status"], stack.mails(email)) == ("unknown", [])
    # A late event still tells the truth.
    event = sample("sqs-ses-event-delivery", Letter(stack, anna, email, "", message, {}, {}))
    assert stack.invoke("MailFeedback", event) == {"batchItemFailures": []}
    assert anna.message(message)["recipients"][0]["delivery"] == "delivered"
    assert state(stack, anna, message) == "sent"


@pytest.mark.clause("communications")
def test_a_mail_that_ses_had_no_time_for_leaves_later_and_once(stack: LocalStack, anna: User) -> None:
    email = fresh_address("busy", "buyer.example")
    fault = stack.wire.inject(kind="throttle", service="ses", operation="SendEmail", times=2)
    message = anna.write(email)
    drained(stack, "outbox")
    for tries in (1, 2):
        assert (state(stack, anna, message), fault.hits) == ("pending", tries)
        stack.advance(61)
        sweep(stack)
    assert (state(stack, anna, message), fault.hits, len(stack.mails(email))) == ("sent", 2, 1)
    assert stack.messages("outbox-dead") == []


@pytest.mark.clause("communications")
def test_a_fault_of_our_own_at_ses_costs_nobody_their_mail(stack: LocalStack, anna: User) -> None:
    email = fresh_address("busier", "buyer.example")
    message = unsent(stack, anna, email)
    # A 4xx that is not about this mail: rights, a paused account, an identity not verified yet.
    stack.wire.inject(kind="conflict", service="ses", operation="SendEmail")
    assert send(stack, anna.company["id"], message) == []
    assert state(stack, anna, message) == "pending"
    stack.advance(61)
    sweep(stack)
    assert (state(stack, anna, message), len(stack.mails(email))) == ("sent", 1)


@pytest.mark.clause("communications")
def test_a_mail_that_ses_will_not_take_is_refused_and_not_repeated(stack: LocalStack, anna: User) -> None:
    email = fresh_address("rejected", "buyer.example")
    message = unsent(stack, anna, email)
    fault = stack.wire.inject(kind="reject", service="ses", operation="SendEmail")
    send(stack, anna.company["id"], message)
    send(stack, anna.company["id"], message)
    seen = anna.message(message)["recipients"][0]
    assert (seen["delivery"], seen["reason"], fault.hits) == ("refused", "not_accepted", 1)
    assert stack.mails(email) == []


@pytest.mark.clause("communications")
def test_the_same_work_handed_out_eight_times_at_once_sends_one_mail(stack: LocalStack, anna: User) -> None:
    email = fresh_address("eight", "buyer.example")
    message = unsent(stack, anna, email)
    stack.wire.inject(kind="delay", service="ses", operation="SendEmail", seconds=0.3, times=8)
    threads = [threading.Thread(target=send, args=(stack, anna.company["id"], message)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (state(stack, anna, message), len(stack.mails(email))) == ("sent", 1)


@pytest.mark.clause("communications")
def test_a_worker_that_died_with_a_mail_in_its_hands_does_not_send_it_twice(
    stack: LocalStack, anna: User
) -> None:
    email = fresh_address("died", "buyer.example")
    message = unsent(stack, anna, email)
    now = int(stack.now())
    # What a worker leaves that was killed between its claim and SES's answer.
    stack.client("dynamodb").update_item(
        TableName="okki-leads-workspace",
        Key={"pk": {"S": anna.company["id"]}, "sk": {"S": f"message#{message}#00"}},
        UpdateExpression="SET facts.#s = :s, facts.due_at = :d, due_at = :d",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "sending"}, ":d": {"N": str(now + 120)}},
    )
    send(stack, anna.company["id"], message)
    assert state(stack, anna, message) == "sending"  # it may still be at work
    stack.advance(121)
    sweep(stack)
    assert state(stack, anna, message) == "unknown"
    stack.advance(901)
    sweep(stack)
    assert (state(stack, anna, message), stack.mails(email)) == ("unknown", [])


@pytest.mark.clause("communications", "retention")
def test_a_mail_erased_while_it_waited_is_not_sent(stack: LocalStack, anna: User) -> None:
    for gone in ("message#{}#00", "body#{}", "message#{}"):
        email = fresh_address("erased", "buyer.example")
        message = unsent(stack, anna, email)
        key = {"pk": {"S": anna.company["id"]}, "sk": {"S": gone.format(message)}}
        stack.client("dynamodb").delete_item(TableName="okki-leads-workspace", Key=key)
        assert send(stack, anna.company["id"], message) == []
        assert stack.mails(email) == []


# ---------------------------------------------------------------- who may be written to


def set_state(owner: User, state: str) -> None:
    owner.stack.client("dynamodb").update_item(
        TableName="okki-leads-accounts",
        Key={"pk": {"S": owner.company["id"]}, "sk": {"S": "access"}},
        UpdateExpression="SET facts.#s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": state}},
    )


@pytest.mark.clause("cancellation")
@pytest.mark.parametrize("company_state", ["pending", "expired", "restricted", "cancelling", "cancelled"])
def test_a_company_that_is_not_active_sends_nothing(stack: LocalStack, company_state: str) -> None:
    owner = sign_up(stack)
    email = fresh_address("idle", "buyer.example")
    message = unsent(stack, owner, email)
    set_state(owner, company_state)
    send(stack, owner.company["id"], message)
    set_state(owner, "active")  # to be allowed to look
    seen = owner.message(message)["recipients"][0]
    assert (seen["delivery"], seen["reason"]) == ("refused", "company_not_active")
    assert stack.mails(email) == []


@pytest.mark.clause("consent", "communications")
def test_a_refusal_made_after_writing_still_stops_the_mail(stack: LocalStack, anna: User) -> None:
    first = letter(stack, anna)
    waiting = unsent(stack, anna, first.email)
    first.choose()
    send(stack, anna.company["id"], waiting)
    seen = anna.message(waiting)["recipients"][0]
    assert (seen["delivery"], seen["reason"]) == ("refused", "recipient_unsubscribed")
    # A business letter to them may still go, and measures nothing.
    business = anna.write(first.email, kind="business")
    mail = mail_to(stack, first.email, 2)
    assert anna.settled(business)["status"] == "sent"
    assert links_in(mail) == {}
    # And a change of heart is a change of heart.
    first.choose(b"choice=resume")
    assert anna.settled(anna.write(first.email))["status"] == "sent"


@pytest.mark.clause("consent", "communications")
def test_a_recorded_no_to_marketing_stops_marketing_only(stack: LocalStack, anna: User) -> None:
    email = fresh_address("no", "buyer.example")
    contact = anna.contact(email)["id"]
    assert anna.consent(contact, "denied", "marketing").status == 200
    seen = anna.settled(anna.write(email))["recipients"][0]
    assert (seen["delivery"], seen["reason"]) == ("refused", "marketing_denied")
    assert anna.settled(anna.write(email, kind="business"))["status"] == "sent"


@pytest.mark.clause("consent", "communications")
def test_one_recipient_who_refused_does_not_stop_the_others(stack: LocalStack, anna: User) -> None:
    first = letter(stack, anna)
    first.choose()
    other = fresh_address("other", "buyer.example")
    seen = anna.settled(anna.write(first.email, other))
    by_email = {one["email"]: one["delivery"] for one in seen["recipients"]}
    assert by_email[first.email] == "refused"
    assert by_email[other] in {"sent", "delivered"}
    assert seen["status"] == "partly_sent"
    assert len(stack.mails(first.email)) == 1


# ---------------------------------------------------------------- what a mail carries


@pytest.mark.clause("communications")
def test_only_marketing_carries_the_unsubscribe_headers(stack: LocalStack, anna: User) -> None:
    email = fresh_address("kinds", "buyer.example")
    anna.consent(anna.contact(email)["id"])
    anna.settled(anna.write(email))
    marketing = mail_to(stack, email)
    anna.settled(anna.write(email, kind="business"))
    business = mail_to(stack, email, 2)
    assert marketing["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert marketing["headers"]["List-Unsubscribe"] == f"<{links_in(marketing)['u']}>"
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post"} & set(business["headers"])
    # It is measured, so it says so and offers the way out, but does not call itself marketing.
    assert "u" in links_in(business)
    assert "as marketing" in marketing["html"]
    assert "as marketing" not in business["html"] + business["text"]


@pytest.mark.clause("communications", "tracking")
def test_each_reader_of_a_campaign_gets_a_copy_of_their_own(stack: LocalStack, anna: User) -> None:
    emails = [fresh_address(name, "buyer.example") for name in ("eve", "adam", "cain")]
    for email in emails:
        anna.consent(anna.contact(email)["id"])
    people = [{"email": emails[0], "name": "Eve"}, {"email": emails[1]}]
    message = anna.write(to=people, cc=[{"email": emails[2]}])
    mails = {email: mail_to(stack, email) for email in emails}
    anna.settled(message)
    for number, email in enumerate(emails):
        mail = mails[email]
        assert mail["to"] == [email]
        for other in emails:
            assert (other in mail["raw"]) is (other == email)
        assert "Cc" not in mail["headers"]
        for kind, url in links_in(mail).items():
            token = read_token(stack, kind, url.rpartition("/")[2])
            assert token is not None
            assert token.number == number
    assert mails[emails[0]]["headers"]["To"] == f"Eve <{emails[0]}>"
    for kind in ("o", "c", "u"):
        assert len({links_in(mail)[kind] for mail in mails.values()}) == 3


@pytest.mark.clause("communications")
def test_a_business_letter_shows_everybody_it_went_to(stack: LocalStack, anna: User) -> None:
    to, cc = fresh_address("to", "buyer.example"), fresh_address("cc", "buyer.example")
    message = anna.write(
        to=[{"email": to, "name": "Lee"}], cc=[{"email": cc}], kind="business", tracking=False
    )
    anna.settled(message)
    for email in (to, cc):
        mail = mail_to(stack, email)
        assert mail["to"] == [email]  # the envelope
        assert (mail["headers"]["To"], mail["headers"]["Cc"]) == (f"Lee <{to}>", cc)
        assert len(stack.mails(email)) == 1


@pytest.mark.clause("communications")
def test_a_mail_comes_from_our_domain_and_answers_go_to_the_writer(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna).mail
    assert mail["from"] == "outreach@okki.example"
    assert mail["headers"]["From"].endswith("<outreach@okki.example>")
    assert mail["headers"]["Reply-To"].endswith(f"<{anna.email}>")
    assert mail["configuration_set"] == "okki-leads"
    assert set(mail["tags"]) == {"company", "message", "number"}


@pytest.mark.clause("communications")
def test_a_mail_can_be_read_without_html_and_its_text_is_not_measured(stack: LocalStack, anna: User) -> None:
    html = '<h1>Prices</h1><p>See <a href="https://acme.example/p?a=1&amp;b=2">the list</a></p><ul><li>A</li><li>B</li></ul>'
    made = letter(stack, anna, html=html).mail
    given = letter(stack, anna, html=html, text="Our prices: https://acme.example/own\n\n价格见附件 ✓").mail
    for mail in (made, given):
        parsed = message_from_string(mail["raw"], policy=policy.default)
        assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
        assert "/o/" not in mail["text"]
        assert "/c/" not in mail["text"]
        assert "/u/" in mail["text"]
    assert "https://acme.example/p?a=1&b=2" in made["text"]
    assert "<" not in made["text"].partition("\n--\n")[0]
    assert "价格见附件 ✓" in given["text"]
    assert "Prices" not in given["text"]


@pytest.mark.clause("communications", "tracking")
@pytest.mark.parametrize(
    ("consent", "english", "chinese"),
    [
        ("granted", "With your consent", "经您同意"),
        (None, "keeps the date on which", "仅保留本邮件最近一次被打开的日期"),
        ("denied", "It is not measured", "不统计"),
    ],
)
def test_the_foot_of_a_mail_says_who_writes_what_is_measured_and_how_to_stop_it(
    stack: LocalStack, anna: User, consent: str | None, english: str, chinese: str
) -> None:
    for locale, words, way_out in (("en", english, "Unsubscribe"), ("zh", chinese, "退订")):
        mail = letter(stack, anna, consent=consent, locale=locale).mail
        for part in (mail["html"], mail["text"]):
            assert way_out in part
            assert "Anna Li, Acme Export" in part
            assert anna.email in part
        assert words in mail["html"]


# ---------------------------------------------------------------- nothing smuggled in

LINE_BREAKS = [
    "\r\nBcc: evil@evil.example",
    "\nX: y",
    "\rX: y",
    "\x00",
    "\u2028X: y",
    "\x85X",
    "\u202egpj.exe",
]


@pytest.mark.clause("communications")
@pytest.mark.parametrize("smuggled", LINE_BREAKS, ids=ascii)
def test_no_header_and_no_recipient_can_be_smuggled_in(stack: LocalStack, anna: User, smuggled: str) -> None:
    email = fresh_address("smuggle", "buyer.example")
    good = {"to": [{"email": email, "name": "Bob"}], "subject": "Hi", "html": "<p>Hi</p>", "kind": "business"}
    cases = {
        "subject": {**good, "subject": f"Hi{smuggled}"},
        "to.0.name": {**good, "to": [{"email": email, "name": f"Bob{smuggled}z"}]},
        "to.0.email": {**good, "to": [{"email": f"bob{smuggled}@buyer.example"}]},
        "cc.0.email": {**good, "cc": [{"email": f"bob@buyer.example{smuggled}, x@evil.example"}]},
    }
    for field, body in cases.items():
        answer = anna.call("POST", "/v1/messages", body)
        assert answer.status == 422, (field, answer.body)
        assert [error["field"] for error in answer.json["errors"]] == [field]
    assert stack.mails(email) == []


@pytest.mark.clause("communications")
def test_odd_but_honest_names_and_subjects_arrive_as_written(stack: LocalStack, anna: User) -> None:
    for name, subject in (
        ('Bob "the Buyer" O\'Neil, Ltd.', "Re: =?utf-8?q?not_encoded?= 100% <b>"),
        ("王小明 (采购部)", "春季报价 🎉 " + "长" * 150),
        ("evil@evil.example", "A" * 200),
        ("Bob <x@evil.example>, Eve", "word " * 39 + "end"),
    ):
        email = fresh_address("odd", "buyer.example")
        message = anna.write(to=[{"email": email, "name": name}], subject=subject)
        mail = mail_to(stack, email)
        anna.settled(message)
        assert mail["to"] == [email]
        parsed = message_from_string(mail["raw"], policy=policy.default)
        assert parsed["Subject"] == subject
        assert [(a.display_name, a.addr_spec) for a in parsed["To"].addresses] == [(name, email)]
        head = mail["raw"].partition("\r\n\r\n")[0]
        assert all(len(line) <= 998 for line in head.split("\r\n"))
        names = re.findall(r"^([A-Za-z-]+):", head, re.MULTILINE)
        assert len(names) == len(set(names))


@pytest.mark.clause("communications", "tracking")
def test_a_body_cannot_bring_its_own_pixel_script_or_form(stack: LocalStack, anna: User) -> None:
    html = (
        '<p onclick="x()">Hi</p><script>x()</script><img src="https://spy.example/p.gif" width="1" height="1">'
        '<form action="https://evil.example"><input></form><iframe src="https://evil.example"></iframe>'
        '<a href="javascript:x()">a</a><a href="data:text/html,x">b</a><a href="https://ok.example/">c</a>'
        f'<a href="{stack.edge}/u/whatever">d</a>'
    )
    mail = letter(stack, anna, html=html).mail
    for bad in ("script", "onclick", "spy.example", "<form", "<iframe", "javascript:", "data:text"):
        assert bad not in mail["html"]
    assert mail["html"].count("<img") == 1  # ours
    assert mail["html"].count("/c/") == 1  # ok.example; our own links are not measured


# ---------------------------------------------------------------- nothing in clear


@pytest.mark.clause("encryption")
def test_what_was_written_to_whom_is_stored_sealed(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna, subject="Okki-Canary-Subject", html="<p>Okki-Canary-Body</p>")
    stored = [r for r in rows(stack, "workspace") if mail.message in r["sk"]["S"]]
    assert {r["kind"]["S"] for r in stored} == {"message", "body", "delivery"}
    for one in stored:
        assert "sealed" in one
        for text in ("Okki-Canary", mail.email, anna.email, "Anna"):
            assert text not in repr(one)
